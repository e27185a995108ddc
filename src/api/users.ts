/** @module /api/v1/users: everybody's accounts, for moderators and administrators. */
import * as v from 'valibot'
import { newId } from '../db/id.ts'
import {
  acceptUser,
  blockUser,
  findUser,
  insertUser,
  listUsers,
  USER_SORTS,
  type User,
  type UserChanges,
  unblockUser,
  updateUser,
} from '../db/users.ts'
import { hashPassword } from '../passwords.ts'
import { lastAdministrator, removeUser } from './account.ts'
import { sendAccepted, sendVerification } from './account-mails.ts'
import { auditOf } from './audit-entry.ts'
import { idParams, list, listQuery, text } from './fields.ts'
import { answerList, listQueryOf } from './lists.ts'
import { created, type Input, noContent, ok, operation, userOf } from './operation.ts'
import { invalidParams, notFound, Problem } from './problem.ts'
import { changedMeanwhile, changesAnything, checkIfMatch, revisionFor } from './request/conditional.ts'
import { invalid } from './request/validate.ts'
import { ROLES } from './rights.ts'
import { Email, exampleUser, Password, RoleId, ShownUser, showUser, Username } from './user-view.ts'

const params = idParams('usr', 'a user')
const one = { description: 'The account.', schema: ShownUser, example: exampleUser }

export const userOperations = [
  operation({
    id: 'getUsers',
    method: 'GET',
    path: '/api/v1/users',
    tag: 'Users',
    summary: 'List accounts',
    query: v.strictObject({
      ...listQuery(USER_SORTS),
      state: v.optional(
        v.picklist(
          ['active', 'waiting-for-email', 'waiting-for-approval'],
          'must be active, waiting-for-email or waiting-for-approval',
        ),
      ),
    }),
    answers: {
      200: {
        description: 'A page of accounts.',
        schema: list(ShownUser),
        example: { total: 1, data: [exampleUser] },
      },
    },
    async handle({ query, deps }) {
      return answerList(() => listUsers(deps.env.DB, { ...listQueryOf(query), state: query.state }), showUser)
    },
  }),
  operation({
    id: 'addUser',
    method: 'POST',
    path: '/api/v1/users',
    tag: 'Users',
    summary: 'Make an account',
    description: 'It can log in at once.',
    body: v.strictObject({
      username: Username,
      password: Password,
      email: v.optional(v.nullable(Email), null),
      role: v.optional(RoleId, 2),
    }),
    example: { username: 'alice', password: 'correct horse', email: 'alice@example.com', role: 2 },
    answers: { 201: { ...one, headers: { Location: 'Its path.' } } },
    problems: ['username_taken', 'email_taken'],
    async handle(input) {
      const { body, deps } = input
      const now = deps.clock()
      const id = newId('usr')
      const made = await insertUser(
        deps.env.DB,
        {
          id,
          username: body.username,
          email: body.email,
          passwordHash: await hashPassword(body.password),
          role: body.role,
          state: 'active',
          emailVerifiedAt: null,
          createdAt: now,
        },
        auditOf(input, id),
      )
      if (made === 'username-taken')
        throw new Problem('username_taken', `There is a user ${body.username} already`)
      if (made === 'email-taken') throw emailTaken()
      return created(`/api/v1/users/${id}`, showUser(made))
    },
  }),
  operation({
    id: 'getUser',
    method: 'GET',
    path: '/api/v1/users/:id',
    tag: 'Users',
    summary: 'One account',
    params,
    answers: { 200: one },
    problems: [404],
    async handle(input) {
      // A user's own; the others are as good as none.
      if (input.reach !== 'all' && input.params.id !== userOf(input).id)
        throw notFound(`user ${input.params.id}`)
      return ok(showUser(await find(input)))
    },
  }),
  operation({
    id: 'putUser',
    method: 'PUT',
    path: '/api/v1/users/:id',
    tag: 'Users',
    summary: 'Change an account',
    description: 'What is not named stays as it is, as in PeerTube. A new password ends the session.',
    params,
    body: v.strictObject({
      password: v.optional(Password),
      email: v.optional(v.nullable(Email)),
      emailVerified: v.optional(v.boolean('must be true or false')),
      role: v.optional(RoleId),
    }),
    example: { role: 1 },
    answers: { 204: { description: 'It is changed.' } },
    problems: [404, 409, 412, 'email_taken', 'last_administrator'],
    async handle(input) {
      const { body, deps, request } = input
      const user = await find(input)
      await checkIfMatch(request, showUser(user))
      const changes = {
        role: body.role,
        ...addressChanges(user, body, deps.clock()),
        passwordHash: body.password === undefined ? undefined : await hashPassword(body.password),
      }
      if (!changesAnything(user, changes)) return noContent
      const audit = auditOf(input, user.id)
      const updated = await updateUser(
        deps.env.DB,
        user.id,
        { ...changes, updatedAt: deps.clock() },
        user.revision,
        audit,
      )
      if (updated === 'conflict') throw changedMeanwhile(request)
      if (updated === 'missing') throw notFound(`user ${user.id}`)
      if (updated === 'email-taken') throw emailTaken()
      if (updated === 'last-administrator') throw lastAdministrator()
      return noContent
    },
  }),
  operation({
    id: 'delUser',
    method: 'DELETE',
    path: '/api/v1/users/:id',
    tag: 'Users',
    summary: 'Delete an account',
    description: 'With endpoints, connections, keys and private events. The instances that it added stay.',
    params,
    answers: { 204: { description: 'It is gone.' } },
    problems: [404, 412, 'last_administrator', 'first_administrator'],
    async handle(input) {
      const user = await find(input)
      if (!(await removeUser(input, user))) throw notFound(`user ${user.id}`)
      return noContent
    },
  }),
  operation({
    id: 'blockUser',
    method: 'POST',
    path: '/api/v1/users/:id/block',
    tag: 'Users',
    summary: 'Block an account',
    description:
      'Ends its session, its keys no longer hold, its endpoints are paused, and its connections are not read. A moderator blocks Users only.',
    params,
    body: v.strictObject({ reason: v.optional(v.pipe(text(250), v.description('Why.'))) }),
    isBodyOptional: true,
    example: { reason: 'Spam' },
    answers: { 204: { description: 'It is blocked.' } },
    problems: [404, 412, 'insufficient_rights', 'last_administrator'],
    async handle(input) {
      const { user, judged } = await judge(input)
      const block = { ...judged, reason: input.body.reason ?? null }
      const blocked = await blockUser(input.deps.env.DB, user.id, block, auditOf(input, user.id))
      if (blocked === 'last-administrator') throw lastAdministrator()
      if (typeof blocked === 'string') throw notJudged(input, blocked)
      return noContent
    },
  }),
  operation({
    id: 'unblockUser',
    method: 'POST',
    path: '/api/v1/users/:id/unblock',
    tag: 'Users',
    summary: 'Unblock an account',
    description: 'The endpoints that were paused with it go on, and its connections are read again.',
    params,
    answers: { 204: { description: 'It may log in again.' } },
    problems: [404, 412, 'insufficient_rights'],
    async handle(input) {
      const { user, judged } = await judge(input)
      const unblocked = await unblockUser(input.deps.env.DB, user.id, judged, auditOf(input, user.id))
      if (typeof unblocked === 'string') throw notJudged(input, unblocked)
      return noContent
    },
  }),
  operation({
    id: 'acceptUser',
    method: 'POST',
    path: '/api/v1/users/:id/accept',
    tag: 'Users',
    summary: 'Accept a registration',
    description:
      'Of an account that is waiting for approval. It can log in when its mail address is verified too. To reject it, an administrator deletes the account, or a moderator blocks it.',
    params,
    answers: { 204: { description: 'It is accepted.' } },
    problems: [404, 412],
    async handle(input) {
      const user = await find(input)
      await checkIfMatch(input.request, showUser(user))
      const judged = { now: input.deps.clock(), revision: revisionFor(input.request, user) }
      const accepted = await acceptUser(input.deps.env.DB, user.id, judged, auditOf(input, user.id))
      if (accepted === 'not-waiting') return noContent
      if (typeof accepted === 'string') throw notJudged(input, accepted)
      const { state, email, pendingEmail } = accepted
      const toVerify = email ?? pendingEmail
      if (state === 'active') input.afterAnswer(() => sendAccepted(input, accepted))
      else if (toVerify !== null) input.afterAnswer(() => sendVerification(input, accepted, toVerify))
      return noContent
    },
  }),
]

async function find({ params: { id }, deps }: OneUser): Promise<User> {
  const user = await findUser(deps.env.DB, id)
  if (!user) throw notFound(`user ${id}`)
  return user
}

type OneUser = Input<{ id: string }, unknown, unknown>

/**
 * The user whom a moderator or administrator judges, and what the judgement rests on.
 * @throws Problem 403 when a moderator judges one who is no User.
 */
async function judge(
  input: OneUser,
): Promise<{ user: User; judged: { now: number; onlyRole: number | null; revision: number | null } }> {
  const user = await find(input)
  const onlyRole = userOf(input).role === 'Moderator' ? ROLES.indexOf('User') : null
  if (onlyRole !== null && user.role !== onlyRole) throw notToJudge()
  await checkIfMatch(input.request, showUser(user))
  return { user, judged: { now: input.deps.clock(), onlyRole, revision: revisionFor(input.request, user) } }
}

function notJudged({ request, params }: OneUser, why: 'missing' | 'other-role' | 'conflict'): Problem {
  if (why === 'missing') return notFound(`user ${params.id}`)
  return why === 'conflict' ? changedMeanwhile(request) : notToJudge()
}

/**
 * What an administrator's word does to an address: one that he gives takes the place of all others; one that he calls
 * verified is the account's, and who waited for that is let in.
 * @throws Problem 400 when there is none to verify.
 */
function addressChanges(
  user: User,
  body: { email?: string | null | undefined; emailVerified?: boolean | undefined },
  now: number,
): Omit<UserChanges, 'updatedAt'> {
  const given = body.email
  const isGiven = given !== undefined
  const email = isGiven ? given : (user.email ?? (body.emailVerified ? user.pendingEmail : null))
  if (body.emailVerified && email === null)
    throw invalidParams(
      invalid('body', 'emailVerified', 'can not be true: the account has no mail address', true),
    )
  const waitsForNothing = body.emailVerified || (isGiven && email === null)
  return {
    ...(isGiven || email !== user.email ? { email, emailVerifiedAt: null, pendingEmail: null } : {}),
    ...(body.emailVerified === undefined ? {} : { emailVerifiedAt: body.emailVerified ? now : null }),
    ...(waitsForNothing && user.state === 'waiting-for-email' ? { state: 'active' as const } : {}),
  }
}

function notToJudge(): Problem {
  return new Problem('insufficient_rights', 'A moderator blocks Users only')
}

function emailTaken(): Problem {
  return new Problem('email_taken', 'Another account has this mail address')
}
