import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { publicKeyForms } from '../../src/webhooks/public-key.ts'
import { ed25519Pair, spkiOf } from '../support/ed25519.ts'

describe('publicKeyForms', () => {
  it('are those of the key in RFC 8037, appendix A, with its thumbprint', async () => {
    const key = Buffer.from('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', 'base64url')
    expect(await publicKeyForms(spkiOf(`whpk_${key.toString('base64')}`))).toEqual({
      kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
      whpk: 'whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
    })
  })

  it('are no two keys’ the same', async () => {
    const [one, other] = await Promise.all([ed25519Pair(), ed25519Pair()])
    const forms = await Promise.all([one, other].map(({ publicKey }) => publicKeyForms(spkiOf(publicKey))))
    expect(forms.map(({ whpk }) => whpk)).toEqual([one.publicKey, other.publicKey])
    expect(new Set(forms.map(({ kid }) => kid)).size).toBe(2)
  })

  it('are none of a key of another kind, or of another length', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const spki = publicKey.export({ format: 'der', type: 'spki' })
    await expect(publicKeyForms(spki)).rejects.toThrow()
    await expect(publicKeyForms(spkiOf(`whpk_${btoa('x'.repeat(31))}`))).rejects.toThrow()
  })
})
