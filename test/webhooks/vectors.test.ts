/** @module test/vectors/signatures.json: it is what the signer makes, and libraries that are not ours find what it says. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isSignedByEd25519 } from '../support/ed25519.ts'
import { makeVectors, type Vector } from '../vectors/make.ts'

const FILE = join(import.meta.dirname, '..', 'vectors', 'signatures.json')
const VECTORS = await makeVectors()
const isOfSecret = ({ key }: Vector) => key.startsWith('whsec_')
const named = (vectors: readonly Vector[]) =>
  vectors.map((vector) => [`${vector.group}: ${vector.name}`, vector] as const)

describe('The vectors of signatures', () => {
  it('are those in test/vectors/signatures.json; with UPDATE_VECTORS=1 they are written there', async () => {
    const made = `${JSON.stringify({ vectors: VECTORS }, null, 2)}\n`
    if (process.env['UPDATE_VECTORS'] === '1') await writeFile(FILE, made)
    expect(await readFile(FILE, 'utf8')).toBe(made)
  })

  it('have a name each, of every kind and both versions, good and bad', () => {
    expect(new Set(VECTORS.map(({ group, name }) => `${group}: ${name}`)).size).toBe(VECTORS.length)
    const kinds = new Set(VECTORS.map(({ group, expected }) => `${group} ${expected}`))
    for (const group of ['expired', 'rotated', 'malformed'])
      for (const expected of ['valid', 'invalid']) expect(kinds).toContain(`${group} ${expected}`)
    expect(kinds).toContain('good valid')
    expect(kinds).toContain('tampered invalid')
    for (const kind of ['good', 'tampered', 'expired', 'rotated', 'malformed'])
      expect(VECTORS.some((vector) => vector.group === kind && !isOfSecret(vector))).toBe(true)
  })
})

describe('A vector of a secret', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each(named(VECTORS.filter(isOfSecret)))('%s', (_name, { key, headers, body, now, expected, reason }) => {
    vi.setSystemTime(now * 1_000)
    for (const library of [Webhook, SvixWebhook]) {
      const verify = () => new library(key).verify(body, headers)
      if (expected === 'valid') expect(verify).not.toThrow()
      else expect(verify).toThrow(WHAT_LIBRARIES_SAY[reason ?? 'header missing'])
    }
  })
})

const WHAT_LIBRARIES_SAY = {
  'header missing': /^Missing required headers/,
  'timestamp malformed': /^Invalid Signature Headers|^Message timestamp too/,
  'timestamp too old': /^Message timestamp too old/,
  'timestamp too new': /^Message timestamp too new/,
  'no signature fits': /^No matching signature found/,
}

describe('A vector of a public key, but for its age', () => {
  it.each(named(VECTORS.filter((vector) => !isOfSecret(vector))))(
    '%s',
    (_name, { key, headers, body, reason }) => {
      expect(isSignedByEd25519(key, headers, body)).toBe(reason !== 'no signature fits')
    },
  )
})
