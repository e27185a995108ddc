/** @module The key of the service actor. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { actorPrivateKey, actorPublicKey } from '../../src/workers/service-key.ts'
import { countCosts } from '../support/count-costs.ts'
import { type Tubewire, testDeps } from '../support/harness.ts'

let tubewire: Tubewire
beforeEach(async () => {
  tubewire = testDeps()
  await env.DB.prepare('DELETE FROM service_keys').run()
})

/** The public key of a PEM, ready to verify. */
function importPublic(pem: string): Promise<CryptoKey> {
  const der = Uint8Array.from(atob(pem.replace(/-----.*?-----|\s/g, '')), (letter) => letter.charCodeAt(0))
  return crypto.subtle.importKey('spki', der, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, [
    'verify',
  ])
}

const stored = () =>
  env.DB.prepare('SELECT * FROM service_keys').all<{ id: string; private_key: string; created_at: number }>()

describe('The key of the service actor', () => {
  it('is made when it is first asked for, and is the same from then on', async () => {
    const { deps } = tubewire
    const first = await actorPublicKey(deps)
    expect(first).toMatch(/^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END PUBLIC KEY-----\n$/)
    expect(await actorPublicKey(deps)).toBe(first)
    expect((await stored()).results).toMatchObject([{ id: 'actor', created_at: deps.clock() }])
  })

  it('is RSA of 2048 bits, and its private half signs what its public half verifies', async () => {
    const { deps } = tubewire
    const [signing, verifying] = [await actorPrivateKey(deps), await importPublic(await actorPublicKey(deps))]
    const data = new TextEncoder().encode('(request-target): get /actor')
    const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', signing, data)
    expect(await crypto.subtle.verify('RSASSA-PKCS1-v1_5', verifying, signature, data)).toBe(true)
    expect(verifying.algorithm).toMatchObject({ modulusLength: 2048 })
    expect(signing.extractable).toBe(false)
  })

  it('is one, when several ask for the first time at once', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => actorPublicKey(tubewire.deps)))
    expect(new Set(all).size).toBe(1)
    expect((await stored()).results).toHaveLength(1)
    expect(await actorPublicKey(tubewire.deps)).toBe(all[0])
  })

  it('is encrypted at rest', async () => {
    await actorPublicKey(tubewire.deps)
    const [row] = (await stored()).results
    expect(row?.private_key).toMatch(/^test\.[\w-]+\.[\w-]+$/)
  })

  it('can be shown, but not signed with, when the key that it was encrypted with is lost', async () => {
    const { deps } = tubewire
    const shown = await actorPublicKey(deps)
    deps.config = { ...deps.config, encryptionKeys: [{ id: 'other', bytes: new Uint8Array(32).fill(9) }] }
    expect(await actorPublicKey(deps)).toBe(shown)
    await expect(actorPrivateKey(deps)).rejects.toThrow(
      'the private key of the service actor can\'t be used: Error: the secret\'s key "test" is not in ENCRYPTION_KEYS',
    )
  })

  it('costs one row to read', async () => {
    await actorPublicKey(tubewire.deps)
    const { db, cost } = countCosts(env.DB)
    tubewire.deps.env.DB = db
    await actorPublicKey(tubewire.deps)
    expect(cost).toEqual({ roundTrips: 1, rowsRead: 1, rowsWritten: 0 })
  })
})
