/**
 * @module What a poll reads and writes. Every statement that a poll commits carries its guard, for a batch goes on when an
 * UPDATE changes nothing: the source must still be at the revision that this poll read.
 */
import type { SeenVideo } from '../events/detect.ts'
import type { EventType, NewEvent } from '../events/types.ts'
import type { Source } from './instances.ts'

/** A source that is due, and where it is. */
export type DueSource = {
  id: string
  instanceId: string
  origin: string
  host: string
  kind: Source['kind']
  revision: number
  /** JSON. */
  checkpoint: string
  etag: string | null
  digest: string | null
  failures: number
}

/** The instances that have a source due by then, each once. One statement, along the index of due times. */
export async function dueInstances(db: D1Database, dueBefore: number): Promise<string[]> {
  const { results } = await db
    // Without DISTINCT, for which SQLite would walk the other index, in the order of instances, to its end.
    .prepare('SELECT instance_id AS id FROM sources WHERE due_at <= ? ORDER BY due_at')
    .bind(dueBefore)
    .all<{ id: string }>()
  return [...new Set(results.map(({ id }) => id))]
}

/** The sources of an instance due by then. */
export async function dueSources(
  db: D1Database,
  instanceId: string,
  dueBefore: number,
): Promise<DueSource[]> {
  const { results } = await db
    .prepare(
      `SELECT s.id AS id, s.instance_id AS instanceId, i.origin AS origin, i.host AS host, s.kind AS kind,
              s.revision AS revision, s.checkpoint AS checkpoint, s.etag AS etag, s.digest AS digest,
              s.failures AS failures
       FROM sources s JOIN instances i ON i.id = s.instance_id
       WHERE s.instance_id = ? AND s.due_at <= ?`,
    )
    .bind(instanceId, dueBefore)
    .all<DueSource>()
  return results
}

/** Which of these videos of an instance are known. */
export async function knownVideos(
  db: D1Database,
  instanceId: string,
  uuids: readonly string[],
): Promise<Set<string>> {
  const { results } = await db
    // CROSS JOIN keeps the order as written: otherwise SQLite may walk all videos and look each up in the list.
    .prepare('SELECT uuid FROM json_each(?) j CROSS JOIN videos v ON v.instance_id = ? AND v.uuid = j.value')
    .bind(JSON.stringify(uuids), instanceId)
    .all<{ uuid: string }>()
  return new Set(results.map(({ uuid }) => uuid))
}

/** What a successful read of a source leaves behind. Times are milliseconds since the epoch. */
export type Progress = {
  checkpoint: string
  etag: string | null
  digest: string | null
  now: number
  dueAt: number
  remember: readonly SeenVideo[]
  events: readonly NewEvent[]
}

/** An event that a commit stored, with its sequence. */
type StoredEvent = { sequence: number; id: string; type: EventType; instance: string; subject: string }

export type Committed =
  | { kind: 'committed'; events: StoredEvent[]; endpoints: string[] }
  /** Somebody else moved the source on: nothing was written. */
  | { kind: 'superseded' }

/**
 * Stores all that a page taught in one transaction: the checkpoint, the videos, the events, and the deliveries that these
 * cause. Safe to repeat with the same `pollId`. One round trip, however many rows.
 *
 * @param pollId new for each commit.
 * @returns the events that were new, and the endpoints that may have something to deliver.
 */
export async function commitProgress(
  db: D1Database,
  source: DueSource,
  pollId: string,
  progress: Progress,
): Promise<Committed> {
  const { now } = progress
  const guard = `EXISTS (SELECT 1 FROM sources WHERE id = ? AND revision = ? AND poll_id = ?)`
  const guardValues = [source.id, source.revision + 1, pollId]
  const move = db
    .prepare(
      `UPDATE sources SET revision = revision + 1, poll_id = ?, checkpoint = ?, etag = ?, digest = ?, due_at = ?,
         polled_at = ?, succeeded_at = ?, failures = 0, last_error = NULL
       WHERE id = ? AND revision = ?`,
    )
    .bind(
      pollId,
      progress.checkpoint,
      progress.etag,
      progress.digest,
      progress.dueAt,
      now,
      now,
      source.id,
      source.revision,
    )
  const remember = db
    .prepare(
      `INSERT OR IGNORE INTO videos (instance_id, uuid, published_at, seen_at)
       SELECT ?, value ->> 'uuid', value ->> 'publishedAt', ? FROM json_each(?) WHERE ${guard}`,
    )
    .bind(source.instanceId, now, JSON.stringify(progress.remember), ...guardValues)
  const hasEvents = progress.events.length > 0
  const results = await db.batch<Record<string, unknown>>([
    move,
    ...(progress.remember.length > 0 ? [remember] : []),
    ...(hasEvents ? eventStatements(db, pollId, progress, guard, guardValues) : []),
  ])
  if (results[0]?.meta.changes === 0) return { kind: 'superseded' }
  if (!hasEvents) return { kind: 'committed', events: [], endpoints: [] }
  // The last two are the reads of `eventStatements`; their rows have the shapes of these SELECTs.
  const [stored, endpoints] = results.slice(-2).map(({ results: rows }) => rows)
  return {
    kind: 'committed',
    events: (stored ?? []) as StoredEvent[],
    endpoints: (endpoints ?? []).map(({ id }) => String(id)),
  }
}

/** D1 takes 2 MB in a parameter. */
const MAX_PARAMETER_BYTES = 1_000_000

/** A list as JSON arrays, in order, each of at most so many bytes unless one item alone is longer. */
function jsonParts(items: readonly unknown[], maxBytes: number): string[] {
  const encoder = new TextEncoder()
  const parts: string[][] = []
  let size = Number.POSITIVE_INFINITY
  for (const item of items) {
    const json = JSON.stringify(item)
    const bytes = encoder.encode(json).byteLength + 1
    if (size + bytes > maxBytes) {
      parts.push([])
      size = 1
    }
    size += bytes
    parts.at(-1)?.push(json)
  }
  return parts.map((part) => `[${part.join()}]`)
}

/** Statements that write events and deliveries; after them two that read which events are new, and who may want them. */
function eventStatements(
  db: D1Database,
  pollId: string,
  { events, now }: Progress,
  guard: string,
  guardValues: (string | number)[],
): D1PreparedStatement[] {
  const rows = events.map((event) => ({ ...event, data: JSON.stringify(event.data) }))
  const parts = jsonParts(rows, MAX_PARAMETER_BYTES)
  const ids = JSON.stringify(events.map(({ id }) => id))
  const types = JSON.stringify(['*', ...new Set(events.map(({ type }) => type))])
  return [
    ...parts.map((part) =>
      db
        .prepare(
          `INSERT OR IGNORE INTO events (id, type, instance, subject, seen_at, poll_id, data)
           SELECT value ->> 'id', value ->> 'type', value ->> 'instance', value ->> 'subject', value ->> 'seenAt', ?,
                  value ->> 'data'
           FROM json_each(?) WHERE ${guard} ORDER BY key`,
        )
        .bind(pollId, part, ...guardValues),
    ),
    // `poll_id`: an event that was there before this poll has had its deliveries.
    db
      .prepare(
        `INSERT OR IGNORE INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
         SELECT s.endpoint_id, e.sequence, s.owner_id, 'pending', ?, ?
         FROM json_each(?) j CROSS JOIN events e ON e.id = j.value AND e.poll_id = ?
           JOIN subscriptions s ON s.event_type IN ('*', e.type)
             AND (e.owner_id IS NULL OR e.owner_id = s.owner_id)
         WHERE ${guard}`,
      )
      .bind(now, now, ids, pollId, ...guardValues),
    db
      .prepare(
        `SELECT e.sequence AS sequence, e.id AS id, e.type AS type, e.instance AS instance, e.subject AS subject
         FROM json_each(?) j CROSS JOIN events e ON e.id = j.value AND e.poll_id = ? ORDER BY e.sequence`,
      )
      .bind(ids, pollId),
    db
      .prepare(
        `SELECT DISTINCT endpoint_id AS id FROM subscriptions
         WHERE event_type IN (SELECT value FROM json_each(?))`,
      )
      .bind(types),
  ]
}

/**
 * Records that a read failed, or has to wait. The checkpoint stays.
 * @param failure null when it is not the instance's fault (a spent budget): then the failures are not counted up.
 */
export async function commitSetback(
  db: D1Database,
  source: DueSource,
  setback: { now: number; dueAt: number; failure: string | null },
): Promise<void> {
  const { now, dueAt, failure } = setback
  await db
    .prepare(
      `UPDATE sources SET due_at = ?, polled_at = ?, failures = failures + ?, last_error = coalesce(?, last_error)
       WHERE id = ? AND revision = ?`,
    )
    .bind(dueAt, now, failure === null ? 0 : 1, failure, source.id, source.revision)
    .run()
}
