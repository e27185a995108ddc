/** @module The tick counts what happened by the hour, and forgets it after eight days. */
import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { HOUR_MS, KEPT_MS } from '../../src/db/hours.ts'
import { LATENCY_PARTS } from '../../src/db/latency.ts'
import { schedule } from '../../src/workers/schedule.ts'
import { logRow, setLog, VIEWER } from '../support/events.ts'
import { count, type Tubewire, testDeps } from '../support/harness.ts'

const MINUTE = 60_000

let tubewire: Tubewire
beforeEach(async () => {
  tubewire = testDeps()
  const { clock } = tubewire.deps
  tubewire.advance(HOUR_MS - (clock() % HOUR_MS))
  await setLog([])
  await env.DB.batch(
    ['event_hours', 'rollups', 'endpoints'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  )
})

it('What is new in the log is counted at each tick, and forgotten when it is old', async () => {
  const counted = () => count('SELECT coalesce(sum(count), 0) AS count FROM event_hours')
  const now = tubewire.deps.clock()
  await schedule(tubewire.deps)
  await setLog([1, 2].map((sequence) => logRow({ sequence, seenAt: now })))
  await schedule(tubewire.deps)
  expect(await counted()).toBe(2)
  await schedule(tubewire.deps)
  expect(await counted()).toBe(2)
  tubewire.advance(KEPT_MS + MINUTE)
  await schedule(tubewire.deps)
  expect(await counted()).toBe(0)
})

it('What was counted of attempts is forgotten an hour after the last time, whenever ticks come, and not looked for before', async () => {
  const now = tubewire.deps.clock()
  const names = ['delivered', 'failed', ...LATENCY_PARTS.map(({ column }) => column)]
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at) VALUES ('ep_1', '${VIEWER}', 'https://r', '', 's', 0)`,
    ),
    env.DB.prepare(
      `INSERT INTO delivery_hours (endpoint_id, hour, ${names.join()}) VALUES ('ep_1', ?, ${names.map(() => 1).join()})`,
    ).bind(now),
  ])
  const kept = () => count('SELECT count(*) AS count FROM delivery_hours')
  tubewire.advance(KEPT_MS)
  await schedule(tubewire.deps)
  expect(await kept()).toBe(1)
  tubewire.advance(MINUTE)
  await schedule(tubewire.deps)
  expect(await kept()).toBe(1)
  // The ticks in between are missed, and so is the first one of the hour.
  tubewire.advance(HOUR_MS + 6 * MINUTE)
  await schedule(tubewire.deps)
  expect(await kept()).toBe(0)
})
