/**
 * @module Who calls, by the cookie of a browser session. A browser sends a cookie by itself, also for a page of somebody else, so
 * what it is sent with must say that the request comes from a page of ours (docs/decisions/021-cookie-session.md).
 */
import { findSession, isSuperseded } from '../../db/sessions.ts'
import { digest, isTokenShaped } from '../../tokens.ts'
import type { Deps } from '../../workers/deps.ts'
import { Problem } from '../problem.ts'
import { type Credentials, invalidToken, lookedUp, sessionCaller } from './caller.ts'
import { callerAddress } from './caller-address.ts'

/** With this prefix browsers take it from this very host only, by https, and for all of its paths (RFC 6265bis, 4.1.3.2). */
export const SESSION_COOKIE = '__Host-tubewire'
const ATTRIBUTES = 'HttpOnly; Secure; SameSite=Strict'

/** A `Set-Cookie` that gives a browser its token. */
export function sessionCookie(token: string, seconds: number): string {
  return `${SESSION_COOKIE}=${token}; Path=/; Max-Age=${seconds}; ${ATTRIBUTES}`
}

/** A `Set-Cookie` that takes it away. */
export const NO_COOKIE = sessionCookie('', 0)

/** What a request shows by its cookie; none where a cookie doesn't count. Call it where no header says who calls. */
export async function cookieOf(deps: Deps, request: Request): Promise<Credentials> {
  const shown = shownCookie(request)
  if (shown === null || (isRead(request) && isFromElsewhere(request))) return { kind: 'none' }
  if (!isRead(request)) {
    const problem = foreignOrigin(deps, request, 'required')
    if (problem) return { kind: 'wrong', problem }
  }
  if (!isTokenShaped(shown)) return { kind: 'wrong', problem: sessionOver() }
  const hash = await digest(shown)
  return lookedUp(hash, async () => {
    const found = await findSession(deps.env.DB, hash, deps.clock())
    const address = callerAddress(request, deps.config.callerAddressHeader)
    return found ? sessionCaller(found, address) : whyEnded(deps, hash)
  })
}

/**
 * Why the session of a cookie that was shown, and did not hold, has ended; null when none was shown that counts.
 * `superseded`: by a newer one.
 */
export async function endOfCookie(deps: Deps, request: Request): Promise<'superseded' | 'over' | null> {
  const shown = shownCookie(request)
  if (shown === null || request.headers.has('authorization') || isFromElsewhere(request)) return null
  if (!isTokenShaped(shown)) return 'over'
  return (await isSuperseded(deps.env.DB, await digest(shown))) ? 'superseded' : 'over'
}

async function whyEnded({ env }: Deps, hash: string): Promise<Problem> {
  if (!(await isSuperseded(env.DB, hash))) return sessionOver()
  return invalidToken('You signed in elsewhere since: this session has ended', 'session_superseded')
}

function sessionOver(): Problem {
  return invalidToken('The session of this browser is over: sign in again')
}

/**
 * What is wrong with the origin of a request: a page of another one sent it (RFC 6454, 7.3).
 * @param origin `required`: also that there is none. Browsers send one with whatever is no GET.
 */
export function foreignOrigin(
  { config }: Deps,
  request: Request,
  origin: 'required' | 'optional',
): Problem | null {
  const sent = request.headers.get('origin')
  const { origin: own } = new URL(request.url)
  if (sent === null ? origin === 'optional' : sent === own || sent === config.publicUrl) return null
  const came = sent === null ? 'has no Origin' : `comes from ${sent === 'null' ? 'an unnamed origin' : sent}`
  return new Problem(
    'cross_origin',
    `The request ${came}, and with the cookie of a browser only pages of ${config.publicUrl ?? own} may do this. A program sends "Authorization: Bearer …"; an operator whose address this is sets it as PUBLIC_URL`,
  )
}

/** Whether it only reads. What a WebSocket answers a page of any origin may read, so that opening one is more than that. */
function isRead({ method, headers }: Request): boolean {
  const isSocket = headers.get('upgrade')?.toLowerCase() === 'websocket'
  return ['GET', 'HEAD', 'OPTIONS'].includes(method) && !isSocket
}

/** Whether a browser says that a page elsewhere asks, a neighbour under the same domain too (W3C Fetch Metadata, 2.3). */
function isFromElsewhere({ headers }: Request): boolean {
  return ['cross-site', 'same-site'].includes(headers.get('sec-fetch-site') ?? '')
}

/** The value of our cookie as it came; null when there is none. Of several none is ours: a browser has one of that name. */
function shownCookie({ headers }: Request): string | null {
  const values = (headers.get('cookie') ?? '').split(';').flatMap((pair) => {
    // Spaces and tabs alone: a name that begins with another blank is another name, which a neighbour's page could have set.
    const trimmed = pair.replace(/^[ \t]+/, '')
    return trimmed.startsWith(`${SESSION_COOKIE}=`) ? [trimmed.slice(SESSION_COOKIE.length + 1)] : []
  })
  return values.length > 1 ? '' : (values[0] ?? null)
}
