/** @module The addresses of users: one is theirs when they have verified it. */
import { type AuditEntry, auditStatements } from './audit.ts'

/**
 * Notes that a user has verified an address: the one of his account, or the new one that waits to take its place. Who waited
 * for this only is let in.
 * @returns `missing`: the address is no longer one of his.
 */
export async function confirmEmail(
  db: D1Database,
  id: string,
  email: string,
  now: number,
  audit?: AuditEntry,
): Promise<'confirmed' | 'missing' | 'email-taken'> {
  const results = await db.batch([
    db
      .prepare(
        // OR IGNORE: an address that is taken changes nothing.
        `UPDATE OR IGNORE users SET email = ?2, email_verified_at = ?3, pending_email = NULL,
           state = CASE state WHEN 'waiting-for-email' THEN 'active' ELSE state END, updated_at = ?3,
           revision = revision + 1
         WHERE id = ?1 AND (email = ?2 OR pending_email = ?2)`,
      )
      .bind(id, email, now),
    ...auditStatements(db, audit),
    db.prepare('SELECT 1 FROM users WHERE email = ? AND id <> ?').bind(email, id),
  ])
  if (results[0]?.meta.changes) return 'confirmed'
  return results.at(-1)?.results.length ? 'email-taken' : 'missing'
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
