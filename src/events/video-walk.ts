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
/** So many pages in a row without a video that we didn't know, and the list is none: a server that ignores `start`. */
const MAX_STALE = 50
/** An instance's clock may be so far behind ours. */
const SKEW_MS = 600_000

/** A walk through the list that is under way. `start` is where its next page begins. */
export type Walk = {
  start: number
  /** The last few UUIDs of the page before. */
  tail: string[]
  /** `publishedAt` of the newest video on the walk's first page: the checkpoint, once the walk is done. */
  newest: number
  /** Videos that may still become events although they are older than our watch (the subscriber asked for a backfill). */
  backfillLeft: number
  /** Pages in a row that held no unknown video. */
  stale: number
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
  return { baseline: false, newest: 0, walk: { ...NEW_WALK, backfillLeft: backfill } }
}

const NEW_WALK: Walk = { start: 0, tail: [], newest: 0, backfillLeft: 0, stale: 0 }

/** The walk that the next request belongs to: the one under way, or a new one from the top. */
export function currentWalk(checkpoint: VideosCheckpoint): Walk {
  return checkpoint.walk ?? NEW_WALK
}

/** A video as a page lists it. `uuid` is null when not even that could be read, `publishedAt` when the video couldn't. */
export type Listed = { uuid: string | null; publishedAt: number | null }

/** Where a walk stands after a page. */
export type Advance =
  /** There is more: read on, or, after a `gap`, read again what slid past the seam. */
  | { kind: 'on' | 'gap'; checkpoint: VideosCheckpoint }
  | { kind: 'done'; checkpoint: VideosCheckpoint }
  /** The first walk found nothing: there is no video yet, or the instance doesn't show them now. */
  | { kind: 'empty'; checkpoint: VideosCheckpoint }
  /** The list has no end. */
  | { kind: 'endless' }

/**
 * Where a walk stands after a page.
 *
 * The list ends where a page has nothing but what the page before ended with. Not where a page is short: a video deleted
 * between two queries of the instance, or a plugin, makes any page short, and a first walk that ended there would take
 * everything below for new.
 *
 * @param page as the instance sent it, what could not be read included.
 * @param known the UUIDs of the page that were known before it was read.
 * @param now milliseconds since the epoch.
 */
export function advance(
  checkpoint: VideosCheckpoint,
  page: readonly Listed[],
  known: ReadonlySet<string>,
  backfillLeft: number,
  now: number,
): Advance {
  const walk = currentWalk(checkpoint)
  const isTop = walk.start === 0
  if (isTop && page.length === 0 && !checkpoint.baseline) {
    const newest = walk.newest || now - SKEW_MS
    return { kind: 'empty', checkpoint: { ...checkpoint, walk: { ...NEW_WALK, newest, backfillLeft } } }
  }

  const uuids = page.flatMap(({ uuid }) => uuid ?? [])
  const stale = uuids.some((uuid) => !known.has(uuid)) ? 0 : walk.stale + 1
  if (stale > MAX_STALE) return { kind: 'endless' }

  const dates = page.flatMap(({ publishedAt }) => publishedAt ?? [])
  // Set once: a walk that steps back to the top must not take what came meanwhile for what was there before.
  const newest = walk.newest || Math.max(0, ...dates)
  // An empty page too: it should have begun with the last video of the one before.
  const isGap = walk.tail.length > 0 && !uuids.some((uuid) => walk.tail.includes(uuid))
  if (!isTop && isGap) {
    const start = Math.max(0, walk.start - PAGE_SIZE)
    return {
      kind: 'gap',
      checkpoint: { ...checkpoint, walk: { ...walk, start, newest, backfillLeft, stale } },
    }
  }

  const isEnd = walk.tail.length === 0 ? page.length === 0 : uuids.every((uuid) => walk.tail.includes(uuid))
  if (isEnd || (checkpoint.baseline && endsWithKnown(page, known, checkpoint.newest))) {
    return {
      kind: 'done',
      checkpoint: { baseline: true, newest: Math.max(newest, checkpoint.newest), walk: null },
    }
  }
  const start = walk.start + page.length - OVERLAP
  const tail = uuids.slice(-TAIL)
  return { kind: 'on', checkpoint: { ...checkpoint, walk: { start, tail, newest, backfillLeft, stale } } }
}

/** Whether a page reaches down to what the walk before knew. */
function endsWithKnown(page: readonly Listed[], known: ReadonlySet<string>, newest: number): boolean {
  const last = page.findLast(({ uuid, publishedAt }) => uuid !== null && publishedAt !== null)
  if (last?.uuid == null || last.publishedAt === null) return false
  // Ties: a video published in the same millisecond as the checkpoint may stand on either side of the seam.
  return last.publishedAt < newest && known.has(last.uuid)
}
