/**
 * @module test/vectors/signatures.json: webhooks, and what a receiver in any language must find of each. Secrets, keys and times
 * are fixed, and the signer makes the signatures, so that the file is the same each time.
 */
import { rotate, type SecretSet, usableSecrets } from '../../src/webhooks/secret-set.ts'
import { makeSigner, signatureHeaders } from '../../src/webhooks/signature.ts'
import { ed25519Pair } from '../support/ed25519.ts'

/** One webhook as it came to a receiver that has one key, and what the receiver finds. */
export type Vector = {
  group: 'good' | 'tampered' | 'expired' | 'rotated' | 'malformed'
  name: string
  /** `whsec_…`: `v1` is verified with it. `whpk_…`: `v1a` is. */
  key: string
  headers: Record<string, string>
  body: string
  /** Seconds since the epoch. */
  now: number
  /** By how many seconds `webhook-timestamp` may differ from `now`. */
  tolerance: number
  expected: 'valid' | 'invalid'
  /** Why it is invalid. */
  reason: Reason | null
}
type Reason =
  | 'header missing'
  | 'timestamp malformed'
  | 'timestamp too old'
  | 'timestamp too new'
  | 'no signature fits'

const TOLERANCE = 300
const HOUR = 3_600
const T = 1_790_000_000
const ID = 'evt_0190f2c4a7b1'
const BODY = '{"id":"evt_0190f2c4a7b1","type":"video.published","data":{"video":{"name":"Tide tables"}}}'

/** A secret of so many bytes, which count up from a first one. */
function secretOf(first: number, bytes = 32): string {
  return `whsec_${Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => first + index)).toString('base64')}`
}
const SECRET = secretOf(1)
const OLD = secretOf(65)
const OLDEST = secretOf(129)
const ED25519 = await ed25519Pair(`whsk_${Buffer.alloc(32, 7).toString('base64')}`)
const OTHER_ED25519 = await ed25519Pair(`whsk_${Buffer.alloc(32, 8).toString('base64')}`)

/** Its three headers. @param at seconds since the epoch. */
async function signed(
  secrets: readonly string[],
  {
    ed25519 = false,
    id = ID,
    body = BODY,
    at = T,
  }: { ed25519?: boolean; id?: string; body?: string; at?: number } = {},
): Promise<Record<string, string>> {
  const signer = makeSigner(secrets, ed25519 ? ED25519.privateKey : null)
  return signatureHeaders(signer, id, body, at * 1_000)
}

const signatureOf = (headers: Record<string, string>) => headers['webhook-signature'] ?? ''

/** A vector, with what it doesn't say: a fresh webhook for whom has the secret. */
function vector(
  group: Vector['group'],
  name: string,
  reason: Reason | null,
  given: Pick<Vector, 'headers'> & Partial<Vector>,
): Vector {
  const expected = reason === null ? 'valid' : 'invalid'
  return { group, name, key: SECRET, body: BODY, now: T, tolerance: TOLERANCE, expected, reason, ...given }
}

/** All of them. */
export async function makeVectors(): Promise<Vector[]> {
  return [
    ...(await good()),
    ...(await tampered()),
    ...(await expired()),
    ...(await rotated()),
    ...(await malformed()),
  ]
}

async function good(): Promise<Vector[]> {
  const accents = '{"name":"Café – Übung ✓ 🎬","escaped":"\\u00e9"}'
  const both = await signed([SECRET], { ed25519: true })
  const [v1 = '', v1a = ''] = signatureOf(both).split(' ')
  const key = ED25519.publicKey
  const withUnknown = {
    ...both,
    'webhook-signature': `v2,${'A'.repeat(43)}= ${v1} v1b,${'A'.repeat(86)}== ${v1a} v10,x`,
  }
  const [short, long] = [secretOf(1, 24), secretOf(1, 64)]
  return [
    vector('good', 'v1', null, { headers: await signed([SECRET]) }),
    vector('good', 'v1a', null, { headers: await signed([], { ed25519: true }), key }),
    vector('good', 'v1 and v1a, by the secret', null, { headers: both }),
    vector('good', 'v1 and v1a, by the public key', null, { headers: both, key }),
    vector('good', 'versions that nobody knows yet, by the secret', null, { headers: withUnknown }),
    vector('good', 'versions that nobody knows yet, by the public key', null, { headers: withUnknown, key }),
    vector('good', 'a body that is not ASCII', null, {
      headers: await signed([SECRET], { body: accents }),
      body: accents,
    }),
    vector('good', 'a body that is not ASCII, by the public key', null, {
      headers: await signed([], { ed25519: true, body: accents }),
      body: accents,
      key,
    }),
    vector('good', 'spaces and line breaks in the body', null, {
      headers: await signed([SECRET], { body: '{\r\n  "a": 1\n}\n' }),
      body: '{\r\n  "a": 1\n}\n',
    }),
    vector('good', 'a secret of 24 bytes', null, { headers: await signed([short]), key: short }),
    vector('good', 'a secret of 64 bytes', null, { headers: await signed([long]), key: long }),
  ]
}

async function tampered(): Promise<Vector[]> {
  const v1 = await signed([SECRET])
  const v1a = await signed([], { ed25519: true })
  const keys = [
    ['v1', v1, SECRET],
    ['v1a', v1a, ED25519.publicKey],
  ] as const
  const no = (name: string, given: Pick<Vector, 'headers'> & Partial<Vector>) =>
    vector('tampered', name, 'no signature fits', given)
  const ofBoth = keys.flatMap(([version, headers, key]) => [
    no(`${version}: a letter of the body`, { headers, key, body: BODY.replace('Tide', 'Tidy') }),
    no(`${version}: a space after the body`, { headers, key, body: `${BODY} ` }),
    no(`${version}: a body that means the same`, {
      headers,
      key,
      body: JSON.stringify(JSON.parse(BODY), null, 1),
    }),
    no(`${version}: the id`, { headers: { ...headers, 'webhook-id': 'evt_0190f2c4a7b2' }, key }),
    no(`${version}: the timestamp`, { headers: { ...headers, 'webhook-timestamp': String(T + 1) }, key }),
    no(`${version}: the signature`, {
      headers: { ...headers, 'webhook-signature': otherLetter(signatureOf(headers)) },
      key,
    }),
  ])
  return [
    ...ofBoth,
    no('v1: signed with another secret', { headers: await signed([OLD]) }),
    no('v1a: signed with another key', { headers: v1a, key: OTHER_ED25519.publicKey }),
    no('v1: under another version', {
      headers: { ...v1, 'webhook-signature': signatureOf(v1).replace('v1,', 'v2,') },
    }),
    no('v1: called v1a, by the secret', {
      headers: { ...v1, 'webhook-signature': signatureOf(v1).replace('v1,', 'v1a,') },
    }),
    no('v1a: called v1, by the public key', {
      headers: { ...v1a, 'webhook-signature': signatureOf(v1a).replace('v1a,', 'v1,') },
      key: ED25519.publicKey,
    }),
    no('v1a only, by the secret', { headers: v1a }),
    no('v1 only, by the public key', { headers: v1, key: ED25519.publicKey }),
    no('v1: a signature of another webhook', {
      headers: { ...v1, 'webhook-signature': signatureOf(await signed([SECRET], { body: '{}' })) },
    }),
  ]
}

/** A signature whose tenth letter is another. */
function otherLetter(signature: string): string {
  return signature.slice(0, 9) + (signature[9] === 'A' ? 'B' : 'A') + signature.slice(10)
}

async function expired(): Promise<Vector[]> {
  const headers = await signed([SECRET])
  const v1a = { headers: await signed([], { ed25519: true }), key: ED25519.publicKey }
  return [
    vector('expired', 'as old as it may be', null, { headers, now: T + TOLERANCE }),
    vector('expired', 'a second older', 'timestamp too old', { headers, now: T + TOLERANCE + 1 }),
    vector('expired', 'a day later', 'timestamp too old', { headers, now: T + 24 * HOUR }),
    vector('expired', 'v1a, a second older', 'timestamp too old', { ...v1a, now: T + TOLERANCE + 1 }),
    vector('expired', 'as new as it may be', null, { headers, now: T - TOLERANCE }),
    vector('expired', 'a second newer', 'timestamp too new', { headers, now: T - TOLERANCE - 1 }),
    vector('expired', 'v1a, a second newer', 'timestamp too new', { ...v1a, now: T - TOLERANCE - 1 }),
    vector('expired', 'of milliseconds', 'timestamp too new', {
      headers: { ...headers, 'webhook-timestamp': String(T * 1_000) },
    }),
    vector('expired', 'of zero', 'timestamp too old', { headers: { ...headers, 'webhook-timestamp': '0' } }),
  ]
}

/** An endpoint whose secret was changed an hour ago, for three hours; and then again, now, for one. */
async function rotated(): Promise<Vector[]> {
  const before = T - HOUR
  const first = rotate({ current: OLDEST, previous: [] }, OLD, 3 * HOUR * 1_000, before * 1_000)
  const second = rotate(first, SECRET, HOUR * 1_000, T * 1_000)
  const at = (set: SecretSet, seconds: number, ed25519 = false) =>
    signed(usableSecrets(set, seconds * 1_000), { ed25519, at: seconds })
  const during = await at(second, T)
  const withKey = await at(second, T, true)
  const later = T + HOUR
  const latest = T + 2 * HOUR
  const six = await signed([40, 33, 25, 17, 9, 1].map((start) => secretOf(start)))
  return [
    vector('rotated', 'the new secret, in the overlap', null, { headers: during }),
    vector('rotated', 'the one before, in the overlap', null, { headers: during, key: OLD }),
    vector('rotated', 'the one before that, in its overlap', null, { headers: during, key: OLDEST }),
    vector('rotated', 'v1a besides', null, { headers: withKey, key: ED25519.publicKey }),
    vector('rotated', 'the one before, with v1a besides', null, { headers: withKey, key: OLD }),
    vector('rotated', 'the one before, when its overlap has ended', 'no signature fits', {
      headers: await at(second, later),
      key: OLD,
      now: later,
    }),
    vector('rotated', 'the one before that, whose overlap is longer', null, {
      headers: await at(second, later),
      key: OLDEST,
      now: later,
    }),
    vector('rotated', 'the one before that, when its overlap has ended', 'no signature fits', {
      headers: await at(second, latest),
      key: OLDEST,
      now: latest,
    }),
    vector('rotated', 'the new secret, when all overlaps have ended', null, {
      headers: await at(second, latest),
      now: latest,
    }),
    vector('rotated', 'a secret that it never had', 'no signature fits', {
      headers: during,
      key: secretOf(2),
    }),
    vector('rotated', 'the last of six', null, { headers: six }),
  ]
}

async function malformed(): Promise<Vector[]> {
  const headers = await signed([SECRET])
  const signature = signatureOf(headers)
  const encoded = signature.slice('v1,'.length)
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const
  const without = (name: string) =>
    Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name))
  const signatures = {
    'no comma': `v1 ${encoded}`,
    'no version': encoded,
    'an empty version': `,${encoded}`,
    'a version in capitals': `V1,${encoded}`,
    'an empty signature': 'v1,',
    'commas only': ',,,',
    spaces: '   ',
    'bad base64': 'v1,*** not base64 ***',
    'hexadecimal instead of base64': `v1,${Buffer.from(encoded, 'base64').toString('hex')}`,
    'a byte less': `v1,${Buffer.from(encoded, 'base64').subarray(0, 31).toString('base64')}`,
    'a byte more': `v1,${Buffer.from(`${encoded.slice(0, -1)}A`, 'base64').toString('base64')}`,
    'the first half': signature.slice(0, 24),
  }
  const timestamps = ['yesterday', '-1', '99999999999999999999', 'NaN', '1.79e9x']
  const v1a = await signed([], { ed25519: true })
  const wrong = {
    'an empty signature': 'v1a,',
    'bad base64': 'v1a,***',
    'a byte less': shorter(signatureOf(v1a)),
  }
  return [
    ...names.map((name) =>
      vector('malformed', `${name} is missing`, 'header missing', { headers: without(name) }),
    ),
    ...names.map((name) =>
      vector('malformed', `${name} is empty`, 'header missing', { headers: { ...headers, [name]: '' } }),
    ),
    ...timestamps.map((timestamp) =>
      vector('malformed', `timestamp: ${timestamp}`, 'timestamp malformed', {
        headers: { ...headers, 'webhook-timestamp': timestamp },
      }),
    ),
    ...Object.entries(signatures).map(([name, value]) =>
      vector('malformed', `v1: ${name}`, 'no signature fits', {
        headers: { ...headers, 'webhook-signature': value },
      }),
    ),
    ...Object.entries(wrong).map(([name, value]) =>
      vector('malformed', `v1a: ${name}`, 'no signature fits', {
        headers: { ...v1a, 'webhook-signature': value },
        key: ED25519.publicKey,
      }),
    ),
    vector('malformed', 'one bad signature, and then a good one', null, {
      headers: { ...headers, 'webhook-signature': `v1,*** v1 , ${signature}` },
    }),
  ]
}

/** A signature of a byte less. */
function shorter(signature: string): string {
  const [version, encoded = ''] = signature.split(',')
  return `${version},${Buffer.from(encoded, 'base64').subarray(0, -1).toString('base64')}`
}
