/** @module Leave to fetch pictures from one host: every request for one goes through here, beside those of the readers. */
import type { Observation } from '../peertube/client.ts'
import type { Budget } from './gcra.ts'
import { isNews, type KnownLimit } from './instance-access.ts'
import type { Grant } from './rate-limiter.ts'

/** Of its own: a page of pictures must hold up no poll, nor a long first walk the pictures. docs/decisions/008 */
const BUDGET: Budget = { requests: 25, windowMs: 10_000 }

/**
 * The limiter lets one holder in at a time, which is right for readers. Viewers are many and fetch side by side: all of them
 * are one holder, whose lease is over at once, so that nothing but the budget counts.
 */
const VIEWERS = { holder: 'viewers', leaseMs: 0 }

/** @param host with the port, unless it is the default one. */
export function picturesAccess(
  limiters: Env['RATE_LIMITER'],
  host: string,
  clock: () => number,
): {
  /** Asks for leave to fetch one picture. */
  ask: () => Promise<Grant>
  /** Tells the limiter what the host answered, when it is news to it. */
  observe: (observation: Observation | null) => Promise<void>
} {
  const limiter = limiters.getByName(`pictures:${host}`)
  let known: KnownLimit = { limit: null }
  return {
    async ask() {
      const grant = await limiter.take({ ...VIEWERS, requests: 1, budget: BUDGET, now: clock() })
      if (grant.kind === 'granted') known = grant
      return grant
    },
    async observe(observation) {
      if (observation && isNews(observation, known)) await limiter.observe(observation, clock())
    },
  }
}
