/**
 * @module The newest items of a feed, searched for in the event log: of a feed that nobody saved, and what a saved one begins with.
 * It finds what feed-fan-out.ts would have written: docs/decisions/017.
 */
import type { LoggedEvent } from '../events/envelope.ts'
import { facetsOf, isFarewell, subjectKeyOf } from '../events/facets.ts'
import { type Filter, matcherOf } from '../events/filter.ts'
import { type AboutEvent, type EventFilter, eventsWithSubjects } from './events.ts'
import { aboutTheSame } from './feed-fan-out.ts'
import { narrowing, onlyChannel } from './matching-events.ts'

/** `events`: an item for each event. `subjects`: one for each video, comment or notification. */
export type FeedMode = 'events' | 'subjects'

/** What a feed has: an event, or what several are about with the latest of them. */
export type FoundItem = {
  key: string
  /** The first event of the log about it. */
  first: { sequence: number; id: string; instance: string; seenAt: number }
  last: LoggedEvent
  isGone: boolean
  /** Its place among the others, and where the next page begins: the sequence of the event for which it is there. */
  place: number
}

/** A search for items. `viewerId`: whose private events are among them; null: nobody's. */
export type FeedSearch = {
  viewerId: string | null
  filter: Filter
  mode: FeedMode
  /** Items of events that come before this sequence. */
  before?: number | undefined
}

/** Events that one page looks at, and how many pages a search takes: anybody may ask for one. */
const PAGE = { rows: 500, bytes: 2_000_000 }
const PAGES = 4

/**
 * The newest items, those first of which the newest event is wanted. Where something happened to a subject meanwhile that is not
 * wanted, the item says so, and keeps its place. One subject may be on two pages: it is the same item then.
 * @param limit how many at most.
 * @returns `rest`: below which sequence there may be more, that were not looked for; null: there are none.
 */
export async function searchItems(
  db: D1Database,
  search: FeedSearch,
  limit: number,
): Promise<{ items: FoundItem[]; rest: number | null }> {
  const { viewerId, filter, mode, before = Number.MAX_SAFE_INTEGER } = search
  const isWanted = matcherOf(filter)
  const wanted = new Map<string, AboutEvent>()
  let end = before
  let isEnd = false
  // A page at a time: what one asks for depends on where the one before ended.
  for (let page = 0; page < PAGES && wanted.size < limit && !isEnd; page += 1) {
    const found = await eventsWithSubjects(db, runsOf(search, end), PAGE, 'DESC')
    for (const event of found) {
      if (mode === 'subjects' && isFarewell(event.type)) continue
      const key = keyOf(event, mode)
      if (!wanted.has(key) && isWanted(facetsOf(parsed(event)))) wanted.set(key, event)
      if (wanted.size === limit) break
    }
    isEnd = found.length === 0
    end = found.at(-1)?.sequence ?? end
  }
  const { resolved, cutAt } = await resolve(db, viewerId, wanted)
  const fitsStill = matcherOf({ ...filter, types: undefined })
  const items = resolved.flatMap((item) => {
    const event = wanted.get(item.key)
    if (!event) return []
    const isOver = () => isFarewell(item.last.type) || !fitsStill(facetsOf(parsed(item.last)))
    return [{ ...item, place: event.sequence, isGone: item.last.id !== event.id && isOver() }]
  })
  return { items: items.toSorted((a, b) => b.place - a.place), rest: cutAt ?? (isEnd ? null : end) }
}

/** What the indexes know of a search. The channel is rarer than all else. */
function runsOf({ viewerId, filter }: FeedSearch, before: number): EventFilter {
  const channel = viewerId === null ? onlyChannel(filter) : null
  const runs = channel === null ? narrowing(filter) : { channel }
  return { viewerId, after: 0, before, ...runs }
}

function keyOf(event: AboutEvent, mode: FeedMode): string {
  return (mode === 'subjects' ? subjectKeyOf(event) : null) ?? event.id
}

function parsed<TEvent extends LoggedEvent>(event: TEvent) {
  return { ...event, data: JSON.parse(event.data) as unknown }
}

/** What a Worker can take in at once, and render in a moment. */
export const ITEMS_BYTES = 8_000_000

/**
 * Of each that was found the first event about the same, and the last. One statement, of no more than so many bytes.
 * @returns `cutAt`: below which place the rest is that did not fit; null: all did.
 */
async function resolve(
  db: D1Database,
  viewerId: string | null,
  wanted: ReadonlyMap<string, AboutEvent>,
): Promise<{ resolved: ReadItem[]; cutAt: number | null }> {
  const found = Array.from(wanted, ([key, { sequence, id }]) => ({ key, sequence, isSubject: key !== id }))
  const { results } = await db
    .prepare(
      `WITH i AS MATERIALIZED (
         SELECT value ->> 'key' AS key, e.sequence AS sequence, e.subject AS subject, e.instance AS instance, e.type AS type,
           value ->> 'isSubject' AS is_subject
         FROM json_each(?1) CROSS JOIN events e ON e.sequence = value ->> 'sequence'
       ), edges AS MATERIALIZED (
         SELECT key, sequence AS place, iif(is_subject, ${aboutTheSame('min', 'i', '?2')}, sequence) AS first,
           iif(is_subject, ${aboutTheSame('max', 'i', '?2')}, sequence) AS last
         FROM i
       )
       SELECT * FROM (
         SELECT key, place, f.sequence AS firstSequence, f.id AS firstId, f.instance AS firstInstance, f.seen_at AS firstSeenAt,
           l.sequence AS sequence, l.id AS id, l.type AS type, l.instance AS instance, l.seen_at AS seenAt, l.data AS data,
           sum(octet_length(l.data)) OVER (ORDER BY place DESC ROWS UNBOUNDED PRECEDING) - octet_length(l.data) AS start
         FROM edges CROSS JOIN events f ON f.sequence = first CROSS JOIN events l ON l.sequence = last)
       WHERE start < ${ITEMS_BYTES}`,
    )
    .bind(JSON.stringify(found), viewerId)
    .all<ItemRow & { place: number }>()
  const places = results.map(({ place }) => place)
  return {
    resolved: results.map(itemOf),
    cutAt: results.length < found.length ? Math.min(...places) : null,
  }
}

type ReadItem = Omit<FoundItem, 'isGone' | 'place'>

/** An item as statements read it: its first event, and its last. */
export type ItemRow = LoggedEvent & {
  key: string
  firstSequence: number
  firstId: string
  firstInstance: string
  firstSeenAt: number
}

/** An item of its row. */
export function itemOf({
  key,
  firstSequence,
  firstId,
  firstInstance,
  firstSeenAt,
  sequence,
  id,
  type,
  instance,
  seenAt,
  data,
}: ItemRow): ReadItem {
  return {
    key,
    first: { sequence: firstSequence, id: firstId, instance: firstInstance, seenAt: firstSeenAt },
    last: { sequence, id, type, instance, seenAt, data },
  }
}
