/** @module The key pairs that webhooks are signed with besides their secrets, and how receivers come by the public halves. */

import { env } from 'cloudflare:workers'
import { Buffer } from 'node:buffer'
import { beforeEach, describe, expect, it } from 'vitest'
import { maxAge } from '../../src/http/max-age.ts'
import { publicKeyForms } from '../../src/webhooks/public-key.ts'
import { retryDelay } from '../../src/webhooks/retry.ts'
import { makeSigner, newSecret, signatureHeaders } from '../../src/webhooks/signature.ts'
import { actorPublicKey, webhookPrivateKey, webhookPublicKeys } from '../../src/workers/service-key.ts'
import { sendTo } from '../support/call.ts'
import { countCosts } from '../support/count-costs.ts'
import { ed25519Pair, isSignedByEd25519, spkiOf } from '../support/ed25519.ts'
import { type Tubewire, testDeps } from '../support/harness.ts'

let tubewire: Tubewire
beforeEach(async () => {
  tubewire = testDeps()
  await env.DB.prepare('DELETE FROM service_keys').run()
})

const stored = () =>
  env.DB.prepare('SELECT * FROM service_keys').all<{ id: string; private_key: string; created_at: number }>()

/** What the operator does for a new pair. */
const rename = (id: string) =>
  env.DB.prepare("UPDATE service_keys SET id = ? WHERE id = 'webhooks'").bind(id).run()

type Published = { keys: (JsonWebKey & { kid: string; whpk: string; createdAt: string })[] }
const getKeys = (headers: Record<string, string> = {}) =>
  sendTo(tubewire.deps, 'GET', '/.well-known/webhook-keys.json', headers)
async function published(): Promise<Published['keys']> {
  const { keys }: Published = await (await getKeys()).json()
  return keys
}

/** A webhook signed with Ed25519 now. */
async function signed(): Promise<Record<string, string>> {
  const { deps } = tubewire
  const signer = makeSigner([newSecret()], await webhookPrivateKey(deps))
  return signatureHeaders(signer, 'evt_1', '{"n":1}', deps.clock())
}

describe('The key pair of webhooks', () => {
  it('is made when it is first asked for, and is the same from then on', async () => {
    const { deps } = tubewire
    const first = await webhookPublicKeys(deps)
    expect(first).toEqual([{ spki: expect.any(Uint8Array), createdAt: deps.clock() }])
    tubewire.advance(1_000)
    expect(await webhookPublicKeys(deps)).toEqual(first)
    expect((await stored()).results).toMatchObject([{ id: 'webhooks', created_at: first[0]?.createdAt }])
  })

  it('is one, when several ask for the first time at once', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => webhookPublicKeys(tubewire.deps)))
    expect(new Set(all.map(([key]) => Buffer.from(key?.spki ?? []).toString('hex'))).size).toBe(1)
    expect((await stored()).results).toHaveLength(1)
  })

  it('is encrypted at rest, and its private half never leaves the runtime', async () => {
    const key = await webhookPrivateKey(tubewire.deps)
    expect(key.extractable).toBe(false)
    const [row] = (await stored()).results
    expect(row?.private_key).toMatch(/^test\.[\w-]+\.[\w-]+$/)
  })

  it('is not that of the actor', async () => {
    const { deps } = tubewire
    const actor = await actorPublicKey(deps)
    await webhookPublicKeys(deps)
    expect(await actorPublicKey(deps)).toBe(actor)
    expect((await stored()).results.map(({ id }) => id).sort()).toEqual(['actor', 'webhooks'])
    expect(await published()).toHaveLength(1)
  })

  it('can be shown, but not signed with, when the key that it was encrypted with is lost', async () => {
    const { deps } = tubewire
    const shown = await webhookPublicKeys(deps)
    deps.config = { ...deps.config, encryptionKeys: [{ id: 'other', bytes: new Uint8Array(32).fill(9) }] }
    expect(await webhookPublicKeys(deps)).toEqual(shown)
    await expect(webhookPrivateKey(deps)).rejects.toThrow(
      'the private key of webhooks can\'t be used: Error: the secret\'s key "test" is not in ENCRYPTION_KEYS',
    )
  })

  it('costs one row to read', async () => {
    await webhookPublicKeys(tubewire.deps)
    const { db, cost } = countCosts(env.DB)
    tubewire.deps.env.DB = db
    await webhookPrivateKey(tubewire.deps)
    expect(cost).toEqual({ roundTrips: 1, rowsRead: 1, rowsWritten: 0 })
  })
})

describe('/.well-known/webhook-keys.json', () => {
  it('has the key that verifies what is signed', async () => {
    const { deps } = tubewire
    const headers = await signed()
    const [key, ...others] = await published()
    expect(others).toEqual([])
    expect(isSignedByEd25519(key?.whpk ?? '', headers, '{"n":1}')).toBe(true)
    expect(isSignedByEd25519(key?.whpk ?? '', headers, '{"n":2}')).toBe(false)
    expect(key).toEqual({
      ...(await publicKeyForms(spkiOf(key?.whpk ?? ''))),
      kty: 'OKP',
      crv: 'Ed25519',
      alg: 'EdDSA',
      use: 'sig',
      createdAt: new Date(deps.clock()).toISOString(),
    })
  })

  it('is a JWK Set that can be imported as it is', async () => {
    const headers = await signed()
    const [jwk = { kty: '' }] = await published()
    const key = await crypto.subtle.importKey('jwk', jwk, { name: 'Ed25519' }, false, ['verify'])
    const signature = headers['webhook-signature']?.split(' v1a,')[1] ?? ''
    const text = new TextEncoder().encode(`evt_1.${headers['webhook-timestamp']}.{"n":1}`)
    expect(await crypto.subtle.verify('Ed25519', key, Buffer.from(signature, 'base64'), text)).toBe(true)
  })

  it('keeps the former ones, after the one that signs now, however they were renamed', async () => {
    const first = await signed()
    await rename('webhooks-2026')
    tubewire.advance(1_000)
    const second = await signed()
    await rename('webhooks-old_%')
    tubewire.advance(1_000)
    const keys = await published()
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(3)
    const times = keys.map(({ createdAt }) => createdAt)
    expect(times).toEqual(times.toSorted().reverse())
    const third = await signed()
    const verified = [third, second, first].map((headers) =>
      keys.map(({ whpk }) => isSignedByEd25519(whpk, headers, '{"n":1}')),
    )
    expect(verified).toEqual([
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ])
  })

  it('may be cached, and is new again to a receiver that asks once a minute before the third attempt', async () => {
    const seconds = maxAge((await getKeys()).headers.get('cache-control')) ?? 0
    expect(seconds).toBeGreaterThan(0)
    // As early as it may come.
    const thirdAttemptMs = [1, 2].reduce((sum, attempts) => sum + (retryDelay(attempts, 0) ?? 0), 0)
    expect((seconds + 60) * 1_000).toBeLessThan(thirdAttemptMs)
  })

  it('is not sent again to whom has it', async () => {
    const response = await getKeys()
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const etag = response.headers.get('etag') ?? ''
    expect((await getKeys({ 'if-none-match': etag })).status).toBe(304)
    await rename('webhooks-1')
    expect((await getKeys({ 'if-none-match': etag })).status).toBe(200)
  })
})

/** RFC 8032, 7.1: the private key, the message, the signature, in hexadecimal. */
const RFC_8032 = [
  [
    'TEST 1',
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    'TEST 2',
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'TEST 3',
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
  [
    'TEST SHA(abc)',
    '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  ],
] as const

describe('Ed25519 of the runtime', () => {
  it.each(RFC_8032)('signs %s of RFC 8032 as published', async (_name, seed, message, signature) => {
    const { privateKey } = await ed25519Pair(`whsk_${Buffer.from(seed, 'hex').toString('base64')}`)
    const made = await crypto.subtle.sign('Ed25519', privateKey, Buffer.from(message, 'hex'))
    expect(Buffer.from(made).toString('hex')).toBe(signature)
  })

  it('signs a webhook as the libraries of the specification do', async () => {
    const { privateKey } = await ed25519Pair('whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=')
    const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
    const signer = { hmac: [], ed25519: privateKey }
    const headers = await signatureHeaders(signer, id, '{"test": 2432232314}', 1_614_265_330_000)
    expect(headers['webhook-signature']).toBe(
      'v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==',
    )
  })
})
