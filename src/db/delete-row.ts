/** @module What a person may delete: a row at the revision that he saw, and what the audit log says of it. */
import { type AuditEntry, auditStatement } from './audit.ts'

/**
 * Deletes a row, and with it what the schema lets go with it.
 * @param expectedRevision null: whichever it is at.
 * @returns whether it was there, at that revision.
 */
export async function deleteRow(
  db: D1Database,
  table: 'connections' | 'consumers' | 'endpoints' | 'instances' | 'subscriptions',
  id: string,
  expectedRevision: number | null,
  audit: AuditEntry,
): Promise<boolean> {
  const [deleted] = await db.batch([
    db
      .prepare(`DELETE FROM ${table} WHERE id = ?1 AND revision = coalesce(?2, revision)`)
      .bind(id, expectedRevision),
    auditStatement(db, audit),
  ])
  return (deleted?.meta.changes ?? 0) > 0
}
