/** @module Events that come at a rate, committed as a poll commits them; and waiting until they are delivered. */
import { eventStatements } from '../src/db/fan-out.ts'
import { newId } from '../src/db/id.ts'
import type { NewEvent } from '../src/events/types.ts'
import { announce } from '../src/workers/announce.ts'
import type { Deps } from '../src/workers/deps.ts'
import { wakeDeliveries } from '../src/workers/messages.ts'

/**
 * So many events, one at a time. @param perSecond null: as fast as they can be committed. @param instances where they happen, in turn.
 */
export type Produce = {
  event: Omit<NewEvent & { type: 'video.published' }, 'id'>
  count: number
  perSecond: number | null
  instances: string[]
}

/** Commits the events, each under an id of its own, wakes their deliveries, and tells streams. `created_at` is from before the commit. */
export async function produceEvents(
  deps: Deps,
  { event, count, perSecond, instances }: Produce,
): Promise<void> {
  const { env, clock, pause } = deps
  const startedAt = clock()
  for (let made = 0; made < count; made += 1) {
    if (perSecond !== null) await pause(Math.max(0, startedAt + (made * 1000) / perSecond - clock()))
    const now = clock()
    const pollId = newId('poll')
    const instance = instances[made % instances.length] ?? ''
    const commit = {
      pollId,
      events: [{ ...event, instance, id: `evt_${pollId}`, seenAt: now }],
      now,
      guard: { sql: '1', values: [] },
    }
    const { statements, outcomeOf } = eventStatements(env.DB, commit)
    const { events, endpoints } = outcomeOf(await env.DB.batch(statements))
    await Promise.all([wakeDeliveries(env.DELIVERY_QUEUE, endpoints), announce(deps, events)])
  }
}

/** A look costs as much as two deliveries do, at the expense of what is measured. */
const LOOK_EVERY_MS = 250

/** Settles when nothing is owed any more, but to these endpoints. */
export async function allDelivered({ env, pause }: Deps, unwell: readonly string[]): Promise<void> {
  const left = env.DB.prepare(
    'SELECT 1 FROM deliveries WHERE due_at IS NOT NULL AND endpoint_id NOT IN (SELECT value FROM json_each(?)) LIMIT 1',
  ).bind(JSON.stringify(unwell))
  while ((await left.first()) !== null) await pause(LOOK_EVERY_MS)
}
