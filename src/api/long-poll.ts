/** @module A read that waits until there is something to read. The waiting is done where people listen: nobody asks D1 meanwhile. */
import { newestSequence } from '../db/stream-events.ts'
import type { Filter } from '../events/filter.ts'
import { describeError } from '../workers/log.ts'
import { awaitEvent } from '../workers/stream-access.ts'
import { type Input, userOf } from './operation.ts'
import { Problem } from './problem.ts'
import { credentialOf, refused } from './stream-asks.ts'

/** Without those who know when there is something, it is looked for once more after so long. */
const BLIND_MS = 3_000

/**
 * Reads, and when there is nothing waits for what may fit, and reads again.
 * @param what `after` it begins, which events may fit it, and for how long to wait.
 * @returns what was read: nothing when nothing came.
 * @throws Problem 401 when the caller lost his rights meanwhile, 429, 503.
 */
export async function untilFound<TRow>(
  input: Pick<Input<unknown, unknown, unknown>, 'caller' | 'deps' | 'requestId'>,
  what: { after: number; filter: Filter; milliseconds: number },
  read: () => Promise<TRow[]>,
): Promise<TRow[]> {
  const { deps } = input
  const until = deps.clock() + what.milliseconds
  const credential = await credentialOf(input)
  for (;;) {
    // Before it is read: what comes after this is either read or waited for.
    const newest = await newestSequence(deps.env.DB)
    const found = await read()
    const leftMs = until - deps.clock()
    if (found.length > 0 || leftMs <= 0) return found
    const after = Math.max(newest, what.after)
    const ask = { viewerId: userOf(input).id, credential, filter: what.filter, after }
    const outcome = await awaitEvent(deps, ask, leftMs).catch(async (error: unknown) => {
      deps.log({
        log: 'error',
        where: 'waiting for events',
        error: describeError(error),
        id: input.requestId,
      })
      await deps.pause(Math.min(leftMs, BLIND_MS))
      return 'unknown' as const
    })
    if (outcome === 'nothing') return []
    if (outcome === 'unknown') return read()
    if (outcome === 'closed')
      throw new Problem('invalid_token', 'The session or key has ended while there was nothing to read', {
        headers: { 'www-authenticate': 'Bearer realm="tubewire", error="invalid_token"' },
      })
    if (outcome !== 'found') throw refused(outcome)
  }
}
