/** @module A feed's own document (JSON Feed 1.1), as far as a reader shows it. All of it is somebody else's text. */

export type FeedItem = {
  id: string
  url: string | null
  title: string
  summary: string
  /** ISO 8601. */
  publishedAt: string | null
  image: string | null
  authors: string[]
}

/** @param document what was answered. What is missing is empty. */
export function itemsOf(document: unknown): FeedItem[] {
  const items = fieldOf(document, 'items')
  return Array.isArray(items) ? items.map(itemOf) : []
}

function itemOf(item: unknown): FeedItem {
  const authors = fieldOf(item, 'authors')
  return {
    id: textOf(item, 'id'),
    url: textOf(item, 'url') || null,
    title: textOf(item, 'title'),
    summary: textOf(item, 'summary'),
    publishedAt: textOf(item, 'date_published') || null,
    image: textOf(item, 'image') || null,
    authors: Array.isArray(authors) ? authors.map((author) => textOf(author, 'name')).filter(Boolean) : [],
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
}

function textOf(value: unknown, name: string): string {
  const field = fieldOf(value, name)
  return typeof field === 'string' ? field : ''
}

/** The path of a picture that is kept here; null: it is elsewhere, and nobody who looks is to be seen there. */
export function ownPicture(image: string | null, origin: string): string | null {
  const url = URL.parse(image ?? '')
  return url && url.origin === origin ? url.pathname + url.search : null
}
