/**
 * @module Passwords at rest: scrypt (RFC 7914), with the parameters beside the hash, so that they can be raised one day and
 * old hashes still be checked. What a check costs tells nothing: an unknown user takes as long as a known one.
 */
import { Buffer } from 'node:buffer'
import { scrypt, timingSafeEqual } from 'node:crypto'

/** What one hash costs: 128 · n · r bytes of memory, and p times the work of filling them. */
export type ScryptCost = { n: number; r: number; p: number }

/** 16 MiB, and about 0.15 s of a CPU: what OWASP asks for where 128 MiB can't be had, as in a Worker. */
export const DEFAULT_COST: ScryptCost = { n: 2 ** 14, r: 8, p: 5 }

const SALT_BYTES = 16
const KEY_BYTES = 32
/** Of a stored hash: more memory than this is refused, whoever wrote it. A Worker has 128 MiB for everything. */
const MAX_MEMORY_BYTES = 64 * 1024 * 1024
/** RFC 7914 allows more; nobody here stores more. */
const MAX_P = 16

/** scrypt itself. Handed in so that tests can count the work instead of measuring time. */
export type Derive = (password: string, salt: Uint8Array, cost: ScryptCost) => Promise<Uint8Array>

/**
 * Hashes a password: `scrypt$N$r$p$salt$hash`, the last two base64url.
 * @param password as typed. The same letters written otherwise (NFKC) are the same password.
 */
export async function hashPassword(password: string, cost: ScryptCost = DEFAULT_COST): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const hash = await derive(password, salt, cost)
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
  return ['scrypt', cost.n, cost.r, cost.p, base64(salt), base64(hash)].join('$')
}

/**
 * Whether this is the password of which `stored` is the hash, in constant time.
 * @param stored null when there is no such user or he has no password: then, as when the text is none of ours, it is never
 * the password, after the same work.
 * @returns `needsRehash`: it is the password, and `stored` was made with other parameters than today's.
 */
export async function verifyPassword(
  password: string,
  stored: string | null,
  deriveKey: Derive = derive,
): Promise<{ ok: boolean; needsRehash: boolean }> {
  const parsed = stored === null ? null : parse(stored)
  const { cost, salt, hash } = parsed ?? DUMMY
  const isEqual = timingSafeEqual(await deriveKey(password, salt, cost), hash)
  const ok = isEqual && parsed !== null
  const { n, r, p } = DEFAULT_COST
  return { ok, needsRehash: ok && (cost.n !== n || cost.r !== r || cost.p !== p) }
}

type StoredHash = { cost: ScryptCost; salt: Uint8Array; hash: Uint8Array }

/** What is compared with when there is nothing to compare with. */
const DUMMY: StoredHash = {
  cost: DEFAULT_COST,
  salt: new Uint8Array(SALT_BYTES),
  hash: new Uint8Array(KEY_BYTES),
}

/** The parts of a stored hash, or null when it is none that we would make. */
function parse(stored: string): StoredHash | null {
  const found = /^scrypt\$(\d{1,9})\$(\d{1,9})\$(\d{1,9})\$([\w-]{22})\$([\w-]{43})$/.exec(stored)
  if (!found) return null
  const [, n, r, p, salt = '', hash = ''] = found
  const cost = { n: Number(n), r: Number(r), p: Number(p) }
  if (!isAffordable(cost)) return null
  return { cost, salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') }
}

function isAffordable({ n, r, p }: ScryptCost): boolean {
  // RFC 7914, 2: N is a power of two, larger than 1 and less than 2^(128 · r / 8).
  const isCount = n > 1 && (n & (n - 1)) === 0 && n < 2 ** (16 * r)
  return isCount && p > 0 && p <= MAX_P && 128 * n * r <= MAX_MEMORY_BYTES
}

/** Asynchronous in name: workerd does the work at once, and the isolate does nothing else meanwhile. */
function derive(password: string, salt: Uint8Array, cost: ScryptCost): Promise<Uint8Array> {
  // Twice, for Node counts a little more than the tables.
  const options = { N: cost.n, r: cost.r, p: cost.p, maxmem: 2 * MAX_MEMORY_BYTES }
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}
