/** @module A feed as JSON Feed 1.1. https://www.jsonfeed.org/version/1.1/ */
import { generateJsonFeed } from 'feedsmith'
import type { Author } from './authors.ts'
import type { Entry } from './entry.ts'
import { OURSELVES, type Page } from './page.ts'

/** What is gone is left out: there is no word for it in this format. */
export function jsonFeed({ title, description, entries, urls }: Page): string {
  const generated = generateJsonFeed({
    title,
    description,
    home_page_url: urls.home,
    feed_url: urls.self,
    ...(urls.next === null ? {} : { next_url: urls.next }),
    authors: [{ name: OURSELVES }],
    ...(urls.hub === null ? {} : { hubs: [{ type: 'WebSub', url: urls.hub }] }),
    items: entries.map((entry) => itemOf(entry, urls.home)),
  })
  // Of an empty list feedsmith makes none at all; the format requires it.
  return JSON.stringify({ ...Object(generated), ...(entries.length === 0 ? { items: [] } : {}) })
}

function itemOf(entry: Entry, about: string) {
  return {
    id: entry.id,
    url: entry.url,
    title: entry.title,
    summary: entry.summary,
    content_html: entry.html,
    date_published: entry.publishedAt,
    date_modified: entry.updatedAt,
    authors: entry.authors.map(authorOf),
    ...(entry.image === null ? {} : { image: entry.image }),
    ...(entry.language === null ? {} : { language: entry.language }),
    tags: [...entry.categories],
    ...(entry.player === null ? {} : { attachments: [attachmentOf(entry.player, entry.title)] }),
    // An extension of ours, for programs that want more than a reader shows: the whole event.
    _tubewire: { about, sensitive: entry.isSensitive, event: entry.event },
  }
}

function authorOf({ name, url, avatar }: Author) {
  return { name, ...(url === null ? {} : { url }), ...(avatar === null ? {} : { avatar }) }
}

function attachmentOf({ url, duration }: NonNullable<Entry['player']>, title: string) {
  return {
    url,
    mime_type: 'text/html',
    title,
    ...(duration === null ? {} : { duration_in_seconds: duration }),
  }
}
