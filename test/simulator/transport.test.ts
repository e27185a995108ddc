/** @module How the simulated instance sends: compressed, moved, or whatever a script says. */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { type SimulatedInstance, startInstance } from './instance.ts'

const started: SimulatedInstance[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((instance) => instance.close()))
})

async function start(videos: number) {
  const instance = await startInstance({ videos })
  started.push(instance)
  return instance
}

/** A request whose answer nobody decompresses. */
function send(url: string, headers: Record<string, string>) {
  return new Promise<{ headers: IncomingMessage['headers']; bytes: Buffer }>((resolve, reject) => {
    const outgoing = httpRequest(url, { headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => resolve({ headers: response.headers, bytes: Buffer.concat(chunks) }))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

describe('Compression', () => {
  it('is for those who can read it, above 1 KB, and leaves the ETag as it is', async () => {
    const instance = await start(10)
    const url = `${instance.origin}/api/v1/videos`
    const plain = await send(url, {})
    expect(plain.headers['content-encoding']).toBeUndefined()
    const packed = await send(url, { 'accept-encoding': 'br, gzip' })
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', etag: plain.headers.etag })
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 4)
    expect(gunzipSync(packed.bytes)).toEqual(plain.bytes)
    expect((await send(url, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding']).toBeUndefined()
    const small = await send(`${url}?count=0`, { 'accept-encoding': 'gzip' })
    expect(small.headers['content-encoding']).toBeUndefined()
  })
})

describe('Detours', () => {
  it('sends everything on to where it has moved, until it is here again', async () => {
    const instance = await start(1)
    instance.moveTo('https://new.example')
    const moved = await fetch(`${instance.origin}/api/v1/videos?count=1`, { redirect: 'manual' })
    expect([moved.status, moved.headers.get('location')]).toEqual([
      308,
      'https://new.example/api/v1/videos?count=1',
    ])
    instance.moveTo(null)
    expect((await fetch(`${instance.origin}/api/v1/videos`)).status).toBe(200)
  })

  it.each([
    [true, 301],
    [false, 302],
  ])('redirects: permanent %s is %i', async (permanent, status) => {
    const instance = await start(1)
    instance.fail({ kind: 'redirect', permanent })
    expect((await fetch(instance.origin, { redirect: 'manual' })).status).toBe(status)
  })

  it('answers what a script says, as often as it says, to paths that begin so', async () => {
    const instance = await start(1)
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    const html = { 'content-type': 'text/html' }
    instance.answerWith('/api/v1/videos', { body: { total: -1, data: [{ id: -1 }] } })
    instance.answerWith('/api/v1/videos', { status: 418, body: deep, headers: html, times: 1 })
    const get = () => fetch(`${instance.origin}/api/v1/videos?count=1`)
    const first = await get()
    expect([first.status, first.headers.get('content-type'), await first.text()]).toEqual([
      418,
      'text/html',
      deep,
    ])
    expect(await (await get()).json()).toEqual({ total: -1, data: [{ id: -1 }] })
    expect((await fetch(`${instance.origin}/api/v1/config`)).headers.get('x-ratelimit-limit')).toBe('50')
    instance.heal()
    expect(await (await get()).json()).toMatchObject({ total: 1 })
  })
})

it('logs of each request which limit it counted against', async () => {
  const instance = await start(1)
  const paths = ['/api/v1/videos', '/nodeinfo/2.0.json', '/feeds/video-comments.json', '/accounts/peertube']
  for (const path of [...paths, '/.well-known/nodeinfo']) await (await fetch(instance.origin + path)).text()
  await expect
    .poll(() => instance.requests().map(({ bucket }) => bucket))
    .toEqual(['api', 'api', 'feeds', 'activityPub', 'wellKnown'])
})
