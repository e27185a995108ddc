/** @module What is known of a connection's notifications. */
import type { KnownNotification } from '../events/detect-notifications.ts'
import { jsonParts } from './json-parts.ts'
import type { GuardedWrite } from './polls.ts'

/** What is known of a page's notifications, by number. */
export async function knownNotifications(
  db: D1Database,
  connectionId: string,
  ids: readonly number[],
): Promise<Map<number, KnownNotification>> {
  const { results } = await db
    .prepare(
      `SELECT n.id AS id, n.read AS read
       FROM json_each(?) j CROSS JOIN notifications n ON n.connection_id = ? AND n.id = j.value`,
    )
    .bind(JSON.stringify(ids), connectionId)
    .all<{ id: number; read: number }>()
  return new Map(results.map(({ id, read }) => [id, { id, read: read === 1 }]))
}

/** Keeps what was learned of notifications. */
export function rememberNotifications(
  connectionId: string,
  rows: readonly KnownNotification[],
): GuardedWrite {
  return (db, guard) =>
    jsonParts(rows).map((part) =>
      db
        .prepare(
          `INSERT INTO notifications (connection_id, id, read)
           SELECT ?, value ->> 'id', value ->> 'read' FROM json_each(?) WHERE ${guard.sql}
           ON CONFLICT (connection_id, id) DO UPDATE SET read = excluded.read`,
        )
        .bind(connectionId, part, ...guard.values),
    )
}
