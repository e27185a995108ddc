/** @module How often a source is read: the more often, the more happens there. Pure. */

/** Why a source is to be read next when it is. */
export const DUE_REASONS = {
  new: 'it was never read',
  asked: 'somebody asked for it',
  active: 'much happens there',
  quiet: 'little happens there: as late as its users accept',
  cached: 'the instance answers the same until then',
  unfinished: 'there is more to read',
  confirming: 'something is gone, which is looked at twice',
  rest: 'the instance, or our share of its limit, needs a rest',
  backoff: 'it failed',
  unreachable: 'the instance can’t be reached: one try an hour',
  paused: 'it is paused',
  expired: 'its login has ended',
} as const
export type DueReason = keyof typeof DUE_REASONS

const HOUR_MS = 3_600_000
/** Never more often than this, unless its users want to know earlier. */
const MIN_INTERVAL_MS = 60_000
/** What happened so long ago counts for a third. */
const MEMORY_MS = 2 * HOUR_MS
/** So many reads for each change that is expected. */
const READS_A_CHANGE = 2
/** All sources of a Tubewire must not be read in the same second; and never later than its users accept. */
const JITTER = 0.03

/**
 * When a source is to be read again.
 *
 * @param pace `rate`: changes an hour so far; `elapsedMs`: since it was last read; `changes`: found now; `random`: from 0 to 1.
 * @returns `intervalMs` from now, at most `maxDelayMs`; the new rate; and why.
 */
export function nextPace(pace: {
  rate: number
  elapsedMs: number
  changes: number
  maxDelayMs: number
  random: number
}): { intervalMs: number; rate: number; reason: DueReason } {
  const { elapsedMs, changes, maxDelayMs, random } = pace
  const faded = pace.rate * Math.exp(-Math.max(0, elapsedMs) / MEMORY_MS)
  const rate = faded + changes * (HOUR_MS / MEMORY_MS)
  const wanted = rate > 0 ? HOUR_MS / rate / READS_A_CHANGE : Number.POSITIVE_INFINITY
  const bounded = Math.min(Math.max(wanted, MIN_INTERVAL_MS), maxDelayMs)
  const jitter = 1 - JITTER * random
  return {
    intervalMs: Math.round(Math.max(bounded * jitter, Math.min(MIN_INTERVAL_MS, maxDelayMs * jitter))),
    // Below a change in a month it is none: a number that fades for ever would change the row for ever.
    rate: rate < 0.001 ? 0 : rate,
    reason: bounded < maxDelayMs ? 'active' : 'quiet',
  }
}
