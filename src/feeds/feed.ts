/** @module What a feed is before it is written: what is in it, newest first, and where everything of it is. */
import type { LoggedEvent } from '../events/envelope.ts'

/** The formats of a feed, by the ending of its address. */
export const FEED_FORMATS = ['json', 'atom', 'rss', 'txt'] as const
export type FeedFormat = (typeof FEED_FORMATS)[number]

/** One entry: an event, or what several events are about (a video, comment, notification) with its latest event. */
export type FeedItem = {
  /** The first event of the log about it: its id is the entry's, for ever. `seenAt`: milliseconds since the epoch. */
  first: { id: string; instance: string; seenAt: number }
  /** The latest: what the entry shows. */
  last: LoggedEvent
  /**
   * Whether it was deleted or is no longer public: it is no entry any more, and Atom says so. Looked at where the mode is
   * `subjects`; that something was deleted is an event as any other.
   */
  isGone: boolean
}

export type Feed = {
  title: string
  /** `events`: an entry for each event. `subjects`: one for each video, comment or notification. */
  mode: 'events' | 'subjects'
  /** Whether its address is a secret. */
  isPrivate: boolean
  /** Newest first. */
  items: readonly FeedItem[]
  /** When it last changed, milliseconds since the epoch. */
  updatedAt: number
  /** Absolute, and without anybody's texts but in their queries. */
  urls: {
    /** Of this page, in this format. */
    self: string
    /** For people. */
    home: string
    /** Null: nobody is told of its changes, as of a private one. */
    hub: string | null
    /** Of the first page, in this format. */
    first: string
    /** Of the page of what is older, or null. */
    next: string | null
    /** The feed in each format, its own among them, at its first page. */
    alternates: Readonly<Record<FeedFormat, string>>
    /** Where a whole event is. */
    event: (id: string) => string
  }
}
