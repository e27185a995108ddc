/** @module Standard Webhooks 1.0 signatures: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
import { Buffer } from 'node:buffer'

const PREFIX = 'whsec_'
const MIN_BYTES = 24
const MAX_BYTES = 64
const DEFAULT_BYTES = 32

/**
 * What the webhooks of one endpoint are signed with: `v1` with each HMAC key, the newest first, and `v1a` with an Ed25519 key,
 * where there is one.
 */
export type Signer = { hmac: readonly CryptoKey[]; ed25519: CryptoKey | null }

/** A new signing secret: `whsec_` and the base64 of 32 random bytes (the specification asks for 24 to 64). */
export function newSecret(): string {
  return PREFIX + Buffer.from(crypto.getRandomValues(new Uint8Array(DEFAULT_BYTES))).toString('base64')
}

/**
 * What is wrong with a signing secret, without repeating any of it; null when it is `whsec_` and the base64 of 24 to 64 bytes.
 * Base64 is RFC 4648, 4, to the letter: receivers decode what we would take leniently each in its own way.
 */
export function secretProblem(secret: string): string | null {
  const rule = `must be "${PREFIX}" and the base64 of ${MIN_BYTES} to ${MAX_BYTES} bytes`
  if (!secret.startsWith(PREFIX)) return `${rule}: it does not begin with "${PREFIX}"`
  const encoded = secret.slice(PREFIX.length)
  const bytes = Buffer.from(encoded, 'base64')
  // Padding, spaces, another alphabet, bits that are left over: only what is written right comes back the same.
  if (bytes.toString('base64') !== encoded)
    return `${rule}: what follows is not base64 with its padding and nothing else`
  if (bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) return `${rule}: it is of ${bytes.length}`
  return null
}

/**
 * Makes the key of a secret, once for many signatures.
 * @throws when the secret is not `whsec_` and the base64 of 24 to 64 bytes. The message doesn't hold the secret.
 */
export async function importSecret(secret: string): Promise<CryptoKey> {
  const problem = secretProblem(secret)
  if (problem !== null) throw new Error(`a signing secret ${problem}`)
  const bytes = Buffer.from(secret.slice(PREFIX.length), 'base64')
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
}

/**
 * Makes the signer of an endpoint.
 * @param secrets all that are usable now, the newest first: see `usableSecrets`.
 * @param ed25519 for `v1a` besides.
 * @throws as `importSecret`.
 */
export async function importSigner(secrets: readonly string[], ed25519: CryptoKey | null): Promise<Signer> {
  return { hmac: await Promise.all(secrets.map(importSecret)), ed25519 }
}

/**
 * The three headers that say who sent a webhook and when ("Webhook headers", "Signature scheme": `id.timestamp.body`). One that
 * is signed several times has all signatures in one header, with spaces between.
 * @param signer or a key that is its only one.
 * @param id without a full stop, which would make the signed text ambiguous.
 * @param now milliseconds since the epoch; the header carries whole seconds.
 */
export async function signatureHeaders(
  signer: Signer | CryptoKey,
  id: string,
  body: string,
  now: number,
): Promise<Record<string, string>> {
  const { hmac, ed25519 } = 'hmac' in signer ? signer : { hmac: [signer], ed25519: null }
  const timestamp = String(Math.floor(now / 1000))
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`)
  const signatures = await Promise.all([
    ...hmac.map((key) => sign('v1', 'HMAC', key, signed)),
    ...(ed25519 ? [sign('v1a', 'Ed25519', ed25519, signed)] : []),
  ])
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}

async function sign(version: string, algorithm: string, key: CryptoKey, signed: Uint8Array): Promise<string> {
  return `${version},${Buffer.from(await crypto.subtle.sign(algorithm, key, signed)).toString('base64')}`
}
