/** @module The passwords of users: each change voids what would let somebody else choose one. */
import { type AuditEntry, auditStatements } from './audit.ts'
import { type ShownToken, TOKEN_EMAIL, tokenValues, useMailToken } from './mail-tokens.ts'

/**
 * Gives a user another password. Mails that would let somebody else choose one are void from then on.
 * @param options `endSession`: whoever is logged in has to log in again. `replaces`: only if the hash that is stored is
 * still this one, so that hashing an old password anew can't undo a new one.
 * @returns whether it was done.
 */
export async function setPassword(
  db: D1Database,
  id: string,
  hash: string,
  options: { endSession: boolean; now: number; replaces?: string },
  audit?: AuditEntry,
): Promise<boolean> {
  const { endSession, now, replaces } = options
  // A hash has its own salt: no other change than this one has stored it.
  const isDone = 'EXISTS (SELECT 1 FROM users WHERE id = ?1 AND password_hash = ?2)'
  const [updated] = await db.batch([
    db
      .prepare(
        `UPDATE users SET password_hash = ?2, updated_at = ?3, revision = revision + 1
         WHERE id = ?1 AND (?4 IS NULL OR password_hash = ?4)`,
      )
      .bind(id, hash, now, replaces ?? null),
    ...auditStatements(db, audit),
    db
      .prepare(`DELETE FROM mail_tokens WHERE user_id = ?1 AND purpose = 'reset-password' AND ${isDone}`)
      .bind(id, hash),
    ...(endSession
      ? [db.prepare(`DELETE FROM sessions WHERE user_id = ?1 AND ${isDone}`).bind(id, hash)]
      : []),
  ])
  return (updated?.meta.changes ?? 0) > 0
}

/**
 * Sets the password of whom a token was sent to, at the address that he has still. Whoever is logged in has to log in again.
 * The token is used up with it.
 * @returns whether it was done: not with a token that is no good, or was sent to an address that is no longer his.
 */
export async function resetPassword(
  db: D1Database,
  token: ShownToken,
  hash: string,
  audit?: AuditEntry,
): Promise<boolean> {
  const values = tokenValues(token)
  const used = await useMailToken(db, token, [
    db
      .prepare(
        `UPDATE users SET password_hash = ?5, updated_at = ?4, revision = revision + 1
         WHERE id = ?2 AND email = ${TOKEN_EMAIL}`,
      )
      .bind(...values, hash),
    ...auditStatements(db, audit),
    db
      .prepare(
        'DELETE FROM sessions WHERE user_id = ?1 AND EXISTS (SELECT 1 FROM users WHERE id = ?1 AND password_hash = ?2)',
      )
      .bind(token.userId, hash),
  ])
  return (used?.results[0]?.meta.changes ?? 0) > 0
}
