/** @module How a feed is answered over HTTP: conditional requests, caching, links. */
import { type FeedFormat, feedType } from '../feeds/formats.ts'
import { linkHeader } from '../feeds/urls.ts'
import type { Rendered } from '../workers/feed-pages.ts'
import type { Input } from './operation.ts'
import { isNotModified } from './request/conditional.ts'

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
function lastModified(changedAt: number, now: number): { header: string; isSettled: boolean } {
  const isSettled = now - changedAt >= SETTLED_MS
  return { header: new Date(isSettled ? changedAt : changedAt - UNSETTLED_MS).toUTCString(), isSettled }
}

/** Who asks, and where this Tubewire is. */
export type Asking = Pick<Input<unknown, unknown, unknown>, 'deps' | 'request' | 'origin'>

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
