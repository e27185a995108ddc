/** @module One attempt of a delivery: sign, send, and put into words for the database and the log. */
import type { DueDelivery, RecordedAttempt } from '../db/deliveries.ts'
import { publicEvent } from '../events/envelope.ts'
import { targetCheck } from '../http/target-check.ts'
import { decryptSecret } from '../secrets.ts'
import { type Attempt, failedAttempt, outcomeOf, send } from '../webhooks/send.ts'
import { importSecret } from '../webhooks/signature.ts'
import type { Deps } from './deps.ts'
import { describeError } from './log.ts'

/** What an endpoint's webhooks are signed with, or why they can't be. */
type SigningKey = CryptoKey | { problem: string }
export type SigningKeys = ReadonlyMap<string, SigningKey>

/** Decrypts each endpoint's secret once, however many deliveries it has. */
export async function signingKeys(deps: Deps, due: readonly DueDelivery[]): Promise<SigningKeys> {
  const endpoints = new Map(due.map(({ endpointId, secret }) => [endpointId, secret]))
  const keys = await Promise.all(
    Array.from(endpoints, async ([id, secret]) => [id, await signingKey(deps, id, secret)] as const),
  )
  return new Map(keys)
}

async function signingKey(deps: Deps, endpointId: string, encrypted: string): Promise<SigningKey> {
  try {
    return await importSecret(await decryptSecret(deps.config.encryptionKeys, encrypted, endpointId))
  } catch (error) {
    return { problem: `the signing secret can't be used: ${describeError(error)}` }
  }
}

/** Makes one attempt and logs it. Never throws: whatever goes wrong is the attempt's error, and the schedule goes on. */
export async function attemptDelivery(
  deps: Deps,
  delivery: DueDelivery,
  keys: SigningKeys,
): Promise<{ recorded: RecordedAttempt; retryAt: number | null }> {
  const { event, endpointId } = delivery
  const number = delivery.attempts + 1
  const attempt = await trySend(deps, delivery, keys)
  const outcome = outcomeOf(attempt, number, deps.random())
  const endedAt = attempt.startedAt + attempt.durationMs

  deps.log({
    log: 'attempt',
    endpoint: endpointId,
    url: new URL(delivery.url).origin,
    event: event.id,
    sequence: event.sequence,
    number,
    outcome: outcome.kind,
    status: attempt.status,
    durationMs: attempt.durationMs,
    latencyMs: attempt.startedAt - event.seenAt,
    ...('reason' in outcome ? { detail: outcome.reason } : {}),
    ...(outcome.kind === 'retry' ? { dueAt: outcome.dueAt } : {}),
  })
  return {
    recorded: {
      endpointId,
      sequence: event.sequence,
      number,
      startedAt: attempt.startedAt,
      durationMs: attempt.durationMs,
      status: attempt.status,
      error: attempt.error,
      state: STATES[outcome.kind],
      dueAt: outcome.kind === 'retry' ? outcome.dueAt : null,
      finishedAt: outcome.kind === 'retry' ? null : endedAt,
    },
    retryAt: attempt.retryAt,
  }
}

const STATES = { delivered: 'delivered', retry: 'pending', 'gave-up': 'failed' } as const

async function trySend(deps: Deps, delivery: DueDelivery, keys: SigningKeys): Promise<Attempt> {
  const now = deps.clock()
  const key = keys.get(delivery.endpointId)
  if (!key || 'problem' in key) return failedAttempt(key?.problem ?? 'there is no signing key', now)
  // Checked when it was made, and again: the rules, what this Tubewire allows, or where the name leads may have changed since.
  const problem = await targetCheck(deps, new URL(delivery.url))
  if (problem) return failedAttempt(`the URL ${problem}`, now)
  return send(
    { fetch: deps.fetch, clock: deps.clock, timeoutMs: deps.config.deliveryTimeoutMs },
    {
      url: delivery.url,
      key,
      id: delivery.event.id,
      body: JSON.stringify(publicEvent(delivery.event)),
    },
  )
}
