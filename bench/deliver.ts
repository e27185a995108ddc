/** @module How fast deliveries go out, beside a loop that does nothing but POST, and what they cost. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Cost } from '../test/support/count-costs.ts'
import {
  bareSeconds,
  checkStored,
  FAN_OUT,
  fanOutRatio,
  fanOutSeconds,
  fanOutUrls,
  REST_MS,
  secondsOf,
} from './fan-out.ts'
import { atMost, type Figure, median } from './figures.ts'
import type { Measured } from './harness.ts'
import { produce, subscribeAll, withReceivers } from './subscribed.ts'

const ENDPOINTS = 10
const EVENTS = 500
const ROUNDS = 5
const TARGET = 0.5
const FAN_OUT_TARGET = 2.2
/** As on this machine, and as deployed. */
const CONCURRENCY = { local: 50, deployed: 5 }
/** About as long as a real event. */
const DATA = {
  video: { name: 'x'.repeat(60), description: 'y'.repeat(250), url: 'z'.repeat(700) },
}

const BODY = JSON.stringify({ id: 'evt', type: 'video.published', data: DATA })

/** All figures of how fast deliveries go out. */
export async function deliverFigures(): Promise<Figure[]> {
  return [
    ...(await compare('deliver', CONCURRENCY.local, TARGET)),
    ...(await compare('deliver.five', CONCURRENCY.deployed, null)),
  ]
}

/** Figures of one event to very many endpoints, and of what deliveries cost. */
export async function fanOutFigures(): Promise<Figure[]> {
  return [
    ...(await fanOut('deliver.fanout', CONCURRENCY.local, FAN_OUT_TARGET)),
    ...(await fanOut('deliver.fanout.five', CONCURRENCY.deployed, null)),
  ]
}

async function compare(name: string, concurrency: number, target: number | null): Promise<Figure[]> {
  return withReceivers({ DELIVERY_CONCURRENCY: String(concurrency) }, async (measured, { url }) => {
    const endpoints = await subscribeAll(measured, Array<string>(ENDPOINTS).fill(url))
    await storeEvents(measured)
    const count = ENDPOINTS * EVENTS
    const bare = () => bareSeconds(measured, { url, count, lanes: concurrency, body: BODY })
    // Both once before, uncounted: connections, compilation.
    await bare()
    await deliverAll(measured, endpoints)
    const ours: number[] = []
    const theirs: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      await pause(REST_MS)
      theirs.push(count / (await bare()))
      await pause(REST_MS)
      ours.push(count / (await deliverAll(measured, endpoints)))
    }
    const ratio = median(ours.map((value, index) => value / (theirs[index] ?? Number.NaN)))
    return [
      {
        name: `${name}.ratio`,
        value: ratio,
        unit: 'of the bare loop',
        target: target === null ? null : `>= ${target}`,
        pass: target === null || ratio >= target,
      },
      {
        name: `${name}.per_s`,
        value: Math.round(median(ours)),
        unit: 'deliveries/s',
        target: null,
        pass: true,
        baseline: Math.round(median(theirs)),
        ratio,
      },
    ]
  })
}

async function storeEvents({ db }: Measured): Promise<void> {
  await db
    .prepare(
      `INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data)
       SELECT 'evt_' || key, 'video.published', 'bench', key, 0, 'poll', ? FROM json_each(?)`,
    )
    .bind(JSON.stringify(DATA), JSON.stringify(Array.from({ length: EVENTS }, () => 0)))
    .run()
}

/** Seconds from the wake-up until every delivery of the stored events is done. */
async function deliverAll(measured: Measured, endpoints: readonly string[]): Promise<number> {
  const { db, call } = measured
  await db.batch([
    db.prepare('DELETE FROM deliveries'),
    db.prepare(
      `INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
       SELECT p.id, e.sequence, p.owner_id, 'pending', 0, 0 FROM events e CROSS JOIN endpoints p`,
    ),
  ])
  const seconds = await secondsOf(measured, () => call('/wake', endpoints))
  await checkStored(measured, ENDPOINTS * EVENTS)
  return seconds
}

async function fanOut(name: string, concurrency: number, target: number | null): Promise<Figure[]> {
  return withReceivers({ DELIVERY_CONCURRENCY: String(concurrency) }, async (measured, { url }) => {
    const alone = await counted(measured, () => produce(measured, { count: 1, perSecond: null }))
    await subscribeAll(measured, fanOutUrls(url))
    const bare = () => bareSeconds(measured, { url, count: FAN_OUT, lanes: concurrency, body: BODY })
    const figures = await fanOutRatio(measured, { name, target, bare })
    if (target === null) return figures
    return [...figures, ...(await costs(measured, alone))]
  })
}

/** What deliveries cost the database, from the commit of their event to their end. @param alone what the event costs by itself. */
async function costs(measured: Measured, alone: Cost): Promise<Figure[]> {
  const cost = await counted(measured, () => fanOutSeconds(measured))
  return [
    atMost('deliver.rows_written', (cost.rowsWritten - alone.rowsWritten) / FAN_OUT, 4, 'rows'),
    atMost('deliver.round_trips', (cost.roundTrips * 100) / FAN_OUT, 3, 'for 100 deliveries'),
    {
      name: 'deliver.rows_read',
      value: (cost.rowsRead - alone.rowsRead) / FAN_OUT,
      unit: 'rows',
      target: null,
      pass: true,
    },
  ]
}

/** What the Worker asked of its database meanwhile. */
async function counted({ call }: Measured, work: () => Promise<unknown>): Promise<Cost> {
  await call('/count-costs')
  await work()
  return JSON.parse(await call('/costs'))
}
