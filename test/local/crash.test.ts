/** @module Invariant 3, on the real thing: workerd is killed under load. With 50 kills: `npm run bench -- --only crash`. */
import { expect, it } from 'vitest'
import { ROUND_SIZE } from '../../src/workers/round-size.ts'
import { Random } from '../model/random.ts'
import { crashOften } from '../support/crashes.ts'

const KILLS = 5
/** Half a minute, and longer beside other tests. */
const TIMEOUT_MS = 180_000

it('what is owed when workerd is killed comes all the same, and little of it twice', {
  timeout: TIMEOUT_MS,
}, async () => {
  const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)
  const report = await crashOften(KILLS, new Random(seed))
  const told = `CRASH_SEED=${seed} ${JSON.stringify(report)}`
  console.log(told)
  expect(report, told).toMatchObject({ kills: KILLS, lost: 0, unfinished: 0 })
  expect(report.duplicates, told).toBeLessThan(KILLS * ROUND_SIZE)
  // Or the kills have met nothing, and the test has shown nothing.
  expect(report.duplicates + report.unacknowledged, told).toBeGreaterThan(0)
  expect(report.owed, told).toBeGreaterThan(KILLS)
})
