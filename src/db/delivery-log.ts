/** @module What became of deliveries, for those who look: lists with filters, one with all its attempts; and a resend. */
import { typesLike } from '../events/types.ts'
import { type AuditEntry, auditStatement } from './audit.ts'
import { LINE } from './deliveries.ts'
import { sequencesBetween } from './events.ts'

/** A delivery as its owner sees it, with its latest attempt. Times are milliseconds since the epoch. */
export type DeliveryState = {
  endpointId: string
  sequence: number
  ownerId: string
  eventId: string
  type: string
  state: 'pending' | 'delivered' | 'failed' | 'skipped'
  attempts: number
  dueAt: number | null
  createdAt: number
  finishedAt: number | null
  startedAt: number | null
  durationMs: number | null
  status: number | null
  error: string | null
  response: string | null
}

/** Which of an endpoint's deliveries: those that fit all that is said. */
export type DeliveryFilter = {
  /** Sequences below this one: the `next` of the page before. */
  before?: number | undefined
  state?: DeliveryState['state'] | undefined
  /** Asked for then or later, milliseconds since the epoch. */
  since?: number | undefined
  /** Asked for before then. */
  until?: number | undefined
  /** Of the latest attempt: the least and the greatest HTTP status; null: there was no answer. */
  status?: readonly [least: number, greatest: number] | null | undefined
  /** How long the latest attempt took, milliseconds. */
  minDurationMs?: number | undefined
  maxDurationMs?: number | undefined
  /** A type, or all of a kind: `video.*`. */
  type?: string | undefined
}

/** How many deliveries of an endpoint are looked at for one page, however few of them fit. */
const SCANNED = 2_000

/** Of a delivery `d` of an event `e`. */
export const DELIVERY_COLUMNS = `d.endpoint_id AS endpointId, d.event_sequence AS sequence, d.owner_id AS ownerId, e.id AS eventId,
  e.type AS type, d.state AS state, d.attempts AS attempts, d.due_at AS dueAt, d.created_at AS createdAt,
  d.finished_at AS finishedAt, d.started_at AS startedAt, d.duration_ms AS durationMs, d.status AS status, d.error AS error,
  d.response AS response`

/**
 * A page of an endpoint's deliveries, the newest first by their sequences. It may be short, even empty, and not the last: no more
 * than `SCANNED` deliveries are looked at.
 * @returns `next`: where the next page begins; null: there is none.
 */
export async function listDeliveries(
  db: D1Database,
  endpointId: string,
  filter: DeliveryFilter,
  limit: number,
): Promise<{ rows: DeliveryState[]; next: number | null }> {
  const before = await lastBefore(db, filter)
  const scan = await scanOf(db, endpointId, filter.state)
  const { sql, values } = conditionsOf(filter, scan.isOfState)
  const allFit = values.length === 0 && sql === ALL
  // In the order of the scan, and no further than the limit: an ORDER BY would read all of it first.
  const page = db
    .prepare(
      `SELECT ${DELIVERY_COLUMNS} FROM (${scan.sql} LIMIT ${SCANNED}) d CROSS JOIN events e ON e.sequence = d.event_sequence
       WHERE ${sql} LIMIT ?3`,
    )
    .bind(endpointId, before, limit, ...values)
  // What did not fit was looked at, too: the next page begins where that ended. In one transaction: what is sent again in between
  // would move the end, and leave out what lies before it.
  const end = db
    .prepare(`SELECT event_sequence AS sequence FROM (${scan.sql} LIMIT 1 OFFSET ${SCANNED - 1})`)
    .bind(endpointId, before)
  const [found, ended] = await db.batch(allFit ? [page] : [page, end])
  // The rows have the shapes of the statements.
  const rows = (found?.results ?? []) as DeliveryState[]
  const last = rows.length === limit ? rows.at(-1) : undefined
  if (last) return { rows, next: last.sequence }
  const [place] = (ended?.results ?? []) as { sequence: number }[]
  return { rows, next: place?.sequence ?? null }
}

/** Deliveries come after their events: what was asked for before a time is of an event that was seen before it. */
async function lastBefore(
  db: D1Database,
  { before = Number.MAX_SAFE_INTEGER, until }: DeliveryFilter,
): Promise<number> {
  if (until === undefined) return before
  const seen = await sequencesBetween(db, { until })
  return Math.min(before, (seen?.last ?? 0) + 1)
}

/**
 * How an endpoint's (?1) deliveries before a sequence (?2) are gone through, the newest first: those that failed or wait along
 * their partial indexes. What waits lies there in its order in line, in three runs: two are in the order of the sequence, and what
 * waits for a time is sorted. Where more of that waits than may be looked at, all deliveries are gone through instead.
 * @returns `isOfState`: none of another state comes.
 */
async function scanOf(
  db: D1Database,
  endpointId: string,
  state: DeliveryState['state'] | undefined,
): Promise<{ sql: string; isOfState: boolean }> {
  const scan = (index: string, condition: string) =>
    `SELECT * FROM deliveries ${index} WHERE endpoint_id = ?1 AND event_sequence < ?2 ${condition}
     ORDER BY event_sequence DESC`
  if (state === 'failed')
    return { sql: scan('INDEXED BY deliveries_failed', "AND state = 'failed'"), isOfState: true }
  if (state === 'pending' && (await countRetried(db, endpointId)) < SCANNED) {
    const runs = [`= ${LINE.fresh}`, `= ${LINE.replayed}`, `> ${LINE.replayed}`].map(
      (place) =>
        `SELECT event_sequence FROM deliveries INDEXED BY deliveries_due
         WHERE endpoint_id = ?1 AND due_at ${place} AND event_sequence < ?2`,
    )
    const waiting = `${runs.join(' UNION ALL ')} ORDER BY event_sequence DESC LIMIT ${SCANNED}`
    return {
      sql: `SELECT w.* FROM (${waiting}) k
            CROSS JOIN deliveries w ON w.endpoint_id = ?1 AND w.event_sequence = k.event_sequence`,
      isOfState: true,
    }
  }
  return { sql: scan('', ''), isOfState: false }
}

/** How many deliveries of an endpoint wait for the time of their next attempt: `SCANNED` or more are as many as that. */
async function countRetried(db: D1Database, endpointId: string): Promise<number> {
  const count = await db
    .prepare(
      `SELECT count(*) AS count FROM (
         SELECT 1 FROM deliveries INDEXED BY deliveries_due WHERE endpoint_id = ? AND due_at > ${LINE.replayed} LIMIT ${SCANNED})`,
    )
    .bind(endpointId)
    .first<number>('count')
  return count ?? 0
}

const ALL = '1'

/** What a delivery `d` of an event `e` must fit, with its values from ?4 on. @param isOfState its state is known. */
function conditionsOf(filter: DeliveryFilter, isOfState: boolean): { sql: string; values: unknown[] } {
  const { state, since, until, status, minDurationMs, maxDurationMs, type } = filter
  const values: unknown[] = []
  const bind = (value: unknown) => `?${values.push(value) + 3}`
  const conditions = [
    ...(state === undefined || isOfState ? [] : [`d.state = ${bind(state)}`]),
    ...(since === undefined ? [] : [`d.created_at >= ${bind(since)}`]),
    ...(until === undefined ? [] : [`d.created_at < ${bind(until)}`]),
    ...(status === null ? ['d.status IS NULL AND d.started_at IS NOT NULL'] : []),
    ...(status ? [`d.status BETWEEN ${bind(status[0])} AND ${bind(status[1])}`] : []),
    ...(minDurationMs === undefined ? [] : [`d.duration_ms >= ${bind(minDurationMs)}`]),
    ...(maxDurationMs === undefined ? [] : [`d.duration_ms <= ${bind(maxDurationMs)}`]),
    // Last: it reads the event.
    ...(type === undefined
      ? []
      : [`e.type IN (SELECT value FROM json_each(${bind(JSON.stringify(typesLike(type)))}))`]),
  ]
  return { sql: conditions.length > 0 ? conditions.join(' AND ') : ALL, values }
}

/** An attempt that was made. Times are milliseconds since the epoch. */
export type MadeAttempt = {
  number: number
  startedAt: number
  durationMs: number
  status: number | null
  error: string | null
  response: string | null
}

/** How many attempts of one delivery are shown: who sends it again for ever does not read for ever. */
const MOST_ATTEMPTS = 100

/** One delivery with its attempts, the last ones in their order; null: nothing of the kind is owed to this endpoint. */
export async function findDelivery(
  db: D1Database,
  endpointId: string,
  sequence: number,
): Promise<{ delivery: DeliveryState; attempts: MadeAttempt[] } | null> {
  const [found, made] = await db.batch<Record<string, unknown>>([
    db
      .prepare(
        `SELECT ${DELIVERY_COLUMNS} FROM deliveries d CROSS JOIN events e ON e.sequence = d.event_sequence
         WHERE d.endpoint_id = ? AND d.event_sequence = ?`,
      )
      .bind(endpointId, sequence),
    db
      .prepare(
        `SELECT number, started_at AS startedAt, duration_ms AS durationMs, status, error, response
         FROM attempts WHERE endpoint_id = ? AND event_sequence = ? ORDER BY number DESC LIMIT ${MOST_ATTEMPTS}`,
      )
      .bind(endpointId, sequence),
  ])
  // The rows have the shapes of the statements.
  const delivery = found?.results[0] as DeliveryState | undefined
  if (!delivery) return null
  const kept = ((made?.results ?? []) as MadeAttempt[]).toReversed()
  const latest = latestOf(delivery)
  const isKept = latest === null || kept.at(-1)?.number === latest.number
  return { delivery, attempts: isKept ? kept : [...kept, latest] }
}

/** The attempt that a delivery's own row tells of; null: it was not tried yet. */
function latestOf({
  attempts,
  startedAt,
  durationMs,
  status,
  error,
  response,
}: DeliveryState): MadeAttempt | null {
  if (startedAt === null) return null
  return { number: attempts, startedAt, durationMs: durationMs ?? 0, status, error, response }
}

/**
 * Keeps the latest attempts of deliveries that are about to be asked for again, as a statement before the one that does it: one
 * that failed is there already, one that succeeded is in the delivery's row only.
 * @param from `FROM … WHERE …` that names them, as the rows `d`.
 */
export const keepAttempts = (from: string) =>
  `INSERT OR IGNORE INTO attempts (endpoint_id, event_sequence, number, started_at, duration_ms, status, error, response)
   SELECT d.endpoint_id, d.event_sequence, d.attempts, d.started_at, d.duration_ms, d.status, d.error, d.response
   ${from} AND d.state <> 'pending' AND d.started_at IS NOT NULL`

/**
 * Asks for a delivery again: it is the next in line, and its schedule begins anew. One that is pending is only moved to the front,
 * and its schedule goes on. No replay has to do with it any more.
 * @returns whether there is such a delivery.
 */
export async function resendDelivery(
  db: D1Database,
  endpointId: string,
  sequence: number,
  now: number,
  audit: AuditEntry,
): Promise<boolean> {
  const [, changed] = await db.batch([
    db
      .prepare(keepAttempts('FROM deliveries d WHERE d.endpoint_id = ? AND d.event_sequence = ?'))
      .bind(endpointId, sequence),
    db
      .prepare(
        `UPDATE deliveries SET state = 'pending', due_at = ${LINE.fresh}, finished_at = NULL, replay_id = NULL,
           created_at = iif(state = 'pending', created_at, ?3),
           attempts_before = iif(state = 'pending', attempts_before, attempts)
         WHERE endpoint_id = ?1 AND event_sequence = ?2`,
      )
      .bind(endpointId, sequence, now),
    auditStatement(db, audit),
  ])
  return (changed?.meta.changes ?? 0) > 0
}
