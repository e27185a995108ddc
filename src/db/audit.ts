/**
 * @module Who did what. An entry is written with what it tells of, in one batch: neither is there without the other. The
 * table takes no changes and no deletions.
 */
import { columnsOf } from './columns.ts'
import { auditLog } from './schema.ts'

/** An entry that is in the log. See `auditLog` in schema.ts for the fields. */
export type LoggedAction = typeof auditLog.$inferSelect

/** What the log is to say of one action. */
export type AuditEntry = Omit<LoggedAction, 'sequence'>

const COLUMNS = 'at, user_id, username, via, address, action, target, success, request_id'

/**
 * Notes an action, as the statement of a batch right after the one that does it: only if that one changed a row. What
 * triggers and cascades do is not counted by `changes()`, and reads in between don't disturb it.
 */
export function auditStatement(db: D1Database, entry: AuditEntry): D1PreparedStatement {
  return db
    .prepare(`INSERT INTO audit_log (${COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE changes() > 0`)
    .bind(...valuesOf(entry))
}

/** `auditStatement` as a part of a batch that may do without. */
export function auditStatements(db: D1Database, entry: AuditEntry | undefined): D1PreparedStatement[] {
  return entry ? [auditStatement(db, entry)] : []
}

/** Notes an action that changed nothing here, or failed. */
export async function insertAudit(db: D1Database, entry: AuditEntry): Promise<void> {
  await db
    .prepare(`INSERT INTO audit_log (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    .bind(...valuesOf(entry))
    .run()
}

function valuesOf(entry: AuditEntry): (string | number | null)[] {
  return [
    entry.at,
    entry.userId,
    entry.username,
    entry.via,
    entry.address,
    entry.action,
    entry.target,
    entry.success ? 1 : 0,
    entry.requestId,
  ]
}

/**
 * A page of the log, the newest first. Whatever the filters, it reads its own entries: two rows each, one without filters.
 * @param query `before`: the last sequence of the page before.
 */
export async function listAudit(
  db: D1Database,
  query: {
    before?: number | undefined
    count: number
    userId?: string | undefined
    action?: string | undefined
  },
): Promise<LoggedAction[]> {
  const { before = Number.MAX_SAFE_INTEGER, count, userId, action } = query
  const { results } = await db
    .prepare(
      `SELECT ${columnsOf(auditLog)} FROM audit_log
       WHERE sequence < ? ${userId === undefined ? '' : 'AND user_id = ?'} ${action === undefined ? '' : 'AND action = ?'}
       ORDER BY sequence DESC LIMIT ?`,
    )
    .bind(...[before, userId, action, count].filter((value) => value !== undefined))
    .all<Omit<LoggedAction, 'success'> & { success: number }>()
  return results.map((row) => ({ ...row, success: row.success === 1 }))
}
