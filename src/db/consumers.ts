/** @module Consumers: cursors that are kept here, for programs that ask for events. How they are read: consumer-leases.ts. */
import type { Filter } from '../events/filter.ts'
import { type AuditEntry, auditStatement } from './audit.ts'
import { columnsOf } from './columns.ts'
import { deleteRow } from './delete-row.ts'
import { type ListPage, type ListQuery, readList } from './list.ts'
import { mayHave, type NotMade, ownerStatement, type Terms, whyNotMade } from './owners.ts'
import { consumers } from './schema.ts'

type Row = typeof consumers.$inferSelect & {
  /** The newest sequence of the log, whose ever it is, as it was when the row was read; 0 of an empty log. */
  newest: number
}

/** A consumer, with how far the log had come when it was read. */
export type Consumer = Omit<Row, 'filter'> & { filter: Filter }

/** What is told of a consumer when it is made. `position`: beyond the end of the log it is the end. */
export type NewConsumer = Pick<Consumer, 'id' | 'ownerId' | 'name' | 'filter' | 'position' | 'createdAt'>

/** A position that is the end of the log, wherever that is when the statement runs. */
export const END = Number.MAX_SAFE_INTEGER

const NEWEST = 'coalesce((SELECT max(sequence) FROM events), 0)'
/** The columns of a consumer, for SELECT. */
const CONSUMER_COLUMNS = `${columnsOf(consumers)}, ${NEWEST} AS newest`

/** Only we write filters. */
const consumerOf = (row: Row): Consumer => ({ ...row, filter: JSON.parse(row.filter) as Filter })

/** The consumer in the first row that `CONSUMER_COLUMNS` read, or null. */
export function consumerIn(result: D1Result<unknown> | undefined): Consumer | null {
  // The row has the shape of `CONSUMER_COLUMNS`.
  const row = result?.results[0] as Row | undefined
  return row ? consumerOf(row) : null
}

/** Reads an owner's consumer, as a part of a batch. */
export function consumerStatement(db: D1Database, ownerId: string, name: string): D1PreparedStatement {
  return db
    .prepare(`SELECT ${CONSUMER_COLUMNS} FROM consumers WHERE owner_id = ? AND name = ?`)
    .bind(ownerId, name)
}

/**
 * Stores a consumer, unless its owner has one of that name.
 * @returns it, or the one that there was, and whether it was made; or why nothing was stored. One round trip.
 */
export async function insertConsumer(
  db: D1Database,
  { id, ownerId, name, filter, position, createdAt }: NewConsumer,
  audit: AuditEntry,
  terms: Terms = {},
): Promise<{ isMade: boolean; consumer: Consumer } | NotMade> {
  const condition = mayHave('consumers', terms)
  const [made, , found, owner] = await db.batch([
    db
      .prepare(
        `INSERT INTO consumers (id, owner_id, name, filter, position, created_at, updated_at)
         SELECT ?1, u.id, ?3, ?4, min(?5, ${NEWEST}), ?6, ?6 FROM users u
         WHERE u.id = ?2 AND NOT EXISTS (SELECT 1 FROM consumers WHERE owner_id = ?2 AND name = ?3) AND ${condition.sql}`,
      )
      .bind(id, ownerId, name, JSON.stringify(filter), position, createdAt, ...condition.values),
    auditStatement(db, audit),
    consumerStatement(db, ownerId, name),
    ownerStatement(db, ownerId, terms),
  ])
  const consumer = consumerIn(found)
  return consumer ? { isMade: (made?.meta.changes ?? 0) > 0, consumer } : whyNotMade(owner)
}

/** An owner's consumer, or null. */
export async function findConsumer(db: D1Database, ownerId: string, name: string): Promise<Consumer | null> {
  const row = await consumerStatement(db, ownerId, name).first<Row>()
  return row && consumerOf(row)
}

/** What consumers can be sorted by. */
export const CONSUMER_SORTS = ['createdAt', '-createdAt'] as const

/** A page of consumers. @param ownerId whose; null: everybody's. */
export async function listConsumers(
  db: D1Database,
  ownerId: string | null,
  query: ListQuery,
): Promise<ListPage<Consumer>> {
  const page = await readList<Row>(
    db,
    {
      table: 'consumers',
      list: 'consumers',
      columns: CONSUMER_COLUMNS,
      sorts: { createdAt: 'created_at' },
      searched: ['name'],
      ownerId,
    },
    query,
  )
  return { ...page, rows: page.rows.map(consumerOf) }
}

/**
 * Gives a consumer that is at this revision another filter. What is leased stays leased.
 * @returns whether it was done.
 */
export async function updateConsumer(
  db: D1Database,
  { id, revision }: Pick<Consumer, 'id' | 'revision'>,
  filter: Filter,
  now: number,
  audit: AuditEntry,
): Promise<boolean> {
  const [changed] = await db.batch([
    db
      .prepare(
        'UPDATE consumers SET filter = ?, updated_at = ?, revision = revision + 1 WHERE id = ? AND revision = ?',
      )
      .bind(JSON.stringify(filter), now, id, revision),
    auditStatement(db, audit),
  ])
  return (changed?.meta.changes ?? 0) > 0
}

/**
 * Moves a consumer's cursor to wherever, and ends its lease.
 * @param position what comes after this sequence is read next; beyond the end of the log it is the end.
 * @returns it as it is now; null when it is gone.
 */
export async function seekConsumer(
  db: D1Database,
  { id, ownerId, name }: Pick<Consumer, 'id' | 'ownerId' | 'name'>,
  position: number,
  now: number,
  audit: AuditEntry,
): Promise<Consumer | null> {
  const [moved, , found] = await db.batch([
    db
      .prepare(
        `UPDATE consumers SET position = min(?, ${NEWEST}), lease_id = NULL, lease_worker = NULL, leased_until = 0,
           leased_sequence = 0, updated_at = ?, revision = revision + 1
         WHERE id = ?`,
      )
      .bind(position, now, id),
    auditStatement(db, audit),
    consumerStatement(db, ownerId, name),
  ])
  return moved?.meta.changes ? consumerIn(found) : null
}

/** Deletes a consumer. @returns whether it was there, at that revision. */
export async function deleteConsumer(
  db: D1Database,
  id: string,
  expectedRevision: number | null,
  audit: AuditEntry,
): Promise<boolean> {
  return deleteRow(db, 'consumers', id, expectedRevision, audit)
}
