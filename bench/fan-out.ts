/** @module How long one event to very many takes, beside a loop that does nothing but POST. */
import { setTimeout as pause } from 'node:timers/promises'
import { atMost, type Figure, median } from './figures.ts'
import type { Measured } from './harness.ts'
import { allDelivered, produce } from './subscribed.ts'

/** How many an event is sent to. */
export const FAN_OUT = 10_000
const ROUNDS = 5
/** Between what is measured: what a run leaves behind is cleared away in it, and not in the next. */
export const REST_MS = 500

/** Where they all are. @param url of the receiver. */
export function fanOutUrls(url: string): string[] {
  return Array.from({ length: FAN_OUT }, (_, index) => `${url}/${index}`)
}

/** Seconds that a loop takes which does nothing but POST. @param work as the Worker of bench/worker.ts takes it. */
export async function bareSeconds(
  { call }: Measured,
  work: { url: string; count: number; lanes: number; body: string },
): Promise<number> {
  return Number(await call('/bare', work)) / 1000
}

/** Seconds from the beginning of `begin` until the last of the deliveries that it causes is done, by the clock of this machine. */
export async function secondsOf(measured: Measured, begin: () => Promise<unknown>): Promise<number> {
  const startedAt = Date.now()
  await begin()
  await allDelivered(measured)
  const endedAt = await measured.db
    .prepare('SELECT max(finished_at) AS endedAt FROM deliveries')
    .first<number>('endedAt')
  return ((endedAt ?? Number.NaN) - startedAt) / 1000
}

/** @throws when not all of them are stored as delivered by their first attempt. */
export async function checkStored({ db }: Measured, wanted: number): Promise<void> {
  const stored = await db
    .prepare(
      `SELECT count(*) AS count FROM deliveries WHERE state = 'delivered' AND status = 200 AND attempts = 1`,
    )
    .first<number>('count')
  if (stored !== wanted) throw new Error(`${stored} deliveries are stored as delivered, not ${wanted}`)
}

/** Seconds from before the commit of an event that all are sent until the last first attempt is done. */
export async function fanOutSeconds(measured: Measured): Promise<number> {
  await measured.db.prepare('DELETE FROM deliveries').run()
  const seconds = await secondsOf(measured, () => produce(measured, { count: 1, perSecond: null }))
  await checkStored(measured, FAN_OUT)
  return seconds
}

/**
 * The figures of an event to so many as are subscribed, in turn with the bare loop.
 * @param work `bare`: the seconds of that loop; `target`: null when the ratio is only to be known.
 */
export async function fanOutRatio(
  measured: Measured,
  { name, target, bare }: { name: string; target: number | null; bare: () => Promise<number> },
): Promise<Figure[]> {
  const ours = () => fanOutSeconds(measured)
  await bare()
  // The first time no secret has been decrypted yet.
  const cold = await ours()
  const pairs: { ours: number; theirs: number }[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    await pause(REST_MS)
    const theirs = await bare()
    await pause(REST_MS)
    pairs.push({ theirs, ours: await ours() })
  }
  const theirs = median(pairs.map((pair) => pair.theirs))
  const ratio = median(pairs.map((pair) => pair.ours / pair.theirs))
  const seconds = median(pairs.map((pair) => pair.ours))
  const times = `x the bare loop's time`
  return [
    target === null
      ? { name: `${name}.ratio`, value: ratio, unit: times, target, pass: true }
      : atMost(`${name}.ratio`, ratio, target, times),
    { name: `${name}.seconds`, value: seconds, unit: 's', target: null, pass: true, baseline: theirs },
    { name: `${name}.cold_ratio`, value: cold / theirs, unit: times, target: null, pass: true },
  ]
}
