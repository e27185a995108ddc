/** @module Leave to send to one endpoint, held by one run at a time: every request to it goes through here. */
import type { Deps } from './deps.ts'
import type { Budget } from './gcra.ts'
import type { Grant } from './rate-limiter.ts'

/** What an endpoint is sent at most. */
const BUDGET: Budget = { requests: 1_000, windowMs: 1_000 }
/** On top of the time that a subscriber may take: for the round before its last send, and for the commit. */
const LEASE_MARGIN_MS = 15_000

/** A run's hold on an endpoint. */
export type EndpointAccess = {
  /** How many requests may be made. */
  granted: number
  /** The endpoint asked to be left alone until then, milliseconds since the epoch. */
  hold: (until: number) => Promise<void>
  /** Lets the next run in. @returns whether somebody was turned away meanwhile: it is for us to go on. */
  leave: (requestsMade: number) => Promise<boolean>
}

/** @param holder new for each run. */
export async function enterEndpoint(
  deps: Deps,
  endpointId: string,
  holder: string,
  requests: number,
): Promise<{ kind: 'granted'; access: EndpointAccess } | Extract<Grant, { kind: 'wait' }>> {
  const limiter = deps.env.RATE_LIMITER.getByName(`endpoint:${endpointId}`)
  const leaseMs = deps.config.deliveryTimeoutMs + LEASE_MARGIN_MS
  const grant = await limiter.take({ holder, requests, budget: BUDGET, leaseMs, now: deps.clock() })
  if (grant.kind === 'wait') return grant
  return {
    kind: 'granted',
    access: {
      granted: grant.requests,
      hold: async (until) => limiter.hold(until, deps.clock()),
      leave: async (made) => limiter.leave(holder, grant.requests - made, BUDGET),
    },
  }
}
