import { describe, expect, it } from 'vitest'
import { parseConfig, VARIABLES } from '../src/config.ts'
import { decryptSecret, encryptSecret } from '../src/secrets.ts'

const key = (fill: number) => btoa(String.fromCharCode(...new Uint8Array(32).fill(fill)))
const GOOD = { ADMIN_KEY: 'k'.repeat(24), ENCRYPTION_KEYS: `b:${key(2)}, a:${key(1)}` }

describe('parseConfig', () => {
  it('has defaults for all but the secrets', () => {
    expect(parseConfig(GOOD)).toMatchObject({
      maxDelayMs: { videos: 300_000, comments: 600_000, notifications: 300_000 },
      cronPeriodMs: 60_000,
      deliveryTimeoutMs: 15_000,
      deliveryConcurrency: 5,
      allowLocalTargets: false,
    })
    expect(parseConfig(GOOD).encryptionKeys.map(({ id }) => id)).toEqual(['b', 'a'])
  })

  it.each([
    [{}, 'ADMIN_KEY'],
    [{ ...GOOD, ADMIN_KEY: 'short' }, 'ADMIN_KEY must have at least 24 characters'],
    ...[' ', '\n', 'é', '\u0000', '\u2028'].map((odd): [object, string] => [
      { ...GOOD, ADMIN_KEY: `${GOOD.ADMIN_KEY}${odd}` },
      'ADMIN_KEY must be letters, digits and signs of ASCII, without spaces',
    ]),
    [{ ...GOOD, ADMIN_KEY: `${'k'.repeat(12)} ${'k'.repeat(12)}` }, 'ADMIN_KEY must be letters, digits'],
    [{ ...GOOD, ENCRYPTION_KEYS: 'a:tooshort' }, 'ENCRYPTION_KEYS must be "ID:BASE64" of 32 bytes'],
    [
      { ...GOOD, ENCRYPTION_KEYS: `a:${key(1)},a:${key(2)}` },
      'ENCRYPTION_KEYS must not name the same key twice',
    ],
    [{ ...GOOD, MAX_DELAY_SECONDS: '0' }, 'MAX_DELAY_SECONDS must be at least 1'],
    [{ ...GOOD, MAX_DELAY_SECONDS: '86401' }, 'MAX_DELAY_SECONDS must be at most 86400'],
    [{ ...GOOD, MAX_DELAY_COMMENTS_SECONDS: '0' }, 'MAX_DELAY_COMMENTS_SECONDS must be at least 1'],
    [{ ...GOOD, CRON_PERIOD_SECONDS: 'often' }, 'CRON_PERIOD_SECONDS must be a whole number of seconds'],
    [{ ...GOOD, DELIVERY_TIMEOUT_SECONDS: '31' }, 'DELIVERY_TIMEOUT_SECONDS must be at most 30'],
    [{ ...GOOD, DELIVERY_CONCURRENCY: '0' }, 'DELIVERY_CONCURRENCY must be at least 1'],
    [{ ...GOOD, CALLER_ADDRESS_HEADER: '' }, 'CALLER_ADDRESS_HEADER must be the name of a header, or "none"'],
    [{ ...GOOD, CALLER_ADDRESS_HEADER: 'a b' }, 'CALLER_ADDRESS_HEADER must be the name of a header'],
    [{ ...GOOD, ALLOW_LOCAL_TARGETS: 'yes' }, 'ALLOW_LOCAL_TARGETS must be "true" or "false"'],
  ])('%j: names the variable, never its value', (environment, message) => {
    expect(() => parseConfig(environment)).toThrow(message)
    expect(() => parseConfig(environment)).not.toThrow(/tooshort|short(?!er)|often|yes/)
  })

  it('has the contract’s limits, closed registration and kept mails unless told otherwise', () => {
    expect(parseConfig(GOOD)).toMatchObject({
      publicUrl: null,
      callerAddressHeader: 'CF-Connecting-IP',
      signup: 'closed',
      mail: { kind: 'keep' },
      limits: {
        api: { requests: 50, windowMs: 10_000 },
        token: { requests: 15, windowMs: 300_000 },
        register: { requests: 2, windowMs: 300_000 },
        verifyEmail: { requests: 3, windowMs: 300_000 },
      },
    })
  })

  const MAIL = { PUBLIC_URL: 'https://tubewire.example', MAIL_FROM: 'tubewire@example.com' }

  it.each([
    [
      { MAX_DELAY_SECONDS: '60' },
      { maxDelayMs: { videos: 60_000, comments: 600_000, notifications: 60_000 } },
    ],
    [
      { MAX_DELAY_COMMENTS_SECONDS: '60' },
      { maxDelayMs: { videos: 300_000, comments: 60_000, notifications: 300_000 } },
    ],
    [{ CALLER_ADDRESS_HEADER: 'X-Real-IP' }, { callerAddressHeader: 'X-Real-IP' }],
    [{ CALLER_ADDRESS_HEADER: 'None' }, { callerAddressHeader: null }],
    [{ RATE_LIMIT_API: '7/2' }, { limits: { api: { requests: 7, windowMs: 2_000 } } }],
    [{ PUBLIC_URL: 'https://Tubewire.example/' }, { publicUrl: 'https://tubewire.example' }],
    [
      { PUBLIC_URL: 'http://localhost:8787', ALLOW_LOCAL_TARGETS: 'true' },
      { publicUrl: 'http://localhost:8787' },
    ],
    [{}, { dnsUrl: null }],
    [{ DNS_URL: 'https://dns.example/dns-query' }, { dnsUrl: 'https://dns.example/dns-query' }],
    [
      { DNS_URL: 'http://localhost:8053/q', ALLOW_LOCAL_TARGETS: 'true' },
      { dnsUrl: 'http://localhost:8053/q' },
    ],
    [{ SIGNUP: 'approval' }, { signup: 'approval' }],
    [
      { ...MAIL, SMTP_URL: 'smtps://user%40example.com:p%3Ass@mail.example' },
      {
        mail: {
          kind: 'smtp',
          host: 'mail.example',
          port: 465,
          tls: 'implicit',
          username: 'user@example.com',
          password: 'p:ss',
          from: 'tubewire@example.com',
        },
      },
    ],
    [{ ...MAIL, SMTP_URL: 'smtp://mail.example' }, { mail: { port: 587, tls: 'starttls', username: '' } }],
    [
      { ...MAIL, MAIL_API_URL: 'https://mail.example/send', MAIL_API_KEY: 'key' },
      { mail: { kind: 'http', url: 'https://mail.example/send', key: 'key' } },
    ],
  ])('takes %j', (variables, expected) => {
    expect(parseConfig({ ...GOOD, ...variables })).toMatchObject(expected)
  })

  it.each([
    [{ RATE_LIMIT_API: '0/10' }, 'RATE_LIMIT_API must be REQUESTS/SECONDS, such as 50/10'],
    [{ RATE_LIMIT_TOKEN: 'secret-value' }, 'RATE_LIMIT_TOKEN must be REQUESTS/SECONDS'],
    [{ SIGNUP: 'secret-value' }, 'SIGNUP must be "closed", "approval" or "open"'],
    [{ PUBLIC_URL: 'https://tubewire.example/secret-value' }, 'PUBLIC_URL must be an address without a path'],
    [{ CONTACT_URL: 'me@example.org' }, 'CONTACT_URL must be a web address, or mailto:'],
    [{ CONTACT_URL: 'https://example.org/)\r\nx: y' }, 'CONTACT_URL must be a web address, or mailto:'],
    [{ PUBLIC_URL: 'ftp://tubewire.example' }, 'PUBLIC_URL must be an address without a path'],
    [{ PUBLIC_URL: 'http://tubewire.example' }, 'PUBLIC_URL must begin with https://'],
    [{ ...MAIL, SMTP_URL: 'https://user:secret-value@mail.example' }, 'SMTP_URL must be smtps://'],
    [{ ...MAIL, SMTP_URL: 'secret-value' }, 'SMTP_URL must be smtps://'],
    [{ ...MAIL, SMTP_URL: 'smtp://%zz:secret-value@mail.example' }, 'SMTP_URL must be smtps://'],
    // Each half of an escape is none, though the two together are one.
    [{ ...MAIL, SMTP_URL: 'smtp://secret-value%4:1b@mail.example' }, 'SMTP_URL must be smtps://'],
    [{ PUBLIC_URL: MAIL.PUBLIC_URL, SMTP_URL: 'smtps://mail.example' }, 'MAIL_FROM is missing'],
    [
      { MAIL_FROM: MAIL.MAIL_FROM, SMTP_URL: 'smtps://mail.example' },
      'PUBLIC_URL is missing: mails have links to it',
    ],
    [{ ...MAIL, MAIL_API_URL: 'https://mail.example' }, 'MAIL_API_KEY is missing'],
    [
      { ...MAIL, MAIL_API_URL: 'https://m.example', MAIL_API_KEY: 'k', SMTP_URL: 'smtps://m.example' },
      'set one',
    ],
    [
      { ...MAIL, MAIL_API_URL: 'http://mail.example', MAIL_API_KEY: 'k' },
      'MAIL_API_URL must begin with https://',
    ],
    [{ DNS_URL: 'secret-value' }, 'DNS_URL must be the URL of a DNS resolver'],
    [{ DNS_URL: 'https://user:secret-value@dns.example/' }, 'DNS_URL must be the URL of a DNS resolver'],
    [{ DNS_URL: 'http://dns.example/' }, 'DNS_URL must begin with https://: what it answers is believed'],
    [{ MAIL_FROM: 'secret-value' }, 'MAIL_FROM must be a mail address'],
  ])('refuses %j by the name of the variable, and never its value', (variables, message) => {
    const parse = () => parseConfig({ ...GOOD, ...variables })
    expect(parse).toThrow(message)
    expect(parse).not.toThrow(/secret-value/)
  })

  it('takes every sign of ASCII in the key of the operator', () => {
    const all = String.fromCharCode(...Array.from({ length: 94 }, (_, index) => 0x21 + index))
    expect(parseConfig({ ...GOOD, ADMIN_KEY: all }).adminKey).toBe(all)
  })

  it('has nothing against variables of others, and names its own', () => {
    expect(() => parseConfig({ ...GOOD, CF_PAGES: '1', SIGN_UP: 'open' })).not.toThrow()
    expect(VARIABLES).toEqual(expect.arrayContaining(['ADMIN_KEY', 'SIGNUP', 'SMTP_URL']))
    expect(VARIABLES).not.toContain('SIGN_UP')
  })

  it('names all that is wrong at once', () => {
    const wrong = { ...GOOD, ADMIN_KEY: 'x', MAX_DELAY_SECONDS: 'x' }
    expect(() => parseConfig(wrong)).toThrow(/ADMIN_KEY .*; MAX_DELAY_SECONDS /)
  })
})

describe('Secrets at rest', () => {
  const { encryptionKeys } = parseConfig(GOOD)

  it('are read with the key that they name, also when it is no longer the newest', async () => {
    const old = await encryptSecret(encryptionKeys.slice(1), 'whsec_x', 'ep_1')
    expect(old).toMatch(/^a\./)
    expect(old).not.toContain('whsec_x')
    expect(await decryptSecret(encryptionKeys, old, 'ep_1')).toBe('whsec_x')
    expect(await encryptSecret(encryptionKeys, 'whsec_x', 'ep_1')).toMatch(/^b\./)
  })

  it('are not read for another owner, with another key, or when they were changed', async () => {
    const secret = await encryptSecret(encryptionKeys, 'whsec_x', 'ep_1')
    await expect(decryptSecret(encryptionKeys, secret, 'ep_2')).rejects.toThrow('can\'t be read with key "b"')
    await expect(decryptSecret(encryptionKeys.slice(1), secret, 'ep_1')).rejects.toThrow('"b" is not in')
    const [id, iv, text = ''] = secret.split('.')
    const changed = [id, iv, (text.startsWith('A') ? 'B' : 'A') + text.slice(1)].join('.')
    await expect(decryptSecret(encryptionKeys, changed, 'ep_1')).rejects.toThrow(
      'can\'t be read with key "b"',
    )
  })
})
