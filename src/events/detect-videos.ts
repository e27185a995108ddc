/** @module (what we knew, what we saw) → what happened to videos. Pure: no I/O, no clock, so every trap is a plain test. */
import type { NewEvent, Video } from './types.ts'
import { videoChanges } from './video-changes.ts'
import {
  liveEnded,
  liveStarted,
  publication,
  published,
  revisionOf,
  type Scene,
  updated,
} from './video-events.ts'
import { currentWalk, type VideosCheckpoint } from './video-walk.ts'

/** A video as a list shows it now. `comments`: how many, from 7.x on. `updatedAt`: moves on edits, and on likes. */
export type SeenVideo = { video: Video; comments: number | null; updatedAt: string }

/** What is kept of a video. `data`: JSON of the `Video` that the list showed last, or empty. */
export type KnownVideo = {
  uuid: string
  /** Milliseconds since the epoch. */
  publishedAt: number
  state: 'listed' | 'unlisted' | 'unpublished' | 'waiting' | 'hidden'
  data: string
  /** JSON of its tags, or null. */
  tags: string | null
  comments: number | null
  commentsRead: number | null
  /** How often it came back, of the same date, after it was unlisted or unpublished. */
  returns: number
}

/**
 * What a page of a list of videos says that was not known.
 *
 * A video is new because it is *unknown*, never because of its date: an unlisted video made public keeps its old
 * `publishedAt`. While the first walk is under way all that it finds was there before us, and is only remembered, but for
 *  - the newest `backfillLeft` videos, when a backfill was asked for;
 *  - videos published after the walk began.
 *
 * @param page videos as the list shows them, newest first; a UUID may stand there twice when the list shifted.
 * @param unreadable UUIDs of videos on the page that could not be understood. The first walk remembers them too: they were
 * there before us. Later they are news as soon as they can be understood.
 * @param known what we knew of the page's videos, by UUID.
 * @returns `events`, oldest first; `rows`, what is to be kept of videos that are new or have changed; `backfillLeft` after this
 * page; `running`, the lives on it.
 */
export function detectVideos(input: {
  scene: Scene
  checkpoint: VideosCheckpoint
  page: readonly SeenVideo[]
  unreadable: readonly string[]
  known: ReadonlyMap<string, KnownVideo>
}): { events: NewEvent[]; rows: KnownVideo[]; backfillLeft: number; running: string[] } {
  const { scene, checkpoint, page, unreadable, known } = input
  const walk = currentWalk(checkpoint)
  let backfillLeft = walk.backfillLeft
  const found: NewEvent[][] = []
  const rows = new Map<string, KnownVideo>()
  const running = new Set<string>()

  for (const seen of page) {
    const { video } = seen
    if (rows.has(video.uuid)) continue
    const was = known.get(video.uuid)
    if (video.isLive) running.add(video.uuid)
    const row = rowOf(seen, was)
    if (was) {
      // Most videos are as they were: their text says so without being read.
      const isAsItWas = was.state === 'listed' && was.data === row.data
      const events = isAsItWas ? [] : changesOf(scene, was, seen, row)
      if (events.length > 0) found.push(events)
      if (!isSameRow(was, row)) rows.set(video.uuid, row)
      continue
    }
    const cameWhileWalking = walk.newest > 0 && row.publishedAt > walk.newest
    const isBackfill = !checkpoint.baseline && !cameWhileWalking && backfillLeft > 0
    if (isBackfill) backfillLeft -= 1
    const isNews = checkpoint.baseline || cameWhileWalking || isBackfill
    // Comments that were there before us are none that we have missed.
    rows.set(video.uuid, isNews && row.comments !== null ? { ...row, commentsRead: 0 } : row)
    if (isNews) found.push(publication(scene, video))
  }
  if (!checkpoint.baseline) {
    for (const uuid of unreadable) {
      if (!known.has(uuid) && !rows.has(uuid)) rows.set(uuid, { ...NOTHING_KNOWN, uuid })
    }
  }
  // The list is newest first; whoever reads events wants them in the order in which things happened.
  return { events: found.reverse().flat(), rows: [...rows.values()], backfillLeft, running: [...running] }
}

const NOTHING_KNOWN = {
  publishedAt: 0,
  state: 'listed',
  data: '',
  tags: null,
  comments: null,
  commentsRead: null,
  returns: 0,
} as const

function rowOf({ video, comments }: SeenVideo, was: KnownVideo | undefined): KnownVideo {
  const publishedAt = Date.parse(video.publishedAt)
  const returns = was?.publishedAt === publishedAt ? was.returns : 0
  const isBack = was?.state === 'unlisted' || was?.state === 'unpublished'
  return {
    uuid: video.uuid,
    publishedAt,
    state: 'listed',
    data: JSON.stringify(video),
    tags: was?.tags ?? null,
    comments,
    commentsRead: commentsReadOf(was, comments),
    // Of another date it is no return.
    returns: was?.publishedAt === publishedAt && isBack ? returns + 1 : returns,
  }
}

/**
 * With as many comments as we see first we begin. An instance that counts none before it is upgraded to 7.0 may have more by
 * then than were read: one that was held, and approved in between. So of what we knew before nothing counts as read.
 */
function commentsReadOf(was: KnownVideo | undefined, comments: number | null): number | null {
  if (was && was.commentsRead !== null) return was.commentsRead
  const isUpgraded = was && was.data !== '' && comments !== null
  return isUpgraded ? 0 : comments
}

function isSameRow(one: KnownVideo, other: KnownVideo): boolean {
  return (
    one.data === other.data &&
    one.state === other.state &&
    one.publishedAt === other.publishedAt &&
    one.comments === other.comments &&
    one.commentsRead === other.commentsRead
  )
}

/** What happened to a video that the list shows, since we knew it. */
function changesOf(
  scene: Scene,
  was: KnownVideo,
  { video, updatedAt }: SeenVideo,
  { returns }: KnownVideo,
): NewEvent[] {
  if (was.state === 'unpublished') return publication(scene, withTags(video, was), revisionOf(video, returns))
  const before = knownVideo(was)
  // Seen before it could be understood, or before this was kept: there is nothing to compare.
  if (!before) return []
  const events: NewEvent[] = []
  const started: NewEvent[] = []
  const shown = withTags(video, was)
  // Of one whose end was told while it was unlisted it is not kept that it is a live: see `detectFate`.
  const wasOn = was.state === 'listed' || was.state === 'unlisted'
  if (before.isLive && !video.isLive) {
    if (wasOn) events.push(liveEnded(scene, shown, revisionOf(before, was.returns), true))
    else if (was.state === 'waiting') events.push(published(scene, shown, `replay:${video.publishedAt}`))
  } else if (video.isLive && (was.state === 'waiting' || before.publishedAt !== video.publishedAt)) {
    // Each start of a live gives it a new date: one that runs with another date ended in between.
    if (wasOn && before.isLive) events.push(liveEnded(scene, shown, revisionOf(before, was.returns), false))
    started.push(liveStarted(scene, shown))
  }
  const changes = {
    ...videoChanges(before, video),
    ...(was.state === 'unlisted' ? { privacy: { from: 'unlisted', to: 'public' } as const } : {}),
  }
  if (Object.keys(changes).length > 0) events.push(updated(scene, shown, changes, updatedAt))
  // Last: nobody could see it before it was public.
  return [...events, ...started]
}

/** What is kept of a video as a `Video`, or null when nothing is. */
export function knownVideo(known: Pick<KnownVideo, 'data' | 'tags'>): Video | null {
  if (known.data === '') return null
  // Only `rowOf` writes it.
  return withTags(JSON.parse(known.data) as Video, known)
}

function withTags(video: Video, { tags }: Pick<KnownVideo, 'tags'>): Video {
  return tags === null ? video : { ...video, tags: JSON.parse(tags) as string[] }
}
