/** @module What a browser shows instead of a token to open a stream: single use, for a minute, digests only. */
import type { ApiKey } from './api-keys.ts'
import { columnsOf, withPrefix } from './columns.ts'
import { type streamTickets, users } from './schema.ts'
import { keyGoesOn, sessionGoesOn } from './stream-rights.ts'
import { isLetIn, type User } from './user-row.ts'

export type StreamTicket = typeof streamTickets.$inferSelect

/** Whose ticket it was, and of what: a session, a key, or neither: the operator's. */
export type Bearer = {
  user: User
  sessionId: string | null
  key: Pick<ApiKey, 'id' | 'scopes' | 'rateLimit'> | null
}

/** Stores a ticket. */
export async function insertStreamTicket(db: D1Database, ticket: StreamTicket): Promise<void> {
  const { hash, userId, sessionId, apiKeyId, expiresAt } = ticket
  await db
    .prepare(
      'INSERT INTO stream_tickets (hash, user_id, session_id, api_key_id, expires_at) VALUES (?, ?, ?, ?, ?)',
    )
    .bind(hash, userId, sessionId, apiKeyId, expiresAt)
    .run()
}

// Made once: every stream of a browser reads them.
const OF_USER = columnsOf(users, 'u', 'user.')

/**
 * Uses a ticket up. Of many who show it at once one has it.
 * @returns whose it is; null when it is unknown, expired or used, or what it was made with has ended since.
 */
export async function useStreamTicket(db: D1Database, hash: string, now: number): Promise<Bearer | null> {
  // The operator, whose ticket names neither, is let in whatever became of the account that he acts as.
  const [bearer] = await db.batch<Record<string, unknown>>([
    db
      .prepare(
        `SELECT t.session_id AS sessionId, k.id AS keyId, k.scopes AS scopes, k.rate_limit AS rateLimit, ${OF_USER}
         FROM stream_tickets t JOIN users u ON u.id = t.user_id
         LEFT JOIN api_keys k ON k.id = t.api_key_id AND k.owner_id = u.id AND ${keyGoesOn('?2')}
         WHERE t.hash = ?1 AND t.expires_at > ?2 AND CASE
           WHEN t.session_id IS NOT NULL THEN ${isLetIn('u')} AND EXISTS (
             SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.id = t.session_id AND ${sessionGoesOn('?2')})
           WHEN t.api_key_id IS NOT NULL THEN ${isLetIn('u')} AND k.id IS NOT NULL
           ELSE 1 END`,
      )
      .bind(hash, now),
    db.prepare('DELETE FROM stream_tickets WHERE hash = ?1 AND expires_at > ?2').bind(hash, now),
  ])
  const row = bearer?.results[0]
  if (!row) return null
  const { sessionId, keyId, scopes, rateLimit } = row as {
    sessionId: string | null
    keyId: string | null
    scopes: string
    rateLimit: number | null
  }
  return {
    // The columns with the prefix are the user's.
    user: withPrefix(row, 'user.') as User,
    sessionId,
    // A list of texts: `insertKey` and `updateKey` have written it.
    key: keyId === null ? null : { id: keyId, scopes: JSON.parse(scopes) as string[], rateLimit },
  }
}
