/** @module A page of a feed, read: what each format writes in its own words. */
import { oneLine } from '../events/text.ts'
import { type Entry, entryOf } from './entry.ts'
import { FEED_FORMATS, type Feed, type FeedFormat } from './feed.ts'
import { tagUri } from './tag-uri.ts'
import { cutBetweenCharacters } from './title.ts'
import { printable } from './xml.ts'

/** Who tells all this. */
export const OURSELVES = 'Tubewire'

/** Of each format, as RFC 4287 and others registered it. */
export const MEDIA_TYPES: Readonly<Record<FeedFormat, string>> = {
  json: 'application/feed+json',
  atom: 'application/atom+xml',
  rss: 'application/rss+xml',
  txt: 'text/plain',
}

export type Page = {
  title: string
  description: string
  /** ISO 8601 UTC. */
  updatedAt: string
  entries: readonly Entry[]
  /** What was an entry, and since when it is none (ISO 8601 UTC). */
  gone: readonly { id: string; since: string }[]
  urls: Feed['urls']
}

const MAX_TITLE_LENGTH = 500
const DESCRIPTIONS: Readonly<Record<Feed['mode'], string>> = {
  events: 'What happens on PeerTube',
  subjects: 'Videos and comments on PeerTube',
}

/** @throws SyntaxError when an event's `data` is not JSON: only our own code writes it. */
export function pageOf(feed: Feed): Page {
  const { mode, items, urls } = feed
  const isGone = (item: Feed['items'][number]) => mode === 'subjects' && item.isGone
  const title = oneLine(String(printable(feed.title)))
  const secret = feed.isPrivate ? ' Its address is a secret: whoever has it can read it.' : ''
  return {
    title: cutBetweenCharacters(title, MAX_TITLE_LENGTH) || OURSELVES,
    description: `${DESCRIPTIONS[mode]}, told by ${OURSELVES}.${secret}`,
    updatedAt: new Date(feed.updatedAt).toISOString(),
    entries: items.filter((item) => !isGone(item)).map((item) => entryOf(item, feed)),
    gone: items.filter(isGone).map(({ first, last }) => ({
      id: tagUri(first),
      since: new Date(last.seenAt).toISOString(),
    })),
    urls,
  }
}

/** How a page of a feed, by XML, is linked to others: RFC 4287 (4.2.7), RFC 5005 (3), WebSub (4). */
export function linksOf({ urls }: Page, format: FeedFormat): { rel: string; href: string; type?: string }[] {
  const others = FEED_FORMATS.filter((other) => other !== format)
  const type = MEDIA_TYPES[format]
  return [
    { rel: 'self', href: urls.self, type },
    ...(urls.hub === null ? [] : [{ rel: 'hub', href: urls.hub }]),
    { rel: 'first', href: urls.first, type },
    ...(urls.next === null ? [] : [{ rel: 'next', href: urls.next, type }]),
    { rel: 'alternate', href: urls.home, type: 'text/html' },
    ...others.map((other) => ({ rel: 'alternate', href: urls.alternates[other], type: MEDIA_TYPES[other] })),
  ]
}
