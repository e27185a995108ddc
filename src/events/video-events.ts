/** @module The events of videos, each with the id that what happened gives it. Pure. */
import { createHash } from 'node:crypto'
import { eventId } from './event-id.ts'
import type { NewEvent, Video } from './types.ts'
import type { videoChanges } from './video-changes.ts'

/** Where something happened, whose it is, and when it was seen (milliseconds since the epoch). */
export type Scene = { instance: string; ownerId: string | null; now: number }

/** A video that can be seen now: and, when it is a live, one that is on. */
export function publication(scene: Scene, video: Video, revision = video.publishedAt): NewEvent[] {
  return [published(scene, video, revision), ...(video.isLive ? [liveStarted(scene, video, revision)] : [])]
}

/**
 * Which publication this is. A block that is lifted, or a video that was internal, is public again with the date that it had:
 * that it was published before must not hide that it is again, nor that it ended once that it ended twice.
 */
export function revisionOf({ publishedAt }: Video, returns: number): string {
  return returns === 0 ? publishedAt : `${publishedAt}#${returns}`
}

export function published(scene: Scene, video: Video, revision: string): NewEvent {
  return { ...head(scene, 'video.published', video.uuid, revision), data: { video } }
}

export function liveStarted(scene: Scene, video: Video, revision = video.publishedAt): NewEvent {
  return { ...head(scene, 'live.started', video.uuid, revision), data: { video } }
}

/** @param run `revisionOf` the live while it was on. */
export function liveEnded(scene: Scene, video: Video, run: string, replay: boolean): NewEvent {
  return { ...head(scene, 'live.ended', video.uuid, run), data: { video, replay } }
}

export function updated(
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

export function head<TType extends NewEvent['type']>(
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
