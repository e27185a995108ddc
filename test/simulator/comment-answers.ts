/** @module The routes of comments: threads, trees, the lists for moderators and owners, the ActivityPub collection. */
import { isOpen, type StoredComment } from './comments.ts'
import { cut, type Page, pageOf } from './paging.ts'
import { ACCOUNTS, mayModerate } from './people.ts'
import { type Answer, from, notFound, withBody } from './recorded-answers.ts'
import type { Asked, State } from './state.ts'
import { has } from './versions.ts'
import { refuseToShow } from './video-answers.ts'
import type { ListedVideo } from './videos.ts'
import type { World } from './world.ts'

const COLLECTION_PAGE = 10

/** What is said of comments, or null when it is not asked for. */
export function commentAnswer(asked: Asked, state: State): Answer | null {
  const path = asked.url.pathname
  const ofVideo = /^\/api\/v1\/videos\/([^/]+)\/comment-threads(?:\/(\d+))?$/.exec(path)
  if (ofVideo?.[1]) {
    const video = state.world.find(ofVideo[1])
    const refused = refuseToShow(video, asked)
    if (!video || refused) return refused
    return ofVideo[2] === undefined
      ? threads(video, asked, state)
      : tree(video, Number(ofVideo[2]), asked, state)
  }
  if (path === '/api/v1/videos/comments') {
    if (asked.caller === 'anonymous') return from('get_all_comments_anonymous_401')
    if (asked.caller !== 'root') return from('get_all_comments_user_403')
    return list('get_all_comments_admin', state.world.comments.all(), asked, state)
  }
  if (path === '/api/v1/users/me/videos/comments') {
    if (!has(state.self.version, 'ownComments')) return notFound('Not found')
    if (asked.caller === 'anonymous') return from('get_all_comments_anonymous_401')
    if (!asked.url.searchParams.has('sort')) return from('get_my_videos_comments')
    const own = state.world.comments
      .all()
      .filter(({ videoUuid }) => state.world.find(videoUuid)?.account.name === asked.caller)
    return list('get_my_videos_comments_sorted', own, asked, state)
  }
  const collection = /^\/videos\/watch\/([^/]+)\/comments$/.exec(path)?.[1]
  return collection ? activityPub(collection, asked, state.world) : null
}

function threads(video: ListedVideo, asked: Asked, state: State): Answer {
  const page = pageOf(asked.url, ['createdAt', 'totalReplies'], '-createdAt')
  if ('status' in page) return page
  const visible = visibleTo(asked, video, state.world)
  const roots = visible.filter(({ inReplyToCommentId }) => inReplyToCommentId === null)
  const counts = countReplies(visible, video)
  const size = (root: StoredComment) => counts.get(root.id)?.all ?? 0
  const sorted = page.sort.endsWith('totalReplies') ? roots.toSorted((a, b) => size(a) - size(b)) : roots
  const data = cut(page.sort.startsWith('-') ? sorted.toReversed() : sorted, page)
  return {
    ...from('get_comment_threads_desc_createdAt'),
    body: {
      total: roots.length,
      data: data.map((root) => show(root, video, counts, state)),
      totalNotDeletedComments: visible.filter(({ deletedAt }) => deletedAt === null).length,
    },
  }
}

/** The whole tree below a root. Written without recursion: people reply ten thousand deep. */
function tree(video: ListedVideo, rootId: number, asked: Asked, state: State): Answer {
  const visible = visibleTo(asked, video, state.world)
  const root = visible.find(({ id }) => id === rootId)
  if (!root || root.inReplyToCommentId !== null) return from('get_comment_thread_404')
  const counts = countReplies(visible, video)
  const seen = new Set(visible)
  const parts: string[] = []
  const rest: (StoredComment | string)[] = [root]
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (typeof next === 'string') {
      parts.push(next)
      continue
    }
    parts.push(`{"comment":${JSON.stringify(show(next, video, counts, state))},"children":[`)
    rest.push(']}')
    const replies = state.world.comments.repliesTo(next.id).filter((reply) => seen.has(reply))
    for (const [index, reply] of replies.toReversed().entries()) {
      if (index > 0) rest.push(',')
      rest.push(reply)
    }
  }
  return { ...from('get_comment_thread_tree'), body: parts.join('') }
}

type Counts = Map<number, { all: number; byAuthor: number }>

/** Of each thread. */
function countReplies(comments: readonly StoredComment[], video: ListedVideo): Counts {
  const counts: Counts = new Map()
  for (const { id, threadId, deletedAt, by } of comments) {
    if (id === threadId || deletedAt !== null) continue
    const count = counts.get(threadId) ?? { all: 0, byAuthor: 0 }
    count.all += 1
    if (by === video.account.name) count.byAuthor += 1
    counts.set(threadId, count)
  }
  return counts
}

function visibleTo({ caller }: Asked, video: ListedVideo, world: World): readonly StoredComment[] {
  const all = world.comments.of(video.uuid)
  return mayModerate(caller, video.account.name) ? all : all.filter(({ isHeld }) => !isHeld)
}

/** A comment as threads and trees show it. Replies are counted of roots only, as recorded. */
function show(comment: StoredComment, video: ListedVideo, counts: Counts, { self }: State): object {
  const count = counts.get(comment.id)
  return {
    ...common(comment, video, self.origin),
    deletedAt: comment.deletedAt,
    ...(has(self.version, 'heldComments') ? { heldForReview: comment.isHeld } : {}),
    isDeleted: comment.deletedAt !== null,
    totalRepliesFromVideoAuthor: count?.byAuthor ?? 0,
    totalReplies: count?.all ?? 0,
    account: comment.deletedAt === null ? ACCOUNTS[comment.by] : null,
  }
}

function common(comment: StoredComment, video: ListedVideo, origin: string): object {
  const { id, text, threadId, inReplyToCommentId, createdAt, updatedAt } = comment
  const url = `${origin}/videos/watch/${video.uuid}/comments/${id}`
  return { id, url, text, threadId, inReplyToCommentId, videoId: video.id, createdAt, updatedAt }
}

/** The lists of moderators and owners: no tombstones, held ones too. */
function list(
  name: string,
  comments: readonly StoredComment[],
  asked: Asked,
  { world, self }: State,
): Answer {
  const query = asked.url.searchParams
  const page: Page | Answer = pageOf(asked.url, ['createdAt'], '-createdAt')
  if ('status' in page) return page
  // Everybody and every video is of this instance.
  const isElsewhere = query.get('onLocalVideo') === 'false' || query.get('isLocal') === 'false'
  const heldOnly = query.get('isHeldForReview') === 'true'
  const found = isElsewhere
    ? []
    : comments.filter(({ deletedAt, isHeld }) => deletedAt === null && (isHeld || !heldOnly))
  const data = cut(page.sort.startsWith('-') ? found.toReversed() : found, page).flatMap((comment) => {
    const video = world.find(comment.videoUuid)
    if (!video) return []
    return {
      ...common(comment, video, self.origin),
      ...(has(self.version, 'heldComments')
        ? { heldForReview: comment.isHeld, automaticTags: tagsOf(comment) }
        : {}),
      video: { id: video.id, uuid: video.uuid, name: video.name },
      account: ACCOUNTS[comment.by],
    }
  })
  return { ...from(name), body: { total: found.length, data } }
}

/** As the real server tags. */
function tagsOf({ text }: StoredComment): string[] {
  return /https?:\/\//.test(text) ? ['external-link'] : []
}

/** URLs of comments and tombstones, oldest first. */
function activityPub(key: string, asked: Asked, world: World): Answer {
  const video = world.find(key)
  if (!video || !['Public', 'Unlisted'].includes(video.privacy.label)) return notFound('Video not found')
  const items = world.comments
    .of(video.uuid)
    .filter((comment) => isOpen(comment) || comment.deletedAt !== null)
    .map(({ id }) => `${video.url}/comments/${id}`)
  const id = `${video.url}/comments`
  const page = Number(asked.url.searchParams.get('page') ?? 0)
  if (!(page >= 1)) {
    return {
      ...withBody('ap_video_comments', {}),
      body: {
        ...(from('ap_instance_outbox').body as object),
        id,
        totalItems: items.length,
        first: `${id}?page=1`,
      },
    }
  }
  const end = page * COLLECTION_PAGE
  return withBody('ap_video_comments', {
    id: `${id}?page=${page}`,
    partOf: id,
    ...(page > 1 ? { prev: `${id}?page=${page - 1}` } : {}),
    ...(end < items.length ? { next: `${id}?page=${page + 1}` } : {}),
    orderedItems: items.slice(end - COLLECTION_PAGE, end),
    totalItems: items.length,
  })
}
