/** @module What an owner is told of his endpoints: the examples of the catalogue are what the functions make. */
import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import { deliveryFailed, endpointDisabled, endpointRecovered } from '../../src/events/endpoint-events.ts'
import { endpoint } from '../../src/events/example-world.ts'
import type { EventType, NewEvent } from '../../src/events/types.ts'

const owned = { ...endpoint, url: `${endpoint.url}/hook?secret=x`, ownerId: 'usr_administrator' }
const at = (type: EventType) => Date.parse(exampleOf(type).timestamp)
const told = ({ id, type, instance, data }: NewEvent) => ({ id, type, instance, data })

describe('What happens to endpoints', () => {
  it.each([
    [
      'endpoint.disabled',
      endpointDisabled(
        owned,
        {
          reason: 'failing',
          detail: 'it only failed for 5 days',
          since: Date.parse('2026-11-24T03:00:09.114Z'),
        },
        at('endpoint.disabled'),
      ),
    ],
    [
      'endpoint.recovered',
      endpointRecovered(owned, Date.parse('2026-11-24T03:00:09.114Z'), at('endpoint.recovered')),
    ],
    [
      'delivery.failed',
      deliveryFailed(
        owned,
        {
          event: { id: 'evt_fb5a7588a0bf4fcecc66cc55690b46ff', type: 'video.published', sequence: 42 },
          attempts: 10,
          detail: 'answered 500, and so ended the last of 10 attempts',
        },
        at('delivery.failed'),
      ),
    ],
  ] as const)(
    'is told as in the example of %s, to its owner alone, without the path of a URL',
    (type, event) => {
      const { id, type: ofType, instance, data } = exampleOf(type)
      expect(told(event)).toEqual({ id, type: ofType, instance, data })
      expect(event).toMatchObject({ ownerId: 'usr_administrator', subject: endpoint.id, seenAt: at(type) })
      expect(JSON.stringify(event)).not.toContain('secret')
    },
  )
})
