/** @module How a delivery looks in answers. */
import * as v from 'valibot'
import type { DeliveryState, MadeAttempt } from '../db/delivery-log.ts'
import type { Endpoint } from '../db/endpoints.ts'
import { Time } from './fields.ts'
import { time } from './time.ts'

const Whole = v.pipe(v.number(), v.integer())

const attemptFields = {
  startedAt: Time,
  durationMs: v.nullable(v.pipe(Whole, v.description('Milliseconds.'))),
  status: v.nullable(v.pipe(Whole, v.description('Of HTTP; null when there was no answer.'))),
  error: v.nullable(v.pipe(v.string(), v.description('Why it was no success; null when it was.'))),
  response: v.nullable(
    v.pipe(
      v.string(),
      v.description('The first KB of the answer. Only the owner of the endpoint sees it; null to others.'),
    ),
  ),
}

export const deliveryFields = {
  endpoint: v.string(),
  event: v.string(),
  sequence: Whole,
  type: v.string(),
  state: v.pipe(
    v.picklist(['pending', 'delivered', 'failed', 'skipped']),
    v.description('`skipped`: its owner did not want it any more, such as of a replay that was cancelled.'),
  ),
  attempts: v.pipe(Whole, v.description('How many were made.')),
  createdAt: v.pipe(
    Time,
    v.description('When it was asked for: with the event, or since, to be sent again.'),
  ),
  nextAttemptAt: v.nullable(
    v.pipe(
      Time,
      v.description(
        'When it is tried next, or since when it is in line. Null while nothing is sent to its endpoint.',
      ),
    ),
  ),
  finishedAt: v.nullable(Time),
  error: v.nullable(v.pipe(v.string(), v.description('What went wrong last; null when nothing did.'))),
  lastAttempt: v.nullable(v.strictObject(attemptFields)),
}
export const ShownDelivery = v.strictObject(deliveryFields)

/** One delivery with its attempts. */
export const ShownDeliveryWithAttempts = v.strictObject({
  ...deliveryFields,
  allAttempts: v.pipe(
    v.array(v.strictObject({ number: v.pipe(Whole, v.description('The first is 1.')), ...attemptFields })),
    v.description('In their order; of more than a hundred the last.'),
  ),
})

const exampleAttempt = {
  startedAt: '2026-11-25T10:00:00.020Z',
  durationMs: 100,
  status: 204,
  error: null,
  response: null,
}
export const exampleDelivery = {
  endpoint: 'ep_9f86d081884c7d659a2feaa0',
  event: 'evt_2733d8ac0f772d8f3b279e774e62b648',
  sequence: 42,
  type: 'video.published',
  state: 'delivered',
  attempts: 1,
  createdAt: '2026-11-25T10:00:00.000Z',
  nextAttemptAt: null,
  finishedAt: '2026-11-25T10:00:00.120Z',
  error: null,
  lastAttempt: exampleAttempt,
} as const
export const exampleDeliveryWithAttempts = {
  ...exampleDelivery,
  allAttempts: [{ number: 1, ...exampleAttempt }],
}

/** What of an endpoint says whether anything is sent to it. */
type Gates = Pick<Endpoint, 'pausedAt' | 'disabledAt' | 'verifiedAt' | 'heldUntil'>

/** @param viewerId who looks: what receivers answer is for the endpoint's owner only. */
export function showDelivery(delivery: DeliveryState, endpoint: Gates, viewerId: string) {
  const { startedAt, durationMs, status, error, response, ownerId } = delivery
  return {
    endpoint: delivery.endpointId,
    event: delivery.eventId,
    sequence: delivery.sequence,
    type: delivery.type,
    state: delivery.state,
    attempts: delivery.attempts,
    createdAt: time(delivery.createdAt),
    nextAttemptAt: time(nextAttemptAt(delivery, endpoint)),
    finishedAt: time(delivery.finishedAt),
    error,
    lastAttempt:
      startedAt === null
        ? null
        : showAttempt({ startedAt, durationMs, status, error, response }, ownerId === viewerId),
  }
}

/** Null while nothing is sent to the endpoint. Of one that stands in line `dueAt` is no time: see `LINE`. */
function nextAttemptAt({ dueAt, createdAt }: DeliveryState, endpoint: Gates): number | null {
  const { pausedAt, disabledAt, verifiedAt, heldUntil } = endpoint
  const isOpen = pausedAt === null && disabledAt === null && verifiedAt !== null
  return dueAt === null || !isOpen ? null : Math.max(dueAt, createdAt, heldUntil)
}

/** The same, with all attempts. */
export function showDeliveryWithAttempts(
  { delivery, attempts }: { delivery: DeliveryState; attempts: readonly MadeAttempt[] },
  endpoint: Endpoint,
  viewerId: string,
) {
  const isOwn = delivery.ownerId === viewerId
  return {
    ...showDelivery(delivery, endpoint, viewerId),
    allAttempts: attempts.map(({ number, ...attempt }) => ({ number, ...showAttempt(attempt, isOwn) })),
  }
}

function showAttempt(
  {
    startedAt,
    durationMs,
    status,
    error,
    response,
  }: Omit<MadeAttempt, 'number' | 'durationMs'> & { durationMs: number | null },
  isOwn: boolean,
) {
  return { startedAt: time(startedAt), durationMs, status, error, response: isOwn ? response : null }
}
