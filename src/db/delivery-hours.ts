/** @module Attempts of an endpoint's deliveries by the hour in which they began: see docs/decisions/022. */
import type { RecordedAttempt } from './deliveries.ts'
import { HOUR_MS } from './hours.ts'
import { jsonParts } from './json-parts.ts'
import { LATENCY_PARTS, partOf } from './latency.ts'

const PARTS = LATENCY_PARTS.map(({ column }) => column)
const COUNTS = ['delivered', 'failed', ...PARTS]

/** In place of the part of the histogram: it did not succeed. */
const FAILED = -1

/**
 * Counts attempts, as a part of the batch that records them and before their deliveries change: what that does not record is not
 * counted. A row of each endpoint and hour, however many attempts there were; none of subscribers of the hub, who are nobody's to see.
 * @param began the condition on `deliveries` that an attempt of this number is recorded on.
 */
export function countAttemptsStatements(
  db: D1Database,
  recorded: readonly RecordedAttempt[],
  began: (number: string) => string,
): D1PreparedStatement[] {
  // No more than is counted, and as a list: what records them takes twice as long to take apart.
  const attempts = recorded.map(({ endpointId, sequence, number, startedAt, durationMs, state }) => [
    endpointId,
    sequence,
    number,
    startedAt - (startedAt % HOUR_MS),
    state === 'delivered' ? partOf(durationMs) : FAILED,
  ])
  // Materialized: each of the sums would take the JSON apart once more.
  const sql = `WITH made (endpoint_id, hour, part) AS MATERIALIZED (
      SELECT deliveries.endpoint_id, value ->> 3, value ->> 4
      FROM json_each(?) j
        CROSS JOIN deliveries ON deliveries.endpoint_id = value ->> 0 AND deliveries.event_sequence = value ->> 1
      WHERE ${began('value ->> 2')}),
    counted (endpoint_id, hour, ${COUNTS.join(', ')}) AS (
      SELECT endpoint_id, hour, sum(part <> ${FAILED}), sum(part = ${FAILED}), ${PARTS.map((_, part) => `sum(part = ${part})`).join(', ')}
      FROM made GROUP BY endpoint_id, hour)
    INSERT INTO delivery_hours (endpoint_id, hour, ${COUNTS.join(', ')})
    SELECT c.* FROM counted c CROSS JOIN endpoints p ON p.id = c.endpoint_id WHERE p.kind = 'webhook'
    ON CONFLICT (endpoint_id, hour) DO UPDATE SET ${COUNTS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`
  return jsonParts(attempts).map((part) => db.prepare(sql).bind(part))
}

/**
 * Deletes counts of hours before a time. Steps from endpoint to endpoint along the key, for there is no index of the hours: a few
 * rows for each that has counts.
 * @param most how many at once. @returns how many.
 */
export async function forgetAttempts(db: D1Database, before: number, most: number): Promise<number> {
  const { meta } = await db
    .prepare(
      `WITH RECURSIVE counted (id) AS (
         SELECT min(endpoint_id) FROM delivery_hours
         UNION ALL
         SELECT (SELECT min(endpoint_id) FROM delivery_hours WHERE endpoint_id > counted.id) FROM counted WHERE id IS NOT NULL)
       DELETE FROM delivery_hours WHERE (endpoint_id, hour) IN (
         SELECT h.endpoint_id, h.hour FROM counted CROSS JOIN delivery_hours h ON h.endpoint_id = counted.id AND h.hour < ?
         LIMIT ?)`,
    )
    .bind(before, most)
    .run()
  return meta.changes
}

/** What became of the attempts of an hour. */
export type AttemptHour = { hour: number; delivered: number; failed: number }

/** What became of an endpoint's attempts, and what it is owed. */
export type EndpointStatistics = {
  hours: AttemptHour[]
  /** Of the attempts that succeeded, over all of the hours: as `percentile` takes it. */
  latency: number[]
  /** Deliveries that are pending, and that failed for good: at most `MOST_COUNTED`, and whether there are more. */
  waiting: Counted
  failed: Counted
}
type Counted = { count: number; isMore: boolean }

/** So many of what an endpoint is owed are counted. */
const MOST_COUNTED = 1_000

/**
 * Reads how an endpoint is doing. One round trip; a row for each hour, and a row for each delivery that is counted, along the
 * partial indexes of those.
 * @param since the beginning of the first hour.
 */
export async function readStatistics(
  db: D1Database,
  endpointId: string,
  since: number,
): Promise<EndpointStatistics> {
  const counted = (index: string, condition: string) =>
    db
      .prepare(
        `SELECT count(*) AS count FROM (
           SELECT 1 FROM deliveries INDEXED BY ${index} WHERE endpoint_id = ? AND ${condition} LIMIT ${MOST_COUNTED + 1})`,
      )
      .bind(endpointId)
  const [hours, waiting, failed] = await db.batch<Record<string, number>>([
    db
      .prepare(
        `SELECT hour, delivered, failed, ${PARTS.join(', ')} FROM delivery_hours WHERE endpoint_id = ? AND hour >= ?
         ORDER BY hour`,
      )
      .bind(endpointId, since),
    counted('deliveries_due', 'due_at IS NOT NULL'),
    counted('deliveries_failed', "state = 'failed'"),
  ])
  const rows = hours?.results ?? []
  return {
    hours: rows.map(({ hour = 0, delivered = 0, failed: unsuccessful = 0 }) => ({
      hour,
      delivered,
      failed: unsuccessful,
    })),
    latency: PARTS.map((part) => rows.reduce((sum, row) => sum + (row[part] ?? 0), 0)),
    waiting: countOf(waiting),
    failed: countOf(failed),
  }
}

function countOf(result: D1Result<Record<string, number>> | undefined): Counted {
  const count = result?.results[0]?.['count'] ?? 0
  return { count: Math.min(count, MOST_COUNTED), isMore: count > MOST_COUNTED }
}

/**
 * Of how many of somebody's endpoints the hours are added up: the newest ones, as many as a User may have. Each hour of each is read
 * twice: a week is at most 33,600 rows and what finding the endpoints costs.
 */
const MOST_ADDED = 100

/**
 * Reads what became of the attempts of all endpoints of somebody, as a part of a batch.
 * @param since the beginning of an hour. @returns rows as `AttemptHour`, of the hours in which there were any.
 */
export function attemptHoursStatement(db: D1Database, ownerId: string, since: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT h.hour AS hour, sum(h.delivered) AS delivered, sum(h.failed) AS failed
       FROM (SELECT id FROM endpoints INDEXED BY endpoints_owner WHERE owner_id = ?1 AND kind = 'webhook'
             ORDER BY created_at DESC, id DESC LIMIT ${MOST_ADDED}) p
         CROSS JOIN delivery_hours h ON h.endpoint_id = p.id AND h.hour >= ?2
       GROUP BY h.hour`,
    )
    .bind(ownerId, since)
}
