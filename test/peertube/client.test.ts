/** @module What a real server may do instead of answering, as the client tells it. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Answer, getJson, request } from '../../src/peertube/client.ts'
import { control } from '../support/harness.ts'

const deps = {
  fetch: (input: RequestInfo | URL, init?: RequestInit) => fetch(input, init),
  clock: Date.now,
  userAgent: 'Tubewire',
}

describe('getJson', () => {
  it.each([
    ['timeout', null],
    ['slow-body', 200],
  ] as const)('%s: gives up after its time', async (kind, status) => {
    const instance = await control.instance({ videos: 1 })
    await instance.fail({ kind })
    const answer = await getJson(deps, `${instance.origin}/api/v1/videos`, { timeoutMs: 300 })
    expect(answer).toMatchObject({
      kind: 'failed',
      reason: 'timeout',
      detail: 'gave no answer within 0.3 s',
    })
    expect(answer.observation?.status ?? null).toBe(status)
    await instance.close()
  })

  it('takes a 304 for an answer only when it asked for one', async () => {
    const notModified = { ...deps, fetch: async () => new Response(null, { status: 304 }) }
    expect(await getJson(notModified, 'https://h/')).toMatchObject({ kind: 'failed', detail: 'answered 304' })
    expect(await getJson(notModified, 'https://h/', { etag: 'W/"x"' })).toMatchObject({
      kind: 'not-modified',
    })
  })

  it('tells for how long the answer stays the same', async () => {
    const headers = { 'cache-control': 'max-age=900' }
    const answers = [
      new Response('{}', { headers }),
      new Response(null, { status: 304, headers }),
      new Response('{}'),
    ]
    const told = answers.map(async (answer) =>
      getJson({ ...deps, fetch: async () => answer }, 'https://h/', { etag: 'W/"x"' }),
    )
    expect(await Promise.all(told)).toMatchObject([
      { kind: 'ok', maxAgeSeconds: 900 },
      { kind: 'not-modified', maxAgeSeconds: 900 },
      { kind: 'ok', maxAgeSeconds: null },
    ])
  })

  it.each([
    ['7', 7_000],
    [undefined, 10_000],
    ['soon', 10_000],
  ] as const)(
    'a 503 with Retry-After %s is a failure that says when to come back',
    async (retryAfter, waitMs) => {
      const instance = await control.instance({ videos: 1 })
      await instance.fail({ kind: '503', ...(retryAfter === undefined ? {} : { retryAfter }) })
      const now = Date.UTC(2026, 0, 1)
      const answer = await getJson({ ...deps, clock: () => now }, `${instance.origin}/api/v1/videos`)
      expect(answer).toMatchObject({
        kind: 'failed',
        reason: 'server',
        observation: { retryAt: now + waitMs },
      })
    },
  )

  it('says what it wants: gzip, what it knows, who asks and as whom, and never that no cache may answer', async () => {
    const instance = await control.instance({ videos: 1 })
    const url = `${instance.origin}/api/v1/videos`
    const first = await getJson(deps, url)
    const etag = first.kind === 'ok' ? first.etag : null
    expect(await getJson(deps, url, { etag })).toMatchObject({ kind: 'not-modified' })
    const accept = 'application/activity+json'
    await getJson(deps, url, { bucket: 'activityPub', accept, token: 'a-token' })
    const asked = (await instance.requests()).map(({ headers }) => headers)
    expect(asked).toHaveLength(3)
    for (const headers of asked) {
      expect(headers['accept-encoding']).toContain('gzip')
      expect(headers['user-agent']).toBe('Tubewire')
      expect(headers).not.toHaveProperty('cache-control')
      expect(headers).not.toHaveProperty('pragma')
    }
    expect(asked[0]).toMatchObject({ accept: 'application/json' })
    for (const name of ['authorization', 'if-none-match']) expect(asked[0]).not.toHaveProperty(name)
    expect(asked[1]).toMatchObject({ 'if-none-match': etag })
    expect(asked[2]).toMatchObject({ accept, authorization: 'Bearer a-token' })
  })

  it('understands gzip', async () => {
    const instance = await control.instance({ videos: 1 })
    await instance.fail({ kind: 'gzip' })
    const answer = await getJson(deps, `${instance.origin}/api/v1/videos`)
    expect(answer).toMatchObject({ kind: 'ok', body: { total: 0, data: [] } })
  })

  it.each(['huge-body', 'gzip-bomb'] as const)('%s: is cut at 5 MB, and says so', async (kind) => {
    const instance = await control.instance({ videos: 1 })
    await instance.fail({ kind })
    const answer = await getJson(deps, `${instance.origin}/api/v1/videos`)
    expect(answer).toMatchObject({
      kind: 'failed',
      reason: 'too-large',
      detail: 'answered more than 5242880 bytes',
    })
  })

  it('takes 5 MB', async () => {
    const body = JSON.stringify('x'.repeat(5 * 1024 * 1024 - 2))
    const answering = { ...deps, fetch: async () => new Response(body) }
    expect(await getJson(answering, 'https://h/')).toMatchObject({ kind: 'ok' })
  })

  it.each<[string, Response, Partial<Answer>]>([
    ['a 400', new Response('', { status: 400 }), { reason: 'http', detail: 'answered 400' }],
    ['a 404 of HTML', new Response('<html>', { status: 404 }), { reason: 'http', detail: 'answered 404' }],
    ['a 500', new Response('', { status: 500 }), { reason: 'server', detail: 'answered 500' }],
    ['a 501', new Response('', { status: 501 }), { reason: 'server', detail: 'answered 501' }],
    [
      'a web page, by its type',
      new Response('Be right back', { headers: { 'content-type': 'text/html' } }),
      { reason: 'html', detail: 'answered 200 with a web page (text/html)' },
    ],
    [
      'a web page, by how it begins',
      new Response('\n <!doctype html>', { headers: { 'content-type': 'application/json' } }),
      { reason: 'html', detail: 'answered 200 with a web page (application/json)' },
    ],
    [
      'half of JSON',
      new Response('{"data": [', { headers: { 'content-type': 'application/json' } }),
      { reason: 'not-json', detail: 'answered 200 without JSON (application/json)' },
    ],
    [
      'JSON that is called a web page',
      new Response('{}', { headers: { 'content-type': 'text/html' } }),
      { kind: 'ok' },
    ],
    ['a 521 of Cloudflare', new Response('', { status: 521 }), { reason: 'refused' }],
    ['a 522 of Cloudflare', new Response('', { status: 522 }), { reason: 'timeout' }],
    ['a 526 of Cloudflare', new Response('', { status: 526 }), { reason: 'tls' }],
  ])('tells %s from other failures', async (_name, response, expected) => {
    const answer = await getJson({ ...deps, fetch: async () => response }, 'https://h/')
    expect(answer).toMatchObject({ kind: 'failed', observation: { status: response.status }, ...expected })
  })

  it.each([
    [301, 'https://moved.example/api/v1/videos?a=b', 'https://moved.example/api/v1/videos?a=b', true],
    [308, '/elsewhere', 'https://h/elsewhere', true],
    [302, 'https://moved.example/', 'https://moved.example/', false],
    [307, '//moved.example', 'https://moved.example/', false],
    [301, 'javascript:alert(1)', null, true],
    [301, 'https://', null, true],
    [301, null, null, true],
  ])('a %d to %s leads to %s, for ever: %s', async (status, location, target, isPermanent) => {
    const headers = new Headers(location === null ? {} : { location })
    const redirecting = { ...deps, fetch: async () => new Response(null, { status, headers }) }
    expect(await getJson(redirecting, 'https://h/api/v1/videos')).toMatchObject({
      kind: 'failed',
      reason: 'redirect',
      detail: `redirects to ${target ?? 'nowhere'}`,
      location: target,
      isPermanent,
    })
  })
})

describe('A request', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Passes so long, and then what was waiting for it. */
  const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)
  /** Whether a promise is settled, now. */
  const watchOver = (promise: Promise<unknown>) => {
    const state = { isOver: false }
    void promise.then(() => {
      state.isOver = true
    })
    return state
  }

  it('is given 15 s for the headers of its answer', async () => {
    const hanging = { ...deps, fetch: (_: unknown, init?: RequestInit) => aborted(init?.signal) }
    const answer = getJson(hanging, 'https://h/')
    const state = watchOver(answer)
    await pass(14_999)
    expect(state.isOver).toBe(false)
    await pass(1)
    expect(await answer).toMatchObject({ reason: 'timeout', detail: 'gave no answer within 15 s' })
  })

  it('is given 30 s in all, when the headers came in time', async () => {
    let signal: AbortSignal | null | undefined
    const slow = {
      ...deps,
      fetch: async (_: unknown, init?: RequestInit) => {
        signal = init?.signal
        await new Promise((resolve) => setTimeout(resolve, 14_000))
        return new Response('')
      },
    }
    const answer = request(slow, 'https://h/', { headers: {}, timeoutMs: 30_000 }, () => aborted(signal))
    const state = watchOver(answer)
    await pass(29_999)
    expect(state.isOver).toBe(false)
    await pass(1)
    expect(await answer).toMatchObject({ reason: 'timeout', detail: 'gave no answer within 30 s' })
  })

  it('leaves no timer behind', async () => {
    const answering = { ...deps, fetch: async () => new Response('{}') }
    expect(await getJson(answering, 'https://h/')).toMatchObject({ kind: 'ok' })
    expect(vi.getTimerCount()).toBe(0)
  })
})

/** Fails as `fetch` does, when the signal aborts. */
function aborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason))
  })
}
