/** @module What one source needs to know of others of its instance. */

/**
 * Whether a moderator's connection reads all comments of an instance, and has done so since then.
 * @param since milliseconds since the epoch.
 */
export async function isReadByConnection(
  db: D1Database,
  instanceId: string,
  since: number,
): Promise<boolean> {
  const found = await db
    .prepare(
      `SELECT 1 AS found FROM sources s JOIN connections c ON c.id = s.connection_id
       WHERE s.instance_id = ? AND s.kind = 'comments' AND s.failures = 0 AND s.succeeded_at >= ?
         AND c.role <= 1 AND c.state = 'active' LIMIT 1`,
    )
    .bind(instanceId, since)
    .first<{ found: number }>()
  return found !== null
}
