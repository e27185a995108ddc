/**
 * @module The generic cell rate algorithm, in the form of a theoretical arrival time ("virtual scheduling", ITU-T I.371).
 * Pure: the state is one number.
 */

/** At most `requests` in any stretch of `windowMs`. */
export type Budget = { requests: number; windowMs: number }

/** Milliseconds since the epoch have some ten thousandths of a millisecond to spare in a double. */
const EPSILON = 1e-6

/**
 * Takes up to `wanted` requests out of a budget.
 *
 * A bucket of B that refills at R lets B + R × window through in the worst window, so half of the budget is the bucket and
 * the rest is the refill: no window of the remote's, wherever it begins, sees more than the budget.
 *
 * @param arrival the state: when the bucket is full again, milliseconds since the epoch; 0 for a new one.
 * @returns how many were granted, the new state, and, when none was, how long until one will be.
 */
export function takeFromBudget(
  arrival: number,
  budget: Budget,
  wanted: number,
  now: number,
): { granted: number; arrival: number; waitMs: number } {
  const bucket = Math.max(1, Math.ceil(budget.requests / 2))
  const interval = budget.windowMs / Math.max(1, budget.requests - bucket)
  // What has been taken and not refilled yet, in time. The difference first: so near, it loses no digits. More than the
  // bucket can't be owed, unless the clock went back.
  const debt = Math.min(Math.max(0, arrival - now), bucket * interval)
  const free = Math.floor((bucket * interval - debt) / interval + EPSILON)
  const granted = Math.max(0, Math.min(wanted, free))
  return {
    granted,
    arrival: now + debt + granted * interval,
    waitMs: granted > 0 ? 0 : Math.max(1, Math.ceil(debt - (bucket - 1) * interval)),
  }
}

/** How many requests of a budget are taken and have not come back yet, and how many can be: those that may come at once. */
export function usedOf(arrival: number, budget: Budget, now: number): { used: number; atOnce: number } {
  const atOnce = Math.max(1, Math.ceil(budget.requests / 2))
  const interval = budget.windowMs / Math.max(1, budget.requests - atOnce)
  const used = Math.ceil(Math.max(0, arrival - now) / interval - EPSILON)
  return { used: Math.max(0, Math.min(used, atOnce)), atOnce }
}

/** Gives requests back that were taken and not made. */
export function giveBack(arrival: number, budget: Budget, unused: number): number {
  const bucket = Math.max(1, Math.ceil(budget.requests / 2))
  return arrival - (unused * budget.windowMs) / Math.max(1, budget.requests - bucket)
}
