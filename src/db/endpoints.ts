/** @module Endpoints and their subscriptions. */
import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { type AuditEntry, auditStatement } from './audit.ts'
import { columnsOf } from './columns.ts'
import { newId } from './id.ts'
import { type ListPage, type ListQuery, readList } from './list.ts'
import { endpoints } from './schema.ts'
import { hasRoom } from './totals.ts'
import { isLetIn } from './user-row.ts'

export type Endpoint = typeof endpoints.$inferSelect

/** What is told of an endpoint when it is made. */
export type NewEndpoint = Pick<Endpoint, 'id' | 'ownerId' | 'url' | 'description' | 'secret' | 'createdAt'>

/**
 * Stores an endpoint with a subscription to all events.
 * @param most how many its owner may have.
 * @returns null when he has as many, or is not let in any more: nothing is stored then.
 */
export async function insertEndpoint(
  db: D1Database,
  endpoint: NewEndpoint,
  audit?: AuditEntry,
  most = Number.MAX_SAFE_INTEGER,
): Promise<Endpoint | null> {
  const { id, ownerId, url, description, secret, createdAt } = endpoint
  const [inserted] = await db.batch([
    db
      .prepare(
        `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, updated_at)
         SELECT ?1, u.id, ?3, ?4, ?5, ?6, ?6 FROM users u
         WHERE u.id = ?2 AND ${isLetIn('u')} AND ${hasRoom('endpoints', '?2', '?7')}`,
      )
      .bind(id, ownerId, url, description, secret, createdAt, most),
    ...(audit ? [auditStatement(db, audit)] : []),
    db
      .prepare(
        `INSERT INTO subscriptions (id, owner_id, endpoint_id, event_type, created_at)
         SELECT ?, owner_id, id, '*', created_at FROM endpoints WHERE id = ?`,
      )
      .bind(newId('sub'), id),
  ])
  if (!inserted?.meta.changes) return null
  return { ...endpoint, pausedAt: null, pausedBy: null, updatedAt: createdAt, revision: 0 }
}

/** One endpoint, or null. @param ownerId whose; somebody else's is as good as none. Null: anybody's. */
export async function findEndpoint(
  db: D1Database,
  id: string,
  ownerId: string | null,
): Promise<Endpoint | null> {
  const found = await drizzle(db)
    .select()
    .from(endpoints)
    .where(and(eq(endpoints.id, id), ownerId === null ? undefined : eq(endpoints.ownerId, ownerId)))
  return found[0] ?? null
}

/** What endpoints can be sorted by. */
export const ENDPOINT_SORTS = ['createdAt', '-createdAt'] as const

/**
 * A page of endpoints.
 * @param ownerId whose; null: everybody's.
 * @param viewerId who searches: only his own are searched by their URLs, which may hold secrets.
 */
export async function listEndpoints(
  db: D1Database,
  ownerId: string | null,
  viewerId: string,
  query: ListQuery,
): Promise<ListPage<Endpoint>> {
  return readList<Endpoint>(
    db,
    {
      table: 'endpoints',
      list: 'endpoints',
      columns: columnsOf(endpoints),
      sorts: { createdAt: 'created_at' },
      searched: ownerId === viewerId ? ['url', 'description'] : ['description'],
      ownerId,
    },
    query,
  )
}

/** What of an endpoint can be changed. */
export type EndpointChanges = Pick<Endpoint, 'url' | 'description' | 'pausedAt' | 'pausedBy'>

/**
 * Changes an endpoint that is at this revision; one that would be sent to must have an owner who is let in.
 * @returns whether it was done.
 */
export async function updateEndpoint(
  db: D1Database,
  { id, revision }: Pick<Endpoint, 'id' | 'revision'>,
  changes: EndpointChanges,
  now: number,
  audit: AuditEntry,
): Promise<boolean> {
  const [changed] = await db.batch([
    db
      .prepare(
        `UPDATE endpoints SET url = ?, description = ?, paused_at = ?, paused_by = ?, updated_at = ?,
           revision = revision + 1
         WHERE id = ? AND revision = ? AND (?3 IS NOT NULL OR EXISTS (
           SELECT 1 FROM users u WHERE u.id = endpoints.owner_id AND ${isLetIn('u')}))`,
      )
      .bind(changes.url, changes.description, changes.pausedAt, changes.pausedBy, now, id, revision),
    auditStatement(db, audit),
  ])
  return (changed?.meta.changes ?? 0) > 0
}

/** Deletes an endpoint with its subscriptions, deliveries and attempts. @returns whether it was there. */
export async function deleteEndpoint(
  db: D1Database,
  id: string,
  expectedRevision: number | null,
  audit: AuditEntry,
): Promise<boolean> {
  const [deleted] = await db.batch([
    db
      .prepare('DELETE FROM endpoints WHERE id = ?1 AND revision = coalesce(?2, revision)')
      .bind(id, expectedRevision),
    auditStatement(db, audit),
  ])
  return (deleted?.meta.changes ?? 0) > 0
}
