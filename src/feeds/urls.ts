/** @module Where feeds are: the addresses of saved ones, of their pages, and of the hub. */
import { FEED_FORMATS, type FeedFormat } from './feed.ts'

/** Which page is asked for: how many entries, and below which place it begins. */
export type PageAsked = { count: number; before?: number | undefined }

/** How many entries a page has of which nobody said so. */
const USUAL_COUNT = 50

/** The addresses of a saved feed. @param name its slug, or its secret. */
export function feedUrls(origin: string, name: string): Record<FeedFormat, string> {
  const urls = FEED_FORMATS.map((format) => [format, `${origin}/feeds/${name}.${format}`])
  // Each of the formats has its own.
  return Object.fromEntries(urls) as Record<FeedFormat, string>
}

/** The address of a page: what is as usual is left out. */
export function feedUrl(
  url: string,
  { count = USUAL_COUNT, before }: Partial<PageAsked>,
  query: readonly (readonly [string, string])[] = [],
): string {
  const params = new URLSearchParams([
    ...query.map(([name, value]) => [name, value]),
    ...(count === USUAL_COUNT ? [] : [['count', String(count)]]),
    ...(before === undefined ? [] : [['before', String(before)]]),
  ])
  return params.size === 0 ? url : `${url}?${params}`
}

/** Where the hub is that tells of changes of public feeds. */
export function hubUrl(origin: string): string {
  return `${origin}/websub`
}

/** Links of a feed as a header (RFC 8288). */
export function linkHeader(links: Readonly<Record<string, string | null>>): string {
  return Object.entries(links)
    .flatMap(([rel, url]) => (url === null ? [] : [`<${url}>; rel="${rel}"`]))
    .join(', ')
}

/** A public feed as a subscriber of the hub names it: by the address of its usual page, as `Link` has it with `self`. */
export type Topic = { origin: string; slug: string; format: FeedFormat; count: number }

/** What a topic URL names, or null: it is not written as the address of a feed is. */
export function readTopic(url: string): Topic | null {
  const origin = URL.parse(url)?.origin ?? ''
  const [, slug = '', ending = ''] = /\/feeds\/([a-z0-9-]+)\.([a-z]+)$/.exec(url) ?? []
  const format = FEED_FORMATS.find((one) => one === ending)
  return format && url === feedUrls(origin, slug)[format]
    ? { origin, slug, format, count: USUAL_COUNT }
    : null
}
