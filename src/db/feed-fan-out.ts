/**
 * @module How stored events become items of the feeds that are saved, in the transaction that stores them; and what the subscribers of
 * those feeds are owed. docs/decisions/017 says why feeds are kept and not searched for.
 *
 * Where a feed has an entry for each subject, what enters it is what its filter wants, types and all. Whatever then happens to the
 * subject changes its entry, of any type: it goes when it was deleted, or no longer fits the rest of the filter, and comes back with it.
 */
import type { Commit } from './commit.ts'
import { LINE } from './deliveries.ts'
import { jsonParts } from './json-parts.ts'
import { FITS, fits, ofAnybody, ofTheOwner, soughtEvents, soughtOf } from './sought.ts'

/** Statements that write the items of feeds for events that are stored, and the last ones what is owed; these tell the endpoints. */
export function feedStatements(
  db: D1Database,
  { pollId, events, now, guard }: Commit,
): D1PreparedStatement[] {
  return ([false, true] as const).flatMap((isPrivate) =>
    jsonParts(events.filter(({ ownerId }) => (ownerId !== null) === isPrivate).map(soughtOf)).flatMap(
      (part) => [
        ...[entering(isPrivate), changing(isPrivate)].map((sql) =>
          db.prepare(`WITH ${soughtEvents(guard.sql)} ${sql}`).bind(part, pollId, ...guard.values),
        ),
        // Feeds that anybody may subscribe to have nothing private.
        ...(isPrivate
          ? []
          : [db.prepare(`WITH ${soughtEvents(guard.sql)} ${OWED}`).bind(part, pollId, ...guard.values, now)]),
      ],
    ),
  )
}

/** Whether the feed may have the event: a private one, with no slug, has its owner's. */
const mayHave = (isPrivate: boolean) => (isPrivate ? 's.slug IS NULL AND e.owner_id = s.owner_id' : '1')

/** The key of an event's item. */
const KEY = "coalesce(iif(s.mode = 'subjects', e.subject_key, NULL), e.id)"

/**
 * The first event about the same that whoever reads the feed may see (`min`): its id is the entry's, however the feed came to have it.
 * Or the last (`max`).
 */
export const aboutTheSame = (edge: 'min' | 'max', event: string, ownerId: string) =>
  `(SELECT ${edge}(v.sequence) FROM events v INDEXED BY events_subject
    WHERE v.subject = ${event}.subject AND v.instance = ${event}.instance AND (v.owner_id IS NULL OR v.owner_id = ${ownerId})
      AND replace(substr(v.type, 1, instr(v.type, '.')), 'live.', 'video.')
        = replace(substr(${event}.type, 1, instr(${event}.type, '.')), 'live.', 'video.'))`

/** The owner whose events a feed has besides the public ones; null: it is public. */
const VIEWER = 'iif(s.slug IS NULL, s.owner_id, NULL)'

const PUT = `ON CONFLICT (key, feed_id) DO UPDATE SET last_sequence = excluded.last_sequence, gone = excluded.gone
  WHERE excluded.last_sequence > feed_items.last_sequence`

/** What a feed wants. Where it has subjects, a farewell to one that was never there is nothing to tell. */
function entering(isPrivate: boolean): string {
  return `INSERT INTO feed_items (key, feed_id, first_sequence, last_sequence, gone)
    SELECT DISTINCT ${KEY}, s.id, iif(${KEY} = e.id, e.sequence, ${aboutTheSame('min', 'e', VIEWER)}), e.sequence, 0
    FROM e ${isPrivate ? ofTheOwner('feeds') : ofAnybody('feeds')}
    WHERE ${mayHave(isPrivate)} AND (s.mode = 'events' OR NOT e.is_farewell) AND ${FITS}
    ORDER BY e.sequence ${PUT}`
}

/** What happened to the subjects that a feed has. */
function changing(isPrivate: boolean): string {
  return `INSERT INTO feed_items (key, feed_id, first_sequence, last_sequence, gone)
    SELECT i.key, i.feed_id, i.first_sequence, e.sequence, e.is_farewell OR NOT coalesce((${fits(false)}), 0)
    FROM e CROSS JOIN feed_items i ON i.key = e.subject_key AND i.last_sequence < e.sequence
      CROSS JOIN feeds s ON s.id = i.feed_id AND s.mode = 'subjects'
    WHERE ${mayHave(isPrivate)}
    ORDER BY e.sequence ${PUT}`
}

/** Who was subscribed to a feed is sent it whenever it changed: once for all that is stored together. */
const OWED = `INSERT OR IGNORE INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
  SELECT h.endpoint_id, max(e.sequence), '', 'pending', ${LINE.fresh}, ?
  FROM e CROSS JOIN feed_items i ON i.key IN (e.id, e.subject_key) AND i.last_sequence = e.sequence
    CROSS JOIN hub_subscriptions h ON h.feed_id = i.feed_id
  GROUP BY h.endpoint_id
  RETURNING endpoint_id AS id`
