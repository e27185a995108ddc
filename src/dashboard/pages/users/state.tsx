/** @module How an account is, in words. */
import type { Schemas } from '../../api.ts'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { t } from '../../texts/index.ts'

export type Account = Schemas['User']
export type AccountState = Account['state'] | 'blocked'

const TONES: Readonly<Record<AccountState, Tone>> = {
  active: 'good',
  'waiting-for-approval': 'busy',
  'waiting-for-email': 'warn',
  blocked: 'bad',
}

/** Blocked goes before whatever the account is besides. */
function stateOf({ blocked, state }: Account): AccountState {
  return blocked ? 'blocked' : state
}

export function StateBadge({ of }: { of: Account }) {
  const state = stateOf(of)
  return <Badge tone={TONES[state]}>{t.users.states[state]}</Badge>
}

/** Whether somebody may judge an account: a moderator judges Users only, and nobody himself. */
export function mayJudge(judge: { id: string; role: string }, account: Account): boolean {
  if (judge.id === account.id) return false
  return judge.role === 'Administrator' || account.role.label === 'User'
}
