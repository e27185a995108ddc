/**
 * @module Whether a request may pass: who calls, how often, and whether his role and scopes allow it.
 *
 * Against the limit of the whole API each request counts once: for an account or key where one is known, and otherwise for an
 * address. Looking a token up costs a query, so that whoever makes tokens up must not have one for each:
 * - Ordinarily a token is looked up, and then counted for whose it is: one query, one count.
 * - From an address that was refused here, and whose window has not ended, a token that did not hold when it was last looked up
 *   here may be a guess. It is counted for the address before it is looked up, which refuses it. Should it pass and hold, the
 *   address gets its count back. So somebody who is new waits behind an address that has used up its limit.
 * What is remembered for that is each isolate's own, and decides who is asked first, never who is let in.
 *
 * What is not counted looks nobody up. Where nobody has to be known, whom the database can't tell is nobody: what needs no
 * database answers without one, and `GET /health` can say that it has no tables.
 */
import { type CountedRequest, callerLimit, limitHeaders } from '../../workers/caller-limit.ts'
import type { Deps } from '../../workers/deps.ts'
import { describeError } from '../../workers/log.ts'
import { isOperator, type Operation } from '../operation.ts'
import { Problem } from '../problem.ts'
import { type Reach, RIGHTS, type Right } from '../rights.ts'
import { anonymous, type Caller, type Credentials, callerId, credentialsOf } from './caller.ts'
import { cookieOf, foreignOrigin } from './cookie.ts'
import type { Passage } from './passage.ts'
import { ticketOf } from './ticket.ts'

/** Who was let in, how far he reaches, and how he was counted: null when he wasn't. */
export type Admission = { caller: Caller; reach: Reach; counted: CountedRequest | null }

/**
 * Lets a request in.
 * @throws Problem 401, 403, 429; 503 when a login can't be counted.
 */
export async function admit(passage: Passage, operation: Operation): Promise<Admission> {
  const right: Right = RIGHTS[operation.id]
  const nobody = anonymous(passage.deps, passage.request)
  if (operation.limit === 'none') return { caller: nobody, reach: reachOf(right, nobody), counted: null }
  const isForAll = right.anonymous !== 'none'
  const { caller, problem } = await countCaller(passage, isForAll)
  // Not counted as a login: by this way a page elsewhere can not use up what its visitors have for signing in.
  const foreign = operation.isForOurPages ? foreignOrigin(passage.deps, passage.request, 'optional') : null
  if (foreign) throw foreign
  // Where nobody is asked who he is, logins among it, each address has its own count, whatever token comes with it.
  const bucket = isForAll && operation.limit === 'token' ? LOGINS : operation.id
  const counted = await countOwn(passage, isForAll ? nobody : caller, operation.limit, bucket)
  // Counted first: whoever guesses tokens is counted too. Where nobody is asked, a wrong one is in nobody's way.
  if (problem && !isForAll) throw problem
  return { caller, reach: reachOf(right, caller), counted }
}

/**
 * Counts a request against the limit of the whole API, by whoever sends it.
 * @param isForAll whether it is answered to nobody known, too.
 * @returns who that is, and what is wrong with the token that he showed. Anonymous when he showed none, or none that holds.
 * @throws Problem 429.
 */
async function countCaller(
  passage: Passage,
  isForAll: boolean,
): Promise<{ caller: Caller; problem: Problem | null }> {
  const { deps, request, inBackground } = passage
  const nobody = anonymous(deps, request)
  const shown = await shownBy(passage)
  if (shown.kind !== 'token') {
    await count(passage, nobody, 'api')
    return { caller: nobody, problem: shown.kind === 'wrong' ? shown.problem : null }
  }
  const isGuess = !shown.hasHeld && isRefused(nobody, deps.clock())
  const asNobody = isGuess ? await count(passage, nobody, 'api') : null
  const found = await shown.lookUp().catch((error: unknown) => {
    if (!isForAll) throw error
    deps.log({
      log: 'error',
      where: 'looking a caller up',
      error: describeError(error),
      id: passage.requestId,
    })
    return null
  })
  if (found === null || found instanceof Problem) {
    if (!isGuess) await count(passage, nobody, 'api')
    return { caller: nobody, problem: found }
  }
  if (asNobody) inBackground(asNobody.uncount())
  await count(passage, found, 'api')
  return { caller: found, problem: null }
}

/** What a request shows of who sends it: the first of header, ticket and cookie that there is. */
async function shownBy(passage: Passage): Promise<Credentials> {
  const { deps, request, inBackground, operation } = passage
  const header = await credentialsOf(deps, request, inBackground)
  if (header.kind !== 'none') return header
  const takesTicket = request.method === 'GET' && operation?.takesTicket
  const ticket = takesTicket ? await ticketOf(passage, operation) : header
  return ticket.kind === 'none' ? cookieOf(deps, request) : ticket
}

/** The bucket of all ways to log in, of an address: whoever guesses a password has no second try by another way. */
const LOGINS = 'token'

/** Counts a request against the limit of its operation, if that has one. Its headers are the ones that the caller sees. */
async function countOwn(
  passage: Passage,
  caller: Caller,
  limit: Operation['limit'],
  bucket: string,
): Promise<CountedRequest | null> {
  return limit === undefined || limit === 'none' ? null : count(passage, caller, limit, bucket)
}

/** Counts a request that calls no operation, by whoever sends it. @throws Problem 429. */
export async function countAnybody(passage: Passage): Promise<void> {
  await countCaller(passage, true)
}

/**
 * Counts a request.
 * @param bucket what it is counted with: what has the same one shares a window.
 * @throws Problem 429 when it is one too many, with when to come back; 503 when a login can't be counted.
 */
async function count(
  passage: Passage,
  caller: Caller,
  name: keyof Deps['config']['limits'],
  bucket: string = name,
): Promise<CountedRequest | null> {
  const { deps } = passage
  const general = deps.config.limits[name]
  const limit = name === 'api' ? { ...general, requests: allowance(caller, general.requests) } : general
  const counted = await callerLimit(deps, callerId(caller), bucket, limit)
  if (counted.kind === 'unknown') {
    // Reads pass: better served uncounted than not at all. Logins don't: uncounted they could be guessed.
    if (name === 'api') return null
    throw new Problem('limiter_unavailable', 'This can not be counted right now: try again in a moment', {
      headers: { 'retry-after': '5' },
    })
  }
  Object.assign(passage.headers, limitHeaders(counted))
  if (name === 'api') rememberRefusal(caller, counted)
  if (!counted.allowed)
    throw new Problem(
      429,
      `Too many requests: at most ${limit.requests} in ${limit.windowMs / 1000} s. Come back in ${counted.retryAfterSeconds} s`,
    )
  return counted
}

/** When the windows end of the addresses that were refused, by what they are counted under. */
const refusedUntil = new Map<string, number>()
const MOST_REFUSED = 10_000

function isRefused(caller: Caller, now: number): boolean {
  return now < (refusedUntil.get(callerId(caller)) ?? 0)
}

function rememberRefusal(caller: Caller, { allowed, resetAt }: CountedRequest): void {
  if (allowed || caller.kind !== 'anonymous') return
  refusedUntil.set(callerId(caller), resetAt)
  const [oldest] = refusedUntil.keys()
  if (refusedUntil.size > MOST_REFUSED && oldest !== undefined) refusedUntil.delete(oldest)
}

/** What a caller may ask of the whole API. Only an administrator's key may ask more than everybody. */
function allowance(caller: Caller, general: number): number {
  if (caller.kind !== 'key' || caller.rateLimit === null) return general
  return caller.user.role === 'Administrator' ? caller.rateLimit : Math.min(caller.rateLimit, general)
}

/** @throws Problem 401 when nobody is known, 403 when the one who is may not. */
function reachOf(right: Right, caller: Caller): Reach {
  if (caller.kind === 'anonymous') {
    if (right.anonymous !== 'none') return right.anonymous
    throw new Problem('unauthorized_request', 'Log in, or send an API key as "Authorization: Bearer …"', {
      headers: { 'www-authenticate': 'Bearer realm="tubewire"' },
    })
  }
  const { role } = caller.user
  if (right.scope === 'any') return right[role]
  if (right[role] === 'none') throw new Problem('insufficient_rights', `The role ${role} may not do this`)
  if (right.scope === 'operator') {
    if (!isOperator({ caller }))
      throw new Problem('operator_required', 'This takes the operator’s key, ADMIN_KEY, alone')
  } else if (caller.kind === 'key') refuseScope(right.scope, caller.scopes)
  return right[role]
}

function refuseScope(needed: Exclude<Right['scope'], 'any' | 'operator'>, scopes: ReadonlySet<string>): void {
  if (needed === 'session') {
    throw new Problem('session_required', 'This takes the access token of a session, and no API key')
  }
  if (scopes.has(needed)) return
  throw new Problem('insufficient_scope', `The API key does not have the scope ${needed}`, {
    headers: { 'www-authenticate': `Bearer realm="tubewire", error="insufficient_scope", scope="${needed}"` },
  })
}
