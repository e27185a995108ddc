/** @module Time limits for requests, which can be lifted: the platform counts the timers that run. */

/** `signal` aborts with a `TimeoutError` when the time is over, unless `lift` was called. */
export type Deadline = { signal: AbortSignal; lift: () => void }

/** A limit of so many milliseconds. */
export function deadline(milliseconds: number): Deadline {
  return new Deadlines().set(milliseconds)
}

type Entry = { controller: AbortController; at: number; isLifted: boolean }
type Queue = { entries: Entry[]; first: number; running: number; timer: ReturnType<typeof setTimeout> }

/**
 * The limits of many requests that begin one after another: a timer for all that have as long, not for each. Of one invocation,
 * for the platform lets none of them touch what another one began.
 */
export class Deadlines {
  readonly #queues = new Map<number, Queue>()

  /** A limit of so many milliseconds from now. */
  set(milliseconds: number): Deadline {
    const entry: Entry = { controller: new AbortController(), at: Date.now() + milliseconds, isLifted: false }
    let queue = this.#queues.get(milliseconds)
    if (queue) queue.entries.push(entry)
    else {
      const timer = setTimeout(() => this.#expire(milliseconds), milliseconds)
      queue = { entries: [entry], first: 0, running: 0, timer }
      this.#queues.set(milliseconds, queue)
    }
    const { signal } = entry.controller
    const ofQueue = queue
    ofQueue.running += 1
    return { signal, lift: () => this.#lift(milliseconds, ofQueue, entry) }
  }

  #lift(milliseconds: number, queue: Queue, entry: Entry): void {
    if (entry.isLifted) return
    entry.isLifted = true
    queue.running -= 1
    if (queue.running > 0) return
    clearTimeout(queue.timer)
    if (this.#queues.get(milliseconds) === queue) this.#queues.delete(milliseconds)
  }

  /** Ends those whose time is over: the first in the queue, for all have as long. */
  #expire(milliseconds: number): void {
    const queue = this.#queues.get(milliseconds)
    if (!queue) return
    const now = Date.now()
    for (;;) {
      const entry = queue.entries[queue.first]
      if (!entry) return
      if (!entry.isLifted && entry.at > now) {
        queue.timer = setTimeout(() => this.#expire(milliseconds), entry.at - now)
        return
      }
      queue.first += 1
      if (entry.isLifted) continue
      this.#lift(milliseconds, queue, entry)
      entry.controller.abort(new DOMException('the time is over', 'TimeoutError'))
    }
  }
}
