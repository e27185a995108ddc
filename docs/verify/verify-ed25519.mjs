import { createPublicKey, verify } from 'node:crypto'

/**
 * Throws unless a webhook is genuine, and not more than five minutes old.
 * @param {import('node:crypto').JsonWebKey[]} keys the `keys` of /.well-known/webhook-keys.json
 * @param {Record<string, string | undefined>} headers `request.headers`: the names in small letters
 * @param {Buffer} body the bytes that came, before anything has parsed them
 */
export function verifyEd25519(keys, headers, body, now = Math.floor(Date.now() / 1000)) {
  const id = headers['webhook-id']
  const timestamp = headers['webhook-timestamp']
  const signatures = headers['webhook-signature']
  if (!id || !timestamp || !signatures) throw new Error('header missing')
  if (!/^[0-9]{1,15}$/.test(timestamp)) throw new Error('timestamp malformed')
  if (Number(timestamp) < now - 300) throw new Error('timestamp too old')
  if (Number(timestamp) > now + 300) throw new Error('timestamp too new')

  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body])
  const isGenuine = signatures.split(' ').some((signature) => {
    const [version, encoded = ''] = signature.split(',')
    if (version !== 'v1a') return false
    const bytes = Buffer.from(encoded, 'base64')
    return keys.some((key) => verify(null, signed, createPublicKey({ key, format: 'jwk' }), bytes))
  })
  if (!isGenuine) throw new Error('no signature fits')
}
