/** @module What is owed to whom: reading what is due, recording attempts. Every statement works on a set. */
import type { LoggedEvent } from '../events/envelope.ts'
import { columnsOf } from './columns.ts'
import { countAttemptsStatements } from './delivery-hours.ts'
import type { Endpoint, ToBeChanged } from './endpoints.ts'
import { jsonParts } from './json-parts.ts'
import { endpoints } from './schema.ts'

/**
 * The places in line of what is not waiting for a time: smaller than any time, so that `due_at` is an order, too. What stands at
 * the same place goes out in the order of the events.
 */
export const LINE = {
  /** Not tried yet, or tried and wanted at once. */
  fresh: 0,
  /** Asked for again: behind what is new. */
  replayed: 1,
} as const

/** A delivery that is due. */
export type DueDelivery = {
  endpointId: string
  sequence: number
  /** Attempts made so far, and how many of them before its schedule was begun anew. */
  attempts: number
  attemptsBefore: number
  /** A place in line (see `LINE`), or when it fell due, milliseconds since the epoch. */
  dueAt: number
  createdAt: number
  orderKey: string | null
}

/** What is due at some endpoints, in the order of the events, what is asked for again last, with all that is needed to send it. */
export type Due = {
  endpoints: Map<string, Endpoint>
  deliveries: DueDelivery[]
  /** By their sequences. */
  events: Map<number, LoggedEvent>
  /** Of those that are sent to in an order: when the next of what failed is due that is not yet, by their ids. */
  next: Map<string, number>
}

/** A condition that an endpoint is sent to, now or once it is no longer held. @param p the table's alias. */
const isOpen = (p: string) =>
  `${p}.paused_at IS NULL AND ${p}.disabled_at IS NULL AND ${p}.verified_at IS NOT NULL`

/**
 * The deliveries due at some endpoints, and at most so many of each: what one endpoint has piled up is neither read nor in the
 * way of another's. Of these at most half wait since they failed, as long as there are others. One that must not go before
 * another that failed is not due, nor is anything at an endpoint that is paused, disabled, held or not verified. One round trip.
 *
 * @param perEndpoint how many of each endpoint; of one with batches as many as fit into one, if that is more.
 */
export async function dueDeliveries(
  db: D1Database,
  endpointIds: readonly string[],
  perEndpoint: number,
  now: number,
): Promise<Due> {
  const ids = JSON.stringify(endpointIds)
  // D1 binds numbers as fractions.
  const one = 'CAST(?3 AS INTEGER)'
  const batch = `max(${one}, (SELECT coalesce(max(batch_size), 0) FROM endpoints WHERE id IN (SELECT value FROM json_each(?1))))`
  const half = (size: string) => `(${size} + 1) / 2`
  // A limit can't be an endpoint's own: those without batches have theirs. A batch that failed comes again whole.
  const first = (d: string, condition: string, limitOf: (size: string) => string) =>
    [
      ['IS NULL', one],
      ['IS NOT NULL', batch],
    ].map(
      ([hasNone, size = '']) => `SELECT event_sequence FROM (
        SELECT ${d}.event_sequence FROM deliveries ${d}
        WHERE p.batch_size ${hasNone} AND ${d}.endpoint_id = p.id AND ${d}.due_at IS NOT NULL AND ${condition}
        ORDER BY ${d}.due_at, ${d}.event_sequence LIMIT ${hasNone === 'IS NULL' ? limitOf(size) : size})`,
    )
  // What waits behind one that failed is passed over before it is counted: it must not stand in the way of the rest.
  const isFree = (
    d: string,
    after: string,
  ) => `(p.ordering <> 'subject' OR ${d}.order_key IS NULL OR NOT EXISTS (
    SELECT 1 FROM deliveries w INDEXED BY deliveries_order
    WHERE w.endpoint_id = p.id AND w.order_key = ${d}.order_key AND w.event_sequence < ${d}.event_sequence
      AND w.due_at IS NOT NULL AND w.due_at > ${after}))`
  const retried = first('t', `t.due_at > ${LINE.replayed} AND t.due_at <= ?2 AND ${isFree('t', '?2')}`, half)
  const inLine = first(
    'f',
    `f.due_at <= ${LINE.replayed} AND ${isFree('f', String(LINE.replayed))} AND (p.ordering <> 'endpoint' OR NOT EXISTS (
       SELECT 1 FROM deliveries w WHERE w.endpoint_id = p.id AND w.due_at IS NOT NULL AND w.due_at > ${LINE.replayed}))`,
    (size) => size,
  )
  const [found, rows] = await db.batch<Record<string, unknown>>([
    db
      .prepare(
        `SELECT ${columnsOf(endpoints, 'p')}, iif(p.ordering <> 'none' AND ${isOpen('p')},
           (SELECT min(due_at) FROM deliveries WHERE endpoint_id = p.id AND due_at IS NOT NULL AND due_at > ?2), NULL) AS nextDueAt
         FROM json_each(?1) j CROSS JOIN endpoints p ON p.id = j.value`,
      )
      .bind(ids, now),
    // In two parts, each along the index of what is due: those whose time has come, and those in line. Of an event that is
    // owed to a hundred endpoints the data comes once. Where order is kept, what is in line waits for all that failed before it,
    // due or not: not all that is due is read.
    db
      .prepare(
        `SELECT d.endpoint_id AS endpointId, d.event_sequence AS sequence, d.attempts AS attempts,
                d.attempts_before AS attemptsBefore, d.due_at AS dueAt, d.created_at AS createdAt, d.order_key AS orderKey,
                e.id AS id, e.type AS type, e.instance AS instance, e.seen_at AS seenAt,
                iif(row_number() OVER (PARTITION BY e.sequence) = 1, e.data, NULL) AS data
         FROM json_each(?1) j
           CROSS JOIN endpoints p ON p.id = j.value AND p.held_until <= ?2 AND ${isOpen('p')}
           CROSS JOIN deliveries d ON d.endpoint_id = p.id AND d.event_sequence IN (
             ${[...retried, ...inLine].join(' UNION ALL ')})
           CROSS JOIN events e ON e.sequence = d.event_sequence
         WHERE p.ordering <> 'endpoint' OR NOT EXISTS (
           SELECT 1 FROM deliveries w WHERE w.endpoint_id = p.id AND w.due_at IS NOT NULL AND w.due_at > ?2)
         ORDER BY d.due_at = ${LINE.replayed}, d.event_sequence`,
      )
      .bind(ids, now, perEndpoint),
  ])
  // The rows have the shapes of the statements.
  const due = (rows?.results ?? []) as (DueDelivery & Omit<LoggedEvent, 'data'> & { data: string | null })[]
  const all = found?.results ?? []
  return {
    endpoints: new Map(all.map((row) => [String(row['id']), endpointOf(row)])),
    next: new Map(
      all.flatMap(({ id, nextDueAt }) => (nextDueAt === null ? [] : [[String(id), Number(nextDueAt)]])),
    ),
    deliveries: due.map(
      ({ id: _id, type: _type, instance: _instance, seenAt: _seenAt, data: _data, ...delivery }) => delivery,
    ),
    events: new Map(
      due.flatMap(({ sequence, id, type, instance, seenAt, data }) =>
        data === null ? [] : [[sequence, { sequence, id, type, instance, seenAt, data }]],
      ),
    ),
  }
}

/** D1 knows no booleans. */
function endpointOf({ nextDueAt: _, ...row }: Record<string, unknown>): Endpoint {
  // All columns of the table are in the row.
  return { ...(row as Endpoint), signsAsymmetric: Boolean(row['signsAsymmetric']) }
}

/**
 * `waiting (id)`, for `WITH RECURSIVE`: the endpoints that have something due or waiting, and at the end a null. Steps from endpoint
 * to endpoint along the index, however much each has piled up.
 */
export const WAITING = `waiting (id) AS (
  SELECT min(endpoint_id) FROM deliveries WHERE due_at IS NOT NULL
  UNION ALL
  SELECT (SELECT min(endpoint_id) FROM deliveries WHERE due_at IS NOT NULL AND endpoint_id > waiting.id)
  FROM waiting WHERE waiting.id IS NOT NULL)`

/**
 * The endpoints that have something due by then, and when the first of it is. Steps from endpoint to endpoint along the
 * index, so that it reads a few rows an endpoint however much each has piled up.
 * @returns milliseconds since the epoch, by the endpoint's id.
 */
export async function dueEndpoints(db: D1Database, dueBefore: number): Promise<Map<string, number>> {
  const { results } = await db
    .prepare(
      `WITH RECURSIVE ${WAITING}, first (id, dueAt) AS MATERIALIZED (
         SELECT id, (SELECT min(due_at) FROM deliveries WHERE endpoint_id = waiting.id AND due_at IS NOT NULL)
         FROM waiting WHERE id IS NOT NULL
       )
       SELECT first.id AS id, max(dueAt, p.held_until) AS dueAt FROM first JOIN endpoints p ON p.id = first.id
       WHERE max(dueAt, p.held_until) <= ? AND ${isOpen('p')}`,
    )
    .bind(dueBefore)
    .all<{ id: string; dueAt: number }>()
  return new Map(results.map(({ id, dueAt }) => [id, dueAt]))
}

/** An attempt that was made, and what became of the delivery. Times are milliseconds since the epoch. */
export type RecordedAttempt = {
  endpointId: string
  sequence: number
  /** From 1. */
  number: number
  startedAt: number
  durationMs: number
  status: number | null
  error: string | null
  /** The first KB of the answer. */
  response: string | null
  state: 'pending' | 'delivered' | 'failed'
  /** When the next attempt is due; null when there is none. */
  dueAt: number | null
  finishedAt: number | null
}

/** How an endpoint is doing after its attempts. */
export type RecordedHealth = {
  endpointId: string
  /** Where it was sent to, and how it was doing before: when its owner began it anew since, that holds. */
  url: string
  before: Pick<Endpoint, 'failures' | 'brokenSince'>
  health: Pick<Endpoint, 'failures' | 'failingSince' | 'brokenSince' | 'probes' | 'heldUntil'>
  /**
   * It is well again, after it failed since a time: what was first tried since then, or waits for its next attempt until then, goes
   * out at once, and in order. Null: it is not.
   */
  lineUp: { triedSince: number; waitsUntil: number } | null
  disabled: { at: number; reason: string } | null
}

/**
 * Records attempts, what became of their deliveries, how many there were, and how their endpoints are doing, in one transaction. An attempt counts
 * only on the state that it began from, so repeating this, or two senders, cannot count one twice.
 *
 * @param more statements of the same transaction: what its owner is told of.
 * @returns when each of their endpoints has its next delivery due that is not due yet: milliseconds since the epoch, by the
 * endpoint's id.
 */
export async function recordAttempts(
  db: D1Database,
  recorded: readonly RecordedAttempt[],
  judged: readonly RecordedHealth[],
  now: number,
  more: readonly D1PreparedStatement[] = [],
): Promise<{ next: Map<string, number>; results: D1Result<Record<string, unknown>>[] }> {
  const failed = recorded.filter(({ state }) => state !== 'delivered')
  const ids = JSON.stringify([...new Set(recorded.map(({ endpointId }) => endpointId))])
  const statements = [
    // A round of batches has more to record than fits into a parameter. The attempts first: each counts on what came before it.
    ...jsonParts(failed).map((part) => attemptsStatement(db, part)),
    ...countAttemptsStatements(db, recorded, began),
    ...jsonParts(recorded).map((part) => deliveriesStatement(db, part)),
    ...(judged.length > 0 ? healthStatements(db, judged) : []),
  ]
  const results = await db.batch<Record<string, unknown>>([
    ...statements,
    db
      .prepare(
        // Of one that is held all waits for that, what is due already, too.
        `SELECT id, dueAt FROM (
           SELECT p.id AS id, max(p.held_until, coalesce(
                    (SELECT min(due_at) FROM deliveries
                     WHERE endpoint_id = p.id AND due_at IS NOT NULL AND due_at > iif(p.held_until > ?2, -1, ?2)), 0)) AS dueAt
           FROM json_each(?1) j CROSS JOIN endpoints p ON p.id = j.value AND ${isOpen('p')})
         WHERE dueAt > ?2`,
      )
      .bind(ids, now),
    ...more,
  ])
  // The rows have the shape of the SELECT.
  const rows = (results[statements.length]?.results ?? []) as { id: string; dueAt: number }[]
  return {
    next: new Map(rows.map(({ id, dueAt }) => [id, dueAt])),
    results: results.slice(statements.length + 1),
  }
}

/** The same for each statement: an attempt counts on the state that it began from. @param number how it says which attempt it is. */
const began = (number: string) => `deliveries.state = 'pending' AND deliveries.attempts = (${number}) - 1`
const BEGAN = began("value ->> 'number'")

/** @param failed JSON of a list of `RecordedAttempt`. */
function attemptsStatement(db: D1Database, failed: string): D1PreparedStatement {
  return db
    .prepare(
      `INSERT OR IGNORE INTO attempts (endpoint_id, event_sequence, number, started_at, duration_ms, status, error, response)
       SELECT deliveries.endpoint_id, deliveries.event_sequence, value ->> 'number', value ->> 'startedAt',
              value ->> 'durationMs', value ->> 'status', value ->> 'error', value ->> 'response'
       FROM json_each(?) j
         CROSS JOIN deliveries ON deliveries.endpoint_id = value ->> 'endpointId'
           AND deliveries.event_sequence = value ->> 'sequence'
       WHERE ${BEGAN}`,
    )
    .bind(failed)
}

/** @param recorded JSON of a list of `RecordedAttempt`. */
function deliveriesStatement(db: D1Database, recorded: string): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE deliveries SET state = value ->> 'state', attempts = value ->> 'number', due_at = value ->> 'dueAt',
         finished_at = value ->> 'finishedAt', started_at = value ->> 'startedAt', duration_ms = value ->> 'durationMs',
         status = value ->> 'status', error = value ->> 'error', response = value ->> 'response'
       FROM json_each(?) j
       WHERE endpoint_id = value ->> 'endpointId' AND event_sequence = value ->> 'sequence' AND ${BEGAN}`,
    )
    .bind(recorded)
}

function healthStatements(db: D1Database, judged: readonly RecordedHealth[]): D1PreparedStatement[] {
  const recovered = judged.filter(({ lineUp }) => lineUp !== null)
  return [
    db
      .prepare(
        `UPDATE endpoints SET failures = value ->> '$.health.failures', failing_since = value ->> '$.health.failingSince',
           broken_since = value ->> '$.health.brokenSince', probes = value ->> '$.health.probes',
           held_until = value ->> '$.health.heldUntil', disabled_at = value ->> '$.disabled.at',
           disabled_reason = value ->> '$.disabled.reason'
         FROM json_each(?) j
         WHERE endpoints.id = value ->> 'endpointId' AND endpoints.url = value ->> 'url'
           AND endpoints.failures = value ->> '$.before.failures' AND endpoints.broken_since IS value ->> '$.before.brokenSince'`,
      )
      .bind(JSON.stringify(judged)),
    ...(recovered.length > 0
      ? [
          db
            .prepare(
              `UPDATE deliveries SET due_at = ${LINE.fresh}
               FROM json_each(?) j
               WHERE endpoint_id = value ->> 'endpointId' AND due_at IS NOT NULL AND due_at > ${LINE.replayed}
                 AND (due_at <= value ->> '$.lineUp.waitsUntil' OR NOT EXISTS (
                   SELECT 1 FROM attempts a
                   WHERE a.endpoint_id = deliveries.endpoint_id AND a.event_sequence = deliveries.event_sequence
                     AND a.number > deliveries.attempts_before AND a.started_at < value ->> '$.lineUp.triedSince'))`,
            )
            .bind(JSON.stringify(recovered)),
        ]
      : []),
  ]
}

/**
 * Puts what waits for its next attempt in line, as a part of a change of its endpoint. What is due already, too: it would go out in
 * the order in which it fell due.
 */
export function lineUpStatement(db: D1Database, endpoint: ToBeChanged): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE deliveries SET due_at = ${LINE.fresh}
       WHERE endpoint_id = (${endpoint.sql}) AND due_at IS NOT NULL AND due_at > ${LINE.replayed}`,
    )
    .bind(...endpoint.values)
}

/** Skips what was asked for before a time, as a part of a change of its endpoint. @param before milliseconds since the epoch. */
export function skipStatement(
  db: D1Database,
  endpoint: ToBeChanged,
  before: number,
  now: number,
): D1PreparedStatement {
  return db
    .prepare(
      // By its key each of the endpoint's deliveries would be read, those of fourteen days.
      `UPDATE deliveries INDEXED BY deliveries_due SET state = 'skipped', due_at = NULL, finished_at = ?
       WHERE endpoint_id = (${endpoint.sql}) AND due_at IS NOT NULL AND created_at < ?`,
    )
    .bind(now, ...endpoint.values, before)
}
