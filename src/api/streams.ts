/** @module /api/v1/stream: events as they happen, as Server-Sent Events or over a WebSocket; and tickets for browsers. */
import * as v from 'valibot'
import { END } from '../db/consumers.ts'
import { newestSequence } from '../db/stream-events.ts'
import { insertStreamTicket } from '../db/stream-tickets.ts'
import { digest, newToken } from '../tokens.ts'
import type { Deps } from '../workers/deps.ts'
import { openStream } from '../workers/stream-access.ts'
import { Sequence, Time } from './fields.ts'
import { FILTER_QUERY, filterOfQuery } from './filter-query.ts'
import { type Moment, positionOf, SinceInput } from './moment.ts'
import { operation, userOf } from './operation.ts'
import { invalidParams } from './problem.ts'
import { invalid } from './request/validate.ts'
import { credentialOf, refused } from './stream-asks.ts'
import { time } from './time.ts'

const TICKET_MS = 60_000

const StreamQuery = v.strictObject({
  after: v.optional(v.pipe(Sequence, v.description('The sequence of the last event that you have.'))),
  since: v.optional(
    v.pipe(
      SinceInput,
      v.description(
        'From this time on, or from so long ago: `10m`, `2h`, `3d`. Some events of the minute before may be among them.',
      ),
    ),
  ),
  ticket: v.optional(v.pipe(v.string(), v.description('Instead of a header: see `addStreamTicket`.'))),
  ...FILTER_QUERY,
})

const Ticket = v.strictObject({
  ticket: v.pipe(v.string(), v.description('For one stream: `/api/v1/stream?ticket=…`.')),
  expiresAt: Time,
})

const DESCRIPTION = `Public events and your own, the oldest first, for as long as you stay. \`id\` is the sequence, \`event\` the type, \`data\` the event as JSON in one line. Begins after \`Last-Event-ID\` (a header, which browsers send by themselves when they come again), else after \`after\`, else at \`since\`, else now. A sequence beyond the log, as after a restored backup, is taken for the end of the log. History and what happens meanwhile join without a gap, and nothing comes twice. A comment comes after 15 s of silence.

With \`Upgrade: websocket\` the same as messages \`{"id", "type", "data"}\`. The first has the type \`ready\`, and as its id where to go on if nothing else comes. Now and then comes one of the type \`check\`: send its \`data\` back as it is, which says that you have read so far. The text \`ping\` is answered with \`pong\`.

A stream ends from here with \`closed\` when the session, key or account that it was opened with ends (WebSocket: 4401), and with \`dropped\` when more than 1 MB or 1,000 events wait (less, while much waits for others, too) and none is taken for 10 s (4408): come again after the last id. Without \`closed\` or \`dropped\` the connection was lost: do the same.`

export const streamOperations = [
  operation({
    id: 'getStream',
    method: 'GET',
    path: '/api/v1/stream',
    tag: 'Events',
    summary: 'Follow the event log as it grows',
    description: DESCRIPTION,
    query: StreamQuery,
    combine: ({ query }) => {
      // Throws what is wrong with it, before a ticket is used up.
      filterOfQuery(query)
      return null
    },
    takesTicket: true,
    answers: {
      200: { description: 'Server-Sent Events, without an end.', contentTypes: ['text/event-stream'] },
      101: { description: 'With `Upgrade: websocket`: a WebSocket.' },
    },
    problems: ['too_many_streams', 'streams_full'],
    async handle(input) {
      const { query, deps, request } = input
      const filter = filterOfQuery(query)
      const headers = {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        // nginx would keep it until there is enough of it.
        'x-accel-buffering': 'no',
      }
      const lastId = lastEventId(request)
      // A stream that nobody reads is not to be opened.
      if (request.method === 'HEAD') return new Response(null, { headers })
      const after = await startOf(deps, lastId ?? query.after, query.since)
      const ask = { viewerId: userOf(input).id, credential: await credentialOf(input), filter, after }
      const isSocket = request.headers.get('upgrade')?.toLowerCase() === 'websocket'
      const opened = await openStream(deps, ask, isSocket)
      if (!(opened instanceof Response)) throw refused(opened)
      return isSocket ? opened : new Response(opened.body, { headers })
    },
  }),
  operation({
    id: 'addStreamTicket',
    method: 'POST',
    path: '/api/v1/stream/tickets',
    tag: 'Events',
    summary: 'Make a ticket for a stream in a browser',
    description:
      'A browser can’t send a header with `EventSource` or `WebSocket`: it shows a ticket instead. It is good for one stream, within a minute, and is not used up by a query that is refused (400), but by a refusal for another reason (429, 503); the stream then depends on what the ticket was made with. To come again make another, and say `after`.',
    // Kept for a repetition it would be kept as it is.
    isRepeatable: false,
    answers: {
      201: {
        description: 'The ticket. It is shown this once.',
        schema: Ticket,
        example: {
          ticket: '3f2a9c0e5b7d41886c1f0a9e2d4b6c8f7a5e3d10',
          expiresAt: '2026-11-25T10:01:00.000Z',
        },
      },
    },
    async handle(input) {
      const { caller, deps } = input
      const ticket = newToken()
      const expiresAt = deps.clock() + TICKET_MS
      await insertStreamTicket(deps.env.DB, {
        hash: await digest(ticket),
        userId: userOf(input).id,
        sessionId: caller.kind === 'user' && caller.via === 'session' ? caller.sessionId : null,
        apiKeyId: caller.kind === 'key' ? caller.id : null,
        expiresAt,
      })
      const headers = { 'cache-control': 'no-store' }
      return { status: 201, body: { ticket, expiresAt: time(expiresAt) }, headers }
    },
  }),
]

/** The last event that a browser had before it lost the connection (HTML standard, 9.2.4). */
function lastEventId({ headers }: Request): number | null {
  const sent = headers.get('last-event-id')
  if (sent === null || sent === '') return null
  const parsed = v.safeParse(Sequence, sent)
  if (parsed.success) return parsed.output
  throw invalidParams(invalid('header', 'Last-Event-ID', 'must be a sequence: a whole number', sent))
}

/**
 * The sequence after which a stream begins: the one that was asked for, a time, or now.
 * @param after beyond the log it is the end of the log, which may have been restored from a backup.
 */
async function startOf(deps: Deps, after: number | undefined, since: Moment | undefined): Promise<number> {
  // First: what comes while a time is looked for is not to be passed over.
  const newest = await newestSequence(deps.env.DB)
  if (after !== undefined) return Math.min(after, newest)
  const position = since === undefined ? END : await positionOf(deps, since)
  return position === END ? newest : position
}
