/** @module What two endpoints that are not well cost the others: one hangs to its timeout, one answers 500. */
import { atMost, type Figure, median, percentile } from './figures.ts'
import type { Measured } from './harness.ts'
import { latencies } from './latency.ts'
import { allDelivered, produce, subscribeAll, withReceivers } from './subscribed.ts'

const ENDPOINTS = 1_000
/**
 * Each event is wanted by the endpoints of one group, and by the two: 500 deliveries a second, below what can be sent. A group is
 * more than what one message wakes, and less than two, with the two and without.
 */
const GROUPS = Array.from({ length: 8 }, (_, index) => `group${index}.example`)
const EVENTS = 16
const PER_SECOND = 4
/** Many and short, in turn: this machine is slower for seconds at a time, and that must not hit one kind of them only. */
const ROUNDS = 12
/** Of the one that hangs: in each run it hangs again. */
const TIMEOUT_MS = 3_000

/** The figures of isolation: as on this machine, and with the concurrency of a deployment. */
export async function isolationFigures(): Promise<Figure[]> {
  return [...(await compare('isolation', 50, 1.1)), ...(await compare('isolation.five', 5, null))]
}

async function compare(name: string, concurrency: number, target: number | null): Promise<Figure[]> {
  const runs = await withReceivers({ DELIVERY_CONCURRENCY: String(concurrency) }, async (measured, urls) => {
    const ids = await subscribeAll(measured, [
      urls.hanging,
      urls.failing,
      ...Array.from({ length: ENDPOINTS - 2 }, (_, index) => `${urls.url}/${index}`),
    ])
    const unwell = ids.slice(0, 2)
    await measured.db
      .prepare('UPDATE endpoints SET timeout_ms = ? WHERE id = ?')
      .bind(TIMEOUT_MS, unwell[0])
      .run()
    await measured.db
      .prepare(
        `UPDATE subscription_keys SET kind = 'instance', value = (
           SELECT value FROM json_each(?) WHERE key = CAST(substr(subscription_id, length('sub_ep_') + 1) AS INTEGER) % ?)`,
      )
      .bind(JSON.stringify(GROUPS), GROUPS.length)
      .run()
    // Once before, uncounted: connections, compilation, secrets.
    await run(measured, unwell, false)
    const without: number[][] = []
    const beside: number[][] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      // The first of a pair is another one each time.
      for (const areThere of round % 2 === 0 ? [false, true] : [true, false])
        (areThere ? beside : without).push(await run(measured, unwell, areThere))
    }
    return without.map((ms, index) => ({ without: ms, beside: beside[index] ?? [] }))
  })
  const ratio = median(runs.map(({ without, beside }) => median(beside) / median(without)))
  const times = 'x the median latency without the two'
  const of = (which: 'without' | 'beside', percent: number) =>
    median(runs.map((one) => percentile(one[which], percent)))
  return [
    target === null
      ? { name: `${name}.ratio`, value: ratio, unit: times, target, pass: true }
      : atMost(`${name}.ratio`, ratio, target, times),
    {
      name: `${name}.p50_ms`,
      value: of('beside', 50),
      unit: 'ms',
      target: null,
      pass: true,
      baseline: of('without', 50),
    },
    {
      name: `${name}.p99_ms`,
      value: of('beside', 99),
      unit: 'ms',
      target: null,
      pass: true,
      baseline: of('without', 99),
    },
  ]
}

/** @param areThere whether the two get events. @returns the latencies of all others. */
async function run(measured: Measured, unwell: readonly string[], areThere: boolean): Promise<number[]> {
  const { db } = measured
  const ids = JSON.stringify(unwell)
  await db.batch([
    db.prepare('DELETE FROM deliveries'),
    // As well as they were before they failed, for all that is known. Without the two: nothing is owed to them.
    db
      .prepare(
        `UPDATE endpoints SET failures = 0, failing_since = NULL, broken_since = NULL, probes = 0, held_until = 0,
           disabled_at = NULL WHERE id IN (SELECT value FROM json_each(?))`,
      )
      .bind(ids),
    db
      .prepare('DELETE FROM subscription_keys WHERE subscription_id IN (SELECT ? || value FROM json_each(?))')
      .bind('sub_', ids),
    ...(areThere
      ? [
          db
            .prepare(`INSERT INTO subscription_keys SELECT '*', '', '', 'sub_' || value FROM json_each(?)`)
            .bind(ids),
        ]
      : []),
  ])
  await produce(measured, { count: EVENTS, perSecond: PER_SECOND }, GROUPS)
  await allDelivered(measured, unwell)
  const ms = await latencies(measured, unwell)
  if (ms.length !== (EVENTS / GROUPS.length) * (ENDPOINTS - 2))
    throw new Error(`${ms.length} deliveries were made at their first attempt`)
  const failed = await db
    .prepare("SELECT count(*) AS count FROM attempts WHERE status = 500 OR error LIKE 'no answer%'")
    .first<number>('count')
  if (areThere && failed === 0) throw new Error('the two were sent nothing')
  return ms
}
