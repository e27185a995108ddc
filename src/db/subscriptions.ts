/** @module Subscriptions: which events an endpoint wants. */
import type { Filter } from '../events/filter.ts'
import { type AuditEntry, auditStatement } from './audit.ts'
import { deleteRow } from './delete-row.ts'
import { FILTER_COLUMNS, filterValues, keysStatement, keysStatements } from './filter-columns.ts'
import { type ListPage, type ListQuery, readList } from './list.ts'
import type { Terms } from './owners.ts'
import type { subscriptions } from './schema.ts'
import { isLetIn } from './user-row.ts'

export type Subscription = Pick<
  typeof subscriptions.$inferSelect,
  'id' | 'ownerId' | 'endpointId' | 'createdAt' | 'updatedAt' | 'revision'
> & { filter: Filter }

type Row = Omit<Subscription, 'filter'> & { filter: string }

/** What is told of a subscription when it is made. */
export type NewSubscription = Pick<Subscription, 'id' | 'endpointId' | 'filter' | 'createdAt'>

/**
 * Statements that store a subscription of an endpoint, and nothing when there is no such endpoint: two, the first of which tells
 * by its changes whether it was stored.
 * @param condition on the endpoint, the row `p`, and its owner, the row `u`.
 */
export function subscriptionStatements(
  db: D1Database,
  { id, endpointId, filter, createdAt }: NewSubscription,
  condition: { sql: string; values: readonly (string | number)[] } = { sql: '1', values: [] },
): [row: D1PreparedStatement, keys: D1PreparedStatement] {
  const values = filterValues(filter)
  return [
    db
      .prepare(
        `INSERT INTO subscriptions (id, owner_id, endpoint_id, created_at, updated_at, ${FILTER_COLUMNS.join()})
         SELECT ?1, p.owner_id, p.id, ?2, ?2, ${values.map(() => '?').join()}
         FROM endpoints p JOIN users u ON u.id = p.owner_id WHERE p.id = ? AND ${condition.sql}`,
      )
      .bind(id, createdAt, ...values, endpointId, ...condition.values),
    keysStatement(db, 'subscriptions', id, filter),
  ]
}

/** Why no subscription was made: its endpoint has as many as it may, is gone, or has an owner who is not let in. */
type NotMade = 'full' | 'missing' | 'owner-shut-out'

/**
 * Stores a subscription.
 * @param ownerId whose the endpoint must be.
 * @param terms `most`: how many the endpoint may have.
 * @returns it, or why nothing was stored.
 */
export async function insertSubscription(
  db: D1Database,
  subscription: NewSubscription,
  ownerId: string,
  audit: AuditEntry,
  { most = Number.MAX_SAFE_INTEGER, evenShutOut = false }: Terms = {},
): Promise<Subscription | NotMade> {
  const mayBeLetIn = `(? OR (${isLetIn('u')}))`
  const [row, keys] = subscriptionStatements(db, subscription, {
    sql: `p.owner_id = ? AND p.kind = 'webhook' AND ${mayBeLetIn} AND (SELECT count(*) FROM subscriptions WHERE endpoint_id = p.id) < ?`,
    values: [ownerId, Number(evenShutOut), most],
  })
  const results = await db.batch<{ isLetIn: number }>([
    row,
    auditStatement(db, audit),
    keys,
    db
      .prepare(
        `SELECT ${mayBeLetIn} AS isLetIn FROM endpoints p JOIN users u ON u.id = p.owner_id
         WHERE p.id = ? AND p.owner_id = ? AND p.kind = 'webhook'`,
      )
      .bind(Number(evenShutOut), subscription.endpointId, ownerId),
  ])
  if (results[0]?.meta.changes)
    return { ...subscription, ownerId, updatedAt: subscription.createdAt, revision: 0 }
  const [owner] = results.at(-1)?.results ?? []
  if (!owner) return 'missing'
  return owner.isLetIn ? 'full' : 'owner-shut-out'
}

const COLUMNS =
  'id, owner_id AS "ownerId", endpoint_id AS "endpointId", created_at AS "createdAt", updated_at AS "updatedAt", revision, filter'

/** Only we write filters. */
const subscriptionOf = (row: Row): Subscription => ({ ...row, filter: JSON.parse(row.filter) as Filter })

/** One subscription, or null. @param ownerId whose; somebody else's is as good as none. Null: anybody's. */
export async function findSubscription(
  db: D1Database,
  id: string,
  ownerId: string | null,
): Promise<Subscription | null> {
  const row = await db
    .prepare(`SELECT ${COLUMNS} FROM subscriptions WHERE id = ?1 AND owner_id = coalesce(?2, owner_id)`)
    .bind(id, ownerId)
    .first<Row>()
  return row && subscriptionOf(row)
}

/** What subscriptions can be sorted by. */
export const SUBSCRIPTION_SORTS = ['createdAt', '-createdAt'] as const

/**
 * A page of subscriptions.
 * @param of an endpoint's, or an owner's; null: everybody's.
 */
export async function listSubscriptions(
  db: D1Database,
  of: { endpointId: string } | { ownerId: string | null },
  query: ListQuery,
): Promise<ListPage<Subscription>> {
  const common = { columns: COLUMNS, sorts: { createdAt: 'created_at' }, searched: ['filter'] }
  const page = await readList<Row>(
    db,
    'endpointId' in of
      ? {
          ...common,
          table: 'subscriptions',
          list: null,
          where: { sql: 'endpoint_id = ?', values: [of.endpointId] },
        }
      : { ...common, table: 'subscriptions', list: 'subscriptions', ownerId: of.ownerId },
    query,
  )
  return { ...page, rows: page.rows.map(subscriptionOf) }
}

/**
 * Gives a subscription that is at this revision another filter.
 * @returns whether it was done.
 */
export async function updateSubscription(
  db: D1Database,
  { id, revision }: Pick<Subscription, 'id' | 'revision'>,
  filter: Filter,
  now: number,
  audit: AuditEntry,
): Promise<boolean> {
  const set = FILTER_COLUMNS.map((column) => `${column} = ?`).join(', ')
  const [changed] = await db.batch([
    db
      .prepare(
        `UPDATE subscriptions SET ${set}, updated_at = ?, revision = revision + 1 WHERE id = ? AND revision = ?`,
      )
      .bind(...filterValues(filter), now, id, revision),
    auditStatement(db, audit),
    ...keysStatements(db, 'subscriptions', id, filter),
  ])
  return (changed?.meta.changes ?? 0) > 0
}

/** Deletes a subscription. What its endpoint is owed stays. @returns whether it was there, at that revision. */
export async function deleteSubscription(
  db: D1Database,
  id: string,
  expectedRevision: number | null,
  audit: AuditEntry,
): Promise<boolean> {
  return deleteRow(db, 'subscriptions', id, expectedRevision, audit)
}
