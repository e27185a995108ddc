/** @module One attempt survives everything that a receiver can do, on the runtime that makes it. */
import { describe, expect, it, vi } from 'vitest'
import { VERSION } from '../../src/version.ts'
import { type Attempt, send } from '../../src/webhooks/send.ts'
import type { Misbehaviour } from '../simulator/misbehaving-receiver.ts'
import { control } from '../support/harness.ts'

/** Of a receiver that keeps us waiting; any other has all the time in the world. */
const SHORT_MS = 300
const LONG_MS = 20_000

const LOST = 'no answer (connection refused or lost, or the answer was no HTTP)'
const NO_TLS = 'no connection (name not found, or TLS failed)'
const DAY = 24 * 3_600_000

type Expected = Partial<Pick<Attempt, 'status' | 'error' | 'response'>> & {
  retryInMs?: number
  /** Whether it goes on until we end it. */
  isSlow?: true
}

const fine = (response: unknown = 'fine', status = 200) => ({ status, error: null, response })
const failed = (status: number, response: unknown = null, error = `answered ${status}`) => ({
  status,
  error,
  response,
})
const lost = { status: null, error: LOST, response: null }
const timeout = { status: null, error: `no answer within ${SHORT_MS / 1000} s`, response: null, isSlow: true }
const slowly = (expected: object) => ({ ...expected, isSlow: true })
const noTls = { status: null, error: NO_TLS, response: null }
const kilobyteOf = (character: string) => character.repeat(1_024)

const EXPECTED = {
  'no answer': timeout,
  'slow headers': timeout,
  'slow body': slowly(fine(expect.toSatisfy((text) => text === null || /^a+$/.test(text)))),
  'slow body of a failure': slowly(
    failed(
      500,
      expect.toSatisfy((text) => text === null || /^a+$/.test(text)),
    ),
  ),
  'no body after its length': slowly(fine(null)),
  'endless headers': lost,
  'endless body': fine(kilobyteOf('a')),
  'endless body of a failure': failed(500, kilobyteOf('a')),
  'endless 100': timeout,

  'reset on accept': lost,
  'close on accept': lost,
  'reset after the request headers': lost,
  'reset after the request': lost,
  'close after the request': lost,
  'reset in the status line': lost,
  'close in the status line': lost,
  'reset in the headers': lost,
  'close in the headers': lost,
  'reset after the headers': fine(null),
  'reset in the body': fine('the beginning'),
  'reset in the body of a failure': failed(500, 'the beginning'),
  'close after the answer': fine(),

  'length too long': fine('the beginning'),
  'length too short': fine(),
  'length no number': lost,
  'length negative': lost,
  'length immense': lost,
  'two lengths': lost,
  // The chunks count (RFC 9112, 6.3).
  'length and chunks': fine(),
  'bad chunk size': fine(),
  'negative chunk size': fine(null),
  'chunk size too long': fine(),
  'chunk size immense': fine(null),
  'no last chunk': fine(),
  'unknown transfer encoding': fine('svar'),

  '100 first': fine(),
  '103 first': fine(),
  '102 and no more': timeout,
  '101 switches to nothing': failed(101),
  // Whoever is faster: there is no telling an answer that came too early from one that is lost.
  'answer before the request': expect.toSatisfy(({ status, error }) =>
    status === 200 ? error === null : error === LOST,
  ),
  'answer before the request body': fine(),
  'answer without reading': fine(),
  'no reading': timeout,
  'answer and close before the request body': fine(),
  'two answers': fine(),
  'close of an idle connection': fine(),
  'reset of an idle connection': fine(),

  'no HTTP': lost,
  'HTTP/0.9': lost,
  'HTTP/1.0': fine(),
  'HTTP/2 unasked': lost,
  'HTTP/9.9': lost,
  'lone line feeds': fine(),
  'NUL in a header': lost,
  'binary header': fine(),
  'header without a colon': lost,
  'space in a header name': lost,
  'folded header': lost,
  'random bytes': lost,
  'huge headers': fine(),
  'many headers': fine(),
  'huge status line': fine(),
  'status 999': failed(999, 'fine'),
  'status 600': failed(600, 'fine'),
  'status 000': lost,
  'status 20': lost,
  'status 2000': lost,
  'status with letters': lost,
  'status without words': fine(),
  '204 with a body': fine(null, 204),
  '205 with a body': fine(null, 205),
  '304 with a body': failed(304, null, 'answered 304: redirects are not followed'),

  gzip: fine(),
  'gzip bomb': fine(kilobyteOf(' ')),
  'gzip bomb of a failure': failed(500, kilobyteOf(' ')),
  'brotli bomb': fine(kilobyteOf(' ')),
  'deflate bomb': fine(expect.stringMatching(/^binary, \d+ bytes read$/)),
  'gzip twice': fine(expect.stringMatching(/^binary, \d+ bytes read$/)),
  'gzip cut off': fine('fine'),
  'gzip that is none': fine(null),
  picture: fine('binary, 4 bytes read'),
  latin1: fine('fün!'),
  'no UTF-8': fine('f\uFFFDi[2Jne\n'),
  'unknown encoding': fine('binary, 4 bytes read'),

  'busy for seconds': { ...failed(429), retryInMs: 30_000 },
  'busy until 2100': { ...failed(503, null, 'answered 503'), retryInMs: DAY },

  'redirect to itself': failed(
    307,
    null,
    expect.stringMatching(/^answered 307: .* \(to http:\/\/127\.0\.0\.1:\d+\)$/),
  ),
  'redirect elsewhere': failed(
    301,
    null,
    'answered 301: redirects are not followed (to https://elsewhere.example:8443)',
  ),
  'redirect to no URL': failed(302, null, 'answered 302: redirects are not followed'),
  'redirect to a file': failed(302, null, 'answered 302: redirects are not followed'),
  'redirect without a target': failed(302, null, 'answered 302: redirects are not followed'),

  'TLS: self-signed': noTls,
  'TLS: plain HTTP': noTls,
  'TLS: reset': noTls,
  'TLS: close': noTls,
  'TLS: alert': noTls,
  'TLS: silence': timeout,
} satisfies Record<Misbehaviour, unknown>

const LARGE = JSON.stringify({ a: 'x'.repeat(16 * 1024 * 1024) })

/** One attempt, by the real clock. */
function attempt(
  url: string,
  { timeoutMs = LONG_MS, ...request }: Partial<Parameters<typeof send>[1]> & { timeoutMs?: number } = {},
) {
  return send(
    { fetch: (input, init) => fetch(input, init), clock: () => Date.now(), timeoutMs },
    { url, headers: { 'content-type': 'application/json' }, body: '{"a":1}', ...request },
  )
}
const good = { status: 200, error: null, response: 'fine' }

describe('A receiver that misbehaves', () => {
  // All kinds of `EXPECTED` are keys, and their values are as `Expected` has them, or matchers of vitest.
  it.each(Object.entries(EXPECTED) as [Misbehaviour, Expected][])(
    '%s: the attempt ends as it should, and those after it are answered',
    async (kind, expected) => {
      const { isSlow, retryInMs, ...outcome } = expected
      const receiver = await control.misbehaving(kind)
      const made = await attempt(receiver.url, { timeoutMs: isSlow ? SHORT_MS : LONG_MS })
      if (kind === 'answer before the request') expect(made).toEqual(expected)
      else expect(made).toMatchObject(outcome)
      const endedAt = made.startedAt + made.durationMs
      expect(made.retryAt).toBe(retryInMs === undefined ? null : endedAt + retryInMs)
      if (isSlow) expect(made.durationMs).toBeGreaterThanOrEqual(SHORT_MS - 1)
      expect(made.durationMs).toBeLessThan(LONG_MS / 2)
      // One may wait in the pool for the next request, unless it is still being talked at. A handshake that is never answered
      // workerd does not take back.
      const mayStay = kind.startsWith('endless') || kind.startsWith('slow') ? 0 : 1
      if (kind !== 'TLS: silence') await receiver.openAtMost(mayStay)

      await receiver.behave()
      expect(await attempt(receiver.plainUrl)).toMatchObject(good)
      expect(await attempt(receiver.plainUrl)).toMatchObject(good)
    },
  )

  it.each([
    ['answer without reading', good],
    ['answer before the request body', good],
    ['no reading', timeout],
    ['reset after the request headers', lost],
    ['endless body', fine(kilobyteOf('a'))],
  ] as const)('%s: as well while a large request is being sent', async (kind, expected) => {
    const receiver = await control.misbehaving(kind)
    const { isSlow, ...outcome } = { isSlow: false, ...expected }
    const timeoutMs = isSlow ? SHORT_MS : LONG_MS
    expect(await attempt(receiver.url, { body: LARGE, timeoutMs })).toMatchObject(outcome)
    await receiver.openAtMost(1)
    await receiver.behave()
    expect(await attempt(receiver.plainUrl)).toMatchObject(good)
  })
})

describe('A connection that was used before', () => {
  it('is used again', async () => {
    const receiver = await control.misbehaving('100 first')
    for (let count = 0; count < 5; count += 1) await attempt(receiver.url)
    expect(await receiver.connections()).toBe(1)
  })

  it('is not used again after two answers: the second is for nobody', async () => {
    const receiver = await control.misbehaving('two answers')
    for (let count = 1; count <= 3; count += 1) {
      expect(await attempt(receiver.url)).toMatchObject(good)
      expect(await receiver.connections()).toBe(count)
    }
    expect(await receiver.requests()).toHaveLength(3)
  })

  it.each([
    ['after an answer that nobody asked for', 'answerUnasked'],
    ['after the receiver has closed it', 'hangUp'],
  ] as const)('is not used again %s', async (_, act) => {
    const receiver = await control.misbehaving('100 first')
    let attempts = 0
    const tryOnce = () => {
      attempts += 1
      return attempt(receiver.url)
    }
    for (let count = 1; count <= 3; count += 1) {
      // One that is on its way while the receiver closes is lost, even if it arrives, and never taken for delivered.
      await vi.waitFor(async () => expect(await tryOnce()).toMatchObject(good), 10_000)
      expect(await receiver.connections()).toBe(count)
      await receiver[act]()
    }
    // Nothing is repeated that the schedule doesn't know of.
    const requests = await receiver.requests()
    expect(requests.length).toBeLessThanOrEqual(attempts)
    expect(new Set(requests.map(({ connection }) => connection))).toEqual(new Set([1, 2, 3]))
  })

  it.each(['close of an idle connection', 'reset of an idle connection'] as const)(
    '%s: the request that is lost with it is no success',
    async (kind) => {
      const receiver = await control.misbehaving(kind)
      expect(await attempt(receiver.url)).toMatchObject(good)
      expect(await attempt(receiver.url)).toMatchObject(lost)
      expect(await attempt(receiver.url)).toMatchObject(good)
      // Each was sent once: nothing is repeated that the schedule doesn't know of.
      expect((await receiver.requests()).map(({ connection }) => connection)).toEqual([1, 1, 2])
    },
  )
})

describe('Where there is no receiver', () => {
  it.each([
    ['http://127.0.0.1:1/', LOST],
    ['https://localhost:1/', LOST],
    ['http://[::1]:1/', LOST],
    ['http://nowhere.invalid/', 'no connection (name not found)'],
    ['https://nowhere.invalid/', NO_TLS],
  ])('%s: %s', async (url, error) => {
    expect(await attempt(url)).toMatchObject({ status: null, error, response: null, responseHeaders: null })
  })

  it('at an address a failure that is not of the connection is of TLS', async () => {
    const { url } = await control.misbehaving('TLS: self-signed')
    const made = await attempt(url.replace('localhost', '127.0.0.1'))
    expect(made.error).toBe('no connection (TLS failed)')
  })
})

describe('A request', () => {
  it('says who sends it, and that nothing is to be packed, whatever else it is to say', async () => {
    const receiver = await control.receiver()
    const headers = {
      'User-Agent': 'somebody else',
      'Accept-Encoding': 'gzip',
      'content-type': 'text/plain',
      'x-own': '1',
    }
    await attempt(receiver.url, { headers, body: 'Grüße 🎬' })
    expect(await receiver.requests()).toMatchObject([
      {
        method: 'POST',
        body: 'Grüße 🎬',
        headers: {
          'user-agent': `Tubewire/${VERSION}`,
          'accept-encoding': 'identity',
          'content-type': 'text/plain',
          'x-own': '1',
        },
      },
    ])
  })

  it('may be an OPTIONS, and its answer be read whole', async () => {
    const receiver = await control.receiver()
    await receiver.answer({ status: 200, headers: { 'WebHook-Allowed-Rate': '120' } })
    const made = await attempt(receiver.url, { method: 'OPTIONS', headers: {}, body: null, keepAnswer: true })
    expect(made).toMatchObject({ status: 200, response: null, answer: '' })
    expect(made.responseHeaders?.get('webhook-allowed-rate')).toBe('120')
    expect(await receiver.requests()).toMatchObject([{ method: 'OPTIONS', body: '' }])
  })

  it('has its answer read to 64 KB', async () => {
    const { url } = await control.misbehaving('endless body')
    expect((await attempt(url, { keepAnswer: true })).answer).toBe('a'.repeat(64 * 1024))
    expect((await attempt(url)).answer).toBeNull()
  })
})
