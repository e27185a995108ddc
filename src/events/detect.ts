/** @module (what we knew, what we saw) → what happened. Pure: no I/O, no clock, so every trap is a plain test. */
import { eventId } from './event-id.ts'
import type { NewEvent, Video } from './types.ts'
import { currentWalk, type VideosCheckpoint } from './video-walk.ts'

/** A video that the instance lists and that we didn't know: what is kept of it. */
export type SeenVideo = { uuid: string; publishedAt: number }

/**
 * What a page of an instance's public videos says that was not known.
 *
 * A video is new because it is *unknown*, never because of its date: an unlisted video made public keeps its old
 * `publishedAt`. While the first walk is under way all that it finds was there before us, and is only remembered, but for
 *  - the newest `backfillLeft` videos, when a backfill was asked for;
 *  - videos published after the walk began.
 *
 * @param page videos as the instance listed them, newest first; a UUID may stand there twice when the list shifted.
 * @param unreadable UUIDs of videos on the page that could not be understood. The first walk remembers them too: they were
 * there before us. Later they are news as soon as they can be understood.
 * @param known the UUIDs of the page that we knew.
 * @param now milliseconds since the epoch.
 * @returns `events`, oldest first; `remember`, every unknown video; `backfillLeft` after this page.
 */
export function detectVideos(input: {
  instance: string
  checkpoint: VideosCheckpoint
  page: readonly Video[]
  unreadable: readonly string[]
  known: ReadonlySet<string>
  now: number
}): { events: NewEvent[]; remember: SeenVideo[]; backfillLeft: number } {
  const { instance, checkpoint, page, unreadable, known, now } = input
  const walk = currentWalk(checkpoint)
  let backfillLeft = walk.backfillLeft
  const events: NewEvent[] = []
  const remember = new Map<string, SeenVideo>()

  for (const video of page) {
    if (known.has(video.uuid) || remember.has(video.uuid)) continue
    const publishedAt = Date.parse(video.publishedAt)
    remember.set(video.uuid, { uuid: video.uuid, publishedAt })

    const cameWhileWalking = walk.newest > 0 && publishedAt > walk.newest
    const isBackfill = !checkpoint.baseline && !cameWhileWalking && backfillLeft > 0
    if (isBackfill) backfillLeft -= 1
    if (checkpoint.baseline || cameWhileWalking || isBackfill) {
      events.push({
        id: eventId({ instance, type: 'video.published', subject: video.uuid, revision: 1 }),
        type: 'video.published',
        instance,
        subject: video.uuid,
        seenAt: now,
        data: { video },
      })
    }
  }
  if (!checkpoint.baseline) {
    for (const uuid of unreadable) {
      if (!known.has(uuid) && !remember.has(uuid)) remember.set(uuid, { uuid, publishedAt: 0 })
    }
  }
  // The list is newest first; whoever reads events wants them in the order in which things happened.
  events.reverse()
  return { events, remember: [...remember.values()], backfillLeft }
}
