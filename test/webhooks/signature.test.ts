import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { describe, expect, it } from 'vitest'
import { makeSigner, newSecret, secretProblem, signatureHeaders } from '../../src/webhooks/signature.ts'
import { ed25519Pair, isSignedByEd25519 } from '../support/ed25519.ts'

/** Whether a library takes a webhook. Both throw when they don't. */
function takes(library: typeof Webhook | typeof SvixWebhook, secret: string) {
  return (headers: Record<string, string>, body: string) => {
    try {
      new library(secret).verify(body, headers)
      return true
    } catch {
      return false
    }
  }
}

describe('signatureHeaders', () => {
  it('signs the example of the specification as published', async () => {
    const key = makeSigner(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], null)
    const body = '{"test": 2432232314}'
    expect(await signatureHeaders(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', body, 1_614_265_330_000)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  it('signs with Ed25519 as the libraries of the specification do', async () => {
    // The specification itself has no key to its example of v1a; its library for Go does.
    const { privateKey } = await ed25519Pair('whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=')
    const headers = await signatureHeaders(
      { hmac: [], ed25519: privateKey },
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      '{"test": 2432232314}',
      1_614_265_330_000,
    )
    expect(headers['webhook-signature']).toBe(
      'v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==',
    )
  })

  it('has a signature for each secret, the newest first, and that of Ed25519 last', async () => {
    const secrets = [newSecret(), newSecret()]
    const { privateKey } = await ed25519Pair()
    const signed = await signatureHeaders(makeSigner(secrets, privateKey), 'evt_1', '{}', 1_000)
    const alone = await Promise.all(
      secrets.map(async (secret) => signatureHeaders(makeSigner([secret], null), 'evt_1', '{}', 1_000)),
    )
    const [first, second] = alone.map((headers) => headers['webhook-signature'])
    expect(signed['webhook-signature']).toMatch(/^v1,\S{43}= v1,\S{43}= v1a,\S{86}==$/)
    expect(signed['webhook-signature']?.startsWith(`${first} ${second} v1a,`)).toBe(true)
  })

  it('is verified by two independent libraries and node:crypto, whatever the body and however often it is signed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme' }),
        fc.uuid(),
        fc.integer({ min: 1, max: 6 }),
        async (text, id, count) => {
          const secrets = Array.from({ length: count }, newSecret)
          const { publicKey, privateKey } = await ed25519Pair()
          const body = JSON.stringify({ text })
          const headers = await signatureHeaders(makeSigner(secrets, privateKey), id, body, Date.now())
          for (const secret of secrets) {
            expect(takes(Webhook, secret)(headers, body)).toBe(true)
            expect(takes(SvixWebhook, secret)(headers, body)).toBe(true)
          }
          expect(isSignedByEd25519(publicKey, headers, body)).toBe(true)
          expect(takes(Webhook, newSecret())(headers, body)).toBe(false)
          expect(isSignedByEd25519((await ed25519Pair()).publicKey, headers, body)).toBe(false)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('is verified no more when any one character of anything is another', async () => {
    const secret = newSecret()
    const { publicKey, privateKey } = await ed25519Pair()
    const id = 'evt_0190a3f2'
    const body = '{"type":"video.published","n":1}'
    const signers = {
      v1: makeSigner([secret], null),
      v1a: { hmac: [], ed25519: privateKey },
    }
    const signed = {
      v1: await signatureHeaders(signers.v1, id, body, Date.now()),
      v1a: await signatureHeaders(signers.v1a, id, body, Date.now()),
    }
    const verifies = {
      v1: (headers: Record<string, string>, text: string) =>
        takes(Webhook, secret)(headers, text) || takes(SvixWebhook, secret)(headers, text),
      v1a: (headers: Record<string, string>, text: string) => isSignedByEd25519(publicKey, headers, text),
    }
    for (const version of ['v1', 'v1a'] as const) {
      const parts = { ...signed[version], body }
      expect(verifies[version](signed[version], body)).toBe(true)
      for (const [part, value] of Object.entries(parts)) {
        for (let at = 0; at < value.length; at += 1) {
          for (const letter of ['0', '1', 'A', 'w', ' ', ',', '.', '=']) {
            if (value[at] === letter) continue
            const changed = { ...parts, [part]: value.slice(0, at) + letter + value.slice(at + 1) }
            const { body: changedBody, ...headers } = changed
            expect(verifies[version](headers, changedBody), `${version} ${part} ${at} ${letter}`).toBe(false)
          }
        }
      }
    }
  })
})

describe('newSecret', () => {
  it('has the prefix, 32 random bytes, and never comes twice', () => {
    const secrets = Array.from({ length: 100 }, newSecret)
    for (const secret of secrets) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
      expect(secretProblem(secret)).toBeNull()
    }
    expect(new Set(secrets).size).toBe(100)
  })
})

const base64 = (bytes: number) => btoa('\xfb'.repeat(bytes))
const REFUSED = [
  ['without its prefix', base64(24), 'it does not begin with "whsec_"'],
  ['with the prefix of a public key', `whpk_${base64(32)}`, 'it does not begin with "whsec_"'],
  ['with its prefix in capitals', `WHSEC_${base64(32)}`, 'it does not begin with "whsec_"'],
  ['with a space before it', ` whsec_${base64(32)}`, 'it does not begin with "whsec_"'],
  ['that is empty', '', 'it does not begin with "whsec_"'],
  ['that is a prefix only', 'whsec_', 'it is of 0'],
  ['too short', `whsec_${base64(23)}`, 'it is of 23'],
  ['too long', `whsec_${base64(65)}`, 'it is of 65'],
  ['without its padding', `whsec_${base64(32).replace('=', '')}`, 'what follows is not base64'],
  ['with too much padding', `whsec_${base64(24)}=`, 'what follows is not base64'],
  ['in the alphabet of URLs', `whsec_${base64(24).replaceAll('+', '-')}`, 'what follows is not base64'],
  ['with a line break at its end', `whsec_${base64(24)}\n`, 'what follows is not base64'],
  ['with a space in it', `whsec_${base64(12)} ${base64(12)}`, 'what follows is not base64'],
  ['with two ends', `whsec_${base64(25)}${base64(25)}`, 'what follows is not base64'],
  ['with bits left over', `whsec_${base64(32).replace(/.=$/, 'v=')}`, 'what follows is not base64'],
  ['in hexadecimal', `whsec_0x${'fb'.repeat(32)}`, 'what follows is not base64'],
  ['with a letter of no alphabet', `whsec_${base64(24).replace('+', 'é')}`, 'what follows is not base64'],
] as const

describe('secretProblem', () => {
  it.each([24, 25, 26, 32, 63, 64])('takes a secret of %d bytes', async (bytes) => {
    const secret = `whsec_${base64(bytes)}`
    expect(secretProblem(secret)).toBeNull()
    expect(makeSigner([secret], null).hmac[0]?.byteLength).toBe(bytes)
  })

  it.each(REFUSED)('refuses one %s', (_name, secret, problem) => {
    expect(secretProblem(secret)).toContain(problem)
  })
})

describe('makeSigner', () => {
  it.each(REFUSED)('refuses a secret %s, and does not repeat it', (_name, secret, problem) => {
    const refused = () => makeSigner([secret], null)
    expect(refused).toThrow('a signing secret must be "whsec_"')
    expect(refused).toThrow(problem)
    if (secret.length > 6) expect(refused).not.toThrow(secret.slice(6, 30))
  })
})
