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

/**
 * Each page begins with the last video of the page before it, or with the first of those that have its date: so it shows all of that
 * date. When it doesn't, the list has changed between the two.
 */
const OVERLAP = 1
/** How many videos of a page are kept to recognise the next one by. More than one: the last may be the one deleted. */
const TAIL = 5
/** So many pages in a row that begin alike, and there is no list: the server ignores `start`. */
const MAX_REPEATS = 3
/** And so many steps back that lead no farther. */
const MAX_GAPS = 20
/** So many pages, and it is no list of an instance's own videos any more: nobody has three hundred thousand. */
const MAX_PAGES = 3_000
/** An instance's clock may be so far behind ours. */
const SKEW_MS = 600_000

/** A walk through the list that is under way. Times are milliseconds since the epoch. */
export type Walk = {
  /** Where its next page begins. */
  start: number
  /** Pages read. */
  pages: number
  /** Of the page before: its first UUID, its last few, and when its last video was published. */
  first: string | null
  tail: string[]
  oldest: number
  /**
   * The UUID with which the next page begins, and all of the date of that one, if nothing comes or goes until then. Null: that
   * can't be said.
   */
  seam: string | null
  /** Steps back since a page led farther down. */
  gaps: number
  /** Pages in a row that began with the same video. */
  repeats: number
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
  /** The full pass of the day: null before the first walk is done. */
  pass?: Pass | null | undefined
  /** Videos that the list should show and doesn't. `goneAt`: when the first 404 was; null: not looked at yet. */
  missing?: { uuid: string; goneAt: number | null }[] | undefined
  /** Lives that are on. `isListed`: whether the newest page shows it, so that its end is seen there. */
  running?: { uuid: string; isOnTop: boolean }[] | undefined
}

/** A walk through the whole list, a page now and then, so that it takes a day. Times are milliseconds since the epoch. */
export type Pass = {
  startedAt: number
  /** Null: it is done, and the next one begins a day after it began. */
  walk: Walk | null
  /** How many pages the list had the last time. */
  pages: number
}

const DAY_MS = 86_400_000
/** Of a day that a pass has: it is done before the next one begins. */
const PASS_SHARE = 0.9
/** So many pages of a pass in one poll, however late it is. */
const MAX_SLICES = 5

/** How many pages of its pass a source is to read now. */
export function dueSlices(pass: Pass, now: number): number {
  if (!pass.walk) return now - pass.startedAt >= DAY_MS ? 1 : 0
  const dueByNow = Math.floor(((now - pass.startedAt) / (DAY_MS * PASS_SHARE)) * pass.pages) + 1
  return Math.min(Math.max(0, dueByNow - pass.walk.pages), MAX_SLICES)
}

/** A pass that begins now. @param pages that the list had when it was last read to its end. */
export function newPass(pages: number, now: number): Pass {
  return { startedAt: now, walk: { ...NEW_WALK }, pages: Math.max(1, pages) }
}

/**
 * Where a pass stands after a page: as a first walk it goes to the end of the list.
 */
export function advancePass(pass: Pass, page: readonly Listed[], now: number): Pass {
  const next = advance({ baseline: false, newest: 0, walk: pass.walk }, page, new Set(), 0, now)
  // A list that repeats itself has no end to be found; an empty one has nothing.
  if (next.kind === 'endless' || next.kind === 'empty') return { ...pass, walk: null }
  const { walk } = next.checkpoint
  return walk ? { ...pass, walk } : { ...pass, walk: null, pages: (pass.walk?.pages ?? 0) + 1 }
}

const NEW_WALK: Walk = {
  start: 0,
  pages: 0,
  first: null,
  tail: [],
  oldest: 0,
  seam: null,
  gaps: 0,
  repeats: 0,
  newest: 0,
  backfillLeft: 0,
}

/** The checkpoint of a source never read. @param backfill how many of the newest videos become events all the same. */
export function firstCheckpoint(backfill: number): VideosCheckpoint {
  return { baseline: false, newest: 0, walk: { ...NEW_WALK, backfillLeft: backfill } }
}

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
  /** The list is empty in the midst of a walk: the instance has no video, or doesn't show them now. Look again later. */
  | { kind: 'empty'; checkpoint: VideosCheckpoint }
  /** The list repeats itself. */
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
  const moved = (next: Partial<Walk>): VideosCheckpoint => ({
    ...checkpoint,
    walk: { ...walk, newest, backfillLeft, ...next },
  })
  const dates = page.flatMap(({ publishedAt }) => publishedAt ?? [])
  // Set once: a walk that steps back to the top must not take what came meanwhile for what was there before.
  const newest = walk.newest || Math.max(0, ...dates)

  const isTop = walk.start === 0
  if (isTop && page.length === 0 && checkpoint.walk) {
    // What was published before our first look at an empty list was there before us, too.
    const since = newest || now - SKEW_MS
    return { kind: 'empty', checkpoint: moved({ ...NEW_WALK, newest: since, backfillLeft }) }
  }
  if (!isTop && isGap(walk, page)) {
    // Empty pages lead to the top, and end there.
    const gaps = page.length === 0 ? walk.gaps : walk.gaps + 1
    if (gaps > MAX_GAPS) return { kind: 'endless' }
    // What is read again because of it does not make a list repeat itself.
    const back = { start: Math.max(0, walk.start - PAGE_SIZE), first: null, gaps }
    return { kind: 'gap', checkpoint: moved(back) }
  }
  if (endsList(walk, page) || (checkpoint.baseline && endsWithKnown(page, known, checkpoint.newest))) {
    return {
      kind: 'done',
      checkpoint: { ...checkpoint, baseline: true, newest: Math.max(newest, checkpoint.newest), walk: null },
    }
  }

  const first = page[0]?.uuid ?? null
  const { seam, isExact } = seamOf(page)
  const oldest = dates.at(-1) ?? walk.oldest
  const repeats = walk.pages > 0 && first === walk.first ? walk.repeats + 1 : 0
  if (repeats >= MAX_REPEATS || walk.pages >= MAX_PAGES) return { kind: 'endless' }
  return {
    kind: 'on',
    checkpoint: moved({
      start: walk.start + seam,
      pages: walk.pages + 1,
      first,
      tail: page.slice(Math.max(0, Math.min(seam, page.length - TAIL))).flatMap(({ uuid }) => uuid ?? []),
      oldest,
      seam: isExact ? (page[seam]?.uuid ?? null) : null,
      gaps: walk.pages > 0 && oldest >= walk.oldest ? walk.gaps : 0,
      repeats,
    }),
  }
}

/** Where in a page the next one begins. `isExact`: with the first of its date. */
function seamOf(page: readonly Listed[]): { seam: number; isExact: boolean } {
  const last = page.length - OVERLAP
  const oldest = page[last]?.publishedAt ?? null
  const seam = page.findLastIndex(({ publishedAt }) => publishedAt !== oldest) + 1
  // A page of one date is followed by another. And what has no date may be of any.
  if (seam === 0 || page.some(({ publishedAt }) => publishedAt === null))
    return { seam: last, isExact: false }
  return { seam, isExact: true }
}

/**
 * Whether videos slid past the seam between two pages: the list has shrunk, and this page begins below the end of the one
 * before. One that begins above it shows what was read already, for the list has grown: reading on is right.
 */
function isGap(walk: Walk, page: readonly Listed[]): boolean {
  if (page.length === 0) return true
  if (page.some(({ uuid }) => uuid !== null && walk.tail.includes(uuid))) return false
  const first = page.find(({ publishedAt }) => publishedAt !== null)?.publishedAt
  return first != null && first <= walk.oldest
}

/** Whether a list ends with a page: it has nothing but what the page before ended with. */
export function endsList(walk: Walk, page: readonly Listed[]): boolean {
  return page.length === 0 || (walk.pages > 0 && page.every(isIn(walk.tail)))
}

/** Whether a video is one of these. One without a UUID could be any. */
function isIn(tail: readonly string[]): (video: Listed) => boolean {
  return ({ uuid }) => uuid === null || tail.includes(uuid)
}

/** Whether a page reaches down to what the walk before knew. */
function endsWithKnown(page: readonly Listed[], known: ReadonlySet<string>, newest: number): boolean {
  const last = page.findLast(({ uuid, publishedAt }) => uuid !== null && publishedAt !== null)
  if (last?.uuid == null || last.publishedAt === null) return false
  // Ties: a video published in the same millisecond as the checkpoint may stand on either side of the seam.
  return last.publishedAt < newest && known.has(last.uuid)
}
