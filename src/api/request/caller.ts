/** @module Who calls: nobody known, a user with his session or the administrator's key, or a program with an API key. */
import { timingSafeEqual } from 'node:crypto'
import { findKey, isTouchDue, touchKey } from '../../db/api-keys.ts'
import { findSession } from '../../db/sessions.ts'
import { findUser } from '../../db/users.ts'
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
export function anonymous(request: Request): Caller {
  return { kind: 'anonymous', address: callerAddress(request) }
}

/**
 * The caller of a request, by its `Authorization: Bearer` (RFC 6750, 2.1); anonymous when there is no such header.
 * @returns a problem when there is one and it doesn't hold: 401 `invalid_token`.
 */
export async function identify(
  deps: Deps,
  request: Request,
  inBackground: (work: Promise<unknown>) => void,
): Promise<Caller | Problem> {
  const header = request.headers.get('authorization')
  const nobody = anonymous(request)
  if (header === null) return nobody
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1]
  if (token === undefined) return invalidToken('Token is invalid: send it as "Authorization: Bearer TOKEN"')
  const now = deps.clock()
  const { address } = nobody
  // First, for it may have any shape, a token's too.
  if (await areEqual(token, deps.config.adminKey)) return operator(deps, address)
  // What has not the shape of one of our tokens costs no query.
  if (isTokenShaped(token)) {
    const found = await findSession(deps.env.DB, await digest(token), now)
    if (!found) return invalidToken()
    return { kind: 'user', via: 'session', sessionId: found.sessionId, user: userFrom(found.user), address }
  }
  if (isApiKeyShaped(token)) {
    const found = await findKey(deps.env.DB, await digest(token), now)
    if (!found) return invalidToken()
    const { key, user } = found
    if (isTouchDue(key, now)) inBackground(touchKey(deps.env.DB, key.id, now))
    // A scope that is none of ours any more allows nothing.
    const scopes = new Set(key.scopes.filter((scope) => Object.hasOwn(SCOPES, scope)) as Scope[])
    return { kind: 'key', id: key.id, user: userFrom(user), scopes, rateLimit: key.rateLimit, address }
  }
  return invalidToken()
}

/** Who has the operator's key acts as the first administrator. */
async function operator({ env }: Deps, address: string): Promise<Caller | Problem> {
  const user = await findUser(env.DB, ADMINISTRATOR_ID)
  // Whatever role the account has by now: the operator has the database itself.
  return user
    ? { kind: 'user', via: 'admin-key', user: { ...userFrom(user), role: 'Administrator' }, address }
    : invalidToken()
}

function userFrom({ id, username, role }: { id: string; username: string; role: number }): User {
  // A role that is none of ours may nothing that the least of them may not.
  return { id, username, role: ROLES[role] ?? 'User' }
}

function invalidToken(
  detail = 'Token is invalid: it is unknown, expired, revoked, or a newer login has taken its place',
): Problem {
  return new Problem('invalid_token', detail, {
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
