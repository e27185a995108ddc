/** @module Who calls, by a ticket: what a browser shows in the address of a stream, for it can't set headers there. */
import { useStreamTicket } from '../../db/stream-tickets.ts'
import { digest, isTokenShaped } from '../../tokens.ts'
import type { Deps } from '../../workers/deps.ts'
import type { Operation } from '../operation.ts'
import { Problem } from '../problem.ts'
import { type Caller, type Credentials, scopesFrom, userFrom } from './caller.ts'
import { callerAddress } from './caller-address.ts'
import type { Passage } from './passage.ts'
import { readInput } from './read-input.ts'

/** What a request shows by the ticket of its query; none when it has none. */
export async function ticketOf(passage: Passage, operation: Operation): Promise<Credentials> {
  const { deps, request } = passage
  const ticket = new URL(request.url).searchParams.get('ticket')
  if (ticket === null) return { kind: 'none' }
  if (!isTokenShaped(ticket)) return { kind: 'wrong', problem: invalidTicket() }
  const hash = await digest(ticket)
  const address = callerAddress(request, deps.config.callerAddressHeader)
  return {
    kind: 'token',
    hasHeld: false,
    lookUp: async () => (await mistakeIn(passage, operation)) ?? byTicket(deps, hash, address),
  }
}

/** What is wrong with what else was sent: a filter that was mistyped is not to cost the ticket. */
async function mistakeIn(passage: Passage, operation: Operation): Promise<Problem | null> {
  try {
    await readInput(passage, operation)
    return null
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

/** Uses it up: whoever shows it again is nobody. */
async function byTicket(deps: Deps, hash: string, address: string): Promise<Caller | Problem> {
  const bearer = await useStreamTicket(deps.env.DB, hash, deps.clock())
  if (!bearer) return invalidTicket()
  const user = userFrom(bearer.user)
  if (bearer.key) {
    const { id, scopes, rateLimit } = bearer.key
    return { kind: 'key', id, user, scopes: scopesFrom(scopes), rateLimit, address }
  }
  return bearer.sessionId === null
    ? { kind: 'user', via: 'admin-key', user: { ...user, role: 'Administrator' }, address }
    : { kind: 'user', via: 'session', sessionId: bearer.sessionId, user, address }
}

function invalidTicket(): Problem {
  return new Problem(
    'invalid_token',
    'The ticket is unknown, expired or was used before: POST /api/v1/stream/tickets makes another',
    { headers: { 'www-authenticate': 'Bearer realm="tubewire", error="invalid_token"' } },
  )
}
