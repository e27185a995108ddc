/** @module What is in the feeds that are saved: events write it (feed-fan-out.ts), and here it is read. */
import { newestVisible } from './events.ts'
import {
  type FeedSearch,
  type FoundItem,
  ITEMS_BYTES,
  type ItemRow,
  itemOf,
  searchItems,
} from './feed-search.ts'

/** How many items of the log a new feed begins with. */
const BEGINS_WITH = 200
/** What of the log a feed begins with. @returns `head`: the newest event, whose ever, when the log was read. */
export async function begunWith(
  db: D1Database,
  search: FeedSearch,
): Promise<{ items: FoundItem[]; head: number }> {
  const row = await db.prepare('SELECT max(sequence) AS head FROM events').first<{ head: number | null }>()
  const { items } = await searchItems(db, search, BEGINS_WITH)
  return { items, head: row?.head ?? 0 }
}

/** What a feed is in the database when a change of it was done: this revision, and what it has by then. */
export type Changed = { id: string; revision: number; slug: string | null; mode: string; filter: string }

/** A condition that the feed `s` is what a change made of it: of two changes at once the other may have made that revision. */
const IS_CHANGED = 's.id = ? AND s.revision = ? AND s.slug IS ? AND s.mode = ? AND s.filter = ?'
const changedValues = ({ id, revision, slug, mode, filter }: Changed) => [id, revision, slug, mode, filter]

/** Takes all out of a feed, as a part of what gives it other events. */
export function emptyStatement(db: D1Database, changed: Changed): D1PreparedStatement {
  return db
    .prepare(`DELETE FROM feed_items WHERE feed_id IN (SELECT s.id FROM feeds s WHERE ${IS_CHANGED})`)
    .bind(...changedValues(changed))
}

/** Writes what a feed begins with, as a part of what makes or changes it. */
export function itemsStatement(
  db: D1Database,
  changed: Changed,
  items: readonly FoundItem[],
): D1PreparedStatement {
  const rows = items.map(({ key, first, last, isGone }) => [
    key,
    first.sequence,
    last.sequence,
    Number(isGone),
  ])
  return db
    .prepare(
      `INSERT INTO feed_items (key, feed_id, first_sequence, last_sequence, gone)
       SELECT value ->> 0, s.id, value ->> 1, value ->> 2, value ->> 3
       FROM feeds s CROSS JOIN json_each(?) WHERE ${IS_CHANGED}
       ON CONFLICT (key, feed_id) DO NOTHING`,
    )
    .bind(JSON.stringify(rows), ...changedValues(changed))
}

/**
 * A page of a feed's items. `viewerId`: whose private events may be among them, as the feed was when it was read; null: nobody's.
 * `before`: those whose last event comes before this sequence.
 */
export type ItemsAsked = {
  feedId: string
  viewerId: string | null
  limit: number
  before?: number | undefined
}
/** `isCut`: there are more than these, which did not fit. */
export type ItemsPage = { items: FoundItem[]; isCut: boolean }

/**
 * Pages of feeds' items, each the newest first by their last event, and among them those that are gone. One round trip.
 * @param asked D1 answers no empty batch: one at least.
 */
export async function feedItems(db: D1Database, asked: readonly ItemsAsked[]): Promise<ItemsPage[]> {
  const pages = await db.batch<ItemRow & { gone: number; rows: number }>(
    asked.map(({ feedId, viewerId, limit, before = Number.MAX_SAFE_INTEGER }) =>
      db
        .prepare(
          `SELECT * FROM (
             SELECT i.key AS key, i.gone AS gone, f.sequence AS firstSequence, f.id AS firstId, f.instance AS firstInstance,
               f.seen_at AS firstSeenAt, l.sequence AS sequence, l.id AS id, l.type AS type, l.instance AS instance,
               l.seen_at AS seenAt, l.data AS data, count(*) OVER () AS rows,
               sum(octet_length(l.data)) OVER (ORDER BY i.last_sequence DESC ROWS UNBOUNDED PRECEDING) - octet_length(l.data) AS start
             FROM (SELECT * FROM feed_items INDEXED BY feed_items_newest WHERE feed_id = ? AND last_sequence < ?
                   ORDER BY last_sequence DESC LIMIT ?) i
               CROSS JOIN events f ON f.sequence = i.first_sequence CROSS JOIN events l ON l.sequence = i.last_sequence
             WHERE (f.owner_id IS NULL OR f.owner_id = ?) AND (l.owner_id IS NULL OR l.owner_id = ?))
           WHERE start < ${ITEMS_BYTES}`,
        )
        .bind(feedId, before, limit, viewerId, viewerId),
    ),
  )
  return pages.map(({ results }) => ({
    items: results.map(({ gone, rows: _, ...row }) => ({
      ...itemOf(row),
      isGone: gone === 1,
      place: row.sequence,
    })),
    isCut: (results[0]?.rows ?? 0) > results.length,
  }))
}

/** The newest event that whoever searches so may see: when it is the same, so is what he finds. */
export async function searchHead(db: D1Database, { viewerId, filter }: FeedSearch): Promise<number> {
  // Of all types: one that is not asked for may end what was found.
  const { instances } = filter
  return newestVisible(db, {
    viewerId,
    instances: instances && instances.length <= 3 ? instances : undefined,
  })
}
