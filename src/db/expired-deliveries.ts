/** @module Giving up what has been pending for too long. */
import { LINE, WAITING } from './deliveries.ts'
import { sequencesBetween } from './events.ts'

/**
 * Fails deliveries that were asked for before a time and are pending still; one that waits for its next attempt has a schedule, and
 * is left to it.
 *
 * Steps from endpoint to endpoint along the index of what is due, and in it goes through the runs of what stands in line, up to the
 * last event that is old enough: where nothing is, that is a few rows an endpoint, however much it has piled up.
 *
 * @param before milliseconds since the epoch.
 * @param error what is said of them.
 * @param most how many at once, and of how many of each run the age is looked at.
 * @returns how many.
 */
export async function failExpired(
  db: D1Database,
  { before, now, error }: { before: number; now: number; error: string },
  most: number,
): Promise<number> {
  const seen = await sequencesBetween(db, { until: before })
  if (!seen) return 0
  const runs = [
    `due_at = ${LINE.fresh} AND event_sequence <= ?3 ORDER BY event_sequence`,
    `due_at = ${LINE.replayed} AND event_sequence <= ?3 ORDER BY event_sequence`,
    `due_at > ${LINE.replayed} AND due_at <= ?2 ORDER BY due_at`,
  ].map(
    (run) =>
      `SELECT event_sequence FROM (
         SELECT event_sequence FROM deliveries INDEXED BY deliveries_due
         WHERE endpoint_id = w.id AND ${run} LIMIT CAST(?4 AS INTEGER))`,
  )
  const { results: expired } = await db
    .prepare(
      `WITH RECURSIVE ${WAITING}
       SELECT d.endpoint_id AS endpointId, d.event_sequence AS sequence
       FROM waiting w CROSS JOIN deliveries d ON d.endpoint_id = w.id AND d.event_sequence IN (${runs.join(' UNION ALL ')})
       WHERE d.created_at < ?1 LIMIT CAST(?4 AS INTEGER)`,
    )
    .bind(before, now, seen.last, most)
    .all()
  if (expired.length === 0) return 0
  const { meta } = await db
    .prepare(
      // Only what is still so: it may have been delivered meanwhile, or asked for again.
      `UPDATE deliveries SET state = 'failed', due_at = NULL, finished_at = ?3, error = ?4
       FROM json_each(?1) j
       WHERE endpoint_id = value ->> 'endpointId' AND event_sequence = value ->> 'sequence'
         AND +state = 'pending' AND created_at < ?2`,
    )
    .bind(JSON.stringify(expired), before, now, error)
    .run()
  return meta.changes
}
