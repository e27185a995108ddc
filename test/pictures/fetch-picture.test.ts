/** @module What a server may send instead of a picture, and what comes of it. */
import { describe, expect, it } from 'vitest'
import { fetchPicture } from '../../src/pictures/fetch-picture.ts'
import { type PictureEnding, picture } from '../simulator/pictures.ts'
import { control } from '../support/harness.ts'

const deps = {
  fetch: (input: RequestInfo | URL, init?: RequestInit) => fetch(input, init),
  clock: Date.now,
  userAgent: 'Tubewire/test',
}
const LOCAL = { config: { allowLocalTargets: true, publicUrl: null, dnsUrl: null } }
const PATH = '/lazy-static/thumbnails/910dc2bc.jpg'

describe('fetchPicture', () => {
  it.each<[PictureEnding, string]>([
    ['jpg', 'image/jpeg'],
    ['png', 'image/png'],
    ['gif', 'image/gif'],
    ['webp', 'image/webp'],
    ['avif', 'image/avif'],
  ])('gives a %s, byte for byte', async (ending, type) => {
    const instance = await control.instance({ videos: 1 })
    const path = `/lazy-static/avatars/a.${ending}`
    const got = await fetchPicture(deps, new URL(path, instance.origin), LOCAL)
    expect(got).toMatchObject({ kind: 'picture', type, observation: { status: 200 } })
    expect(got.kind === 'picture' && Buffer.from(got.bytes).equals(picture(ending, path))).toBe(true)
  })

  it('says who asks, and brings no cookie, no token and no page that it came from', async () => {
    const instance = await control.instance({ videos: 1 })
    await fetchPicture(deps, new URL(PATH, instance.origin), LOCAL)
    const [asked] = await instance.requests()
    expect(asked).toMatchObject({ method: 'GET', path: PATH })
    expect(asked?.headers).toMatchObject({
      'user-agent': 'Tubewire/test',
      accept: 'image/*',
    })
    for (const name of ['cookie', 'authorization', 'referer']) expect(asked?.headers).not.toHaveProperty(name)
  })

  it('believes the bytes, not the header: a PNG that is called a page', async () => {
    const instance = await control.instance({ videos: 1 })
    await instance.fail({ kind: 'png-as-html' })
    const got = await fetchPicture(deps, new URL(PATH, instance.origin), LOCAL)
    expect(got).toMatchObject({ kind: 'picture', type: 'image/png' })
  })

  it.each([
    [2 * 1024 * 1024, 'picture'],
    [2 * 1024 * 1024 + 1, 'failed'],
  ])('of %i bytes: %s', async (size, kind) => {
    const bytes = new Uint8Array(size)
    bytes.set(picture('jpg', ''))
    const giving = { ...deps, fetch: async () => new Response(bytes) }
    expect(await fetchPicture(giving, new URL('https://h.example/a'), LOCAL)).toMatchObject({ kind })
  })

  it.each([
    ['huge-picture', 'too-large', 'answered more than 2097152 bytes'],
    ['endless-picture', 'too-large', 'answered more than 2097152 bytes'],
    ['svg', 'not-a-picture', 'answered no JPEG, PNG, GIF, WebP or AVIF'],
    ['html-as-jpeg', 'not-a-picture', 'answered no JPEG, PNG, GIF, WebP or AVIF'],
    ['html-200', 'not-a-picture', 'answered no JPEG, PNG, GIF, WebP or AVIF'],
    ['empty-picture', 'not-a-picture', 'answered no JPEG, PNG, GIF, WebP or AVIF'],
    ['404', 'http', 'answered 404'],
    ['500', 'server', 'answered 500'],
    ['close', 'unreachable', 'could not be reached'],
    ['close-mid-body', 'unreachable', 'could not be reached'],
  ] as const)('%s: fails as %s, and ends the connection', async (kind, reason, detail) => {
    const instance = await control.instance({ videos: 1 })
    await instance.fail({ kind })
    const got = await fetchPicture(deps, new URL(PATH, instance.origin), LOCAL)
    expect(got).toMatchObject({ kind: 'failed', reason, detail: expect.stringContaining(detail) })
    // It is in the instance's log once the answer has ended: an endless one by us.
    await expect.poll(() => instance.requests()).toHaveLength(1)
  })

  it.each([
    ['timeout', null],
    ['slow-body', 200],
    ['slow-picture', 200],
  ] as const)('%s: gives up when its time is over, however the bytes drip', async (kind, status) => {
    const instance = await control.instance({ videos: 1 })
    await instance.fail({ kind })
    const got = await fetchPicture(deps, new URL(PATH, instance.origin), { ...LOCAL, timeoutMs: 300 })
    expect(got).toMatchObject({ kind: 'failed', reason: 'timeout', detail: 'gave no answer within 0.3 s' })
    expect(got.observation?.status ?? null).toBe(status)
    await instance.close()
  })

  it('follows no redirect: nobody has signed where it leads', async () => {
    const other = await control.instance({ videos: 1 })
    const instance = await control.instance({ videos: 1 })
    await instance.fail({ kind: 'redirect', location: other.origin + PATH })
    const got = await fetchPicture(deps, new URL(PATH, instance.origin), LOCAL)
    expect(got).toMatchObject({ reason: 'redirect', detail: `redirects to ${other.origin}${PATH}` })
    expect(await other.requests()).toEqual([])
  })

  it.each([
    ['429', '30', 30_000],
    ['503', '7', 7_000],
    ['429', undefined, 10_000],
  ] as const)('a %s with Retry-After %s says when to come back', async (kind, retryAfter, waitMs) => {
    const instance = await control.instance({ videos: 1 })
    await instance.fail({ kind, ...(retryAfter === undefined ? {} : { retryAfter }) })
    const now = Date.UTC(2026, 0, 1)
    const got = await fetchPicture({ ...deps, clock: () => now }, new URL(PATH, instance.origin), LOCAL)
    expect(got).toMatchObject({ kind: 'held', retryAt: now + waitMs })
  })

  it.each([
    'http://127.0.0.1:9000/a.jpg',
    'https://localhost/a.jpg',
    'https://[::1]/a.jpg',
    'https://10.0.0.1/a',
  ])('never asks %s, unless it may', async (url) => {
    const asked: unknown[] = []
    const watching = {
      ...deps,
      fetch: async (input: unknown) => {
        asked.push(input)
        return new Response()
      },
    }
    const got = await fetchPicture(watching, new URL(url), {
      config: { ...LOCAL.config, allowLocalTargets: false },
    })
    expect(got).toMatchObject({ kind: 'failed', reason: 'not-public', observation: null })
    expect(asked).toEqual([])
    await fetchPicture(watching, new URL(url), LOCAL)
    expect(asked).toEqual([url])
  })
})
