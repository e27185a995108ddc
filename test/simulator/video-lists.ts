/** @module The lists of videos: of all, a channel, an account, a search, subscriptions. */
import { cut, type Page, pageOf } from './paging.ts'
import { ownName } from './people.ts'
import { type Answer, from, notFound } from './recorded-answers.ts'
import type { Asked, State } from './state.ts'
import { has } from './versions.ts'
import { listedIn } from './video-answers.ts'
import type { ListedVideo } from './videos.ts'
import type { World } from './world.ts'

const SORTS = 'name duration createdAt publishedAt originallyPublishedAt views likes trending hot best'.split(
  ' ',
)

/** A list of videos; null: none is asked for. */
export function videoListAnswer(asked: Asked, state: State): Answer | null {
  const { world, self } = state
  const { url, caller } = asked
  const path = url.pathname
  if (path === '/api/v1/videos') return list(asked, state, world.listed(), '-publishedAt')
  if (path === '/api/v1/search/videos') return list(asked, state, world.listed(), '-match')
  const [, kind, handle] = /^\/api\/v1\/(video-channels|accounts)\/([^/]+)\/videos$/.exec(path) ?? []
  if (kind && handle) {
    const name = ownName(handle, kind, self.origin)
    if (!name) return notFound(kind === 'accounts' ? 'Account not found' : 'Video channel not found')
    const field = kind === 'accounts' ? 'account' : 'channel'
    const theirs = world.listed().filter((video) => video[field].name === name)
    return list(asked, state, theirs, '-publishedAt')
  }
  if (path === '/api/v1/users/me/subscriptions/videos') {
    if (caller === 'anonymous' || caller === 'invalid') return from('get_notifications_anonymous_401')
    const channels = world.subscriptionsOf(caller)
    const theirs = world.listed().filter(({ channel }) => channels.has(channel.name))
    return list(asked, state, theirs, '-publishedAt')
  }
  return null
}

function list(asked: Asked, state: State, videos: ListedVideo[], sortByDefault: string): Answer {
  const { url, caller } = asked
  const query = url.searchParams
  const sorts = [
    ...SORTS,
    ...(sortByDefault === '-match' ? ['match'] : []),
    ...(has(state.self.version, 'sortByComments') ? ['comments'] : []),
  ]
  const page: Page | Answer = pageOf(url, sorts, sortByDefault)
  if ('status' in page) return page
  if (query.has('include') && caller !== 'root') return from('get_videos_include_anonymous')
  if (query.has('include')) return from('get_videos_include_admin')

  const wanted = filter(videos, query, state.world)
  const data = cut(sort(wanted, page.sort, state.world), page).map((video) => listedIn(state, video))
  const body = query.get('skipCount') === 'true' ? { data } : { total: wanted.length, data }
  return { ...from('get_videos_newest'), body }
}

/** What is no `true` and no `false` is no filter, as recorded. */
function filter(videos: ListedVideo[], query: URLSearchParams, world: World): ListedVideo[] {
  const tests: ((video: ListedVideo) => boolean)[] = []
  const nsfw = query.get('nsfw') ?? 'false'
  if (nsfw === 'true' || nsfw === 'false') tests.push((video) => String(video.nsfw) === nsfw)
  const isLive = query.get('isLive')
  if (isLive === 'true' || isLive === 'false') tests.push((video) => String(video.isLive) === isLive)
  if (query.get('isLocal') === 'false') tests.push(() => false)
  const text = query.get('search')?.toLowerCase()
  if (text) tests.push(({ name }) => name.toLowerCase().includes(text))
  const startDate = Date.parse(query.get('startDate') ?? '')
  if (!Number.isNaN(startDate)) tests.push(({ publishedAt }) => Date.parse(publishedAt) >= startDate)
  const tags = query.getAll('tagsOneOf').map((tag) => tag.toLowerCase())
  if (tags.length > 0) {
    tests.push((video) => world.details(video).tags.some((tag) => tags.includes(tag.toLowerCase())))
  }
  for (const field of ['language', 'category', 'licence'] as const) {
    const ids = query.getAll(`${field}OneOf`)
    if (ids.length > 0) tests.push((video) => ids.includes(String(video[field].id)))
  }
  return tests.length === 0 ? videos : videos.filter((video) => tests.every((test) => test(video)))
}

function sort(videos: ListedVideo[], by: string, world: World): ListedVideo[] {
  // They come newest first.
  if (by === '-publishedAt' || by === '-match') return videos
  const field = by.replace(/^-/, '')
  const key = (video: ListedVideo): unknown => {
    if (field === 'comments') return world.comments.countOf(video.uuid)
    return video[['trending', 'hot', 'best'].includes(field) ? 'views' : field]
  }
  const isDescending = by.startsWith('-')
  const direction = isDescending ? -1 : 1
  // Of equals the older comes first, or last.
  const keyed = (isDescending ? videos : videos.toReversed()).map((video) => ({ video, key: key(video) }))
  return keyed.sort((a, b) => direction * compare(a.key, b.key)).map(({ video }) => video)
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [String(a), String(b)]
  return left === right ? 0 : left < right ? -1 : 1
}
