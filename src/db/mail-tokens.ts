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

/**
 * Uses a token up: it is gone, whatever becomes of what it was for.
 * @returns the address that it was sent to, or null when it is not good for this user and purpose, or no longer.
 */
export async function useMailToken(
  db: D1Database,
  token: Pick<MailToken, 'hash' | 'userId' | 'purpose'> & { now: number },
): Promise<string | null> {
  const { results } = await db
    .prepare(
      'DELETE FROM mail_tokens WHERE hash = ? AND user_id = ? AND purpose = ? AND expires_at > ? RETURNING email',
    )
    .bind(token.hash, token.userId, token.purpose, token.now)
    .all<{ email: string }>()
  return results[0]?.email ?? null
}
