/** @module So many at once, the others in line: Cloudflare lets six requests of an invocation wait for an answer. */

/** Slots, free or taken. Who waits gets one in the order of asking. */
export class Slots {
  #free: number
  readonly #waiting = new Set<() => void>()

  /** @param count how many there are. */
  constructor(count: number) {
    this.#free = count
  }

  get areAllTaken(): boolean {
    return this.#free === 0
  }

  /**
   * Does `work` in a slot, which is free again when the work has settled.
   * @param signal ends the waiting for a slot: the work is then not begun.
   */
  async run(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (!(await this.#take(signal))) return
    try {
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
    return new Promise((resolve) => {
      const settle = (isTaken: boolean) => {
        this.#waiting.delete(proceed)
        signal.removeEventListener('abort', stop)
        resolve(isTaken)
      }
      const proceed = () => settle(true)
      const stop = () => settle(false)
      this.#waiting.add(proceed)
      signal.addEventListener('abort', stop)
    })
  }

  #give(): void {
    // From hand to hand: nobody can slip in between. A Set keeps the order of asking.
    const [next] = this.#waiting
    if (next) next()
    else this.#free += 1
  }
}
