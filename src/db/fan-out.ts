/**
 * @module How events are stored, and become deliveries to all who want them: the same as `matches` of src/events/filter.ts, in
 * one statement for any number of events and subscriptions. docs/decisions/014 says why it is made so.
 */
import { facetsOf, NAMED, orderKeyOf } from '../events/facets.ts'
import { allOfKind, isOfTubewire, isOperational, keysOfEvent } from '../events/filter.ts'
import type { EventType, NewEvent } from '../events/types.ts'
import { LINE } from './deliveries.ts'
import { between } from './filter-columns.ts'
import { jsonParts } from './json-parts.ts'

/** A condition that every statement of a commit carries, with its values. */
export type Guard = { sql: string; values: readonly (string | number)[] }

/** An event that a commit stored, with its sequence. */
export type StoredEvent = {
  sequence: number
  id: string
  type: EventType
  instance: string
  subject: string
}

/** @param pollId new for each commit: of an event that is there already, another one has made the deliveries. */
type Commit = { pollId: string; events: readonly NewEvent[]; now: number; guard: Guard }

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
  const deliveries = deliveryStatements(db, commit)
  const read = db
    .prepare(
      `SELECT e.sequence AS sequence, e.id AS id, e.type AS type, e.instance AS instance, e.subject AS subject
       FROM json_each(?) j CROSS JOIN events e ON e.id = j.value AND e.poll_id = ? ORDER BY e.sequence`,
    )
    .bind(JSON.stringify(events.map(({ id }) => id)), pollId)
  return {
    statements: [...stores, ...deliveries, read],
    outcomeOf(results) {
      // Their rows have the shapes that the statements name.
      const owed = results.slice(stores.length, -1).flatMap((result) => result.results as { id: string }[])
      const stored = (results.at(-1)?.results ?? []) as StoredEvent[]
      return { events: stored, endpoints: [...new Set(owed.map(({ id }) => id))] }
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
    jsonParts(events.filter(({ ownerId }) => (ownerId !== null) === isPrivate).map(sought)).map((part) =>
      db
        .prepare(statement(isPrivate ? OF_THE_OWNER : OF_ANYBODY, guard))
        .bind(part, pollId, ...guard.values, now),
    ),
  )
}

/** What SQL is told of an event. Values of lists stand between separators, as those of subscriptions do. */
function sought(event: NewEvent) {
  const facets = facetsOf(event)
  const lists = NAMED.map((name) => [name, facets[name].map((value) => between([value]))])
  return {
    ...Object.fromEntries(lists),
    id: event.id,
    kind: allOfKind(event.type),
    keys: keysOfEvent(facets).map(({ kind, value }) => [kind, value]),
    isOperational: isOperational(event.type),
    about: isOfTubewire(event.type) ? event.subject : null,
    nsfw: facets.nsfw,
    isLocal: facets.isLocal,
    duration: facets.duration,
    orderKey: orderKeyOf(event),
    text: facets.text,
  }
}

const OF_TYPE = "k.type IN ('*', e.type, e.kind)"

/** Subscriptions that share a key with a public event. */
const OF_ANYBODY = `CROSS JOIN json_each(e.keys) j
  CROSS JOIN subscription_keys k ON ${OF_TYPE} AND k.kind = j.value ->> 0 AND k.value = j.value ->> 1
  CROSS JOIN subscriptions s ON s.id = k.subscription_id`

/** The same of a private one, beginning with its owner: by the keys it would meet everybody's, and read them in vain. */
const OF_THE_OWNER = `CROSS JOIN subscriptions s ON s.owner_id = e.owner_id
  CROSS JOIN subscription_keys k ON k.subscription_id = s.id AND ${OF_TYPE} AND (k.kind = ''
    OR EXISTS (SELECT 1 FROM json_each(e.keys) j WHERE j.value ->> 0 = k.kind AND j.value ->> 1 = k.value))`

/** Of what an event has one: that the list names it. */
const namesThe = (column: string) => `(s.${column} IS NULL OR instr(s.${column}, e.${column}) > 0)`

/** Of what it may have several: that the list names one of them. What it was found by it has. */
const namesOne = (column: string, kind: string) =>
  `(s.${column} IS NULL OR k.kind = '${kind}'
    OR EXISTS (SELECT 1 FROM json_each(e.${column}) o WHERE instr(s.${column}, o.value) > 0))`

/**
 * What a filter asks for, as in `matches`: the cheap conditions first. Those with a subquery stand last, where SQLite puts them
 * anyway: it would take what comes after them first.
 */
const FITS = [
  '(s.nsfw IS NULL OR s.nsfw = e.nsfw)',
  '(s.local_only = 0 OR e.is_local = 1)',
  '(s.min_duration IS NULL OR e.duration >= s.min_duration)',
  '(s.max_duration IS NULL OR e.duration <= s.max_duration)',
  namesThe('instances'),
  namesThe('languages'),
  namesThe('categories'),
  namesThe('notification_kinds'),
  '(s.text IS NULL OR instr(e.text, s.text) > 0)',
  namesOne('videos', 'video'),
  namesOne('channels', 'channel'),
  namesOne('accounts', 'account'),
  namesOne('tags', 'tag'),
].join(' AND ')

/**
 * `poll_id`: an event that was there before has had its deliveries. What events have is read from the JSON once, and not again
 * for each subscription.
 */
function statement(candidates: string, guard: Guard): string {
  return `WITH e AS MATERIALIZED (
      SELECT v.sequence AS sequence, v.owner_id AS owner_id, v.type AS type, value ->> 'kind' AS kind,
        value -> 'keys' AS keys, value ->> 'isOperational' AS is_operational, value ->> 'about' AS about,
        value ->> 'nsfw' AS nsfw, value ->> 'isLocal' AS is_local, value ->> 'duration' AS duration,
        value ->> '$.instances[0]' AS instances, value ->> '$.languages[0]' AS languages,
        value ->> '$.categories[0]' AS categories, value ->> '$.notificationKinds[0]' AS notification_kinds,
        value -> 'videos' AS videos, value -> 'channels' AS channels, value -> 'accounts' AS accounts,
        value -> 'tags' AS tags, value ->> 'orderKey' AS order_key, value ->> 'text' AS text
      FROM json_each(?) CROSS JOIN events v ON v.id = value ->> 'id' AND v.poll_id = ? WHERE ${guard.sql}
    )
    INSERT OR IGNORE INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at, order_key)
    SELECT s.endpoint_id, e.sequence, s.owner_id, 'pending', ${LINE.fresh}, ?,
      (SELECT iif(p.ordering = 'subject', e.order_key, NULL) FROM endpoints p WHERE p.id = s.endpoint_id)
    FROM e ${candidates}
    WHERE (e.owner_id IS NULL OR e.owner_id = s.owner_id) AND (e.about IS NULL OR s.endpoint_id <> e.about)
      AND ((e.is_operational AND k.type <> '*') OR (${FITS}))
    RETURNING endpoint_id AS id`
}
