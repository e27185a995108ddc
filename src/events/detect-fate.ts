/** @module What became of a known video that its list no longer shows: it is asked for by itself. Pure. */
import { type KnownVideo, knownVideo } from './detect-videos.ts'
import type { NewEvent, Video } from './types.ts'
import { head, liveEnded, revisionOf, type Scene, updated } from './video-events.ts'

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

/** PeerTube's VideoPrivacy: everybody may see it, and lists show it. */
export const PUBLIC = 1
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
    video?.isLive && wasOn
      ? [liveEnded(scene, { ...video, isLive: !replay }, revisionOf(video, was.returns), replay)]
      : []
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
    return { events, row: { ...row, data: isOver ? overData(video) : was.data }, lookAgain }
  }
  const publishedAt = Date.parse(fate.publishedAt)
  // Its replay is there already, farther down than the list was read: that tells all else that is new of it.
  if (video?.isLive && wasOn && !fate.isLive && fate.state === PUBLISHED) {
    const row = { ...was, ...(isListed ? { publishedAt } : {}), data: overData(video) }
    return { events: ended(true), row, lookAgain: false }
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
  if (publishedAt !== was.publishedAt) return { events: [], row: { ...was, publishedAt }, lookAgain: false }
  return is('hidden', [])
}

/** One that is over is kept as no live, so that its end is told once. */
function overData(video: Video): string {
  return JSON.stringify({ ...video, tags: null, isLive: false })
}
