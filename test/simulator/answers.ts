/** @module What the simulator answers to a request, but for limits and faults: from its world, or else from a recording. */
import { type Caller, callerOf, RECORDINGS, type Recording, recording } from './recordings.ts'
import type { Sessions } from './sessions.ts'
import type { Comment, ListedVideo, World } from './world.ts'

/** An answer before headers that all answers have. `body` undefined: none. */
export type Answer = { status: number; headers: Record<string, string>; body: unknown }
export type Asked = {
  method: string
  url: URL
  caller: Caller
  headers: Record<string, string>
  body: string
}

const SORTS = 'name duration createdAt publishedAt originallyPublishedAt views likes trending hot best'.split(
  ' ',
)
const VIDEO_ID = /^([0-9]+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[1-9A-HJ-NP-Za-km-z]{20,22})$/i

/** What the simulator says of itself; `origin` takes the place of the recorded host. */
export type Self = { origin: string; version: string; name: string }

/** Answers one request. */
export function answer(asked: Asked, world: World, sessions: Sessions, self: Self): Answer {
  // State has this host already; what comes of recordings doesn't.
  return onThisHost(fromWorld(asked, world, sessions, self) ?? replay(asked), self.origin)
}

function fromWorld(asked: Asked, world: World, sessions: Sessions, self: Self): Answer | null {
  const { method, url, caller } = asked
  const path = url.pathname
  if (method === 'OPTIONS') return from('options_cors_api')
  if (method === 'POST' && path === '/api/v1/users/token') return sessions.token(asked.body, asked.headers)
  if (method === 'POST' && path === '/api/v1/users/revoke-token') return sessions.revoke(asked.headers)
  if (method !== 'GET') return null
  if (caller === 'invalid') return from('get_users_me_bad_token')
  const host = asked.headers['host'] ?? ''
  if (path === '/api/v1/oauth-clients/local' && host !== new URL(url).host) {
    return problem('get_oauth_clients_local_wrong_host', (text) =>
      text.replaceAll('other-host.example', host),
    )
  }
  if (path === '/api/v1/users/me' && caller !== 'anonymous') {
    return withBody('get_users_me', { username: caller })
  }
  if (path === '/nodeinfo/2.0.json') return nodeInfo(world, self.version)
  if (path === '/api/v1/config') {
    const { instance } = recording('get_config').response.body as { instance: object }
    return withBody('get_config', {
      serverVersion: self.version,
      instance: { ...instance, name: self.name },
    })
  }
  if (path === '/api/v1/videos') return videoList(asked, world.listed())
  const channel = /^\/api\/v1\/video-channels\/([^/]+)\/videos$/.exec(path)?.[1]
  if (channel === 'alice_channel' || channel === 'bob_channel') {
    return videoList(
      asked,
      world.listed().filter((video) => video.channel.name === channel),
    )
  }
  if (channel) return from('get_channel_videos_404')
  const id = /^\/api\/v1\/videos\/([^/]+)$/.exec(path)?.[1]
  if (id && id !== 'comments') return oneVideo(id, asked, world)
  return commentRoutes(path, asked, world)
}

function videoList({ url, caller }: Asked, videos: ListedVideo[]): Answer {
  const query = url.searchParams
  const refuse = (name: string, field: string) =>
    problem(name, (text) =>
      text
        .replaceAll(/"instance":"[^"]*"/g, `"instance":${JSON.stringify(url.pathname + url.search)}`)
        .replace(/"value":"[^"]*"/, `"value":${JSON.stringify(query.get(field))}`),
    )
  const count = query.get('count') ?? '15'
  if (!/^\d+$/.test(count) || Number(count) > 100) return refuse('get_videos_count_101', 'count')
  const start = query.get('start') ?? '0'
  if (!/^\d+$/.test(start)) return refuse('get_videos_bad_start', 'start')
  const sort = query.get('sort') ?? '-publishedAt'
  if (!SORTS.includes(sort.replace(/^-/, ''))) return refuse('get_videos_bad_sort', 'sort')
  if (query.has('include') && caller !== 'root') return from('get_videos_include_anonymous')
  if (query.has('include')) return from('get_videos_include_admin')

  const wanted = query.get('nsfw') === 'both' ? videos : videos.filter(({ nsfw }) => !nsfw)
  const sorted = sortVideos(wanted, sort)
  const data = sorted.slice(Number(start), Number(start) + Number(count))
  const body = query.get('skipCount') === 'true' ? { data } : { total: wanted.length, data }
  return { ...from('get_videos_newest'), body }
}

function sortVideos(videos: ListedVideo[], sort: string): ListedVideo[] {
  if (sort === '-publishedAt') return videos
  const field = sort.replace(/^-/, '')
  const key = (video: ListedVideo) =>
    video[field === 'trending' || field === 'hot' || field === 'best' ? 'views' : field]
  const direction = sort.startsWith('-') ? -1 : 1
  return videos.toSorted((a, b) => direction * (String(key(a)) < String(key(b)) ? -1 : 1))
}

function oneVideo(id: string, { url }: Asked, world: World): Answer {
  if (!VIDEO_ID.test(id)) {
    return problem('get_video_bad_id_400', (text) =>
      text.replaceAll('/api/v1/videos/not-a-uuid', url.pathname).replaceAll('not-a-uuid', id),
    )
  }
  const video = world.find(id)
  if (!video) return from('get_video_deleted_404')
  if (video.privacy.label === 'Private') return from('get_video_private_401')
  const full = recording('get_video').response.body as Record<string, object>
  return withBody('get_video', {
    ...video,
    descriptionPath: `/api/v1/videos/${video.uuid}/description`,
    account: { ...full['account'], ...video.account },
    channel: { ...full['channel'], ...video.channel },
  })
}

function nodeInfo(world: World, version: string): Answer {
  const recorded = recording('get_nodeinfo_2_0').response.body as { usage: object; software: object }
  return withBody('get_nodeinfo_2_0', {
    software: { ...recorded.software, version },
    usage: { ...recorded.usage, localPosts: world.listed().length, localComments: 5 + world.comments.length },
  })
}

/** Comments that a script made; those of the recordings' world are replayed. */
function commentRoutes(path: string, { url, caller }: Asked, world: World): Answer | null {
  const match = /^\/api\/v1\/videos\/([^/]+)\/comment-threads(?:\/(\d+))?$/.exec(path)
  const video = match?.[1] ? world.find(match[1]) : undefined
  const comments = world.comments.filter(({ videoUuid }) => videoUuid === video?.uuid)
  if (match && video && comments.length > 0 && !url.searchParams.get('sort')?.includes('bogus')) {
    if (match[2] === undefined) {
      const roots = comments.filter(({ inReplyToCommentId }) => inReplyToCommentId === null)
      const data = roots.map((root) => show(root, comments)).reverse()
      const body = { total: roots.length, totalNotDeletedComments: comments.length, data }
      return { ...from('get_comment_threads_desc_createdAt'), body }
    }
    const root = comments.find(({ id }) => id === Number(match[2]))
    return root
      ? { ...from('get_comment_thread_tree'), body: tree(root, comments) }
      : from('get_comment_thread_404')
  }
  if (path === '/api/v1/videos/comments' && caller === 'root' && world.comments.length > 0) {
    const recorded = recording('get_all_comments_admin').response.body as { total: number; data: object[] }
    const data = [
      ...world.comments.map((one) => ({ ...recorded.data[0], ...show(one, world.comments) })).reverse(),
      ...recorded.data,
    ]
    return withBody('get_all_comments_admin', { total: data.length, data })
  }
  return null
}

function show(comment: Comment, all: Comment[]): object {
  const recorded = recording('get_comment_threads_desc_createdAt').response.body as { data: object[] }
  const { videoUuid, ...rest } = comment
  const replies = all.filter(({ threadId, id }) => threadId === comment.id && id !== comment.id)
  return {
    ...recorded.data[0],
    ...rest,
    url: `https://peertube.example/videos/watch/${videoUuid}/comments/${comment.id}`,
    updatedAt: comment.createdAt,
    totalReplies: replies.length,
  }
}

function tree(comment: Comment, all: Comment[]): object {
  const children = all.filter(({ inReplyToCommentId }) => inReplyToCommentId === comment.id)
  return {
    hasDisplayedChildren: children.length > 0,
    comment: show(comment, all),
    children: children.map((child) => tree(child, all)),
  }
}

/** The recording that fits a request best: the same path, the same caller, and the most of the same query. */
function replay({ method, url, caller }: Asked): Answer {
  const path = url.pathname
  const candidates = RECORDINGS.filter(
    ({ name, request }) =>
      !name.startsWith('rate_limited') &&
      request.method === method &&
      request.path.split('?')[0] === path &&
      callerOf({ name, request } as Recording) === caller,
  )
  const score = (candidate: Recording) => {
    const recorded = new URL(candidate.request.path, url).searchParams
    const same = [...recorded].filter(([key, value]) => url.searchParams.getAll(key).includes(value)).length
    return 2 * same - recorded.size
  }
  const [best] = candidates.toSorted((a, b) => score(b) - score(a))
  if (best) return from(best.name)
  return caller === 'anonymous' || !RECORDINGS.some(({ request }) => request.path.split('?')[0] === path)
    ? {
        ...from('get_channel_videos_404'),
        body: {
          type: 'about:blank',
          title: 'Not Found',
          detail: 'Not found',
          status: 404,
          error: 'Not found',
        },
      }
    : from('get_all_comments_user_403')
}

/** An answer as it was recorded. */
export function from(name: string): Answer {
  const { status, headers, body } = recording(name).response
  return { status, headers, body }
}

/** A recorded answer with other fields. */
export function withBody(name: string, change: object): Answer {
  const made = from(name)
  return { ...made, body: { ...(made.body as object), ...change } }
}

/** A recorded problem in other words. */
export function problem(name: string, change: (json: string) => string): Answer {
  const made = from(name)
  return { ...made, body: JSON.parse(change(JSON.stringify(made.body))) }
}

function onThisHost(made: Answer, origin: string): Answer {
  const { host } = new URL(origin)
  const text = JSON.stringify(made.body)
    .replaceAll('https://peertube.example', origin)
    .replaceAll('peertube.example', host)
  return { ...made, body: JSON.parse(text) }
}
