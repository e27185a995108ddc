/** @module One attempt of a shipment: render, sign, send, and put into words for the database and the log. */
import type { RecordedAttempt } from '../db/deliveries.ts'
import type { Endpoint } from '../db/endpoints.ts'
import { type LoggedEvent, publicEvent } from '../events/envelope.ts'
import { targetProblem } from '../http/target.ts'
import type { Told } from '../webhooks/health.ts'
import { type Attempt, failedAttempt, outcomeOf, send } from '../webhooks/send.ts'
import type { Deps } from './deps.ts'
import type { Shipment } from './shipments.ts'
import { type Signer, signerOf } from './signers.ts'

/** What an attempt came to: for each of its deliveries, and for the endpoint. */
export type Attempted = { recorded: RecordedAttempt[]; told: Told }

/** Makes one attempt and logs it. Never throws for what goes wrong with it: that is the attempt's error, and the schedule goes on. */
export async function attemptShipment(
  deps: Deps,
  endpoint: Endpoint,
  shipment: Shipment,
  events: ReadonlyMap<number, LoggedEvent>,
): Promise<Attempted> {
  const found = shipment.flatMap(({ sequence }) => events.get(sequence) ?? [])
  const attempt = await trySend(deps, endpoint, found)
  const endedAt = attempt.startedAt + attempt.durationMs
  const recorded = shipment.map((delivery): RecordedAttempt => {
    const number = delivery.attempts + 1
    const outcome = outcomeOf(attempt, number - delivery.attemptsBefore, deps.random())
    const event = events.get(delivery.sequence)
    deps.log({
      log: 'attempt',
      endpoint: endpoint.id,
      url: new URL(endpoint.url).origin,
      event: event?.id ?? '',
      sequence: delivery.sequence,
      number,
      outcome: outcome.kind,
      status: attempt.status,
      durationMs: attempt.durationMs,
      latencyMs: attempt.startedAt - (event?.seenAt ?? attempt.startedAt),
      ...('reason' in outcome ? { detail: outcome.reason } : {}),
      ...(outcome.kind === 'retry' ? { dueAt: outcome.dueAt } : {}),
    })
    return {
      endpointId: endpoint.id,
      sequence: delivery.sequence,
      number,
      startedAt: attempt.startedAt,
      durationMs: attempt.durationMs,
      status: attempt.status,
      error: attempt.error,
      response: null,
      state: STATES[outcome.kind],
      dueAt: outcome.kind === 'retry' ? outcome.dueAt : null,
      finishedAt: outcome.kind === 'retry' ? null : endedAt,
    }
  })
  const { startedAt, status, retryAt } = attempt
  return { recorded, told: { startedAt, endedAt, isSuccess: attempt.error === null, status, retryAt } }
}

const STATES = { delivered: 'delivered', retry: 'pending', 'gave-up': 'failed' } as const

async function trySend(deps: Deps, endpoint: Endpoint, events: readonly LoggedEvent[]): Promise<Attempt> {
  const now = deps.clock()
  const [event] = events
  if (!event) return failedAttempt('the event is not in the log any more', now)
  const signer = await signerOf(deps, endpoint)
  if ('problem' in signer) return failedAttempt(signer.problem, now)
  // Checked when it was made, and again: the rules, or what this Tubewire allows, may have changed since.
  const problem = targetProblem(new URL(endpoint.url), { allowLocal: deps.config.allowLocalTargets })
  if (problem) return failedAttempt(`the URL ${problem}`, now)
  return post(deps, endpoint, signer, event)
}

function post(deps: Deps, endpoint: Endpoint, signer: Signer, event: LoggedEvent): Promise<Attempt> {
  const timeoutMs = endpoint.timeoutMs ?? deps.config.deliveryTimeoutMs
  return send(
    { fetch: deps.fetch, clock: deps.clock, timeoutMs },
    { url: endpoint.url, key: signer.key, id: event.id, body: JSON.stringify(publicEvent(event)) },
  )
}
