/** @module What is counted by the hour, and how long it is kept. See docs/decisions/022. */

export const HOUR_MS = 3_600_000
/** A week can be looked at; the day before it is a margin. */
export const KEPT_MS = 8 * 24 * HOUR_MS

/** The beginnings of so many hours, the one that `now` is in the last. */
export function lastHours(now: number, count: number): number[] {
  const current = now - (now % HOUR_MS)
  return Array.from({ length: count }, (_, index) => current - (count - 1 - index) * HOUR_MS)
}

/** Whether an hour has passed since this was last true. Of several who ask at once one is told so. One round trip. */
export async function isForgettingDue(db: D1Database, now: number): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `INSERT INTO rollups (name, sequence) VALUES ('forgotten', ?1)
       ON CONFLICT (name) DO UPDATE SET sequence = ?1 WHERE sequence <= ?1 - ${HOUR_MS}`,
    )
    .bind(now)
    .run()
  return meta.changes > 0
}
