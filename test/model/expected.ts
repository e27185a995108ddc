/** @module The events that are to be told when every single thing that happens is seen: nothing more, nothing less, in that order. */
import type { EventType } from '../../src/events/types.ts'
import { type History, isListed, type Moment, type VideoState } from './history.ts'

/** An event in short. `at`: when it happened, by our clock. */
export type Expected = { at: number; type: EventType; subject: string }

/** What is to be told of all that happened since then. */
export function expectedEvents(
  { videos, comments, notifications, versions }: History,
  since: number,
): Expected[] {
  const all = [
    ...[...videos].flatMap(([uuid, moments]) => ofVideo(uuid, moments, since)),
    ...[...comments].flatMap(([id, { moments, video }]) =>
      ofPairs(moments, (before, after) => {
        // Its video says it all.
        const isVisible = (videos.get(video) ?? []).findLast(({ at }) => at <= after.at)?.privacy === 'public'
        if (!isVisible || after.isHeld) return []
        if (!before || before.isHeld) return after.isDeleted ? [] : ['comment.created']
        if (after.isDeleted) return ['comment.deleted']
        return before.text === after.text ? [] : ['comment.updated']
      }).map(({ at, type }) => ({ at, type, subject: String(id) })),
    ),
    ...[...notifications].flatMap(([id, moments]) =>
      ofPairs(moments, (before, after) => {
        if (!before) return ['notification.created']
        return after.read && !before.read ? ['notification.read'] : []
      }).map(({ at, type }) => ({ at, type, subject: String(id) })),
    ),
    ...ofPairs(versions, (before) => (before ? ['instance.upgraded'] : [])).map(({ at, type }) => ({
      at,
      type,
      subject: 'instance',
    })),
  ]
  // A stable sort: what happened to one thing at one time stays in its order.
  return all.filter(({ at }) => at > since).sort((a, b) => a.at - b.at)
}

function ofPairs<TMoment extends { at: number }>(
  moments: readonly TMoment[],
  told: (before: TMoment | undefined, after: TMoment) => EventType[],
): { at: number; type: EventType }[] {
  return moments.flatMap((after, index) =>
    told(moments[index - 1], after).map((type) => ({ at: after.at, type })),
  )
}

/** Follows a video as somebody who is told of it: what nobody could ever see is never told. */
function ofVideo(uuid: string, moments: readonly Moment<VideoState>[], since: number): Expected[] {
  let view: 'unknown' | 'public' | 'unlisted' | 'unpublished' = 'unknown'
  let isOn = false
  let shown: VideoState['fields'] | null = null
  const told: Expected[] = []
  for (const now of moments) {
    const tell = (type: EventType) => told.push({ at: now.at, type, subject: uuid })
    const isHidden = now.privacy === 'private' || now.privacy === 'internal' || now.privacy === 'gone'
    if (view === 'unknown' && !isListed(now)) continue
    if (isOn && (now.live !== 'on' || isHidden)) {
      tell('live.ended')
      isOn = false
    }
    if (now.privacy === 'gone') {
      tell('video.deleted')
      continue
    }
    if (isHidden) {
      if (view !== 'unpublished') tell('video.unpublished')
      view = 'unpublished'
      continue
    }
    // What was private and is unlisted now is as it was told to be: not public.
    if (now.privacy === 'unlisted') {
      if (view === 'public') tell('video.updated')
      if (view === 'public') view = 'unlisted'
      continue
    }
    if (!isListed(now)) {
      if (view === 'unlisted') tell('video.updated')
      if (view === 'unlisted') view = 'public'
      continue
    }
    const isPublication = view === 'unknown' || view === 'unpublished'
    if (isPublication) tell('video.published')
    const isEdited = shown !== null && JSON.stringify(shown) !== JSON.stringify(now.fields)
    if (!isPublication && (view === 'unlisted' || isEdited)) tell('video.updated')
    if (now.live === 'on' && !isOn) tell('live.started')
    view = 'public'
    isOn = now.live === 'on'
    shown = now.fields
  }
  return told.filter(({ at }) => at > since)
}
