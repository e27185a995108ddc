/**
 * @module The event log as the stream reads it: all that came after a sequence, whose ever it is, once for everybody who listens.
 * Who may see an event is for the reader to say (src/workers/stream-audience.ts).
 */
import { Buffer } from 'node:buffer'
import type { LoggedEvent } from '../events/envelope.ts'

/** An event with whose it is. Null: public. */
export type OwnedEvent = LoggedEvent & { ownerId: string | null }

/** The sequence of the newest event, or 0. One row. */
export async function newestSequence(db: D1Database): Promise<number> {
  const { results } = await db
    .prepare('SELECT max(sequence) AS newest FROM events')
    .all<{ newest: number | null }>()
  return results[0]?.newest ?? 0
}

/**
 * A page of everybody's events, in the order of their sequence. A sequence is given with the commit, and D1 commits one after
 * another: after what was read nothing turns up that comes before it.
 *
 * @param size so many at most, and bytes of data before the last of them.
 * @returns them, and whether these were all that there were.
 */
export async function eventsAfter(
  db: D1Database,
  after: number,
  size: { rows: number; bytes: number },
): Promise<{ events: OwnedEvent[]; isEnd: boolean }> {
  const { results: events } = await db
    .prepare(
      `SELECT sequence, id, type, instance, seenAt, ownerId, data
       FROM (SELECT *, sum(octet_length(data)) OVER (ORDER BY sequence ROWS UNBOUNDED PRECEDING) - octet_length(data) AS start
             FROM (SELECT sequence, id, type, instance, seen_at AS seenAt, owner_id AS ownerId, data
                   FROM events WHERE sequence > ?1 ORDER BY sequence LIMIT ?2))
       WHERE start < ?3`,
    )
    .bind(after, size.rows, size.bytes)
    .all<OwnedEvent>()
  const bytes = events.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0)
  // A page that is short may be so for its bytes.
  return { events, isEnd: events.length < size.rows && bytes < size.bytes }
}
