/** @module The feed of an instance's newest comments: anyone may read it, and learns which threads changed. */
import { Buffer } from 'node:buffer'
import * as v from 'valibot'
import { type Failure, failed, type Get } from './client.ts'
import { time } from './fields.ts'
import { describeIssue, type NotModified, parseItems } from './items.ts'
import { shortUuidOf, uuidOf } from './short-uuid.ts'

/** Something new in a thread. It doesn't say which comment: the thread has to be read. */
export type FeedItem = {
  videoShortUuid: string
  threadId: number
  /** Milliseconds since the epoch. */
  at: number
  /** Tells items of one thread apart, for whose `id` is the same: the same item has the same key at each reading. */
  key: string
}

export type CommentFeed = {
  kind: 'feed'
  /** Newest first. */
  items: FeedItem[]
  skipped: string[]
  /** For how long the instance answers the same, or null when it doesn't say. */
  maxAgeSeconds: number | null
  etag: string | null
}

/** Twenty is what an instance gives unless its administrator wants more. */
const MAX_ITEMS = 500

const Feed = v.object({ items: v.pipe(v.array(v.unknown()), v.maxLength(MAX_ITEMS)) })

/** A JSON feed's item; the video and the thread are in its link alone. */
const Item = v.pipe(
  v.object({
    url: v.pipe(v.string(), v.maxLength(1_000)),
    id: v.nullish(v.string(), ''),
    content_html: v.nullish(v.string(), ''),
    date_modified: time,
    author: v.nullish(v.object({ name: v.nullish(v.string(), ''), url: v.nullish(v.string(), '') }), {}),
  }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const { url, id, content_html, date_modified, author } = dataset.value
    const link = /\/(?:w|videos\/watch)\/([0-9a-zA-Z-]{1,36});threadId=([1-9]\d{0,15})$/.exec(url)
    const videoShortUuid = shortUuid(link?.[1] ?? '')
    const threadId = Number(link?.[2])
    if (videoShortUuid === null || !Number.isSafeInteger(threadId)) {
      addIssue({ message: `Expected a link to a thread but received "${url}"` })
      return NEVER
    }
    const identity = JSON.stringify([id, url, date_modified, author?.url, author?.name, content_html])
    return { videoShortUuid, threadId, at: Date.parse(date_modified), identity }
  }),
)

/** Two addresses of the same feed: PeerTube keeps the answer to each for a time of its own. */
export const FEED_PATHS = ['/feeds/video-comments.json', '/feeds/video-comments.json?format=json'] as const

/**
 * @param etag of the feed when it was last read there, for a 304.
 * @param path one of `FEED_PATHS`.
 */
export async function readCommentFeed(
  get: Get,
  origin: string,
  etag: string | null,
  path: (typeof FEED_PATHS)[number] = FEED_PATHS[0],
): Promise<CommentFeed | NotModified | Failure> {
  const answer = await get(origin + path, { etag, bucket: 'feeds' })
  if (answer.kind !== 'ok') return answer
  const feed = v.safeParse(Feed, answer.body)
  if (!feed.success) {
    return failed('schema', `no feed of comments: ${describeIssue(feed.issues[0])}`, answer.observation)
  }
  const { items, skipped } = parseItems(Item, feed.output.items, (index) => `item ${index} of the feed`)
  return {
    kind: 'feed',
    items: await Promise.all(
      items.map(async ({ identity, ...item }) => ({ ...item, key: await digest(identity) })),
    ),
    skipped,
    maxAgeSeconds: answer.maxAgeSeconds,
    etag: answer.etag,
  }
}

/** In its only spelling: so one video is one, however the link writes it. */
function shortUuid(uuid: string): string | null {
  return shortUuidOf(uuidOf(uuid) ?? uuid)
}

/** 96 bits of SHA-256 in hexadecimal: what an instance wrote may be long. */
async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Buffer.from(bytes, 0, 12).toString('hex')
}
