/** @module Tokens of people and keys of programs: random, known to their bearer only. What is stored is their digest. */
import { Buffer } from 'node:buffer'

/** 160 bits: nobody guesses one, so that a plain digest is enough where a password needs scrypt. */
const RANDOM_BYTES = 20

const API_KEY_PREFIX = 'tw_'

/** A token of a session or of a mail: 40 hexadecimal letters, as PeerTube's. */
export function newToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES))).toString('hex')
}

/** A key of a program: `tw_` and 40 hexadecimal letters, so that whoever finds one knows whose it is. */
export function newApiKey(): string {
  return API_KEY_PREFIX + newToken()
}

const FEED_SECRET_PREFIX = 'fs_'

/** What the address of a private feed has: `fs_` and 40 hexadecimal letters. */
export function newFeedSecret(): string {
  return FEED_SECRET_PREFIX + newToken()
}

/** Whether a text can be the secret of a feed. */
export function isFeedSecretShaped(text: string): boolean {
  return text.startsWith(FEED_SECRET_PREFIX) && isTokenShaped(text.slice(FEED_SECRET_PREFIX.length))
}

/** A path as it may be shown and logged: without the secret of a feed, however that is written. */
export function withoutSecrets(path: string): string {
  let decoded = path
  try {
    decoded = decodeURIComponent(path)
  } catch {
    // As it is: no address of a feed looks like that.
  }
  return /fs_/i.test(decoded) ? decoded.replace(/fs_[^/]*/gi, 'fs_…') : path
}

/** What is stored of a token or key: SHA-256, 64 hexadecimal letters. */
export async function digest(token: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))).toString('hex')
}

/** Whether a text can be a token at all: what can't costs no query. */
export function isTokenShaped(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

/** Whether a text can be the key of a program. */
export function isApiKeyShaped(text: string): boolean {
  return text.startsWith(API_KEY_PREFIX) && isTokenShaped(text.slice(API_KEY_PREFIX.length))
}
