/**
 * @module `node docs/verify/run.mjs < test/vectors/signatures.json`: what verify.mjs and verify-ed25519.mjs say of each vector, a
 * line each.
 */
import { text } from 'node:stream/consumers'
import { verify } from './verify.mjs'
import { verifyEd25519 } from './verify-ed25519.mjs'

/** A `whpk_…` as the JWK that is published. */
function jwk(whpk) {
  const x = Buffer.from(whpk.replace('whpk_', ''), 'base64').toString('base64url')
  return { kty: 'OKP', crv: 'Ed25519', x }
}

for (const { key, headers, body, now } of JSON.parse(await text(process.stdin)).vectors) {
  try {
    if (key.startsWith('whpk_')) verifyEd25519([jwk(key)], headers, Buffer.from(body), now)
    else verify(key, headers, Buffer.from(body), now)
    console.log('valid')
  } catch (error) {
    console.log(`invalid: ${error.message}`)
  }
}
