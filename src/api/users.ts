/** @module /api/v1/users: everybody's accounts, for moderators and administrators. */
import * as v from 'valibot'
import { newId } from '../db/id.ts'
import { setPassword } from '../db/user-passwords.ts'
import {
  acceptUser,
  blockUser,
  deleteUser,
  findUser,
  insertUser,
  listUsers,
  USER_SORTS,
  type User,
  unblockUser,
  updateUser,
} from '../db/users.ts'
import { hashPassword } from '../passwords.ts'
import { lastAdministrator, refuseFirst } from './account.ts'
import { sendAccepted, sendVerification } from './account-mails.ts'
import { auditOf } from './audit-entry.ts'
import { idParams, list, listQuery, text } from './fields.ts'
import { answerList, listQueryOf } from './lists.ts'
import { created, type Input, noContent, ok, operation, userOf } from './operation.ts'
import { notFound, Problem } from './problem.ts'
import { changedMeanwhile, checkIfMatch, revisionFor } from './request/conditional.ts'
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
      const now = deps.clock()
      const { DB } = deps.env
      const updated = await updateUser(
        DB,
        user.id,
        {
          updatedAt: now,
          role: body.role,
          ...(body.email === undefined
            ? {}
            : { email: body.email, emailVerifiedAt: null, pendingEmail: null }),
          ...(body.emailVerified === undefined ? {} : { emailVerifiedAt: body.emailVerified ? now : null }),
        },
        user.revision,
        auditOf(input, user.id),
      )
      if (updated === 'conflict') throw changedMeanwhile(request)
      if (updated === 'missing') throw notFound(`user ${user.id}`)
      if (updated === 'email-taken') throw emailTaken()
      if (updated === 'last-administrator') throw lastAdministrator()
      if (body.password !== undefined) {
        const hash = await hashPassword(body.password)
        if (!(await setPassword(DB, user.id, hash, { endSession: true, now })))
          throw notFound(`user ${user.id}`)
      }
      return noContent
    },
  }),
  operation({
    id: 'delUser',
    method: 'DELETE',
    path: '/api/v1/users/:id',
    tag: 'Users',
    summary: 'Delete an account',
    description: 'With endpoints, keys and private events. The instances that it added stay.',
    params,
    answers: { 204: { description: 'It is gone.' } },
    problems: [404, 412, 'last_administrator', 'first_administrator'],
    async handle(input) {
      const user = await find(input)
      await checkIfMatch(input.request, showUser(user))
      refuseFirst(user)
      const revision = revisionFor(input.request, user)
      const deleted = await deleteUser(input.deps.env.DB, user.id, auditOf(input, user.id), revision)
      if (deleted === 'conflict') throw changedMeanwhile(input.request)
      if (deleted === 'last-administrator') throw lastAdministrator()
      if (deleted === 'missing') throw notFound(`user ${user.id}`)
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
      'Ends its session, its keys no longer hold, and its endpoints are paused. A moderator blocks Users only.',
    params,
    body: v.strictObject({ reason: v.optional(v.pipe(text(250), v.description('Why.'))) }),
    isBodyOptional: true,
    example: { reason: 'Spam' },
    answers: { 204: { description: 'It is blocked.' } },
    problems: [404, 412, 'insufficient_rights', 'last_administrator'],
    async handle(input) {
      const user = await findToJudge(input)
      const onlyRole = userOf(input).role === 'Moderator' ? ROLES.indexOf('User') : null
      const block = { reason: input.body.reason ?? null, now: input.deps.clock(), onlyRole }
      const blocked = await blockUser(input.deps.env.DB, user.id, block, auditOf(input, user.id))
      if (blocked === 'last-administrator') throw lastAdministrator()
      if (blocked === 'missing') throw notFound(`user ${user.id}`)
      if (blocked === 'other-role') throw notToJudge()
      return noContent
    },
  }),
  operation({
    id: 'unblockUser',
    method: 'POST',
    path: '/api/v1/users/:id/unblock',
    tag: 'Users',
    summary: 'Unblock an account',
    description: 'The endpoints that were paused with it go on.',
    params,
    answers: { 204: { description: 'It may log in again.' } },
    problems: [404, 412, 'insufficient_rights'],
    async handle(input) {
      const user = await findToJudge(input)
      await unblockUser(input.deps.env.DB, user.id, { now: input.deps.clock() }, auditOf(input, user.id))
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
      'Of an account that is waiting for approval. It can log in when its mail address is verified too. To reject it, delete the account.',
    params,
    answers: { 204: { description: 'It is accepted.' } },
    problems: [404, 412],
    async handle(input) {
      const user = await find(input)
      await checkIfMatch(input.request, showUser(user))
      const { DB } = input.deps.env
      const accepted = await acceptUser(DB, user.id, { now: input.deps.clock() }, auditOf(input, user.id))
      if (typeof accepted === 'string') return noContent
      const { email } = accepted
      if (accepted.state === 'active') input.inBackground(sendAccepted(input, accepted))
      else if (email !== null) input.inBackground(sendVerification(input, user, email))
      return noContent
    },
  }),
]

async function find({ params: { id }, deps }: Input<{ id: string }, unknown, unknown>): Promise<User> {
  const user = await findUser(deps.env.DB, id)
  if (!user) throw notFound(`user ${id}`)
  return user
}

/** The user whom a moderator or administrator judges. @throws Problem 403 when a moderator judges one who is no User. */
async function findToJudge(input: Input<{ id: string }, unknown, unknown>): Promise<User> {
  const user = await find(input)
  if (userOf(input).role === 'Moderator' && ROLES[user.role] !== 'User') throw notToJudge()
  await checkIfMatch(input.request, showUser(user))
  return user
}

function notToJudge(): Problem {
  return new Problem('insufficient_rights', 'A moderator blocks Users only')
}

function emailTaken(): Problem {
  return new Problem('email_taken', 'Another account has this mail address')
}
