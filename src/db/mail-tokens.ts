/** @module Tokens in mails: single use, for one user, one purpose and one address; digests only. */
import type { mailTokens } from './schema.ts'

export type MailToken = typeof mailTokens.$inferSelect

/** Stores a token. The user's earlier one for the same purpose is void from then on. @returns false when there is no such user. */
export async function insertMailToken(db: D1Database, token: MailToken): Promise<boolean> {
  const { hash, userId, purpose, email, expiresAt } = token
  const results = await db.batch([
    db.prepare('DELETE FROM mail_tokens WHERE user_id = ? AND purpose = ?').bind(userId, purpose),
    db
      .prepare(
        `INSERT INTO mail_tokens (hash, user_id, purpose, email, expires_at) SELECT ?, id, ?, ?, ? FROM users WHERE id = ?`,
      )
      .bind(hash, purpose, email, expiresAt, userId),
  ])
  return (results[1]?.meta.changes ?? 0) > 0
}

/** What a token is used with. */
export type ShownToken = Pick<MailToken, 'hash' | 'userId' | 'purpose'> & { now: number }

const IS_GOOD = 'hash = ?1 AND user_id = ?2 AND purpose = ?3 AND expires_at > ?4'

/** What `TOKEN_EMAIL` is bound with: parameters 1 to 4. */
export function tokenValues({ hash, userId, purpose, now }: ShownToken): [string, string, string, number] {
  return [hash, userId, purpose, now]
}

/** The address that a good token was sent to; null of any other. */
export const TOKEN_EMAIL = `(SELECT email FROM mail_tokens WHERE ${IS_GOOD})`

/** Whether a token is good: asked before something that costs much. Using it decides. */
export async function isMailTokenGood(db: D1Database, token: ShownToken): Promise<boolean> {
  const { results } = await db
    .prepare(`SELECT 1 FROM mail_tokens WHERE ${IS_GOOD}`)
    .bind(...tokenValues(token))
    .all()
  return results.length > 0
}

/**
 * Uses a token up, together with what it is for: one batch, so that neither is done without the other.
 * @param effects what it is for; each does nothing when `TOKEN_EMAIL` is null.
 * @returns the address that it was sent to and what the effects did, or null when it is not good for this user and purpose,
 * or no longer.
 */
export async function useMailToken(
  db: D1Database,
  token: ShownToken,
  effects: readonly D1PreparedStatement[] = [],
): Promise<{ email: string; results: D1Result<Record<string, unknown>>[] } | null> {
  const results = await db.batch<Record<string, unknown>>([
    ...effects,
    db.prepare(`DELETE FROM mail_tokens WHERE ${IS_GOOD} RETURNING email`).bind(...tokenValues(token)),
  ])
  const email = results.at(-1)?.results[0]?.['email']
  return typeof email === 'string' ? { email, results: results.slice(0, -1) } : null
}
