/** @module Instances and their sources: making, listing, pausing, deleting. What a poll writes is in polls.ts. */
import { type AuditEntry, auditStatement } from './audit.ts'
import { columnsOf, jsonOf } from './columns.ts'
import { deleteRow } from './delete-row.ts'
import { newId } from './id.ts'
import { type ListPage, type ListQuery, readList } from './list.ts'
import { isReadable, NEVER } from './readable.ts'
import { instances, sources } from './schema.ts'

export type Instance = typeof instances.$inferSelect
export type Source = typeof sources.$inferSelect
/** An instance with the state of its sources. */
export type InstanceState = Instance & { sources: Source[] }

type Row = Instance & { sources: string }

/** With its sources in the same row, videos first: a second statement would read their ids once more. Those of connections are private. */
const COLUMNS = `${columnsOf(instances)},
  (SELECT json_group_array(${jsonOf(sources)} ORDER BY kind DESC, created_at, id) FROM sources
    WHERE sources.instance_id = instances.id AND sources.connection_id IS NULL) AS sources`

/** What of an instance is read. `checkpoint`: JSON. */
export type NewSource = Pick<Source, 'kind' | 'target' | 'checkpoint'> & Partial<Pick<Source, 'maxDelayMs'>>

/**
 * Stores an instance with its sources, due at once.
 * @returns its id, or null when the host is watched already: nothing is stored then.
 */
export async function insertInstance(
  db: D1Database,
  instance: Pick<Instance, 'ownerId' | 'origin' | 'host' | 'name' | 'version' | 'createdAt'> &
    Partial<Pick<Instance, 'movedFrom'>>,
  sources: readonly NewSource[],
  audit?: AuditEntry,
): Promise<string | null> {
  const id = newId('ins')
  const [inserted] = await db.batch([
    db
      .prepare(
        `INSERT INTO instances (id, owner_id, origin, host, name, version, created_at, updated_at, moved_from)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8) ON CONFLICT (host) DO NOTHING`,
      )
      .bind(
        id,
        instance.ownerId,
        instance.origin,
        instance.host,
        instance.name,
        instance.version,
        instance.createdAt,
        instance.movedFrom ?? null,
      ),
    ...(audit ? [auditStatement(db, { ...audit, target: id })] : []),
    // From the row above, so that there is no source when the host was watched already.
    ...sources.map(({ kind, target, checkpoint, maxDelayMs = null }) =>
      db
        .prepare(
          `INSERT INTO sources (id, instance_id, kind, target, max_delay_ms, due_at, checkpoint, created_at)
           SELECT ?, id, ?, ?, ?, ?, ?, ? FROM instances WHERE id = ?`,
        )
        .bind(newId('src'), kind, target, maxDelayMs, instance.createdAt, checkpoint, instance.createdAt, id),
    ),
  ])
  return inserted?.meta.changes ? id : null
}

/** One instance by id, or null. */
export async function findInstance(db: D1Database, id: string): Promise<InstanceState | null> {
  return first(await db.prepare(`SELECT ${COLUMNS} FROM instances WHERE id = ?`).bind(id).all<Row>())
}

/** The instance with this host, or null. @param host with the port, unless it is the default one. */
export async function findInstanceByHost(db: D1Database, host: string): Promise<InstanceState | null> {
  return first(await db.prepare(`SELECT ${COLUMNS} FROM instances WHERE host = ?`).bind(host).all<Row>())
}

/** The instance that is at this origin by now, or null. There is no index: whoever adds an instance can wait for a scan. */
export async function findInstanceAt(db: D1Database, origin: string): Promise<InstanceState | null> {
  return first(
    await db.prepare(`SELECT ${COLUMNS} FROM instances WHERE origin = ? LIMIT 1`).bind(origin).all<Row>(),
  )
}

/** What instances can be sorted by. */
export const INSTANCE_SORTS = ['createdAt', '-createdAt', 'host', '-host'] as const

/** A page of instances. */
export async function listInstances(db: D1Database, query: ListQuery): Promise<ListPage<InstanceState>> {
  const page = await readList<Row>(
    db,
    {
      table: 'instances',
      list: 'instances',
      columns: COLUMNS,
      sorts: { createdAt: 'created_at', host: 'host' },
      searched: ['host', 'name'],
    },
    query,
  )
  return { ...page, rows: page.rows.map(withSources) }
}

function first({ results }: D1Result<Row>): InstanceState | null {
  return results[0] ? withSources(results[0]) : null
}

function withSources({ sources: json, ...instance }: Row): InstanceState {
  // What `COLUMNS` made of the rows of sources.
  return { ...instance, sources: JSON.parse(json) as Source[] }
}

/** Stops watching: deletes the instance, its sources and the videos known of it. Its events stay. @returns whether it was there. */
export async function deleteInstance(
  db: D1Database,
  id: string,
  expectedRevision: number | null,
  audit: AuditEntry,
): Promise<boolean> {
  return deleteRow(db, 'instances', id, expectedRevision, audit)
}

/**
 * Pauses or resumes an instance that is at this revision. Its sources move on by a revision too, so that a poll that is
 * under way commits nothing: it would make them due again.
 * @returns whether it was at that revision.
 */
export async function pauseInstance(
  db: D1Database,
  id: string,
  change: { isPaused: boolean; revision: number; now: number },
  audit: AuditEntry,
): Promise<boolean> {
  const { isPaused, revision, now } = change
  const pausedAt = isPaused ? now : null
  const [changed] = await db.batch([
    db
      .prepare(
        'UPDATE instances SET paused_at = ?, updated_at = ?, revision = revision + 1 WHERE id = ? AND revision = ?',
      )
      .bind(pausedAt, now, id, revision),
    auditStatement(db, audit),
    db
      .prepare(
        `UPDATE sources SET due_at = iif(${isReadable('sources')}, ?1, ${NEVER}), revision = revision + 1,
           due_reason = iif(due_reason = 'expired', due_reason, ?2)
         WHERE instance_id = (SELECT id FROM instances WHERE id = ?3 AND revision = ?4 AND updated_at = ?1)`,
      )
      .bind(now, isPaused ? 'paused' : 'asked', id, revision + 1),
  ])
  return (changed?.meta.changes ?? 0) > 0
}

/** Makes all sources of an instance due now, unless it is paused. @returns whether it is there and not paused. */
export async function makeDue(db: D1Database, id: string, now: number, audit: AuditEntry): Promise<boolean> {
  const [changed] = await db.batch([
    db
      .prepare(
        `UPDATE sources SET due_at = ?, due_reason = 'asked'
         WHERE instance_id = (SELECT id FROM instances WHERE id = ? AND paused_at IS NULL)
           AND ${isReadable('sources')}`,
      )
      .bind(now, id),
    auditStatement(db, audit),
  ])
  return (changed?.meta.changes ?? 0) > 0
}
