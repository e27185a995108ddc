/** @module What one source needs to know of others of its instance. */

/**
 * Until when a moderator's connection has read all comments of an instance, or null when none does so now: it fails, has
 * ended, or is overdue.
 * @param maxDelayMs how late whoever asks may learn of something: a connection that may be later is given its own time.
 */
export async function readByConnection(
  db: D1Database,
  instanceId: string,
  { now, maxDelayMs }: { now: number; maxDelayMs: number },
): Promise<number | null> {
  const { results } = await db
    .prepare(
      `SELECT max(s.succeeded_at) AS readAt FROM sources s JOIN connections c ON c.id = s.connection_id
       WHERE s.instance_id = ?1 AND s.kind = 'comments' AND s.failures = 0
         AND s.succeeded_at >= ?2 - 2 * max(?3, coalesce(s.max_delay_ms, 0))
         AND c.role <= 1 AND c.state = 'active'`,
    )
    .bind(instanceId, now, maxDelayMs)
    .all<{ readAt: number | null }>()
  return results[0]?.readAt ?? null
}
