/** @module Pages of feeds as text: each state of a page is rendered once. What the API answers, and what the hub sends. */
import { createHash } from 'node:crypto'
import { feedItems, type ItemsPage } from '../db/feed-items.ts'
import type { FoundItem } from '../db/feed-search.ts'
import { type PublishedFeed, searchOf } from '../db/feeds.ts'
import type { Feed } from '../feeds/feed.ts'
import { type FeedFormat, renderFeed } from '../feeds/formats.ts'
import { feedUrl, feedUrls, hubUrl, type PageAsked } from '../feeds/urls.ts'
import { VERSION } from '../version.ts'

/** A page as text, and the address of the next one. */
export type Rendered = { text: string; next: string | null }

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
 * What of the items is shown, and where the next page begins: those that were read are one more, when there is one.
 * @param rest where it begins when there is none more, and there may be others that were not read; null: there are none.
 */
export function pageOf(
  found: readonly FoundItem[],
  count: number,
  rest: number | null,
): { items: FoundItem[]; next: number | null } {
  const items = found.slice(0, count)
  return { items, next: found.length > count ? (items.at(-1)?.place ?? null) : rest }
}

/** In the memory of this Worker only: pages by the states that they are of. */
const rendered = new Map<string, Rendered>()
const MOST_CHARACTERS = 8_000_000
let characters = 0

/** What was rendered of a state a moment ago: the same state is the same text. */
function known(state: string): Rendered | undefined {
  const page = rendered.get(state)
  if (!page) return undefined
  // The oldest goes first.
  rendered.delete(state)
  rendered.set(state, page)
  return page
}

function render(state: string, format: FeedFormat, feed: Feed): Rendered {
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

/** A page as text, rendered once. @param feed what there is to be rendered, when it was not. */
export function renderOnce(state: string, format: FeedFormat, feed: () => Feed): Rendered {
  return known(state) ?? render(state, format, feed())
}

/** Which page of a saved feed, in which format. `name`: what its address has, its slug or its secret. */
export type SavedPage = { feed: PublishedFeed; name: string; format: FeedFormat } & PageAsked

/** The tag of a page of a saved feed: see `stateTag`. @param origin where this Tubewire is reached. */
export function savedTag(origin: string, { feed, name, format, count, before }: SavedPage): string {
  return stateTag([origin, format, feed.id, name, feed.revision, feed.head, count, before ?? null])
}

/** The addresses of a page, and of the hub that tells of changes of a public feed. */
export function savedLinks(
  origin: string,
  { feed, name, format, ...asked }: SavedPage,
): { self: string; hub: string | null } {
  const url = feedUrls(origin, name)[format]
  const self = feedUrl(url, asked)
  // Others than the usual page are no topics.
  return { self, hub: feed.slug !== null && self === url ? hubUrl(origin) : null }
}

/** When a feed was changed last, milliseconds since the epoch. */
export function changedAt({ updatedAt, headSeenAt }: PublishedFeed): number {
  return Math.max(updatedAt, headSeenAt ?? 0)
}

/** Pages of saved feeds: what was not rendered a moment ago is read, in one round trip. In the order in which they are asked for. */
export async function savedPages(
  db: D1Database,
  pages: readonly (SavedPage & { origin: string })[],
): Promise<Rendered[]> {
  const states = pages.map((page) => savedTag(page.origin, page))
  const there = states.map(known)
  const missing = pages.filter((_, index) => !there[index])
  const read =
    missing.length === 0
      ? []
      : await feedItems(
          db,
          missing.map(({ feed, count, before }) => {
            const { viewerId } = searchOf(feed)
            return { feedId: feed.id, viewerId, limit: count + 1, before }
          }),
        )
  const found = new Map(missing.map((page, index) => [page, read[index]]))
  // Somebody else may have rendered it meanwhile: several rounds of deliveries begin at once.
  return pages.map(
    (page, index) =>
      there[index] ??
      renderOnce(states[index] ?? '', page.format, () =>
        feedOf(page.origin, page, found.get(page) ?? { items: [], isCut: false }),
      ),
  )
}

/** A page of a saved feed: see `savedPages`. */
export async function savedPage(db: D1Database, origin: string, page: SavedPage): Promise<Rendered> {
  const [only] = await savedPages(db, [{ ...page, origin }])
  if (!only) throw new Error('one page was asked for, and none made')
  return only
}

function feedOf(origin: string, page: SavedPage, { items: found, isCut }: ItemsPage): Feed {
  const { feed, name, format, count } = page
  const { items, next } = pageOf(found, count, isCut ? (found.at(-1)?.place ?? null) : null)
  const alternates = feedUrls(origin, name)
  return {
    title: feed.name,
    mode: feed.mode,
    isPrivate: feed.slug === null,
    items,
    updatedAt: changedAt(feed),
    urls: {
      ...savedLinks(origin, page),
      home: `${origin}/`,
      first: feedUrl(alternates[format], { count }),
      next: next === null ? null : feedUrl(alternates[format], { count, before: next }),
      alternates,
      event: (id) => `${origin}/api/v1/events/${id}`,
    },
  }
}
