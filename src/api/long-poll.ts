/** @module A read that waits until there is something to read. */
import type { FoundEvents } from '../db/event-search.ts'
import { newestSequence } from '../db/stream-events.ts'
import { type Awaiting, untilNews } from './news.ts'
import type { Input } from './operation.ts'
import { refused } from './stream-asks.ts'

/** How often one request looks, which takes two queries: a Worker may ask its database 50 times on a free plan. */
const MOST_LOOKS = 20

/**
 * Reads, and when there is nothing waits for what may fit, and reads again.
 * @param what `after` it begins, which events may fit it, and for how long to wait.
 * @param read reads what comes after a sequence: where it begins, or the end of the log when that is beyond it.
 * @returns what was read: nothing when nothing came. Where there is more to be looked at, that is not waited for.
 * @throws Problem 401 when the caller lost his rights meanwhile, 429, 503.
 */
export async function untilFound(
  input: Pick<Input<unknown, unknown, unknown>, 'caller' | 'deps' | 'request' | 'requestId'>,
  what: Awaiting,
  read: (after: number) => Promise<FoundEvents>,
): Promise<FoundEvents> {
  const { deps, request } = input
  const until = deps.clock() + what.milliseconds
  let after = what.after
  for (let looks = 1; ; looks += 1) {
    // Before it is read: what comes after this is either read or waited for.
    const newest = await newestSequence(deps.env.DB)
    after = Math.min(after, newest)
    const found = await read(after)
    const milliseconds = until - deps.clock()
    const isOver = milliseconds <= 0 || looks === MOST_LOOKS || request.signal.aborted
    if (found.events.length > 0 || found.next !== null || isOver) return found
    // All up to there was looked at.
    after = newest
    const outcome = await untilNews(input, { ...what, after: newest, milliseconds })
    if (outcome === 'nothing') return found
    if (outcome === 'unknown') return read(after)
    if (outcome !== 'found') throw refused(outcome)
  }
}
