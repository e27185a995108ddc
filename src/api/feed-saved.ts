/** @module A saved feed as it is answered: whether it has changed is told by one look at it. */
import { feedItems } from '../db/feed-items.ts'
import type { PublishedFeed } from '../db/feeds.ts'
import type { FeedFormat } from '../feeds/formats.ts'
import {
  type Asking,
  answerFeed,
  feedUrl,
  type PageAsked,
  pageOf,
  type Rendered,
  renderOnce,
  stateTag,
} from './feed-answer.ts'
import { feedUrls } from './feed-view.ts'

/** A saved feed, with what its address has: its slug, or its secret. */
export type Named = { feed: PublishedFeed; name: string }

/** Answers with a page of a saved feed. */
export async function answerSaved(
  asking: Asking,
  format: FeedFormat,
  named: Named,
  asked: PageAsked,
): Promise<Response> {
  return answerFeed(asking, format, {
    tag: savedTag(asking.origin, format, named, asked),
    changedAt: changedAt(named.feed),
    isPrivate: named.feed.slug === null,
    ...linksOf(asking.origin, format, named, asked),
    page: () => savedPage(asking.deps.env.DB, asking.origin, format, named, asked),
  })
}

/** When a feed was changed last, milliseconds since the epoch. */
function changedAt({ updatedAt, headSeenAt }: PublishedFeed): number {
  return Math.max(updatedAt, headSeenAt ?? 0)
}

function savedTag(
  origin: string,
  format: FeedFormat,
  { feed, name }: Named,
  { count, before }: PageAsked,
): string {
  return stateTag([origin, format, feed.id, name, feed.revision, feed.head, count, before ?? null])
}

function linksOf(origin: string, format: FeedFormat, { feed, name }: Named, asked: PageAsked) {
  const url = feedUrls(origin, name)[format]
  return { self: feedUrl(url, asked), hub: feed.slug === null ? null : hubUrl(origin) }
}

/** Where the hub is that tells of changes of public feeds. */
function hubUrl(origin: string): string {
  return `${origin}/websub`
}

/** A page of a saved feed as text, and the address of the next one. */
export async function savedPage(
  db: D1Database,
  origin: string,
  format: FeedFormat,
  named: Named,
  asked: PageAsked,
): Promise<Rendered> {
  const { feed, name } = named
  return renderOnce(savedTag(origin, format, named, asked), format, async () => {
    const found = await feedItems(db, feed.id, asked.count + 1, asked.before)
    const { items, next } = pageOf(found, asked.count)
    const alternates = feedUrls(origin, name)
    return {
      title: feed.name,
      mode: feed.mode,
      isPrivate: feed.slug === null,
      items,
      updatedAt: changedAt(feed),
      urls: {
        ...linksOf(origin, format, named, asked),
        home: `${origin}/`,
        first: feedUrl(alternates[format], { count: asked.count }),
        next: next === null ? null : feedUrl(alternates[format], { count: asked.count, before: next }),
        alternates,
        event: (id) => `${origin}/api/v1/events/${id}`,
      },
    }
  })
}
