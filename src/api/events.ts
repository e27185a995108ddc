/** @module /api/v1/events: the event log, in either order, by cursor; and /download: all of it as a file. */
import * as v from 'valibot'
import { type EventSearch, LOOKED_AT, searchEvents, searchedPages } from '../db/event-search.ts'
import { findEvent } from '../db/events.ts'
import { eventJson, type LoggedEvent, publicEvent } from '../events/envelope.ts'
import { exportEvents, exportType } from '../events/export.ts'
import type { Comment, Video } from '../events/types.ts'
import { picturePath } from '../pictures/path.ts'
import type { Deps } from '../workers/deps.ts'
import { Event, exampleEvent } from './event-view.ts'
import { cursorList, idParams, Limit, Sequence, TimeInput, wholeNumber } from './fields.ts'
import { type FilterQuery, filterOfQuery, LOG_QUERY } from './filter-query.ts'
import { untilFound } from './long-poll.ts'
import { type Input, operation, userOf } from './operation.ts'
import { notFound } from './problem.ts'
import { invalid } from './request/validate.ts'
import { time } from './time.ts'

const filters = {
  ...LOG_QUERY,
  since: v.optional(v.pipe(TimeInput, v.description('Seen at this time or later.'))),
  until: v.optional(v.pipe(TimeInput, v.description('Seen before this time.'))),
}
const After = v.optional(
  v.pipe(Sequence, v.description('The sequence of the last event that you have.')),
  '0',
)
const Pictures = v.optional(
  v.pipe(
    v.picklist(['true', 'false'], 'must be true or false'),
    v.description('Whether each event is to name its pictures from here: see `getThumbnail`.'),
  ),
  'false',
)
const Wait = v.optional(
  v.pipe(
    wholeNumber(0, 30),
    v.description('How many seconds to wait when there is nothing yet: it is answered as soon as there is.'),
  ),
  '0',
)
const Order = v.optional(
  v.pipe(
    v.picklist(['oldest', 'newest'], 'must be oldest or newest'),
    v.description(
      'Which come first. Of `oldest` the `next` is the next `after`, of `newest` the next `before`.',
    ),
  ),
  'oldest',
)
const Before = v.optional(v.pipe(Sequence, v.description('Sequences below this one.')))
const ListQuery = v.strictObject({
  order: Order,
  after: After,
  before: Before,
  limit: Limit,
  pictures: Pictures,
  wait: Wait,
  ...filters,
})
const DownloadQuery = v.strictObject({ after: After, ...filters })

type Filters = FilterQuery & {
  after: number
  before?: number | undefined
  since?: number | undefined
  until?: number | undefined
}

const download = {
  method: 'GET',
  tag: 'Events',
  query: DownloadQuery,
  combine: ({ query }: { query: Filters }) => refuseEmptySpan(query),
} as const

export const eventOperations = [
  operation({
    id: 'getEvents',
    method: 'GET',
    path: '/api/v1/events',
    tag: 'Events',
    summary: 'Read the event log',
    description: `What is public, and what is private to you. To follow it, ask with \`after\` the sequence of the last event that you have, and with \`wait\` so that an answer comes when there is something: then an \`after\` beyond the log, as after a restored backup, is taken for the end of the log. Types, instances and one channel are found at once; for what else a filter says, one answer looks at most at ${LOOKED_AT.toLocaleString('en')} events: where few of them fit, it is short, even empty, and there is more as long as it has a \`next\`.`,
    query: ListQuery,
    combine: ({ query }) => refuseEmptySpan(query) ?? refuseVainWait(query),
    answers: {
      200: {
        description: 'A page of events.',
        schema: cursorList(Event),
        example: { data: [exampleEvent], next: '42' },
      },
    },
    problems: ['too_many_streams', 'streams_full'],
    async handle(input) {
      const { query, deps } = input
      const search = searchOf(input)
      const read = (after: number) =>
        searchEvents(deps.env.DB, { ...search, after }, query.order, query.limit)
      const awaited = { ...search, milliseconds: query.wait * 1_000 }
      const { events: page, next } =
        query.wait === 0 ? await read(query.after) : await untilFound(input, awaited, read)
      // Joined, not parsed and written again: the payloads are JSON in the database already.
      const shown =
        query.pictures === 'true'
          ? await Promise.all(page.map((event) => withPictures(deps, event)))
          : page.map(eventJson)
      const rest = next === null ? '' : `,"next":"${next}"`
      return { status: 200, text: `{"data":[${shown.join()}]${rest}}` }
    },
  }),
  operation({
    id: 'getEvent',
    method: 'GET',
    path: '/api/v1/events/:id',
    tag: 'Events',
    summary: 'One event',
    params: idParams('evt', 'an event'),
    query: v.strictObject({ pictures: Pictures }),
    answers: { 200: { description: 'The event.', schema: Event, example: exampleEvent } },
    problems: [404],
    async handle(input) {
      const { id } = input.params
      const event = await findEvent(input.deps.env.DB, id, userOf(input).id)
      if (!event) throw notFound(`event ${id}`)
      const isPictured = input.query.pictures === 'true'
      return { status: 200, text: isPictured ? await withPictures(input.deps, event) : eventJson(event) }
    },
  }),
  operation({
    ...download,
    id: 'downloadEventsNdjson',
    path: '/download/events.ndjson',
    summary: 'Download the event log, a JSON object a line',
    description:
      'All of it, or what the filters let through. A download that ends in an error is cut off, and never looks complete: go on with `after` the sequence of the last whole line.',
    answers: { 200: { description: 'Events.', contentTypes: ['application/x-ndjson'] } },
    handle: (input) => file(input, 'ndjson'),
  }),
  operation({
    ...download,
    id: 'downloadEventsCsv',
    path: '/download/events.csv',
    summary: 'Download the event log as a table',
    description:
      'As RFC 4180 has it. A cell that a spreadsheet would take for a formula begins with an apostrophe.',
    answers: { 200: { description: 'Events.', contentTypes: ['text/csv'] } },
    handle: (input) => file(input, 'csv'),
  }),
]

/** The event with the paths of its pictures, when it is about a video. */
async function withPictures({ config }: Deps, event: LoggedEvent): Promise<string> {
  const shown = publicEvent(event)
  // Our own payload: of a comment, its video says less.
  const { video, comment } = shown.data as { video?: Partial<Video>; comment?: Comment }
  if (!video) return eventJson(event)
  const path = (kind: 'thumbnails' | 'avatars', url: string | null | undefined) =>
    url ? picturePath(config.encryptionKeys, kind, url) : null
  const [thumbnail, channelAvatar, accountAvatar, commenterAvatar] = await Promise.all([
    path('thumbnails', video.thumbnailUrl),
    path('avatars', video.channel?.avatarUrl),
    path('avatars', video.account?.avatarUrl),
    path('avatars', comment?.account?.avatarUrl),
  ])
  const pictures = { thumbnail, channelAvatar, accountAvatar, ...(comment ? { commenterAvatar } : {}) }
  return JSON.stringify({ ...shown, pictures })
}

/** @throws Problem 400 when the parts of the filter do not go together. */
function searchOf(input: Pick<Input<unknown, Filters, unknown>, 'caller' | 'query'>): EventSearch {
  const { after, before, since, until } = input.query
  return { viewerId: userOf(input).id, filter: filterOfQuery(input.query), after, before, since, until }
}

function refuseEmptySpan({ since, until }: Filters) {
  return since !== undefined && until !== undefined && since >= until
    ? invalid('query', 'until', 'must be later than since', time(until))
    : null
}

/** Past that time, or sequence, each event that comes would be looked at in vain; and what is waited for is what comes next. */
function refuseVainWait({ wait, until, before, order }: Filters & { wait: number; order: string }) {
  if (wait === 0) return null
  const refuse = (what: string) => invalid('query', 'wait', `must not be combined with ${what}`, wait)
  if (until !== undefined) return refuse('until')
  if (before !== undefined) return refuse('before')
  return order === 'newest' ? refuse('order=newest') : null
}

async function file(
  input: Input<undefined, Filters, undefined>,
  format: 'ndjson' | 'csv',
): Promise<Response> {
  const pages = searchedPages(input.deps.env.DB, searchOf(input))
  // Before the answer begins: what goes wrong at once is an error, and no file that breaks off.
  const first = await pages.next()
  const stream = exportEvents(format, resumed(first, pages))
  return new Response(stream, {
    headers: {
      'content-type': exportType(format),
      'content-disposition': `attachment; filename="events.${format}"`,
      'cache-control': 'no-store',
      vary: 'Authorization, Cookie',
    },
  })
}

/** Pages of which the first has been read already. */
async function* resumed<TPage>(
  first: IteratorResult<TPage, void>,
  rest: AsyncGenerator<TPage, void>,
): AsyncGenerator<TPage, void> {
  if (first.done) return
  yield first.value
  yield* rest
}
