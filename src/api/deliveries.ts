/** @module GET /api/v1/deliveries: what is owed to an endpoint, and what became of it. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { type DeliveryState, listDeliveries } from '../db/deliveries.ts'
import { findEndpoint } from '../db/endpoints.ts'
import type { Api } from './context.ts'
import { Limit, page, parseInput, Sequence, text } from './input.ts'
import { Problem } from './problem.ts'
import { time } from './time.ts'

const Query = v.strictObject({
  endpoint: v.pipe(text(100), v.minLength(1, 'is missing')),
  before: v.optional(Sequence),
  limit: Limit,
})

export function deliveryRoutes(): Hono<Api> {
  return new Hono<Api>().get('/', async (context) => {
    const { endpoint, before, limit } = parseInput(Query, context.req.query(), 'query')
    const { DB } = context.get('deps').env
    if (!(await findEndpoint(DB, context.get('user').id, endpoint))) {
      throw new Problem(404, `There is no endpoint ${endpoint}`)
    }
    const found = await listDeliveries(DB, endpoint, before ?? Number.MAX_SAFE_INTEGER, limit + 1)
    return context.json(page(found, limit, show, ({ sequence }) => String(sequence)))
  })
}

function show(delivery: DeliveryState) {
  return {
    endpoint: delivery.endpointId,
    event: delivery.eventId,
    sequence: delivery.sequence,
    type: delivery.type,
    state: delivery.state,
    attempts: delivery.attempts,
    createdAt: time(delivery.createdAt),
    nextAttemptAt: time(delivery.dueAt),
    finishedAt: time(delivery.finishedAt),
    lastAttempt:
      delivery.lastAttemptAt === null
        ? null
        : {
            startedAt: time(delivery.lastAttemptAt),
            status: delivery.lastStatus,
            error: delivery.lastError,
          },
  }
}
