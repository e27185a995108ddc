/** @module What is owed to whom: reading what is due, recording attempts. Every statement works on a set. */
import type { LoggedEvent } from '../events/envelope.ts'

/**
 * `due_at` of a delivery that was not tried yet: no time but its place in the line. What happens now comes before what is sent
 * again, and each in the order of the events.
 */
export const LINE = { fresh: 0, replayed: 1 } as const

/** A delivery that is due, with all that is needed to make its next attempt. */
export type DueDelivery = {
  endpointId: string
  url: string
  /** Encrypted: see src/secrets.ts. */
  secret: string
  /** Attempts made so far. */
  attempts: number
  event: LoggedEvent
}

type DueRow = Omit<DueDelivery, 'event'> & LoggedEvent & { eventId: string }

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
  state: 'pending' | 'delivered' | 'failed'
  /** When the next attempt is due; null when there is none. */
  dueAt: number | null
  finishedAt: number | null
}

/**
 * The deliveries due at some endpoints, the longest due first, and at most so many of each: what one endpoint has piled up
 * is neither read nor in the way of another's. A paused one has none. One statement.
 *
 * @param perEndpoint how many of each endpoint.
 */
export async function dueDeliveries(
  db: D1Database,
  endpointIds: readonly string[],
  perEndpoint: number,
  now: number,
): Promise<DueDelivery[]> {
  const { results } = await db
    .prepare(
      `SELECT d.endpoint_id AS endpointId, p.url AS url, p.secret AS secret, d.attempts AS attempts,
              e.sequence AS sequence, e.id AS eventId, e.type AS type, e.instance AS instance, e.seen_at AS seenAt,
              e.data AS data
       FROM json_each(?1) j
         CROSS JOIN endpoints p ON p.id = j.value AND p.paused_at IS NULL
         CROSS JOIN deliveries d ON d.endpoint_id = p.id AND d.event_sequence IN (
           SELECT event_sequence FROM deliveries
           WHERE endpoint_id = p.id AND due_at IS NOT NULL AND due_at <= ?2
           ORDER BY due_at, event_sequence LIMIT ?3
         )
         JOIN events e ON e.sequence = d.event_sequence
       ORDER BY d.due_at, d.event_sequence`,
    )
    .bind(JSON.stringify(endpointIds), now, perEndpoint)
    .all<DueRow>()
  return results.map(({ endpointId, url, secret, attempts, eventId, ...event }) => ({
    endpointId,
    url,
    secret,
    attempts,
    event: { ...event, id: eventId },
  }))
}

/**
 * The endpoints that have something due by then, and when the first of it is. Steps from endpoint to endpoint along the
 * index, so that it reads a few rows an endpoint however much each has piled up.
 * @returns milliseconds since the epoch, by the endpoint's id.
 */
export async function dueEndpoints(db: D1Database, dueBefore: number): Promise<Map<string, number>> {
  const { results } = await db
    .prepare(
      `WITH RECURSIVE waiting (id) AS (
         SELECT min(endpoint_id) FROM deliveries WHERE due_at IS NOT NULL
         UNION ALL
         SELECT (SELECT min(endpoint_id) FROM deliveries WHERE due_at IS NOT NULL AND endpoint_id > waiting.id)
         FROM waiting WHERE waiting.id IS NOT NULL
       ), first (id, dueAt) AS MATERIALIZED (
         SELECT id, (SELECT min(due_at) FROM deliveries WHERE endpoint_id = waiting.id AND due_at IS NOT NULL)
         FROM waiting WHERE id IS NOT NULL
       )
       SELECT first.id AS id, dueAt FROM first JOIN endpoints p ON p.id = first.id
       WHERE dueAt <= ? AND p.paused_at IS NULL`,
    )
    .bind(dueBefore)
    .all<{ id: string; dueAt: number }>()
  return new Map(results.map(({ id, dueAt }) => [id, dueAt]))
}

/**
 * Records attempts and what became of their deliveries, in one transaction. An attempt counts only on the state that it
 * began from, so repeating this, or two senders, cannot count one twice.
 * @returns when each of their endpoints has its next delivery due: milliseconds since the epoch, by the endpoint's id.
 */
export async function recordAttempts(
  db: D1Database,
  recorded: readonly RecordedAttempt[],
): Promise<Map<string, number>> {
  const rows = JSON.stringify(recorded)
  const endpoints = JSON.stringify([...new Set(recorded.map(({ endpointId }) => endpointId))])
  const results = await db.batch([
    db
      .prepare(
        `INSERT OR IGNORE INTO attempts (endpoint_id, event_sequence, number, started_at, duration_ms, status, error)
         SELECT d.endpoint_id, d.event_sequence, value ->> 'number', value ->> 'startedAt', value ->> 'durationMs',
                value ->> 'status', value ->> 'error'
         FROM json_each(?) j
           CROSS JOIN deliveries d ON d.endpoint_id = value ->> 'endpointId' AND d.event_sequence = value ->> 'sequence'
         WHERE d.state = 'pending' AND d.attempts = (value ->> 'number') - 1`,
      )
      .bind(rows),
    db
      .prepare(
        `UPDATE deliveries SET state = value ->> 'state', attempts = value ->> 'number', due_at = value ->> 'dueAt',
           finished_at = value ->> 'finishedAt'
         FROM json_each(?) j
         WHERE endpoint_id = value ->> 'endpointId' AND event_sequence = value ->> 'sequence'
           AND deliveries.state = 'pending' AND deliveries.attempts = (value ->> 'number') - 1`,
      )
      .bind(rows),
    db
      .prepare(
        `SELECT p.id AS id,
                (SELECT min(due_at) FROM deliveries WHERE endpoint_id = p.id AND due_at IS NOT NULL) AS dueAt
         FROM json_each(?) j CROSS JOIN endpoints p ON p.id = j.value AND p.paused_at IS NULL`,
      )
      .bind(endpoints),
  ])
  // The rows of the last statement have the shape of its SELECT.
  const next = (results.at(-1)?.results ?? []) as { id: string; dueAt: number | null }[]
  return new Map(next.flatMap(({ id, dueAt }) => (dueAt === null ? [] : [[id, dueAt] as const])))
}

/** A delivery as its owner sees it, with its latest attempt. Times are milliseconds since the epoch. */
export type DeliveryState = {
  endpointId: string
  sequence: number
  eventId: string
  type: string
  state: 'pending' | 'delivered' | 'failed'
  attempts: number
  dueAt: number | null
  createdAt: number
  finishedAt: number | null
  lastAttemptAt: number | null
  lastStatus: number | null
  lastError: string | null
}

/**
 * A page of an endpoint's deliveries, the newest first.
 * @param before the last sequence of the page before.
 */
export async function listDeliveries(
  db: D1Database,
  endpointId: string,
  before: number,
  limit: number,
): Promise<DeliveryState[]> {
  const { results } = await db
    .prepare(
      `SELECT d.endpoint_id AS endpointId, d.event_sequence AS sequence, e.id AS eventId, e.type AS type, d.state AS state,
              d.attempts AS attempts, d.due_at AS dueAt, d.created_at AS createdAt, d.finished_at AS finishedAt,
              a.started_at AS lastAttemptAt, a.status AS lastStatus, a.error AS lastError
       FROM deliveries d
         JOIN events e ON e.sequence = d.event_sequence
         LEFT JOIN attempts a ON a.endpoint_id = d.endpoint_id AND a.event_sequence = d.event_sequence
           AND a.number = d.attempts
       WHERE d.endpoint_id = ? AND d.event_sequence < ?
       ORDER BY d.event_sequence DESC LIMIT ?`,
    )
    .bind(endpointId, before, limit)
    .all<DeliveryState>()
  return results
}
