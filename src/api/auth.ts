/** @module Who calls. One administrator with one key, until there are accounts. */
import { timingSafeEqual } from 'node:crypto'
import type { Config } from '../config.ts'
import { Problem } from './problem.ts'

/** A caller that was recognised. */
export type User = { id: string }

/** Made by the migration `administrator`. */
const ADMINISTRATOR: User = { id: 'usr_administrator' }

/**
 * The user whose key came as `Authorization: Bearer` (RFC 6750, 2.1).
 * @throws Problem 401 when there is none, or a wrong one.
 */
export async function authenticate(config: Config, request: Request): Promise<User> {
  const header = request.headers.get('authorization')
  if (header === null) {
    throw new Problem(401, 'Send the API key as "Authorization: Bearer KEY"', {
      headers: { 'www-authenticate': 'Bearer' },
    })
  }
  const key = /^Bearer +(\S+) *$/i.exec(header)?.[1] ?? ''
  if (!(await areEqual(key, config.adminKey))) {
    throw new Problem(401, 'The API key is not valid', {
      code: 'invalid_token',
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    })
  }
  return ADMINISTRATOR
}

/** In constant time: of the digests, which are equally long whatever is sent. */
async function areEqual(a: string, b: string): Promise<boolean> {
  const digest = (text: string) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const [digestA, digestB] = await Promise.all([digest(a), digest(b)])
  return timingSafeEqual(new Uint8Array(digestA), new Uint8Array(digestB))
}
