/** @module Feeds that are saved. What is in them: feed-items.ts. */
import type { Filter } from '../events/filter.ts'
import { type AuditEntry, auditStatement } from './audit.ts'
import { assignments, columnsOf, insertion } from './columns.ts'
import { begunWith, emptyStatement, itemsStatement } from './feed-items.ts'
import type { FeedSearch } from './feed-search.ts'
import { FILTER_COLUMNS, filterValues, keysStatement, keysStatements } from './filter-columns.ts'
import { denyStatements } from './hub.ts'
import { type ListPage, type ListQuery, readList } from './list.ts'
import { mayHave, type NotMade, ownerStatement, type Terms, whyNotMade } from './owners.ts'
import { feeds } from './schema.ts'
import { isLetIn } from './user-row.ts'

type Row = typeof feeds.$inferSelect

/** A feed. Private when it has no `slug`; one without `secretHash` besides has no URL. */
export type Feed = Pick<
  Row,
  | 'id'
  | 'ownerId'
  | 'name'
  | 'slug'
  | 'secretHash'
  | 'secret'
  | 'mode'
  | 'createdAt'
  | 'updatedAt'
  | 'revision'
> & { filter: Filter }

/** What is told of a feed when it is made. */
export type NewFeed = Omit<Feed, 'updatedAt' | 'revision'>

const COLUMNS = columnsOf(feeds)

/** Only we write filters. */
const feedOf = (row: Row): Feed => ({ ...row, filter: JSON.parse(row.filter) as Filter })

/** What a feed has: its owner's private events only where it is private itself. */
export function searchOf({
  slug,
  ownerId,
  filter,
  mode,
}: Pick<Feed, 'slug' | 'ownerId' | 'filter' | 'mode'>): FeedSearch {
  return { viewerId: slug === null ? ownerId : null, filter, mode }
}

/** How often it is begun anew when events come in between. */
const TRIES = 4

/**
 * Stores a feed with what of the log it begins with. In one transaction, on the condition that no event came since the log was read:
 * from then on each is written into the feed with itself.
 * @returns it, or why nothing was stored; `busy`: events came each time that it was tried.
 */
export async function insertFeed(
  db: D1Database,
  feed: NewFeed,
  audit: AuditEntry,
  terms: Terms,
): Promise<Feed | NotMade | 'slug-taken' | 'busy'> {
  const { filter, ...rest } = feed
  const made = { ...rest, updatedAt: feed.createdAt, revision: 0 }
  const condition = mayHave('feeds', terms)
  const { names, places, values } = insertion(feeds, made)
  const filterPlaces = FILTER_COLUMNS.map(() => '?').join()
  for (let tries = 0; tries < TRIES; tries += 1) {
    const { items, head } = await begunWith(db, searchOf(feed))
    const results = await db.batch<Record<string, unknown>>([
      db
        .prepare(
          `INSERT INTO feeds (${names}, ${FILTER_COLUMNS.join()}) SELECT ${places}, ${filterPlaces} FROM users u
           WHERE u.id = ? AND ${condition.sql} AND ${IS_NEWEST} AND NOT EXISTS (SELECT 1 FROM feeds WHERE slug = ?)`,
        )
        .bind(...values, ...filterValues(filter), feed.ownerId, ...condition.values, head, feed.slug),
      auditStatement(db, audit),
      keysStatement(db, 'feeds', feed.id, filter),
      itemsStatement(db, { ...feed, revision: 0, filter: JSON.stringify(filter) }, items),
      ownerStatement(db, feed.ownerId, terms),
      db
        .prepare(`SELECT ${IS_NEWEST} AS isNewest, EXISTS (SELECT 1 FROM feeds WHERE slug = ?) AS isTaken`)
        .bind(head, feed.slug),
    ])
    if (results[0]?.meta.changes) return { ...made, filter }
    const [state] = results.at(-1)?.results ?? []
    if (state?.['isTaken']) return 'slug-taken'
    if (state?.['isNewest']) return whyNotMade(results.at(-2))
  }
  return 'busy'
}

/** That no event has come since this sequence was the last. */
const IS_NEWEST = 'coalesce((SELECT max(sequence) FROM events), 0) = ?'

/** One feed, or null. @param ownerId whose; somebody else's is as good as none. Null: anybody's. */
export async function findFeed(db: D1Database, id: string, ownerId: string | null): Promise<Feed | null> {
  const row = await db
    .prepare(`SELECT ${COLUMNS} FROM feeds WHERE id = ?1 AND owner_id = coalesce(?2, owner_id)`)
    .bind(id, ownerId)
    .first<Row>()
  return row && feedOf(row)
}

/** How a feed is named in its URL: a public one by its slug, a private one by the digest of its secret. */
export type FeedName = { slug: string } | { secretHash: string }

/** A feed as it is read, with what tells whether it has changed. */
export type PublishedFeed = Feed & {
  /** The sequence of the last event that changed it, 0: none did; and when that one was seen, milliseconds since the epoch. */
  head: number
  headSeenAt: number | null
}

/** The feed of a URL, or null: there is none, or its owner is not let in. One statement, of a few rows however much it has. */
export async function findPublishedFeed(db: D1Database, name: FeedName): Promise<PublishedFeed | null> {
  const [column, value] = 'slug' in name ? ['slug', name.slug] : ['secret_hash', name.secretHash]
  const {
    results: [row],
  } = await db
    .prepare(
      `SELECT ${columnsOf(feeds, 's')}, coalesce(e.sequence, 0) AS head, e.seen_at AS headSeenAt
       FROM feeds s CROSS JOIN users u ON u.id = s.owner_id AND ${isLetIn('u')}
         LEFT JOIN events e ON e.sequence = (SELECT max(last_sequence) FROM feed_items WHERE feed_id = s.id)
       WHERE s.${column} = ?`,
    )
    .bind(value)
    .all<Row & Pick<PublishedFeed, 'head' | 'headSeenAt'>>()
  return row ? { ...feedOf(row), head: row.head, headSeenAt: row.headSeenAt } : null
}

/** What feeds can be sorted by. */
export const FEED_SORTS = ['createdAt', '-createdAt'] as const

/** A page of feeds. @param ownerId whose; null: everybody's. */
export async function listFeeds(
  db: D1Database,
  ownerId: string | null,
  query: ListQuery,
): Promise<ListPage<Feed>> {
  const page = await readList<Row>(
    db,
    {
      table: 'feeds',
      list: 'feeds',
      columns: COLUMNS,
      sorts: { createdAt: 'created_at' },
      searched: ['name', 'slug'],
      ownerId,
    },
    query,
  )
  return { ...page, rows: page.rows.map(feedOf) }
}

/** What of a feed can be changed; what is undefined stays as it is. */
export type FeedChanges = {
  [TField in 'name' | 'slug' | 'secretHash' | 'secret' | 'mode' | 'filter']?: Feed[TField] | undefined
}

/** A feed as changes leave it. */
export function changedFeed(feed: Feed, changes: FeedChanges): Feed {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  return { ...feed, ...Object.fromEntries(given) }
}

/**
 * Changes a feed that is at this revision. Where it then has other events, what it begins with is read from the log anew, as for a
 * new one.
 * @returns whether it was done, or why not.
 */
export async function updateFeed(
  db: D1Database,
  feed: Feed,
  changes: FeedChanges,
  now: number,
  audit: AuditEntry,
): Promise<'changed' | 'conflict' | 'slug-taken' | 'busy'> {
  const { filter, ...rest } = changes
  const after = changedFeed(feed, changes)
  const changed = { ...after, revision: feed.revision + 1, filter: JSON.stringify(after.filter) }
  const set = assignments(feeds, { ...rest, updatedAt: now })
  const filterSet = FILTER_COLUMNS.map((column) => `, ${column} = ?`).join('')
  const isOther = JSON.stringify(searchOf(after)) !== JSON.stringify(searchOf(feed))
  for (let tries = 0; tries < TRIES; tries += 1) {
    const { items, head } = isOther ? await begunWith(db, searchOf(after)) : { items: [], head: null }
    const isAllowed = `revision = ? AND (? IS NULL OR ${IS_NEWEST})
      AND NOT EXISTS (SELECT 1 FROM feeds o WHERE o.slug = ? AND o.id <> feeds.id)`
    const allowed = [feed.revision, head, head, after.slug]
    const isMoved = feed.slug !== null && after.slug !== feed.slug
    const denials = isMoved
      ? denyStatements(db, feed.id, { reason: MOVED, now }, { sql: isAllowed, values: allowed })
      : []
    const results = await db.batch<Record<string, unknown>>([
      ...denials,
      db
        .prepare(
          `UPDATE feeds SET ${set.sql}${isOther ? filterSet : ''}, revision = revision + 1
           WHERE id = ? AND ${isAllowed}`,
        )
        .bind(...set.values, ...(isOther ? filterValues(after.filter) : []), feed.id, ...allowed),
      auditStatement(db, audit),
      ...(isOther
        ? [
            ...keysStatements(db, 'feeds', feed.id, after.filter),
            emptyStatement(db, changed),
            itemsStatement(db, changed, items),
          ]
        : []),
      db
        .prepare(
          `SELECT ${IS_NEWEST} AS isNewest, EXISTS (SELECT 1 FROM feeds WHERE slug = ? AND id <> ?) AS isTaken`,
        )
        .bind(head ?? 0, after.slug, feed.id),
    ])
    if (results[denials.length]?.meta.changes) return 'changed'
    const [state] = results.at(-1)?.results ?? []
    if (state?.['isTaken']) return 'slug-taken'
    if (head === null || state?.['isNewest']) return 'conflict'
  }
  return 'busy'
}

/** Deletes a feed. Who was subscribed to it is told so. @returns whether it was there, at that revision. */
export async function deleteFeed(
  db: D1Database,
  id: string,
  expectedRevision: number | null,
  now: number,
  audit: AuditEntry,
): Promise<boolean> {
  const condition = { sql: 'revision = coalesce(?, revision)', values: [expectedRevision] }
  const denials = denyStatements(db, id, { reason: GONE, now }, condition)
  const results = await db.batch([
    ...denials,
    db.prepare(`DELETE FROM feeds WHERE id = ? AND ${condition.sql}`).bind(id, ...condition.values),
    auditStatement(db, audit),
  ])
  return (results[denials.length]?.meta.changes ?? 0) > 0
}

/** What subscribers are told when the address that they were subscribed to leads nowhere any more. */
const MOVED = 'the feed has another address, or is private'
const GONE = 'the feed was removed'
