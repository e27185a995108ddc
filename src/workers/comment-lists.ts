/** @module The threads of one video, by the list of them: which are new, or have more replies than they had. */
import { knownThreadsOf, rememberThreads } from '../db/known-comments.ts'
import type { GuardedWrite } from '../db/polls.ts'
import type { KnownThread } from '../events/detect-comments.ts'
import { readThreads } from '../peertube/comments.ts'
import type { Reading } from './comment-threads.ts'
import { Interruption, optionally } from './poll-outcome.ts'
import { failedStop } from './visit.ts'

/** Unknown threads with replies, which may be new: so many of a video are read for the first time. */
const MAX_UNKNOWN = 5

/**
 * Lists the newest hundred threads of a video.
 * @param isFirst whether all that is there was there before us: then it is only remembered.
 * @returns null when there is no leave for the request now.
 */
export async function threadsOfVideo(
  { run, get, baseline }: Reading,
  uuid: string,
  isFirst = false,
): Promise<{ suspects: { threadId: number; replies: number }[]; writes: GuardedWrite[] } | null> {
  const read = await optionally(() => readThreads(get, run.visit.origin, uuid, 0))
  if (read === null) return null
  if (read.kind !== 'page') {
    const stop = read.kind === 'failed' ? failedStop(read) : null
    if (stop?.kind === 'failed' && stop.isInstanceWide) throw new Interruption(stop)
    // Private by now, or deleted: that is told of the video.
    return { suspects: [], writes: [] }
  }
  const known = await knownThreadsOf(run.deps.env.DB, run.source.id, uuid)
  const suspects: { threadId: number; replies: number }[] = []
  const rows: KnownThread[] = []
  let unknown = 0
  for (const { comment, totalReplies } of read.roots) {
    const thread = known.get(comment.id)
    const at = Date.parse(comment.createdAt)
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
    } else if (comment.id > baseline.newestId && at > baseline.since) {
      suspects.push({ threadId: comment.id, replies: totalReplies })
    } else if (totalReplies > 0 && unknown < MAX_UNKNOWN) {
      unknown += 1
      suspects.push({ threadId: comment.id, replies: totalReplies })
    } else rows.push(listed)
  }
  return { suspects, writes: rows.length > 0 ? [rememberThreads(run.source.id, rows)] : [] }
}
