/**
 * @module Events by the hour in which they were seen: each tick counts what is new in the log, and what it has not counted yet
 * is counted by whoever looks. See docs/decisions/022.
 */
import { sequencesBetween } from './events.ts'
import { HOUR_MS, KEPT_MS } from './hours.ts'
import { newestSequence } from './stream-events.ts'

/** How many counts one tick forgets. */
const FORGOTTEN = 1_000
/** How many sequences one tick goes through, and how many events of one owner whoever looks counts himself: the newest ones. */
const COUNTED = 20_000

/** The hour in which it was seen. */
const HOUR = `seen_at - seen_at % ${HOUR_MS}`
/** What an event is about: the word before the dot of its type. */
const KIND = "substr(type, 1, instr(type, '.') - 1)"
/** How far the log has been counted. */
const COUNTED_SEQUENCE = "(SELECT sequence FROM rollups WHERE name = 'events')"

/**
 * Counts what is new in the log: at most `COUNTED` events, the next call goes on. How far it is and what was counted are one
 * transaction, so two at once, or one that is repeated, count nothing twice. The first call only says where to begin: what is older
 * than counts are kept is never counted. Counts that are older go, a thousand at a time. One round trip.
 */
export async function countEvents(db: D1Database, now: number): Promise<void> {
  const [begun] = await db.batch([
    db.prepare("SELECT 1 FROM rollups WHERE name = 'events'"),
    db.prepare(
      `INSERT INTO event_hours (owner_id, hour, kind, count)
       SELECT coalesce(owner_id, ''), ${HOUR}, ${KIND}, count(*) FROM events
       WHERE sequence > ${COUNTED_SEQUENCE} AND sequence <= ${COUNTED_SEQUENCE} + ${COUNTED} GROUP BY 1, 2, 3
       ON CONFLICT (owner_id, hour, kind) DO UPDATE SET count = count + excluded.count`,
    ),
    db.prepare(
      `UPDATE rollups SET sequence = min(sequence + ${COUNTED}, (SELECT max(sequence) FROM events))
       WHERE name = 'events' AND sequence < (SELECT max(sequence) FROM events)`,
    ),
    db
      .prepare(
        `DELETE FROM event_hours WHERE (owner_id, hour, kind) IN (
           SELECT owner_id, hour, kind FROM event_hours WHERE hour < ? ORDER BY hour LIMIT ${FORGOTTEN})`,
      )
      .bind(now - KEPT_MS),
  ])
  if (begun?.results.length === 0) await begin(db, now)
}

async function begin(db: D1Database, now: number): Promise<void> {
  // First: where nothing is young enough, what comes meanwhile is counted all the same.
  const newest = await newestSequence(db)
  const seen = await sequencesBetween(db, { since: now - KEPT_MS })
  await db
    .prepare("INSERT OR IGNORE INTO rollups (name, sequence) VALUES ('events', ?)")
    .bind(seen ? seen.first - 1 : newest)
    .run()
}

/** How many events of a kind were seen in an hour. */
export type EventHour = { hour: number; kind: string; count: number }

/**
 * Reads how many events that are public or the viewer's own were seen in each hour, as a part of a batch: what was counted, and
 * what came since. That is exact while no more than `COUNTED` came since; of more the newest are counted.
 * @param since the beginning of an hour. @returns rows as `EventHour`.
 */
export function eventHoursStatement(db: D1Database, viewerId: string, since: number): D1PreparedStatement {
  const uncounted = (owner: string) =>
    `SELECT hour, kind, 1 FROM (
       SELECT ${HOUR} AS hour, ${KIND} AS kind FROM events INDEXED BY events_owner
       WHERE ${owner} AND sequence > coalesce(${COUNTED_SEQUENCE}, 0) ORDER BY sequence DESC LIMIT ${COUNTED})
     WHERE hour >= ?2`
  return db
    .prepare(
      `SELECT hour, kind, sum(count) AS count FROM (
         SELECT hour, kind, count FROM event_hours WHERE owner_id IN ('', ?1) AND hour >= ?2
         UNION ALL ${uncounted('owner_id IS NULL')} UNION ALL ${uncounted('owner_id = ?1')})
       GROUP BY hour, kind`,
    )
    .bind(viewerId, since)
}
