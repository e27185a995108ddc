/**
 * @module Who is logged in: one session a user, tokens as digests. A refresh token works once; who shows a used one has
 * stolen it, or was robbed of it, and the session ends (RFC 9700, 4.14.2).
 */
import { type AuditEntry, auditStatements } from './audit.ts'
import { columnsOf, withPrefix } from './columns.ts'
import { IDEMPOTENCY_MS } from './idempotency.ts'
import { users } from './schema.ts'
import { linkIsGood, useLink } from './sign-in-links.ts'
import { isLetIn, type User } from './user-row.ts'

// Made once: every request with a session reads them.
const OF_USER = columnsOf(users, 'u', 'user.')

/** The digests of a session's tokens, and how long each is good for. */
type Tokens = {
  accessHash: string
  refreshHash: string
  accessExpiresAt: number
  refreshExpiresAt: number
}

/** A login. */
export type NewSession = Tokens & {
  userId: string
  sessionId: string
  now: number
  /** The hash that the password was checked against: if it is another one by now, nothing is started. Hash anew after it. */
  passwordHash?: string
  /** The digest of the link that signs him in, in place of a password: it is used up, and nothing is started with one that was. */
  linkHash?: string
}

/**
 * Logs a user in: the session before this one, if any, ends, and its access token is remembered as one that made way.
 * @returns whether it was started: not for who is blocked, not active, or gone.
 */
export async function startSession(
  db: D1Database,
  session: NewSession,
  audit?: AuditEntry,
): Promise<boolean> {
  const { userId, sessionId, now, passwordHash, linkHash } = session
  const [started] = await db.batch([
    db
      .prepare(
        `INSERT INTO sessions (user_id, id, access_hash, access_expires_at, refresh_hash, refresh_expires_at, created_at)
         SELECT u.id, ?2, ?3, ?4, ?5, ?6, ?7 FROM users u
         WHERE u.id = ?1 AND ${isLetIn('u')} AND (?8 IS NULL OR u.password_hash = ?8)
           AND (?9 IS NULL OR ${linkIsGood({ hash: '?9', userId: 'u.id', now: '?7' })})
         ON CONFLICT (user_id) DO UPDATE SET superseded_hash = sessions.access_hash,
           id = excluded.id, access_hash = excluded.access_hash,
           access_expires_at = excluded.access_expires_at, refresh_hash = excluded.refresh_hash,
           refresh_expires_at = excluded.refresh_expires_at, created_at = excluded.created_at`,
      )
      .bind(
        userId,
        sessionId,
        session.accessHash,
        session.accessExpiresAt,
        session.refreshHash,
        session.refreshExpiresAt,
        now,
        passwordHash ?? null,
        linkHash ?? null,
      ),
    ...auditStatements(db, audit),
    db
      .prepare(
        `UPDATE users SET last_login_at = ?3
         WHERE id = ?1 AND EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND id = ?2)`,
      )
      .bind(userId, sessionId, now),
    ...(linkHash === undefined ? [] : [useLink(db, linkHash)]),
  ])
  return (started?.meta.changes ?? 0) > 0
}

/** The user whose access token this is, or null: it is unknown, expired, or he is not let in. One statement, two rows. */
export async function findSession(
  db: D1Database,
  accessHash: string,
  now: number,
): Promise<{ user: User; sessionId: string } | null> {
  const { results } = await db
    .prepare(
      `SELECT s.id AS sessionId, ${OF_USER}
       FROM sessions s JOIN users u ON u.id = s.user_id
       WHERE s.access_hash = ? AND s.access_expires_at > ? AND ${isLetIn('u')}`,
    )
    .bind(accessHash, now)
    .all<{ sessionId: string }>()
  const row = results[0]
  // The columns with the prefix are the user's.
  return row ? { user: withPrefix(row, 'user.') as User, sessionId: row.sessionId } : null
}

/** Whether a newer session has taken the place of the one that had this access token. The last one that made way is known, no more. */
export async function isSuperseded(db: D1Database, accessHash: string): Promise<boolean> {
  const { results } = await db
    .prepare('SELECT 1 FROM sessions WHERE superseded_hash = ?')
    .bind(accessHash)
    .all()
  return results.length > 0
}

/** Until when the access token of a session is good; null when there is no such session. */
export async function sessionExpiry(
  db: D1Database,
  { userId, sessionId }: { userId: string; sessionId: string },
): Promise<number | null> {
  const { results } = await db
    .prepare('SELECT access_expires_at AS expiresAt FROM sessions WHERE user_id = ? AND id = ?')
    .bind(userId, sessionId)
    .all<{ expiresAt: number }>()
  return results[0]?.expiresAt ?? null
}

/** A refresh: the token that was shown, and the digests that take the place of the session's. */
export type Rotation = {
  refreshHash: string
  newAccessHash: string
  newRefreshHash: string
  accessExpiresAt: number
  refreshExpiresAt: number
  now: number
}

export type Rotated =
  | { kind: 'rotated'; userId: string }
  /** The token was used before: its session, if it still was the current one, has ended. */
  | { kind: 'replayed'; userId: string | null }
  /** Never given out, expired, of a session that ended, or of somebody who is not let in. */
  | { kind: 'unknown' }

/**
 * Gives a session new tokens for its refresh token. Of many at once one wins; the others are replays. Safe to repeat with
 * the same new tokens. One round trip.
 */
export async function rotateSession(
  db: D1Database,
  rotation: Rotation,
  audit?: AuditEntry,
): Promise<Rotated> {
  const { refreshHash, newAccessHash, newRefreshHash, accessExpiresAt, refreshExpiresAt, now } = rotation
  const isValid = `refresh_hash = ?1 AND refresh_expires_at > ?2
    AND EXISTS (SELECT 1 FROM users u WHERE u.id = sessions.user_id AND ${isLetIn('u')})`
  const results = await db.batch<{ userId: string | null; isUsed: number }>([
    // First: what this batch itself uses up is no replay; nor is what this rotation did before, when it is repeated.
    db
      .prepare(
        // CROSS JOIN: the sessions are read only when the token was used.
        `DELETE FROM sessions WHERE user_id IN (
           SELECT s.user_id FROM used_refresh_tokens t CROSS JOIN sessions s ON s.id = t.session_id
           WHERE t.hash = ?1 AND t.expires_at > ?2 AND s.refresh_hash <> ?3)
         RETURNING user_id AS userId`,
      )
      .bind(refreshHash, now, newRefreshHash),
    db
      .prepare(
        `INSERT OR IGNORE INTO used_refresh_tokens (hash, session_id, expires_at)
         SELECT refresh_hash, id, refresh_expires_at FROM sessions WHERE ${isValid}`,
      )
      .bind(refreshHash, now),
    db
      .prepare(
        `UPDATE sessions SET access_hash = ?3, access_expires_at = ?4, refresh_hash = ?5, refresh_expires_at = ?6
         WHERE ${isValid}`,
      )
      .bind(refreshHash, now, newAccessHash, accessExpiresAt, newRefreshHash, refreshExpiresAt),
    ...auditStatements(db, audit),
    db
      .prepare(
        `SELECT (SELECT user_id FROM sessions WHERE refresh_hash = ?3) AS userId,
                EXISTS (SELECT 1 FROM used_refresh_tokens WHERE hash = ?1 AND expires_at > ?2) AS isUsed`,
      )
      .bind(refreshHash, now, newRefreshHash),
  ])
  const outcome = results.at(-1)?.results[0]
  if (outcome?.userId) return { kind: 'rotated', userId: outcome.userId }
  // Whose session has ended; null when it had before.
  return outcome?.isUsed
    ? { kind: 'replayed', userId: results[0]?.results[0]?.userId ?? null }
    : { kind: 'unknown' }
}

/** Logs a user out of this session; a newer one of his goes on. @returns whether it was there. */
export async function endSession(
  db: D1Database,
  { userId, sessionId }: { userId: string; sessionId: string },
  audit?: AuditEntry,
): Promise<boolean> {
  const [ended] = await db.batch([
    db.prepare('DELETE FROM sessions WHERE user_id = ? AND id = ?').bind(userId, sessionId),
    ...auditStatements(db, audit),
  ])
  return (ended?.meta.changes ?? 0) > 0
}

/** Of each table at once: a minute's work stays small, and the next minute goes on. */
const CLEAN_UP_ROWS = 1_000

/**
 * Deletes what is over: used refresh tokens, tokens in mails, links and tickets that would have expired, answers older than a day. At
 * most a thousand of each, along the indexes of their times.
 * @returns how many rows it deleted.
 */
export async function cleanUp(db: D1Database, now: number): Promise<number> {
  const over = [
    { table: 'used_refresh_tokens', column: 'expires_at', until: now },
    { table: 'mail_tokens', column: 'expires_at', until: now },
    { table: 'sign_in_links', column: 'expires_at', until: now },
    { table: 'stream_tickets', column: 'expires_at', until: now },
    { table: 'idempotency_keys', column: 'created_at', until: now - IDEMPOTENCY_MS },
  ]
  const results = await db.batch(
    over.map(({ table, column, until }) =>
      db
        .prepare(
          `DELETE FROM ${table} WHERE rowid IN (
             SELECT rowid FROM ${table} WHERE ${column} <= ? ORDER BY ${column} LIMIT ${CLEAN_UP_ROWS})`,
        )
        .bind(until),
    ),
  )
  return results.reduce((sum, { meta }) => sum + meta.changes, 0)
}
