/** @module Chance that can be repeated: the same seed, the same script. */

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b9)
  }

  /** From 0 to 1. Mulberry32: small, and good enough for scripts. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number, both ends included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<TItem>(items: readonly TItem[]): TItem | undefined {
    return items[this.int(0, items.length - 1)]
  }

  /** One of the names, each as likely as its weight says. */
  weighted<TName extends string>(weights: Readonly<Record<TName, number>>): TName {
    // The keys of a record of these names.
    const entries = Object.entries(weights) as [TName, number][]
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) {
      left -= weight
      if (left < 0) return name
    }
    throw new Error('there is nothing to choose from')
  }
}
