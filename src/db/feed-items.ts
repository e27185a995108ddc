/** @module What is in the feeds that are saved: events write it (feed-fan-out.ts), and here it is read. */
import { newestSequence } from './events.ts'
import { type FeedSearch, type FoundItem, type ItemRow, itemOf, searchItems } from './feed-search.ts'

/** How many items of the log a new feed begins with. */
const BEGINS_WITH = 200
/** What a Worker can take in at once, and render in a moment. */
const PAGE_BYTES = 8_000_000

/** What of the log a feed begins with. @returns `head`: the newest event, whose ever, when the log was read. */
export async function begunWith(
  db: D1Database,
  search: FeedSearch,
): Promise<{ items: FoundItem[]; head: number }> {
  const row = await db.prepare('SELECT max(sequence) AS head FROM events').first<{ head: number | null }>()
  const { items } = await searchItems(db, search, BEGINS_WITH)
  return { items, head: row?.head ?? 0 }
}

/** Writes what a feed begins with, as a part of what makes it, or gives it this revision. */
export function itemsStatement(
  db: D1Database,
  feedId: string,
  revision: number,
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
       FROM feeds s CROSS JOIN json_each(?) WHERE s.id = ? AND s.revision = ?
       ON CONFLICT (key, feed_id) DO NOTHING`,
    )
    .bind(JSON.stringify(rows), feedId, revision)
}

/** A page of a feed's items. `before`: those whose last event comes before this sequence. */
export type ItemsAsked = { feedId: string; limit: number; before?: number | undefined }

/**
 * Pages of feeds' items, each the newest first by their last event, and among them those that are gone. One round trip.
 * @param asked D1 answers no empty batch: one at least.
 */
export async function feedItems(db: D1Database, asked: readonly ItemsAsked[]): Promise<FoundItem[][]> {
  const pages = await db.batch<ItemRow & { gone: number }>(
    asked.map(({ feedId, limit, before = Number.MAX_SAFE_INTEGER }) =>
      db
        .prepare(
          `SELECT * FROM (
             SELECT i.key AS key, i.gone AS gone, f.sequence AS firstSequence, f.id AS firstId, f.instance AS firstInstance,
               f.seen_at AS firstSeenAt, l.sequence AS sequence, l.id AS id, l.type AS type, l.instance AS instance,
               l.seen_at AS seenAt, l.data AS data,
               sum(octet_length(l.data)) OVER (ORDER BY i.last_sequence DESC ROWS UNBOUNDED PRECEDING) - octet_length(l.data) AS start
             FROM (SELECT * FROM feed_items INDEXED BY feed_items_newest WHERE feed_id = ? AND last_sequence < ?
                   ORDER BY last_sequence DESC LIMIT ?) i
               CROSS JOIN events f ON f.sequence = i.first_sequence CROSS JOIN events l ON l.sequence = i.last_sequence)
           WHERE start < ${PAGE_BYTES}`,
        )
        .bind(feedId, before, limit),
    ),
  )
  return pages.map(({ results }) =>
    results.map(({ gone, ...row }) => ({ ...itemOf(row), isGone: gone === 1, place: row.sequence })),
  )
}

/** The newest event that whoever searches so may see: when it is the same, so is what he finds. */
export async function searchHead(db: D1Database, { viewerId, filter }: FeedSearch): Promise<number> {
  // Of all types: one that is not asked for may end what was found.
  const { instances } = filter
  return newestSequence(db, {
    viewerId,
    instances: instances && instances.length <= 3 ? instances : undefined,
  })
}
