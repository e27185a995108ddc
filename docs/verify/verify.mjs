import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * Throws unless a webhook is genuine, and not more than five minutes old.
 * @param {string} secret `whsec_…`, as it was shown with the endpoint
 * @param {Record<string, string | undefined>} headers `request.headers`: the names in small letters
 * @param {Buffer} body the bytes that came, before anything has parsed them
 */
export function verify(secret, headers, body, now = Math.floor(Date.now() / 1000)) {
  const id = headers['webhook-id']
  const timestamp = headers['webhook-timestamp']
  const signatures = headers['webhook-signature']
  if (!id || !timestamp || !signatures) throw new Error('header missing')
  if (!/^[0-9]{1,15}$/.test(timestamp)) throw new Error('timestamp malformed')
  if (Number(timestamp) < now - 300) throw new Error('timestamp too old')
  if (Number(timestamp) > now + 300) throw new Error('timestamp too new')

  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body)
  const expected = Buffer.from(`v1,${hmac.digest('base64')}`)
  const isGenuine = signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
  if (!isGenuine) throw new Error('no signature fits')
}
