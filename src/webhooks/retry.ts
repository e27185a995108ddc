/** @module When a failed delivery is tried again. Pure. */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Delay before each attempt, counted from the end of the one before: ten attempts over three days and a little. */
const DELAYS_MS = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const

const JITTER = 0.2

/** How often a delivery is tried before it is given up. */
export const MAX_ATTEMPTS = DELAYS_MS.length

/**
 * How long to wait before the next attempt, or null when there is none.
 * @param attempts how many were made.
 * @param random from 0 to 1: spreads the delay by ±20 %, so that what failed together doesn't come back together.
 * @returns milliseconds.
 */
export function retryDelay(attempts: number, random: number): number | null {
  const delay = DELAYS_MS[attempts]
  return delay === undefined ? null : spread(delay, random)
}

/** A delay ±20 %. @param random from 0 to 1. */
export function spread(delay: number, random: number): number {
  return Math.round(delay * (1 - JITTER + 2 * JITTER * random))
}
