/** @module Whose a session at an instance is: the first thing that a new one is used for, which shows that it works. */
import * as v from 'valibot'
import { type ClientDeps, type Failure, failed, getJson, type Observation } from './client.ts'
import { unquoted } from './login.ts'
import { Account } from './schemas.ts'

/** The account of a session. `role`: 0 Administrator, 1 Moderator, 2 User. */
type SessionAccount = { username: string; role: number }

export type AccountResult =
  | { kind: 'ok'; account: SessionAccount; observation: Observation }
  | { kind: 'rate-limited'; retryAt: number; observation: Observation }
  | Failure

/** Reads whose an access token is. Never throws for what an instance does, nor quotes what it says. */
export async function readAccount(
  deps: ClientDeps,
  origin: string,
  accessToken: string,
): Promise<AccountResult> {
  const answer = await getJson(deps, `${origin}/api/v1/users/me`, { token: accessToken })
  if (answer.kind === 'failed') return unquoted(answer)
  if (answer.kind === 'rate-limited') return answer
  const parsed = v.safeParse(Account, answer.kind === 'ok' ? answer.body : null)
  if (!parsed.success) return failed('schema', 'says of the account what can’t be read', answer.observation)
  const { username, role } = parsed.output
  return { kind: 'ok', account: { username, role: role.id }, observation: answer.observation }
}
