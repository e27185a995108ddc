/**
 * @module The only way out to an instance or an endpoint: one Durable Object each. It says how many requests may be made,
 * and that one of us at a time makes them. docs/decisions/001 says why this lease is here and not in D1.
 * And the way in to our own API: one object for each caller, which counts its requests.
 */
import { DurableObject } from 'cloudflare:workers'
import type { Limit } from '../config.ts'
import type { Bucket } from '../peertube/client.ts'
import {
  type BucketState,
  budgetOf,
  laterHold,
  learn,
  NEW_BUCKET,
  type Observed,
  type Seen,
  seen,
  shareOf,
} from './bucket.ts'
import { CallerWindows, type Counted } from './caller-windows.ts'
import { type Budget, giveBack, takeFromBudget } from './gcra.ts'

/** Leave to make requests, or how long to wait for it. */
export type Grant =
  /** `limit`: what is known of the remote's own, so that only news is told with `observe`. `share`: of it is ours, after a 429. */
  | { kind: 'granted'; requests: number; limit: number | null; share?: number }
  | { kind: 'wait'; reason: 'budget' | 'held' | 'busy'; waitMs: number }

/** A wish to make requests. Times are milliseconds, `now` since the epoch. */
type Ask = {
  /** Who asks: while it holds the lease nobody else gets leave. New for each run. */
  holder: string
  requests: number
  /** Of which of the remote's buckets: `api` unless it says otherwise, as everywhere here. */
  bucket?: Bucket
  budget: Budget
  /** How long the holder may go silent before another may go on in its place. */
  leaseMs: number
  now: number
}

/** What is in the object's storage, by key. */
const HOLD = 'hold'
/** Of the bucket `api`, from before there were others. */
const OLD_LIMIT = 'limit'
/** Of the keys of buckets. */
const BUCKET = 'bucket:'

/** `arrival`: of its budget, see gcra.ts; in memory only, all else is in storage and survives eviction. */
type Known = { arrival: number; state: BucketState }

export class RateLimiter extends DurableObject<Env> {
  private lease: { holder: string; until: number } | null = null
  /** Whether somebody came while the lease was held. */
  private turnedAway = false
  /** Until when the remote asked to be left alone, whatever is asked of it. */
  private heldUntil: number
  private readonly buckets = new Map<Bucket, Known>()
  /** What a caller asked of our own API. */
  private readonly windows: CallerWindows

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.windows = new CallerWindows(state.storage)
    this.heldUntil = state.storage.kv.get<number>(HOLD) ?? 0
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
    const bucket = this.find(ask.bucket)
    const { state } = bucket
    const heldUntil = Math.max(this.heldUntil, state.heldUntil)
    if (heldUntil > now) return { kind: 'wait', reason: 'held', waitMs: heldUntil - now }
    const budget = budgetOf(state, ask.budget, now)
    const taken = takeFromBudget(bucket.arrival, budget, ask.requests, now)
    if (taken.granted === 0) return { kind: 'wait', reason: 'budget', waitMs: taken.waitMs }
    bucket.arrival = taken.arrival
    this.lease = { holder, until: now + ask.leaseMs }
    const share = state.penalty === null ? {} : { share: shareOf(state, now) }
    return { kind: 'granted', requests: taken.granted, limit: state.limit, ...share }
  }

  /** Learns the remote's real limit from an answer, and obeys when it asks to be left alone: a 503 speaks for all buckets. */
  observe(observed: Observed, now: number, name: Bucket = 'api'): void {
    const bucket = this.find(name)
    const learned = learn(bucket.state, observed, now)
    if (learned !== bucket.state) {
      bucket.state = learned
      this.ctx.storage.kv.put(BUCKET + name, learned)
    }
    if (observed.status === 503) this.hold(observed.retryAt ?? 0, now)
  }

  /** Grants nothing before `until`, milliseconds since the epoch, of any bucket. */
  hold(until: number, now: number): void {
    const heldUntil = laterHold(this.heldUntil, until, now)
    if (heldUntil === this.heldUntil) return
    this.heldUntil = heldUntil
    this.ctx.storage.kv.put(HOLD, heldUntil)
  }

  /**
   * Ends the holder's lease and gives back what it was granted and didn't use, to the bucket that it is of.
   * @param now matters only where the remote has refused us: how much of our share has come back.
   * @returns whether somebody was turned away meanwhile, who will not come again: the holder sees to it.
   */
  leave(holder: string, unused: number, budget: Budget, name: Bucket = 'api', now = Date.now()): boolean {
    if (this.lease?.holder !== holder) return false
    this.lease = null
    if (unused > 0) {
      const bucket = this.find(name)
      bucket.arrival = giveBack(bucket.arrival, budgetOf(bucket.state, budget, now), unused)
    }
    const { turnedAway } = this
    this.turnedAway = false
    return turnedAway
  }

  /** How the buckets are doing. Changes nothing. @param asked of each: as its `budget` is, when leave is asked for. */
  look(asked: Readonly<Record<Bucket, Budget>>, now: number): Record<Bucket, Seen> {
    const look = (name: Bucket) => seen(this.find(name), asked[name], this.heldUntil, now)
    return {
      api: look('api'),
      login: look('login'),
      feeds: look('feeds'),
      activityPub: look('activityPub'),
    }
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

  private find(name: Bucket = 'api'): Known {
    let known = this.buckets.get(name)
    if (!known) {
      const { kv } = this.ctx.storage
      const limit = name === 'api' ? (kv.get<number>(OLD_LIMIT) ?? null) : null
      known = { arrival: 0, state: kv.get<BucketState>(BUCKET + name) ?? { ...NEW_BUCKET, limit } }
      this.buckets.set(name, known)
    }
    return known
  }
}
