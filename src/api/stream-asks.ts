/** @module What is asked of those objects where people listen, in the name of a caller; and their refusals. */
import type { Credential } from '../db/stream-rights.ts'
import { digest } from '../tokens.ts'
import type { Refusal } from '../workers/stream-hub.ts'
import { LIMITS } from '../workers/stream-shards.ts'
import { type Input, userOf } from './operation.ts'
import { Problem } from './problem.ts'

/** By what a caller may listen: when it ends, so does what he opened with it. */
export async function credentialOf({
  caller,
  deps,
}: Pick<Input<unknown, unknown, unknown>, 'caller' | 'deps'>): Promise<Credential> {
  const userId = userOf({ caller }).id
  if (caller.kind === 'key') return { kind: 'key', id: caller.id, userId }
  if (caller.kind === 'user' && caller.via === 'session')
    return { kind: 'session', id: caller.sessionId, userId }
  return { kind: 'operator', digest: await digest(deps.config.adminKey) }
}

/** Why there is no stream, for the caller. */
export function refused(refusal: Refusal): Problem {
  const headers = { 'retry-after': '10' }
  return refusal === 'too-many'
    ? new Problem(
        'too_many_streams',
        `You have ${LIMITS.ofViewer} streams open, and no more are allowed: close one that is not needed`,
        { headers },
      )
    : new Problem('streams_full', 'As many streams are open here as can be: come back in a moment', {
        headers,
      })
}
