/** @module Secrets at rest: AES-256-GCM under a ring of keys, each ciphertext naming its key, so that keys can be rotated. */
import { Buffer } from 'node:buffer'

/** The keys of `ENCRYPTION_KEYS`: the first encrypts, all decrypt. */
export type KeyRing = readonly { id: string; bytes: Uint8Array }[]

const IV_BYTES = 12

/**
 * Encrypts a secret: `keyId.iv.ciphertext`, the last two base64url.
 * @param owner what the secret belongs to (an endpoint's id): bound in, so that it can't be read as another's.
 */
export async function encryptSecret(ring: KeyRing, secret: string, owner: string): Promise<string> {
  const newest = ring[0]
  if (!newest) throw new Error('there is no encryption key')
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
  const key = await importKey(newest.bytes)
  const ciphertext = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(owner) },
    key,
    new TextEncoder().encode(secret),
  )
  return [
    newest.id,
    Buffer.from(iv).toString('base64url'),
    Buffer.from(ciphertext).toString('base64url'),
  ].join('.')
}

/**
 * Decrypts what `encryptSecret` made.
 * @throws when the key is not in the ring (the message names its id), or when text or owner are not the right ones.
 */
export async function decryptSecret(ring: KeyRing, encrypted: string, owner: string): Promise<string> {
  const [keyId = '', iv = '', ciphertext = ''] = encrypted.split('.')
  const found = ring.find(({ id }) => id === keyId)
  if (!found) throw new Error(`the secret's key "${keyId}" is not in ENCRYPTION_KEYS`)
  const key = await importKey(found.bytes)
  try {
    const plain = await crypto.subtle.decrypt(
      {
        name: 'AES-GCM',
        iv: Buffer.from(iv, 'base64url'),
        additionalData: new TextEncoder().encode(owner),
      },
      key,
      Buffer.from(ciphertext, 'base64url'),
    )
    return new TextDecoder().decode(plain)
  } catch (cause) {
    throw new Error(
      `the secret can't be read with key "${keyId}": it was made with another key of that name`,
      {
        cause,
      },
    )
  }
}

/** A ring has few keys, and an event may need the secrets of ten thousand endpoints. */
const imported = new WeakMap<Uint8Array, Promise<CryptoKey>>()

function importKey(bytes: Uint8Array): Promise<CryptoKey> {
  let key = imported.get(bytes)
  if (!key) {
    key = crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
    imported.set(bytes, key)
  }
  return key
}
