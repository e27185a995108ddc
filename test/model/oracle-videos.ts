/** @module What was told of one video, held against what happened to it. */
import type { Video } from '../../src/events/types.ts'
import { type Fields, isListed, type Moment, type VideoState } from './history.ts'
import type { Finding, Told, Watch } from './oracle.ts'

/** What somebody knows who has read all events so far. */
type View = {
  visibility: 'public' | 'unlisted' | 'unpublished' | 'gone'
  /** Whether it is a live that is on. One that is no longer to be seen is over, for who was told of it. */
  isRunning: boolean
  publishedAt: string
  fields: Fields
}

/** @param isBackfilled whether it is to be told although it was there before. */
export function judgeVideo(
  uuid: string,
  moments: readonly Moment<VideoState>[],
  told: readonly Told[],
  { since }: Pick<Watch, 'since'>,
  isBackfilled: boolean,
): Finding[] {
  const findings: Finding[] = []
  const find = (kind: Finding['kind'], text: string) => findings.push({ kind, subject: uuid, text })
  const startIndex = moments.findLastIndex(({ at }) => at <= since)
  const start = moments[startIndex]
  let cursor = Math.max(0, startIndex)
  /** The first moment, from where we are, that is so; and there we are then. */
  const move = (until: number, what: string, isSo: (moment: VideoState) => boolean): void => {
    const next = moments.findIndex((one, index) => index >= cursor && one.at <= until && isSo(one))
    if (next < 0) find('invented', `${what}: it never was so then`)
    else cursor = next
  }

  let view: View | null =
    start && isListed(start) && !isBackfilled
      ? {
          visibility: 'public',
          isRunning: start.live === 'on',
          publishedAt: start.publishedAt,
          fields: start.fields,
        }
      : null

  for (const event of told) {
    const at = event.seenAt
    if (!('video' in event.data) || event.type.startsWith('comment.')) continue
    // Of events about videos: comments were passed over.
    const video = event.data.video as Video
    const shown = shownOf(video)
    const looksSo = (one: VideoState) =>
      isListed(one) && one.publishedAt === video.publishedAt && isSame(shown, one.fields)
    switch (event.type) {
      case 'video.published': {
        if (view && view.visibility !== 'unpublished') find('invented', 'video.published, and it was')
        move(at, 'video.published', looksSo)
        view = { visibility: 'public', isRunning: false, publishedAt: video.publishedAt, fields: shown }
        break
      }
      case 'live.started':
        if (view?.visibility !== 'public') find('invented', 'live.started of what nobody can see')
        if (view?.isRunning) find('invented', 'live.started, and it was on')
        move(at, 'live.started', (one) => one.live === 'on' && looksSo(one))
        if (view) view = { ...view, isRunning: true, publishedAt: video.publishedAt }
        break
      case 'live.ended': {
        const run = view?.publishedAt
        const { replay } = event.data
        if (!view?.isRunning) find('invented', 'live.ended, and it was not on')
        move(at, 'live.ended', (one) =>
          replay
            ? one.live === 'none' && one.privacy !== 'gone'
            : one.live === 'off' || isHidden(one) || one.publishedAt !== run,
        )
        if (view) view = { ...view, isRunning: false }
        break
      }
      case 'video.updated': {
        const { privacy, ...fields } = event.data.changes
        if (!view) {
          find('invented', 'video.updated of what was never told')
          break
        }
        if (privacy?.to === 'unlisted') {
          if (view.visibility !== 'public') find('invented', `unlisted, and it was ${view.visibility}`)
          move(at, 'video.updated, unlisted', (one) => one.privacy === 'unlisted')
          view = { ...view, visibility: 'unlisted' }
          break
        }
        if (privacy ? view.visibility === 'public' : view.visibility !== 'public')
          find('invented', `video.updated, and it was ${view.visibility}`)
        for (const [field, change] of Object.entries(fields)) {
          const known = shownField(view.fields, field)
          const before = shownValue(change.from)
          if (known !== before) find('invented', `video.updated: ${field} from ${before}, told was ${known}`)
          if (before === shownValue(change.to)) find('invented', `video.updated: ${field} is as it was`)
        }
        // A live that waits, or is over, is public in no list.
        const isOff = (one: VideoState) => one.live === 'off' && one.privacy === 'public'
        move(
          at,
          `video.updated ${Object.keys(event.data.changes)}`,
          (one) => looksSo(one) || (!!privacy && isOff(one)),
        )
        view = { ...view, visibility: 'public', publishedAt: video.publishedAt, fields: shown }
        break
      }
      case 'video.unpublished':
        if (view?.visibility !== 'public' && view?.visibility !== 'unlisted')
          find('invented', `video.unpublished, and it was ${view?.visibility}`)
        if (view?.isRunning) find('missed', 'live.ended before video.unpublished')
        move(at, 'video.unpublished', ({ privacy }) => privacy === 'private' || privacy === 'internal')
        if (view) view = { ...view, visibility: 'unpublished' }
        break
      case 'video.deleted':
        if (!view || view.visibility === 'gone') find('invented', 'video.deleted of what was not there')
        if (view?.isRunning) find('missed', 'live.ended before video.deleted')
        move(at, 'video.deleted', ({ privacy }) => privacy === 'gone')
        if (view) view = { ...view, visibility: 'gone' }
        break
    }
  }
  findings.push(...judgeEnd(uuid, moments, view))
  return findings
}

/** Whether who has read all events knows how it is. */
function judgeEnd(uuid: string, moments: readonly Moment<VideoState>[], view: View | null): Finding[] {
  const now = moments.at(-1)
  if (!now) return []
  const missed = (text: string): Finding[] => [{ kind: 'missed', subject: uuid, text }]
  const is = now.privacy === 'private' || now.privacy === 'internal' ? 'unpublished' : now.privacy
  if (!view) return isListed(now) ? missed('video.published') : []
  if (view.visibility === 'gone') return is === 'gone' ? [] : missed(`it was told deleted, and is ${is}`)
  if (is === 'gone') return missed('video.deleted')
  if (now.live === 'on' && is === 'public' && !view.isRunning) return missed('live.started')
  if (now.live !== 'on' && view.isRunning) return missed('live.ended')
  // A live that is not on is in no list: what becomes of it else is seen when it is on again.
  if (is === 'public' && now.live === 'off') return []
  // There is no event for what was private and is unlisted now: nobody who is told of public things can have missed it.
  if (is === 'unlisted' && view.visibility === 'unpublished') return []
  if (is !== view.visibility) return missed(`it was told ${view.visibility}, and is ${is}`)
  if (is === 'public' && !isSame(view.fields, now.fields))
    return missed(`video.updated: ${JSON.stringify(view.fields)} is ${JSON.stringify(now.fields)} now`)
  return []
}

const isHidden = ({ privacy }: VideoState) => privacy !== 'public' && privacy !== 'unlisted'

/** Whether a video was shown as it is. */
function isSame(shown: Fields, fields: Fields): boolean {
  return JSON.stringify(sorted(shown)) === JSON.stringify(sorted(fields))
}

const sorted = (record: object) => Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))

function shownOf(video: Video): Fields {
  const { name, description, category, licence, language, nsfw, thumbnailUrl } = video
  return {
    name,
    description,
    category: category?.id ?? null,
    licence: licence?.id ?? null,
    language: language?.id ?? null,
    nsfw,
    thumbnail: pathOf(thumbnailUrl),
  }
}

function shownField(shown: Fields, field: string): unknown {
  return Object.entries(shown).find(([name]) => name === field.replace('Url', ''))?.[1]
}

const pathOf = (url: string | null) => (url === null ? '' : new URL(url).pathname)

/** Numbered things by their number, pictures by their path. */
function shownValue(value: unknown): unknown {
  if (typeof value === 'string' && value.startsWith('http')) return pathOf(value)
  return typeof value === 'object' && value !== null && 'id' in value ? value.id : value
}
