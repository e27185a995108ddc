/**
 * @module What a user proves himself with: his password, and the address that a new one can be sent to. A new password voids
 * whatever would let somebody else choose the next one: the session, the links that begin one, the mails on their way, an address
 * that waits.
 */
import { type AuditEntry, auditStatements } from './audit.ts'
import { type ShownToken, TOKEN_EMAIL, tokenValues, useMailToken } from './mail-tokens.ts'

/** What a user changes himself. `pendingEmail`: null takes back the address that waits. What is undefined stays. */
export type CredentialChanges = {
  passwordHash?: string | undefined
  pendingEmail?: string | null | undefined
}

/** For SET of an UPDATE that sets a password. Whoever waits to be let in has never been in: his address is still his own. */
export const PENDING_AFTER_PASSWORD = `CASE state WHEN 'active' THEN NULL ELSE pending_email END`

/**
 * What goes with a new password, as statements after the one that sets it.
 * @param hash the new one: it has a salt of its own, so nothing else has stored it.
 * @param except the digest of a token that is used up by itself.
 */
export function afterNewPassword(
  db: D1Database,
  id: string,
  hash: string,
  except = '',
): D1PreparedStatement[] {
  const isSet = 'EXISTS (SELECT 1 FROM users WHERE id = ?1 AND password_hash = ?2)'
  return [
    ...['sessions', 'sign_in_links'].map((table) =>
      db.prepare(`DELETE FROM ${table} WHERE user_id = ?1 AND ${isSet}`).bind(id, hash),
    ),
    db
      .prepare(`DELETE FROM mail_tokens WHERE user_id = ?1 AND hash <> ?3 AND ${isSet}`)
      .bind(id, hash, except),
  ]
}

/**
 * Changes the credentials of a user: all of it or nothing. A new address waits until it is verified: also one that is
 * somebody else's, so that nothing tells it apart; he never gets a token for that.
 * @param judged `revision`: of the row that the password of now was verified against.
 * @returns whether it was done: not if the row was changed since.
 */
export async function changeCredentials(
  db: D1Database,
  id: string,
  { passwordHash, pendingEmail }: CredentialChanges,
  judged: { revision: number; now: number },
  audit?: AuditEntry,
): Promise<boolean> {
  const pendingElse = passwordHash === undefined ? 'pending_email' : PENDING_AFTER_PASSWORD
  const [, updated] = await db.batch([
    // Before the change, on the same condition: a token for the address before must not tell whether this one is known.
    db
      .prepare(
        `DELETE FROM mail_tokens WHERE user_id = ?1 AND purpose = 'verify-email' AND ?3
           AND EXISTS (SELECT 1 FROM users WHERE id = ?1 AND revision = ?2)`,
      )
      .bind(id, judged.revision, pendingEmail === undefined ? 0 : 1),
    db
      .prepare(
        `UPDATE users SET password_hash = coalesce(?2, password_hash),
           pending_email = CASE WHEN ?3 THEN ?4 ELSE ${pendingElse} END, updated_at = ?5, revision = revision + 1
         WHERE id = ?1 AND revision = ?6`,
      )
      .bind(
        id,
        passwordHash ?? null,
        pendingEmail === undefined ? 0 : 1,
        pendingEmail ?? null,
        judged.now,
        judged.revision,
      ),
    ...auditStatements(db, audit),
    ...(passwordHash === undefined ? [] : afterNewPassword(db, id, passwordHash)),
  ])
  return (updated?.meta.changes ?? 0) > 0
}

/**
 * Stores another hash of the same password. It is no change: revision and time stay, and whoever is logged in goes on.
 * @param replaces only if this one is stored still, so that an old password can't come back over a new one.
 * @returns whether it was done.
 */
export async function rehashPassword(
  db: D1Database,
  id: string,
  hash: string,
  replaces: string,
): Promise<boolean> {
  const { meta } = await db
    .prepare('UPDATE users SET password_hash = ?2 WHERE id = ?1 AND password_hash = ?3')
    .bind(id, hash, replaces)
    .run()
  return meta.changes > 0
}

/**
 * Sets the password of whom a token was sent to, at the address that he has still. The token is used up with it.
 * @returns whether it was done: not with a token that is no good, or was sent to an address that is no longer his.
 */
export async function resetPassword(
  db: D1Database,
  token: ShownToken,
  hash: string,
  audit?: AuditEntry,
): Promise<boolean> {
  const used = await useMailToken(db, token, [
    db
      .prepare(
        `UPDATE users SET password_hash = ?5, pending_email = ${PENDING_AFTER_PASSWORD}, updated_at = ?4,
           revision = revision + 1
         WHERE id = ?2 AND email = ${TOKEN_EMAIL}`,
      )
      .bind(...tokenValues(token), hash),
    ...auditStatements(db, audit),
    ...afterNewPassword(db, token.userId, hash, token.hash),
  ])
  return (used?.results[0]?.meta.changes ?? 0) > 0
}
