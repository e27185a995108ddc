/** @module The formats of feeds: of the same page, each in its own words. Pure. A new one is a file and a line here. */
import { atomFeed } from './atom.ts'
import type { Feed, FeedFormat } from './feed.ts'
import { jsonFeed } from './json.ts'
import { MEDIA_TYPES, type Page, pageOf } from './page.ts'
import { rssFeed } from './rss.ts'
import { txtFeed } from './txt.ts'

export { FEED_FORMATS, type FeedFormat } from './feed.ts'

const WRITERS: Readonly<Record<FeedFormat, (page: Page) => string>> = {
  json: jsonFeed,
  atom: atomFeed,
  rss: rssFeed,
  txt: txtFeed,
}

/**
 * A page of a feed as text: of the same feed always the same.
 * @throws SyntaxError when an event's `data` is not JSON: only our own code writes it.
 */
export function renderFeed(format: FeedFormat, feed: Feed): string {
  return WRITERS[format](pageOf(feed))
}

/** The content type of a format. JSON is UTF-8 by itself, and has no such parameter (RFC 8259, 11). */
export function feedType(format: FeedFormat): string {
  return format === 'json' ? MEDIA_TYPES.json : `${MEDIA_TYPES[format]}; charset=utf-8`
}
