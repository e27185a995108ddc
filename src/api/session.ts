/** @module Logging in as PeerTube does it: OAuth 2.0 with a password (RFC 6749, 4.3), errors as PeerTube answers them. */
import * as v from 'valibot'
import { insertAudit } from '../db/audit.ts'
import { rotateSession } from '../db/sessions.ts'
import { digest } from '../tokens.ts'
import { auditOf } from './audit-entry.ts'
import { text } from './fields.ts'
import { type Answer, type Input, ok, operation } from './operation.ts'
import { Problem } from './problem.ts'
import { type Issued, issue, provePassword, SESSION_MS, signIn, signOut } from './sign-in.ts'

const ACCESS_MS = 24 * 3_600_000

/**
 * The client of this service. It is a public one (RFC 6749, 2.1): everybody gets its secret from `oauth-clients/local`, so
 * there is nothing to hide in it.
 */
const CLIENT = { client_id: 'tubewire', client_secret: 'public' }

// Unknown parameters are ignored, as RFC 6749, 3.2 demands, and what is missing is named as OAuth names it.
const TokenRequest = v.object({
  client_id: v.optional(text(200)),
  client_secret: v.optional(text(200)),
  grant_type: v.optional(v.pipe(text(100), v.description('`password` or `refresh_token`.'))),
  username: v.optional(v.pipe(text(320), v.description('User name or mail address.'))),
  password: v.optional(v.pipe(text(1_000), v.description('With the grant type `password`.'))),
  refresh_token: v.optional(v.pipe(text(200), v.description('With the grant type `refresh_token`.'))),
  response_type: v.optional(
    v.pipe(text(100), v.description('PeerTube’s clients send `code`; it means nothing.')),
  ),
})

const Tokens = v.strictObject({
  token_type: v.literal('Bearer'),
  access_token: v.string(),
  refresh_token: v.string(),
  expires_in: v.pipe(v.number(), v.integer(), v.description('Seconds.')),
  refresh_token_expires_in: v.pipe(v.number(), v.integer(), v.description('Seconds.')),
})

type TokenInput = Input<undefined, undefined, v.InferOutput<typeof TokenRequest>>

export const sessionOperations = [
  operation({
    id: 'getOAuthClient',
    method: 'GET',
    path: '/api/v1/oauth-clients/local',
    tag: 'Session',
    summary: 'The client to log in with',
    description: 'Only under the address of this service.',
    answers: {
      200: {
        description: 'The client.',
        schema: v.strictObject({ client_id: v.string(), client_secret: v.string() }),
        example: CLIENT,
      },
    },
    problems: [403],
    async handle({ request, deps }) {
      const { host } = new URL(request.url)
      const { publicUrl } = deps.config
      // A page that was loaded under another name must not log anybody in here.
      if (publicUrl !== null && new URL(publicUrl).host !== host)
        throw new Problem(403, `Getting client tokens for host ${host} is forbidden`)
      return ok(CLIENT)
    },
  }),
  operation({
    id: 'getOAuthToken',
    method: 'POST',
    path: '/api/v1/users/token',
    tag: 'Session',
    summary: 'Log in, or go on with a refresh token',
    description:
      'One session a user: a login ends the session before it. A refresh ends the tokens that it was made with. A refresh token that comes a second time ends its session: one of the two who have it is a thief.',
    limit: 'token',
    isRepeatable: false,
    bodyType: 'form',
    body: TokenRequest,
    example: { ...CLIENT, grant_type: 'password', username: 'alice', password: 'correct horse' },
    answers: {
      200: {
        description: 'The tokens.',
        schema: Tokens,
        example: {
          token_type: 'Bearer',
          access_token: '0123456789abcdef0123456789abcdef01234567',
          refresh_token: '76543210fedcba9876543210fedcba9876543210',
          expires_in: 86_400,
          refresh_token_expires_in: 1_209_600,
        },
      },
    },
    problems: [
      'invalid_request',
      'invalid_client',
      'invalid_grant',
      'unsupported_grant_type',
      'account_blocked',
      'account_waiting_for_approval',
      'email_not_verified',
      'limiter_unavailable',
    ],
    async handle(input) {
      const { body } = input
      const grantType = need(body, 'grant_type')
      if (
        need(body, 'client_id') !== CLIENT.client_id ||
        need(body, 'client_secret') !== CLIENT.client_secret
      )
        throw new Problem('invalid_client', 'Invalid client: client is invalid')
      if (grantType === 'password') return logIn(input)
      if (grantType === 'refresh_token') return refresh(input)
      throw new Problem('unsupported_grant_type', 'Unsupported grant type: `grant_type` is invalid')
    },
  }),
  operation({
    id: 'revokeOAuthToken',
    method: 'POST',
    path: '/api/v1/users/revoke-token',
    tag: 'Session',
    summary: 'Log out',
    description: 'Ends the session with both its tokens.',
    isRepeatable: false,
    answers: {
      200: {
        description: 'The session is over.',
        schema: v.strictObject({ success: v.literal(true) }),
        example: { success: true },
      },
    },
    async handle(input) {
      await signOut(input)
      return ok({ success: true })
    },
  }),
]

/** @throws Problem `invalid_request`, in PeerTube's words. */
function need(body: TokenInput['body'], name: keyof TokenInput['body']): string {
  const value = body[name]
  if (!value) throw new Problem('invalid_request', `Missing parameter: \`${name}\``)
  return value
}

async function logIn(input: TokenInput): Promise<Answer> {
  const username = need(input.body, 'username')
  const proof = await provePassword(input, { username, password: need(input.body, 'password') })
  const issued = await issue(input.deps.clock(), ACCESS_MS)
  await signIn(input, proof, issued)
  return tokenAnswer(issued)
}

async function refresh(input: TokenInput): Promise<Answer> {
  const { body, deps } = input
  const issued = await issue(deps.clock(), ACCESS_MS)
  const refreshHash = await digest(need(body, 'refresh_token'))
  const { accessHash, refreshHash: newRefreshHash, ...times } = issued.stored
  const rotation = { refreshHash, newAccessHash: accessHash, newRefreshHash, ...times }
  const rotated = await rotateSession(deps.env.DB, rotation)
  if (rotated.kind === 'replayed' && rotated.userId !== null) {
    const { userId } = rotated
    input.inBackground(insertAudit(deps.env.DB, { ...auditOf(input, userId), success: false }))
  }
  if (rotated.kind !== 'rotated')
    throw new Problem('invalid_grant', 'Invalid grant: refresh token is invalid')
  return tokenAnswer(issued)
}

/** RFC 6749, 5.1. */
function tokenAnswer({ accessToken, refreshToken }: Issued): Answer {
  return {
    status: 200,
    body: {
      token_type: 'Bearer',
      access_token: accessToken,
      refresh_token: refreshToken,
      expires_in: ACCESS_MS / 1000,
      refresh_token_expires_in: SESSION_MS / 1000,
    },
    headers: { 'cache-control': 'no-store', pragma: 'no-cache' },
  }
}
