/** @module A feed as RSS 2.0, with Media RSS, Dublin Core and the encoded content. https://www.rssboard.org/rss-specification */
import { generateRssFeed } from 'feedsmith'
import { escapeHtml } from '../events/text.ts'
import type { Entry } from './entry.ts'
import { mediaOf } from './media.ts'
import { linksOf, OURSELVES, type Page } from './page.ts'
import { EVENT_TYPE_SCHEME, xmlOf } from './xml.ts'

/** What is gone is left out: there is no word for it in this format. */
export function rssFeed(page: Page): string {
  const { title, description, updatedAt, entries, urls } = page
  const feed = {
    title,
    link: urls.home,
    description,
    lastBuildDate: new Date(updatedAt),
    generator: OURSELVES,
    atom: { links: linksOf(page, 'rss') },
    items: entries.map(itemOf),
  }
  return xmlOf(feed, (escaped) => generateRssFeed(escaped, { strict: true }))
}

function itemOf(entry: Entry) {
  const { id, url, title, summary, html, publishedAt, updatedAt, language, player, authors } = entry
  return {
    title,
    link: url,
    // Readers take it for HTML, whatever it is.
    description: escapeHtml(summary),
    content: { encoded: html },
    guid: { value: id, isPermaLink: false },
    pubDate: new Date(publishedAt),
    atom: { updated: new Date(updatedAt) },
    categories: [
      ...entry.categories.map((name) => ({ name })),
      { name: entry.event.type, domain: EVENT_TYPE_SCHEME },
    ],
    // Its length is not known, and must be said.
    enclosures: player === null ? [] : [{ url: player.url, length: 0, type: 'text/html' }],
    dc: {
      // RSS's own author is an address of a mailbox.
      creators: authors.map(({ name }) => name),
      ...(language === null ? {} : { languages: [language] }),
    },
    media: mediaOf(entry),
  }
}
