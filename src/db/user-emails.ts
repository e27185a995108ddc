/** @module The addresses of users: one is theirs when they have verified it. */
import { type AuditEntry, auditStatements } from './audit.ts'
import { type ShownToken, TOKEN_EMAIL, tokenValues, useMailToken } from './mail-tokens.ts'
import { USER_COLUMNS, type User } from './user-row.ts'

/**
 * Verifies the address that a token was sent to: the one of the account, or the new one that waits to take its place. Who
 * waited for this only is let in. The token is used up with it.
 * @returns `invalid`: the token is not good, or the address is no longer one of his.
 */
export async function confirmEmail(
  db: D1Database,
  token: ShownToken,
  audit?: AuditEntry,
): Promise<'confirmed' | 'invalid' | 'email-taken'> {
  const values = tokenValues(token)
  const used = await useMailToken(db, token, [
    db
      .prepare(
        // OR IGNORE: an address that is taken changes nothing.
        `UPDATE OR IGNORE users SET email = ${TOKEN_EMAIL}, email_verified_at = ?4, pending_email = NULL,
           state = CASE state WHEN 'waiting-for-email' THEN 'active' ELSE state END, updated_at = ?4,
           revision = revision + 1
         WHERE id = ?2 AND ${TOKEN_EMAIL} IN (email, pending_email)`,
      )
      .bind(...values),
    ...auditStatements(db, audit),
    db.prepare(`SELECT 1 FROM users WHERE id <> ?2 AND email = ${TOKEN_EMAIL}`).bind(...values),
  ])
  if (!used) return 'invalid'
  if (used.results[0]?.meta.changes) return 'confirmed'
  return used.results.at(-1)?.results.length ? 'email-taken' : 'invalid'
}

/**
 * The accounts that wait for this address to be verified: a few at most, and none whose address is verified somewhere else.
 */
export async function findUsersToVerify(db: D1Database, email: string): Promise<User[]> {
  const { results } = await db
    .prepare(
      `SELECT ${USER_COLUMNS} FROM users WHERE email = ?1 AND email_verified_at IS NULL
       UNION ALL
       SELECT ${USER_COLUMNS} FROM users
       WHERE pending_email = ?1 AND NOT EXISTS (SELECT 1 FROM users other WHERE other.email = ?1)
       LIMIT 3`,
    )
    .bind(email.toLowerCase())
    .all<User>()
  return results
}

/**
 * Stores the address that a user wants instead of his own, until it is verified: also one that is somebody else's, so that
 * nothing tells it apart. He never gets a token for that.
 */
export async function setPendingEmail(
  db: D1Database,
  id: string,
  email: string,
  now: number,
  audit?: AuditEntry,
): Promise<'pending' | 'email-taken'> {
  const results = await db.batch([
    db
      .prepare(
        `UPDATE users SET pending_email = ?2, updated_at = ?3, revision = revision + 1
         WHERE id = ?1`,
      )
      .bind(id, email, now),
    ...auditStatements(db, audit),
    db.prepare('SELECT 1 FROM users WHERE email = ? AND id <> ?').bind(email, id),
  ])
  return results.at(-1)?.results.length ? 'email-taken' : 'pending'
}
