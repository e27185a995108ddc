/** @module The public half of an Ed25519 key, in the forms that receivers take it in. */
import { Buffer } from 'node:buffer'

/**
 * `x`: the 32 bytes as base64url (RFC 8037, 2). `whpk`: the same as Standard Webhooks writes them. `kid`: the thumbprint of the
 * key (RFC 7638), so that the same key always has the same name.
 */
export type PublicKeyForms = { kid: string; x: string; whpk: string }

/** @param spki SubjectPublicKeyInfo (RFC 8410). @throws DOMException when it is none of an Ed25519 key. */
export async function publicKeyForms(spki: Uint8Array): Promise<PublicKeyForms> {
  const key = await crypto.subtle.importKey('spki', spki, { name: 'Ed25519' }, true, ['verify'])
  // This format is bytes: the types allow for JWK.
  const raw = Buffer.from((await crypto.subtle.exportKey('raw', key)) as ArrayBuffer)
  const x = raw.toString('base64url')
  // The members that RFC 8037, 2 requires, in the order of their names, without spaces (RFC 7638, 3).
  const members = new TextEncoder().encode(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`)
  const thumbprint = await crypto.subtle.digest('SHA-256', members)
  return {
    kid: Buffer.from(thumbprint).toString('base64url'),
    x,
    whpk: `whpk_${raw.toString('base64')}`,
  }
}
