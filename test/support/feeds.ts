/** @module Feeds for tests: of events as the API shows them. */
import type { PublicEvent } from '../../src/events/envelope.ts'
import type { Feed, FeedItem } from '../../src/feeds/feed.ts'

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
