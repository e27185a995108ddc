/**
 * @module The access token that a connection is polled with. A refresh changes both tokens, and the old ones are void then:
 * one of us refreshes at a time, and the new pair is stored before it is used.
 */
import {
  claimRefresh,
  expireWrite,
  findHeld,
  type Held,
  releaseRefresh,
  storeRefreshed,
} from '../db/connection-refresh.ts'
import type { DueSource, GuardedWrite } from '../db/polls.ts'
import { eventId } from '../events/event-id.ts'
import type { NewEvent } from '../events/types.ts'
import type { Failure } from '../peertube/client.ts'
import { type RefreshResult, refresh } from '../peertube/login.ts'
import { clientDeps, type Deps } from './deps.ts'
import type { InstanceAccess } from './instance-access.ts'
import { type ConnectionTokens, openTokens, sealTokens } from './sealed-tokens.ts'

export type TokenOutcome =
  /** `connection`: as whom it reads; `role` as of `connections`. */
  | { kind: 'token'; token: string; connection: Pick<Held, 'id' | 'username' | 'role'> }
  /** The session has ended. Event and write belong into the commit of the poll, whose source is due never then. */
  | { kind: 'expired'; event: NewEvent; write: GuardedWrite; detail: string }
  /** It has been told that it has ended, or it is gone: the source is due never. */
  | { kind: 'ended'; detail: string }
  | { kind: 'wait'; waitMs: number; detail: string }
  /** To be tried again, as any failure. `keys`: what was encrypted can't be read. */
  | { kind: 'failed'; reason: Failure['reason'] | 'keys'; detail: string }

/** What is polled as somebody. */
type ConnectionSource = Pick<DueSource, 'id' | 'connectionId'> & {
  instance: Pick<DueSource['instance'], 'origin' | 'host'>
}

/** Longer than a request and a statement take: a refresh that began before that was broken off. */
const REFRESH_MS = 60_000
/** Somebody else has just begun, or ended, a refresh. */
const RIVAL_MS = 5_000
/** The new pair is the only way on: a lost connection to D1 must not cost it. */
const STORE_TRIES = 3

/**
 * An access token for a poll, which is changed for a new one before it ends.
 *
 * A refresh that was broken off (of which the answer may be lost) is made once more with the old refresh token: when the
 * instance says that the session has ended, it has.
 *
 * @param refused the tokens that were answered 401 in this poll, in their order: the first is changed for a new one, the
 * second ends the connection.
 */
export async function accessToken(
  deps: Deps,
  access: InstanceAccess,
  source: ConnectionSource,
  refused: readonly string[] = [],
): Promise<TokenOutcome> {
  const held = source.connectionId === null ? null : await findHeld(deps.env.DB, source.connectionId)
  if (!held?.tokens || held.state !== 'active') return { kind: 'ended', detail: 'its login has ended' }
  const tokens = await openTokens(deps.config.encryptionKeys, held.id, held.tokens)
  if (typeof tokens === 'string') return { kind: 'failed', reason: 'keys', detail: tokens }

  if (tokens.origin !== source.instance.origin)
    return expired(deps, source, held, 'moved', `has moved to ${source.instance.origin}: log in again`)

  const isRefused = refused.includes(tokens.accessToken)
  if (isRefused && refused.length > 1)
    return expired(deps, source, held, 'session-ended', 'refuses the session that it renewed: log in again')
  const now = deps.clock()
  const since = held.refreshingSince
  // One that began later than now is of a clock that went back since.
  if (since !== null && since <= now && now < since + REFRESH_MS)
    return { kind: 'wait', waitMs: since + REFRESH_MS - now, detail: 'the login is being renewed' }
  const token = { kind: 'token', token: tokens.accessToken, connection: held } as const
  const isAtRest = !isRefused && since === null
  if (isAtRest && now < tokens.renewAt) return token

  // Until it ends, the token does for whoever may not refresh it just now.
  const waiting = (waitMs: number, detail: string): TokenOutcome =>
    isAtRest && now < held.expiresAt ? token : { kind: 'wait', waitMs, detail }
  const grant = await access.ask('login')
  if (grant.kind === 'wait') {
    if (grant.reason === 'busy')
      return { kind: 'wait', waitMs: grant.waitMs, detail: 'somebody else reads the instance' }
    return waiting(grant.waitMs, 'our share of logins is spent')
  }
  if (!(await claimRefresh(deps.env.DB, held, now)))
    return { kind: 'wait', waitMs: RIVAL_MS, detail: 'the login is being renewed' }
  const claimed = { ...held, revision: held.revision + 1 }
  const result = await refresh(clientDeps(deps), source.instance.origin, tokens)
  // First of all: what comes before may fail, and the new pair be lost.
  const settled = await settle(deps, source, claimed, tokens, result)
  await access.observe(result.observation, 'login')
  return settled.kind === 'wait' ? waiting(settled.waitMs, settled.detail) : settled
}

/** Writes what a refresh came to. @param claimed at the revision of the claim. */
async function settle(
  deps: Deps,
  source: ConnectionSource,
  claimed: Held,
  tokens: ConnectionTokens,
  result: RefreshResult,
): Promise<TokenOutcome> {
  const { DB } = deps.env
  switch (result.kind) {
    case 'ok': {
      const { encryptionKeys } = deps.config
      const sealed = await sealTokens(encryptionKeys, claimed.id, tokens, result.tokens, deps.clock())
      return (await store(deps, claimed, sealed))
        ? { kind: 'token', token: result.tokens.accessToken, connection: claimed }
        : { kind: 'wait', waitMs: RIVAL_MS, detail: 'there is a newer login' }
    }
    case 'refused':
      return expired(deps, source, claimed, result.reason, result.detail)
    case 'rate-limited':
      await releaseRefresh(DB, claimed, null)
      return {
        kind: 'wait',
        waitMs: Math.max(0, result.retryAt - deps.clock()),
        detail: 'the instance answered 429',
      }
    case 'failed':
      await releaseRefresh(DB, claimed, `the login could not be renewed: ${result.detail}`)
      return { kind: 'failed', reason: result.reason, detail: result.detail }
  }
}

/** @throws Error when the database can't be reached however often it is tried. */
async function store(
  deps: Deps,
  claimed: Held,
  sealed: { tokens: string; expiresAt: number },
): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await storeRefreshed(deps.env.DB, claimed, sealed)
    } catch (error) {
      if (tries === STORE_TRIES) throw error
      await deps.pause(tries * 100)
    }
  }
}

/** @param detail what the instance does, as words that follow its name. */
function expired(
  deps: Deps,
  { id: sourceId, instance: { host } }: ConnectionSource,
  held: Held,
  reason: string,
  detail: string,
): TokenOutcome {
  const now = deps.clock()
  const { id, ownerId, username, revision } = held
  const said = `${host} ${detail}`
  return {
    kind: 'expired',
    detail: said,
    write: expireWrite(held, { sourceId, detail: said, now }),
    event: {
      id: eventId({ instance: host, type: 'connection.expired', subject: id, revision, ownerId }),
      type: 'connection.expired',
      instance: host,
      subject: id,
      ownerId,
      seenAt: now,
      data: { connection: { id, username }, reason, detail: said },
    },
  }
}
