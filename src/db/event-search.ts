/**
 * @module Looking through the event log with a filter, in either order. Types and instances alone are found by the indexes, and so
 * is one channel; the rest is compared here, as for those who are sent events. So a page may look at many events to find few.
 */
import type { LoggedEvent } from '../events/envelope.ts'
import { facetsOf } from '../events/facets.ts'
import { type Filter, matcherOf } from '../events/filter.ts'
import { EVENT_TYPES } from '../events/types.ts'
import { type EventFilter, eventPages, eventsWithSubjects, listEvents } from './events.ts'
import { onlyChannel, runsOf, SCAN } from './matching-events.ts'

/** Which events: of those that are public and of the viewer's own, those that fit. Sequences, and times in milliseconds. */
export type EventSearch = Pick<EventFilter, 'after' | 'before' | 'since' | 'until'> & {
  viewerId: string
  /** As for `matches`. But instances are those that are named: `tubewire` is the one of what happens to endpoints. */
  filter: Filter
}

/** How many events one answer looks at, however few of them fit. */
export const LOOKED_AT = 5_000

/** `next`: all up to this sequence, in the order of the search, was looked at, and there may be more; null: that was all. */
export type FoundEvents = { events: LoggedEvent[]; next: number | null }

/**
 * A page of a search. Where the indexes know all of the filter it is one statement, and full unless it is the last; otherwise it
 * may be short, even empty, and have a `next`.
 * @param limit how many at most.
 * @param scan how much one statement reads, and how many events are looked at in all.
 */
export async function searchEvents(
  db: D1Database,
  search: EventSearch,
  order: 'oldest' | 'newest',
  limit: number,
  scan: { rows: number; bytes: number; most: number } = { ...SCAN, most: LOOKED_AT },
): Promise<FoundEvents> {
  const { runs, isWanted } = planOf(search)
  const way = order === 'oldest' ? 'ASC' : 'DESC'
  // One more than asked for says whether there is a next page.
  const wanted = limit + 1
  if (isWanted === null) return paged(await listEvents(db, runs, wanted, EVENT_TYPES, way), limit)
  const events: LoggedEvent[] = []
  let { after, before } = runs
  let last = 0
  // A page at a time, the first of them a small one: often enough all of it fits.
  for (let left = scan.most, rows = Math.min(wanted, scan.rows, left); left > 0; ) {
    const found = await eventsWithSubjects(db, { ...runs, after, before }, { rows, bytes: scan.bytes }, way)
    let bytes = 0
    for (const { subject: _, ...event } of found) {
      bytes += Buffer.byteLength(event.data)
      if (isWanted(event)) events.push(event)
      if (events.length === wanted) return paged(events, limit)
    }
    // A page that is short may be so for its bytes.
    if (found.length < rows && bytes < scan.bytes) return { events, next: null }
    last = found.at(-1)?.sequence ?? last
    if (order === 'oldest') after = last
    else before = last
    left -= found.length
    rows = Math.min(scan.rows, left)
  }
  return paged(events, limit, last)
}

/** All events of a search, the oldest first: a statement for each page, run when the page is asked for. A page may have none. */
export async function* searchedPages(
  db: D1Database,
  search: EventSearch,
): AsyncGenerator<LoggedEvent[], void> {
  const { runs, isWanted } = planOf(search)
  for await (const page of eventPages(db, runs)) yield isWanted ? page.filter(isWanted) : page
}

function paged(found: readonly LoggedEvent[], limit: number, rest: number | null = null): FoundEvents {
  const events = found.slice(0, limit)
  return { events, next: found.length > limit ? (events.at(-1)?.sequence ?? null) : rest }
}

/** What is read of the log, and which of that is wanted; null: all of it. */
function planOf({ filter, ...span }: EventSearch): {
  runs: EventFilter
  isWanted: ((event: LoggedEvent) => boolean) | null
} {
  const { types, instances, ...rest } = filter
  const { runs, isWhole } = runsOf({ types, instances })
  if (isWhole && Object.values(rest).every((part) => part === undefined))
    return { runs: { ...span, ...runs }, isWanted: null }
  const fits = matcherOf(filter)
  return {
    runs: { ...span, ...runs, channel: onlyChannel(filter) ?? undefined },
    isWanted: (event) =>
      (instances?.includes(event.instance) ?? true) &&
      fits(facetsOf({ ...event, data: JSON.parse(event.data) as unknown })),
  }
}
