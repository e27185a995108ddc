/** @module Leave to read one instance, held by one reader at a time: every request to it goes through here. */
import { BUCKETS, type Bucket, type Observation } from '../peertube/client.ts'
import { isShareSpent, type Seen } from './bucket.ts'
import type { Budget } from './gcra.ts'
import type { Grant } from './rate-limiter.ts'

/** PeerTube's documented limits. An administrator may change them: the limiter learns that. */
const DOCUMENTED: Record<Bucket, Budget> = {
  api: { requests: 50, windowMs: 10_000 },
  login: { requests: 15, windowMs: 300_000 },
  feeds: { requests: 50, windowMs: 10_000 },
  activityPub: { requests: 500, windowMs: 10_000 },
}
/** Longer than a request may take: a reader that went silent for this long is dead. */
const LEASE_MS = 45_000

/** A reader's hold on an instance. A bucket is `api` unless it says otherwise. */
export type InstanceAccess = {
  /** Asks for leave to make one request, and answers at once: when there is none, with how long until there is. */
  ask: (bucket?: Bucket) => Promise<Grant>
  /** Tells the limiter what the instance answered; an answer that never came tells nothing. */
  observe: (observation: Observation | null, bucket?: Bucket) => Promise<void>
  /** Lets the next reader in. A request that was granted and not made is given back. */
  leave: () => Promise<void>
}

/** What a limiter knows of the remote's limit: see `Grant`. */
export type KnownLimit = { limit: number | null; share?: number }

/** @param host with the port, unless it is the default one. @param holder new for each run. */
export function instanceAccess(
  limiters: Env['RATE_LIMITER'],
  host: string,
  holder: string,
  clock: () => number,
): InstanceAccess {
  const limiter = limiters.getByName(`instance:${host}`)
  /** Of the last grant. A reader makes one request after another. */
  let unused: Bucket | null = null
  const known = new Map<Bucket, KnownLimit>()
  return {
    async ask(bucket = 'api') {
      // A grant of another bucket that nobody used is lost: that costs us, and never the instance.
      const grant = await limiter.take({
        holder,
        requests: 1,
        bucket,
        budget: ourShare(bucket),
        leaseMs: LEASE_MS,
        now: clock(),
      })
      if (grant.kind === 'granted') {
        unused = bucket
        known.set(bucket, { ...grant, limit: grant.limit ?? DOCUMENTED[bucket].requests })
      }
      return grant
    },
    async observe(observation, bucket = 'api') {
      unused = null
      // An ordinary answer is no news, and a call for each would double what a poll costs.
      const isTold = observation && isNews(observation, known.get(bucket) ?? { limit: null })
      if (isTold) await limiter.observe(observation, clock(), bucket)
    },
    async leave() {
      const bucket = unused ?? 'api'
      await limiter.leave(holder, unused === null ? 0 : 1, ourShare(bucket), bucket, clock())
    },
  }
}

/** How a bucket of an instance is doing. `published`: its own limit, as it has said, or as it is documented. */
export type BucketLook = Omit<Seen, 'limit'> & { bucket: Bucket; published: number; windowMs: number }

/** How the buckets of an instance are doing, all of them. @param host as of `instanceAccess`. */
export async function lookAtInstance(
  limiters: Env['RATE_LIMITER'],
  host: string,
  now: number,
): Promise<BucketLook[]> {
  const shares = {
    api: ourShare('api'),
    login: ourShare('login'),
    feeds: ourShare('feeds'),
    activityPub: ourShare('activityPub'),
  }
  const looks = await limiters.getByName(`instance:${host}`).look(shares, now)
  return BUCKETS.map((bucket) => {
    const { requests, windowMs } = DOCUMENTED[bucket]
    const { limit, ...look } = looks[bucket]
    return { bucket, published: limit ?? requests, windowMs, ...look }
  })
}

/** Half of what is documented. */
function ourShare(bucket: Bucket): Budget {
  const { requests, windowMs } = DOCUMENTED[bucket]
  return { requests: Math.floor(requests / 2), windowMs }
}

/** Whether an answer says something that the limiter acts on: another limit than it knows, a spent share, a hold. */
export function isNews(observation: Observation, known: KnownLimit): boolean {
  const { limit, retryAt } = observation
  return (
    (limit !== null && limit !== known.limit) || retryAt !== null || isShareSpent(observation, known.share)
  )
}
