/** @module One attempt to deliver one webhook, and what it means. */
import { deadline } from '../http/deadline.ts'
import { retryAfter } from '../http/retry-after.ts'
import { VERSION } from '../version.ts'
import { MAX_ATTEMPTS, retryDelay } from './retry.ts'
import { signatureHeaders } from './signature.ts'

/** What an attempt came to. `status` is null when there was no answer; `error` says why in plain words. */
export type Attempt = {
  startedAt: number
  durationMs: number
  status: number | null
  error: string | null
  /** The subscriber's own word on when to come back, milliseconds since the epoch. */
  retryAt: number | null
}

/** What becomes of the delivery after an attempt. Times are milliseconds since the epoch. */
export type Outcome =
  | { kind: 'delivered' }
  | { kind: 'retry'; dueAt: number; reason: string }
  | { kind: 'gave-up'; reason: string }

/**
 * Posts a signed webhook once. Never throws for what the subscriber does: that is an `Attempt`.
 * Redirects are not followed; the answer's body is not read.
 * @param deps `timeoutMs`: how long the subscriber may take to answer.
 */
export async function send(
  deps: { fetch: typeof fetch; clock: () => number; timeoutMs: number },
  request: { url: string; key: CryptoKey; id: string; body: string },
): Promise<Attempt> {
  const startedAt = deps.clock()
  const headers = {
    'content-type': 'application/json',
    'user-agent': `Tubewire/${VERSION}`,
    ...(await signatureHeaders(request.key, request.id, request.body, startedAt)),
  }
  const { signal, lift } = deadline(deps.timeoutMs)
  try {
    const response = await deps.fetch(request.url, {
      method: 'POST',
      headers,
      body: request.body,
      redirect: 'manual',
      signal,
    })
    await response.body?.cancel()
    const endedAt = deps.clock()
    return {
      startedAt,
      durationMs: endedAt - startedAt,
      status: response.status,
      error: response.ok ? null : describeStatus(response.status),
      retryAt:
        response.status === 429 || response.status === 503
          ? retryAfter(response.headers.get('retry-after'), endedAt)
          : null,
    }
  } catch (error) {
    return {
      ...failedAttempt(describeFailure(error, deps.timeoutMs), startedAt),
      durationMs: deps.clock() - startedAt,
    }
  } finally {
    lift()
  }
}

/** An attempt that came to nothing before it was sent. */
export function failedAttempt(error: string, startedAt: number): Attempt {
  return { startedAt, durationMs: 0, status: null, error, retryAt: null }
}

/**
 * What an attempt means: 2xx is success, everything else follows the schedule until it ends.
 * A `Retry-After` longer than the schedule's delay is obeyed.
 *
 * @param number which attempt this was, from 1.
 * @param random from 0 to 1, for the jitter.
 */
export function outcomeOf(attempt: Attempt, number: number, random: number): Outcome {
  if (attempt.error === null) return { kind: 'delivered' }
  const delay = retryDelay(number, random)
  if (delay === null) {
    return { kind: 'gave-up', reason: `${attempt.error}, and so ended the last of ${MAX_ATTEMPTS} attempts` }
  }
  const endedAt = attempt.startedAt + attempt.durationMs
  return { kind: 'retry', dueAt: Math.max(endedAt + delay, attempt.retryAt ?? 0), reason: attempt.error }
}

function describeStatus(status: number): string {
  const isRedirect = status >= 300 && status < 400
  return isRedirect ? `answered ${status}: redirects are not followed` : `answered ${status}`
}

function describeFailure(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'no connection'
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`
  // workerd hides the reason in its own log behind a reference.
  return error.message.startsWith('internal error')
    ? 'no connection (name not found, or TLS failed)'
    : `no connection (${error.message})`
}
