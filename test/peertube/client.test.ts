/** @module What a real server may do instead of answering, as the client tells it. */
import { describe, expect, it } from 'vitest'
import { getJson } from '../../src/peertube/client.ts'
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
      expect(answer).toMatchObject({ kind: 'failed', reason: 'http', observation: { retryAt: now + waitMs } })
    },
  )
})
