/** @module Ends sessions at instances: those of connections that are gone, and logins that were not kept. Best effort. */
import type { Session } from '../db/connections.ts'
import { newId } from '../db/id.ts'
import { targetCheck } from '../http/target-check.ts'
import { revoke } from '../peertube/login.ts'
import { clientDeps, type Deps } from './deps.ts'
import { instanceAccess } from './instance-access.ts'
import { describeError } from './log.ts'
import { askPatiently } from './patient-leave.ts'
import { openTokens } from './sealed-tokens.ts'

/** Ends sessions, with leave of each instance's limiter. Never throws: what fails is logged, and ends by itself in two weeks. */
export async function revokeSessions(deps: Deps, sessions: readonly Session[]): Promise<void> {
  const byHost = Map.groupBy(sessions, ({ host }) => host)
  await Promise.all(Array.from(byHost, ([host, here]) => revokeAt(deps, host, here)))
}

async function revokeAt(deps: Deps, host: string, sessions: readonly Session[]): Promise<void> {
  const access = instanceAccess(deps.env.RATE_LIMITER, host, newId('run'), deps.clock)
  const fail = ({ id }: Session, error: string) =>
    deps.log({ log: 'error', where: `ending the session of ${id} at ${host}`, error })
  for (const session of sessions) {
    try {
      const tokens = await openTokens(deps.config.encryptionKeys, session.id, session.tokens)
      if (typeof tokens === 'string') {
        fail(session, tokens)
        continue
      }
      const problem = await targetCheck(deps, new URL(tokens.origin))
      if (problem) {
        fail(session, `its URL ${problem}`)
        continue
      }
      const grant = await askPatiently(deps, access)
      if (grant.kind === 'wait') {
        fail(session, 'it has been asked enough for now')
        continue
      }
      const result = await revoke(clientDeps(deps), tokens.origin, tokens.accessToken)
      await access.observe(result.observation)
      if (result.kind === 'rate-limited') fail(session, 'it answered 429')
      else if (result.kind === 'failed') fail(session, result.detail)
      // A session that has ended needs no end.
      else if (result.kind === 'refused' && result.reason !== 'session-ended') fail(session, result.detail)
    } catch (error) {
      fail(session, describeError(error))
    }
  }
  await access.leave().catch((error: unknown) => {
    deps.log({ log: 'error', where: `leaving ${host}`, error: describeError(error) })
  })
}
