/** @module /api/v1/session: the session of a page in a browser, by a cookie that scripts can't read (docs/decisions/021-cookie-session.md). */
import * as v from 'valibot'
import { sessionExpiry } from '../db/sessions.ts'
import { Time, text } from './fields.ts'
import { noContent, operation } from './operation.ts'
import { userFrom } from './request/caller.ts'
import { endOfCookie, NO_COOKIE, sessionCookie } from './request/cookie.ts'
import { invalid } from './request/validate.ts'
import { ROLES } from './rights.ts'
import { issue, proveLink, provePassword, SESSION_MS, signIn, signOut } from './sign-in.ts'
import { time } from './time.ts'

const NOT_KEPT = { 'cache-control': 'no-store' }

const SessionInput = v.strictObject({
  username: v.optional(v.pipe(text(320), v.description('User name or mail address.'))),
  password: v.optional(v.pipe(text(1_000), v.description('With `username`.'))),
  code: v.optional(
    v.pipe(text(200), v.description('Instead of the two: what stands in a link of `addSignInLink`.')),
  ),
})

const SessionUser = v.strictObject({ id: v.string(), username: v.string(), role: v.picklist(ROLES) })
const exampleUser = { id: 'usr_9f86d081884c7d659a2feaa0', username: 'alice', role: 'User' }

export const browserSessionOperations = [
  operation({
    id: 'addSession',
    method: 'POST',
    path: '/api/v1/session',
    tag: 'Session',
    summary: 'Sign a browser in',
    description:
      'With a name and a password, or once with the code of a link. The token comes as a cookie that scripts can’t read, and holds for fourteen days; there is no refresh. It is the one session of the user, and ends the one before it, of a browser or of tokens. Not for pages of another origin.',
    limit: 'token',
    // Else a page elsewhere could sign its visitor in as somebody else, who then reads what the visitor does here.
    isForOurPages: true,
    isRepeatable: false,
    body: SessionInput,
    combine: ({ body: { username, password, code } }) => {
      if (code !== undefined && (username ?? password) !== undefined)
        return invalid('body', 'code', 'must not be combined with username and password')
      if (code !== undefined) return null
      if (username === undefined) return invalid('body', 'username', 'must be there, or else code')
      return password === undefined ? invalid('body', 'password', 'must be there') : null
    },
    example: { username: 'alice', password: 'correct horse' },
    answers: {
      200: {
        description: 'Who is signed in, and until when.',
        schema: v.strictObject({ user: SessionUser, expiresAt: Time }),
        headers: { 'Set-Cookie': 'The token.' },
        example: { user: exampleUser, expiresAt: '2026-12-09T10:00:00.000Z' },
      },
    },
    problems: [
      'invalid_grant',
      'invalid_link',
      'cross_origin',
      'account_blocked',
      'account_waiting_for_approval',
      'email_not_verified',
      'limiter_unavailable',
    ],
    async handle(input) {
      const { body, deps } = input
      const { username = '', password = '', code } = body
      const proof = await (code === undefined
        ? provePassword(input, { username, password })
        : proveLink(input, code))
      // Nobody is given the refresh token.
      const issued = await issue(deps.clock(), SESSION_MS)
      await signIn(input, proof, issued)
      return {
        status: 200,
        body: { user: userFrom(proof.user), expiresAt: time(issued.stored.accessExpiresAt) },
        headers: { ...NOT_KEPT, 'set-cookie': sessionCookie(issued.accessToken, SESSION_MS / 1000) },
      }
    },
  }),
  operation({
    id: 'getSession',
    method: 'GET',
    path: '/api/v1/session',
    tag: 'Session',
    summary: 'Who is signed in',
    description:
      'By this request: by its cookie, its token or its key. What a page asks first; it is never a 401.',
    answers: {
      200: {
        description: 'The user, or why there is none.',
        schema: v.strictObject({
          user: v.nullable(SessionUser),
          expiresAt: v.nullable(
            v.pipe(Time, v.description('Of a session: until when its cookie or access token holds.')),
          ),
          ended: v.nullable(
            v.pipe(
              v.picklist(['superseded', 'over']),
              v.description(
                'Of a cookie that no longer holds: `superseded` by a newer login, or `over` for another reason.',
              ),
            ),
          ),
        }),
        example: { user: exampleUser, expiresAt: '2026-12-09T10:00:00.000Z', ended: null },
      },
    },
    async handle({ caller, deps, request }) {
      if (caller.kind === 'anonymous') {
        const ended = await endOfCookie(deps, request)
        return { status: 200, body: { user: null, expiresAt: null, ended }, headers: NOT_KEPT }
      }
      const { user } = caller
      const expiresAt =
        caller.kind === 'user' && caller.via === 'session'
          ? await sessionExpiry(deps.env.DB, { userId: user.id, sessionId: caller.sessionId })
          : null
      return { status: 200, body: { user, expiresAt: time(expiresAt), ended: null }, headers: NOT_KEPT }
    },
  }),
  operation({
    id: 'delSession',
    method: 'DELETE',
    path: '/api/v1/session',
    tag: 'Session',
    summary: 'Sign out',
    description:
      'Ends the session that this is sent with, by cookie or by token, and takes the cookie away. One that is over already is a 401.',
    answers: {
      204: { description: 'The session is over.', headers: { 'Set-Cookie': 'None any more.' } },
    },
    async handle(input) {
      await signOut(input)
      return { ...noContent, headers: { 'set-cookie': NO_COOKIE } }
    },
  }),
]
