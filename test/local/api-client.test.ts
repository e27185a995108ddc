/** @module What `npm start` does when its own API is not as it hopes: over HTTP, against a server that says what it is told. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ApiClient, apiClient } from '../../src/local/api-client.ts'

type Said = { status: number; headers?: Record<string, string>; body?: string }

let said: Said[]
let asked: { method: string; path: string; body: string }[]
let waits: number[]
let api: ApiClient
let close: () => Promise<unknown>
beforeEach(async () => {
  said = []
  asked = []
  waits = []
  const server = createServer(async (request, response) => {
    asked.push({ method: request.method ?? '', path: request.url ?? '', body: await textOf(request) })
    const { status, headers, body } = said.shift() ?? { status: 500 }
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has an address of this kind.
  const { port } = server.address() as AddressInfo
  api = apiClient(new URL(`http://127.0.0.1:${port}`), 'key', async (milliseconds) => {
    waits.push(milliseconds)
  })
  close = () => new Promise((resolve) => server.close(resolve))
})
afterEach(() => close())

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}

const problem = (status: number, detail: string): Said => ({
  status,
  headers: { 'content-type': 'application/problem+json; charset=utf-8' },
  body: JSON.stringify({ status, detail }),
})
const tooMany = (retryAfter: string): Said => {
  const { headers, ...rest } = problem(429, 'Too many requests: at most 50 in 10 s')
  return { ...rest, headers: { ...headers, 'retry-after': retryAfter } }
}
const page = (names: readonly string[], next?: string): Said => ({
  status: 200,
  body: JSON.stringify({ total: 3, data: names.map((id) => ({ id })), ...(next ? { next } : {}) }),
})

describe('Too many requests', () => {
  it('are waited for as long as the API says, and sent again whole', async () => {
    said = [tooMany('7'), tooMany('2'), { status: 201, body: '{"id":"ep_1","secret":"whsec_1"}' }]
    expect(await api.addEndpoint(new URL('http://localhost:3000/'), 'Mine')).toMatchObject({ id: 'ep_1' })
    expect(waits).toEqual([7_000, 2_000])
    expect(new Set(asked.map(({ body }) => body))).toEqual(
      new Set(['{"url":"http://localhost:3000/","description":"Mine","verified":true}']),
    )
  })

  it('are an error after three waits', async () => {
    said = Array.from({ length: 9 }, () => tooMany('1'))
    await expect(api.instance('ins_1')).rejects.toMatchObject({
      status: 429,
      message: 'Too many requests: at most 50 in 10 s',
    })
    expect(asked).toHaveLength(4)
    expect(waits).toEqual([1_000, 1_000, 1_000])
  })
})

describe('A wait that nobody sits through', () => {
  it.each([
    ['a day', ['86400'], []],
    ['a little more than a minute', ['61'], []],
    ['more than a minute in all', ['40', '21'], [40_000]],
  ])('of %s is an error at once, in the words of the server', async (_long, seconds, waited) => {
    said = seconds.map(tooMany)
    await expect(api.instance('ins_1')).rejects.toMatchObject({
      status: 429,
      message: 'Too many requests: at most 50 in 10 s',
    })
    expect(waits).toEqual(waited)
    expect(asked).toHaveLength(seconds.length)
  })

  it('is as long as a minute', async () => {
    said = [tooMany('40'), tooMany('20'), { status: 200, body: '{"id":"ins_1"}' }]
    expect(await api.instance('ins_1')).toEqual({ id: 'ins_1' })
    expect(waits).toEqual([40_000, 20_000])
  })
})

describe('A list', () => {
  it('is read to its end, page by page', async () => {
    said = [page(['ins_1', 'ins_2'], 'cursor'), page(['ins_3'])]
    expect((await api.instances()).map(({ id }) => id)).toEqual(['ins_1', 'ins_2', 'ins_3'])
    expect(asked.map(({ path }) => path)).toEqual([
      '/api/v1/instances?count=100',
      '/api/v1/instances?count=100&after=cursor',
    ])
  })
})

describe('What is refused', () => {
  it("is an error in the API's own words", async () => {
    said = [problem(422, 'https://a.example is no PeerTube')]
    await expect(api.checkInstance('https://a.example')).rejects.toMatchObject({
      status: 422,
      message: 'https://a.example is no PeerTube',
    })
  })

  it.each([
    ['a page', { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>Hello' }],
    ['other JSON', { status: 200, body: '{"hello":"world"}' }],
  ])('by a server that is no Tubewire, which answers %s, is said so', async (_what, answer) => {
    said = [answer]
    await expect(api.user('usr_administrator')).rejects.toThrow(/answers as no Tubewire does/)
  })
})
