/** @module The first administrator's password: random, set once, and shown to whoever made the first start. */
import { randomBytes } from 'node:crypto'
import { type ApiClient, ApiError } from './api-client.ts'

const ADMINISTRATOR = 'usr_administrator'

/**
 * Gives the first administrator a password, unless there is one.
 * @returns how to log in, or null when there is nothing to tell.
 */
export async function firstPassword(api: ApiClient): Promise<{ username: string; password: string } | null> {
  const { username, hasPassword, etag } = await api.user(ADMINISTRATOR)
  if (hasPassword) return null
  const password = randomBytes(15).toString('base64url')
  try {
    await api.setPassword(ADMINISTRATOR, password, etag)
  } catch (error) {
    // Somebody else was quicker, and has been told.
    if (error instanceof ApiError && error.status === 412) return null
    throw error
  }
  return { username, password }
}
