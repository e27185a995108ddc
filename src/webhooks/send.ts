/** @module One attempt to deliver one webhook, and what it means. */
import { type Deadline, deadline } from '../http/deadline.ts'
import { readBeginning } from '../http/read-bytes.ts'
import { retryAfter } from '../http/retry-after.ts'
import { VERSION } from '../version.ts'
import { describeFailure, describeStatus } from './failure.ts'
import { keptResponse, responseText } from './response-text.ts'
import { MAX_ATTEMPTS, retryDelay } from './retry.ts'

/** However long an answer is, no more of it is read. */
const MAX_READ_BYTES = 64 * 1024

/** What is posted. Bytes are for what very many are sent: a text is encoded anew for each request. */
export type Body = string | Uint8Array

/** What an attempt came to. `status` is null when there was no answer; `error` says why in plain words. */
export type Attempt = {
  startedAt: number
  durationMs: number
  status: number | null
  error: string | null
  /** The subscriber's own word on when to come back, milliseconds since the epoch. */
  retryAt: number | null
  /** The beginning of what it answered, safe to store and show (see `keptResponse`); null when there was nothing. */
  response: string | null
  /** All that it answered, 64 KB at most, as it is and safe for nothing; only when it was asked for. */
  answer?: string | null
}

/** What becomes of the delivery after an attempt. Times are milliseconds since the epoch. */
export type Outcome =
  | { kind: 'delivered' }
  | { kind: 'retry'; dueAt: number; reason: string }
  | { kind: 'gave-up'; reason: string }

/**
 * Sends one request once, and reads the beginning of its answer. Never throws for what the subscriber does: that is an `Attempt`.
 * Redirects are not followed. The status decides: an answer whose body is late, endless, cut off or of the wrong length is what
 * its headers say.
 *
 * @param deps `timeoutMs`: how long it may take in all, from the connection to the end of what is read. `limit`: what sees to that,
 * where many are sent.
 * @param request `headers`: with the signature; what is set here goes before them. `keepAnswer`: see `Attempt.answer`.
 */
export async function send(
  deps: {
    fetch: typeof fetch
    clock: () => number
    timeoutMs: number
    limit?: (milliseconds: number) => Deadline
  },
  request: {
    url: string
    method?: 'POST' | 'OPTIONS' | 'GET'
    headers: Record<string, string>
    body: Body | null
    keepAnswer?: true
  },
): Promise<Attempt & { responseHeaders: Headers | null }> {
  const { url, method = 'POST', body } = request
  const startedAt = deps.clock()
  const { signal, lift } = (deps.limit ?? deadline)(deps.timeoutMs)
  try {
    const headers = new Headers(request.headers)
    headers.set('user-agent', `Tubewire/${VERSION}`)
    // A few bytes, of which we would unpack whatever they hold.
    headers.set('accept-encoding', 'identity')
    const response = await deps.fetch(url, { method, headers, body, redirect: 'manual', signal })
    const isEmpty = response.headers.get('content-length') === '0'
    const bytes = isEmpty ? new Uint8Array() : await readBeginning(response.body, MAX_READ_BYTES)
    const endedAt = deps.clock()
    const { status } = response
    const mayHold = status === 429 || status === 503
    return {
      startedAt,
      durationMs: endedAt - startedAt,
      status,
      error: response.ok ? null : describeStatus(status, response.headers.get('location'), url),
      retryAt: mayHold ? retryAfter(response.headers.get('retry-after'), endedAt) : null,
      response: keptResponse(bytes, response.headers),
      answer: request.keepAnswer ? responseText(bytes, response.headers) : null,
      responseHeaders: response.headers,
    }
  } catch (error) {
    const reason = signal.aborted
      ? `no answer within ${deps.timeoutMs / 1000} s`
      : describeFailure(error, url)
    return {
      ...failedAttempt(reason, startedAt),
      durationMs: deps.clock() - startedAt,
      responseHeaders: null,
    }
  } finally {
    lift()
  }
}

/** An attempt that came to nothing before it was sent. */
export function failedAttempt(error: string, startedAt: number): Attempt {
  return { startedAt, durationMs: 0, status: null, error, retryAt: null, response: null }
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
