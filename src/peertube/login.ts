/**
 * @module A login to a PeerTube instance: OAuth 2 with the password and refresh grants (RFC 6749, 4.3 and 6) and
 * PeerTube's own words. No result holds what the instance said, which may quote the password.
 */
import * as v from 'valibot'
import {
  type ClientDeps,
  type Failure,
  type FormAnswer,
  failed,
  getJson,
  type Observation,
  postForm,
} from './client.ts'
import { OAuthClient, OAuthTokens, Revocation, Token } from './schemas.ts'

/** What an instance takes for its own web client: needed at each login and each refresh. The same for everybody. */
export type Client = { clientId: string; clientSecret: string }

/** A session. Each refresh makes a new pair, and ends the one before it. Times are milliseconds since the epoch. */
export type Tokens = {
  accessToken: string
  refreshToken: string
  accessExpiresAt: number
  refreshExpiresAt: number
}

/** Why an instance said no. Trying the same again is answered the same. */
type Refusal = {
  kind: 'refused'
  reason: keyof typeof DETAILS
  detail: string
  observation: Observation | null
}

/** Why there is no session: no result of another kind is one. */
export type NotOk = Refusal | { kind: 'rate-limited'; retryAt: number; observation: Observation } | Failure
export type ClientResult = { kind: 'ok'; client: Client; observation: Observation } | NotOk
export type LoginResult = { kind: 'ok'; tokens: Tokens; client: Client; observation: Observation } | NotOk
export type RefreshResult = { kind: 'ok'; tokens: Tokens; observation: Observation } | NotOk
export type RevokeResult = { kind: 'ok'; observation: Observation } | NotOk

const DETAILS = {
  'wrong-password': 'knows no such user, or the password is wrong',
  'invalid-client': 'has another client by now: log in again',
  'wrong-host': 'refuses logins by this host: use the address that it calls itself by',
  'otp-required': 'asks for a one-time password: two-factor authentication is on',
  'otp-wrong': 'refused the one-time password',
  blocked: 'has blocked this account',
  waiting: 'has not approved this account yet',
  rejected: 'has refused to approve this account',
  'email-not-verified': 'waits for the mail address of this account to be verified',
  denied: 'denied access',
  'session-ended': 'has ended this session: log in again',
} as const

/** What PeerTube's codes mean, whatever was asked. Its versions answer them with 400, 401 or 403. */
const REASONS: Record<string, Refusal['reason']> = {
  invalid_client: 'invalid-client',
  invalid_token: 'session-ended',
  missing_two_factor: 'otp-required',
  invalid_two_factor: 'otp-wrong',
  too_long_password: 'wrong-password',
  account_blocked: 'blocked',
  account_waiting_for_approval: 'waiting',
  account_approval_rejected: 'rejected',
  email_not_verified: 'email-not-verified',
}

/**
 * Asks for the client that an instance wants logins to name. It stays the same: whoever must ask leave for each request
 * asks for it first, and gives it to `login`.
 * @param origin e.g. `https://peertube.example`.
 */
export async function readClient(deps: ClientDeps, origin: string): Promise<ClientResult> {
  const answer = await getJson(deps, `${origin}/api/v1/oauth-clients/local`)
  if (answer.kind === 'failed' && answer.observation?.status === 403) {
    return refused('wrong-host', answer.observation)
  }
  if (answer.kind === 'not-modified') return unreadable('a client', answer.observation)
  if (answer.kind !== 'ok') return answer
  const parsed = v.safeParse(OAuthClient, answer.body)
  if (!parsed.success) return unreadable('a client', answer.observation)
  const { client_id: clientId, client_secret: clientSecret } = parsed.output
  return { kind: 'ok', client: { clientId, clientSecret }, observation: answer.observation }
}

/**
 * Logs in. Never throws for what an instance does. The observation is that of the last request: the route of tokens has
 * a limit of its own (15 in 5 minutes), which says nothing of the limit of others.
 *
 * @param origin e.g. `https://peertube.example`.
 * @param credentials `otp`: six digits, when the account has two-factor authentication.
 * @param known the instance's client, when it has been read before: that spares a request.
 */
export async function login(
  deps: ClientDeps,
  origin: string,
  credentials: { username: string; password: string; otp?: string },
  known?: Client,
): Promise<LoginResult> {
  const { username, password, otp } = credentials
  // It goes into a header, which can't carry just anything.
  if (otp !== undefined && !/^\w{1,20}$/.test(otp)) return refused('otp-wrong', null)
  const found = known ? ({ kind: 'ok', client: known } as const) : await readClient(deps, origin)
  if (found.kind !== 'ok') return found
  const { client } = found
  const granted = await requestTokens(
    deps,
    origin,
    client,
    { grant_type: 'password', response_type: 'code', username, password },
    // A user or a password that is empty is an invalid request to PeerTube.
    { ...REASONS, invalid_grant: 'wrong-password', invalid_request: 'wrong-password' },
    otp === undefined ? {} : { 'x-peertube-otp': otp },
  )
  return granted.kind === 'ok' ? { ...granted, client } : granted
}

/**
 * Changes a refresh token for new tokens. Both old ones are void then: store the new pair before it is used, and let one
 * process do this at a time. When the answer is lost the session is too.
 */
export async function refresh(
  deps: ClientDeps,
  origin: string,
  { clientId, clientSecret, refreshToken }: Client & { refreshToken: string },
): Promise<RefreshResult> {
  return requestTokens(
    deps,
    origin,
    { clientId, clientSecret },
    { grant_type: 'refresh_token', response_type: 'code', refresh_token: refreshToken },
    { ...REASONS, invalid_grant: 'session-ended' },
  )
}

/** Logs out: ends the session that an access token belongs to, its refresh token included. */
export async function revoke(deps: ClientDeps, origin: string, accessToken: string): Promise<RevokeResult> {
  // It goes into a header, which can't carry just anything: then it is no token that an instance gave.
  if (!v.is(Token, accessToken)) return refused('session-ended', null)
  const headers = { authorization: `Bearer ${accessToken}` }
  const answer = await postForm(deps, `${origin}/api/v1/users/revoke-token`, {}, headers)
  if (answer.kind !== 'ok') return explain(answer, REASONS)
  return v.is(Revocation, answer.body)
    ? { kind: 'ok', observation: answer.observation }
    : unreadable('an answer', answer.observation)
}

async function requestTokens(
  deps: ClientDeps,
  origin: string,
  { clientId, clientSecret }: Client,
  grant: Record<string, string>,
  reasons: Record<string, Refusal['reason']>,
  headers: Record<string, string> = {},
): Promise<RefreshResult> {
  // Lifetimes are counted from before the request, so that a token is never held for good longer than it is.
  const askedAt = deps.clock()
  const form = { client_id: clientId, client_secret: clientSecret, ...grant }
  const answer = await postForm(deps, `${origin}/api/v1/users/token`, form, headers)
  if (answer.kind !== 'ok') return explain(answer, reasons)
  const parsed = v.safeParse(OAuthTokens, answer.body)
  if (!parsed.success) return unreadable('tokens', answer.observation)
  const { access_token, refresh_token, expires_in, refresh_token_expires_in } = parsed.output
  return {
    kind: 'ok',
    tokens: {
      accessToken: access_token,
      refreshToken: refresh_token,
      accessExpiresAt: askedAt + expires_in * 1000,
      refreshExpiresAt: askedAt + refresh_token_expires_in * 1000,
    },
    observation: answer.observation,
  }
}

function explain(
  answer: Exclude<FormAnswer, { kind: 'ok' }>,
  reasons: Record<string, Refusal['reason']>,
): NotOk {
  if (answer.kind === 'failed') return unquoted(answer)
  if (answer.kind === 'rate-limited') return answer
  const { code, said, observation } = answer
  if (code === 'access_denied') return refused(deniedBecause(said), observation)
  // Own names only: a code may be "constructor".
  const reason = Object.hasOwn(reasons, code) ? reasons[code] : undefined
  return reason ? refused(reason, observation) : failed('http', `answered ${observation.status}`, observation)
}

/** Versions before 8 have one code for all of these, and tell them apart in their sentence. */
function deniedBecause(said: string): Refusal['reason'] {
  if (/\bblocked\b/i.test(said)) return 'blocked'
  return /\bnot verified\b/i.test(said) ? 'email-not-verified' : 'denied'
}

/** A failure in our own words, where those of the client quote the answer: it may echo what was sent. */
export function unquoted(failure: Failure): Failure {
  switch (failure.reason) {
    case 'redirect':
      return { ...failure, location: null, detail: 'redirects to another address' }
    case 'html':
      return { ...failure, detail: 'answered with a web page' }
    case 'not-json':
      return { ...failure, detail: 'answered 200 without JSON' }
    default:
      return failure
  }
}

function refused(reason: Refusal['reason'], observation: Observation | null): Refusal {
  return { kind: 'refused', reason, detail: DETAILS[reason], observation }
}

function unreadable(what: string, observation: Observation): Failure {
  return failed('schema', `gave ${what} that can't be read`, observation)
}
