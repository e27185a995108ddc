/**
 * @module Comments of which a login's list does not say what became of them: each of their threads is read again. It is those that
 * the list no longer shows, and those that are held for review and stand below its newest page.
 */
import * as v from 'valibot'
import { privateComments } from '../db/known-comments.ts'
import { type KnownComment, knownComment, LOOKBACK_MS } from '../events/detect-comments.ts'
import { publicNow, videosOf } from './comment-publicity.ts'
import { type Reading, readThreadOf, type ThreadNews } from './comment-threads.ts'

/** So many threads are read in one poll. */
const MAX_THREADS = 10
/** Those that are held are looked at so often. */
const EVERY_MS = 3_600_000
/** So many comments at a time, among which those on private videos are, too. */
const MAX_PRIVATE = 200

/** When held comments were last looked at, and the date of the last of them. */
export const Held = v.optional(v.object({ at: v.number(), after: v.number() }), { at: 0, after: 0 })
type Held = v.InferOutput<typeof Held>

/**
 * Looks at comments that are held for review, as the list does not show it when they are approved: oldest first, and from the
 * beginning again after the last.
 * @param oldest the list shows what happens to all that are dated from then on.
 * @param commit is called for each thread.
 */
export async function lookAtHeld(
  reading: Reading,
  before: Held,
  oldest: number,
  commit: (news: ThreadNews) => Promise<void>,
): Promise<Held> {
  const { source, deps } = reading.run
  const now = deps.clock()
  if (now - before.at < EVERY_MS) return before
  const span = { after: Math.max(before.after, now - LOOKBACK_MS), before: oldest }
  const rows = await privateComments(deps.env.DB, source.id, span, MAX_PRIVATE)
  const held = rows.filter((row) => knownComment(row).heldForReview)
  const looked = held.slice(0, MAX_THREADS)
  await readThreadsAgain(reading, looked, (_looked, news) => commit(news))
  const isAll = rows.length < MAX_PRIVATE && looked.length === held.length
  const last = looked.length === held.length ? rows.at(-1) : looked.at(-1)
  return { at: now, after: isAll ? 0 : (last?.createdAt ?? 0) }
}

/**
 * Reads the threads of these comments: they say whether these were deleted, and whether everybody may see them.
 * @param commit is called for each thread, with how many of the comments are in it.
 */
export async function readThreadsAgain(
  reading: Reading,
  comments: readonly KnownComment[],
  commit: (looked: number, news: ThreadNews) => Promise<void>,
): Promise<void> {
  if (comments.length === 0) return
  const threads = [...Map.groupBy(comments, ({ threadId }) => threadId)].slice(0, MAX_THREADS)
  const uuids = threads.map(([, [comment]]) => comment?.videoUuid ?? '')
  const videos = await videosOf(
    reading.run,
    uuids.map((uuid) => ({ uuid, name: '' })),
  )
  // They say what was written meanwhile, too.
  const shown = await publicNow(reading.run, uuids)
  for (const [index, [threadId, own]] of threads.entries()) {
    const uuid = uuids[index] ?? ''
    const isShown = shown.get(uuid)
    if (isShown === undefined) continue
    const { reference, isPublic } = videos({ uuid, name: '' })
    const video = { reference, isPublic: isPublic && isShown }
    const news = await readThreadOf(reading, video, threadId)
    if (news === null) return
    if (news !== 'later') await commit(own.length, news)
  }
}
