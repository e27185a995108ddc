/** @module Reading with a consumer: …/events leases what comes next, …/ack says that it is done. See docs/decisions/019. */
import * as v from 'valibot'
import { acknowledge } from '../db/consumer-leases.ts'
import type { Consumer } from '../db/consumers.ts'
import { readWithin } from './consumer-batch.ts'
import {
  ConsumerName,
  exampleConsumer,
  missingConsumer,
  ShownConsumer,
  showConsumer,
} from './consumer-view.ts'
import { Event, exampleEvent } from './event-view.ts'
import { id, Limit, Time, wholeNumber } from './fields.ts'
import { SequenceInput } from './moment.ts'
import { ok, operation, userOf } from './operation.ts'
import { Problem } from './problem.ts'

const params = v.strictObject({ name: ConsumerName })

const Worker = v.pipe(
  v.string('must be a text'),
  v.regex(/^[\x21-\x7e]{1,100}$/, 'must be 1 to 100 visible letters of ASCII'),
  v.description(
    'What the asking process calls itself, and no other one of this consumer: it is given again at once what it had when it last died.',
  ),
)
const ReadQuery = v.strictObject({
  limit: Limit,
  lease: v.optional(
    v.pipe(
      wholeNumber(5, 3_600),
      v.description('For how many seconds nobody else is given these or what comes after them, 5 to 3600.'),
    ),
    '30',
  ),
  worker: v.optional(Worker),
  wait: v.optional(
    v.pipe(
      wholeNumber(0, 30),
      v.description(
        'How many seconds to wait at most, 0 to 30: until there is something, or who has the lease is done.',
      ),
    ),
    '0',
  ),
})
export const consumerReadOperations = [
  operation({
    id: 'getConsumerEvents',
    method: 'GET',
    path: '/api/v1/consumers/:name/events',
    tag: 'Consumers',
    summary: 'Read on with a consumer',
    description:
      'What comes after its cursor and fits its filter, leased to who asks: until it is acknowledged (see `ackConsumer`), or the lease is over, nobody else is given any of it or of what comes after it. Then it is given again. While somebody else has the lease, or when there is nothing, the answer is empty.',
    params,
    query: ReadQuery,
    answers: {
      200: {
        description:
          'A batch of events, the oldest first; empty when there is none, or somebody else has it.',
        schema: v.strictObject({
          data: v.array(Event),
          sequence: v.pipe(
            v.number(),
            v.integer(),
            v.description('Acknowledge it when all of these are done. Of nothing, the cursor.'),
          ),
          lease: v.pipe(
            v.nullable(v.string()),
            v.description(
              'Acknowledge with it, and nothing is done that somebody else has by then. Null: none.',
            ),
          ),
          leasedUntil: v.pipe(
            v.nullable(Time),
            v.description('When the lease is over: yours, or somebody else’s when there is no `lease`.'),
          ),
          more: v.pipe(v.boolean(), v.description('Whether there may be more already.')),
        }),
        example: {
          data: [exampleEvent],
          sequence: 42,
          lease: 'lse_9f86d081884c7d659a2feaa0',
          leasedUntil: '2026-11-25T10:00:30.000Z',
          more: false,
        },
      },
    },
    problems: [404],
    handle: readWithin,
  }),
  operation({
    id: 'ackConsumer',
    method: 'POST',
    path: '/api/v1/consumers/:name/ack',
    tag: 'Consumers',
    summary: 'Acknowledge what was read',
    description:
      'Moves the cursor up to a sequence that was handed out; with all of the lease acknowledged the next may read. What is behind the cursor is acknowledged already, and nothing changes. A lease that is over counts until somebody has the next one.',
    params,
    body: v.strictObject({
      sequence: SequenceInput('Of the last event that is done.'),
      lease: v.optional(
        v.nullable(
          v.pipe(
            id('lse', 'a lease'),
            v.description('What it was read with. Without it whoever acknowledges is believed.'),
          ),
        ),
      ),
    }),
    example: { sequence: 42, lease: 'lse_9f86d081884c7d659a2feaa0' },
    answers: { 200: { description: 'The consumer.', schema: ShownConsumer, example: exampleConsumer } },
    problems: [404, 'lease_lost', 'not_handed_out'],
    async handle(input) {
      const { body, deps } = input
      const { name } = input.params
      const { sequence, lease = null } = body
      const outcome = await acknowledge(deps.env.DB, { ownerId: userOf(input).id, name }, sequence, lease)
      switch (outcome.kind) {
        case 'done':
          return ok(showConsumer(outcome.consumer, deps.clock()))
        case 'missing':
          throw missingConsumer(name)
        case 'lost':
          throw new Problem(
            'lease_lost',
            `The lease ${lease} is over, and what was leased is somebody else’s, or is read again: the cursor is at ${outcome.consumer.position}`,
          )
        case 'never':
          throw new Problem(
            'not_handed_out',
            `${sequence} was not handed out: the cursor is at ${outcome.consumer.position}, and ${handedOut(outcome.consumer)}`,
          )
      }
    },
  }),
]

function handedOut({ position, leasedSequence }: Consumer): string {
  return leasedSequence > position
    ? `what was given out goes up to ${leasedSequence}`
    : 'nothing is given out'
}
