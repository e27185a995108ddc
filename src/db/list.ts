/**
 * @module Lists as PeerTube has them: `start`, `count`, `sort`, `search`, and `total`; and by cursor, for what is skipped is
 * read. A page is one round trip. It reads what it shows and what `start` skips, at most two rows each, and a few more; only
 * a search reads all that it looks through, and counts what it finds.
 */
import { Buffer } from 'node:buffer'
import { type CountedList, totalOf, totalStatement } from './totals.ts'

export type ListQuery = {
  start: number
  count: number
  /** A name of the list's sorts, with a minus for the last first. */
  sort: string
  search?: string | undefined
  /** The `next` of the page before. */
  after?: string | undefined
}

export type ListPage<TRow> = { total: number; rows: TRow[]; next?: string }

/** What a list is of. All texts here are our own code's, never a caller's. */
export type ListSpec = {
  /** With its alias for joins, if any. */
  table: string
  /** Its name in `totals`, with `where`; null: it is not kept there, for it is short, and is counted. */
  list: CountedList | null
  /** A SELECT list; it has `id`. */
  columns: string
  /** Columns by the names that callers know; each has an index with `id` after it (and `where` before it), or is unique. */
  sorts: Readonly<Record<string, string>>
  /** Columns that `search` looks in. */
  searched: readonly string[]
  /** Only what belongs to him; null: everybody's. */
  ownerId?: string | null
  /** One more condition, with its values. */
  where?: { sql: string; values: readonly unknown[] }
}

/** A cursor that is none of ours. */
export class BadCursor extends Error {
  readonly cursor: string

  constructor(cursor: string) {
    super('the cursor is none of this list')
    this.cursor = cursor
  }
}

/**
 * Reads a page of a list.
 * @throws BadCursor when `after` was not made by this list and sort.
 */
export async function readList<TRow extends { id: string }>(
  db: D1Database,
  spec: ListSpec,
  query: ListQuery,
): Promise<ListPage<TRow>> {
  const isDescending = query.sort.startsWith('-')
  const column = spec.sorts[isDescending ? query.sort.slice(1) : query.sort]
  if (!column) throw new Error(`the list ${spec.table} has no order ${query.sort}`)
  const order = isDescending ? 'DESC' : 'ASC'
  const conditions = conditionsOf(spec, query.search)
  const after = query.after === undefined ? null : readCursor(query.after, query.sort)
  const paged = after
    ? [...conditions, { sql: `(${column}, id) ${isDescending ? '<' : '>'} (?, ?)`, values: after }]
    : conditions
  const [page, counted] = await db.batch<Record<string, unknown>>([
    db
      .prepare(
        `SELECT ${spec.columns}, ${column} AS sortValue FROM ${spec.table} ${whereOf(paged)}
         ORDER BY ${column} ${order}, id ${order} LIMIT ? OFFSET ?`,
      )
      .bind(...paged.flatMap(({ values }) => values), query.count + 1, query.start),
    spec.list !== null && query.search === undefined
      ? totalStatement(db, spec.list, spec.ownerId ?? '')
      : db
          .prepare(`SELECT count(*) AS total FROM ${spec.table} ${whereOf(conditions)}`)
          .bind(...conditions.flatMap(({ values }) => values)),
  ])
  // The rows have the shape of the SELECT list, which the caller names together with their type.
  const found = (page?.results ?? []) as (TRow & { sortValue: string | number })[]
  const rows = found.slice(0, query.count)
  const last = rows.at(-1)
  return {
    total: totalOf(counted),
    rows: rows.map(({ sortValue: _, ...row }) => row as unknown as TRow),
    ...(found.length > query.count && last ? { next: writeCursor(query.sort, last.sortValue, last.id) } : {}),
  }
}

type Condition = { sql: string; values: readonly unknown[] }

function conditionsOf(spec: ListSpec, search: string | undefined): Condition[] {
  const owner = spec.ownerId ?? null
  return [
    ...(owner === null ? [] : [{ sql: 'owner_id = ?', values: [owner] }]),
    ...(spec.where ? [spec.where] : []),
    ...(search === undefined
      ? []
      : [
          {
            // `instr` knows no wildcards: what is searched for is what was written.
            sql: `(${spec.searched.map((name) => `instr(lower(${name}), lower(?)) > 0`).join(' OR ')})`,
            values: spec.searched.map(() => search),
          },
        ]),
  ]
}

function whereOf(conditions: readonly Condition[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`
}

function writeCursor(sort: string, value: string | number, id: string): string {
  return Buffer.from(JSON.stringify([sort, value, id])).toString('base64url')
}

/** Of another order it would lead to another place. */
function readCursor(cursor: string, sort: string): [string | number, string] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(parsed) && parsed.length === 3) {
      const [of, value, id]: unknown[] = parsed
      const isValue = typeof value === 'string' || typeof value === 'number'
      if (of === sort && isValue && typeof id === 'string') return [value, id]
    }
  } catch {
    // As one that is not ours.
  }
  throw new BadCursor(cursor)
}
