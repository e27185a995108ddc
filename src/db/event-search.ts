/**
 * @module Looking through the event log with a filter, in either order. Types and instances alone are found by the indexes, and so
 * is one channel; the rest is compared here, as for those who are sent events. So a page may look at many events to find few.
 */
import type { LoggedEvent } from '../events/envelope.ts'
import { facetsOf } from '../events/facets.ts'
import { type Filter, matcherOf } from '../events/filter.ts'
import { needlesOf } from '../events/needles.ts'
import { EVENT_TYPES } from '../events/types.ts'
import { type EventFilter, eventPages, listEvents, type Order, pageOf, withinBytes } from './events.ts'
import { onlyChannel, runsOf } from './matching-events.ts'

/** Which events: of those that are public and of the viewer's own, those that fit. Sequences, and times in milliseconds. */
export type EventSearch = Pick<EventFilter, 'after' | 'before' | 'since' | 'until'> & {
  viewerId: string
  /** As for `matches`. But instances are those that are named: `tubewire` is the one of what happens to endpoints. */
  filter: Filter
}

/** How many events one answer looks at at most, however few of them fit. */
export const LOOKED_AT = 5_000

/** `unsaid`: events where nothing is known that their payloads must have. `bytes`: of those that one statement gives to be read. */
const SCAN = { events: LOOKED_AT, unsaid: 2_000, bytes: 2_000_000 }
/** The first statement looks at few, for often all of those fit; each next one at so many times as many. */
const GROWTH = 4

/** `next`: all up to this sequence, in the order of the search, was looked at, and there may be more; null: that was all. */
export type FoundEvents = { events: LoggedEvent[]; next: number | null }

/**
 * A page of a search. Where the indexes know all of the filter it is one statement, and full unless it is the last; otherwise it
 * may be short, even empty, and have a `next`.
 * @param limit how many at most.
 * @param scan how much is looked at.
 */
export async function searchEvents(
  db: D1Database,
  search: EventSearch,
  order: 'oldest' | 'newest',
  limit: number,
  scan = SCAN,
): Promise<FoundEvents> {
  const { runs, isWanted } = planOf(search)
  const needles = needlesOf(search.filter)
  const way = order === 'oldest' ? 'ASC' : 'DESC'
  // One more than asked for says whether there is a next page.
  const wanted = limit + 1
  if (isWanted === null) return paged(await listEvents(db, runs, wanted, EVENT_TYPES, way), limit)
  const events: LoggedEvent[] = []
  let { after, before } = runs
  let left = needles.length > 0 ? scan.events : scan.unsaid
  for (let most = wanted; left > 0; most *= GROWTH) {
    const rows = Math.min(most, left)
    const found = await eventsSaying(
      db,
      { ...runs, after, before },
      needles,
      { rows, bytes: scan.bytes },
      way,
    )
    events.push(...found.events.filter(isWanted).slice(0, wanted - events.length))
    if (found.end === null || events.length === wanted) return paged(events, limit)
    if (order === 'oldest') after = found.end
    else before = found.end
    // Cut off for its bytes it has looked at fewer, nobody knows how many.
    left = found.isCut ? Math.floor(left / 2) : left - rows
  }
  return paged(events, limit, order === 'oldest' ? after : before)
}

/**
 * Of the next so many events those whose payloads have these texts. One transaction: the log may grow.
 * @returns `end`: up to where it has looked; null: to the end of the log. `isCut`: for its bytes.
 */
async function eventsSaying(
  db: D1Database,
  filter: EventFilter,
  needles: readonly string[],
  { rows, bytes }: { rows: number; bytes: number },
  order: Order,
): Promise<{ events: LoggedEvent[]; end: number | null; isCut: boolean }> {
  const page = pageOf(filter, rows, EVENT_TYPES, { order })
  const places = pageOf(filter, rows, EVENT_TYPES, { order, columns: 'sequence' })
  if (!page || !places) return { events: [], end: null, isCut: false }
  const says = needles.map((_, index) => `instr(lower(data), ?${page.values.length + index + 1}) > 0`)
  const saying = says.length === 0 ? page.sql : `SELECT * FROM (${page.sql}) WHERE ${says.join(' AND ')}`
  const [found, last] = await db.batch<Record<string, unknown>>([
    db.prepare(withinBytes(saying, bytes, order)).bind(...page.values, ...needles),
    db.prepare(`SELECT sequence FROM (${places.sql}) LIMIT 1 OFFSET ${rows - 1}`).bind(...places.values),
  ])
  // The rows have the shapes of the statements.
  const events = (found?.results ?? []) as LoggedEvent[]
  const [end] = (last?.results ?? []) as { sequence: number }[]
  const read = events.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0)
  const cut = read < bytes ? undefined : events.at(-1)
  return { events, end: (cut ?? end)?.sequence ?? null, isCut: cut !== undefined }
}

/** All events of a search, the oldest first: a statement for each page, run when the page is asked for. A page may have none. */
export async function* searchedPages(
  db: D1Database,
  search: EventSearch,
): AsyncGenerator<LoggedEvent[], void> {
  const { runs, isWanted } = planOf(search)
  for await (const page of eventPages(db, runs)) yield isWanted ? page.filter(isWanted) : page
}

function paged(found: readonly LoggedEvent[], limit: number, rest?: number): FoundEvents {
  const events = found.slice(0, limit)
  return { events, next: found.length > limit ? (events.at(-1)?.sequence ?? null) : (rest ?? null) }
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
