/**
 * @module What the sends of one invocation share: so many at once, for Cloudflare lets six requests wait for an answer, and
 * so many in all, for it counts those too.
 */

/** Slots, free or taken. Who waits gets one in the order of asking. */
export class Slots {
  #free: number
  #left: number
  #freed = 0
  /** What tells those who wait whether they have one, with what ends their waiting. In the order of asking. */
  readonly #waiting = new Map<(isTaken: boolean) => void, AbortSignal>()
  /** Listeners are dear: one for each signal, not for each who waits. */
  readonly #heard = new WeakSet<AbortSignal>()

  /** @param count how many there are. @param total how often one may be taken. */
  constructor(count: number, total: number) {
    this.#free = count
    this.#left = total
  }

  get areAllTaken(): boolean {
    return this.#free === 0
  }

  /** Whether nothing more may be begun in this invocation. */
  get areSpent(): boolean {
    return this.#left === 0
  }

  /** How often a slot has become free: while this stands still, and all are taken, nothing moves. */
  get freed(): number {
    return this.#freed
  }

  /**
   * Does `work` in a slot, which is free again when the work has settled. Doesn't begin it when the slots are spent.
   * @param signal ends the waiting for a slot: the work is then not begun.
   */
  async run(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (!(await this.#take(signal))) return
    try {
      if (this.#left === 0) return
      this.#left -= 1
      await work()
    } finally {
      this.#give()
    }
  }

  /** @returns whether a slot was taken. */
  #take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false)
    if (this.#free > 0) {
      this.#free -= 1
      return Promise.resolve(true)
    }
    if (!this.#heard.has(signal)) {
      this.#heard.add(signal)
      signal.addEventListener('abort', () => this.#sendAway(signal))
    }
    return new Promise((resolve) => this.#waiting.set(resolve, signal))
  }

  #sendAway(stopped: AbortSignal): void {
    for (const [settle, signal] of this.#waiting) {
      if (signal !== stopped) continue
      this.#waiting.delete(settle)
      settle(false)
    }
  }

  #give(): void {
    this.#freed += 1
    // From hand to hand: nobody can slip in between.
    const [next] = this.#waiting.keys()
    if (!next) {
      this.#free += 1
      return
    }
    this.#waiting.delete(next)
    next(true)
  }
}
