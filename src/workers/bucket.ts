/** @module One bucket of a remote's limits, as far as the remote has told of it, and how much of it is ours. Pure. */
import { type Budget, usedOf } from './gcra.ts'

/** What a remote said of a bucket. See `Observation` in src/peertube/client.ts, of which it is a part. */
export type Observed = {
  /** Of the answer. */
  status?: number
  limit: number | null
  remaining: number | null
  resetAt: number | null
  retryAt: number | null
}

/** Times are milliseconds since the epoch. */
export type BucketState = {
  /** The remote's own limit, learned. */
  limit: number | null
  heldUntil: number
  /** How often our share has been halved, since when, and until when more refusals are those of the same moment. */
  penalty: { halvings: number; since: number; retryAt: number } | null
  /** How often it has refused us, and when last. What was stored before they were counted has none. */
  refusals?: { count: number; lastAt: number }
}

export const NEW_BUCKET: BucketState = { limit: null, heldUntil: 0, penalty: null }

/** How a bucket is doing, for whoever looks. Times are milliseconds since the epoch; null: never, or not now. */
export type Seen = {
  /** The remote's own limit, learned; null: it has said none, or what is documented. */
  limit: number | null
  /** What is asked of it in a window at most now, how many of these may come at once, and how many of those are used up. */
  ours: number
  atOnce: number
  used: number
  heldUntil: number | null
  refusals: { count: number; lastAt: number | null }
}

/** @param asked as of `budgetOf`. @param heldUntil of all buckets of the remote. */
export function seen(
  { arrival, state }: { arrival: number; state: BucketState },
  asked: Budget,
  heldUntil: number,
  now: number,
): Seen {
  const budget = budgetOf(state, asked, now)
  const until = Math.max(heldUntil, state.heldUntil)
  return {
    limit: state.limit,
    ours: budget.requests,
    ...usedOf(arrival, budget, now),
    heldUntil: until > now ? until : null,
    refusals: state.refusals ?? { count: 0, lastAt: null },
  }
}

/** Half of what an instance publishes is for its people. */
const SHARE = 0.5
/** A sixteenth of it is asked however often it refuses: else we would never learn that it stopped. */
const MAX_HALVINGS = 4
/** So long without a refusal doubles our share again. */
const RECOVERY_MS = 10 * 60_000
/** A remote may not hold us longer than this, whatever it says. */
const MAX_HOLD_MS = 24 * 3_600_000
/** Nor may the end of its window be farther away, which it only mentions: it didn't ask us to stay away. */
const MAX_WINDOW_MS = 5 * 60_000

/**
 * Whether our share of a remote's window is used up: by us, or by others behind our address. The count is the remote's own,
 * so this holds whatever the length of its windows is.
 */
export function isShareSpent(
  { limit, remaining }: Pick<Observed, 'limit' | 'remaining'>,
  share = SHARE,
): boolean {
  if (remaining === 0) return true
  return limit !== null && remaining !== null && remaining <= limit * (1 - share)
}

/** The part of the remote's limit that is ours. */
export function shareOf(bucket: BucketState, now: number): number {
  return SHARE / 2 ** halvings(bucket, now)
}

/** What may be asked of a bucket. @param asked at most: half of what is documented. */
export function budgetOf({ limit, ...rest }: BucketState, asked: Budget, now: number): Budget {
  // Never more than the documented share, even where an administrator allows a thousand.
  const most = limit === null ? asked.requests : Math.min(asked.requests, Math.floor(limit * SHARE))
  const requests = Math.floor(most / 2 ** halvings({ limit, ...rest }, now))
  return { requests: Math.max(1, requests), windowMs: asked.windowMs }
}

/** What is known after an answer: the same object when it was no news. */
export function learn(before: BucketState, observed: Observed, now: number): BucketState {
  const { limit, retryAt } = observed
  let after = before
  if (limit !== null && limit > 0 && limit !== after.limit) after = { ...after, limit }
  if (observed.status === 429) after = refuse(after, retryAt ?? now, now)
  const isSpent = isShareSpent(observed, shareOf(after, now))
  const spentUntil = isSpent ? Math.min(observed.resetAt ?? 0, now + MAX_WINDOW_MS) : 0
  const heldUntil = laterHold(after.heldUntil, Math.max(retryAt ?? 0, spentUntil), now)
  return heldUntil === after.heldUntil ? after : { ...after, heldUntil }
}

/** When a hold ends to which another was added. A day is the longest. */
export function laterHold(heldUntil: number, until: number, now: number): number {
  const bounded = Math.min(until, now + MAX_HOLD_MS)
  return bounded > Math.max(heldUntil, now) ? bounded : heldUntil
}

function refuse(before: BucketState, retryAt: number, now: number): BucketState {
  const { penalty, refusals } = before
  const bucket = { ...before, refusals: { count: (refusals?.count ?? 0) + 1, lastAt: now } }
  // Of requests that were under way together each is refused, and all of them are one mistake.
  if (penalty && now >= penalty.since && now < penalty.retryAt) return bucket
  const more = Math.min(MAX_HALVINGS, halvings(bucket, now) + 1)
  return { ...bucket, penalty: { halvings: more, since: now, retryAt: Math.min(retryAt, now + MAX_HOLD_MS) } }
}

function halvings({ penalty }: BucketState, now: number): number {
  if (penalty === null) return 0
  const recovered = Math.floor(Math.max(0, now - penalty.since) / RECOVERY_MS)
  return Math.max(0, penalty.halvings - recovered)
}
