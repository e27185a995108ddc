/** @module The API as programs meet it: the generated TypeScript client, over HTTP, against what `npm start` starts. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import createClient from 'openapi-fetch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { paths } from '../../clients/typescript/tubewire.d.ts'
import { firstPassword } from '../../src/local/first-password.ts'
import { type Service, startService } from '../../src/local/service.ts'
import { ROOT } from '../../src/local/worker.ts'
import { type SimulatedInstance, startInstance } from '../simulator/instance.ts'
import { type Receiver, startReceiver } from '../simulator/receiver.ts'

const PASSWORD = 'correct horse battery'
/** Below what the API allows a caller. */
const LOOK = { timeout: 20_000, interval: 250 }

let data: string
let service: Service
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tubewire-client-'))
  service = await startService({
    port: 0,
    data,
    every: 60,
    fresh: true,
    onLog: () => undefined,
    onError(error) {
      throw error
    },
  })
})
afterAll(async () => {
  await service.stop()
  await rm(data, { recursive: true })
})

/** A client of this Tubewire. @param token of a session, or an API key; nobody's without it. */
function connect(token?: string) {
  return createClient<paths>({
    baseUrl: service.url.origin,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
}
type Client = ReturnType<typeof connect>

/** The data of a success. @throws Error with the problem otherwise. */
function dataOf<TData>({ data, error }: { data?: TData; error?: unknown }): TData {
  if (data === undefined) throw new Error(JSON.stringify(error))
  return data
}

/** Logs in as every client of PeerTube does. */
async function logIn(username: string, password: string): Promise<Client> {
  const client = connect()
  const credentials = dataOf(await client.GET('/api/v1/oauth-clients/local'))
  const tokens = dataOf(
    await client.POST('/api/v1/users/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: { ...credentials, grant_type: 'password', username, password },
    }),
  )
  return connect(tokens.access_token)
}

/** A user who has just been made, logged in. */
async function newcomer(username: string): Promise<Client> {
  const made = await connect(service.adminKey).POST('/api/v1/users', {
    body: { username, password: PASSWORD },
  })
  expect(dataOf(made)).toMatchObject({ username, role: { label: 'User' }, state: 'active' })
  return logIn(username, PASSWORD)
}

describe('From the first start to the first delivery', () => {
  let instance: SimulatedInstance
  let receiver: Receiver
  beforeAll(async () => {
    instance = await startInstance({ videos: 2 })
    receiver = await startReceiver()
  })
  afterAll(async () => {
    await Promise.all([instance.close(), receiver.close()])
  })

  it('an administrator watches an instance, a user is sent what it publishes, a program reads it all', async () => {
    const first = await firstPassword(service.api)
    const administrator = await logIn(first?.username ?? '', first?.password ?? '')
    expect(dataOf(await administrator.GET('/api/v1/users/me')).role).toEqual({
      id: 0,
      label: 'Administrator',
    })
    expect(await firstPassword(service.api)).toBeNull()

    const watched = dataOf(await administrator.POST('/api/v1/instances', { body: { url: instance.origin } }))
    if (!('id' in watched)) throw new Error('it was not stored')
    const params = { path: { id: watched.id } }
    const source = async () =>
      dataOf(await administrator.GET('/api/v1/instances/{id}', { params })).sources?.[0]
    await expect.poll(source, LOOK).toMatchObject({ state: 'ok', lastError: null })

    const user = await newcomer('alice')
    const endpoint = dataOf(await user.POST('/api/v1/endpoints', { body: { url: receiver.url } }))
    receiver.setSecret(endpoint.secret)
    // It is asked whether it wants this, and says so.
    expect(endpoint.state).toBe('pending')
    const { id } = endpoint
    const state = async () =>
      dataOf(await user.GET('/api/v1/endpoints/{id}', { params: { path: { id } } })).state
    await expect.poll(state, LOOK).toBe('active')
    const { key } = dataOf(
      await user.POST('/api/v1/api-keys', {
        body: { name: 'Reader', scopes: ['events:read', 'deliveries:read'] },
      }),
    )

    const { uuid } = instance.publish({ name: 'News' })
    const polled = await administrator.POST('/api/v1/instances/{id}/poll', { params })
    expect(polled.response.status).toBe(202)
    const [, webhook] = await receiver.waitFor(2)
    expect(webhook?.verified).toBe(true)

    const program = connect(key)
    const events = dataOf(
      await program.GET('/api/v1/events', {
        params: { query: { after: '0', limit: 10, instance: instance.host } },
      }),
    )
    expect(events.data).toHaveLength(1)
    const [event] = events.data
    expect(event).toMatchObject({ type: 'video.published', data: { video: { uuid, name: 'News' } } })
    expect(webhook?.headers['webhook-id']).toBe(event?.id)
    const deliveries = async () =>
      dataOf(await program.GET('/api/v1/deliveries', { params: { query: { endpoint: endpoint.id } } })).data
    await expect
      .poll(deliveries, LOOK)
      .toMatchObject([{ event: event?.id, state: 'delivered', lastAttempt: { status: 200 } }])

    const file = dataOf(
      await program.GET('/download/events.ndjson', {
        params: { query: { instance: instance.host } },
        parseAs: 'text',
      }),
    )
    expect(
      file
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(events.data)
  })
})

describe('The example of clients/README.md', () => {
  const path = join(ROOT, 'clients', 'typescript', 'example.ts')

  it('is the one that is run here', async () => {
    expect(await readFile(join(ROOT, 'clients', 'README.md'), 'utf8')).toContain(
      `\`\`\`ts\n${await readFile(path, 'utf8')}\`\`\``,
    )
  })

  it('prints the event log', async () => {
    const instance = await startInstance({ videos: 0 })
    instance.publish({ name: 'For the example' })
    await service.api.addInstance(instance.origin, 1)
    const env = { ...process.env, TUBEWIRE_URL: service.url.origin, TUBEWIRE_KEY: service.adminKey }
    const run = async () => (await promisify(execFile)(process.execPath, [path], { env })).stdout
    await expect.poll(run, LOOK).toMatch(/^\d+ video\.published For the example$/m)
    await instance.close()
  })
})

describe('A POST that needs no body', () => {
  /** By node:http, which leaves each header to the caller. */
  const post = (path: string, headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request(new URL(path, service.url).href, { method: 'POST', headers }, (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode))
      })
      sent.on('error', reject)
      sent.end()
    })

  it.each([
    ['fetch', 'fetching', { 'content-length': '0' }],
    ['curl -d ""', 'curling', { 'content-length': '0', 'content-type': 'application/x-www-form-urlencoded' }],
    ['who sends chunks, and has none', 'chunking', { 'transfer-encoding': 'chunked' }],
    ['who says that it is JSON', 'naming', { 'content-length': '0', 'content-type': 'application/json' }],
  ])('is taken from %s', async (_who, username, headers: Record<string, string>) => {
    const administrator = connect(service.adminKey)
    const { id } = dataOf(
      await administrator.POST('/api/v1/users', { body: { username, password: PASSWORD } }),
    )
    const authorization = `Bearer ${service.adminKey}`
    expect(await post(`/api/v1/users/${id}/block`, { authorization, ...headers })).toBe(204)
  })
})

describe('The generated client', () => {
  it('pages through a list with the next of the page before', async () => {
    const user = await newcomer('pager')
    const urls = ['a', 'b', 'c', 'd', 'e'].map((name) => `https://127.0.0.1/${name}`)
    for (const url of urls) dataOf(await user.POST('/api/v1/endpoints', { body: { url } }))
    const found: string[] = []
    const sizes: number[] = []
    let after: string | undefined
    do {
      const query = { count: 2, sort: 'createdAt' as const, ...(after === undefined ? {} : { after }) }
      const page = dataOf(await user.GET('/api/v1/endpoints', { params: { query } }))
      expect(page.total).toBe(5)
      sizes.push(page.data.length)
      found.push(...page.data.map(({ url }) => url))
      after = page.next
    } while (after !== undefined)
    expect(sizes).toEqual([2, 2, 1])
    expect(found.toSorted()).toEqual(urls)
  })

  it('is told that what it has still holds, and changes only what it saw', async () => {
    const user = await newcomer('careful')
    const { id } = dataOf(await user.POST('/api/v1/endpoints', { body: { url: 'https://127.0.0.1/' } }))
    const path = { id }
    const read = await user.GET('/api/v1/endpoints/{id}', { params: { path } })
    const seen = read.response.headers.get('etag') ?? ''
    const again = await user.GET('/api/v1/endpoints/{id}', {
      params: { path, header: { 'If-None-Match': seen } },
    })
    expect(again.response.status).toBe(304)

    const change = (description: string) =>
      user.PATCH('/api/v1/endpoints/{id}', {
        params: { path, header: { 'If-Match': seen } },
        body: { description },
      })
    expect(dataOf(await change('The first is done')).description).toBe('The first is done')
    const second = await change('The second saw what is no longer so')
    expect(second.error).toMatchObject({ status: 412 })
  })

  it('has the problems of what is not there, and of what is wrong, typed', async () => {
    const user = await newcomer('mistaken')
    const path = { id: 'ep_0123456789abcdef01234567' }
    const missing = await user.GET('/api/v1/endpoints/{id}', { params: { path } })
    expect(missing.error?.status).toBe(404)
    expect(missing.error?.title).toBe('Not Found')
    expect(missing.error?.docs).toBe(`${service.url.origin}/api/docs#operation/getEndpoint`)

    const wrong = await user.POST('/api/v1/endpoints', { body: { url: 'ftp://127.0.0.1/' } })
    expect(wrong.error?.status).toBe(400)
    expect(wrong.error?.detail).toBe('Incorrect request parameters: url')
    expect(wrong.error?.['invalid-params']?.['url']).toMatchObject({ location: 'body', param: 'url' })
  })

  it('is told of its limit, and when it is counted anew', async () => {
    const user = await newcomer('counted')
    const limits = async () => {
      const { response } = await user.GET('/api/v1/users/me')
      const header = (name: string) => Number(response.headers.get(`x-ratelimit-${name}`))
      return { limit: header('limit'), remaining: header('remaining'), reset: header('reset') }
    }
    const first = await limits()
    const second = await limits()
    expect(first).toMatchObject({ limit: 50, remaining: 49 })
    expect(second).toMatchObject({ limit: 50, remaining: 48, reset: first.reset })
    expect(first.reset * 1000).toBeGreaterThan(Date.now())
  })

  it('is refused with what was refused when it has no key, or one that may not', async () => {
    const nobody = await connect().GET('/api/v1/events')
    expect(nobody.error?.status).toBe(401)
    const user = await newcomer('narrow')
    const { key } = dataOf(
      await user.POST('/api/v1/api-keys', { body: { name: 'Narrow', scopes: ['events:read'] } }),
    )
    const refused = await connect(key).GET('/api/v1/endpoints')
    expect(refused.error).toMatchObject({ status: 403, code: 'insufficient_scope' })
  })
})
