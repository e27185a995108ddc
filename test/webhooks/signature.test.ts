import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { describe, expect, it } from 'vitest'
import { importSecret, newSecret, signatureHeaders } from '../../src/webhooks/signature.ts'

describe('signatureHeaders', () => {
  it('signs the example of the specification as published', async () => {
    const key = await importSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
    const body = '{"test": 2432232314}'
    expect(await signatureHeaders(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', body, 1_614_265_330_000)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  it('is verified by two independent libraries, whatever the body', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.uuid(), async (text, id) => {
        const secret = newSecret()
        const body = JSON.stringify({ text })
        const headers = await signatureHeaders(await importSecret(secret), id, body, Date.now())
        new Webhook(secret).verify(body, headers)
        new SvixWebhook(secret).verify(body, headers)
        expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow()
      }),
      { numRuns: 50 },
    )
  })
})

describe('newSecret', () => {
  it('has the prefix, 32 random bytes, and never comes twice', () => {
    const secrets = Array.from({ length: 100 }, newSecret)
    for (const secret of secrets) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    }
    expect(new Set(secrets).size).toBe(100)
  })
})

describe('importSecret', () => {
  it.each([
    ['without its prefix', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['too short', `whsec_${btoa('x'.repeat(23))}`],
    ['too long', `whsec_${btoa('x'.repeat(65))}`],
    ['empty', ''],
  ])('refuses a secret %s, and does not repeat it', async (_name, secret) => {
    await expect(importSecret(secret)).rejects.toThrow('a signing secret must be "whsec_"')
    if (secret) await expect(importSecret(secret)).rejects.not.toThrow(secret)
  })
})
