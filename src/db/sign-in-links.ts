/** @module Links that sign somebody in: single use, for an hour, digests only. `startSession` uses one up. */
import { type AuditEntry, auditStatements } from './audit.ts'
import type { signInLinks } from './schema.ts'
import { isLetIn, USER_COLUMNS, type User, userIn } from './user-row.ts'

export type SignInLink = typeof signInLinks.$inferSelect

/** Whether a link is good for a user, as a condition. @param names what the statement calls its digest, his id, and the time. */
export function linkIsGood({ hash, userId, now }: { hash: string; userId: string; now: string }): string {
  return `EXISTS (SELECT 1 FROM sign_in_links l WHERE l.hash = ${hash} AND l.user_id = ${userId} AND l.expires_at > ${now})`
}

/** Uses a link up. */
export function useLink(db: D1Database, hash: string): D1PreparedStatement {
  return db.prepare('DELETE FROM sign_in_links WHERE hash = ?').bind(hash)
}

/** Stores a link. @returns false when its user is not let in: it would sign nobody in. */
export async function insertSignInLink(
  db: D1Database,
  { hash, userId, expiresAt }: SignInLink,
  audit?: AuditEntry,
): Promise<boolean> {
  const [inserted] = await db.batch([
    db
      .prepare(
        `INSERT INTO sign_in_links (hash, user_id, expires_at)
         SELECT ?1, u.id, ?3 FROM users u WHERE u.id = ?2 AND ${isLetIn('u')}`,
      )
      .bind(hash, userId, expiresAt),
    ...auditStatements(db, audit),
  ])
  return (inserted?.meta.changes ?? 0) > 0
}

/** Whom a link signs in, let in or not; null when it is unknown, expired or was used. Starting the session decides. */
export async function findUserByLink(db: D1Database, hash: string, now: number): Promise<User | null> {
  return userIn(
    await db
      .prepare(
        `SELECT ${USER_COLUMNS} FROM users
         WHERE id = (SELECT user_id FROM sign_in_links WHERE hash = ? AND expires_at > ?)`,
      )
      .bind(hash, now)
      .all(),
  )
}
