/** @module /api/v1/events: the event log, oldest first, by cursor; and /download: all of it as a file. */
import * as v from 'valibot'
import { type EventFilter, eventPages, findEvent, listEvents } from '../db/events.ts'
import { eventJson, type LoggedEvent, publicEvent } from '../events/envelope.ts'
import { exportEvents, exportType } from '../events/export.ts'
import type { Comment, Video } from '../events/types.ts'
import { picturePath } from '../pictures/path.ts'
import type { Deps } from '../workers/deps.ts'
import { Event, exampleEvent } from './event-view.ts'
import { cursorList, idParams, Limit, Sequence, TimeInput, TypePattern, text, wholeNumber } from './fields.ts'
import { untilFound } from './long-poll.ts'
import { type Input, operation, userOf } from './operation.ts'
import { notFound } from './problem.ts'
import { invalid } from './request/validate.ts'
import { time } from './time.ts'

const filters = {
  type: v.optional(TypePattern),
  instance: v.optional(
    v.pipe(text(300), v.toLowerCase(), v.description('Of this instance only: its host, as events name it.')),
  ),
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
const ListQuery = v.strictObject({ after: After, limit: Limit, pictures: Pictures, wait: Wait, ...filters })
const DownloadQuery = v.strictObject({ after: After, ...filters })

type Filters = {
  after: number
  type?: string | undefined
  instance?: string | undefined
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
    description:
      'The oldest first: what is public, and what is private to you. To follow it, ask with `after` the sequence of the last event that you have, and with `wait` so that an answer comes when there is something: then an `after` beyond the log, as after a restored backup, is taken for the end of the log.',
    query: ListQuery,
    combine: ({ query }) => refuseEmptySpan(query) ?? refuseEndlessWait(query),
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
      // One more than asked for says whether there is a next page.
      const read = (after: number) => listEvents(deps.env.DB, { ...filterOf(input), after }, query.limit + 1)
      const found = query.wait === 0 ? await read(query.after) : await untilFound(input, waitOf(query), read)
      const page = found.slice(0, query.limit)
      const next = found.length > query.limit ? `,"next":"${page.at(-1)?.sequence}"` : ''
      // Joined, not parsed and written again: the payloads are JSON in the database already.
      const shown =
        query.pictures === 'true'
          ? await Promise.all(page.map((event) => withPictures(deps, event)))
          : page.map(eventJson)
      return { status: 200, text: `{"data":[${shown.join()}]${next}}` }
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

function filterOf(input: Pick<Input<unknown, Filters, unknown>, 'caller' | 'query'>): EventFilter {
  const { after, type, instance, since, until } = input.query
  return { viewerId: userOf(input).id, after, type, instance, since, until }
}

/** What may be what is waited for. Whether it is, the read says. */
function waitOf({ after, type, instance, wait }: Filters & { wait: number }) {
  const filter = {
    types: type === undefined ? undefined : [type],
    instances: instance === undefined ? undefined : [instance],
  }
  return { after, filter, milliseconds: wait * 1_000 }
}

function refuseEmptySpan({ since, until }: Filters) {
  return since !== undefined && until !== undefined && since >= until
    ? invalid('query', 'until', 'must be later than since', time(until))
    : null
}

/** Past that time each event that comes would be looked at in vain. */
function refuseEndlessWait({ wait, until }: Filters & { wait: number }) {
  return wait > 0 && until !== undefined
    ? invalid('query', 'wait', 'must not be combined with until', wait)
    : null
}

async function file(
  input: Input<undefined, Filters, undefined>,
  format: 'ndjson' | 'csv',
): Promise<Response> {
  const pages = eventPages(input.deps.env.DB, filterOf(input))
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
