/**
 * @module Replays: deliveries that are asked for again, page by page. A page's deliveries and how far the replay is are written in
 * one batch, each statement of which asks whether the replay is still where the page began: doubled messages, two runs at once or a
 * run that died ask for nothing twice, and leave nothing out.
 */
import { type AuditEntry, auditStatement } from './audit.ts'
import { columnsOf, withPrefix } from './columns.ts'
import { LINE } from './deliveries.ts'
import { keepAttempts } from './delivery-log.ts'
import type { Endpoint, ToBeChanged } from './endpoints.ts'
import { type ListPage, type ListQuery, readList } from './list.ts'
import { endpoints, replays } from './schema.ts'

export type Replay = typeof replays.$inferSelect

/** What is told of a replay when it is made. */
export type NewReplay = Pick<
  Replay,
  | 'id'
  | 'ownerId'
  | 'endpointId'
  | 'kind'
  | 'afterSequence'
  | 'lastSequence'
  | 'since'
  | 'filter'
  | 'createdAt'
>

/** How many replays of an endpoint are remembered. */
const REMEMBERED = 100

/**
 * Stores a replay, unless its endpoint has one that is running, and forgets those before its last hundred.
 * @returns it, at its beginning; of nothing it is done at once. Null: nothing was stored.
 */
export async function insertReplay(
  db: D1Database,
  replay: NewReplay,
  audit: AuditEntry,
): Promise<Replay | null> {
  const { id, ownerId, endpointId, kind, afterSequence, lastSequence, since, filter, createdAt } = replay
  const state = lastSequence > afterSequence ? 'running' : 'done'
  const finishedAt = state === 'done' ? createdAt : null
  const [made] = await db.batch([
    db
      .prepare(
        `INSERT INTO replays (id, owner_id, endpoint_id, kind, state, after_sequence, last_sequence, position, since, filter,
           created_at, updated_at, finished_at)
         SELECT ?1, p.owner_id, p.id, ?4, ?5, ?6, ?7, ?6, ?8, ?9, ?10, ?10, ?11
         FROM endpoints p WHERE p.id = ?3 AND p.owner_id = ?2
           AND NOT EXISTS (SELECT 1 FROM replays r WHERE r.endpoint_id = p.id AND r.state = 'running')`,
      )
      .bind(
        id,
        ownerId,
        endpointId,
        kind,
        state,
        afterSequence,
        lastSequence,
        since,
        filter,
        createdAt,
        finishedAt,
      ),
    auditStatement(db, audit),
    db
      .prepare(
        `DELETE FROM replays WHERE state <> 'running' AND id IN (
           SELECT id FROM replays WHERE endpoint_id = ? ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ${REMEMBERED})`,
      )
      .bind(endpointId),
  ])
  if (!made?.meta.changes) return null
  return {
    ...replay,
    state,
    finishedAt,
    position: afterSequence,
    asked: 0,
    updatedAt: createdAt,
    revision: 0,
  }
}

/** What an endpoint's deliveries that failed come to, of those that were asked for then or later. */
export type FailedSpan = { first: number; last: number; count: number }

/**
 * The first and the last sequence of an endpoint's deliveries that failed, and how many of them there are.
 * @param since milliseconds since the epoch.
 * @param most how many are counted: one more is as many as any number. Along the partial index, two rows each.
 */
export async function failedSpan(
  db: D1Database,
  endpointId: string,
  since: number,
  most: number,
): Promise<FailedSpan | null> {
  const found = await db
    .prepare(
      `SELECT min(sequence) AS first, max(sequence) AS last, count(*) AS count FROM (
         SELECT event_sequence AS sequence FROM deliveries INDEXED BY deliveries_failed
         WHERE endpoint_id = ? AND state = 'failed' AND created_at >= ? ORDER BY event_sequence LIMIT ?)`,
    )
    .bind(endpointId, since, most + 1)
    .first<{ first: number | null; last: number | null; count: number }>()
  if (!found || found.first === null || found.last === null) return null
  return { first: found.first, last: found.last, count: found.count }
}

/** One replay of an endpoint, or null. */
export async function findReplay(db: D1Database, endpointId: string, id: string): Promise<Replay | null> {
  return db
    .prepare(`SELECT ${columnsOf(replays)} FROM replays WHERE id = ? AND endpoint_id = ?`)
    .bind(id, endpointId)
    .first<Replay>()
}

/** What became of the deliveries that a replay asked for, and that no other one did since. */
export type ReplayCounts = Record<'pending' | 'delivered' | 'failed' | 'skipped', number>

/** Counts them along the index of replays: a row each. */
export async function replayCounts(db: D1Database, id: string): Promise<ReplayCounts> {
  const { results } = await db
    .prepare(
      `SELECT state, count(*) AS count FROM deliveries INDEXED BY deliveries_replay
       WHERE replay_id = ? GROUP BY state`,
    )
    .bind(id)
    .all<{ state: keyof ReplayCounts; count: number }>()
  const counts = { pending: 0, delivered: 0, failed: 0, skipped: 0 }
  for (const { state, count } of results) counts[state] = count
  return counts
}

/** What replays can be sorted by. */
export const REPLAY_SORTS = ['-createdAt', 'createdAt'] as const

/** A page of an endpoint's replays. */
export async function listReplays(
  db: D1Database,
  endpointId: string,
  query: ListQuery,
): Promise<ListPage<Replay>> {
  return readList<Replay>(
    db,
    {
      table: 'replays',
      list: null,
      columns: columnsOf(replays),
      sorts: { createdAt: 'created_at' },
      searched: ['kind'],
      where: { sql: 'endpoint_id = ?', values: [endpointId] },
    },
    query,
  )
}

/** Replays that run and have not moved on since then: who should see to them has died, or waits. */
export async function restingReplays(
  db: D1Database,
  since: number,
): Promise<Pick<Replay, 'id' | 'revision'>[]> {
  const { results } = await db
    .prepare(
      `SELECT id, revision FROM replays INDEXED BY replays_running WHERE state = 'running' AND updated_at <= ?`,
    )
    .bind(since)
    .all<Pick<Replay, 'id' | 'revision'>>()
  return results
}

/** A replay with what its next page depends on. */
export type ReplayAtWork = {
  replay: Replay
  endpoint: Pick<Endpoint, 'id' | 'pausedAt' | 'disabledAt' | 'verifiedAt'>
  /** How many of its deliveries are pending; `most` are as many as any number. */
  pending: number
  /** JSON of the filters of which an event must fit one. */
  filters: string[]
}

/**
 * Reads a replay that is running. One round trip.
 * @param most how many pending deliveries are counted.
 * @returns null when it is over, or gone.
 */
export async function readReplay(db: D1Database, id: string, most: number): Promise<ReplayAtWork | null> {
  const [found, pending, filters] = await db.batch<Record<string, unknown>>([
    db
      .prepare(
        `SELECT ${columnsOf(replays, 'r', 'replay.')}, ${columnsOf(endpoints, 'p', 'endpoint.')}
         FROM replays r CROSS JOIN endpoints p ON p.id = r.endpoint_id WHERE r.id = ? AND r.state = 'running'`,
      )
      .bind(id),
    db
      .prepare(
        `SELECT count(*) AS count FROM (
           SELECT 1 FROM deliveries INDEXED BY deliveries_replay WHERE replay_id = ? AND state = 'pending' LIMIT ?)`,
      )
      .bind(id, most),
    db
      .prepare(
        `SELECT s.filter AS filter FROM replays r CROSS JOIN subscriptions s ON s.endpoint_id = r.endpoint_id
         WHERE r.id = ? AND r.state = 'running' AND r.kind = 'events' AND r.filter IS NULL`,
      )
      .bind(id),
  ])
  const row = found?.results[0]
  if (!row) return null
  // The columns of both tables are in the row.
  const replay = withPrefix(row, 'replay.') as Replay
  return {
    replay,
    endpoint: withPrefix(row, 'endpoint.') as Endpoint,
    pending: Number(pending?.results[0]?.['count'] ?? 0),
    filters:
      replay.filter === null ? (filters?.results ?? []).map((one) => String(one['filter'])) : [replay.filter],
  }
}

/** The next of an endpoint's deliveries that failed, in the order of their sequences. */
export async function nextFailed(
  db: D1Database,
  { endpointId, position, lastSequence }: Pick<Replay, 'endpointId' | 'position' | 'lastSequence'>,
  limit: number,
): Promise<{ sequence: number; createdAt: number }[]> {
  const { results } = await db
    .prepare(
      `SELECT event_sequence AS sequence, created_at AS createdAt FROM deliveries INDEXED BY deliveries_failed
       WHERE endpoint_id = ? AND state = 'failed' AND event_sequence > ? AND event_sequence <= ?
       ORDER BY event_sequence LIMIT ?`,
    )
    .bind(endpointId, position, lastSequence, limit)
    .all<{ sequence: number; createdAt: number }>()
  return results
}

/** A page of a replay: what is asked for, and how far that leads. */
export type ReplayPage = {
  wanted: readonly { sequence: number; orderKey: string | null }[]
  position: number
}

/** That the replay is where the page began. Parameters ?1 (its id) and ?2 (its revision). */
const IS_THERE = "r.id = ?1 AND r.revision = ?2 AND r.state = 'running'"

/** Asked for again: as new, but for how often it was tried. What is pending is left as it is. */
const AGAIN = `state = 'pending', due_at = ${LINE.replayed}, finished_at = NULL, attempts_before = attempts, created_at = ?4`

/**
 * Asks for a page of a replay's deliveries, and moves the replay on, in one transaction. Safe to repeat: see above.
 * @returns how many were asked for, and whether that was the last page; null: the replay was no longer there.
 */
export async function askAgain(
  db: D1Database,
  { id, revision, kind, lastSequence }: Pick<Replay, 'id' | 'revision' | 'kind' | 'lastSequence'>,
  { wanted, position }: ReplayPage,
  now: number,
): Promise<{ asked: number; isDone: boolean } | null> {
  const isDone = position >= lastSequence
  const json = JSON.stringify(wanted)
  const asks =
    kind === 'failed'
      ? [
          db
            .prepare(
              // The plus: each is found by its key, and not among all that failed.
              `UPDATE deliveries SET ${AGAIN}, replay_id = ?1
               WHERE +state = 'failed' AND endpoint_id = (SELECT r.endpoint_id FROM replays r WHERE ${IS_THERE})
                 AND event_sequence IN (SELECT value ->> 'sequence' FROM json_each(?3))`,
            )
            .bind(id, revision, json, now),
        ]
      : [
          db
            .prepare(
              keepAttempts(
                `FROM replays r CROSS JOIN json_each(?3) j
                   CROSS JOIN deliveries d ON d.endpoint_id = r.endpoint_id AND d.event_sequence = j.value ->> 'sequence'
                 WHERE ${IS_THERE}`,
              ),
            )
            .bind(id, revision, json),
          db
            .prepare(
              `INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at, order_key, replay_id)
               SELECT p.id, value ->> 'sequence', p.owner_id, 'pending', ${LINE.replayed}, ?4,
                 iif(p.ordering = 'subject', value ->> 'orderKey', NULL), r.id
               FROM replays r CROSS JOIN endpoints p ON p.id = r.endpoint_id CROSS JOIN json_each(?3) WHERE ${IS_THERE}
               ON CONFLICT (endpoint_id, event_sequence) DO UPDATE SET ${AGAIN}, order_key = excluded.order_key,
                 replay_id = excluded.replay_id
               WHERE deliveries.state <> 'pending'`,
            )
            .bind(id, revision, json, now),
        ]
  const results = await db.batch<{ asked: number }>([
    ...asks,
    db
      .prepare(
        // What the statement before has changed is what was asked for.
        `UPDATE replays AS r SET position = ?3, asked = asked + changes(), state = iif(?4, 'done', 'running'),
           finished_at = iif(?4, ?5, NULL), updated_at = ?5, revision = revision + 1
         WHERE ${IS_THERE}`,
      )
      .bind(id, revision, position, Number(isDone), now),
  ])
  if (!results.at(-1)?.meta.changes) return null
  return { asked: results.at(-2)?.meta.changes ?? 0, isDone }
}

/**
 * Cancels a replay: nothing more is asked for. What it asked for and was not tried since is not sent: it is again what it was
 * before (failed, delivered), and `skipped` when it was never tried. One that had asked for all is cancelled as long as
 * something of it waits.
 * @returns whether there was anything to cancel.
 */
export async function cancelReplay(
  db: D1Database,
  endpointId: string,
  id: string,
  now: number,
  audit: AuditEntry,
): Promise<boolean> {
  const [, cancelled] = await db.batch([
    db
      .prepare(
        `UPDATE deliveries SET due_at = NULL, finished_at = ?3,
           state = CASE WHEN error IS NOT NULL THEN 'failed' WHEN attempts > 0 THEN 'delivered' ELSE 'skipped' END
         WHERE replay_id = (SELECT id FROM replays WHERE id = ?1 AND endpoint_id = ?2) AND state = 'pending'
           AND attempts = attempts_before`,
      )
      .bind(id, endpointId, now),
    db
      .prepare(
        `UPDATE replays SET state = 'cancelled', finished_at = ?3, updated_at = ?3, revision = revision + 1
         WHERE id = ?1 AND endpoint_id = ?2 AND (state = 'running' OR changes() > 0)`,
      )
      .bind(id, endpointId, now),
    auditStatement(db, audit),
  ])
  return (cancelled?.meta.changes ?? 0) > 0
}

/**
 * Cancels replays that were asked for before a time, as a part of a change of their endpoint. What of it waits is skipped with the
 * rest. @param before milliseconds since the epoch.
 */
export function cancelReplaysStatement(
  db: D1Database,
  endpoint: ToBeChanged,
  before: number,
  now: number,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE replays SET state = 'cancelled', finished_at = ?, updated_at = ?, revision = revision + 1
       WHERE endpoint_id = (${endpoint.sql}) AND state = 'running' AND created_at < ?`,
    )
    .bind(now, now, ...endpoint.values, before)
}
