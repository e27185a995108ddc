/** @module How a feed is answered over HTTP: conditional requests, caching, links; and each state of a page rendered once. */
import { createHash } from 'node:crypto'
import type { FoundItem } from '../db/feed-search.ts'
import type { Feed } from '../feeds/feed.ts'
import { type FeedFormat, feedType, renderFeed } from '../feeds/formats.ts'
import { VERSION } from '../version.ts'
import type { Input } from './operation.ts'
import { isNotModified } from './request/conditional.ts'

/** What a page is of: everything that decides which bytes it has. */
export type PageState = readonly (string | number | null | undefined)[]

/** A strong entity tag (RFC 9110, 8.8.3): another state has another one. Found without the bytes, which are made of the state. */
export function stateTag(state: PageState): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([VERSION, ...state]))
    .digest()
  return `"${digest.subarray(0, 16).toString('base64url')}"`
}

/**
 * An event may be stored a minute after the time that it bears. So the time of the newest is no sign of what was there when it was
 * read, until that minute is over.
 */
const SETTLED_MS = 61_000
/** Farther back than any event that comes then can bear. */
const UNSETTLED_MS = 100_000

/**
 * When a feed was changed last, for `Last-Modified`: a time that no other state of it ever has, once it is sent as one that counts.
 * @param changedAt that of its newest event or of its settings, milliseconds since the epoch.
 * @returns `isSettled`: whether `If-Modified-Since` may be answered by it.
 */
export function lastModified(changedAt: number, now: number): { header: string; isSettled: boolean } {
  const isSettled = now - changedAt >= SETTLED_MS
  return { header: new Date(isSettled ? changedAt : changedAt - UNSETTLED_MS).toUTCString(), isSettled }
}

/** Who asks, and where this Tubewire is. */
export type Asking = Pick<Input<unknown, unknown, unknown>, 'deps' | 'request' | 'origin'>

/** Which page is asked for: how many entries, and below which place it begins. */
export type PageAsked = { count: number; before?: number | undefined }

/** A page as text, and the address of the next one. */
export type Rendered = { text: string; next: string | null }

/** How many entries a page has of which nobody said so. */
export const USUAL_COUNT = 50

export type Answered = {
  tag: string
  /** Milliseconds since the epoch. */
  changedAt: number
  /** Whether only who knows its address may see it. */
  isPrivate: boolean
  self: string
  hub: string | null
  page: () => Promise<Rendered>
}

/** Answers with a page, or that the caller has it already: by its tag, or else by its time (RFC 9110, 13.2.2). */
export async function answerFeed(
  { deps, request }: Asking,
  format: FeedFormat,
  { tag, changedAt, isPrivate, self, hub, page }: Answered,
): Promise<Response> {
  const modified = lastModified(changedAt, deps.clock())
  const headers = new Headers({
    etag: tag,
    'last-modified': modified.header,
    'cache-control': isPrivate ? 'private, no-cache' : PUBLIC_CACHE,
  })
  const isKnown = request.headers.has('if-none-match')
    ? isNotModified(request, tag)
    : modified.isSettled && request.headers.get('if-modified-since') === modified.header
  if (isKnown) return new Response(null, { status: 304, headers })
  const { text, next } = await page()
  headers.set('content-type', feedType(format))
  headers.set('link', linkHeader({ self, hub, next }))
  return new Response(text, { headers })
}

/** A reader that comes through a cache learns of something new a minute later, and the instance of readers' cache asks once. */
const PUBLIC_CACHE = 'public, max-age=60'

/** Says that the caller has it already, of a public feed. @param tag the one that he has. */
export function notModified(tag: string): Response {
  return new Response(null, { status: 304, headers: { etag: tag, 'cache-control': PUBLIC_CACHE } })
}

/** Links of a feed as a header (RFC 8288). */
export function linkHeader(links: Readonly<Record<string, string | null>>): string {
  return Object.entries(links)
    .flatMap(([rel, url]) => (url === null ? [] : [`<${url}>; rel="${rel}"`]))
    .join(', ')
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

/** In the memory of this Worker only: pages by the states that they are of. */
const rendered = new Map<string, Rendered>()
const MOST_CHARACTERS = 8_000_000
let characters = 0

/** A page as text. The same state is the same text: what was rendered a moment ago is not rendered again. */
export async function renderOnce(
  state: string,
  format: FeedFormat,
  read: () => Promise<Feed>,
): Promise<Rendered> {
  const known = rendered.get(state)
  if (known) {
    // The oldest goes first.
    rendered.delete(state)
    rendered.set(state, known)
    return known
  }
  const feed = await read()
  const page = { text: renderFeed(format, feed), next: feed.urls.next }
  // Another request may have been faster.
  characters += page.text.length - (rendered.get(state)?.text.length ?? 0)
  rendered.set(state, page)
  for (const [oldest, { text }] of rendered) {
    if (characters <= MOST_CHARACTERS) break
    rendered.delete(oldest)
    characters -= text.length
  }
  return page
}

/** What of the items is shown, and where the next page begins: those that were read are one more, when there is one. */
export function pageOf(
  found: readonly FoundItem[],
  count: number,
): { items: FoundItem[]; next: number | null } {
  const items = found.slice(0, count)
  return { items, next: found.length > count ? (items.at(-1)?.place ?? null) : null }
}
