/**
 * @module The mails of accounts. All of it happens after the answer, which is the same and as quick whether an address is
 * known here or not.
 */
import { insertMailToken } from '../db/mail-tokens.ts'
import { findUsersToVerify } from '../db/user-emails.ts'
import { findUserByEmail, type User } from '../db/users.ts'
import {
  accountAccepted,
  addressChange,
  alreadyRegistered,
  registrationWaiting,
  resetPassword,
  verifyEmail,
} from '../mail/messages.ts'
import { digest, newToken } from '../tokens.ts'
import type { Deps } from '../workers/deps.ts'
import { queueMail, sendDueMails } from '../workers/mails.ts'

/** How long a token of a mail holds. */
export const TOKEN_MINUTES = 60

type Context = { deps: Deps; origin: string }

/**
 * Has an address verified by whom it is to be of: he gets the token. If it is somebody's already, only that one learns of it.
 * Which of the two, nobody else can tell.
 */
export async function sendVerification(context: Context, user: User, email: string): Promise<void> {
  const owner = await findUserByEmail(context.deps.env.DB, email)
  if (owner && owner.id !== user.id) await send(context, email, alreadyRegistered(words(context, owner)))
  else await sendToken(context, user, email)
}

/** Tells a new user that he has to be accepted; his address is verified meanwhile. */
export async function sendWaiting(context: Context, user: User, email: string): Promise<void> {
  await sendVerification(context, user, email)
  await send(context, email, registrationWaiting(words(context, user)))
}

/** Has a new address verified, and warns at the one of now: it may be a thief who wants another. */
export async function sendAddressChange(context: Context, user: User, email: string): Promise<void> {
  await sendVerification(context, user, email)
  if (user.email !== null) await send(context, user.email, addressChange({ ...words(context, user), email }))
}

/** Tells a user that he was accepted. */
export async function sendAccepted(context: Context, user: User): Promise<void> {
  if (user.email !== null) await send(context, user.email, accountAccepted(words(context, user)))
}

/**
 * Sends the verification once more, if the address is of somebody who has to verify it.
 * @param userId who asks, if he is known.
 */
export async function sendVerificationAgain(
  context: Context,
  email: string,
  userId: string | null,
): Promise<void> {
  const users = await findUsersToVerify(context.deps.env.DB, email, userId)
  await Promise.all(users.map((user) => sendToken(context, user, email)))
}

/** Sends the token that lets somebody choose a new password, if the address is known. */
export async function sendReset(context: Context, email: string): Promise<void> {
  const user = await findUserByEmail(context.deps.env.DB, email)
  if (!user || user.blockedAt !== null) return
  const token = await issue(context.deps, user, 'reset-password', email)
  await send(context, email, resetPassword({ ...words(context, user), token, minutes: TOKEN_MINUTES }))
}

async function sendToken(context: Context, user: User, email: string): Promise<void> {
  const token = await issue(context.deps, user, 'verify-email', email)
  await send(context, email, verifyEmail({ ...words(context, user), token, minutes: TOKEN_MINUTES }))
}

function words({ origin }: Context, { id, username }: User) {
  return { publicUrl: origin, userId: id, username }
}

async function issue(
  { env, clock }: Deps,
  user: User,
  purpose: 'verify-email' | 'reset-password',
  email: string,
): Promise<string> {
  const token = newToken()
  const expiresAt = clock() + TOKEN_MINUTES * 60_000
  await insertMailToken(env.DB, { hash: await digest(token), userId: user.id, purpose, email, expiresAt })
  return token
}

async function send(
  { deps }: Context,
  recipient: string,
  mail: { subject: string; text: string },
): Promise<void> {
  await queueMail(deps, { recipient, ...mail })
  await sendDueMails(deps)
}
