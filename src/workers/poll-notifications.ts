/** @module Reads the notifications of a connection, newest first, to the last known one. */
import * as v from 'valibot'
import { knownNotifications, rememberNotifications } from '../db/known-notifications.ts'
import { detectNotifications } from '../events/detect-notifications.ts'
import { walkFrom, walkOn } from '../events/list-walk.ts'
import { readNotifications } from '../peertube/notifications.ts'
import { asConnection, type Reader } from './as-connection.ts'
import { damaged, readCheckpoint } from './checkpoint.ts'
import { Interruption } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'
import { failedStop } from './visit.ts'

const NAMED_SKIPS = 5

export const Checkpoint = v.object({
  /** The highest number of which all below are known; null: never read. */
  newestId: v.optional(v.nullable(v.number()), null),
  /** The walk that is under way. */
  walk: v.optional(v.nullable(v.object({ start: v.number(), highest: v.number() })), null),
})
type Checkpoint = v.InferOutput<typeof Checkpoint>

/** Idle it is one request that is answered 304, and one commit. */
export async function pollNotifications(run: PollRun): Promise<void> {
  await asConnection(run, (reader) => readPages(run, reader))
}

async function readPages(run: PollRun, { get, connection }: Reader): Promise<void> {
  const { deps, source, visit } = run
  const begun = readCheckpoint(source, Checkpoint)
  // A source of notifications is always somebody's.
  if (source.ownerId === null) throw new Interruption(damaged(source))
  const { id, username } = connection
  const { newestId } = begun
  let walk = begun.walk ?? walkFrom(newestId)
  for (;;) {
    const { start } = walk
    // The token is in `get`.
    const page = await readNotifications(
      get,
      visit.origin,
      { start, token: '' },
      start === 0 ? source.etag : null,
    )
    if (page.kind === 'failed') throw new Interruption(failedStop(page))
    if (page.kind === 'not-modified') return run.commit({ next: 'paced' })
    for (const detail of page.skipped.slice(0, NAMED_SKIPS))
      deps.log({ log: 'skipped', instance: source.instance.host, detail })

    const ids = page.notifications.map(({ notification }) => notification.id)
    const known = await knownNotifications(deps.env.DB, id, ids)
    const { events, rows } = detectNotifications(
      {
        instance: source.instance.host,
        ownerId: source.ownerId,
        connection: { id, username },
        now: deps.clock(),
      },
      page.notifications,
      newestId,
      known,
    )
    const { isDone, ...next } = walkOn(walk, { ids, listed: page.listed }, newestId)
    const checkpoint: Checkpoint = isDone ? { newestId: next.highest, walk: null } : { newestId, walk: next }
    await run.commit({
      next: isDone ? 'paced' : 'now',
      checkpoint: JSON.stringify(checkpoint),
      etag: isDone && start === 0 ? page.etag : null,
      events,
      writes: rows.length > 0 ? [rememberNotifications(id, rows)] : [],
    })
    if (isDone) return
    walk = next
  }
}
