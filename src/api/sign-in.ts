/** @module Signing in and out, whatever the caller is given for it: tokens (session.ts) or a cookie (browser-session.ts). */
import { type AuditEntry, insertAudit } from '../db/audit.ts'
import { newId } from '../db/id.ts'
import { endSession, startSession } from '../db/sessions.ts'
import { findUserByLink } from '../db/sign-in-links.ts'
import { rehashPassword } from '../db/user-credentials.ts'
import { findUserByName, type User } from '../db/users.ts'
import { hashPassword, verifyPassword } from '../passwords.ts'
import { digest, isTokenShaped, newToken } from '../tokens.ts'
import { auditOf } from './audit-entry.ts'
import type { Input } from './operation.ts'
import { Problem } from './problem.ts'

type AnyInput = Input<unknown, unknown, unknown>

/** How long a session goes on without its user: as long as its refresh token is good. */
export const SESSION_MS = 14 * 24 * 3_600_000

/** Who signs in, and by what. */
export type Proof = {
  user: User
  /** What must still be so when the session starts. */
  judged: { passwordHash?: string; linkHash?: string }
  /** What is said when it no longer is. */
  refusal: () => Problem
  /** What there is to do when the session has started, which it does not wait for. */
  afterwards?: () => Promise<unknown>
}

/**
 * Proves somebody by name and password. It takes as long when there is no such user.
 * @throws Problem `invalid_grant`; to whom has the password, that the account is not let in.
 */
export async function provePassword(
  input: AnyInput,
  { username, password }: { username: string; password: string },
): Promise<Proof> {
  const { DB } = input.deps.env
  const refusal = () => new Problem('invalid_grant', 'Invalid grant: user credentials are invalid')
  const user = await findUserByName(DB, username.toLowerCase())
  // For an unknown user too, so that the time it takes tells nothing.
  const { ok: isRight, needsRehash } = await verifyPassword(password, user?.passwordHash ?? null)
  if (!user || !isRight) {
    if (user)
      input.afterAnswer(() =>
        insertAudit(DB, { ...signInAudit(input, user), userId: null, username: null, success: false }),
      )
    throw refusal()
  }
  refuseInactive(user)
  const { id, passwordHash } = user
  const rehash = async () => rehashPassword(DB, id, await hashPassword(password), passwordHash ?? '')
  return {
    user,
    judged: passwordHash === null ? {} : { passwordHash },
    refusal,
    ...(needsRehash ? { afterwards: rehash } : {}),
  }
}

/**
 * Proves somebody by the code of a link.
 * @throws Problem `invalid_link`; to whom has a good one, that the account is not let in.
 */
export async function proveLink(input: AnyInput, code: string): Promise<Proof> {
  const { env, clock } = input.deps
  const refusal = () =>
    new Problem(
      'invalid_link',
      'The link is wrong, older than an hour, or was used before. Another one: start Tubewire again with "npm start", which prints it, or run "npm run sign-in", or POST /api/v1/session/links',
    )
  // What has not the shape of a code costs no query.
  if (!isTokenShaped(code)) throw refusal()
  const linkHash = await digest(code)
  const user = await findUserByLink(env.DB, linkHash, clock())
  if (!user) throw refusal()
  refuseInactive(user)
  return { user, judged: { linkHash }, refusal }
}

/** Only to whom has proved himself is it said that the account is blocked or waits. */
function refuseInactive(user: User): void {
  if (user.blockedAt !== null) throw new Problem('account_blocked', 'This account is blocked')
  if (user.state === 'waiting-for-approval')
    throw new Problem('account_waiting_for_approval', 'A moderator has not accepted this account yet')
  if (user.state === 'waiting-for-email')
    throw new Problem('email_not_verified', 'The mail address of this account has not been verified yet')
}

/** The tokens of a session, and what is stored of them. Times are milliseconds since the epoch. */
export type Issued = {
  accessToken: string
  refreshToken: string
  stored: {
    accessHash: string
    refreshHash: string
    accessExpiresAt: number
    refreshExpiresAt: number
    now: number
  }
}

/** Makes the tokens of a session. @param accessMs how long the access token is good for. */
export async function issue(now: number, accessMs: number): Promise<Issued> {
  const [accessToken, refreshToken] = [newToken(), newToken()]
  const [accessHash, refreshHash] = await Promise.all([digest(accessToken), digest(refreshToken)])
  return {
    accessToken,
    refreshToken,
    stored: {
      accessHash,
      refreshHash,
      accessExpiresAt: now + accessMs,
      refreshExpiresAt: now + SESSION_MS,
      now,
    },
  }
}

/** Starts the session, and ends the one before it. @throws Problem when what was proved no longer holds. */
export async function signIn(input: AnyInput, proof: Proof, { stored }: Issued): Promise<void> {
  const { user, judged, refusal, afterwards } = proof
  const session = { userId: user.id, sessionId: newId('ses'), ...stored, ...judged }
  const by = judged.linkHash === undefined ? {} : { via: 'link' }
  const audit = { ...signInAudit(input, user), ...by }
  // Blocked between the two: as if it had been before.
  if (!(await startSession(input.deps.env.DB, session, audit))) throw refusal()
  if (afterwards) input.inBackground(afterwards())
}

/** Ends the session that the caller called with. @throws Problem `session_required` of the operator's key. */
export async function signOut(input: AnyInput): Promise<void> {
  const { caller } = input
  if (caller.kind !== 'user' || caller.via !== 'session')
    throw new Problem('session_required', 'The operator’s key is no session: there is nothing to end')
  const { user, sessionId } = caller
  await endSession(input.deps.env.DB, { userId: user.id, sessionId }, auditOf(input, user.id))
}

/** The entry of a login. Whoever else the request says that it is from has nothing to do with it. */
function signInAudit({ caller, ...input }: AnyInput, { id, username }: User): AuditEntry {
  const nobody = { kind: 'anonymous', address: caller.address } as const
  return { ...auditOf({ ...input, caller: nobody }, id), userId: id, username }
}
