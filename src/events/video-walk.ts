/**
 * @module How far the videos of an instance have been read, and which page comes next. Pure.
 *
 * PeerTube has no "what is new since": its list is read newest first, a page at a time, while videos come and go.
 * The first walk goes to the end of the list and remembers every video in silence (the baseline), so that later an
 * unknown video is a new one wherever it stands: an unlisted video made public keeps its old `publishedAt`, and a
 * deletion pushes older videos up. Every later walk stops as soon as a page is older than what the walk before knew.
 */

/** Videos asked for in a page: PeerTube's maximum, 101 is a 400. */
export const PAGE_SIZE = 100

/** Each page begins with the last video of the page before it. When it doesn't, videos went and some were skipped. */
const OVERLAP = 1
/** How many videos of a page are kept to recognise the next one by. More than one: the last may be the one deleted. */
const TAIL = 5

/** A walk through the list that is under way. `start` is where its next page begins. */
export type Walk = {
  start: number
  /** The last few UUIDs of the page before. */
  tail: string[]
  /** `publishedAt` of the newest video on the walk's first page: the checkpoint, once the walk is done. */
  newest: number
  /** Videos that may still become events although they are older than our watch (the subscriber asked for a backfill). */
  backfillLeft: number
}

/** The checkpoint of a videos source. Times are milliseconds since the epoch. */
export type VideosCheckpoint = {
  /** Whether the first walk reached the end: before that nothing is an event but the backfill. */
  baseline: boolean
  /** `publishedAt` of the newest video when the last complete walk began. 0 when there was none. */
  newest: number
  walk: Walk | null
}

/** The checkpoint of a source never read. @param backfill how many of the newest videos become events all the same. */
export function firstCheckpoint(backfill: number): VideosCheckpoint {
  return { baseline: false, newest: 0, walk: { start: 0, tail: [], newest: 0, backfillLeft: backfill } }
}

/** The walk that the next request belongs to: the one under way, or a new one from the top. */
export function currentWalk(checkpoint: VideosCheckpoint): Walk {
  return checkpoint.walk ?? { start: 0, tail: [], newest: 0, backfillLeft: 0 }
}

/** A page as it was read: `length` counts what the instance sent, `videos` what could be understood, as sent. */
export type Page = { length: number; videos: readonly { uuid: string; publishedAt: number }[] }

/**
 * Where a walk stands after a page.
 *
 * @param known the UUIDs of the page that were known before it was read.
 * @returns the next checkpoint; its `walk` is null when the walk is done. After a `gap` (the list shrank between two
 * requests, so that videos slid past the seam) the walk steps back a page instead of on.
 */
export function advance(
  checkpoint: VideosCheckpoint,
  page: Page,
  known: ReadonlySet<string>,
  backfillLeft: number,
): { checkpoint: VideosCheckpoint; gap: boolean } {
  const walk = currentWalk(checkpoint)
  const isFirst = walk.start === 0
  // Set once: a walk that steps back to the top must not take what came meanwhile for what was there before.
  const newest = walk.newest || Math.max(0, ...page.videos.map((video) => video.publishedAt))
  // An empty page too: it should have begun with the last video of the one before.
  const isGap = !isFirst && walk.tail.length > 0 && !page.videos.some(({ uuid }) => walk.tail.includes(uuid))
  if (isGap) {
    const start = Math.max(0, walk.start - PAGE_SIZE)
    return {
      checkpoint: { ...checkpoint, walk: { start, tail: walk.tail, newest, backfillLeft } },
      gap: true,
    }
  }

  const isLastPage = page.length < PAGE_SIZE
  const oldest = page.videos.at(-1)
  // Ties: a video published in the same millisecond as the checkpoint may stand on either side of the seam.
  const reachedKnown =
    checkpoint.baseline &&
    oldest !== undefined &&
    oldest.publishedAt < checkpoint.newest &&
    known.has(oldest.uuid)
  if (isLastPage || reachedKnown) {
    return {
      checkpoint: { baseline: true, newest: Math.max(newest, checkpoint.newest), walk: null },
      gap: false,
    }
  }
  return {
    checkpoint: {
      ...checkpoint,
      walk: {
        start: walk.start + page.length - OVERLAP,
        tail: page.videos.slice(-TAIL).map(({ uuid }) => uuid),
        newest,
        backfillLeft,
      },
    },
    gap: false,
  }
}
