/** @module /api/v1/deliveries: what is owed to an endpoint, what became of it, and asking for it again. */
import * as v from 'valibot'
import { findDelivery, listDeliveries, resendDelivery } from '../db/delivery-log.ts'
import type { Endpoint } from '../db/endpoints.ts'
import { tolerating, wakeDeliveries } from '../workers/messages.ts'
import { auditOf } from './audit-entry.ts'
import {
  exampleDelivery,
  exampleDeliveryWithAttempts,
  ShownDelivery,
  ShownDeliveryWithAttempts,
  showDelivery,
  showDeliveryWithAttempts,
} from './delivery-view.ts'
import { cursorList, id, Limit, Sequence, TimeInput, TypePattern, wholeNumber } from './fields.ts'
import { type Input, ok, operation, userOf } from './operation.ts'
import { notFound } from './problem.ts'
import { reachableEndpoint } from './reachable-endpoint.ts'
import { invalid } from './request/validate.ts'

const DAY_MS = 24 * 3_600_000
const Milliseconds = wholeNumber(0, DAY_MS)

const ListQuery = v.strictObject({
  endpoint: id('ep', 'an endpoint'),
  state: v.optional(
    v.picklist(
      ['pending', 'delivered', 'failed', 'skipped'],
      'must be pending, delivered, failed or skipped',
    ),
  ),
  since: v.optional(v.pipe(TimeInput, v.description('Asked for at this time or later.'))),
  until: v.optional(v.pipe(TimeInput, v.description('Asked for before this time.'))),
  status: v.optional(
    v.pipe(
      v.string('must be a text'),
      v.regex(/^([1-5]xx|[1-5]\d\d|none)$/, 'must be a status such as 404, or 4xx, or none'),
      v.description(
        'How the latest attempt was answered: a status, or all of a hundred, `2xx` to `5xx`; `none`: not at all.',
      ),
    ),
  ),
  minDuration: v.optional(
    v.pipe(Milliseconds, v.description('How long the latest attempt took at least, milliseconds.')),
  ),
  maxDuration: v.optional(v.pipe(Milliseconds, v.description('How long it took at most, milliseconds.'))),
  type: v.optional(TypePattern),
  before: v.optional(v.pipe(Sequence, v.description('The `next` of the answer before.'))),
  limit: Limit,
})

const params = v.strictObject({
  id: id('ep', 'an endpoint'),
  sequence: v.pipe(Sequence, v.description('The sequence of the event.')),
})
const one = {
  description: 'The delivery.',
  schema: ShownDeliveryWithAttempts,
  example: exampleDeliveryWithAttempts,
}

export const deliveryOperations = [
  operation({
    id: 'getDeliveries',
    method: 'GET',
    path: '/api/v1/deliveries',
    tag: 'Events',
    summary: 'What is owed to an endpoint, and what became of it',
    description:
      'The newest first, by the sequences of their events. What has not happened yet is null. For one answer at most 2,000 deliveries are looked at: where few of them fit, it is short, even empty, and there is more as long as it has a `next`.',
    query: ListQuery,
    combine: ({ query }) => refuseEmptySpan(query),
    answers: {
      200: {
        description: 'A page of deliveries.',
        schema: cursorList(ShownDelivery),
        example: { data: [exampleDelivery] },
      },
    },
    problems: [404],
    async handle(input) {
      const { endpoint, status, minDuration, maxDuration, limit, ...query } = input.query
      const of = await reachableEndpoint(input, endpoint)
      const filter = {
        ...query,
        status: statusesOf(status),
        minDurationMs: minDuration,
        maxDurationMs: maxDuration,
      }
      const { rows, next } = await listDeliveries(input.deps.env.DB, endpoint, filter, limit)
      const viewerId = userOf(input).id
      const data = rows.map((delivery) => showDelivery(delivery, of, viewerId))
      return ok({ data, ...(next === null ? {} : { next: String(next) }) })
    },
  }),
  operation({
    id: 'getDelivery',
    method: 'GET',
    path: '/api/v1/endpoints/:id/deliveries/:sequence',
    tag: 'Events',
    summary: 'One delivery, with its attempts',
    params,
    answers: { 200: one },
    problems: [404],
    async handle(input) {
      return ok(await shown(input, await reachableEndpoint(input, input.params.id)))
    },
  }),
  operation({
    id: 'resendDelivery',
    method: 'POST',
    path: '/api/v1/endpoints/:id/deliveries/:sequence/resend',
    tag: 'Events',
    summary: 'Send one event to an endpoint again',
    description:
      'It is the next in line, whatever became of it, and its schedule begins anew. One that is pending is only moved to the front, and its schedule goes on. While the endpoint is paused, disabled or held, it waits.',
    params,
    answers: { 200: { ...one, description: 'The delivery, as it waits now.' } },
    problems: [404],
    async handle(input) {
      const { deps, params: asked } = input
      const endpoint = await reachableEndpoint(input, asked.id)
      const { id: endpointId } = endpoint
      const { env, log, clock } = deps
      const audit = auditOf(input, `${endpointId}/${asked.sequence}`)
      if (!(await resendDelivery(env.DB, endpointId, asked.sequence, clock(), audit)))
        throw missing(endpointId, asked.sequence)
      await tolerating(log, 'deliveries', wakeDeliveries(env.DELIVERY_QUEUE, [endpointId]))
      return ok(await shown(input, endpoint))
    },
  }),
]

type OfOne = Input<v.InferOutput<typeof params>, unknown, unknown>

async function shown(input: OfOne, endpoint: Endpoint) {
  const { sequence } = input.params
  const found = await findDelivery(input.deps.env.DB, endpoint.id, sequence)
  if (!found) throw missing(endpoint.id, sequence)
  return showDeliveryWithAttempts(found, endpoint, userOf(input).id)
}

const missing = (endpointId: string, sequence: number) =>
  notFound(`delivery of event ${sequence} to endpoint ${endpointId}`)

/** `404`, `4xx` or `none`, as the least and the greatest status. */
function statusesOf(status: string | undefined): readonly [number, number] | null | undefined {
  if (status === undefined) return undefined
  if (status === 'none') return null
  const first = Number(status.replace('xx', '00'))
  return [first, status.endsWith('xx') ? first + 99 : first]
}

function refuseEmptySpan({ since, until, minDuration, maxDuration }: v.InferOutput<typeof ListQuery>) {
  if (since !== undefined && until !== undefined && since >= until)
    return invalid('query', 'until', 'must be after since')
  if (minDuration !== undefined && maxDuration !== undefined && minDuration > maxDuration)
    return invalid('query', 'maxDuration', 'must not be less than minDuration')
  return null
}
