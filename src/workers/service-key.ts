/**
 * @module The key pairs of the service, each made when it is first asked for, the private half encrypted at rest: that of the
 * service actor, and that of webhooks.
 *
 * For a new pair the operator deletes the row of the old one in `service_keys`. The one of webhooks he renames instead, to
 * `webhooks-` and whatever he likes: so its public half stays published, for receivers that have to verify what it signed.
 */
import { Buffer } from 'node:buffer'
import { findServiceKey, keepServiceKey, listServiceKeys, type ServiceKey } from '../db/service-keys.ts'
import { decryptSecret, encryptSecret } from '../secrets.ts'
import type { Deps } from './deps.ts'
import { describeError } from './log.ts'

/** What a pair is for, and made with. `id`: of its row, and bound into its encrypted half. */
type Purpose = {
  id: string
  /** As a message names it. */
  owner: string
  algorithm: SubtleCryptoImportKeyAlgorithm
  generation: SubtleCryptoGenerateKeyAlgorithm
}

/** What the network signs with (HTTP signatures, rsa-sha256). */
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
const ACTOR: Purpose = {
  id: 'actor',
  owner: 'the service actor',
  algorithm: RSA,
  generation: { ...RSA, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
}
/** Standard Webhooks, `v1a`. */
const WEBHOOKS: Purpose = {
  id: 'webhooks',
  owner: 'webhooks',
  algorithm: { name: 'Ed25519' },
  generation: { name: 'Ed25519' },
}

type KeyDeps = Pick<Deps, 'clock'> & {
  env: Pick<Env, 'DB'>
  config: Pick<Deps['config'], 'encryptionKeys'>
}

/** The actor's public key as PEM (SubjectPublicKeyInfo). It is there even when the private one can't be read any more. */
export async function actorPublicKey(deps: KeyDeps): Promise<string> {
  return (await findOrMake(deps, ACTOR)).publicKey
}

/**
 * The actor's private key, to sign with.
 * @throws Error when it can't be decrypted, naming the encryption key that is missing.
 */
export function actorPrivateKey(deps: KeyDeps): Promise<CryptoKey> {
  return privateKeyOf(deps, ACTOR)
}

/**
 * The public keys of webhooks as SubjectPublicKeyInfo, with when they were made (milliseconds since the epoch): the one that signs
 * now, then those that did, the newest first.
 */
export async function webhookPublicKeys(deps: KeyDeps): Promise<{ spki: Uint8Array; createdAt: number }[]> {
  const found = await listServiceKeys(deps.env.DB, WEBHOOKS.id)
  const current = found.find(({ id }) => id === WEBHOOKS.id) ?? (await findOrMake(deps, WEBHOOKS))
  const former = found.filter(({ id }) => id !== WEBHOOKS.id)
  return [current, ...former].map(({ publicKey, createdAt }) => ({ spki: fromPem(publicKey), createdAt }))
}

/**
 * The private key of webhooks, to sign with (Ed25519).
 * @throws Error when it can't be decrypted, naming the encryption key that is missing.
 */
export function webhookPrivateKey(deps: KeyDeps): Promise<CryptoKey> {
  return privateKeyOf(deps, WEBHOOKS)
}

async function privateKeyOf(deps: KeyDeps, purpose: Purpose): Promise<CryptoKey> {
  const { privateKey } = await findOrMake(deps, purpose)
  let pem: string
  try {
    pem = await decryptSecret(deps.config.encryptionKeys, privateKey, purpose.id)
  } catch (cause) {
    throw new Error(`the private key of ${purpose.owner} can't be used: ${describeError(cause)}`, { cause })
  }
  return crypto.subtle.importKey('pkcs8', fromPem(pem), purpose.algorithm, false, ['sign'])
}

async function findOrMake({ env, config, clock }: KeyDeps, purpose: Purpose): Promise<ServiceKey> {
  const { id } = purpose
  const found = await findServiceKey(env.DB, id)
  if (found) return found
  const { publicKey, privateKey } = await newKeyPair(purpose)
  return keepServiceKey(env.DB, {
    id,
    publicKey,
    privateKey: await encryptSecret(config.encryptionKeys, privateKey, id),
    createdAt: clock(),
  })
}

/** Two PEMs. */
async function newKeyPair({ generation }: Purpose): Promise<{ publicKey: string; privateKey: string }> {
  const pair = await crypto.subtle.generateKey(generation, true, ['sign', 'verify'])
  // RSA and Ed25519 make pairs, and these two formats are bytes: the types allow for other algorithms and formats.
  const { publicKey, privateKey } = pair as CryptoKeyPair
  const [spki, pkcs8] = (await Promise.all([
    crypto.subtle.exportKey('spki', publicKey),
    crypto.subtle.exportKey('pkcs8', privateKey),
  ])) as [ArrayBuffer, ArrayBuffer]
  return { publicKey: toPem('PUBLIC KEY', spki), privateKey: toPem('PRIVATE KEY', pkcs8) }
}

/** RFC 7468: base64 in lines of 64. */
function toPem(label: string, bytes: ArrayBuffer): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

function fromPem(pem: string): Uint8Array {
  return Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ''), 'base64')
}
