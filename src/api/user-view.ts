/** @module How a user looks in answers, and what the fields of one must be. */
import * as v from 'valibot'
import type { User } from '../db/users.ts'
import { addressProblem } from '../mail/message.ts'
import { Time, text } from './fields.ts'
import { ROLES } from './rights.ts'
import { time } from './time.ts'

/** As PeerTube's. */
export const Username = v.pipe(
  v.string('must be a text'),
  v.toLowerCase(),
  v.regex(/^[a-z0-9._-]{1,50}$/, 'must be 1 to 50 letters a-z, digits, ".", "_" or "-"'),
  v.description('1 to 50 letters, digits, dots, underscores or hyphens. Upper case is lower case here.'),
)

export const Email = v.pipe(
  text(320),
  v.toLowerCase(),
  v.email('must be a mail address'),
  v.check((address) => addressProblem(address) === null, 'must be a mail address'),
  v.description('A mail address.'),
)

export const Password = v.pipe(
  text(255),
  v.minLength(8, 'must have at least 8 characters'),
  v.description('8 characters at least.'),
)

/** As it is sent: of a wrong one there is nothing to say but that it is wrong. */
export const GivenPassword = v.pipe(text(1_000), v.description('The password.'))

export const RoleId = v.pipe(
  v.picklist([0, 1, 2], 'must be 0 (Administrator), 1 (Moderator) or 2 (User)'),
  v.description('0 Administrator, 1 Moderator, 2 User.'),
)

export const ShownUser = v.strictObject({
  id: v.string(),
  username: v.string(),
  email: v.nullable(v.string()),
  pendingEmail: v.nullable(
    v.pipe(v.string(), v.description('Takes the place of `email` when it is verified.')),
  ),
  emailVerified: v.boolean(),
  hasPassword: v.pipe(v.boolean(), v.description('Without one nobody can log in.')),
  role: v.strictObject({ id: v.picklist([0, 1, 2]), label: v.picklist(ROLES) }),
  state: v.picklist(['active', 'waiting-for-email', 'waiting-for-approval']),
  blocked: v.boolean(),
  blockedReason: v.nullable(v.string()),
  createdAt: Time,
  updatedAt: Time,
  lastLoginDate: v.nullable(Time),
})

export const exampleUser = {
  id: 'usr_9f86d081884c7d659a2feaa0',
  username: 'alice',
  email: 'alice@example.com',
  pendingEmail: null,
  emailVerified: true,
  hasPassword: true,
  role: { id: 2, label: 'User' },
  state: 'active',
  blocked: false,
  blockedReason: null,
  createdAt: '2026-11-25T10:00:00.000Z',
  updatedAt: '2026-11-25T10:00:00.000Z',
  lastLoginDate: null,
}

/** A user as he and those who look after users see him. */
export function showUser(user: User) {
  return {
    id: user.id,
    username: user.username,
    email: user.email,
    pendingEmail: user.pendingEmail,
    emailVerified: user.emailVerifiedAt !== null,
    hasPassword: user.passwordHash !== null,
    role: { id: user.role, label: ROLES[user.role] },
    state: user.state,
    blocked: user.blockedAt !== null,
    blockedReason: user.blockedReason,
    createdAt: time(user.createdAt),
    updatedAt: time(user.updatedAt),
    lastLoginDate: time(user.lastLoginAt),
  }
}
