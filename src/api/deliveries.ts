/** @module GET /api/v1/deliveries: what is owed to an endpoint, and what became of it. */
import * as v from 'valibot'
import { type DeliveryState, listDeliveries } from '../db/deliveries.ts'
import { findEndpoint } from '../db/endpoints.ts'
import { cursorList, id, Limit, Sequence, Time } from './fields.ts'
import { ok, operation, userOf } from './operation.ts'
import { notFound } from './problem.ts'
import { time } from './time.ts'

export const ShownDelivery = v.strictObject({
  endpoint: v.string(),
  event: v.string(),
  sequence: v.pipe(v.number(), v.integer()),
  type: v.string(),
  state: v.picklist(['pending', 'delivered', 'failed']),
  attempts: v.pipe(v.number(), v.integer()),
  createdAt: Time,
  nextAttemptAt: v.nullable(Time),
  finishedAt: v.nullable(Time),
  lastAttempt: v.nullable(
    v.strictObject({
      startedAt: Time,
      status: v.nullable(v.pipe(v.number(), v.integer())),
      error: v.nullable(v.string()),
    }),
  ),
})

export const deliveryOperations = [
  operation({
    id: 'getDeliveries',
    method: 'GET',
    path: '/api/v1/deliveries',
    tag: 'Events',
    summary: 'What is owed to an endpoint, and what became of it',
    description: 'The newest first. What has not happened yet is null.',
    query: v.strictObject({
      endpoint: id('ep', 'an endpoint'),
      before: v.optional(v.pipe(Sequence, v.description('The `next` of the answer before.'))),
      limit: Limit,
    }),
    answers: {
      200: {
        description: 'A page of deliveries.',
        schema: cursorList(ShownDelivery),
        example: {
          data: [
            {
              endpoint: 'ep_9f86d081884c7d659a2feaa0',
              event: 'evt_2733d8ac0f772d8f3b279e774e62b648',
              sequence: 42,
              type: 'video.published',
              state: 'delivered',
              attempts: 1,
              createdAt: '2026-11-25T10:00:00.000Z',
              nextAttemptAt: null,
              finishedAt: '2026-11-25T10:00:00.120Z',
              lastAttempt: { startedAt: '2026-11-25T10:00:00.020Z', status: 204, error: null },
            },
          ],
        },
      },
    },
    problems: [404],
    async handle({ query: { endpoint, before, limit }, deps, reach, ...input }) {
      const { DB } = deps.env
      const owner = reach === 'all' ? null : userOf(input).id
      if (!(await findEndpoint(DB, endpoint, owner))) throw notFound(`endpoint ${endpoint}`)
      // Each costs three rows, so none is read only to know whether there is more: a full page may be the last.
      const found = await listDeliveries(DB, endpoint, before ?? Number.MAX_SAFE_INTEGER, limit)
      const last = found.length === limit ? found.at(-1) : undefined
      return ok({ data: found.map(show), ...(last ? { next: String(last.sequence) } : {}) })
    },
  }),
]

function show(delivery: DeliveryState) {
  return {
    endpoint: delivery.endpointId,
    event: delivery.eventId,
    sequence: delivery.sequence,
    type: delivery.type,
    state: delivery.state,
    attempts: delivery.attempts,
    createdAt: time(delivery.createdAt),
    // Of one that was not tried yet `dueAt` is no time: see `LINE`.
    nextAttemptAt: time(delivery.dueAt === null ? null : Math.max(delivery.dueAt, delivery.createdAt)),
    finishedAt: time(delivery.finishedAt),
    lastAttempt:
      delivery.startedAt === null
        ? null
        : {
            startedAt: time(delivery.startedAt),
            status: delivery.status,
            error: delivery.error,
          },
  }
}
