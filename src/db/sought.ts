/**
 * @module Events that look for who wants them, in SQL: the same as `matches` of src/events/filter.ts. Statements are made of these
 * parts for what has a filter; docs/decisions/014 says why they are made so.
 */
import { facetsOf, isFarewell, NAMED, orderKeyOf, subjectKeyOf } from '../events/facets.ts'
import { allOfKind, isOfTubewire, isOperational, keysOfEvent } from '../events/filter.ts'
import type { NewEvent } from '../events/types.ts'
import { between, FILTERED, type Filtered } from './filter-columns.ts'

/** What SQL is told of an event. Values of lists stand between separators, as those of subscriptions do. */
export function soughtOf(event: NewEvent) {
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
    subjectKey: subjectKeyOf(event),
    isFarewell: isFarewell(event.type),
    text: facets.text,
  }
}

/**
 * `e`: the events that this commit (`poll_id`) has stored, of those that SQL is told of: one that was there before has had what it
 * causes. Two parameters, the JSON of `soughtOf` and the commit's id, and those of the guard. What events have is read from the JSON
 * once, and not again for each filter.
 */
export function soughtEvents(guard: string): string {
  return `e AS MATERIALIZED (
      SELECT v.sequence AS sequence, v.id AS id, v.owner_id AS owner_id, v.type AS type, v.subject AS subject,
        v.instance AS instance, value ->> 'kind' AS kind,
        value -> 'keys' AS keys, value ->> 'isOperational' AS is_operational, value ->> 'about' AS about,
        value ->> 'nsfw' AS nsfw, value ->> 'isLocal' AS is_local, value ->> 'duration' AS duration,
        value ->> '$.instances[0]' AS instances, value ->> '$.languages[0]' AS languages,
        value ->> '$.categories[0]' AS categories, value ->> '$.notificationKinds[0]' AS notification_kinds,
        value -> 'videos' AS videos, value -> 'channels' AS channels, value -> 'accounts' AS accounts,
        value -> 'tags' AS tags, value ->> 'orderKey' AS order_key, value ->> 'subjectKey' AS subject_key,
        value ->> 'isFarewell' AS is_farewell, value ->> 'text' AS text
      FROM json_each(?) CROSS JOIN events v ON v.id = value ->> 'id' AND v.poll_id = ? WHERE ${guard}
    )`
}

const OF_TYPE = "k.type IN ('*', e.type, e.kind)"

/** Rows (`s`) that share a key (`k`) with a public event. */
export function ofAnybody(table: Filtered): string {
  const { keys, id } = FILTERED[table]
  return `CROSS JOIN json_each(e.keys) j
    CROSS JOIN ${keys} k ON ${OF_TYPE} AND k.kind = j.value ->> 0 AND k.value = j.value ->> 1
    CROSS JOIN ${table} s ON s.id = k.${id}`
}

/** The same of a private one, beginning with its owner: by the keys it would meet everybody's, and read them in vain. */
export function ofTheOwner(table: Filtered): string {
  const { keys, id } = FILTERED[table]
  return `CROSS JOIN ${table} s ON s.owner_id = e.owner_id
    CROSS JOIN ${keys} k ON k.${id} = s.id AND ${OF_TYPE} AND (k.kind = ''
      OR EXISTS (SELECT 1 FROM json_each(e.keys) j WHERE j.value ->> 0 = k.kind AND j.value ->> 1 = k.value))`
}

/** Of what an event has one: that the list names it. */
const namesThe = (column: string) => `(s.${column} IS NULL OR instr(s.${column}, e.${column}) > 0)`

/** Of what it may have several: that the list names one of them. */
const namesOne = (column: string, foundBy: string) =>
  `(s.${column} IS NULL ${foundBy} OR EXISTS (SELECT 1 FROM json_each(e.${column}) o WHERE instr(s.${column}, o.value) > 0))`

/**
 * What a filter asks for besides types, as in `matches`: the cheap conditions first. Those with a subquery stand last, where SQLite
 * puts them anyway: it would take what comes after them first.
 * @param isFoundByKey what it was found by it has.
 */
export function fits(isFoundByKey: boolean): string {
  const oneOf = (column: string, kind: string) =>
    namesOne(column, isFoundByKey ? `OR k.kind = '${kind}'` : '')
  return [
    '(s.nsfw IS NULL OR s.nsfw = e.nsfw)',
    '(s.local_only = 0 OR e.is_local = 1)',
    '(s.min_duration IS NULL OR e.duration >= s.min_duration)',
    '(s.max_duration IS NULL OR e.duration <= s.max_duration)',
    namesThe('instances'),
    namesThe('languages'),
    namesThe('categories'),
    namesThe('notification_kinds'),
    '(s.text IS NULL OR instr(e.text, s.text) > 0)',
    oneOf('videos', 'video'),
    oneOf('channels', 'channel'),
    oneOf('accounts', 'account'),
    oneOf('tags', 'tag'),
  ].join(' AND ')
}

/** What a row that was found by a key asks for, whatever the event is about. */
export const FITS = `((e.is_operational AND k.type <> '*') OR (${fits(true)}))`
