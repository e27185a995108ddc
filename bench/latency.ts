/** @module How long it takes from an event's commit to its first attempts, while events come at a rate. */
import { atMost, type Figure, percentile } from './figures.ts'
import type { Measured } from './harness.ts'
import { allDelivered, produce, subscribeAll, withReceivers } from './subscribed.ts'

const ENDPOINTS = 50
const DELIVERIES_A_SECOND = 500
const SECONDS = 20

/** Milliseconds from before the commit of their events until the first attempts of deliveries began. */
export async function latencies({ db }: Measured, unwell: readonly string[] = []): Promise<number[]> {
  const { results } = await db
    .prepare(
      `SELECT started_at - created_at AS ms FROM deliveries
       WHERE attempts = 1 AND endpoint_id NOT IN (SELECT value FROM json_each(?))`,
    )
    .bind(JSON.stringify(unwell))
    .all<{ ms: number }>()
  return results.map(({ ms }) => ms)
}

/** The figures of latency. */
export async function latencyFigures(): Promise<Figure[]> {
  const ms = await withReceivers({}, async (measured, { url }) => {
    await subscribeAll(
      measured,
      Array.from({ length: ENDPOINTS }, (_, index) => `${url}/${index}`),
    )
    // Once before, uncounted: connections, compilation, secrets.
    await produce(measured, { count: 20, perSecond: null })
    await allDelivered(measured)
    await measured.db.prepare('DELETE FROM deliveries').run()
    const perSecond = DELIVERIES_A_SECOND / ENDPOINTS
    await produce(measured, { count: SECONDS * perSecond, perSecond })
    await allDelivered(measured)
    return latencies(measured)
  })
  if (ms.length !== SECONDS * DELIVERIES_A_SECOND) throw new Error(`${ms.length} deliveries were made`)
  return [
    atMost('deliver.latency_p50_ms', percentile(ms, 50), 250, 'ms'),
    atMost('deliver.latency_p99_ms', percentile(ms, 99), 1_000, 'ms'),
    { name: 'deliver.latency_max_ms', value: Math.max(...ms), unit: 'ms', target: null, pass: true },
  ]
}
