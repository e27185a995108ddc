/** @module Leave to read one instance, held by one reader at a time: every request to it goes through here. */
import type { Bucket, Observation } from '../peertube/client.ts'
import type { Budget } from './gcra.ts'
import { type Grant, isShareSpent } from './rate-limiter.ts'

/** PeerTube's documented limit, per 10 s. */
const DOCUMENTED_LIMIT = 50
/** Half of it. The limiter lowers it where an instance allows less. */
const BUDGET: Budget = { requests: DOCUMENTED_LIMIT / 2, windowMs: 10_000 }
/** Longer than a request may take: a reader that went silent for this long is dead. */
const LEASE_MS = 45_000

/** A reader's hold on an instance. */
export type InstanceAccess = {
  /** Asks for leave to make one request. @param bucket what it counts with at the instance; `api` unless it says otherwise. */
  ask: (bucket?: Bucket) => Promise<Grant>
  /** Tells the limiter what the instance answered; an answer that never came tells nothing. */
  observe: (observation: Observation | null, bucket?: Bucket) => Promise<void>
  /** Lets the next reader in. A request that was granted and not made is given back. */
  leave: () => Promise<void>
}

/** @param host with the port, unless it is the default one. @param holder new for each run. */
export function instanceAccess(
  limiters: Env['RATE_LIMITER'],
  host: string,
  holder: string,
  clock: () => number,
): InstanceAccess {
  const limiter = limiters.getByName(`instance:${host}`)
  let unused = 0
  let knownLimit = DOCUMENTED_LIMIT
  return {
    async ask() {
      const grant = await limiter.take({
        holder,
        requests: 1,
        budget: BUDGET,
        leaseMs: LEASE_MS,
        now: clock(),
      })
      if (grant.kind === 'granted') {
        unused = 1
        knownLimit = grant.limit ?? DOCUMENTED_LIMIT
      }
      return grant
    },
    async observe(observation, bucket = 'api') {
      unused = 0
      // An ordinary answer is no news, and a call for each would double what a poll costs.
      // What another bucket allows says nothing of this one.
      if (bucket === 'api' && observation && isNews(observation, knownLimit))
        await limiter.observe(observation, clock())
    },
    async leave() {
      await limiter.leave(holder, unused, BUDGET)
    },
  }
}

/** Whether an answer says something that the limiter acts on: another limit than it knows, a spent share, a hold. */
export function isNews(observation: Observation, knownLimit: number | null): boolean {
  const { limit, retryAt } = observation
  return (limit !== null && limit !== knownLimit) || retryAt !== null || isShareSpent(observation)
}
