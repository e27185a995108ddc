/** @module /api/v1/endpoints/{id}/replays: sending a part of the event log to an endpoint again, or all that failed. */
import * as v from 'valibot'
import type { Endpoint } from '../db/endpoints.ts'
import { sequencesBetween } from '../db/events.ts'
import { newId } from '../db/id.ts'
import {
  cancelReplay,
  failedSpan,
  findReplay,
  insertReplay,
  listReplays,
  type NewReplay,
  REPLAY_SORTS,
  type Replay,
  type ReplayCounts,
  replayCounts,
} from '../db/replays.ts'
import type { Filter } from '../events/filter.ts'
import { tolerating, wakeReplays } from '../workers/messages.ts'
import { auditOf } from './audit-entry.ts'
import { id, idParams, list, listQuery, TimeInput } from './fields.ts'
import { completed, FilterInput } from './filter-fields.ts'
import { answerList, listQueryOf } from './lists.ts'
import { SequenceInput } from './moment.ts'
import { type Answer, created, type Input, noContent, ok, operation } from './operation.ts'
import { type InvalidParam, invalidParams, notFound, Problem } from './problem.ts'
import { reachableEndpoint } from './reachable-endpoint.ts'
import {
  exampleReplay,
  exampleWithCounts,
  ShownReplay,
  ShownReplayWithCounts,
  showReplay,
} from './replay-view.ts'
import { invalid } from './request/validate.ts'

/** Events, or deliveries that failed, of one replay. */
const MOST_EVENTS = 100_000

const made = {
  description: 'The replay: it has begun.',
  schema: ShownReplay,
  headers: { Location: 'Its path.' },
  example: exampleReplay,
}

const Since = v.pipe(TimeInput, v.description('Deliveries that were asked for at this time or later.'))
const NewReplayInput = v.strictObject({
  kind: v.picklist(['failed', 'events'], 'must be "failed" or "events"'),
  since: v.optional(
    v.pipe(
      TimeInput,
      v.description('`failed`: asked for at this time or later. `events`: seen at this time or later.'),
    ),
  ),
  until: v.optional(
    v.pipe(
      TimeInput,
      v.description(
        '`events`: seen before this time; those that were stored within a minute of it may be either way.',
      ),
    ),
  ),
  from: v.optional(SequenceInput('`events`: the sequence of the first one.', 1)),
  to: v.optional(SequenceInput('`events`: the sequence of the last one.', 1)),
  filter: v.optional(FilterInput),
})
type NewReplayInput = v.InferOutput<typeof NewReplayInput>

const params = v.strictObject({ id: id('ep', 'an endpoint'), replay: id('rpl', 'a replay') })
const endpointParams = idParams('ep', 'an endpoint')

export const replayOperations = [
  operation({
    id: 'getReplays',
    method: 'GET',
    path: '/api/v1/endpoints/:id/replays',
    tag: 'Events',
    summary: 'List the replays to an endpoint',
    params: endpointParams,
    query: v.strictObject(listQuery(REPLAY_SORTS)),
    answers: {
      200: {
        description: 'A page of replays.',
        schema: list(ShownReplay),
        example: { total: 1, data: [exampleReplay] },
      },
    },
    problems: [404],
    async handle(input) {
      const { query, deps } = input
      const endpoint = await reachableEndpoint(input, input.params.id)
      return answerList(() => listReplays(deps.env.DB, endpoint.id, listQueryOf(query)), showReplay)
    },
  }),
  operation({
    id: 'addReplay',
    method: 'POST',
    path: '/api/v1/endpoints/:id/replays',
    tag: 'Events',
    summary: 'Send a part of the event log to an endpoint again, or what failed',
    description: `With kind \`events\`: of the events that you may see, those from a sequence or time up to another (without them the whole log), whether the endpoint was sent them or not: what fits the filter, and without one what fits any of its subscriptions. With kind \`failed\`: its deliveries that failed, of those that were asked for since a time. At most ${MOST_EVENTS.toLocaleString('en')} events, one replay at a time. What is pending already is left as it is. What is new goes first, and at most 1,000 deliveries of a replay are pending at a time.`,
    params: endpointParams,
    body: NewReplayInput,
    combine: ({ body }) => replayProblems(body),
    example: { kind: 'events', from: 1, to: 2000, filter: { types: ['video.*'] } },
    answers: { 201: made },
    problems: [404, 'replay_running'],
    async handle(input) {
      const { body } = input
      const endpoint = await reachableEndpoint(input, input.params.id)
      const { DB } = input.deps.env
      return begin(
        input,
        endpoint,
        body.kind === 'failed' ? await failed(DB, endpoint, body.since ?? 0) : await events(DB, body),
      )
    },
  }),
  operation({
    id: 'getReplay',
    method: 'GET',
    path: '/api/v1/endpoints/:id/replays/:replay',
    tag: 'Events',
    summary: 'How far a replay is',
    params,
    answers: {
      200: { description: 'The replay.', schema: ShownReplayWithCounts, example: exampleWithCounts },
    },
    problems: [404],
    async handle(input) {
      const replay = await reachable(input)
      const deliveries: ReplayCounts = await replayCounts(input.deps.env.DB, replay.id)
      return ok({ ...showReplay(replay), deliveries })
    },
  }),
  operation({
    id: 'delReplay',
    method: 'DELETE',
    path: '/api/v1/endpoints/:id/replays/:replay',
    tag: 'Events',
    summary: 'Cancel a replay',
    description:
      'Nothing more is asked for. What it asked for and was not tried since is not sent: what was tried before is again what it was, failed or delivered, and the rest is `skipped`. What is tried at this moment may arrive. Of a replay that is over nothing changes.',
    params,
    answers: { 204: { description: 'It asks for nothing any more.' } },
    problems: [404],
    async handle(input) {
      const { endpointId, id: replayId } = await reachable(input)
      const { env, clock } = input.deps
      await cancelReplay(env.DB, endpointId, replayId, clock(), auditOf(input, replayId))
      return noContent
    },
  }),
  operation({
    id: 'recoverEndpoint',
    method: 'POST',
    path: '/api/v1/endpoints/:id/recover',
    tag: 'Events',
    summary: 'Send an endpoint again all that failed since a time',
    description: 'As `addReplay` does with kind `failed`.',
    params: endpointParams,
    body: v.strictObject({ since: Since }),
    example: { since: '2026-11-25T00:00:00Z' },
    answers: { 201: made },
    problems: [404, 'replay_running'],
    async handle(input) {
      const endpoint = await reachableEndpoint(input, input.params.id)
      return begin(input, endpoint, await failed(input.deps.env.DB, endpoint, input.body.since))
    },
  }),
]

/** What kinds need, and what they can't have. */
function replayProblems({
  kind,
  since,
  until,
  from,
  to,
  filter,
}: NewReplayInput): Record<string, InvalidParam> | null {
  if (kind === 'failed') {
    if (since === undefined) return invalid('body', 'since', 'must be there: since when')
    const other = Object.entries({ until, from, to, filter }).find(([, value]) => value !== undefined)
    return other ? invalid('body', other[0], 'does not go with the kind "failed"', other[1]) : null
  }
  if (since !== undefined && until !== undefined && since >= until)
    return invalid('body', 'until', 'must be after since')
  if (from !== undefined && to !== undefined && from > to)
    return invalid('body', 'to', 'must not be less than from', to)
  return null
}

type Span = Pick<NewReplay, 'kind' | 'afterSequence' | 'lastSequence' | 'since' | 'filter'>

/** @throws Problem 400 when it is too much. */
async function failed(db: D1Database, { id: endpointId }: Endpoint, since: number): Promise<Span> {
  const found = await failedSpan(db, endpointId, since, MOST_EVENTS)
  if (found && found.count > MOST_EVENTS)
    throw invalidParams(
      invalid('body', 'since', `must be later: since then more than ${MOST_EVENTS} deliveries failed`),
    )
  const { first, last } = found ?? { first: 1, last: 0 }
  return { kind: 'failed', afterSequence: first - 1, lastSequence: last, since, filter: null }
}

/** @throws Problem 400 when it is too much. */
async function events(db: D1Database, body: NewReplayInput): Promise<Span> {
  const { since, until, from = 1, to = Number.MAX_SAFE_INTEGER } = body
  const filter: Filter | null = body.filter ? completed(body.filter) : null
  const seen = (await sequencesBetween(db, { since, until })) ?? { first: 1, last: 0 }
  const first = Math.max(seen.first, from)
  const last = Math.min(seen.last, to)
  const count = last - first + 1
  if (count > MOST_EVENTS) {
    const end = first + MOST_EVENTS - 1
    const msg = `must be ${end} or less, for at most ${MOST_EVENTS} events are sent again at a time, and these are ${count}: go on from ${end + 1} with another replay`
    throw invalidParams(invalid('body', 'to', msg))
  }
  return {
    kind: 'events',
    afterSequence: first - 1,
    lastSequence: Math.max(last, first - 1),
    since: since ?? null,
    filter: filter && JSON.stringify(filter),
  }
}

async function begin(
  input: Input<unknown, unknown, unknown>,
  { id: endpointId, ownerId }: Endpoint,
  span: Span,
): Promise<Answer> {
  const { env, log, clock } = input.deps
  const replayId = newId('rpl')
  const replay = await insertReplay(
    env.DB,
    { id: replayId, endpointId, ownerId, createdAt: clock(), ...span },
    auditOf(input, replayId),
  )
  if (!replay)
    throw new Problem(
      'replay_running',
      `A replay to the endpoint ${endpointId} is running: wait until it is done, or cancel it`,
    )
  if (replay.state === 'running') await tolerating(log, 'replays', wakeReplays(env.DELIVERY_QUEUE, [replay]))
  return created(`/api/v1/endpoints/${endpointId}/replays/${replayId}`, showReplay(replay))
}

/** @throws Problem 404 when there is none, or its endpoint is somebody else's who is out of reach. */
async function reachable(input: Input<v.InferOutput<typeof params>, unknown, unknown>): Promise<Replay> {
  const { id: endpointId, replay: replayId } = input.params
  await reachableEndpoint(input, endpointId)
  const replay = await findReplay(input.deps.env.DB, endpointId, replayId)
  if (!replay) throw notFound(`replay ${replayId} to endpoint ${endpointId}`)
  return replay
}
