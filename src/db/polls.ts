/**
 * @module What a poll reads and writes. Every statement that a poll commits carries its guard, for a batch goes on when an
 * UPDATE changes nothing: the source must still be at the revision that this poll read.
 */
import type { NewEvent } from '../events/types.ts'
import type { Guard } from './commit.ts'
import { eventStatements, type StoredEvent } from './fan-out.ts'
import type { Instance, Source } from './instances.ts'

/** A source that is due, where it is, and what is known of its instance. */
export type DueSource = Pick<
  Source,
  | 'id'
  | 'instanceId'
  | 'kind'
  | 'target'
  | 'connectionId'
  | 'ownerId'
  | 'dueAt'
  | 'maxDelayMs'
  | 'rate'
  | 'method'
  | 'revision'
  | 'checkpoint'
  | 'etag'
  | 'digest'
  | 'polledAt'
  | 'succeededAt'
  | 'failures'
  | 'errorKind'
> & {
  instance: Pick<
    Instance,
    'origin' | 'host' | 'name' | 'version' | 'failures' | 'failingSince' | 'unreachableAt' | 'movedFrom'
  >
}

/** When sources are due until then: the instance of each, and the time. One statement, along the index of due times. */
export async function dueTimes(
  db: D1Database,
  dueBefore: number,
): Promise<{ instanceId: string; dueAt: number }[]> {
  const { results } = await db
    // Without DISTINCT, for which SQLite would walk the other index, in the order of instances, to its end.
    .prepare(
      'SELECT instance_id AS instanceId, due_at AS dueAt FROM sources WHERE due_at <= ? ORDER BY due_at',
    )
    .bind(dueBefore)
    .all<{ instanceId: string; dueAt: number }>()
  return results
}

/** The sources of an instance due by then: those of videos first, for comments are on videos. */
export async function dueSources(
  db: D1Database,
  instanceId: string,
  dueBefore: number,
): Promise<DueSource[]> {
  const { results } = await db
    .prepare(
      `SELECT s.id AS id, s.instance_id AS instanceId, s.kind AS kind, s.target AS target,
              s.connection_id AS connectionId, s.owner_id AS ownerId, s.due_at AS dueAt, s.max_delay_ms AS maxDelayMs,
              s.rate AS rate, s.method AS method, s.revision AS revision, s.checkpoint AS checkpoint, s.etag AS etag,
              s.digest AS digest, s.polled_at AS polledAt, s.succeeded_at AS succeededAt, s.failures AS failures, s.error_kind AS errorKind,
              i.origin AS origin, i.host AS host, i.name AS name, i.version AS version,
              i.failures AS instanceFailures, i.failing_since AS failingSince, i.unreachable_at AS unreachableAt,
              i.moved_from AS movedFrom
       FROM sources s JOIN instances i ON i.id = s.instance_id
       WHERE s.instance_id = ? AND s.due_at <= ?
       ORDER BY s.kind DESC, s.due_at`,
    )
    .bind(instanceId, dueBefore)
    .all<Omit<DueSource, 'instance'> & DueSource['instance'] & { instanceFailures: number }>()
  return results.map((row) => {
    const {
      origin,
      host,
      name,
      version,
      instanceFailures,
      failingSince,
      unreachableAt,
      movedFrom,
      ...source
    } = row
    return {
      ...source,
      instance: {
        origin,
        host,
        name,
        version,
        failures: instanceFailures,
        failingSince,
        unreachableAt,
        movedFrom,
      },
    }
  })
}

/** Statements of a commit besides its own, each of which must carry the guard. */
export type GuardedWrite = (db: D1Database, guard: Guard) => D1PreparedStatement[]

/** What a successful read of a source leaves behind. Times are milliseconds since the epoch. */
export type Progress = {
  checkpoint: string
  etag: string | null
  digest: string | null
  now: number
  dueAt: number
  dueReason: string
  rate: number
  method?: string | null
  events: readonly NewEvent[]
  writes: readonly GuardedWrite[]
}

export type Committed =
  | { kind: 'committed'; events: StoredEvent[]; endpoints: string[] }
  /** Somebody else moved the source on: nothing was written. */
  | { kind: 'superseded' }

/**
 * Stores all that a read taught in one transaction: the checkpoint, what is known now, the events, and the deliveries that
 * these cause. Safe to repeat with the same `pollId`. One round trip, however many rows.
 *
 * @param pollId new for each commit.
 * @returns the events that were new, and the endpoints that have something to deliver.
 */
export async function commitProgress(
  db: D1Database,
  source: DueSource,
  pollId: string,
  progress: Progress,
): Promise<Committed> {
  const { now } = progress
  const move = db
    .prepare(
      `UPDATE sources SET revision = revision + 1, poll_id = ?, checkpoint = ?, etag = ?, digest = ?, due_at = ?,
         due_reason = ?, rate = ?, method = ?, polled_at = ?, succeeded_at = ?, failures = 0, error_kind = NULL,
         last_error = NULL
       WHERE id = ? AND revision = ?`,
    )
    .bind(
      pollId,
      progress.checkpoint,
      progress.etag,
      progress.digest,
      progress.dueAt,
      progress.dueReason,
      progress.rate,
      progress.method === undefined ? source.method : progress.method,
      now,
      now,
      source.id,
      source.revision,
    )
  return commit(db, source, pollId, move, progress)
}

/** Why a source is not read on now, and what that means for its instance. Times are milliseconds since the epoch. */
export type Setback = {
  now: number
  dueAt: number
  dueReason: string
  /** Null when it is not the instance's fault (a spent budget): then the failures are not counted up. */
  failure: { kind: string; detail: string } | null
  events: readonly NewEvent[]
  writes: readonly GuardedWrite[]
}

/** Records that a read failed, or has to wait. The checkpoint stays. */
export async function commitSetback(
  db: D1Database,
  source: DueSource,
  pollId: string,
  setback: Setback,
): Promise<Committed> {
  const { now, dueAt, dueReason, failure } = setback
  const move = db
    .prepare(
      `UPDATE sources SET revision = revision + 1, poll_id = ?, due_at = ?, due_reason = ?, polled_at = ?,
         failures = failures + ?, error_kind = coalesce(?, error_kind), last_error = coalesce(?, last_error)
       WHERE id = ? AND revision = ?`,
    )
    .bind(
      pollId,
      dueAt,
      dueReason,
      now,
      failure === null ? 0 : 1,
      failure?.kind ?? null,
      failure?.detail ?? null,
      source.id,
      source.revision,
    )
  return commit(db, source, pollId, move, setback)
}

/** @param move of the source, from the revision that was read to the next. */
async function commit(
  db: D1Database,
  source: DueSource,
  pollId: string,
  move: D1PreparedStatement,
  { now, events, writes }: Pick<Progress, 'now' | 'events' | 'writes'>,
): Promise<Committed> {
  const guard: Guard = {
    sql: 'EXISTS (SELECT 1 FROM sources WHERE id = ? AND revision = ? AND poll_id = ?)',
    values: [source.id, source.revision + 1, pollId],
  }
  const { statements, outcomeOf } = eventStatements(db, { pollId, events, now, guard })
  const others = [move, ...writes.flatMap((write) => write(db, guard))]
  const results = await db.batch<Record<string, unknown>>([...others, ...statements])
  if (results[0]?.meta.changes === 0) return { kind: 'superseded' }
  return { kind: 'committed', ...outcomeOf(results.slice(others.length)) }
}
