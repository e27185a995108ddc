/** @module Who calls: nobody known, a user with his session or the administrator's key, or a program with an API key. A browser: cookie.ts. */
import { timingSafeEqual } from 'node:crypto'
import { findKey, isTouchDue, touchKey } from '../../db/api-keys.ts'
import { findSession } from '../../db/sessions.ts'
import { findUser, type User as UserRow } from '../../db/users.ts'
import { digest, isApiKeyShaped, isTokenShaped } from '../../tokens.ts'
import type { Deps } from '../../workers/deps.ts'
import { Problem } from '../problem.ts'
import { ROLES, type Role, SCOPES, type Scope } from '../rights.ts'
import { callerAddress } from './caller-address.ts'

/** A user as the API knows a caller. */
export type User = { id: string; username: string; role: Role }

export type Caller =
  | { kind: 'anonymous'; address: string }
  | { kind: 'user'; via: 'session'; sessionId: string; user: User; address: string }
  | { kind: 'user'; via: 'admin-key'; user: User; address: string }
  | {
      kind: 'key'
      id: string
      user: User
      scopes: ReadonlySet<Scope>
      /** Requests in the window of the API's limit; null: as everybody. */
      rateLimit: number | null
      address: string
    }

/** Made by the migration `administrator`; who has ADMIN_KEY acts as this user. */
export const ADMINISTRATOR_ID = 'usr_administrator'

/** Nobody known, from where the request comes. */
export function anonymous({ config }: Deps, request: Request): Caller {
  return { kind: 'anonymous', address: callerAddress(request, config.callerAddressHeader) }
}

/** What a request shows of who sends it: by its header, the ticket of its query, or its cookie. */
export type Credentials =
  | { kind: 'none' }
  /** Nobody's: what has not the shape of one of our tokens costs no query. */
  | { kind: 'wrong'; problem: Problem }
  | {
      kind: 'token'
      /** Whether it held when it was last looked up here. It may have ended meanwhile. */
      hasHeld: boolean
      /** Whose it is, in one statement. @returns a problem when it doesn't hold: 401 `invalid_token`. */
      lookUp: () => Promise<Caller | Problem>
    }

/** Reads what a request shows by its `Authorization: Bearer` (RFC 6750, 2.1), without asking the database. */
export async function credentialsOf(
  deps: Deps,
  request: Request,
  inBackground: (work: Promise<unknown>) => void,
): Promise<Credentials> {
  const header = request.headers.get('authorization')
  if (header === null) return { kind: 'none' }
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1]
  if (token === undefined)
    return {
      kind: 'wrong',
      problem: invalidToken('Token is invalid: send it as "Authorization: Bearer TOKEN"'),
    }
  const address = callerAddress(request, deps.config.callerAddressHeader)
  // First, for it may have any shape, a token's too.
  if (await areEqual(token, deps.config.adminKey))
    return { kind: 'token', hasHeld: true, lookUp: () => operator(deps, address) }
  const find = isTokenShaped(token) ? bySession : isApiKeyShaped(token) ? byKey : null
  if (!find) return { kind: 'wrong', problem: invalidToken() }
  const hash = await digest(token)
  return lookedUp(hash, async () => (await find(deps, hash, address, inBackground)) ?? invalidToken())
}

/** A token that has the shape of one, by its digest. @param find asks whose it is. */
export function lookedUp(hash: string, find: () => Promise<Caller | Problem>): Credentials {
  return {
    kind: 'token',
    hasHeld: held.has(hash),
    async lookUp() {
      const found = await find()
      // The oldest goes first: what held is at the end again.
      held.delete(hash)
      if (!(found instanceof Problem)) remember(hash)
      return found
    },
  }
}

/** The digests of tokens that held a short while ago. Of no more than that: whose they are is asked each time. */
const held = new Set<string>()
const MOST_HELD = 10_000

function remember(hash: string): void {
  held.add(hash)
  const [oldest] = held
  if (held.size > MOST_HELD && oldest !== undefined) held.delete(oldest)
}

async function bySession(deps: Deps, hash: string, address: string): Promise<Caller | null> {
  const found = await findSession(deps.env.DB, hash, deps.clock())
  return found && sessionCaller(found, address)
}

/** Whose session it is, as a caller. */
export function sessionCaller(
  { user, sessionId }: { user: UserRow; sessionId: string },
  address: string,
): Caller {
  return { kind: 'user', via: 'session', sessionId, user: userFrom(user), address }
}

async function byKey(
  deps: Deps,
  hash: string,
  address: string,
  inBackground: (work: Promise<unknown>) => void,
): Promise<Caller | null> {
  const now = deps.clock()
  const found = await findKey(deps.env.DB, hash, now)
  if (!found) return null
  const { key, user } = found
  if (isTouchDue(key, now)) inBackground(touchKey(deps.env.DB, key.id, now))
  const { id, scopes, rateLimit } = key
  return { kind: 'key', id, user: userFrom(user), scopes: scopesFrom(scopes), rateLimit, address }
}

/** The scopes of a key. One that is none of ours any more allows nothing. */
export function scopesFrom(names: readonly string[]): ReadonlySet<Scope> {
  // What is left are names of scopes.
  return new Set(names.filter((name) => Object.hasOwn(SCOPES, name)) as Scope[])
}

/** Who has the operator's key acts as the first administrator. */
async function operator({ env }: Deps, address: string): Promise<Caller | Problem> {
  const user = await findUser(env.DB, ADMINISTRATOR_ID)
  // Whatever role the account has by now: the operator has the database itself.
  return user
    ? { kind: 'user', via: 'admin-key', user: { ...userFrom(user), role: 'Administrator' }, address }
    : invalidToken()
}

/** A user's row as a caller. */
export function userFrom({ id, username, role }: { id: string; username: string; role: number }): User {
  // A role that is none of ours may nothing that the least of them may not.
  return { id, username, role: ROLES[role] ?? 'User' }
}

/** What was shown does not hold. */
export function invalidToken(
  detail = 'Token is invalid: it is unknown, expired, revoked, or a newer login has taken its place',
  code: 'invalid_token' | 'session_superseded' = 'invalid_token',
): Problem {
  return new Problem(code, detail, {
    headers: { 'www-authenticate': 'Bearer realm="tubewire", error="invalid_token"' },
  })
}

/** In constant time: of the digests, which are equally long whatever is sent. */
async function areEqual(a: string, b: string): Promise<boolean> {
  const hash = (text: string) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const [digestA, digestB] = await Promise.all([hash(a), hash(b)])
  return timingSafeEqual(new Uint8Array(digestA), new Uint8Array(digestB))
}

/** What a caller is counted under: a key, an account, or else an address. */
export function callerId(caller: Caller): string {
  switch (caller.kind) {
    case 'key':
      return caller.id
    case 'user':
      return caller.user.id
    case 'anonymous':
      return `address:${caller.address}`
  }
}
