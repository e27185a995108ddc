/** @module Ed25519 in the serialisation of Standard Webhooks, and its verification by node:crypto. */
import { Buffer } from 'node:buffer'
import { createPublicKey, randomBytes, verify } from 'node:crypto'

/** What stands before the 32 bytes of a private key in PKCS #8, and of a public one in SubjectPublicKeyInfo (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * A pair.
 * @param whsk `whsk_` and the base64 of the 32 bytes that make it; random ones without it.
 * @returns the private key to sign with, and the public one as `whpk_…`.
 */
export async function ed25519Pair(
  whsk = `whsk_${randomBytes(32).toString('base64')}`,
): Promise<{ privateKey: CryptoKey; publicKey: string }> {
  const pkcs8 = Buffer.concat([PKCS8, Buffer.from(whsk.slice('whsk_'.length), 'base64')])
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, { name: 'Ed25519' }, true, ['sign'])
  const jwk = await crypto.subtle.exportKey('jwk', privateKey)
  if (!('x' in jwk) || jwk.x === undefined) throw new Error('an Ed25519 key has no x')
  return { privateKey, publicKey: `whpk_${Buffer.from(jwk.x, 'base64url').toString('base64')}` }
}

/** SubjectPublicKeyInfo of a `whpk_…`. */
export function spkiOf(whpk: string): Buffer<ArrayBuffer> {
  return Buffer.concat([SPKI, Buffer.from(whpk.slice('whpk_'.length), 'base64')])
}

/** Whether one of the signatures of a webhook is `v1a`, and of this key (`whpk_…`). Its age doesn't matter here. */
export function isSignedByEd25519(whpk: string, headers: Record<string, string>, body: string): boolean {
  const key = createPublicKey({ key: spkiOf(whpk), format: 'der', type: 'spki' })
  const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
  return (headers['webhook-signature'] ?? '').split(' ').some((signature) => {
    const [, encoded = ''] = /^v1a,(.*)$/.exec(signature) ?? []
    const bytes = Buffer.from(encoded, 'base64')
    return bytes.toString('base64') === encoded && verify(null, signed, key, bytes)
  })
}
