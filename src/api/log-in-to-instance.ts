/** @module Logs in to an instance for somebody who waits for it, with leave of its limiter. */

import { newId } from '../db/id.ts'
import type { Instance } from '../db/instances.ts'
import { readAccount } from '../peertube/account.ts'
import type { Bucket, Observation } from '../peertube/client.ts'
import { type Client, login, type NotOk, readClient, type Tokens, unquoted } from '../peertube/login.ts'
import { clientDeps, type Deps } from '../workers/deps.ts'
import { instanceAccess } from '../workers/instance-access.ts'
import { askPatiently } from '../workers/patient-leave.ts'
import { Problem } from './problem.ts'
import { problemCode } from './problem-codes.ts'

type Credentials = { username: string; password: string; otp?: string }

/** A session that was begun. */
export type Begun = { client: Client; tokens: Tokens }

/**
 * Logs in, and asks whose session it is: that shows that it works. The password goes to the instance, and nowhere else.
 * @param abandon takes a session that was begun and can't be used.
 * @throws Problem 422 when the instance says no or can't be asked, 503 when it has been asked enough for now. Its detail is in
 * our words: those of the instance may quote the password.
 */
export async function logInToInstance(
  deps: Deps,
  { origin, host }: Pick<Instance, 'origin' | 'host'>,
  credentials: Credentials,
  abandon: (begun: Begun) => void,
): Promise<Begun & { username: string; role: number }> {
  const client = clientDeps(deps)
  const access = instanceAccess(deps.env.RATE_LIMITER, host, newId('run'), deps.clock)
  const ask = async <TResult extends { observation: Observation | null }>(
    bucket: Bucket,
    request: () => Promise<TResult>,
  ): Promise<TResult> => {
    const grant = await askPatiently(deps, access, bucket)
    if (grant.kind === 'wait') throw busy(host, grant.waitMs)
    const result = await request()
    await access.observe(result.observation, bucket)
    return result
  }
  const refuse = (result: NotOk): never => {
    throw problemOf(host, result, deps.clock())
  }
  let begun: Begun | null = null
  try {
    const found = await ask('api', () => readClient(client, origin))
    if (found.kind !== 'ok') return refuse(found)
    const granted = await ask('login', () => login(client, origin, credentials, found.client))
    if (granted.kind !== 'ok') return refuse(granted)
    begun = { client: granted.client, tokens: granted.tokens }
    const { accessToken } = granted.tokens
    const read = await ask('api', () => readAccount(client, origin, accessToken))
    if (read.kind !== 'ok') return refuse(read)
    return { ...begun, ...read.account }
  } catch (error) {
    if (begun) abandon(begun)
    throw error
  } finally {
    await access.leave()
  }
}

function problemOf(host: string, result: NotOk, now: number): Problem {
  switch (result.kind) {
    case 'rate-limited':
      return busy(host, result.retryAt - now)
    case 'refused': {
      const code = problemCode(`login_${result.reason.replaceAll('-', '_')}`)
      return new Problem(code ?? 'login_refused', `${host} ${result.detail}`)
    }
    case 'failed': {
      const reason = SAME_TO_CALLERS[result.reason] ?? result.reason
      return new Problem(
        problemCode(reason.replaceAll('-', '_')) ?? 422,
        `${host} ${unquoted(result).detail}`,
      )
    }
  }
}

/** What callers need not tell apart: the detail does. */
const SAME_TO_CALLERS: Partial<Record<string, string>> = {
  dns: 'unreachable',
  refused: 'unreachable',
  server: 'http',
  html: 'not-json',
}

function busy(host: string, waitMs: number): Problem {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  return new Problem('instance_busy', `${host} has been asked enough for now: try again in ${seconds} s`, {
    headers: { 'retry-after': String(seconds) },
  })
}
