/** @module What people changed of a video: the fields that they edit, compared. Likes and views are no edit. Pure. */
import type { Change, Video, VideoChanges } from './types.ts'

/**
 * What of a video was edited between two looks at the same list.
 *
 * Lists are compared with lists, for they cut descriptions and don't show tags. `updatedAt` says nothing: it moves on a like.
 * @returns null when nothing was.
 */
export function videoChanges(from: Video, to: Video): VideoChanges | null {
  const changes: VideoChanges = {}
  if (from.name !== to.name) changes.name = change(from.name, to.name)
  if (!isSameDescription(from.description, to.description))
    changes.description = change(from.description, to.description)
  // By number or code: labels are translated, and renamed by updates.
  if (from.category?.id !== to.category?.id) changes.category = change(from.category, to.category)
  if (from.licence?.id !== to.licence?.id) changes.licence = change(from.licence, to.licence)
  if (from.language?.id !== to.language?.id) changes.language = change(from.language, to.language)
  if (from.nsfw !== to.nsfw) changes.nsfw = change(from.nsfw, to.nsfw)
  if (from.originallyPublishedAt !== to.originallyPublishedAt)
    changes.originallyPublishedAt = change(from.originallyPublishedAt, to.originallyPublishedAt)
  if (isOtherPicture(from.thumbnailUrl, to.thumbnailUrl))
    changes.thumbnailUrl = change(from.thumbnailUrl, to.thumbnailUrl)
  if (from.channel.handle !== to.channel.handle)
    changes.channel = change(from.channel.handle, to.channel.handle)
  return Object.keys(changes).length > 0 ? changes : null
}

function change<TValue>(from: TValue, to: TValue): Change<TValue> {
  return { from, to }
}

const CUT = '...'

/** Versions cut descriptions differently: what is only cut is not edited. */
function isSameDescription(one: string | null, other: string | null): boolean {
  // PeerTube makes no difference between an empty one and none.
  const [a, b] = [one ?? '', other ?? '']
  if (a === b) return true
  const [shorter, longer] = a.length < b.length ? [a, b] : [b, a]
  return shorter.length > 100 && shorter.endsWith(CUT) && longer.startsWith(shorter.slice(0, -CUT.length))
}

/**
 * A new thumbnail has a new file name. Another folder is another version of PeerTube, which moved all of them; and one that
 * could not be read is none that was taken away.
 */
function isOtherPicture(from: string | null, to: string | null): boolean {
  if (from === null || to === null || from === to) return false
  const folder = (url: string) => url.slice(0, url.lastIndexOf('/'))
  return folder(from) === folder(to)
}
