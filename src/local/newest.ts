/** @module Where following begins: at the newest event that there is, or so many before it. */
import * as v from 'valibot'
import type { PublicEvent } from '../events/envelope.ts'
import { ask, asTrouble, Trouble } from './ask-service.ts'
import { eventIn, type FollowDeps, patient } from './follow.ts'
import { FILTER_PARTS } from './live-options.ts'
import type { ServiceKey } from './service-here.ts'

const Newest = v.object({ data: v.array(v.unknown()) })

/**
 * The newest events that fit, the oldest of them first, and the sequence after which what is new comes.
 * @param query the filter, as the stream takes it.
 * @param replay how many at most.
 * @throws Mistake as `follow` does.
 */
export async function newest(
  service: ServiceKey,
  { query, replay }: { query: URLSearchParams; replay: number },
  deps: FollowDeps,
): Promise<{ events: PublicEvent[]; after: number }> {
  const patience = patient(service, deps)
  for (;;) {
    try {
      const fitting = await preview(service, bodyOf(query), deps)
      const [last] = fitting.length > 0 ? fitting : await preview(service, {}, deps)
      patience.isReached()
      return { events: fitting.slice(0, replay).toReversed(), after: last?.sequence ?? 0 }
    } catch (error) {
      await patience.afterTrouble(error)
    }
  }
}

/** The newest events that fit a filter, the newest first. */
async function preview(service: ServiceKey, filter: object, deps: FollowDeps): Promise<PublicEvent[]> {
  const asked = { path: '/api/v1/subscriptions/preview', accept: 'application/json', body: { filter } }
  const response = await ask(service, asked, deps)
  const parsed = v.safeParse(Newest, await response.json().catch(asTrouble))
  if (!parsed.success) throw new Trouble('its answer is not what it should be')
  return parsed.output.data.flatMap((value) => eventIn(value) ?? [])
}

/** A filter as a body has it. */
function bodyOf(query: URLSearchParams): Record<string, unknown> {
  const parts = Object.entries(FILTER_PARTS).flatMap(([name, part]) => {
    const value = query.get(name)
    return value === null ? [] : [[part, name === 'q' ? value : value.split(',')]]
  })
  return Object.fromEntries(parts)
}
