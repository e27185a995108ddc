/** @module The key pair of the service actor: made when it is first asked for, the private half encrypted at rest. */
import { Buffer } from 'node:buffer'
import { findServiceKey, keepServiceKey, type ServiceKey } from '../db/service-keys.ts'
import { decryptSecret, encryptSecret } from '../secrets.ts'
import type { Deps } from './deps.ts'
import { describeError } from './log.ts'

const ID = 'actor'
/** What the network signs with (HTTP signatures, rsa-sha256). */
const ALGORITHM = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }

type KeyDeps = Pick<Deps, 'clock'> & {
  env: Pick<Env, 'DB'>
  config: Pick<Deps['config'], 'encryptionKeys'>
}

/** The actor's public key as PEM (SubjectPublicKeyInfo). It is there even when the private one can't be read any more. */
export async function actorPublicKey(deps: KeyDeps): Promise<string> {
  return (await actorKey(deps)).publicKey
}

/**
 * The actor's private key, to sign with.
 * @throws Error when it can't be decrypted, naming the encryption key that is missing. To have a new pair, delete the row
 * `actor` of `service_keys`.
 */
export async function actorPrivateKey(deps: KeyDeps): Promise<CryptoKey> {
  const { privateKey } = await actorKey(deps)
  let pem: string
  try {
    pem = await decryptSecret(deps.config.encryptionKeys, privateKey, ID)
  } catch (cause) {
    throw new Error(`the private key of the service actor can't be used: ${describeError(cause)}`, { cause })
  }
  return crypto.subtle.importKey('pkcs8', fromPem(pem), ALGORITHM, false, ['sign'])
}

async function actorKey({ env, config, clock }: KeyDeps): Promise<ServiceKey> {
  const found = await findServiceKey(env.DB, ID)
  if (found) return found
  const { publicKey, privateKey } = await newKeyPair()
  return keepServiceKey(env.DB, {
    id: ID,
    publicKey,
    privateKey: await encryptSecret(config.encryptionKeys, privateKey, ID),
    createdAt: clock(),
  })
}

/** Two PEMs. */
async function newKeyPair(): Promise<{ publicKey: string; privateKey: string }> {
  const pair = await crypto.subtle.generateKey(
    { ...ALGORITHM, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ['sign', 'verify'],
  )
  // RSA makes pairs, and these two formats are bytes: the types allow for other algorithms and formats.
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
