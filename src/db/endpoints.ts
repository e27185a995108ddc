/** @module Endpoints and their subscriptions. */
import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { type AuditEntry, auditStatement } from './audit.ts'
import { columnsOf } from './columns.ts'
import { newId } from './id.ts'
import { type ListPage, type ListQuery, readList } from './list.ts'
import { endpoints } from './schema.ts'

export type Endpoint = typeof endpoints.$inferSelect

/** What is told of an endpoint when it is made. */
export type NewEndpoint = Pick<Endpoint, 'id' | 'ownerId' | 'url' | 'description' | 'secret' | 'createdAt'>

/** Stores an endpoint with a subscription to all events. */
export async function insertEndpoint(
  db: D1Database,
  endpoint: NewEndpoint,
  audit?: AuditEntry,
): Promise<Endpoint> {
  const { id, ownerId, url, description, secret, createdAt } = endpoint
  await db.batch([
    db
      .prepare(
        `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)`,
      )
      .bind(id, ownerId, url, description, secret, createdAt),
    ...(audit ? [auditStatement(db, audit)] : []),
    db
      .prepare(
        `INSERT INTO subscriptions (id, owner_id, endpoint_id, event_type, created_at) VALUES (?, ?, ?, '*', ?)`,
      )
      .bind(newId('sub'), ownerId, id, createdAt),
  ])
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

/** Changes an endpoint that is at this revision. @returns whether it was. */
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
         WHERE id = ? AND revision = ?`,
      )
      .bind(changes.url, changes.description, changes.pausedAt, changes.pausedBy, now, id, revision),
    auditStatement(db, audit),
  ])
  return (changed?.meta.changes ?? 0) > 0
}

/** Deletes an endpoint with its subscriptions, deliveries and attempts. @returns whether it was there. */
export async function deleteEndpoint(db: D1Database, id: string, audit: AuditEntry): Promise<boolean> {
  const [deleted] = await db.batch([
    db.prepare('DELETE FROM endpoints WHERE id = ?').bind(id),
    auditStatement(db, audit),
  ])
  return (deleted?.meta.changes ?? 0) > 0
}
