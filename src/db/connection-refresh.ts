/**
 * @module What a refresh of a connection's tokens writes. Each statement carries the revision that it follows, and moves it
 * on: of two that began from the same state one goes on.
 */
import type { Connection } from './connections.ts'
import type { GuardedWrite } from './polls.ts'
import { NEVER } from './readable.ts'

/** What a poll has to know of a connection. */
export type Held = Pick<
  Connection,
  'id' | 'ownerId' | 'username' | 'role' | 'state' | 'tokens' | 'expiresAt' | 'refreshingSince' | 'revision'
>

/** A connection as a poll needs it, or null. One row. */
export async function findHeld(db: D1Database, id: string): Promise<Held | null> {
  return db
    .prepare(
      `SELECT id, owner_id AS ownerId, username, role, state, tokens, expires_at AS expiresAt,
              refreshing_since AS refreshingSince, revision
       FROM connections WHERE id = ?`,
    )
    .bind(id)
    .first<Held>()
}

/**
 * Makes the caller the one who refreshes, from the revision that was read; a refresh that was left over is taken over.
 * @returns whether it is: then the connection is at the next revision.
 */
export async function claimRefresh(
  db: D1Database,
  { id, revision, refreshingSince }: Pick<Held, 'id' | 'revision' | 'refreshingSince'>,
  now: number,
): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE connections SET refreshing_since = ?, revision = revision + 1
       WHERE id = ? AND revision = ? AND state = 'active' AND refreshing_since IS ?`,
    )
    .bind(now, id, revision, refreshingSince)
    .run()
  return meta.changes > 0
}

/**
 * Stores the new pair, and ends the refresh. Safe to repeat.
 * @param claim the revision that `claimRefresh` made.
 * @returns whether it is stored: not when somebody logged in anew meanwhile, or the connection is gone.
 */
export async function storeRefreshed(
  db: D1Database,
  { id, revision }: Pick<Held, 'id' | 'revision'>,
  { tokens, expiresAt }: { tokens: string; expiresAt: number },
): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE connections SET tokens = ?1, expires_at = ?2, refreshing_since = NULL, last_error = NULL, revision = ?4 + 1
       WHERE id = ?3 AND (revision = ?4 OR (revision = ?4 + 1 AND tokens = ?1))`,
    )
    .bind(tokens, expiresAt, id, revision)
    .run()
  return meta.changes > 0
}

/** Ends a refresh that came to nothing: the tokens are as they were. @param error why, if that is worth telling. */
export async function releaseRefresh(
  db: D1Database,
  { id, revision }: Pick<Held, 'id' | 'revision'>,
  error: string | null,
): Promise<void> {
  await db
    .prepare(
      `UPDATE connections SET refreshing_since = NULL, last_error = coalesce(?, last_error), revision = revision + 1
       WHERE id = ? AND revision = ?`,
    )
    .bind(error, id, revision)
    .run()
}

/**
 * Ends a connection, with the commit of a poll: it drops its tokens, and its sources are due never. Those other than the
 * poll's own move on by a revision, so that nobody makes them due again.
 * @param held at the revision that it must still have.
 */
export function expireWrite(
  { id, revision }: Pick<Held, 'id' | 'revision'>,
  { sourceId, detail, now }: { sourceId: string; detail: string; now: number },
): GuardedWrite {
  return (db, guard) => [
    db
      .prepare(
        `UPDATE connections SET state = 'expired', tokens = NULL, refreshing_since = NULL, last_error = ?,
           updated_at = ?, revision = revision + 1
         WHERE id = ? AND revision = ? AND ${guard.sql}`,
      )
      .bind(detail, now, id, revision, ...guard.values),
    db
      .prepare(
        `UPDATE sources SET due_at = ${NEVER}, due_reason = 'expired', revision = revision + (id <> ?)
         WHERE connection_id = (SELECT id FROM connections WHERE id = ? AND revision = ? AND state = 'expired')
           AND ${guard.sql}`,
      )
      .bind(sourceId, id, revision + 1, ...guard.values),
  ]
}
