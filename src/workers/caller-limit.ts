/** @module A caller's limit on our own API, and what it is told of it. */
import type { Limit } from '../config.ts'
import type { Deps } from './deps.ts'
import { describeError } from './log.ts'
import { patiently } from './patience.ts'

/** What became of a request that was to be counted. */
export type CallerLimit = CountedRequest | { kind: 'unknown' }

export type CountedRequest = {
  kind: 'counted'
  allowed: boolean
  /** How many requests a window has, and how many of them are left. */
  limit: number
  remaining: number
  /** When the window ends, milliseconds since the epoch. */
  resetAt: number
  /** Until then, whole seconds, 1 at least. */
  retryAfterSeconds: number
  /** Gives it back, for what is not to count; once. Never fails: the answer is ready, and the caller is owed it. */
  uncount: () => Promise<void>
}

/** Longer than that no caller waits for our own bookkeeping. */
const PATIENCE_MS = 2_000

/**
 * Counts a request against a caller's limit.
 *
 * @param caller the id of an account or key, or an address: see `callerAddress`.
 * @param bucket what is counted together, such as `api` or `token`. Each has a window of its own.
 * @returns `unknown` when the limiter failed or said nothing for 2 s. The log has it: what may pass then is for the route to say.
 */
export async function callerLimit(
  deps: Deps,
  caller: string,
  bucket: string,
  limit: Limit,
): Promise<CallerLimit> {
  const now = deps.clock()
  // A new stub for each call: one that has failed goes on failing.
  const limiter = () => deps.env.RATE_LIMITER.getByName(`caller:${caller}`)
  const reach = <TAnswer>(call: () => Promise<TAnswer>) => bounded(deps, { caller, bucket }, call)

  const counted = await reach(async () => limiter().count(bucket, limit, now))
  if (counted === null) return { kind: 'unknown' }
  const { allowed, remaining, resetAt, startedAt } = counted.answer
  let isOwed = allowed
  return {
    kind: 'counted',
    allowed,
    limit: limit.requests,
    remaining,
    resetAt,
    retryAfterSeconds: Math.max(1, Math.ceil((resetAt - now) / 1000)),
    async uncount() {
      if (!isOwed) return
      isOwed = false
      await reach(async () => limiter().uncount(bucket, limit, startedAt))
    },
  }
}

/** The headers of PeerTube's limits; with `Retry-After` (RFC 9110, 10.2.3) when the request was refused. */
export function limitHeaders(counted: Omit<CountedRequest, 'kind' | 'uncount'>): Record<string, string> {
  return {
    'x-ratelimit-limit': String(counted.limit),
    'x-ratelimit-remaining': String(counted.remaining),
    'x-ratelimit-reset': String(Math.ceil(counted.resetAt / 1000)),
    ...(counted.allowed ? {} : { 'retry-after': String(counted.retryAfterSeconds) }),
  }
}

/** Waits for the limiter, but not for long. @returns null when it failed or did not answer; the log says which. */
async function bounded<TAnswer>(
  deps: Deps,
  ids: { caller: string; bucket: string },
  call: () => Promise<TAnswer>,
): Promise<{ answer: TAnswer } | null> {
  const answering = call()
  try {
    if (await patiently(answering, PATIENCE_MS)) return { answer: await answering }
    throw new Error(`no answer from the limiter within ${PATIENCE_MS} ms`)
  } catch (error) {
    deps.log({ log: 'error', where: 'counting a request', error: describeError(error), ...ids })
    return null
  }
}
