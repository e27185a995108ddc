/**
 * @module How a user is shut out, let in again, or deleted, with all that hangs on it. One batch each, and each of its
 * statements carries the guard: what is refused leaves no trace.
 */
import { type AuditEntry, auditStatements } from './audit.ts'
import { isReadable, NEVER } from './readable.ts'
import { IS_DISPENSABLE, isLetIn, USER_COLUMNS, type User, userIn } from './user-row.ts'

/** What was judged. `onlyRole`: not if he has another one by now; `revision`: not if it is another one by now; null: whatever it is. */
type Judged = { now: number; onlyRole?: number | null; revision?: number | null }

/** The judgement as a condition, parameters ?3 (the role) and ?4 (the revision). */
const IS_AS_JUDGED = 'role = coalesce(?3, role) AND revision = coalesce(?4, revision)'

/** Why one who is there still isn't as he was judged, or null when he is. */
function difference(
  left: Record<string, unknown>,
  { onlyRole = null, revision = null }: Judged,
): 'other-role' | 'conflict' | null {
  if (onlyRole !== null && left['role'] !== onlyRole) return 'other-role'
  return revision !== null && left['revision'] !== revision ? 'conflict' : null
}

/**
 * Shuts a user out: his session ends, his endpoints pause, his connections are not read. Once more: the reason is the new one.
 * @returns the row as it is now, or why nothing was done.
 */
export async function blockUser(
  db: D1Database,
  id: string,
  { reason, ...judged }: Judged & { reason: string | null },
  audit?: AuditEntry,
): Promise<User | 'missing' | 'other-role' | 'conflict' | 'last-administrator'> {
  const { now, onlyRole = null, revision = null } = judged
  const isBlocked = 'EXISTS (SELECT 1 FROM users WHERE id = ?1 AND blocked_at IS NOT NULL)'
  const results = await db.batch<Record<string, unknown>>([
    db
      .prepare(
        `UPDATE users SET blocked_at = coalesce(blocked_at, ?2), blocked_reason = ?5, updated_at = ?2,
           revision = revision + 1
         WHERE id = ?1 AND ${IS_AS_JUDGED} AND ${IS_DISPENSABLE} RETURNING ${USER_COLUMNS}`,
      )
      .bind(id, now, onlyRole, revision, reason),
    ...auditStatements(db, audit),
    db.prepare(`DELETE FROM sessions WHERE user_id = ?1 AND ${isBlocked}`).bind(id),
    db.prepare(`DELETE FROM sign_in_links WHERE user_id = ?1 AND ${isBlocked}`).bind(id),
    db
      .prepare(
        `UPDATE endpoints SET paused_at = ?2, paused_by = 'block', updated_at = ?2, revision = revision + 1
         WHERE owner_id = ?1 AND paused_at IS NULL AND ${isBlocked}`,
      )
      .bind(id, now),
    readStatement(db, id, now),
    db.prepare('SELECT role, revision FROM users WHERE id = ?').bind(id),
  ])
  const blocked = userIn(results[0])
  if (blocked) return blocked
  const [left] = results.at(-1)?.results ?? []
  if (!left) return 'missing'
  return difference(left, judged) ?? 'last-administrator'
}

/**
 * Lets a blocked user in again, and resumes the endpoints that the block paused; those that he or a moderator paused stay so.
 * His connections are read again.
 * @returns the row as it is now (of who isn't blocked, as it was), or why nothing was done.
 */
export async function unblockUser(
  db: D1Database,
  id: string,
  judged: Judged,
  audit?: AuditEntry,
): Promise<User | 'missing' | 'other-role' | 'conflict'> {
  const { now, onlyRole = null, revision = null } = judged
  const results = await db.batch<Record<string, unknown>>([
    db
      .prepare(
        `UPDATE users SET blocked_at = NULL, blocked_reason = NULL, updated_at = ?2, revision = revision + 1
         WHERE id = ?1 AND blocked_at IS NOT NULL AND ${IS_AS_JUDGED} RETURNING ${USER_COLUMNS}`,
      )
      .bind(id, now, onlyRole, revision),
    ...auditStatements(db, audit),
    db
      .prepare(
        `UPDATE endpoints SET paused_at = NULL, paused_by = NULL, updated_at = ?2, revision = revision + 1
         WHERE owner_id = ?1 AND paused_by = 'block'
           AND EXISTS (SELECT 1 FROM users WHERE id = ?1 AND blocked_at IS NULL)`,
      )
      .bind(id, now),
    readStatement(db, id, now),
    db.prepare(`SELECT ${USER_COLUMNS} FROM users WHERE id = ?`).bind(id),
  ])
  const unblocked = userIn(results[0])
  if (unblocked) return unblocked
  const left = userIn(results.at(-1))
  return left ? (difference(left, judged) ?? left) : 'missing'
}

/**
 * Lets the sources of a user's connections be read, or not, as he is let in by now. Those that change move on by a revision,
 * so that a poll that is under way commits nothing.
 */
function readStatement(db: D1Database, userId: string, now: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE sources SET due_at = iif(due_at = ${NEVER}, ?2, ${NEVER}), revision = revision + 1
       WHERE connection_id IN (SELECT id FROM connections WHERE owner_id = ?1)
         AND (due_at < ${NEVER}) <> ${isReadable('sources')}`,
    )
    .bind(userId, now)
}

/** Who gets what a deleted user added for everybody: the first administrator, or the oldest other one. There always is one. */
const HEIR = `coalesce(
  (SELECT id FROM users WHERE id = 'usr_administrator' AND id <> ?1 AND role = 0 AND ${isLetIn('users')}),
  (SELECT id FROM users WHERE id <> ?1 AND role = 0 AND ${isLetIn('users')} ORDER BY created_at, id LIMIT 1))`

/**
 * Deletes a user with all that is his: endpoints with subscriptions, deliveries and attempts, feeds, consumers,
 * connections with their sources, keys, session, tokens in mails, private events and their counts, remembered answers. The instances that he added are everybody's: an administrator has them then. What
 * the audit log says of him stays.
 */
export async function deleteUser(
  db: D1Database,
  id: string,
  audit?: AuditEntry,
  expectedRevision: number | null = null,
): Promise<'deleted' | 'missing' | 'conflict' | 'last-administrator'> {
  const isSame = 'users.revision = coalesce(?2, users.revision)'
  const mayGo = `EXISTS (SELECT 1 FROM users WHERE users.id = ?1 AND ${isSame} AND ${IS_DISPENSABLE})`
  const isGone = 'NOT EXISTS (SELECT 1 FROM users WHERE id = ?1)'
  const statements = [
    `DELETE FROM idempotency_keys
     WHERE caller IN (SELECT ?1 UNION ALL SELECT id FROM api_keys WHERE owner_id = ?1) AND ${mayGo}`,
    `DELETE FROM endpoints WHERE owner_id = ?1 AND ${mayGo}`,
    `DELETE FROM connections WHERE owner_id = ?1 AND ${mayGo}`,
    `DELETE FROM events WHERE owner_id = ?1 AND ${mayGo}`,
    `DELETE FROM event_hours WHERE owner_id = ?1 AND ${mayGo}`,
    `UPDATE instances SET owner_id = ${HEIR}, revision = revision + 1 WHERE owner_id = ?1 AND ${mayGo}`,
    // The rest of what is his goes by cascade.
    `DELETE FROM users WHERE id = ?1 AND ${isSame} AND ${IS_DISPENSABLE}`,
  ].map((sql) => db.prepare(sql).bind(id, expectedRevision))
  const results = await db.batch<Record<string, unknown>>([
    ...statements,
    ...auditStatements(db, audit),
    // What the triggers have counted down to nothing.
    db
      .prepare(
        `DELETE FROM totals WHERE list IN ('endpoints', 'subscriptions', 'api_keys', 'connections', 'feeds', 'consumers') AND owner_id = ?1 AND total = 0 AND ${isGone}`,
      )
      .bind(id),
    db.prepare('SELECT revision FROM users WHERE id = ?').bind(id),
  ])
  const [left] = results.at(-1)?.results ?? []
  if (left)
    return expectedRevision !== null && left['revision'] !== expectedRevision
      ? 'conflict'
      : 'last-administrator'
  return results[statements.length - 1]?.meta.changes ? 'deleted' : 'missing'
}
