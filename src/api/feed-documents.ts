/** @module /feeds: what feed readers read. Saved feeds by their slug or secret, any events by a query, and a list of one's feeds. */
import * as v from 'valibot'
import { findPublishedFeed, listFeeds } from '../db/feeds.ts'
import { FEED_FORMATS, type FeedFormat, feedType } from '../feeds/formats.ts'
import { renderOpml } from '../feeds/opml.ts'
import { feedUrls } from '../feeds/urls.ts'
import { digest, isFeedSecretShaped } from '../tokens.ts'
import { changedAt, savedLinks, savedPage, savedTag } from '../workers/feed-pages.ts'
import { answerFeed } from './feed-answer.ts'
import { isSlug } from './feed-fields.ts'
import { answerSearch } from './feed-searched.ts'
import { nameOf } from './feed-view.ts'
import { wholeNumber } from './fields.ts'
import { FILTER_QUERY, filterOfQuery } from './filter-query.ts'
import { type Input, operation, userOf } from './operation.ts'
import { notFound } from './problem.ts'

const page = {
  count: v.optional(v.pipe(wholeNumber(1, 100), v.description('How many entries, 1 to 100.')), '50'),
  before: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,15}$/, 'must be that of the link to the next page'),
      v.transform(Number),
      v.description('Where a page begins: as the link to the next page has it (RFC 5005, 3).'),
    ),
  ),
}
const PageQuery = v.strictObject(page)
/** Notifications are never public. */
const { notificationKind: _, ...publicQuery } = FILTER_QUERY
const SearchQuery = v.strictObject({
  ...publicQuery,
  mode: v.optional(
    v.pipe(
      v.picklist(['subjects', 'events'], 'must be subjects or events'),
      v.description('An entry for each video or comment, as it is by now; or an entry for each event.'),
    ),
    'subjects',
  ),
  ...page,
})

const headers = {
  ETag: 'The same as long as it is; `If-None-Match` with it is answered 304.',
  'Last-Modified': 'When it changed last; `If-Modified-Since` with it is answered 304.',
  Link: '`self`, `next`, and the `hub` that tells of changes (WebSub, 4).',
}
const answersOf = (formats: readonly FeedFormat[]) => ({
  200: {
    description: 'The feed, the newest first.',
    contentTypes: formats.map((format) => feedType(format).split(';')[0] ?? ''),
    headers,
  },
})

/** A feed of any public events in one format. */
function eventsFeed(
  id: `getEventsFeed${'Json' | 'Atom' | 'Rss' | 'Text'}`,
  format: FeedFormat,
  name: string,
) {
  return operation({
    id,
    method: 'GET',
    path: `/feeds/events.${format}`,
    tag: 'Feeds',
    summary: `Public events as ${name}`,
    description:
      'Those that fit all that is asked for, without a feed being saved. It looks at the newest 2,000 events of the types and instances that are named, or of the channel.',
    query: SearchQuery,
    answers: answersOf([format]),
    async handle(input) {
      const { mode, count, before, ...query } = input.query
      const search = { viewerId: null, filter: filterOfQuery(query), mode }
      return answerSearch(input, format, search, { count, before })
    },
  })
}

export const feedDocumentOperations = [
  eventsFeed('getEventsFeedJson', 'json', 'JSON Feed'),
  eventsFeed('getEventsFeedAtom', 'atom', 'Atom'),
  eventsFeed('getEventsFeedRss', 'rss', 'RSS'),
  eventsFeed('getEventsFeedText', 'txt', 'plain text'),
  operation({
    id: 'getFeedDocument',
    method: 'GET',
    path: '/feeds/:file',
    tag: 'Feeds',
    summary: 'A saved feed',
    description:
      'In the format that the address ends with: `.json` (JSON Feed 1.1), `.atom` (RFC 4287), `.rss` (RSS 2.0) or `.txt`. The address of a private one is a secret; one that leads nowhere, or nowhere any more, is answered 404.',
    params: v.strictObject({ file: v.string() }),
    query: PageQuery,
    answers: answersOf(FEED_FORMATS),
    problems: [404],
    async handle(input) {
      const [, name = '', format = ''] = /^(.+)\.([a-z]+)$/.exec(input.params.file) ?? []
      const known = FEED_FORMATS.find((one) => one === format)
      const isSecret = isFeedSecretShaped(name)
      const feed =
        known && (isSecret || isSlug(name))
          ? await findPublishedFeed(
              input.deps.env.DB,
              isSecret ? { secretHash: await digest(name) } : { slug: name },
            )
          : null
      if (!known || !feed) throw notFound('feed of this address')
      const { origin, deps } = input
      const asked = { feed, name, format: known, ...input.query }
      return answerFeed(input, known, {
        tag: savedTag(origin, asked),
        changedAt: changedAt(feed),
        isPrivate: feed.slug === null,
        ...savedLinks(origin, asked),
        page: () => savedPage(deps.env.DB, origin, asked),
      })
    },
  }),
  operation({
    id: 'getFeedsOpml',
    method: 'GET',
    path: '/feeds.opml',
    tag: 'Feeds',
    summary: 'A list of one’s feeds',
    description: 'As OPML 2.0, which feed readers take in. It has the addresses of private feeds, too.',
    answers: { 200: { description: 'The list.', contentTypes: ['text/x-opml'] } },
    handle: opml,
  }),
]

/** As many as anybody may have. */
const MOST_LISTED = 1_000

async function opml(input: Input<undefined, undefined, undefined>) {
  const { deps, origin } = input
  const { id, username } = userOf(input)
  const query = { start: 0, count: MOST_LISTED, sort: 'createdAt' }
  const { rows } = await listFeeds(deps.env.DB, id, query)
  const feeds = await Promise.all(
    rows.map(async (feed) => {
      const name = await nameOf(deps, feed)
      return name === null ? [] : [{ title: feed.name, xmlUrl: feedUrls(origin, name).atom }]
    }),
  )
  return {
    status: 200,
    text: renderOpml({ title: `Tubewire feeds of ${username}`, feeds: feeds.flat() }),
    headers: { 'content-type': 'text/x-opml; charset=utf-8' },
  }
}
