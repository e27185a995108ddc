/** @module Endpoints and their subscriptions. */
import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { Filter } from '../events/filter.ts'
import { type AuditEntry, auditStatement, auditStatements } from './audit.ts'
import { columnsOf } from './columns.ts'
import { deleteRow } from './delete-row.ts'
import { newId } from './id.ts'
import { type ListPage, type ListQuery, readList } from './list.ts'
import { mayHave, type NotMade, ownerStatement, type Terms, whyNotMade } from './owners.ts'
import { endpoints } from './schema.ts'
import { subscriptionStatements } from './subscriptions.ts'
import { isLetIn } from './user-row.ts'

export type Endpoint = typeof endpoints.$inferSelect

/** What is told of an endpoint when it is made. */
export type NewEndpoint = Pick<Endpoint, 'id' | 'ownerId' | 'url' | 'description' | 'secret' | 'createdAt'>

/** What a new endpoint is, besides what is told of it: the defaults of the table. */
const NEW_ENDPOINT = {
  pausedAt: null,
  pausedBy: null,
  revision: 0,
  disabledAt: null,
  disabledReason: null,
  headers: null,
  rateLimit: null,
  concurrency: null,
  timeoutMs: null,
  format: 'standard',
  payload: 'full',
  batchSize: null,
  batchMs: null,
  ordering: 'none',
  signsAsymmetric: false,
  metadata: null,
  failures: 0,
  failingSince: null,
  brokenSince: null,
  probes: 0,
  heldUntil: 0,
  verificationError: null,
} as const

/**
 * Stores an endpoint with a subscription.
 * @param filter of the subscription; without it to all events.
 * @returns it, or why nothing was stored.
 */
export async function insertEndpoint(
  db: D1Database,
  endpoint: NewEndpoint,
  audit?: AuditEntry,
  terms: Terms = {},
  filter: Filter = {},
): Promise<Endpoint | NotMade> {
  const { id, ownerId, url, description, secret, createdAt } = endpoint
  const condition = mayHave('endpoints', terms)
  const results = await db.batch([
    db
      .prepare(
        `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, updated_at, verified_at)
         SELECT ?1, u.id, ?3, ?4, ?5, ?6, ?6, ?6 FROM users u
         WHERE u.id = ?2 AND ${condition.sql}`,
      )
      .bind(id, ownerId, url, description, secret, createdAt, ...condition.values),
    ...auditStatements(db, audit),
    ...subscriptionStatements(db, { id: newId('sub'), endpointId: id, filter, createdAt }),
    ownerStatement(db, ownerId, terms),
  ])
  if (!results[0]?.meta.changes) return whyNotMade(results.at(-1))
  return {
    ...NEW_ENDPOINT,
    ...endpoint,
    updatedAt: createdAt,
    verifiedAt: createdAt,
  }
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
 * @param terms `evenShutOut`: whoever owns it.
 * @returns whether it was done, or why not.
 */
export async function updateEndpoint(
  db: D1Database,
  { id, revision }: Pick<Endpoint, 'id' | 'revision'>,
  changes: EndpointChanges,
  now: number,
  audit: AuditEntry,
  { evenShutOut = false }: Pick<Terms, 'evenShutOut'> = {},
): Promise<'changed' | 'conflict' | 'owner-shut-out'> {
  const [changed, , same] = await db.batch([
    db
      .prepare(
        `UPDATE endpoints SET url = ?, description = ?, paused_at = ?, paused_by = ?, updated_at = ?,
           revision = revision + 1
         WHERE id = ? AND revision = ? AND (?3 IS NOT NULL OR ?8 OR EXISTS (
           SELECT 1 FROM users u WHERE u.id = endpoints.owner_id AND ${isLetIn('u')}))`,
      )
      .bind(
        changes.url,
        changes.description,
        changes.pausedAt,
        changes.pausedBy,
        now,
        id,
        revision,
        Number(evenShutOut),
      ),
    auditStatement(db, audit),
    db.prepare('SELECT 1 FROM endpoints WHERE id = ? AND revision = ?').bind(id, revision),
  ])
  if (changed?.meta.changes) return 'changed'
  // What is at that revision still was refused for its owner.
  return same?.results.length ? 'owner-shut-out' : 'conflict'
}

/** Deletes an endpoint with its subscriptions, deliveries and attempts. @returns whether it was there. */
export async function deleteEndpoint(
  db: D1Database,
  id: string,
  expectedRevision: number | null,
  audit: AuditEntry,
): Promise<boolean> {
  return deleteRow(db, 'endpoints', id, expectedRevision, audit)
}
