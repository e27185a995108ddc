import { describe, expect, it } from 'vitest'
import { digest, isApiKeyShaped, isTokenShaped, newApiKey, newToken } from '../src/tokens.ts'

const TOKEN = '0123456789abcdef'.repeat(3).slice(0, 40)
const many = <T>(make: () => T) => Array.from({ length: 200 }, make)

describe('A token', () => {
  it('is 40 hexadecimal letters, each time others', () => {
    const tokens = many(newToken)
    for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{40}$/)
    expect(new Set(tokens).size).toBe(200)
    // Each of its letters is random: every place has had most of the sixteen.
    for (let place = 0; place < 40; place += 1) {
      expect(new Set(tokens.map((token) => token[place])).size).toBeGreaterThan(12)
    }
  })

  it('of a program begins with tw_', () => {
    for (const key of many(newApiKey)) expect(key).toMatch(/^tw_[0-9a-f]{40}$/)
    expect(new Set(many(newApiKey)).size).toBe(200)
  })

  it('is stored as its SHA-256', async () => {
    expect(await digest('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
})

describe('What cannot be a token is known by its shape', () => {
  it('what we made can be', () => {
    expect(isTokenShaped(newToken())).toBe(true)
    expect(isApiKeyShaped(newApiKey())).toBe(true)
  })

  it.each([
    '',
    'tw_',
    TOKEN.slice(1),
    `${TOKEN}0`,
    `${TOKEN}\n`,
    TOKEN.replace(/^./, 'G'),
    'A'.repeat(40),
    `TW_${TOKEN}`,
    `tw_${TOKEN} `,
    `tw_tw_${TOKEN}`,
    "' OR 1=1 --",
    'x'.repeat(1_000_000),
  ])('%.60s can not', (text) => {
    expect(isTokenShaped(text)).toBe(false)
    expect(isApiKeyShaped(text)).toBe(false)
  })

  it('nor is one kind the other', () => {
    expect(isTokenShaped(newApiKey())).toBe(false)
    expect(isApiKeyShaped(newToken())).toBe(false)
  })
})
