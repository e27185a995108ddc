/** @module /api/v1/users/me: one's own account. */
import * as v from 'valibot'
import { sessionsAtInstances } from '../db/connections.ts'
import { changeCredentials } from '../db/user-credentials.ts'
import { deleteUser, findUser, type User } from '../db/users.ts'
import { hashPassword, verifyPassword } from '../passwords.ts'
import { revokeSessions } from '../workers/revoke-sessions.ts'
import { sendAddressChange } from './account-mails.ts'
import { auditOf } from './audit-entry.ts'
import { type Input, noContent, ok, operation, userOf } from './operation.ts'
import { notFound, Problem } from './problem.ts'
import { ADMINISTRATOR_ID } from './request/caller.ts'
import { changedMeanwhile, checkIfMatch, revisionFor } from './request/conditional.ts'
import { invalid } from './request/validate.ts'
import { Email, exampleUser, GivenPassword, Password, ShownUser, showUser } from './user-view.ts'

export const accountOperations = [
  operation({
    id: 'getUserInfo',
    method: 'GET',
    path: '/api/v1/users/me',
    tag: 'Account',
    summary: 'Who one is',
    answers: { 200: { description: 'One’s account.', schema: ShownUser, example: exampleUser } },
    async handle(input) {
      return ok(showUser(await self(input)))
    },
  }),
  operation({
    id: 'putUserInfo',
    method: 'PUT',
    path: '/api/v1/users/me',
    tag: 'Account',
    summary: 'Change password or mail address',
    description:
      'Either needs the current password. A new password ends the session: log in again. A new address takes the place of the old one when it is verified, with the mail that is sent to it; the old one is told. A new password takes back an address that waits.',
    limit: 'token',
    body: v.strictObject({
      currentPassword: v.optional(GivenPassword),
      password: v.optional(Password),
      email: v.optional(Email),
    }),
    example: { currentPassword: 'correct horse', password: 'battery staple' },
    combine: ({ body }) =>
      (body.password !== undefined || body.email !== undefined) && body.currentPassword === undefined
        ? invalid('body', 'currentPassword', 'is missing: a new password or address needs it')
        : null,
    answers: { 204: { description: 'It is changed.' } },
    problems: [401, 409, 412, 'limiter_unavailable'],
    async handle(input) {
      const { body, deps, request } = input
      const user = await self(input)
      await checkIfMatch(request, showUser(user))
      if (body.password === undefined && body.email === undefined) return noContent
      const { ok: isRight } = await verifyPassword(body.currentPassword ?? '', user.passwordHash)
      if (!isRight) {
        throw new Problem(401, 'currentPassword is invalid', {
          headers: { 'www-authenticate': 'Bearer realm="tubewire"' },
        })
      }
      const changes = {
        passwordHash: body.password === undefined ? undefined : await hashPassword(body.password),
        // To name the address that one has takes back the one that waits.
        pendingEmail: body.email === user.email ? null : body.email,
      }
      const judged = { revision: user.revision, now: deps.clock() }
      if (!(await changeCredentials(deps.env.DB, user.id, changes, judged, auditOf(input, user.id))))
        throw changedMeanwhile(request)
      const { pendingEmail } = changes
      if (typeof pendingEmail === 'string')
        input.afterAnswer(() => sendAddressChange(input, user, pendingEmail))
      return noContent
    },
  }),
  operation({
    id: 'deleteUserInfo',
    method: 'DELETE',
    path: '/api/v1/users/me',
    tag: 'Account',
    summary: 'Delete one’s account',
    description: 'With endpoints, connections, keys and private events. The last administrator can not.',
    answers: { 204: { description: 'It is gone.' } },
    problems: [412, 'last_administrator', 'first_administrator'],
    async handle(input) {
      const user = await self(input)
      await removeUser(input, user)
      return noContent
    },
  }),
]

async function self(input: Pick<Input<unknown, unknown, unknown>, 'caller' | 'deps'>): Promise<User> {
  const { id } = userOf(input)
  const user = await findUser(input.deps.env.DB, id)
  if (!user) throw notFound(`user ${id}`)
  return user
}

/**
 * Deletes an account that is as the caller saw it.
 * @returns whether it was still there.
 * @throws Problem 412 or 409 when it is not, or may not go.
 */
export async function removeUser(input: Input<unknown, unknown, unknown>, user: User): Promise<boolean> {
  await checkIfMatch(input.request, showUser(user))
  // The account that the operator's key acts as.
  if (user.id === ADMINISTRATOR_ID)
    throw new Problem('first_administrator', 'The first administrator can not be deleted: block it instead')
  const revision = revisionFor(input.request, user)
  const sessions = await sessionsAtInstances(input.deps.env.DB, { ownerId: user.id })
  const deleted = await deleteUser(input.deps.env.DB, user.id, auditOf(input, user.id), revision)
  if (deleted === 'conflict') throw changedMeanwhile(input.request)
  if (deleted === 'last-administrator') throw lastAdministrator()
  if (deleted === 'deleted') input.inBackground(revokeSessions(input.deps, sessions))
  return deleted !== 'missing'
}

/** Somebody has to be able to look after the rest. */
export function lastAdministrator(): Problem {
  return new Problem('last_administrator', 'This is the last administrator: make another one first')
}
