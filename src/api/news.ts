/** @module Waiting for something to be new in the event log. The waiting is done where people listen: nobody asks D1 meanwhile. */
import type { Filter } from '../events/filter.ts'
import { describeError } from '../workers/log.ts'
import { awaitEvent } from '../workers/stream-access.ts'
import type { Refusal } from '../workers/stream-hub.ts'
import { type Input, userOf } from './operation.ts'
import { Problem } from './problem.ts'
import { invalidToken } from './request/caller.ts'
import { endOfCookie } from './request/cookie.ts'
import { credentialOf } from './stream-asks.ts'

/** Without those who know when there is something, it is looked for once more after so long. */
const BLIND_MS = 3_000

/** What is waited for: an event after this sequence that fits, for so long. */
export type Awaiting = { after: number; filter: Filter; milliseconds: number }

/**
 * Waits for an event that the caller may see and that fits.
 * @returns `unknown`: those who know could not be asked, and some time has passed; or why nobody could wait.
 * @throws Problem 401 when the caller lost his rights meanwhile.
 */
export async function untilNews(
  input: Pick<Input<unknown, unknown, unknown>, 'caller' | 'deps' | 'request' | 'requestId'>,
  { after, filter, milliseconds }: Awaiting,
): Promise<'found' | 'nothing' | 'unknown' | Refusal> {
  const { deps } = input
  const ask = { viewerId: userOf(input).id, credential: await credentialOf(input), filter, after }
  try {
    const outcome = await awaitEvent(deps, ask, milliseconds)
    if (outcome !== 'closed') return outcome
  } catch (error) {
    deps.log({
      log: 'error',
      where: 'waiting for events',
      error: describeError(error),
      id: input.requestId,
    })
    await deps.pause(Math.min(milliseconds, BLIND_MS))
    return 'unknown'
  }
  if ((await endOfCookie(deps, input.request)) === 'superseded')
    throw invalidToken('You signed in elsewhere since: this session has ended', 'session_superseded')
  throw new Problem('invalid_token', 'The session or key has ended while there was nothing to read', {
    headers: { 'www-authenticate': 'Bearer realm="tubewire", error="invalid_token"' },
  })
}
