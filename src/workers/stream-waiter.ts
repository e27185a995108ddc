/** @module Who waits for one event, and is told of it and no more: a long poll. */
import type { Ending, Frame } from './stream-frames.ts'
import type { Outlet } from './stream-outlet.ts'

/** Why the waiting was over: there is something, there was nothing, or who waits may not see it any more. */
export type Awaited = 'found' | 'nothing' | 'closed'

export class Waiter implements Outlet {
  readonly #resolvers = Promise.withResolvers<Awaited>()

  /** Settles when there is something, or after so long. */
  async wait(milliseconds: number): Promise<Awaited> {
    const timer = setTimeout(() => this.#resolvers.resolve('nothing'), milliseconds)
    try {
      return await this.#resolvers.promise
    } finally {
      clearTimeout(timer)
    }
  }

  hasRoom(): boolean {
    return true
  }

  waiting(): number {
    return 0
  }

  narrow(): void {
    // It holds nothing.
  }

  send(_frame: Frame): void {
    this.#resolvers.resolve('found')
  }

  moveOn(): void {
    // It reads for itself.
  }

  keepAlive(): void {
    // It is told when its time is over.
  }

  isStalled(): boolean {
    return false
  }

  end(_ending: Ending): void {
    this.#resolvers.resolve('closed')
  }

  abandon(): void {
    // It has been told.
  }
}
