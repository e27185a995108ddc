/** @module (what we knew, what we saw) → what happened to videos. Pure: no I/O, no clock, so every trap is a plain test. */
import { createHash } from 'node:crypto'
import { eventId } from './event-id.ts'
import type { NewEvent, Video } from './types.ts'
import { videoChanges } from './video-changes.ts'
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

/** Where something happened, whose it is, and when it was seen (milliseconds since the epoch). */
export type Scene = { instance: string; ownerId: string | null; now: number }

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
    // The first count that we see is where we begin.
    commentsRead: was && was.commentsRead !== null ? was.commentsRead : comments,
    // Of another date it is no return.
    returns: was?.publishedAt === publishedAt && isBack ? returns + 1 : returns,
  }
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
  const shown = withTags(video, was)
  // Of one whose end was told while it was unlisted it is not kept that it is a live: see `detectFate`.
  const wasOn = was.state === 'listed' || was.state === 'unlisted'
  if (before.isLive && !video.isLive) {
    if (wasOn) events.push(liveEnded(scene, shown, revisionOf(before, was.returns), true))
    else if (was.state === 'waiting') events.push(published(scene, shown, `replay:${video.publishedAt}`))
  } else if (video.isLive && (was.state === 'waiting' || before.publishedAt !== video.publishedAt)) {
    // Each start of a live gives it a new date: one that runs with another date ended in between.
    if (wasOn && before.isLive) events.push(liveEnded(scene, shown, revisionOf(before, was.returns), false))
    events.push(liveStarted(scene, shown))
  }
  const changes = {
    ...videoChanges(before, video),
    ...(was.state === 'unlisted' ? { privacy: { from: 'unlisted', to: 'public' } as const } : {}),
  }
  if (Object.keys(changes).length > 0) events.push(updated(scene, shown, changes, updatedAt))
  return events
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

/** A video that can be seen now: and, when it is a live, one that is on. */
function publication(scene: Scene, video: Video, revision = video.publishedAt): NewEvent[] {
  return [published(scene, video, revision), ...(video.isLive ? [liveStarted(scene, video, revision)] : [])]
}

/**
 * Which publication this is. A block that is lifted, or a video that was internal, is public again with the date that it had:
 * that it was published before must not hide that it is again, nor that it ended once that it ended twice.
 */
function revisionOf({ publishedAt }: Video, returns: number): string {
  return returns === 0 ? publishedAt : `${publishedAt}#${returns}`
}

function published(scene: Scene, video: Video, revision: string): NewEvent {
  return { ...head(scene, 'video.published', video.uuid, revision), data: { video } }
}

function liveStarted(scene: Scene, video: Video, revision = video.publishedAt): NewEvent {
  return { ...head(scene, 'live.started', video.uuid, revision), data: { video } }
}

/** @param run `revisionOf` the live while it was on. */
function liveEnded(scene: Scene, video: Video, run: string, replay: boolean): NewEvent {
  return { ...head(scene, 'live.ended', video.uuid, run), data: { video, replay } }
}

function updated(
  scene: Scene,
  video: Video,
  changes: NonNullable<ReturnType<typeof videoChanges>>,
  updatedAt: string,
): NewEvent {
  const digest = createHash('sha256').update(JSON.stringify(changes)).digest('base64url').slice(0, 16)
  return {
    ...head(scene, 'video.updated', video.uuid, `${updatedAt}:${digest}`),
    data: { video, changes },
  }
}

function head<TType extends NewEvent['type']>(
  { instance, ownerId, now }: Scene,
  type: TType,
  subject: string,
  revision: string,
) {
  return {
    id: eventId({ instance, type, subject, revision, ownerId }),
    type,
    instance,
    subject,
    ownerId,
    seenAt: now,
  }
}

/** How an instance answers for one video that its list no longer shows. */
export type VideoFate =
  /** 404. */
  | { kind: 'gone' }
  /** 401 or 403: private, internal, or behind a password. */
  | { kind: 'forbidden' }
  | {
      kind: 'there'
      isLive: boolean
      privacy: number
      /** PeerTube's VideoState: 1 is published, 4 and 5 are lives that wait or have ended. */
      state: number
      publishedAt: string
      updatedAt: string
    }

const UNLISTED = 2
const PUBLISHED = 1

/**
 * What became of a known video that the list doesn't show.
 * @param isSecondLook whether it was gone at an earlier poll already: only then it is deleted, for one 404 may be a hiccup.
 * @returns `row`: what is to be kept of it, null: nothing. `lookAgain`: at a later poll.
 */
export function detectFate(
  scene: Scene,
  was: KnownVideo,
  fate: VideoFate,
  isSecondLook: boolean,
): { events: NewEvent[]; row: KnownVideo | null; lookAgain: boolean } {
  const video = knownVideo(was)
  const isListed = was.state === 'listed'
  const is = (state: KnownVideo['state'], events: NewEvent[]) => ({
    events,
    row: { ...was, state },
    lookAgain: false,
  })
  const wasOn = isListed || was.state === 'unlisted'
  const ended = (replay: boolean) =>
    video?.isLive && wasOn ? [liveEnded(scene, video, revisionOf(video, was.returns), replay)] : []
  if (fate.kind === 'gone') {
    if (!isSecondLook) return { events: [], row: was, lookAgain: true }
    const deleted = video && { ...head(scene, 'video.deleted', was.uuid, video.publishedAt), data: { video } }
    return { events: deleted ? [...ended(false), deleted] : [], row: null, lookAgain: false }
  }
  if (fate.kind === 'forbidden') {
    if (!video || was.state === 'unpublished') return is('unpublished', [])
    const unpublished = head(scene, 'video.unpublished', was.uuid, revisionOf(video, was.returns))
    // A live that nobody can see is over, for who was told of it.
    return is('unpublished', [...ended(false), { ...unpublished, data: { video } }])
  }
  // Until a list shows it again it is what it was told to be: no longer public.
  if (was.state === 'unpublished') return is('unpublished', [])
  const isOver = video?.isLive && (fate.state !== PUBLISHED || !fate.isLive)
  const privacy = (from: 'public' | 'unlisted', to: 'public' | 'unlisted') =>
    video ? [updated(scene, video, { privacy: { from, to } }, fate.updatedAt)] : []
  if (fate.privacy === UNLISTED) {
    // Replays have a privacy of their own: a live ends, and is unlisted at once. Or it is unlisted, and ends.
    const end = isOver ? ended(!fate.isLive) : []
    const { events, row, lookAgain } = is('unlisted', [
      ...end,
      ...(was.state === 'unlisted' ? [] : privacy('public', 'unlisted')),
    ])
    // One that is over is kept as no live, so that its end is told once.
    const data = isOver ? JSON.stringify({ ...video, tags: null, isLive: false }) : was.data
    return { events, row: { ...row, data }, lookAgain }
  }
  // No list shows it before it is on again.
  const isOff = was.state === 'unlisted' && fate.isLive && fate.state !== PUBLISHED
  if (isOver || isOff)
    return is('waiting', [
      ...ended(false),
      ...(was.state === 'unlisted' ? privacy('unlisted', 'public') : []),
    ])
  // It can be seen again, or stands elsewhere in the list: the list will show it.
  if (!isListed) return is(was.state, [])
  const publishedAt = Date.parse(fate.publishedAt)
  if (publishedAt !== was.publishedAt) return { events: [], row: { ...was, publishedAt }, lookAgain: false }
  return is('hidden', [])
}
