/** @module A feed of public events that nobody saved, as it is answered. */
import { searchHead } from '../db/feed-items.ts'
import { type FeedSearch, type FoundItem, searchItems } from '../db/feed-search.ts'
import { FEED_FORMATS, type FeedFormat } from '../feeds/formats.ts'
import { feedUrl, type PageAsked } from '../feeds/urls.ts'
import { pageOf, renderOnce, stateTag } from '../workers/feed-pages.ts'
import { type Answered, type Asking, answerFeed, notModified } from './feed-answer.ts'
import { queryOfFilter, titleOfFilter } from './filter-query.ts'

/**
 * Answers with a page of a feed of events that fit a filter.
 *
 * Its tag has two parts: the newest event of all that might change it, and a digest of what it has. While the first is the same, one
 * look says that all is; otherwise it is searched for, and may be the same still.
 */
export async function answerSearch(
  asking: Asking,
  format: FeedFormat,
  search: FeedSearch,
  asked: PageAsked,
): Promise<Response> {
  const { deps, origin, request } = asking
  const { DB } = deps.env
  const head = await searchHead(DB, search)
  const name = stateTag([origin, format, JSON.stringify(search), asked.count, asked.before ?? null]).slice(
    1,
    -1,
  )
  const known = knownTag(request, name)
  if (known?.head === head) return notModified(known.tag)
  const kept = searched.get(name)
  if (kept?.head === head) return answerFeed(asking, format, kept.answered)
  const { items: found, rest } = await searchItems(DB, { ...search, before: asked.before }, asked.count + 1)
  const { items, next } = pageOf(found, asked.count, rest)
  const digest = digestOf(items, next)
  if (known?.digest === digest) return notModified(known.tag)
  const query = [
    ...queryOfFilter(search.filter),
    ...(search.mode === 'events' ? [['mode', 'events'] as const] : []),
  ]
  const urls = (of: FeedFormat, page: Partial<PageAsked> = {}) =>
    feedUrl(`${origin}/feeds/events.${of}`, page, query)
  const tag = `"${name}.${head}.${digest}"`
  const updatedAt = Math.max(0, ...items.map(({ last }) => last.seenAt))
  const answered = { tag, changedAt: updatedAt, isPrivate: false, self: urls(format, asked), hub: null }
  return answerFeed(asking, format, {
    ...answered,
    async page() {
      const page = renderOnce(`${name}.${digest}`, format, () => ({
        title: titleOfFilter(search.filter),
        mode: search.mode,
        isPrivate: false,
        items,
        updatedAt,
        urls: {
          self: urls(format, asked),
          home: `${origin}/`,
          hub: null,
          first: urls(format, { count: asked.count }),
          next: next === null ? null : urls(format, { count: asked.count, before: next }),
          // Each of the formats has its own.
          alternates: Object.fromEntries(FEED_FORMATS.map((of) => [of, urls(of)])) as Record<
            FeedFormat,
            string
          >,
          event: (id) => `${origin}/api/v1/events/${id}`,
        },
      }))
      keep(name, { head, answered: { ...answered, page: async () => page } })
      return page
    },
  })
}

/** In the memory of this Worker only: what was found while the newest event was this one. Anybody may ask for a search. */
const searched = new Map<string, Kept>()
const MOST_KEPT = 50
type Kept = { head: number; answered: Answered }

function keep(name: string, kept: Kept): void {
  searched.delete(name)
  searched.set(name, kept)
  const [oldest] = searched.keys()
  if (searched.size > MOST_KEPT && oldest !== undefined) searched.delete(oldest)
}

/** What a page has: the same digest, the same bytes. */
function digestOf(items: readonly FoundItem[], next: number | null): string {
  const state = items.map(({ first, last, isGone }) => [first.sequence, last.sequence, Number(isGone)])
  return stateTag([JSON.stringify(state), next]).slice(1, -1)
}

/** Of the tags that the caller has the one of this page, if any. */
function knownTag(request: Request, name: string): { tag: string; head: number; digest: string } | null {
  const sent = request.headers.get('if-none-match') ?? ''
  for (const [tag, of, head, digest = ''] of sent.matchAll(/"([\w-]+)\.(\d{1,15})\.([\w-]+)"/g))
    if (of === name) return { tag, head: Number(head), digest }
  return null
}
