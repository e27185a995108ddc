/** @module Reads the notifications of a connection, newest first, to the last known one. */
import * as v from 'valibot'
import { knownNotifications, rememberNotifications } from '../db/known-notifications.ts'
import { detectNotifications } from '../events/detect-notifications.ts'
import { PAGE_SIZE } from '../events/video-walk.ts'
import { readNotifications } from '../peertube/notifications.ts'
import { asConnection, type Reader } from './as-connection.ts'
import { Interruption } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'
import { failedStop } from './visit.ts'

const NAMED_SKIPS = 5
/** Of those that came at once: more than a thousand between two polls are no notifications any more. */
const MAX_PAGES = 10

/** `newestId`: the highest number of which all below are known; null: never read. */
const Checkpoint = v.object({ newestId: v.optional(v.nullable(v.number()), null) })

/** Idle it is one request that is answered 304, and one commit. */
export async function pollNotifications(run: PollRun): Promise<void> {
  await asConnection(run, (reader) => readPages(run, reader))
}

async function readPages(run: PollRun, { get, connection }: Reader): Promise<void> {
  const { deps, source, visit } = run
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Checkpoint), source.checkpoint)
  // A source of notifications is always somebody's.
  if (!parsed.success || source.ownerId === null) {
    const detail = `the checkpoint of ${source.id} is damaged`
    throw new Interruption({ kind: 'failed', reason: 'checkpoint', detail, isInstanceWide: false })
  }
  const { id, username } = connection
  const { newestId } = parsed.output
  let highest = newestId ?? 0
  for (let start = 0; ; start += PAGE_SIZE) {
    const etag = start === 0 ? source.etag : null
    // The token is in `get`.
    const page = await readNotifications(get, visit.origin, { start, token: '' }, etag)
    if (page.kind === 'failed') throw new Interruption(failedStop(page))
    if (page.kind === 'not-modified') return run.commit({ next: 'paced' })
    for (const detail of page.skipped.slice(0, NAMED_SKIPS))
      deps.log({ log: 'skipped', instance: source.instance.host, detail })

    const ids = page.notifications.map(({ notification }) => notification.id)
    highest = Math.max(highest, ...ids)
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
    const isLast =
      newestId === null ||
      page.listed < PAGE_SIZE ||
      start >= (MAX_PAGES - 1) * PAGE_SIZE ||
      ids.some((one) => one <= newestId)
    await run.commit({
      next: isLast ? 'paced' : 'now',
      // A poll that dies before the last page begins anew: what it has told already it does not tell again.
      checkpoint: JSON.stringify({ newestId: isLast ? highest : newestId }),
      etag: isLast && start === 0 ? page.etag : null,
      events,
      writes: rows.length > 0 ? [rememberNotifications(id, rows)] : [],
    })
    if (isLast) return
  }
}
