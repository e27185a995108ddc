/**
 * @module What can't be known by design, and why: the only place where the oracle looks away. Besides these it is only the net
 * effect of what happens between two looks that can be told, and what was over before the first look is nothing to us.
 */
import { type CommentHistory, type History, isListed, type Moment, type VideoState } from './history.ts'

/**
 * Whether everybody could see a video all the time since then. Comments on one that was unlisted or private meanwhile are not
 * public then, and what happened to them there is not looked for afterwards: nothing says that it did.
 */
export function isInSight(video: readonly Moment<VideoState>[], since: number): boolean {
  const from = video.findLastIndex(({ at }) => at <= since)
  return video.slice(Math.max(0, from)).every(isListed)
}

/**
 * Whether a comment was there for everybody when we began. Of such a one a deletion or an edit is told when its thread was
 * read since, for some other reason: reading all threads of an instance at first would be thousands of requests.
 */
export function isFromBefore(
  { videos }: History,
  { video, moments }: CommentHistory,
  since: number,
): boolean {
  const then = videos.get(video)?.findLast(({ at }) => at <= since)
  return (moments[0]?.at ?? 0) <= since && then !== undefined && isListed(then)
}

/** Whether all that happens to a comment is to be told. */
export function isToldWholly(history: History, id: number, since: number): boolean {
  const comment = history.comments.get(id)
  if (!comment) return true
  const from = comment.moments[0]?.at ?? 0
  return from > since && isInSight(history.videos.get(comment.video) ?? [], from)
}

/** As many comments as a page of a moderator's list shows. */
const PAGE_SIZE = 100
const SOON_MS = 15 * 60_000

/**
 * Whether a comment stood below the newest page of a moderator's list when it was last edited, or by the time when that was to be
 * read. Only that page is read as long as the list counts no more and no fewer.
 */
export function isBelowFirstPage(history: History, { moments }: CommentHistory): boolean {
  const { comments } = history
  const createdAt = moments[0]?.at ?? 0
  const changedAt = moments.at(-1)?.at ?? 0
  const until = readBy(history, changedAt, SOON_MS)
  const newer = [...comments.values()].filter(({ moments: other }) => {
    const first = other[0]?.at ?? 0
    const then = other.findLast(({ at }) => at <= changedAt)
    return first > createdAt && first <= until && !then?.isDeleted
  })
  return newer.length >= PAGE_SIZE - 1
}

/** As many comments as the feed shows, and as many of the newest videos are asked when it shows nothing else than news. */
const FEED_SIZE = 20
const NEWEST_VIDEOS = 100
/** The counters may be ten minutes old, and the feed a quarter of an hour. */
const READ_AFTER_MS = 30 * 60_000

/**
 * Whether a comment of which only the feed tells had left it before it could be read, on a video that is not among the newest.
 * Before 7.0 nothing else says where it is: asking each video would be thousands of requests.
 */
export function hasLeftFeed(history: History, { video, moments }: CommentHistory): boolean {
  const { comments, videos } = history
  const writtenAt = moments[0]?.at ?? 0
  const until = readBy(history, writtenAt)
  const newer = [...comments.values()].filter((other) => {
    const at = other.moments[0]?.at ?? 0
    return at > writtenAt && at <= until
  })
  const shownThen = (uuid: string) => videos.get(uuid)?.findLast(({ at }) => at <= until)
  const publishedAt = shownThen(video)?.publishedAt ?? ''
  const newerVideos = [...videos.keys()].filter((uuid) => {
    const state = shownThen(uuid)
    return state && isListed(state) && state.publishedAt > publishedAt
  })
  return newer.length >= FEED_SIZE && newerVideos.length >= NEWEST_VIDEOS
}

/**
 * By when what happened then was to be read. Failures are waited for the longer the longer they last: at most as long again. And
 * what fails anew before it was read goes on to fail.
 */
function readBy({ troubles }: History, at: number, afterMs = READ_AFTER_MS): number {
  let until = at + afterMs
  let since: number | null = null
  let first: number | null = null
  for (const trouble of troubles) {
    if (trouble.isTroubled) since ??= trouble.at
    else if (since !== null) {
      if (since < until && trouble.at > at - afterMs) {
        first ??= since
        until = Math.max(until, 2 * trouble.at - first + afterMs)
      }
      since = null
    }
  }
  return until
}
