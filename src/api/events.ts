/** @module GET /api/v1/events: the event log, oldest first, by cursor. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { listEvents } from '../db/events.ts'
import { publicEvent } from '../events/envelope.ts'
import type { Api } from './context.ts'
import { Limit, page, parseInput, Sequence } from './input.ts'

const Query = v.strictObject({
  after: v.optional(Sequence, '0'),
  limit: Limit,
})

export function eventRoutes(): Hono<Api> {
  return new Hono<Api>().get('/', async (context) => {
    const { after, limit } = parseInput(Query, context.req.query(), 'query')
    const { id: viewerId } = context.get('user')
    // One more than asked for says whether there is a next page.
    const found = await listEvents(context.get('deps').env.DB, { viewerId, after }, limit + 1)
    return context.json(page(found, limit, publicEvent, ({ sequence }) => String(sequence)))
  })
}
