/** @module What a hub sends of feeds: the whole feed as it is now (W3C WebSub, 7 "Content Distribution"). */
import type { PublishedFeed } from '../db/feeds.ts'
import { hubTopics } from '../db/hub.ts'
import { type FeedFormat, feedType } from '../feeds/formats.ts'
import { hubUrl, linkHeader, readTopic } from '../feeds/urls.ts'
import type { Deps } from './deps.ts'
import { savedPages } from './feed-pages.ts'
import { describeError } from './log.ts'
import type { Posting } from './post.ts'

/** A body for a subscriber, and the sequence of the newest event that is in it. */
export type HubContent = { message: Posting; head: number }

/** Different pages of one round, each of which is in memory as a text and as bytes. The rest is the next round's. */
const MOST_PAGES = 20
/** When the rest is due, and when what could not be read is tried again. */
const REST_MS = 1_000
const AGAIN_MS = 30_000

/** What a round has for subscribers. `laterAt`: of those whose turn comes later, milliseconds since the epoch. By endpoints' ids. */
export type HubContents = { contents: Map<string, HubContent>; laterAt: Map<string, number> }

/**
 * What subscribers are sent; nothing of those whose lease is over, or whose feed is nobody's any more. What several are sent is made
 * once. Never throws: what is wrong with feeds is the trouble of those who are subscribed to them.
 */
export async function hubContents(
  deps: Pick<Deps, 'env' | 'clock' | 'log'>,
  endpointIds: readonly string[],
): Promise<HubContents> {
  const none: HubContents = { contents: new Map(), laterAt: new Map() }
  if (endpointIds.length === 0) return none
  const now = deps.clock()
  try {
    return await read(deps, endpointIds, now)
  } catch (error) {
    deps.log({ log: 'error', where: 'reading feeds for the hub', error: describeError(error) })
    return { ...none, laterAt: new Map(endpointIds.map((id) => [id, now + AGAIN_MS])) }
  }
}

async function read(
  { env }: Pick<Deps, 'env'>,
  endpointIds: readonly string[],
  now: number,
): Promise<HubContents> {
  const topics = await hubTopics(env.DB, endpointIds, now)
  const named = new Map(
    Array.from(topics.values(), ({ topic, feed }) => {
      const named = readTopic(topic)
      return [topic, named && named.slug === feed.slug ? { ...named, name: named.slug, feed, topic } : null]
    }),
  )
  const pages = [...named.values()].filter((page) => page !== null)
  const pagesNow = pages.slice(0, MOST_PAGES)
  const rest = new Set(pages.slice(MOST_PAGES).map(({ topic }) => topic))
  const texts = await savedPages(env.DB, pagesNow)
  const made = new Map(pagesNow.map((page, index) => [page.topic, contentOf(page, texts[index]?.text ?? '')]))
  const contents = new Map<string, HubContent>()
  const laterAt = new Map<string, number>()
  for (const [id, { topic }] of topics) {
    const content = made.get(topic)
    if (content) contents.set(id, content)
    else if (rest.has(topic)) laterAt.set(id, now + REST_MS)
  }
  return { contents, laterAt }
}

/**
 * "The request body MUST include the full contents of the topic URL", with its type; "at least one Link Header with rel=hub", and one
 * with "rel=self" and the canonical URL of the topic.
 */
function contentOf(
  { origin, topic, format, feed }: { origin: string; topic: string; format: FeedFormat; feed: PublishedFeed },
  text: string,
): HubContent {
  const headers = {
    'content-type': feedType(format),
    link: linkHeader({ hub: hubUrl(origin), self: topic }),
  }
  // Encoded once: of a text that has a letter beyond Latin-1 that takes longer than to send it.
  return { message: { headers, body: new TextEncoder().encode(text) }, head: feed.head }
}
