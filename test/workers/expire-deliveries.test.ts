/** @module What waits for 14 days is given up, in the first tick of an hour. */
import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { schedule } from '../../src/workers/schedule.ts'
import { logRow, setLog, VIEWER } from '../support/events.ts'
import { deliveriesOf, subscribe, type Tubewire, testDeps } from '../support/harness.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const MINUTE = 60_000

let tubewire: Tubewire
beforeEach(async () => {
  tubewire = testDeps()
  await env.DB.prepare('DELETE FROM endpoints').run()
  const { clock } = tubewire.deps
  tubewire.advance(HOUR - (clock() % HOUR))
})

/** An endpoint that is paused, to which so many events are owed since then. */
async function paused(events: number, createdAt: number): Promise<string> {
  const { id } = await subscribe('http://127.0.0.1:1/', tubewire.deps)
  await setLog([])
  await env.DB.batch([
    env.DB.prepare('UPDATE endpoints SET paused_at = 1 WHERE id = ?').bind(id),
    env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO events (sequence, id, type, instance, subject, seen_at, poll_id, data)
       SELECT i, 'evt_' || i, 'video.published', 'h', 's', ?2, 'p', '{}' FROM n`,
    ).bind(events, createdAt),
    env.DB.prepare(
      `INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
       SELECT ?, sequence, ?, 'pending', 0, seen_at FROM events`,
    ).bind(id, VIEWER),
  ])
  return id
}

it('What an endpoint that is paused is owed is kept for 14 days, and then failed', async () => {
  const id = await paused(3, tubewire.deps.clock() - 14 * DAY)
  await schedule(tubewire.deps)
  expect(await deliveriesOf(id)).toMatchObject([
    { state: 'pending' },
    { state: 'pending' },
    { state: 'pending' },
  ])
  // An hour later, but not before: the ticks in between have other things to do.
  tubewire.advance(HOUR - MINUTE)
  await schedule(tubewire.deps)
  expect((await deliveriesOf(id)).map(({ state }) => state)).toEqual(['pending', 'pending', 'pending'])
  tubewire.advance(MINUTE)
  await schedule(tubewire.deps)
  expect(await deliveriesOf(id)).toEqual([1, 2, 3].map(() => ({ state: 'failed', attempts: 0, dueAt: null })))
  expect(await env.DB.prepare('SELECT DISTINCT error FROM deliveries').first()).toEqual({
    error: 'kept for 14 days and not delivered',
  })
})

it('Much of it goes a thousand at a time, at most twenty thousand an hour', async () => {
  const id = await paused(20_500, tubewire.deps.clock() - 15 * DAY)
  const failed = async () => (await deliveriesOf(id)).filter(({ state }) => state === 'failed').length
  await schedule(tubewire.deps)
  expect(await failed()).toBe(20_000)
  tubewire.advance(HOUR)
  await schedule(tubewire.deps)
  expect(await failed()).toBe(20_500)
})

it('What has come since the log was emptied, or before there was one, harms nobody', async () => {
  await setLog([])
  await schedule(tubewire.deps)
  await setLog([logRow({ sequence: 1, seenAt: tubewire.deps.clock() })])
  await schedule(tubewire.deps)
})
