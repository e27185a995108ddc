/** @module How a consumer looks in answers, and what its name may be. */
import * as v from 'valibot'
import { isLeased } from '../db/consumer-leases.ts'
import type { Consumer } from '../db/consumers.ts'
import { Time } from './fields.ts'
import { ShownFilter } from './filter-fields.ts'
import { notFound, type Problem } from './problem.ts'
import { time } from './time.ts'

const Whole = (description: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description))

/** The name of a consumer, in a body or a path. */
export const ConsumerName = v.pipe(
  v.string('must be a text'),
  v.regex(
    /^[a-z0-9][a-z0-9._-]{0,63}$/,
    'must be 1 to 64 of a-z, 0-9, ".", "_" and "-", the first a letter or a digit',
  ),
  v.description('What its owner calls it: no other one of his has this name.'),
)

export const ShownConsumer = v.strictObject({
  id: v.string(),
  owner: v.pipe(v.string(), v.description('The id of the user whose it is.')),
  name: v.string(),
  filter: ShownFilter,
  position: Whole('The cursor: all up to this sequence was acknowledged, or is not wanted.'),
  lag: Whole('How many sequences the cursor is behind the newest of the log, wanted or not.'),
  lease: v.pipe(
    v.nullable(
      v.strictObject({
        worker: v.pipe(v.nullable(v.string()), v.description('What its holder calls himself.')),
        sequence: Whole('The last that he was given.'),
        until: Time,
      }),
    ),
    v.description('Who has what comes after the cursor; null: nobody.'),
  ),
  createdAt: Time,
  updatedAt: v.pipe(Time, v.description('When its filter was changed or its cursor moved by hand.')),
})

export const exampleConsumer = {
  id: 'csm_9f86d081884c7d659a2feaa0',
  owner: 'usr_administrator',
  name: 'search-index',
  filter: { types: ['video.*'] },
  position: 42,
  lag: 3,
  lease: { worker: 'a', sequence: 44, until: '2026-11-25T10:00:30.000Z' },
  createdAt: '2026-11-25T09:00:00.000Z',
  updatedAt: '2026-11-25T09:00:00.000Z',
}

/** A consumer as its owner, or a moderator, sees it. The id of the lease is its holder's alone. */
export function showConsumer(consumer: Consumer, now: number) {
  const { id, ownerId, name, filter, position, newest, createdAt, updatedAt } = consumer
  return {
    id,
    owner: ownerId,
    name,
    filter,
    position,
    lag: Math.max(0, newest - position),
    lease: isLeased(consumer, now)
      ? { worker: consumer.leaseWorker, sequence: consumer.leasedSequence, until: time(consumer.leasedUntil) }
      : null,
    createdAt: time(createdAt),
    updatedAt: time(updatedAt),
  }
}

/** There is none of that name: nobody sees another’s. */
export function missingConsumer(name: string): Problem {
  return notFound(`consumer ${name} of yours`)
}
