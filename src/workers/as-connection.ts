/** @module Reading as somebody who has logged in. */
import type { Get } from '../peertube/client.ts'
import { isInstanceWide } from '../peertube/failure.ts'
import { accessToken } from './connection-tokens.ts'
import { Interruption } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'
import { GOES_ON } from './visit.ts'

/** As whom an instance is read. `get` carries the token. `role`: 0 Administrator, 1 Moderator, 2 User. */
export type Reader = { get: Get; connection: { id: string; username: string; role: number } }

/** Thrown when an instance refuses a token, or is elsewhere by now: what is to be done then is found out, and the work begins anew. */
class TokenRefused extends Error {}

/**
 * Does work as the connection of a source. What it committed before a token was refused stays.
 * @throws Interruption when there is no token now, or never again.
 */
export async function asConnection(run: PollRun, work: (reader: Reader) => Promise<void>): Promise<void> {
  // A refresh that the platform cuts short costs the session: it is begun early in a visit, or at the next.
  if (run.visit.isLate) throw new Interruption(GOES_ON)
  const refused: string[] = []
  for (;;) {
    const { origin, access } = run.visit
    // Where this visit has found it: the row may say so only later.
    const source = { ...run.source, instance: { ...run.source.instance, origin } }
    const outcome = await accessToken(run.deps, access, source, refused)
    switch (outcome.kind) {
      case 'token':
        break
      case 'wait':
        throw new Interruption({ kind: 'waiting', waitMs: outcome.waitMs, detail: outcome.detail })
      case 'failed': {
        const { reason, detail } = outcome
        const isWide = reason !== 'keys' && isInstanceWide(reason, null)
        throw new Interruption({ kind: 'failed', reason, detail, isInstanceWide: isWide })
      }
      case 'ended':
        throw new Interruption({ kind: 'ended', detail: outcome.detail, events: [], writes: [] })
      case 'expired': {
        const { detail, event, write } = outcome
        throw new Interruption({ kind: 'ended', detail, events: [event], writes: [write] })
      }
    }
    const { token, connection } = outcome
    const get: Get = async (url, options) => {
      // What is asked as anybody, in between, may have been redirected: the token is not for there.
      if (run.visit.origin !== origin) throw new TokenRefused()
      const answer = await run.visit.get(url, { ...options, token })
      if (answer.kind === 'failed' && answer.observation?.status === 401) throw new TokenRefused()
      return answer
    }
    try {
      return await work({ get, connection })
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error
      refused.push(token)
    }
  }
}
