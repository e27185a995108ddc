/**
 * @module Counting in fixed windows, as PeerTube's own limits do: a caller's first request begins a window, and the first
 * after its end begins the next. Pure: the state is two numbers.
 */
import type { Limit } from '../config.ts'

/** A window: when it began, milliseconds since the epoch, and how many of its requests were let through. */
export type WindowState = { startedAt: number; used: number }

/**
 * Counts one request.
 *
 * A limit that was changed in mid-window holds at once, for the window that has begun: what was let through stays counted, and
 * the window ends a new length after its start. A request that was refused uses nothing up.
 *
 * @param state of the requests before; null when there were none.
 * @returns the new state (the very same object when nothing changed), whether the request may pass, how many more may, and
 * when the window ends, milliseconds since the epoch.
 */
export function countInWindow(
  state: WindowState | null,
  limit: Limit,
  now: number,
): { state: WindowState; allowed: boolean; remaining: number; resetAt: number } {
  const current = state !== null && isOpen(state, limit, now) ? state : { startedAt: now, used: 0 }
  const allowed = current.used < limit.requests
  const counted = allowed ? { ...current, used: current.used + 1 } : current
  return {
    state: counted,
    allowed,
    remaining: Math.max(0, limit.requests - counted.used),
    resetAt: counted.startedAt + limit.windowMs,
  }
}

/**
 * Gives back one request that was let through and is not to count.
 * @param startedAt the start of the window in which it was counted. Any other window owes it nothing.
 */
export function uncount(state: WindowState | null, startedAt: number): WindowState | null {
  if (state === null || state.startedAt !== startedAt || state.used === 0) return state
  return { ...state, used: state.used - 1 }
}

/**
 * Whether a window goes on. Callers' clocks differ, so one that is a little behind is still in the window that another began. A
 * clock that is behind by more than a window went back: waiting until it has caught up could take years.
 */
function isOpen({ startedAt }: WindowState, { windowMs }: Limit, now: number): boolean {
  return Math.abs(now - startedAt) < windowMs
}
