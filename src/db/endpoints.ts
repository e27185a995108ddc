/** @module Endpoints and their subscriptions. */
import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { Filter } from '../events/filter.ts'
import { type AuditEntry, auditStatement, auditStatements } from './audit.ts'
import { assignments, columnsOf, insertion } from './columns.ts'
import { deleteRow } from './delete-row.ts'
import { newId } from './id.ts'
import { type ListPage, type ListQuery, readList } from './list.ts'
import { mayHave, type NotMade, ownerStatement, type Terms, whyNotMade } from './owners.ts'
import { endpoints } from './schema.ts'
import { subscriptionStatements } from './subscriptions.ts'
import { isLetIn } from './user-row.ts'

export type Endpoint = typeof endpoints.$inferSelect

/** What its owner says of an endpoint: see the table. */
export type EndpointSettings = Pick<
  Endpoint,
  | 'url'
  | 'description'
  | 'headers'
  | 'rateLimit'
  | 'concurrency'
  | 'timeoutMs'
  | 'format'
  | 'payload'
  | 'batchSize'
  | 'batchMs'
  | 'ordering'
  | 'signsAsymmetric'
  | 'metadata'
>

/** What is told of an endpoint when it is made. */
export type NewEndpoint = Pick<Endpoint, 'id' | 'ownerId' | 'url' | 'description' | 'secret' | 'createdAt'> &
  Partial<EndpointSettings> & {
    /** Null: its target is asked first. */
    verifiedAt: number | null
  }

/** How one is doing that nothing was sent to since, or that is begun anew with. */
export const AS_NEW = {
  failures: 0,
  failingSince: null,
  brokenSince: null,
  probes: 0,
  heldUntil: 0,
  disabledAt: null,
  disabledReason: null,
} as const

/** What a new endpoint is, besides what is told of it: the defaults of the table. */
const NEW_ENDPOINT = {
  ...AS_NEW,
  pausedAt: null,
  pausedBy: null,
  revision: 0,
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
  verificationError: null,
  kind: 'webhook',
} as const

/** Those of people: who was subscribed at our hub is nobody's to see. */
const IS_OF_PEOPLE = "kind = 'webhook'"

/**
 * Stores an endpoint with a subscription.
 * @param filter of the subscription; without it to all events. Null: no subscription is made.
 * @returns it, or why nothing was stored.
 */
export async function insertEndpoint(
  db: D1Database,
  endpoint: NewEndpoint,
  audit?: AuditEntry,
  terms: Terms = {},
  filter: Filter | null = {},
): Promise<Endpoint | NotMade> {
  const { id, ownerId, createdAt } = endpoint
  const condition = mayHave('endpoints', terms)
  const row = { ...NEW_ENDPOINT, ...endpoint, updatedAt: createdAt }
  const { names, places, values } = insertion(endpoints, row)
  const results = await db.batch([
    db
      .prepare(
        `INSERT INTO endpoints (${names}) SELECT ${places} FROM users u WHERE u.id = ? AND ${condition.sql}`,
      )
      .bind(...values, ownerId, ...condition.values),
    ...auditStatements(db, audit),
    ...(filter === null
      ? []
      : subscriptionStatements(db, { id: newId('sub'), endpointId: id, filter, createdAt })),
    ownerStatement(db, ownerId, terms),
  ])
  return results[0]?.meta.changes ? row : whyNotMade(results.at(-1))
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
    .where(
      and(
        eq(endpoints.id, id),
        eq(endpoints.kind, 'webhook'),
        ownerId === null ? undefined : eq(endpoints.ownerId, ownerId),
      ),
    )
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
      where: { sql: IS_OF_PEOPLE, values: [] },
    },
    query,
  )
}

/** What of an endpoint can be changed. */
export type EndpointChanges = Partial<
  Omit<Endpoint, 'id' | 'ownerId' | 'kind' | 'createdAt' | 'updatedAt' | 'revision'>
>

/** A SELECT of the id of an endpoint when a change of it will be done, and of nothing when it will not. */
export type ToBeChanged = { sql: string; values: readonly (string | number)[] }

/**
 * Changes an endpoint that is at this revision; one that would be sent to must have an owner who is let in.
 * @param terms `evenShutOut`: whoever owns it.
 * @param alsoDone statements of the same transaction, before the change: afterwards nothing tells it from another one that has led
 * to the same revision. Each must ask whether it will be done.
 * @returns whether it was done, or why not.
 */
export async function updateEndpoint(
  db: D1Database,
  { id, revision, pausedAt }: Pick<Endpoint, 'id' | 'revision' | 'pausedAt'>,
  changes: EndpointChanges,
  now: number,
  audit: AuditEntry,
  { evenShutOut = false }: Pick<Terms, 'evenShutOut'> = {},
  alsoDone: (toBeChanged: ToBeChanged) => readonly D1PreparedStatement[] = () => [],
): Promise<'changed' | 'conflict' | 'owner-shut-out'> {
  const set = assignments(endpoints, { ...changes, updatedAt: now })
  const isPaused = (changes.pausedAt === undefined ? pausedAt : changes.pausedAt) !== null
  const toBeChanged = {
    sql: `SELECT c.id FROM endpoints c WHERE c.id = ? AND c.revision = ? AND (? OR EXISTS (
            SELECT 1 FROM users u WHERE u.id = c.owner_id AND ${isLetIn('u')}))`,
    values: [id, revision, Number(isPaused || evenShutOut)],
  }
  const first = alsoDone(toBeChanged)
  const results = await db.batch([
    ...first,
    db
      .prepare(`UPDATE endpoints SET ${set.sql}, revision = revision + 1 WHERE id = (${toBeChanged.sql})`)
      .bind(...set.values, ...toBeChanged.values),
    auditStatement(db, audit),
    db.prepare('SELECT 1 FROM endpoints WHERE id = ? AND revision = ?').bind(id, revision),
  ])
  const [changed, , same] = results.slice(first.length)
  if (changed?.meta.changes) return 'changed'
  // What is at that revision still was refused for its owner.
  return same?.results.length ? 'owner-shut-out' : 'conflict'
}

/**
 * Notes what came of asking an endpoint's target whether it wants this, unless it is another target now, or is asked in another
 * way, or somebody has confirmed it. What else its owner changed since makes no difference.
 * @param outcome when it said yes, milliseconds since the epoch, and what it can take; or why it did not.
 */
export async function noteVerification(
  db: D1Database,
  { id, url, format }: Pick<Endpoint, 'id' | 'url' | 'format'>,
  outcome: { verifiedAt: number; rateLimit: number | null } | { problem: string },
  now: number,
): Promise<boolean> {
  const set =
    'problem' in outcome
      ? assignments(endpoints, { verificationError: outcome.problem, updatedAt: now })
      : assignments(endpoints, { verifiedAt: outcome.verifiedAt, verificationError: null, updatedAt: now })
  const rate = 'problem' in outcome ? null : outcome.rateLimit
  const { meta } = await db
    .prepare(
      `UPDATE endpoints SET ${set.sql}, rate_limit = coalesce(min(coalesce(rate_limit, ?), ?), rate_limit), revision = revision + 1
       WHERE id = ? AND url = ? AND format = ? AND verified_at IS NULL`,
    )
    .bind(...set.values, rate, rate, id, url, format)
    .run()
  return meta.changes > 0
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
