/**
 * @module Reading of the event log what fits a filter: the types and instances that it names are found by the indexes, the rest of
 * it is compared here (`matcherOf`). So a page may look at many events to find few, and says how far it came.
 */
import type { LoggedEvent } from '../events/envelope.ts'
import { facetsOf } from '../events/facets.ts'
import { type Filter, isOfTubewire, isOperational, matcherOf } from '../events/filter.ts'
import { EVENT_TYPES, typesLike } from '../events/types.ts'
import { type EventFilter, eventsWithSubjects } from './events.ts'

/** What one page looks at: so many events, and bytes of them, that a Worker takes in and reads as JSON in a moment. */
export const SCAN = { rows: 500, bytes: 4_000_000 }
/** Runs of an index that one statement merges, of public events and of the viewer's own: more cost more than they spare. */
const MOST_RUNS = 10

export type MatchingPage = {
  /** Those that fit, in the order of their sequence. */
  events: LoggedEvent[]
  /** All up to this sequence was looked at: the next page is what comes after it. */
  position: number
  /** Whether that was all there is by now. */
  isEnd: boolean
}

/**
 * A page of the events after a sequence that a viewer may see and that fit a filter. One statement.
 * @param limit how many at most.
 */
export async function matchingEvents(
  db: D1Database,
  { viewerId, filter, after }: { viewerId: string; filter: Filter; after: number },
  limit: number,
  scan: { rows: number; bytes: number } = SCAN,
): Promise<MatchingPage> {
  const found = await eventsWithSubjects(db, { viewerId, after, ...narrowing(filter) }, scan)
  const isWanted = matcherOf(filter)
  const events: LoggedEvent[] = []
  let bytes = 0
  for (const { subject: _, ...event } of found) {
    bytes += Buffer.byteLength(event.data)
    if (!isWanted(facetsOf({ ...event, data: JSON.parse(event.data) as unknown }))) continue
    events.push(event)
    if (events.length === limit) return { events, position: event.sequence, isEnd: false }
  }
  // A page that is short may be so for its bytes.
  const isEnd = found.length < scan.rows && bytes < scan.bytes
  return { events, position: found.at(-1)?.sequence ?? after, isEnd }
}

type Runs = Pick<EventFilter, 'types' | 'instances'>

/** What of a filter the indexes know. */
export function narrowing({ types, instances }: Filter): Runs {
  // What happened to an endpoint of ours is of no instance, and is wanted whichever are named.
  return runsOf({ types, instances: types?.some(isOfTubewire) ? undefined : instances }).runs
}

/**
 * The runs of the indexes in which events of these types and instances lie.
 * @returns `isWhole`: nothing else lies there, so that there is nothing left to be compared.
 */
export function runsOf({ types, instances }: Pick<Filter, 'types' | 'instances'>): {
  runs: Runs
  isWhole: boolean
} {
  const named = types?.includes('*') ? undefined : types
  const ofTypes = named && [...new Set(named.flatMap((type) => typesLike(type, EVENT_TYPES)))]
  const fitting = ofTypes && ofTypes.length <= MOST_RUNS ? ofTypes : undefined
  const ofInstances = instances && [...new Set(instances)]
  const isFew = (ofInstances?.length ?? 0) * (fitting?.length ?? 1) <= MOST_RUNS
  const runs = { types: fitting, instances: isFew ? ofInstances : undefined }
  return { runs, isWhole: runs.types === ofTypes && runs.instances === ofInstances }
}

/** The handle of the one channel whose public events are all that fit, as its index has it; null: there is none, or several. */
export function onlyChannel({ channels, types }: Filter): string | null {
  const [channel = '', ...others] = channels ?? []
  // SQLite's lower case is that of ASCII. What is about no video is wanted whatever its channel: see `matches`.
  const isOnly = /^[!-~]+$/.test(channel) && others.length === 0 && !types?.some(isOperational)
  return isOnly ? channel.toLowerCase() : null
}
