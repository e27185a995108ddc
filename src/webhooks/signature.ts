/** @module Standard Webhooks 1.0 signatures: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'
const MIN_BYTES = 24
const MAX_BYTES = 64
const DEFAULT_BYTES = 32

/**
 * What the webhooks of one endpoint are signed with: `v1` with each HMAC key, the newest first, and `v1a` with an Ed25519 key,
 * where there is one. HMAC by `node:crypto`: of Web Crypto each signature is a promise, and takes four times as long.
 */
export type Signer = { hmac: readonly Uint8Array[]; ed25519: CryptoKey | null }

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
 * Makes the signer of an endpoint, once for many signatures.
 * @param secrets all that are usable now, the newest first: see `usableSecrets`.
 * @param ed25519 for `v1a` besides.
 * @throws when a secret is not `whsec_` and the base64 of 24 to 64 bytes. The message doesn't hold the secret.
 */
export function makeSigner(secrets: readonly string[], ed25519: CryptoKey | null): Signer {
  return { hmac: secrets.map(bytesOf), ed25519 }
}

function bytesOf(secret: string): Uint8Array {
  const problem = secretProblem(secret)
  if (problem !== null) throw new Error(`a signing secret ${problem}`)
  return Buffer.from(secret.slice(PREFIX.length), 'base64')
}

/**
 * The three headers that say who sent a webhook and when ("Webhook headers", "Signature scheme": `id.timestamp.body`). One that
 * is signed several times has all signatures in one header, with spaces between.
 * @param id without a full stop, which would make the signed text ambiguous.
 * @param now milliseconds since the epoch; the header carries whole seconds.
 */
export async function signatureHeaders(
  { hmac, ed25519 }: Signer,
  id: string,
  body: string,
  now: number,
): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000))
  const signed = `${id}.${timestamp}.${body}`
  const signatures = [
    ...hmac.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`),
    ...(ed25519 ? [await signAsymmetric(ed25519, signed)] : []),
  ]
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}

async function signAsymmetric(key: CryptoKey, signed: string): Promise<string> {
  const signature = await crypto.subtle.sign('Ed25519', key, new TextEncoder().encode(signed))
  return `v1a,${Buffer.from(signature).toString('base64')}`
}
