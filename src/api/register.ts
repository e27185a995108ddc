/** @module Signing up, verifying a mail address, and a forgotten password. No answer tells whether an address is known. */
import * as v from 'valibot'
import { newId } from '../db/id.ts'
import { isMailTokenGood, type ShownToken } from '../db/mail-tokens.ts'
import { resetPassword } from '../db/user-credentials.ts'
import { confirmEmail } from '../db/user-emails.ts'
import { findUserByName, insertUser, type User } from '../db/users.ts'
import { hashPassword } from '../passwords.ts'
import { digest } from '../tokens.ts'
import {
  sendReset,
  sendVerification,
  sendVerificationAgain,
  sendWaiting,
  TOKEN_MINUTES,
} from './account-mails.ts'
import { auditOf } from './audit-entry.ts'
import { idParams, text } from './fields.ts'
import { type Input, noContent, operation } from './operation.ts'
import { Problem } from './problem.ts'
import { ROLES } from './rights.ts'
import { Email, Password, Username } from './user-view.ts'

const VerificationString = v.pipe(
  text(100),
  v.minLength(1, 'is missing'),
  v.description('From the mail. It can be used once.'),
)
const AddressBody = v.strictObject({ email: Email })
const address = { email: 'alice@example.com' }
const verificationString = '0123456789abcdef0123456789abcdef01234567'

export const registerOperations = [
  operation({
    id: 'registerUser',
    method: 'POST',
    path: '/api/v1/users/register',
    tag: 'Register',
    summary: 'Register',
    description:
      'Where the administrator allows it (`signup` of the configuration). The address has to be verified with the mail that is sent to it; with `approval` a moderator has to accept the account too.',
    limit: 'register',
    body: v.strictObject({ username: Username, password: Password, email: Email }),
    example: { username: 'alice', password: 'correct horse', ...address },
    answers: { 204: { description: 'Look into your mail.' } },
    problems: ['registration_closed', 'username_taken'],
    async handle(input) {
      const { body, deps } = input
      const { signup } = deps.config
      if (signup === 'closed')
        throw new Problem(
          'registration_closed',
          'User registration is not enabled here: ask the administrator',
        )
      // Before the password is hashed, which costs much.
      const namesake = await findUserByName(deps.env.DB, body.username)
      if (namesake?.username === body.username) throw usernameTaken(body.username)
      const id = newId('usr')
      const made = await insertUser(
        deps.env.DB,
        {
          id,
          username: body.username,
          // Whose it is shows when it is verified: until then this takes as long, and does the same, for every address.
          pendingEmail: body.email,
          passwordHash: await hashPassword(body.password),
          role: ROLES.indexOf('User'),
          state: signup === 'approval' ? 'waiting-for-approval' : 'waiting-for-email',
          createdAt: deps.clock(),
        },
        auditOf(input, id),
      )
      if (typeof made === 'string') throw usernameTaken(body.username)
      const mailed = signup === 'approval' ? sendWaiting : sendVerification
      input.afterAnswer(() => mailed(input, made, body.email))
      return noContent
    },
  }),
  operation({
    id: 'resendEmailToVerifyUser',
    method: 'POST',
    path: '/api/v1/users/ask-send-verify-email',
    tag: 'Register',
    summary: 'Send the verification mail again',
    description: 'The answer is the same whether the address is known or not.',
    limit: 'verifyEmail',
    body: AddressBody,
    example: address,
    answers: { 204: { description: 'If the address waits to be verified, a mail is on its way.' } },
    async handle(input) {
      const userId = input.caller.kind === 'user' ? input.caller.user.id : null
      input.afterAnswer(() => sendVerificationAgain(input, input.body.email, userId))
      return noContent
    },
  }),
  operation({
    id: 'verifyUser',
    method: 'POST',
    path: '/api/v1/users/:id/verify-email',
    tag: 'Register',
    summary: 'Verify a mail address',
    description: `With the string of the mail, which holds for ${TOKEN_MINUTES} minutes.`,
    params: idParams('usr', 'a user'),
    body: v.strictObject({
      verificationString: VerificationString,
      isPendingEmail: v.optional(
        v.pipe(v.boolean('must be true or false'), v.description('As in PeerTube; it changes nothing here.')),
      ),
    }),
    example: { verificationString },
    answers: { 204: { description: 'The address is verified.' } },
    problems: ['invalid_verification', 'email_taken'],
    async handle(input) {
      await verifyAddress(input, input.params.id, input.body.verificationString)
      return noContent
    },
  }),
  operation({
    id: 'askResetPassword',
    method: 'POST',
    path: '/api/v1/users/ask-reset-password',
    tag: 'Register',
    summary: 'Ask for a new password',
    description: 'The answer is the same whether the address is known or not.',
    limit: 'verifyEmail',
    body: AddressBody,
    example: address,
    answers: { 204: { description: 'If the address is known, a mail is on its way.' } },
    async handle(input) {
      input.afterAnswer(() => sendReset(input, input.body.email))
      return noContent
    },
  }),
  operation({
    id: 'resetPassword',
    method: 'POST',
    path: '/api/v1/users/:id/reset-password',
    tag: 'Register',
    summary: 'Choose a new password',
    description: 'With the string of the mail. Whoever is logged in is logged out.',
    params: idParams('usr', 'a user'),
    body: v.strictObject({ verificationString: VerificationString, password: Password }),
    example: { verificationString, password: 'correct horse' },
    answers: { 204: { description: 'The password is changed.' } },
    problems: ['invalid_verification'],
    async handle(input) {
      const { verificationString: token, password } = input.body
      await choosePassword(input, input.params.id, token, password)
      return noContent
    },
  }),
]

type Request = Pick<Input<unknown, unknown, unknown>, 'caller' | 'deps' | 'operation' | 'requestId'>

/**
 * Verifies the address that a token was sent to.
 * @returns in which state the account is now.
 * @throws Problem 403 when the token is not one of this user, or was used; 409 when another account has the address now.
 */
export async function verifyAddress(input: Request, userId: string, token: string): Promise<User['state']> {
  const shown = await shownToken(input, userId, 'verify-email', token)
  const confirmed = await confirmEmail(input.deps.env.DB, shown, auditOf(input, userId))
  if (confirmed === 'email-taken')
    throw new Problem('email_taken', 'Another account verified this address meanwhile')
  if (confirmed === 'invalid') throw invalidVerification()
  return confirmed
}

/**
 * Sets the password of whom a token was sent to, and ends his session.
 * @throws Problem 403 when the token is not one of this user, or was used.
 */
export async function choosePassword(
  input: Request,
  userId: string,
  token: string,
  password: string,
): Promise<void> {
  const { DB } = input.deps.env
  const shown = await shownToken(input, userId, 'reset-password', token)
  // Before the password is hashed, which costs much.
  if (!(await isMailTokenGood(DB, shown))) throw invalidVerification()
  const hash = await hashPassword(password)
  if (!(await resetPassword(DB, shown, hash, auditOf(input, userId)))) throw invalidVerification()
}

async function shownToken(
  { deps }: Request,
  userId: string,
  purpose: 'verify-email' | 'reset-password',
  token: string,
): Promise<ShownToken> {
  return { hash: await digest(token), userId, purpose, now: deps.clock() }
}

function usernameTaken(username: string): Problem {
  return new Problem('username_taken', `There is a user ${username} already`)
}

/** The same for an unknown user and for a wrong string. */
function invalidVerification(): Problem {
  return new Problem(
    'invalid_verification',
    'The verification string is wrong, expired or was used: ask for another mail',
  )
}
