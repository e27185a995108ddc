/** @module Standard Webhooks 1.0 signatures: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
import { Buffer } from 'node:buffer'

const PREFIX = 'whsec_'
const MIN_BYTES = 24
const MAX_BYTES = 64
const DEFAULT_BYTES = 32

/** A new signing secret: `whsec_` and the base64 of 32 random bytes (the specification asks for 24 to 64). */
export function newSecret(): string {
  return PREFIX + Buffer.from(crypto.getRandomValues(new Uint8Array(DEFAULT_BYTES))).toString('base64')
}

/**
 * Makes the key of a secret, once for many signatures.
 * @throws when the secret is not `whsec_` and the base64 of 24 to 64 bytes. The message doesn't hold the secret.
 */
export async function importSecret(secret: string): Promise<CryptoKey> {
  const bytes = Buffer.from(secret.slice(PREFIX.length), 'base64')
  if (!secret.startsWith(PREFIX) || bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) {
    throw new Error(
      `a signing secret must be "${PREFIX}" and the base64 of ${MIN_BYTES} to ${MAX_BYTES} bytes`,
    )
  }
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
}

/**
 * The three headers that say who sent a webhook and when ("Webhook headers", "Signature scheme": `id.timestamp.body`).
 * @param now milliseconds since the epoch; the header carries whole seconds.
 */
export async function signatureHeaders(
  key: CryptoKey,
  id: string,
  body: string,
  now: number,
): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000))
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`)
  const signature = Buffer.from(await crypto.subtle.sign('HMAC', key, signed)).toString('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
