/** @module The threads of one video, by the list of them: which are new, or have more replies than they had. */
import { knownThreads, rememberThreads } from '../db/known-comments.ts'
import type { GuardedWrite } from '../db/polls.ts'
import type { KnownThread } from '../events/detect-comments.ts'
import { PAGE_SIZE } from '../events/video-walk.ts'
import { type Root, readThreads } from '../peertube/comments.ts'
import { type Later, passing, type Reading } from './comment-threads.ts'
import { optionally } from './poll-outcome.ts'

/** Unknown threads with replies, which may be new: so many of a video are read for the first time. */
const MAX_UNKNOWN = 5
/** Of a video that is private, or gone. */
const HIDDEN: ReadonlySet<number> = new Set([401, 403, 404])
/** So many pages of threads of one video. */
const MAX_PAGES = 10

/**
 * Lists the threads of a video, newest first: to the first page that has one from before us, or, when it is watched closely,
 * to the end.
 * @param isFirst whether all that is there was there before us: then it is only remembered.
 * @returns null when there is no leave for the requests now; `later` when one fails, and may not another time.
 */
export async function threadsOfVideo(
  { run, get, baseline }: Reading,
  uuid: string,
  { isFirst = false, toTheEnd = false }: { isFirst?: boolean; toTheEnd?: boolean } = {},
): Promise<{ suspects: { threadId: number; replies: number }[]; writes: GuardedWrite[] } | Later | null> {
  const isNew = ({ comment }: Root) =>
    comment.id > baseline.newestId && Date.parse(comment.createdAt) > baseline.since
  const roots: Root[] = []
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const read = await optionally(() => readThreads(get, run.visit.origin, uuid, page * PAGE_SIZE))
    if (read === null) return null
    if (read.kind !== 'page') {
      const isHidden = read.kind === 'failed' && HIDDEN.has(read.observation?.status ?? 0)
      const later = read.kind === 'failed' && !isHidden ? passing(read) : null
      if (later) return { later }
      // Private by now, or deleted: that is told of the video.
      break
    }
    roots.push(...read.roots)
    if (read.listed < PAGE_SIZE || !(toTheEnd || read.roots.every(isNew))) break
  }
  const ids = roots.map(({ comment }) => comment.id)
  const known = await knownThreads(run.deps.env.DB, run.source.id, ids)
  const suspects: { threadId: number; replies: number }[] = []
  const rows: KnownThread[] = []
  let unknown = 0
  const done = new Set<number>()
  for (const root of roots) {
    const { comment, totalReplies } = root
    // A list may have shifted between two pages; and one of no thread's beginning is none.
    if (done.has(comment.id) || comment.threadId !== comment.id) continue
    done.add(comment.id)
    const thread = known.get(comment.id)
    const at = Math.min(Date.parse(comment.createdAt), run.deps.clock())
    // What a list says is no full reading: the comments of the thread are not known by it.
    const listed = {
      id: comment.id,
      videoUuid: uuid,
      readAt: thread?.readAt ?? 0,
      activeAt: thread?.activeAt ?? at,
      newestId: thread?.newestId ?? 0,
      replies: totalReplies,
    }
    if (isFirst) rows.push(listed)
    else if (thread) {
      if (thread.replies === totalReplies) continue
      // It was read, but never counted: that it has so many now is no news.
      if (thread.replies < 0 && thread.readAt > 0 && totalReplies === 0) rows.push(listed)
      else suspects.push({ threadId: comment.id, replies: totalReplies })
    } else if (isNew(root)) {
      suspects.push({ threadId: comment.id, replies: totalReplies })
    } else if (totalReplies > 0 && unknown < MAX_UNKNOWN) {
      unknown += 1
      suspects.push({ threadId: comment.id, replies: totalReplies })
    } else rows.push(listed)
  }
  return { suspects, writes: rows.length > 0 ? [rememberThreads(run.source.id, rows)] : [] }
}
