/**
 * @module How events are stored, become deliveries to all who want them, and items of feeds: one statement for any number of events
 * and subscriptions. docs/decisions/014 says why it is made so.
 */
import type { EventType } from '../events/types.ts'
import type { Commit, Guard } from './commit.ts'
import { LINE } from './deliveries.ts'
import { feedStatements } from './feed-fan-out.ts'
import { jsonParts } from './json-parts.ts'
import { FITS, ofAnybody, ofTheOwner, soughtEvents, soughtOf } from './sought.ts'

/** An event that a commit stored, with its sequence. */
export type StoredEvent = {
  sequence: number
  id: string
  type: EventType
  instance: string
  subject: string
}

/**
 * Statements that store events and what they cause: a delivery to each endpoint of which a subscription wants the event.
 * @returns them, and what reads their results: the events that were new, and the endpoints that are owed something now.
 */
export function eventStatements(
  db: D1Database,
  commit: Commit,
): {
  statements: D1PreparedStatement[]
  outcomeOf: (results: readonly D1Result<unknown>[]) => { events: StoredEvent[]; endpoints: string[] }
} {
  const { pollId, events, guard } = commit
  if (events.length === 0) return { statements: [], outcomeOf: () => ({ events: [], endpoints: [] }) }
  const rows = events.map((event) => ({ ...event, data: JSON.stringify(event.data) }))
  const stores = jsonParts(rows).map((part) =>
    db
      .prepare(
        `INSERT OR IGNORE INTO events (id, type, instance, subject, owner_id, seen_at, poll_id, data)
         SELECT value ->> 'id', value ->> 'type', value ->> 'instance', value ->> 'subject', value ->> 'ownerId',
                value ->> 'seenAt', ?, value ->> 'data'
         FROM json_each(?) WHERE ${guard.sql} ORDER BY key`,
      )
      .bind(pollId, part, ...guard.values),
  )
  const owed = [...deliveryStatements(db, commit), ...feedStatements(db, commit)]
  const read = db
    .prepare(
      `SELECT e.sequence AS sequence, e.id AS id, e.type AS type, e.instance AS instance, e.subject AS subject
       FROM json_each(?) j CROSS JOIN events e ON e.id = j.value AND e.poll_id = ? ORDER BY e.sequence`,
    )
    .bind(JSON.stringify(events.map(({ id }) => id)), pollId)
  return {
    statements: [...stores, ...owed, read],
    outcomeOf(results) {
      // Their rows have the shapes that the statements name.
      const rows = results.slice(stores.length, -1).flatMap((result) => result.results as { id: string }[])
      const stored = (results.at(-1)?.results ?? []) as StoredEvent[]
      return { events: stored, endpoints: [...new Set(rows.map(({ id }) => id))] }
    },
  }
}

/**
 * Statements that write the deliveries of events that are stored, each telling the endpoints. As a rule it is one; private
 * events have one of their own, and what they have to say may be too long for one parameter.
 */
export function deliveryStatements(db: D1Database, commit: Commit): D1PreparedStatement[] {
  const { pollId, events, now, guard } = commit
  return ([false, true] as const).flatMap((isPrivate) =>
    jsonParts(events.filter(({ ownerId }) => (ownerId !== null) === isPrivate).map(soughtOf)).map((part) =>
      db
        .prepare(statement(isPrivate ? ofTheOwner('subscriptions') : ofAnybody('subscriptions'), guard))
        .bind(part, pollId, ...guard.values, now),
    ),
  )
}

function statement(candidates: string, guard: Guard): string {
  return `WITH ${soughtEvents(guard.sql)}
    INSERT OR IGNORE INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at, order_key)
    SELECT s.endpoint_id, e.sequence, s.owner_id, 'pending', ${LINE.fresh}, ?,
      (SELECT iif(p.ordering = 'subject', e.order_key, NULL) FROM endpoints p WHERE p.id = s.endpoint_id)
    FROM e ${candidates}
    WHERE (e.owner_id IS NULL OR e.owner_id = s.owner_id) AND (e.about IS NULL OR s.endpoint_id <> e.about)
      AND ${FITS}
    RETURNING endpoint_id AS id`
}
