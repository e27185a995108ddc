/** @module How long attempts took, as a histogram: what can be added up, hour by hour, and still tells percentiles. Pure. */

/** Where the parts of the histogram end, milliseconds; what took longer than the last is a part of its own. */
const ENDS = [5, 10, 20, 35, 50, 75, 100, 150, 250, 500, 1_000, 2_000, 4_000, 8_000, 15_000] as const
/** No endpoint may take longer to answer: `timeoutSeconds`. */
const LONGEST = 30_000

/** A part: more than `from` and up to `to` milliseconds, and the column of `delivery_hours` where it is counted. */
export const LATENCY_PARTS: readonly { column: string; from: number; to: number }[] = [
  ...ENDS.map((to, index) => ({ column: `up_to_${to}`, from: ENDS[index - 1] ?? 0, to })),
  { column: 'longer', from: ENDS[ENDS.length - 1] ?? 0, to: LONGEST },
]

/** The place in `LATENCY_PARTS` of the part that a time is in. */
export function partOf(milliseconds: number): number {
  const part = ENDS.findIndex((end) => milliseconds <= end)
  return part === -1 ? ENDS.length : part
}

/**
 * How long the quickest share of the attempts took at most; in a part they are taken to lie evenly.
 * @param counts of `LATENCY_PARTS`, in their order.
 * @param share more than 0, up to 1: of the 99th percentile 0.99.
 * @returns milliseconds, off by no more than the width of the part; null: there were none.
 */
export function percentile(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const rank = share * total
  let below = 0
  for (const [index, { from, to }] of LATENCY_PARTS.entries()) {
    const count = counts[index] ?? 0
    if (count > 0 && below + count >= rank) return from + ((to - from) * (rank - below)) / count
    below += count
  }
  return null
}
