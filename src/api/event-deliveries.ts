/** @module /api/v1/events/{id}/deliveries: where an event went. */
import * as v from 'valibot'
import { listDeliveriesOf, MOST_ASKED, MOST_TARGETS } from '../db/event-deliveries.ts'
import { findEvent } from '../db/events.ts'
import { deliveryFields, exampleDelivery, showDelivery } from './delivery-view.ts'
import { idParams } from './fields.ts'
import { ok, operation, userOf } from './operation.ts'
import { notFound } from './problem.ts'

const ShownWithTarget = v.strictObject({
  ...deliveryFields,
  target: v.pipe(
    v.strictObject({ id: v.string(), url: v.string(), description: v.string() }),
    v.description('The endpoint.'),
  ),
})

export const eventDeliveryOperations = [
  operation({
    id: 'getEventDeliveries',
    method: 'GET',
    path: '/api/v1/events/:id/deliveries',
    tag: 'Events',
    summary: 'Where an event went',
    description: `To which of your endpoints, the oldest endpoint first, and what became of it: ${MOST_TARGETS} at most. Of more than ${MOST_ASKED} endpoints the newest ${MOST_ASKED} are looked at.`,
    params: idParams('evt', 'an event'),
    answers: {
      200: {
        description: 'Its deliveries.',
        schema: v.strictObject({ data: v.array(ShownWithTarget) }),
        example: {
          data: [
            {
              ...exampleDelivery,
              target: {
                id: exampleDelivery.endpoint,
                url: 'https://receiver.example/hook',
                description: 'The receiver',
              },
            },
          ],
        },
      },
    },
    problems: [404],
    async handle(input) {
      const { DB } = input.deps.env
      const { id } = input.params
      const viewerId = userOf(input).id
      const event = await findEvent(DB, id, viewerId)
      if (!event) throw notFound(`event ${id}`)
      const found = await listDeliveriesOf(DB, event.sequence, viewerId)
      const data = found.map(({ target, ...delivery }) => ({
        ...showDelivery(delivery, target, viewerId),
        target: { id: delivery.endpointId, url: target.url, description: target.description },
      }))
      return ok({ data })
    },
  }),
]
