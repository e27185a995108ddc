/** @module The windows of one caller, one for each bucket: in memory, and those that last in the object's storage too. */
import type { Limit } from '../config.ts'
import { countInWindow, uncount, type WindowState } from './window.ts'

/** A request that was counted. `startedAt` names its window, for giving it back. */
export type Counted = { allowed: boolean; remaining: number; resetAt: number; startedAt: number }

/** In storage. `staleAt` is of the object's own clock, by which its alarm rings; windows are counted by that of the Workers. */
type Kept = WindowState & { staleAt: number }

/**
 * Nothing that is idle leaves the memory sooner: the platform removes an object that waits for nothing after 10 s without a
 * request, and by then such a window has ended. A deploy or a crash may cost one such window, which is cheaper than a row
 * written for each request.
 */
const MEMORY_MS = 10_000
/** Of the keys in storage. */
const PREFIX = 'window:'

/**
 * Counts exactly: all that decides runs without a break, and an object runs in one place. The platform holds an answer back
 * until what was written before it is on disk, so nobody is let through by a count that is lost afterwards.
 */
export class CallerWindows {
  readonly #storage: DurableObjectStorage
  readonly #windows = new Map<string, WindowState>()
  /** Whether we know of an alarm. It may ring too early for some windows: then it is set anew. */
  #isAlarmSet = false

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
  }

  /** Counts one request. @param now milliseconds since the epoch. */
  async count(bucket: string, limit: Limit, now: number): Promise<Counted> {
    const before = this.#find(bucket, limit)
    const { state, ...counted } = countInWindow(before, limit, now)
    // Nothing may be awaited above, and what is refused writes nothing: to knock on and on is free for us.
    if (state !== before) await this.#keep(bucket, limit, state)
    return { ...counted, startedAt: state.startedAt }
  }

  /** Gives a request back that was let through in the window that began at `startedAt`, if that is still the window. */
  async uncount(bucket: string, limit: Limit, startedAt: number): Promise<void> {
    const before = this.#find(bucket, limit)
    const state = uncount(before, startedAt)
    if (state !== null && state !== before) await this.#keep(bucket, limit, state)
  }

  /**
   * Removes the windows that are over from storage, and with the last one the whole object: of a million callers who came once
   * nothing is left. Called by the alarm.
   * @param now by the object's own clock.
   */
  async forgetStale(now: number): Promise<void> {
    const { kv } = this.#storage
    let next = Number.POSITIVE_INFINITY
    for (const [key, { staleAt }] of [...kv.list<Kept>({ prefix: PREFIX })]) {
      if (staleAt > now) next = Math.min(next, staleAt)
      else kv.delete(key)
    }
    this.#isAlarmSet = next < Number.POSITIVE_INFINITY
    if (this.#isAlarmSet) await this.#storage.setAlarm(next)
    // An empty storage still is one, until all of it is deleted.
    else if ([...kv.list({ limit: 1 })].length === 0) await this.#storage.deleteAll()
  }

  #find(bucket: string, limit: Limit): WindowState | null {
    const inMemory = this.#windows.get(bucket)
    if (inMemory) return inMemory
    return isKept(limit) ? (this.#storage.kv.get<Kept>(PREFIX + bucket) ?? null) : null
  }

  async #keep(bucket: string, limit: Limit, state: WindowState): Promise<void> {
    this.#windows.set(bucket, state)
    if (!isKept(limit)) return
    // However the clocks differ, the window has ended a window's length after its last use.
    const staleAt = Date.now() + limit.windowMs
    this.#storage.kv.put<Kept>(PREFIX + bucket, { ...state, staleAt })
    if (this.#isAlarmSet) return
    this.#isAlarmSet = true
    await this.#storage.setAlarm(staleAt)
  }
}

function isKept(limit: Limit): boolean {
  return limit.windowMs > MEMORY_MS
}
