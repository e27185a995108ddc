/** @module PeerTube's rate limits: fixed windows, a bucket for each group of routes. */

export type Limits = {
  api: number
  token: number
  feeds: number
  activityPub: number
  wellKnown: number
  /** How long a window is, but that of logins. An administrator may change it. */
  windowMs: number
}
export type Bucket = Exclude<keyof Limits, 'windowMs'>

const DEFAULT_LIMITS: Limits = {
  api: 50,
  token: 15,
  feeds: 50,
  activityPub: 500,
  wellKnown: 200,
  windowMs: 10_000,
}

const FIVE_MINUTES = 300_000

/** The bucket of a request. Everything that is not the API, a feed or well-known counts as ActivityPub. */
export function bucketOf(method: string, path: string): Bucket {
  if (method === 'POST' && path === '/api/v1/users/token') return 'token'
  if (path.startsWith('/api/') || path.startsWith('/nodeinfo/')) return 'api'
  if (path.startsWith('/feeds/')) return 'feeds'
  return path.startsWith('/.well-known/') ? 'wellKnown' : 'activityPub'
}

/** Counts requests. */
export class RateLimits {
  #limits: Limits
  readonly #windows = new Map<Bucket, { endsAt: number; used: number }>()

  constructor(limits: Partial<Limits>) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
  }

  /** From now on. */
  set(limits: Partial<Limits>): void {
    this.#limits = { ...this.#limits, ...limits }
  }

  /** @returns the headers of the answer, and whether the request is one too many. @param now milliseconds. */
  count(bucket: Bucket, now: number): { headers: Record<string, string>; isTooMany: boolean } {
    const length = bucket === 'token' ? FIVE_MINUTES : this.#limits.windowMs
    let window = this.#windows.get(bucket)
    if (!window || window.endsAt <= now) {
      window = { endsAt: now + length, used: 0 }
      this.#windows.set(bucket, window)
    }
    window.used += 1
    const limit = this.#limits[bucket]
    const isTooMany = window.used > limit
    return {
      isTooMany,
      headers: {
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(Math.max(0, limit - window.used)),
        'x-ratelimit-reset': String(Math.ceil(window.endsAt / 1000)),
        // The whole period, as recorded, not what is left of it.
        ...(isTooMany ? { 'retry-after': String(length / 1000) } : {}),
      },
    }
  }
}
