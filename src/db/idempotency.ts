/**
 * @module Answers to POSTs that carried an `Idempotency-Key`, so that a request that is sent again is not done again. A key
 * is the caller's own, and good for a day.
 */

/** How long an answer is kept. */
export const IDEMPOTENCY_MS = 24 * 60 * 60 * 1000

/** What takes longer died: a Worker answers within seconds, or never. */
const ANSWERED_WITHIN_MS = 60_000

export type Begun =
  /** Nobody has asked this before: do it, then `finishIdempotent`. */
  | { kind: 'begun' }
  /** The key was used for another request. */
  | { kind: 'other-body' }
  /** A twin is being answered at this moment. */
  | { kind: 'in-progress' }
  /** A twin began and never came to an answer. Whether it was done nobody knows: it is not done again under this key. */
  | { kind: 'interrupted' }
  /** It was done; this was the answer, as `finishIdempotent` was given it. */
  | { kind: 'done'; status: number; answer: string }

type Row = { fingerprint: string; createdAt: number; status: number | null; answer: string | null }

/**
 * Asks to do a request: of twins at once one may. One round trip.
 * @param request `fingerprint`: of method, path and body.
 */
export async function beginIdempotent(
  db: D1Database,
  request: { caller: string; key: string; fingerprint: string; now: number },
): Promise<Begun> {
  const { caller, key, fingerprint, now } = request
  const [inserted, found] = await db.batch<Row>([
    db
      .prepare(
        `INSERT INTO idempotency_keys (caller, key, fingerprint, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint, created_at = excluded.created_at,
           status = NULL, answer = NULL
         WHERE idempotency_keys.created_at <= ?`,
      )
      .bind(caller, key, fingerprint, now, now - IDEMPOTENCY_MS),
    db
      .prepare(
        'SELECT fingerprint, created_at AS createdAt, status, answer FROM idempotency_keys WHERE caller = ? AND key = ?',
      )
      .bind(caller, key),
  ])
  const row = found?.results[0]
  // Without a row, which the statement before has written or found, there is nothing to stand in the way.
  if (inserted?.meta.changes || !row) return { kind: 'begun' }
  if (row.fingerprint !== fingerprint) return { kind: 'other-body' }
  if (row.status !== null) return { kind: 'done', status: row.status, answer: row.answer ?? '' }
  return { kind: now - row.createdAt > ANSWERED_WITHIN_MS ? 'interrupted' : 'in-progress' }
}

/** Keeps the answer to what was begun. @param done `answer`: encrypted. An answer that is kept is not replaced. */
export async function finishIdempotent(
  db: D1Database,
  done: { caller: string; key: string; status: number; answer: string },
): Promise<void> {
  await db
    .prepare(
      'UPDATE idempotency_keys SET status = ?, answer = ? WHERE caller = ? AND key = ? AND status IS NULL',
    )
    .bind(done.status, done.answer, done.caller, done.key)
    .run()
}

/** Forgets what was begun and certainly not done, so that it may be tried again under the same key. */
export async function forgetIdempotent(
  db: D1Database,
  { caller, key }: { caller: string; key: string },
): Promise<void> {
  await db
    .prepare('DELETE FROM idempotency_keys WHERE caller = ? AND key = ? AND status IS NULL')
    .bind(caller, key)
    .run()
}
