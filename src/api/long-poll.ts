/** @module A read that waits until there is something to read. */
import { newestSequence } from '../db/stream-events.ts'
import { type Awaiting, untilNews } from './news.ts'
import type { Input } from './operation.ts'
import { refused } from './stream-asks.ts'

/**
 * Reads, and when there is nothing waits for what may fit, and reads again.
 * @param what `after` it begins, which events may fit it, and for how long to wait.
 * @returns what was read: nothing when nothing came.
 * @throws Problem 401 when the caller lost his rights meanwhile, 429, 503.
 */
export async function untilFound<TRow>(
  input: Pick<Input<unknown, unknown, unknown>, 'caller' | 'deps' | 'requestId'>,
  what: Awaiting,
  read: () => Promise<TRow[]>,
): Promise<TRow[]> {
  const { deps } = input
  const until = deps.clock() + what.milliseconds
  for (;;) {
    // Before it is read: what comes after this is either read or waited for.
    const newest = await newestSequence(deps.env.DB)
    const found = await read()
    const milliseconds = until - deps.clock()
    if (found.length > 0 || milliseconds <= 0) return found
    const outcome = await untilNews(input, { ...what, after: Math.max(newest, what.after), milliseconds })
    if (outcome === 'nothing') return []
    if (outcome === 'unknown') return read()
    if (outcome !== 'found') throw refused(outcome)
  }
}
