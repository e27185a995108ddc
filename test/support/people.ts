/** @module People for tests of the API: users of each role, logged in without the cost of a password. */
import { env } from 'cloudflare:workers'
import { insertKey } from '../../src/db/api-keys.ts'
import { newId } from '../../src/db/id.ts'
import { startSession } from '../../src/db/sessions.ts'
import { insertUser } from '../../src/db/users.ts'
import { hashPassword } from '../../src/passwords.ts'
import { digest, newApiKey, newToken } from '../../src/tokens.ts'

/** Of every person here. */
export const PASSWORD = 'correct horse'
const ROLES = { Administrator: 0, Moderator: 1, User: 2 } as const
export type RoleName = keyof typeof ROLES

/** Quick to verify; real ones cost a hundred times as much. */
const CHEAP = { n: 16, r: 1, p: 1 }
let passwordHash: string | undefined

export type Person = { id: string; username: string; email: string; token: string; refreshToken: string }

/** Makes a user who can log in with PASSWORD. */
export async function person(
  username: string,
  role: RoleName = 'User',
  more: { email?: string | null; state?: 'active' | 'waiting-for-email' | 'waiting-for-approval' } = {},
): Promise<Omit<Person, 'token' | 'refreshToken'>> {
  passwordHash ??= await hashPassword(PASSWORD, CHEAP)
  const email = more.email === undefined ? `${username}@example.com` : more.email
  const made = await insertUser(env.DB, {
    id: newId('usr'),
    username,
    email,
    passwordHash,
    role: ROLES[role],
    state: more.state ?? 'active',
    emailVerifiedAt: null,
    createdAt: Date.now(),
  })
  if (typeof made === 'string') throw new Error(`${username}: ${made}`)
  return { id: made.id, username, email: email ?? '' }
}

/** Makes a user with a session. */
export async function loggedIn(username: string, role: RoleName = 'User'): Promise<Person> {
  const made = await person(username, role)
  return { ...made, ...(await session(made.id)) }
}

/** Begins a session. @param expiresAt of both its tokens, milliseconds since the epoch. */
export async function session(
  userId: string,
  expiresAt = Date.now() + 3_600_000,
): Promise<{ token: string; refreshToken: string }> {
  const [token, refreshToken] = [newToken(), newToken()]
  const isStarted = await startSession(env.DB, {
    userId,
    sessionId: newId('ses'),
    accessHash: await digest(token),
    refreshHash: await digest(refreshToken),
    accessExpiresAt: expiresAt,
    refreshExpiresAt: expiresAt,
    now: Date.now(),
  })
  if (!isStarted) throw new Error(`${userId} can't log in`)
  return { token, refreshToken }
}

/** Makes an API key. @returns its id, and itself. */
export async function apiKey(
  ownerId: string,
  scopes: readonly string[],
  more: { rateLimit?: number; expiresAt?: number } = {},
): Promise<{ id: string; key: string }> {
  const key = newApiKey()
  const id = newId('key')
  const now = Date.now()
  await insertKey(env.DB, {
    id,
    ownerId,
    name: 'A key',
    hash: await digest(key),
    hint: key.slice(0, 7),
    scopes: [...scopes],
    rateLimit: more.rateLimit ?? null,
    expiresAt: more.expiresAt ?? null,
    createdAt: now,
  })
  return { id, key }
}

/** Headers of somebody who sends JSON. */
export function as(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
}
