/** @module One attempt of a shipment: send it, and put what came of it into words for the database and the log. */
import type { RecordedAttempt } from '../db/deliveries.ts'
import type { Endpoint } from '../db/endpoints.ts'
import type { Deadlines } from '../http/deadline.ts'
import { isGone, type Told } from '../webhooks/health.ts'
import { type Attempt, failedAttempt, outcomeOf } from '../webhooks/send.ts'
import type { Deps } from './deps.ts'
import { describeError } from './log.ts'
import { post } from './post.ts'
import type { Rendered, Rendering } from './rendering.ts'
import type { Shipment } from './shipments.ts'

/** What an attempt came to: for each of its deliveries, and for the endpoint. */
export type Attempted = { recorded: RecordedAttempt[]; told: Told }

/** Makes one attempt and logs it. Never throws: what goes wrong is the attempt's error, and the schedule goes on. */
export async function attemptShipment(
  deps: Deps,
  endpoint: Endpoint,
  shipment: Shipment,
  rendering: Rendering,
  deadlines: Deadlines,
): Promise<Attempted> {
  const attempt = await trySend(deps, endpoint, shipment, rendering, deadlines)
  const { startedAt, durationMs, status, error, response, retryAt } = attempt
  const endedAt = startedAt + durationMs
  const random = deps.random()
  const attempted = shipment.map((delivery) => {
    const number = delivery.attempts + 1
    return { delivery, number, outcome: outcomeOf(attempt, number - delivery.attemptsBefore, random) }
  })
  // What failed together comes again together, however often each was tried before.
  const dueAt = Math.max(0, ...attempted.map(({ outcome }) => (outcome.kind === 'retry' ? outcome.dueAt : 0)))
  const recorded = attempted.map(({ delivery, number, outcome }): RecordedAttempt => {
    const event = rendering.event(delivery.sequence)
    deps.log({
      log: 'attempt',
      endpoint: endpoint.id,
      url: new URL(endpoint.url).origin,
      event: event?.id ?? '',
      sequence: delivery.sequence,
      number,
      outcome: outcome.kind,
      status,
      durationMs,
      latencyMs: startedAt - (event?.seenAt ?? startedAt),
      ...('reason' in outcome ? { detail: outcome.reason } : {}),
      // Of one that is disabled by it all waits until it is resumed.
      ...(outcome.kind === 'retry' && !isGone(status) ? { dueAt } : {}),
    })
    return {
      endpointId: endpoint.id,
      sequence: delivery.sequence,
      number,
      startedAt,
      durationMs,
      status,
      error,
      response,
      state: STATES[outcome.kind],
      dueAt: outcome.kind === 'retry' ? dueAt : null,
      finishedAt: outcome.kind === 'retry' ? null : endedAt,
    }
  })
  return { recorded, told: { startedAt, endedAt, isSuccess: error === null, status, retryAt } }
}

const STATES = { delivered: 'delivered', retry: 'pending', 'gave-up': 'failed' } as const

async function trySend(
  deps: Deps,
  endpoint: Endpoint,
  shipment: Shipment,
  rendering: Rendering,
  deadlines: Deadlines,
): Promise<Attempt> {
  const now = deps.clock()
  let rendered: Rendered | null
  try {
    rendered = rendering.of(
      endpoint,
      shipment.map(({ sequence }) => sequence),
    )
  } catch (error) {
    return failedAttempt(`the event can't be written in this format: ${describeError(error)}`, now)
  }
  if (!rendered) return failedAttempt('the event is not in the log any more', now)
  return post(deps, endpoint, rendered.message, rendered.id, { deadlines })
}
