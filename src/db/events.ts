/**
 * @module Reading the event log, page by page. A poll writes it: see polls.ts. Why these indexes, and what a page costs:
 * docs/decisions/010.
 */
import type { LoggedEvent } from '../events/envelope.ts'
import { EVENT_TYPES, typesLike } from '../events/types.ts'

/** Which events: of those that are public and of the viewer's own, those that fit all that is said. */
export type EventFilter = {
  /** The user who asks; null: nobody who is known, who sees what is public. */
  viewerId: string | null
  /** Sequences above this one: the last of the page before, or 0. */
  after: number
  /** Sequences below this one. */
  before?: number | undefined
  /** A type, or how types begin, and `*`: `video.*`. */
  type?: string | undefined
  /** Types: of any of these. Instead of `type`. */
  types?: readonly string[] | undefined
  /** Host of the instance, as events name it. */
  instance?: string | undefined
  /** Hosts: of any of these. Instead of `instance`. */
  instances?: readonly string[] | undefined
  /**
   * Handle of the channel of the video, in lower case: of those that are public, whose types and instances are not asked for then.
   * The viewer's own come with it, of whatever channel.
   */
  channel?: string | undefined
  /** Seen then or later, milliseconds since the epoch. */
  since?: number | undefined
  /** Seen before then, milliseconds since the epoch. */
  until?: number | undefined
}

/**
 * A page of the events, in the order of their sequence. One statement, which reads the rows of the page and a few more,
 * however long the log is and whatever lies between them.
 *
 * @param limit how many at most.
 * @param catalogue the types among which `video.*` is looked for.
 * @param order `DESC`: the last of them first.
 */
export async function listEvents(
  db: D1Database,
  filter: EventFilter,
  limit: number,
  catalogue: readonly string[] = EVENT_TYPES,
  order: Order = 'ASC',
): Promise<LoggedEvent[]> {
  const page = pageOf(filter, limit, catalogue, { order })
  return page ? read(db, page.sql, page.values) : []
}

/**
 * D1 answers with 50 MB at most, and a Worker has 128 MB: so there are bytes. It may ask 1,000 times: so there are many rows,
 * and a million events of up to 4 KB are one export.
 */
const EXPORT_PAGE = { rows: 2_000, bytes: 4_000_000 }

/**
 * All of the events, in the order of their sequence: a statement for each page, run when the page is asked for. What comes
 * meanwhile is part of it, unless `before` says where to end.
 *
 * @param size `rows` of a page at most, and `bytes` of data before its last event.
 */
export async function* eventPages(
  db: D1Database,
  filter: EventFilter,
  size: { rows: number; bytes: number } = EXPORT_PAGE,
): AsyncGenerator<LoggedEvent[], void> {
  let { after } = filter
  let { rows } = size
  for (;;) {
    const page = pageOf({ ...filter, after }, rows, EVENT_TYPES)
    const found = page ? await read(db, withinBytes(page.sql, size.bytes), page.values) : []
    const last = found.at(-1)
    if (!last) return
    yield found
    after = last.sequence
    // What doesn't fit into the bytes is read in vain: ask for little more than fitted the last time.
    rows = Math.min(size.rows, Math.ceil(found.length * 1.5))
  }
}

/** What there is of an event, as far as what it is about says more than the event as it is shown. */
export type AboutEvent = LoggedEvent & { subject: string }

/**
 * A page of `listEvents` with what each event is about.
 * @param size as of `eventPages`.
 * @param order `DESC`: the last of them first.
 */
export async function eventsWithSubjects(
  db: D1Database,
  filter: EventFilter,
  size: { rows: number; bytes: number },
  order: Order = 'ASC',
): Promise<AboutEvent[]> {
  const page = pageOf(filter, size.rows, EVENT_TYPES, { columns: `${COLUMNS}, subject`, order })
  return page ? read<AboutEvent>(db, withinBytes(page.sql, size.bytes, order, ', subject'), page.values) : []
}

async function read<TEvent = LoggedEvent>(
  db: D1Database,
  sql: string,
  values: readonly unknown[],
): Promise<TEvent[]> {
  const { results } = await db
    .prepare(sql)
    .bind(...values)
    .all<TEvent>()
  return results
}

/**
 * The sequences of the first and the last event that were seen in a time, whose ever they are; null when there is none. Between
 * them may be some that were seen up to a minute before or after it: see `DISORDER_MS`.
 * @param since milliseconds since the epoch; `until` likewise, and not in it.
 */
export async function sequencesBetween(
  db: D1Database,
  { since = 0, until = Number.MAX_SAFE_INTEGER }: { since?: number | undefined; until?: number | undefined },
): Promise<{ first: number; last: number } | null> {
  const edge = (order: 'ASC' | 'DESC') =>
    `(SELECT sequence FROM events
      WHERE sequence > (SELECT low FROM edges) AND sequence <= (SELECT high FROM edges) AND seen_at >= ?2 AND seen_at < ?3
      ORDER BY sequence ${order} LIMIT 1)`
  const found = await db
    .prepare(
      `${edges('?1', { since: '?2', until: '?3' })} SELECT ${edge('ASC')} AS first, ${edge('DESC')} AS last`,
    )
    .bind(0, since, until)
    .first<{ first: number | null; last: number | null }>()
  return found && found.first !== null && found.last !== null
    ? { first: found.first, last: found.last }
    : null
}

/**
 * The statement of a page. It is merged of runs: in the index that fits the filter, the events of one owner (none: public),
 * one instance and one type lie side by side, in the order of their sequence. SQLite merges the runs row by row, and stops
 * at the limit.
 *
 * @returns null when there can be no such event.
 */
export function pageOf(
  filter: EventFilter,
  limit: number,
  catalogue: readonly string[],
  { columns = COLUMNS, order = 'ASC' }: { columns?: string; order?: Order } = {},
): { sql: string; values: readonly unknown[] } | null {
  const { viewerId, before, type, instance, channel, since, until } = filter
  const types = filter.types ?? (type === undefined || type === '*' ? null : typesLike(type, catalogue))
  const instances = filter.instances ?? (instance === undefined ? null : [instance])
  if (types?.length === 0 || instances?.length === 0) return null

  const values: (string | number)[] = []
  const bind = (value: string | number) => `?${values.push(value)}`
  const after = bind(filter.after)
  const time =
    since === undefined && until === undefined
      ? null
      : { since: bind(since ?? 0), until: bind(until ?? Number.MAX_SAFE_INTEGER) }
  const conditions = [
    ...(before === undefined ? [] : [`sequence < ${bind(before)}`]),
    ...(time
      ? [
          'sequence > (SELECT low FROM edges) AND sequence <= (SELECT high FROM edges)',
          `seen_at >= ${time.since} AND seen_at < ${time.until}`,
        ]
      : [`sequence > ${after}`]),
  ]
  const ofOwners = [
    ...(channel === undefined ? ['owner_id IS NULL'] : []),
    ...(viewerId === null ? [] : [`owner_id = ${bind(viewerId)}`]),
  ]
  const ofTypes = types ? types.map((one) => [`type = ${bind(one)}`]) : [[]]
  const ofInstances = instances ? instances.map((one) => [`instance = ${bind(one)}`]) : [[]]
  // Said, for where most events are public SQLite, once it has statistics, would rather walk the table past all others.
  const index = INDEXES[instances ? 'instance' : 'all'][types ? 'types' : 'all']
  const runs = ofOwners.flatMap((ofOwner) =>
    ofInstances.flatMap((ofInstance) =>
      ofTypes.map(
        (ofType) =>
          `SELECT ${columns} FROM events INDEXED BY ${index}
           WHERE ${[ofOwner, ...ofInstance, ...ofType, ...conditions].join(' AND ')}`,
      ),
    ),
  )
  const ofHandle = channel === undefined ? [] : [ofChannel(bind(channel), columns, conditions)]
  const page = union([...ofHandle, ...runs])
  const sql = `${time ? edges(after, time) : ''} ${page} ORDER BY sequence ${order} LIMIT ${bind(limit)}`
  return { sql, values }
}

export type Order = 'ASC' | 'DESC'

/** The run of a channel: the conditions are those of the index, word for word. */
function ofChannel(handle: string, columns: string, conditions: readonly string[]): string {
  const ofChannel = `owner_id IS NULL AND "data" ->> '$.video.channel.handle' IS NOT NULL
    AND lower("data" ->> '$.video.channel.handle') = ${handle}`
  return `SELECT ${columns} FROM events INDEXED BY events_channel WHERE ${[ofChannel, ...conditions].join(' AND ')}`
}

const COLUMNS = 'sequence, id, type, instance, seen_at AS seenAt, data'

const INDEXES = {
  all: { all: 'events_owner', types: 'events_type' },
  instance: { all: 'events_instance', types: 'events_instance_type' },
}

/** D1 takes 5 terms of a UNION. Of a term that is itself a union SQLite makes one flat union again. */
const MAX_TERMS = 5

function union(selects: readonly string[]): string {
  if (selects.length <= MAX_TERMS) return selects.join(' UNION ALL ')
  const size = Math.ceil(selects.length / MAX_TERMS)
  const parts = Array.from({ length: Math.ceil(selects.length / size) }, (_, part) =>
    union(selects.slice(part * size, (part + 1) * size)),
  )
  return parts.map((part) => `SELECT * FROM (${part})`).join(' UNION ALL ')
}

/**
 * An event is stored after the time that it bears: two statements of a poll lie between, of 30 s at most each. By so much the
 * log may be out of the order of `seen_at`, and no more.
 */
const DISORDER_MS = 60_000

/**
 * `edges (low, high)`: all events that were seen in a time have sequences above `low`, and up to `high`. Found by halving the
 * log; each step reads three rows. Near the edges a few events are read that are not of that time.
 */
function edges(after: string, { since, until }: { since: string; until: string }): string {
  // D1 binds numbers as fractions, and those can be halved for ever.
  const first = `CAST(${after} AS INTEGER)`
  const half = '(step + 1) / 2'
  const moved = (edge: string, time: string) =>
    `${edge} + iif(coalesce((SELECT seen_at FROM events WHERE sequence <= ${edge} + ${half}
       ORDER BY sequence DESC LIMIT 1), 0) < ${time}, ${half}, 0)`
  return `WITH RECURSIVE
    search (low, high, step) AS (
      SELECT ${first}, ${first}, (SELECT max(sequence) FROM events) - ${first}
      UNION ALL
      SELECT ${moved('low', `${since} - ${DISORDER_MS}`)}, ${moved('high', `${until} + ${DISORDER_MS}`)}, step / 2
      FROM search WHERE step > 0
    ),
    edges (low, high) AS MATERIALIZED (SELECT max(low), max(high) FROM search)`
}

/**
 * The first rows of a page: those that have less than so many bytes of data before them. They come as the window adds them
 * up, in the order of the sequence: an ORDER BY would read them once more.
 */
export function withinBytes(page: string, bytes: number, order: Order = 'ASC', more = ''): string {
  return `SELECT sequence, id, type, instance, seenAt, data${more}
    FROM (SELECT *, sum(octet_length(data)) OVER (ORDER BY sequence ${order} ROWS UNBOUNDED PRECEDING) - octet_length(data) AS start
          FROM (${page}))
    WHERE start < ${bytes}`
}

/** What a Worker can take in at once, and read as JSON in a moment. */
const NEWEST_BYTES = 8_000_000

/** The newest events that are public or the viewer's own, the newest first: so many, or fewer when they are long. */
export async function newestEvents(db: D1Database, viewerId: string, limit: number): Promise<LoggedEvent[]> {
  const page = pageOf({ viewerId, after: 0 }, limit, EVENT_TYPES, { order: 'DESC' })
  return page ? read(db, withinBytes(page.sql, NEWEST_BYTES, 'DESC'), page.values) : []
}

/** The sequence of the newest event that a viewer may see, of these instances if any are named; 0: there is none. */
export async function newestVisible(
  db: D1Database,
  filter: Pick<EventFilter, 'viewerId' | 'instances'>,
): Promise<number> {
  const page = pageOf({ ...filter, after: 0 }, 1, EVENT_TYPES, { columns: 'sequence', order: 'DESC' })
  if (!page) return 0
  const {
    results: [row],
  } = await db
    .prepare(page.sql)
    .bind(...page.values)
    .all<{ sequence: number }>()
  return row?.sequence ?? 0
}

/** One event, or null: a private one of somebody else is as good as none. */
export async function findEvent(db: D1Database, id: string, viewerId: string): Promise<LoggedEvent | null> {
  const [found] = await read(
    db,
    `SELECT ${COLUMNS} FROM events WHERE id = ? AND (owner_id IS NULL OR owner_id = ?)`,
    [id, viewerId],
  )
  return found ?? null
}
