/**
 * @module What can go wrong that a status alone doesn't tell: each code is the end of a problem's `type`, an anchor of the
 * reference page, and a row of docs/api.md.
 */

/** Each code with its status, and what it means. */
export const PROBLEM_CODES = {
  invalid_request: { status: 400, means: 'A parameter of the token request is missing (RFC 6749, 5.2).' },
  invalid_client: {
    status: 400,
    means: 'The client of the token request is not the one of oauth-clients/local.',
  },
  invalid_grant: {
    status: 400,
    means:
      'User name and password do not match, or the refresh token is unknown, expired or was used before. One that was used before ends its session.',
  },
  unsupported_grant_type: { status: 400, means: 'The grant type is neither "password" nor "refresh_token".' },
  invalid_link: {
    status: 400,
    means: 'The code of the link is wrong, expired or was used before: ask for another link.',
  },
  invalid_verification: {
    status: 403,
    means: 'The verification string is wrong, expired or was used before: ask for another mail.',
  },
  unauthorized_request: { status: 401, means: 'The operation needs an access token or an API key.' },
  invalid_token: {
    status: 401,
    means:
      'The access token, cookie or API key is unknown, expired, revoked, or was replaced by a newer login.',
  },
  session_superseded: {
    status: 401,
    means: 'The session of the browser has ended, for a newer login has taken its place.',
  },
  cross_origin: {
    status: 403,
    means:
      'A page of another origin sent it, or it can not be told which: the cookie of a browser changes nothing then.',
  },
  insufficient_rights: { status: 403, means: 'The role of the user does not allow the operation.' },
  insufficient_scope: { status: 403, means: 'The API key does not have the scope that the operation needs.' },
  session_required: {
    status: 403,
    means: 'The operation is for people: it takes the access token of a session, and no API key.',
  },
  operator_required: {
    status: 403,
    means: 'It takes the operator’s key: the role of an account is not enough.',
  },
  registration_closed: {
    status: 403,
    means: 'Nobody may register here: the administrator makes the accounts.',
  },
  account_blocked: { status: 403, means: 'The password is right, and the account is blocked.' },
  account_waiting_for_approval: {
    status: 403,
    means: 'The password is right, and a moderator has not accepted the account yet.',
  },
  email_not_verified: {
    status: 403,
    means: 'The password is right, and the mail address has not been verified yet.',
  },
  already_watched: {
    status: 409,
    means: 'What was named is watched already, or a part of what is; `detail` says as what.',
  },
  last_source: {
    status: 409,
    means:
      'Without this one nothing of the instance would be read: add another first, or remove the instance.',
  },
  username_taken: { status: 409, means: 'Somebody has this user name.' },
  email_taken: { status: 409, means: 'Another account has this mail address.' },
  slug_taken: { status: 409, means: 'Another feed has this name in its address.' },
  last_administrator: {
    status: 409,
    means: 'Without this one there would be no administrator who can log in.',
  },
  first_administrator: {
    status: 409,
    means: 'The first administrator is whom the operator’s key acts as: it can be blocked, and not deleted.',
  },
  too_many: { status: 409, means: 'There are as many of these as the role of the user allows.' },
  owner_shut_out: {
    status: 409,
    means: 'The account whose it is, or would be, is blocked or not let in yet: unblock or accept it first.',
  },
  paused_by_moderator: {
    status: 409,
    means: 'A moderator paused the endpoint: only a moderator resumes it.',
  },
  too_many_streams: {
    status: 429,
    means: 'The account has as many streams and long polls open as it may: close one first.',
  },
  streams_full: {
    status: 503,
    means: 'As many streams are open here as there can be: come back after Retry-After.',
  },
  replay_running: {
    status: 409,
    means: 'A replay to the endpoint is running: wait until it is done, or cancel it.',
  },
  consumer_exists: {
    status: 409,
    means: 'You have a consumer of this name with another filter: change that one, or take another name.',
  },
  lease_lost: {
    status: 409,
    means:
      'The lease is over, and somebody else has what was leased, or the cursor was moved: read again, and do what comes then.',
  },
  not_handed_out: {
    status: 409,
    means: 'This sequence is beyond what the consumer has given out: acknowledge what was read with it.',
  },
  idempotency_in_progress: {
    status: 409,
    means: 'A request with this Idempotency-Key is being answered right now: ask again in a moment.',
  },
  idempotency_interrupted: {
    status: 409,
    means:
      'A request with this Idempotency-Key was interrupted: see whether it was done, and use another key if it was not.',
  },
  idempotency_other_request: { status: 422, means: 'This Idempotency-Key came with another request before.' },
  not_watched: { status: 422, means: 'The instance is not watched here: an administrator adds it first.' },
  login_wrong_password: {
    status: 422,
    means: 'The instance knows no such user, or the password is wrong.',
  },
  login_otp_required: {
    status: 422,
    means: 'The account has two-factor authentication: send the one-time password as `otp`.',
  },
  login_otp_wrong: { status: 422, means: 'The instance refused the one-time password: send a new one.' },
  login_blocked: { status: 422, means: 'The instance has blocked the account.' },
  login_waiting: { status: 422, means: 'The instance has not approved the account yet.' },
  login_rejected: { status: 422, means: 'The instance has refused to approve the account.' },
  login_email_not_verified: {
    status: 422,
    means: 'The instance waits for the mail address of the account to be verified.',
  },
  login_refused: {
    status: 422,
    means: 'The instance refuses the login for another reason: `detail` has it.',
  },
  not_verified: {
    status: 409,
    means: 'The target of the endpoint has not said yet that it wants to be sent to: verify it.',
  },
  not_there: {
    status: 422,
    means: 'The instance has no such channel, account or video that everybody may see.',
  },
  not_peertube: { status: 422, means: 'There is a server, and it is not PeerTube.' },
  too_old: { status: 422, means: 'The PeerTube there is older than 5.1.' },
  unreachable: { status: 422, means: 'There is no server at that address, or it closed the connection.' },
  timeout: { status: 422, means: 'The instance did not answer in time.' },
  tls: { status: 422, means: 'The TLS connection to the instance failed.' },
  redirect: {
    status: 422,
    means: 'The instance redirects to another address, and not for good, or to nothing that can be watched.',
  },
  http: { status: 422, means: 'The instance answered with an error.' },
  rate_limited: { status: 422, means: 'The instance answers that it was asked too often.' },
  too_large: { status: 422, means: 'The answer of the instance is too large to be one of PeerTube.' },
  schema: { status: 422, means: 'The answer of the instance is not what PeerTube answers.' },
  not_json: { status: 422, means: 'The instance answered without JSON.' },
  instance_busy: {
    status: 503,
    means: 'The instance has been asked enough for now: come back after Retry-After.',
  },
  limiter_unavailable: {
    status: 503,
    means: 'Logins can not be counted right now, so none is let through: try again.',
  },
  not_migrated: { status: 503, means: 'The database has no tables, or old ones.' },
  not_configured: { status: 503, means: 'The configuration is wrong: the log says what.' },
} as const satisfies Record<string, { status: number; means: string }>

export type ProblemCode = keyof typeof PROBLEM_CODES

/** The status that goes with a code. */
export function statusOf(code: ProblemCode): number {
  return PROBLEM_CODES[code].status
}

/** The code with this name, when there is one: names that come from elsewhere. */
export function problemCode(name: string): ProblemCode | null {
  return Object.hasOwn(PROBLEM_CODES, name) ? (name as ProblemCode) : null
}
