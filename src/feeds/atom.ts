/** @module A feed as Atom (RFC 4287), with what was deleted (RFC 6721). */
import { XMLBuilder } from 'fast-xml-parser'
import { generateAtomFeed } from 'feedsmith'
import type { Author } from './authors.ts'
import type { Entry } from './entry.ts'
import { mediaOf } from './media.ts'
import { linksOf, OURSELVES, type Page } from './page.ts'
import { EVENT_TYPE_SCHEME, xmlOf } from './xml.ts'

const TOMBSTONES = 'http://purl.org/atompub/tombstones/1.0'

const builder = new XMLBuilder({ ignoreAttributes: false, suppressEmptyNode: true, format: true })

export function atomFeed(page: Page): string {
  const { title, description, updatedAt, entries, urls } = page
  const feed = {
    // Of all its pages the same, and in the words of RFC 4287 (4.2.6) for ever: as long as it has its address.
    id: urls.alternates.atom,
    title: { value: title, type: 'text' },
    subtitle: { value: description, type: 'text' },
    updated: new Date(updatedAt),
    // "atom:feed elements MUST contain one or more atom:author elements, unless" each entry has one.
    authors: [{ name: OURSELVES }],
    generator: { text: OURSELVES },
    links: linksOf(page, 'atom'),
    entries: entries.map(entryOf),
  }
  return withGone(
    xmlOf(feed, (escaped) => generateAtomFeed(escaped, { strict: true })),
    page.gone,
  )
}

function entryOf(entry: Entry) {
  const { id, url, title, summary, html, publishedAt, updatedAt, language, player } = entry
  const [author, ...contributors] = entry.authors.map(personOf)
  return {
    id,
    title: { value: title, type: 'text' },
    updated: new Date(updatedAt),
    published: new Date(publishedAt),
    // Of several, parsers name the feed's instead: who made it beside the channel contributed.
    authors: author === undefined ? [] : [author],
    contributors,
    links: [
      { rel: 'alternate', href: url, type: 'text/html' },
      ...(player === null ? [] : [{ rel: 'enclosure', href: player.url, type: 'text/html' }]),
    ],
    categories: [
      ...entry.categories.map((term) => ({ term })),
      { term: entry.event.type, scheme: EVENT_TYPE_SCHEME },
    ],
    summary: { value: summary, type: 'text' },
    content: { value: html, type: 'html' },
    media: mediaOf(entry),
    ...(language === null ? {} : { xml: { lang: language } }),
  }
}

function personOf({ name, url: uri }: Author) {
  return { name, ...(uri === null ? {} : { uri }) }
}

/**
 * Feedsmith does not know `at:deleted-entry`, and lets no element in that it does not know: they are built by the library that it
 * builds with, and put before the entries, for those come last in the schema of RFC 4287. No text of anybody has a `<`.
 */
function withGone(xml: string, gone: Page['gone']): string {
  if (gone.length === 0) return xml
  const elements = builder.build({
    'at:deleted-entry': gone.map(({ id, since }) => ({
      '@_xmlns:at': TOMBSTONES,
      '@_ref': id,
      '@_when': since,
    })),
  })
  const place = xml.search(/^ *(?:<entry\b|<\/feed>)/m)
  return `${xml.slice(0, place)}${elements}${xml.slice(place)}`
}
