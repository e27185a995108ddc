/** @module What a hub sends of feeds: the whole feed as it is now (W3C WebSub, 7 "Content Distribution"). */
import type { PublishedFeed } from '../db/feeds.ts'
import { hubTopics } from '../db/hub.ts'
import { type FeedFormat, feedType } from '../feeds/formats.ts'
import { hubUrl, linkHeader, readTopic } from '../feeds/urls.ts'
import type { Deps } from './deps.ts'
import { savedPages } from './feed-pages.ts'
import type { Posting } from './post.ts'

/** A body for a subscriber, and the sequence of the newest event that is in it. */
export type HubContent = { message: Posting; head: number }

/**
 * What subscribers are sent, by the ids of their endpoints; none of those whose lease is over, or whose feed is nobody's any more.
 * What several are sent is made once.
 */
export async function hubContents(
  { env, clock }: Pick<Deps, 'env' | 'clock'>,
  endpointIds: readonly string[],
): Promise<Map<string, HubContent>> {
  if (endpointIds.length === 0) return new Map()
  const topics = await hubTopics(env.DB, endpointIds, clock())
  const named = new Map(
    Array.from(topics.values(), ({ topic, feed }) => {
      const read = readTopic(topic)
      return [topic, read && read.slug === feed.slug ? { ...read, name: read.slug, feed } : null]
    }),
  )
  const pages = Array.from(named, ([topic, page]) => (page ? [{ ...page, topic }] : [])).flat()
  const texts = await savedPages(env.DB, pages)
  const contents = new Map(
    pages.map((page, index) => [page.topic, contentOf(page, texts[index]?.text ?? '')]),
  )
  return new Map(
    Array.from(topics, ([id, { topic }]) => {
      const content = contents.get(topic)
      return content ? [[id, content] as const] : []
    }).flat(),
  )
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
