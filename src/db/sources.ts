/** @module Sources: adding, changing and removing single ones, and what one needs to know of others of its instance. */
import { type AuditEntry, auditStatement } from './audit.ts'
import { columnsOf } from './columns.ts'
import { newId } from './id.ts'
import type { NewSource, Source } from './instances.ts'
import { NEVER } from './readable.ts'
import { sources } from './schema.ts'

/** A source, and what of its instance says how it is read. */
export type SourceState = Source & { pausedAt: number | null; unreachableAt: number | null }

/** One source that is read as anybody, by id, or null. */
export async function findSource(db: D1Database, id: string): Promise<SourceState | null> {
  return db
    .prepare(
      `SELECT ${columnsOf(sources, 's')}, i.paused_at AS pausedAt, i.unreachable_at AS unreachableAt
       FROM sources s JOIN instances i ON i.id = s.instance_id
       WHERE s.id = ? AND s.connection_id IS NULL`,
    )
    .bind(id)
    .first<SourceState>()
}

/**
 * Until when a moderator's connection has read all comments of an instance, or null when none does so now: it fails, has
 * ended, or is overdue.
 * @param maxDelayMs how late whoever asks may learn of something: a connection that may be later is given its own time.
 */
export async function readByConnection(
  db: D1Database,
  instanceId: string,
  { now, maxDelayMs }: { now: number; maxDelayMs: number },
): Promise<number | null> {
  const { results } = await db
    .prepare(
      `SELECT max(s.succeeded_at) AS readAt FROM sources s JOIN connections c ON c.id = s.connection_id
       WHERE s.instance_id = ?1 AND s.kind = 'comments' AND s.failures = 0
         AND s.succeeded_at >= ?2 - 2 * max(?3, coalesce(s.max_delay_ms, 0))
         AND c.role <= 1 AND c.state = 'active'`,
    )
    .bind(instanceId, now, maxDelayMs)
    .all<{ readAt: number | null }>()
  return results[0]?.readAt ?? null
}

/**
 * Adds a source to an instance, due at once.
 * @returns its id, or null when the instance is gone or has one for the same part of it.
 */
export async function insertSource(
  db: D1Database,
  instanceId: string,
  { kind, target, checkpoint, maxDelayMs = null }: NewSource,
  now: number,
  audit: AuditEntry,
): Promise<string | null> {
  const id = newId('src')
  const [inserted] = await db.batch([
    db
      .prepare(
        `INSERT INTO sources (id, instance_id, kind, target, max_delay_ms, due_at, checkpoint, created_at)
         SELECT ?1, i.id, ?3, ?4, ?5, iif(i.paused_at IS NULL, ?6, ${NEVER}), ?7, ?6 FROM instances i
         WHERE i.id = ?2 ON CONFLICT (instance_id, kind, target) DO NOTHING`,
      )
      .bind(id, instanceId, kind, target, maxDelayMs, now, checkpoint),
    auditStatement(db, { ...audit, target: id }),
  ])
  return inserted?.meta.changes ? id : null
}

/**
 * Changes how late the users of a source may learn of something, and makes it due by then, unless it rests because it failed.
 * It moves on by a revision, so that a poll which is under way doesn't put it off as it was before.
 * @param expectedRevision null: whichever it is at.
 * @returns whether it was there, at that revision.
 */
export async function changeMaxDelay(
  db: D1Database,
  id: string,
  change: { maxDelayMs: number | null; effectiveMs: number; now: number; expectedRevision: number | null },
  audit: AuditEntry,
): Promise<boolean> {
  const { maxDelayMs, effectiveMs, now, expectedRevision } = change
  const [changed] = await db.batch([
    db
      .prepare(
        `UPDATE sources SET max_delay_ms = ?2, revision = revision + 1,
           due_at = iif(failures = 0 AND due_at < ${NEVER} AND NOT EXISTS (
               SELECT 1 FROM instances i WHERE i.id = sources.instance_id AND i.failures > 0),
             min(due_at, max(?3, coalesce(polled_at, 0) + ?4)), due_at)
         WHERE id = ?1 AND revision = coalesce(?5, revision)`,
      )
      .bind(id, maxDelayMs, now, effectiveMs, expectedRevision),
    auditStatement(db, audit),
  ])
  return (changed?.meta.changes ?? 0) > 0
}

/**
 * Removes a source with what is known of it, unless it is the last one that is read as anybody. Its events stay.
 * @param expectedRevision null: whichever it is at.
 * @returns whether it was removed: it was there, at that revision, and not the last one.
 */
export async function deleteSource(
  db: D1Database,
  id: string,
  expectedRevision: number | null,
  audit: AuditEntry,
): Promise<boolean> {
  const [deleted] = await db.batch([
    db
      .prepare(
        `DELETE FROM sources WHERE id = ?1 AND revision = coalesce(?2, revision) AND connection_id IS NULL
           AND EXISTS (SELECT 1 FROM sources other WHERE other.instance_id = sources.instance_id
             AND other.id <> sources.id AND other.connection_id IS NULL)`,
      )
      .bind(id, expectedRevision),
    auditStatement(db, audit),
  ])
  return (deleted?.meta.changes ?? 0) > 0
}
