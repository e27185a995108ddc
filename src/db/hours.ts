/** @module What is counted by the hour: how long it is kept, and that it goes. See docs/decisions/022. */

export const HOUR_MS = 3_600_000
/** A week can be looked at; the day before it is a margin. */
export const KEPT_MS = 8 * 24 * HOUR_MS

/** The hour that a time is in, as an SQL expression: milliseconds since the epoch, its beginning. @param time another one. */
export const hourOf = (time: string) => `${time} - ${time} % ${HOUR_MS}`

/** The beginnings of so many hours, the one that `now` is in the last. */
export function lastHours(now: number, count: number): number[] {
  const current = now - (now % HOUR_MS)
  return Array.from({ length: count }, (_, index) => current - (count - 1 - index) * HOUR_MS)
}

/** Of each table at once: the next minute goes on. */
const FORGOTTEN_ROWS = 1_000

/** Deletes counts that are older than they are kept, at most a thousand of each table, along the indexes of their hours. */
export async function forgetOldHours(db: D1Database, now: number): Promise<void> {
  const keys = { event_hours: 'owner_id, hour, kind', delivery_hours: 'endpoint_id, hour' }
  await db.batch(
    Object.entries(keys).map(([table, key]) =>
      db
        .prepare(
          `DELETE FROM ${table} WHERE (${key}) IN (
             SELECT ${key} FROM ${table} WHERE hour < ? ORDER BY hour LIMIT ${FORGOTTEN_ROWS})`,
        )
        .bind(now - KEPT_MS),
    ),
  )
}
