import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventJson, publicEvent } from '../../src/events/envelope.ts'

const event = fc.record({
  sequence: fc.integer({ min: 1 }),
  id: fc.string({ unit: 'binary' }),
  type: fc.string({ unit: 'binary' }),
  instance: fc.string({ unit: 'binary' }),
  seenAt: fc.date({ noInvalidDate: true }).map((date) => date.getTime()),
  // As it is stored.
  data: fc.jsonValue({ stringUnit: 'binary' }).map((value) => JSON.stringify(value)),
})

describe('eventJson', () => {
  it('is the text that the public event would be, whatever it holds', () => {
    fc.assert(
      fc.property(event, (one) => {
        expect(eventJson(one)).toBe(JSON.stringify(publicEvent(one)))
      }),
    )
  })

  it('is one line', () => {
    fc.assert(
      fc.property(event, (one) => {
        expect(eventJson(one)).not.toMatch(/[\r\n]/)
      }),
    )
  })
})
