/**
 * @module The only way out to an instance or an endpoint: one Durable Object each. It says how many requests may be made,
 * and that one of us at a time makes them. docs/decisions/001 says why this lease is here and not in D1.
 * And the way in to our own API: one object for each caller, which counts its requests.
 */
import { DurableObject } from 'cloudflare:workers'
import type { Limit } from '../config.ts'
import { CallerWindows, type Counted } from './caller-windows.ts'
import { type Budget, giveBack, takeFromBudget } from './gcra.ts'

/** Leave to make requests, or how long to wait for it. */
export type Grant =
  /** `limit`: what is known of the remote's own, so that only news is told with `observe`. */
  | { kind: 'granted'; requests: number; limit: number | null }
  | { kind: 'wait'; reason: 'budget' | 'held' | 'busy'; waitMs: number }

/** A wish to make requests. Times are milliseconds, `now` since the epoch. */
type Ask = {
  /** Who asks: while it holds the lease nobody else gets leave. New for each run. */
  holder: string
  requests: number
  budget: Budget
  /** How long the holder may go silent before another may go on in its place. */
  leaseMs: number
  now: number
}

/** What a remote said of its limit: see `Observation` in src/peertube/client.ts. */
type Observed = {
  limit: number | null
  remaining: number | null
  resetAt: number | null
  retryAt: number | null
}

/** Half of what an instance publishes is for its people. */
const SHARE = 0.5

/**
 * Whether our share of a remote's window is used up: by us, or by others behind our address. The count is the remote's own,
 * so this holds whatever the length of its windows is.
 */
export function isShareSpent({ limit, remaining }: Pick<Observed, 'limit' | 'remaining'>): boolean {
  if (remaining === 0) return true
  return limit !== null && remaining !== null && remaining <= limit * (1 - SHARE)
}
/** A remote may not hold us longer than this, whatever it says. */
const MAX_HOLD_MS = 24 * 3_600_000
/** Nor may the end of its window be farther away, which it only mentions: it didn't ask us to stay away. */
const MAX_WINDOW_MS = 5 * 60_000

/** What is in the object's storage, by key. */
const HOLD = 'hold'
const LIMIT = 'limit'

export class RateLimiter extends DurableObject<Env> {
  private arrival = 0
  private lease: { holder: string; until: number } | null = null
  /** Whether somebody came while the lease was held. */
  private turnedAway = false
  /** Until when the remote asked to be left alone. Survives eviction: it is in storage. */
  private heldUntil = 0
  /** The remote's own limit, learned. */
  private limit: number | null = null
  /** What a caller asked of our own API. */
  private readonly windows: CallerWindows

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.windows = new CallerWindows(state.storage)
    state.blockConcurrencyWhile(async () => {
      this.heldUntil = (await state.storage.get<number>(HOLD)) ?? 0
      this.limit = (await state.storage.get<number>(LIMIT)) ?? null
    })
  }

  /** Asks for leave to make requests, and takes or renews the lease. Fewer may be granted than asked for. */
  take(ask: Ask): Grant {
    const { now, holder } = ask
    const leasedMs = this.lease && this.lease.holder !== holder ? this.lease.until - now : 0
    // A lease that would last longer than leases do is of a clock that went back since.
    if (leasedMs > 0 && leasedMs <= ask.leaseMs) {
      this.turnedAway = true
      return { kind: 'wait', reason: 'busy', waitMs: leasedMs }
    }
    if (this.heldUntil > now) return { kind: 'wait', reason: 'held', waitMs: this.heldUntil - now }
    const taken = takeFromBudget(this.arrival, this.budget(ask.budget), ask.requests, now)
    if (taken.granted === 0) return { kind: 'wait', reason: 'budget', waitMs: taken.waitMs }
    this.arrival = taken.arrival
    this.lease = { holder, until: now + ask.leaseMs }
    return { kind: 'granted', requests: taken.granted, limit: this.limit }
  }

  /** Learns the remote's real limit from an answer, and obeys when it asks to be left alone. */
  async observe(observed: Observed, now: number): Promise<void> {
    if (observed.limit !== null && observed.limit > 0 && observed.limit !== this.limit) {
      this.limit = observed.limit
      await this.ctx.storage.put(LIMIT, observed.limit)
    }
    const spentUntil = isShareSpent(observed) ? Math.min(observed.resetAt ?? 0, now + MAX_WINDOW_MS) : 0
    await this.hold(Math.max(observed.retryAt ?? 0, spentUntil), now)
  }

  /** Grants nothing before `until`, milliseconds since the epoch. */
  async hold(until: number, now: number): Promise<void> {
    const bounded = Math.min(until, now + MAX_HOLD_MS)
    if (bounded <= Math.max(this.heldUntil, now)) return
    this.heldUntil = bounded
    await this.ctx.storage.put(HOLD, bounded)
  }

  /**
   * Ends the holder's lease and gives back what it was granted and didn't use.
   * @returns whether somebody was turned away meanwhile, who will not come again: the holder sees to it.
   */
  leave(holder: string, unused: number, budget: Budget): boolean {
    if (this.lease?.holder !== holder) return false
    this.lease = null
    if (unused > 0) this.arrival = giveBack(this.arrival, this.budget(budget), unused)
    const { turnedAway } = this
    this.turnedAway = false
    return turnedAway
  }

  /** Counts a request to our own API: see `CallerWindows`, also for the two below. */
  count(bucket: string, limit: Limit, now: number): Promise<Counted> {
    return this.windows.count(bucket, limit, now)
  }

  uncount(bucket: string, limit: Limit, startedAt: number): Promise<void> {
    return this.windows.uncount(bucket, limit, startedAt)
  }

  override alarm(): Promise<void> {
    return this.windows.forgetStale(Date.now())
  }

  private budget(asked: Budget): Budget {
    if (this.limit === null) return asked
    // Never more than the documented share, even where an administrator allows a thousand.
    return {
      requests: Math.max(1, Math.min(asked.requests, Math.floor(this.limit * SHARE))),
      windowMs: asked.windowMs,
    }
  }
}
