/** @module Feeds for tests: of events as the API shows them. */
import { exampleOf } from '../../src/events/catalogue.ts'
import type { PublicEvent } from '../../src/events/envelope.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'
import type { Feed, FeedItem } from '../../src/feeds/feed.ts'
import { FEED_FORMATS, renderFeed } from '../../src/feeds/formats.ts'

const FEEDS = 'https://tubewire.example/feeds'

/** An item of one event. */
export function itemOf({ timestamp, data, ...event }: PublicEvent, isGone = false): FeedItem {
  const last = { ...event, seenAt: Date.parse(timestamp), data: JSON.stringify(data) ?? 'null' }
  return { first: { id: last.id, instance: last.instance, seenAt: last.seenAt }, last, isGone }
}

/** A feed of these, of which other fields can be said. */
export function feedOf(items: readonly FeedItem[], fields: Partial<Feed> = {}): Feed {
  return {
    title: 'All of it',
    mode: 'events',
    isPrivate: false,
    items,
    updatedAt: Date.UTC(2026, 10, 30),
    urls: {
      self: `${FEEDS}/all?count=50&type=video.*`,
      home: 'https://tubewire.example/',
      hub: 'https://tubewire.example/websub',
      first: `${FEEDS}/all?type=video.*`,
      next: `${FEEDS}/all?before=42&type=video.*`,
      alternates: {
        json: `${FEEDS}/all.json?type=video.*`,
        atom: `${FEEDS}/all.atom?type=video.*`,
        rss: `${FEEDS}/all.rss?type=video.*`,
        txt: `${FEEDS}/all.txt?type=video.*`,
      },
      event: (id) => `https://tubewire.example/api/v1/events/${id}`,
    },
    ...fields,
  }
}

/** What the files in test/feeds/golden say, by their names: an event of each type, and a page of subjects, one of them gone. */
export function goldenFeeds(): Map<string, string> {
  const one = EVENT_TYPES.map((type) => [type, feedOf([itemOf(exampleOf(type))])] as const)
  const several = (
    ['comment.created', 'video.deleted', 'video.published', 'notification.created'] as const
  ).map((type) => itemOf(exampleOf(type), type === 'video.deleted'))
  const feeds = [...one, ['subjects', feedOf(several, { mode: 'subjects' })] as const]
  return new Map(
    feeds.flatMap(([name, feed]) =>
      FEED_FORMATS.map((format) => [`${name}.${format}`, renderFeed(format, feed)] as const),
    ),
  )
}
