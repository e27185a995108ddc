/**
 * @module The addresses of users. One becomes somebody's when he has verified it, or an administrator says that it is his; until
 * then it waits beside the account, and keeps nobody else from it.
 */
import { type AuditEntry, auditStatements } from './audit.ts'
import { type ShownToken, TOKEN_EMAIL, tokenValues, useMailToken } from './mail-tokens.ts'
import { USER_COLUMNS, type User } from './user-row.ts'

/**
 * Verifies the address that a token was sent to: the one of the account, or the new one that waits to take its place. Who
 * waited for this only is let in. The token is used up with it.
 * @returns in which state the account is now; `invalid`: the token is not good, or the address is no longer one of his.
 */
export async function confirmEmail(
  db: D1Database,
  token: ShownToken,
  audit?: AuditEntry,
): Promise<User['state'] | 'invalid' | 'email-taken'> {
  const values = tokenValues(token)
  const used = await useMailToken(db, token, [
    db
      .prepare(
        // OR IGNORE: an address that is taken changes nothing.
        `UPDATE OR IGNORE users SET email = ${TOKEN_EMAIL}, email_verified_at = ?4, pending_email = NULL,
           state = CASE state WHEN 'waiting-for-email' THEN 'active' ELSE state END, updated_at = ?4,
           revision = revision + 1
         WHERE id = ?2 AND ${TOKEN_EMAIL} IN (email, pending_email) RETURNING state`,
      )
      .bind(...values),
    ...auditStatements(db, audit),
    db.prepare(`SELECT 1 FROM users WHERE id <> ?2 AND email = ${TOKEN_EMAIL}`).bind(...values),
  ])
  if (!used) return 'invalid'
  const confirmed = used.results[0]?.results[0]
  // The type of the column.
  if (confirmed) return confirmed['state'] as User['state']
  return used.results.at(-1)?.results.length ? 'email-taken' : 'invalid'
}

/** How many accounts get a mail when it is asked for again: nobody's mailbox is to be filled through us. */
const MOST_MAILED = 3

/**
 * The accounts that wait for this address to be verified, the newest first: a few at most, and none whose address is that of
 * another one, which never gets a token for it.
 * @param userId who asks: his comes before all others.
 */
export async function findUsersToVerify(
  db: D1Database,
  email: string,
  userId: string | null = null,
): Promise<User[]> {
  const { results } = await db
    .prepare(
      `SELECT * FROM (
         SELECT ${USER_COLUMNS} FROM users WHERE email = ?1 AND email_verified_at IS NULL
         UNION ALL
         SELECT ${USER_COLUMNS} FROM users
         WHERE pending_email = ?1 AND NOT EXISTS (SELECT 1 FROM users other WHERE other.email = ?1))
       WHERE blockedAt IS NULL
       ORDER BY id IS ?2 DESC, createdAt DESC, id DESC LIMIT ${MOST_MAILED}`,
    )
    .bind(email.toLowerCase(), userId)
    .all<User>()
  return results
}

/** How long an account may wait for its address to be verified. */
const UNVERIFIED_MS = 7 * 24 * 3_600_000
/** A minute's work stays small, and the next minute goes on. */
const FORGET_ROWS = 1_000

/**
 * Deletes the accounts whose address nobody has verified for a week, so that their names are free again. Nobody has ever been
 * logged in to one, so nothing hangs on it but tokens. Blocked ones stay: a block holds.
 * @returns how many.
 */
export async function forgetUnverified(db: D1Database, now: number): Promise<number> {
  const { meta } = await db
    .prepare(
      `DELETE FROM users WHERE rowid IN (
         SELECT rowid FROM users
         WHERE state = 'waiting-for-email' AND created_at <= ?1 AND updated_at <= ?1 AND blocked_at IS NULL
         ORDER BY created_at LIMIT ${FORGET_ROWS})`,
    )
    .bind(now - UNVERIFIED_MS)
    .run()
  return meta.changes
}
