/** @module Accounts and their sessions: logins, rotation, expiry and refusals as PeerTube 6.3 does them. */
import { randomBytes } from 'node:crypto'
import { type Answer, from, problem, withBody } from './recorded-answers.ts'
import { type Caller, recording, tokenOf, USERS, type User } from './recordings.ts'

/** What hinders a login. The password of each user is his name and `pass`. */
export type Account = {
  state: 'ok' | 'blocked' | 'waiting' | 'rejected' | 'email-not-verified'
  /** Two-factor authentication: the one-time password that is right just now. */
  otp: string | null
}

type Session = {
  user: User
  accessToken: string
  refreshToken: string
  accessEndsAt: number
  refreshEndsAt: number
}

/** As recorded: PeerTube counts down from a day and from two weeks. */
const LIFETIMES = { access: 86_400_000, refresh: 1_209_600_000 }

/** A refusal: code, status and sentence. Those without a recording are as PeerTube's published source words them. */
const REFUSALS = {
  waiting: ['account_waiting_for_approval', 400, 'Registration for this account is awaiting approval'],
  rejected: ['account_approval_rejected', 400, 'Registration approval for this account has been rejected'],
  blocked: ['access_denied', 400, 'User is blocked.'],
  'email-not-verified': ['access_denied', 400, 'User email is not verified.'],
  'otp-missing': ['missing_two_factor', 401, 'Missing two factor header'],
  'otp-wrong': ['invalid_two_factor', 400, 'Invalid two factor header'],
  'refresh-expired': ['invalid_grant', 400, 'Invalid grant: refresh token has expired'],
  'grant-missing': ['invalid_request', 400, 'Missing parameter: `grant_type`'],
  'grant-unknown': ['unsupported_grant_type', 400, 'Unsupported grant type: `grant_type` is invalid'],
  'no-form': ['invalid_request', 400, 'Invalid request: content must be application/x-www-form-urlencoded'],
} as const

/** All sessions of an instance. A refresh ends the one before it; a second login leaves the first. */
export class Sessions {
  readonly #now: () => number
  readonly #accounts: Record<User, Account> = {
    root: { state: 'ok', otp: null },
    alice: { state: 'ok', otp: null },
    bob: { state: 'ok', otp: null },
    carol: { state: 'ok', otp: null },
  }
  #sessions: Session[] = USERS.map((user) => ({
    user,
    accessToken: tokenOf(user),
    refreshToken: randomBytes(20).toString('hex'),
    accessEndsAt: Number.POSITIVE_INFINITY,
    refreshEndsAt: Number.POSITIVE_INFINITY,
  }))

  constructor(now: () => number) {
    this.#now = now
  }

  set(user: User, change: Partial<Account>): void {
    Object.assign(this.#accounts[user], change)
    // As PeerTube does.
    if (change.state === 'blocked') this.#sessions = this.#sessions.filter((one) => one.user !== user)
  }

  /** Who calls, by the Authorization header. */
  callerOf(authorization: string | undefined): Caller {
    if (authorization === undefined) return 'anonymous'
    const session = this.#sessions.find(({ accessToken }) => authorization === `Bearer ${accessToken}`)
    return session && session.accessEndsAt > this.#now() ? session.user : 'invalid'
  }

  /** `POST /api/v1/users/token`. */
  token(body: string, headers: Record<string, string>): Answer {
    if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return refusal('no-form')
    const form = new URLSearchParams(body)
    // Recorded with these two fields.
    const client = recording('get_oauth_clients_local').response.body as Record<string, string>
    const isClient = ['client_id', 'client_secret'].every((name) => form.get(name) === client[name])
    if (!isClient) return from('post_users_token_bad_client')
    const grant = form.get('grant_type')
    if (grant === 'password') return this.#login(form, headers['x-peertube-otp'])
    if (grant === 'refresh_token') return this.#refresh(form.get('refresh_token'))
    return refusal(grant ? 'grant-unknown' : 'grant-missing')
  }

  /** `POST /api/v1/users/revoke-token`. */
  revoke({ authorization }: Record<string, string>): Answer {
    const caller = this.callerOf(authorization)
    if (caller === 'anonymous') return from('get_users_me_no_token')
    if (caller === 'invalid') return from('get_users_me_bad_token')
    this.#sessions = this.#sessions.filter(({ accessToken }) => authorization !== `Bearer ${accessToken}`)
    return { ...from('get_oauth_clients_local'), body: { success: true } }
  }

  #login(form: URLSearchParams, otp: string | undefined): Answer {
    const username = form.get('username')
    const password = form.get('password')
    if (!username || !password) {
      const missing = username ? 'password' : 'username'
      return problem('post_users_token_missing_password', (text) =>
        text.replaceAll('`password`', `\`${missing}\``),
      )
    }
    const user = USERS.find((one) => one === username)
    const account = user && this.#accounts[user]
    if (account?.state === 'waiting' || account?.state === 'rejected') return refusal(account.state)
    if (!user || !account || password !== `${user}pass`) return from('post_users_token_wrong_password')
    if (account.state !== 'ok') return refusal(account.state)
    if (account.otp !== null && otp === undefined) {
      const made = refusal('otp-missing')
      return { ...made, headers: { ...made.headers, 'x-peertube-otp': 'required; app' } }
    }
    if (account.otp !== null && otp !== account.otp) return refusal('otp-wrong')
    return this.#grant('post_users_token_password_ok', user)
  }

  #refresh(token: string | null): Answer {
    const session = this.#sessions.find(({ refreshToken }) => refreshToken === token)
    if (!session) return from('post_users_token_refresh_reused')
    if (session.refreshEndsAt <= this.#now()) return refusal('refresh-expired')
    this.#sessions = this.#sessions.filter((one) => one !== session)
    return this.#grant('post_users_token_refresh_ok', session.user)
  }

  #grant(name: string, user: User): Answer {
    const session = {
      user,
      accessToken: randomBytes(20).toString('hex'),
      refreshToken: randomBytes(20).toString('hex'),
      accessEndsAt: this.#now() + LIFETIMES.access,
      refreshEndsAt: this.#now() + LIFETIMES.refresh,
    }
    this.#sessions.push(session)
    return withBody(name, { access_token: session.accessToken, refresh_token: session.refreshToken })
  }
}

/** A refusal in the shape of the recorded ones. */
function refusal(name: keyof typeof REFUSALS): Answer {
  const [code, status, detail] = REFUSALS[name]
  const made = problem('post_users_token_wrong_password', (text) =>
    text.replaceAll('invalid_grant', code).replaceAll('Invalid grant: user credentials are invalid', detail),
  )
  return { ...made, status, body: { ...(made.body as object), status } }
}
