/** @module The API as its callers meet it: the whole Worker, over its fetch handler. */
import { createExecutionContext } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { api } from '../../src/api/app.ts'
import worker from '../../src/workers/index.ts'
import { control, count, pollToEnd, testDeps } from '../support/harness.ts'

const KEY = 'the-key-of-the-administrator'

type Answer = {
  status: number
  headers: Headers
  body: Record<string, unknown> & { data: Record<string, unknown>[] }
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await exports.default.fetch(`https://tubewire.example/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
}

beforeEach(async () => {
  await env.DB.batch(
    ['endpoints', 'instances', 'events'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  )
})

describe('Who may call', () => {
  it.each([
    ['no key', {}, 'Bearer'],
    ['another scheme', { authorization: `Basic ${KEY}` }, 'Bearer error="invalid_token"'],
    ['a longer key', { authorization: `Bearer ${KEY}x` }, 'Bearer error="invalid_token"'],
    [
      'another key of that length',
      { authorization: `Bearer ${KEY.slice(1)}x` },
      'Bearer error="invalid_token"',
    ],
    ['an empty key', { authorization: 'Bearer ' }, 'Bearer error="invalid_token"'],
  ])('%s is 401 everywhere but for the health', async (_name, headers, challenge) => {
    for (const path of ['/instances', '/endpoints', '/events', '/deliveries?endpoint=x', '/nothing']) {
      const response = await exports.default.fetch(`https://tubewire.example/api/v1${path}`, { headers })
      expect(response.status, path).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe(challenge)
      expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
      expect(await response.text()).not.toContain(KEY)
    }
  })

  it('the health is for everybody', async () => {
    const response = await exports.default.fetch('https://tubewire.example/api/v1/health')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      status: 'ok',
      version: expect.any(String),
      time: expect.any(String),
    })
  })
})

describe('Endpoints', () => {
  it('are made with a secret that is shown once, kept encrypted, and deleted', async () => {
    const made = await call('POST', '/endpoints', { url: 'http://localhost:3000/hook', description: 'Mine' })
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe(`/api/v1/endpoints/${made.body['id']}`)
    expect(made.body).toEqual({
      id: expect.stringMatching(/^ep_[0-9a-f]{24}$/),
      url: 'http://localhost:3000/hook',
      description: 'Mine',
      eventTypes: ['*'],
      createdAt: expect.any(String),
      secret: expect.stringMatching(/^whsec_/),
    })
    const { secret, ...shown } = made.body
    const stored = await env.DB.prepare('SELECT * FROM endpoints').first()
    expect(JSON.stringify(stored)).not.toContain(String(secret).slice(6))
    expect((await call('GET', `/endpoints/${made.body['id']}`)).body).toEqual(shown)
    expect((await call('GET', '/endpoints')).body).toEqual({ data: [shown] })

    expect((await call('DELETE', `/endpoints/${made.body['id']}`)).status).toBe(204)
    expect((await call('DELETE', `/endpoints/${made.body['id']}`)).status).toBe(404)
    expect((await call('GET', `/endpoints/${made.body['id']}`)).status).toBe(404)
  })

  it.each([
    [{}, 'url'],
    [{ url: 7 }, 'url'],
    [{ url: 'nonsense' }, 'url'],
    [{ url: 'ftp://a.example/' }, 'url'],
    [{ url: 'https://user:pass@a.example/' }, 'url'],
    [{ url: 'https://a.example/', description: 'x'.repeat(501) }, 'description'],
    [{ url: 'https://a.example/', colour: 'red' }, 'colour'],
    [[], 'url'],
    [null, 'body'],
    ['"text"', 'body'],
  ])('refuse %j, and store nothing', async (body, field) => {
    const refused = await call('POST', '/endpoints', body === null ? 'null' : body)
    expect(refused.status).toBe(400)
    expect(refused.body).toMatchObject({ title: 'Bad Request', status: 400, instance: '/api/v1/endpoints' })
    expect(Object.keys(refused.body['invalid-params'] ?? {})).toEqual([field])
    expect(refused.body['error']).toBe(refused.body['detail'])
    expect(JSON.stringify(refused.body)).not.toContain('pass@')
    expect(await count('SELECT count(*) AS count FROM endpoints')).toBe(0)
  })

  it.each([
    ['broken JSON', '{"url": ', {}, 400],
    ['not UTF-8', '{"url": "\udcff"}', { 'content-type': 'text/plain' }, 415],
    ['too long', JSON.stringify({ url: 'x'.repeat(1_100_000) }), {}, 413],
    ['deeply nested', '['.repeat(100_000), {}, 400],
  ])('refuse a body that is %s', async (_name, body, headers, status) => {
    const refused = await call('POST', '/endpoints', body, headers)
    expect(refused.status).toBe(status)
    expect(refused.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  })

  it('of somebody else are as good as none', async () => {
    await env.DB.batch([
      env.DB.prepare("INSERT OR IGNORE INTO users VALUES ('usr_other', 2, 0)"),
      env.DB.prepare(
        "INSERT INTO endpoints VALUES ('ep_other', 'usr_other', 'https://o.example/', '', 's', 0)",
      ),
    ])
    expect((await call('GET', '/endpoints')).body.data).toEqual([])
    for (const method of ['GET', 'DELETE'])
      expect((await call(method, '/endpoints/ep_other')).status).toBe(404)
    expect((await call('GET', '/deliveries?endpoint=ep_other')).status).toBe(404)
    expect(await count('SELECT count(*) AS count FROM endpoints')).toBe(1)
  })

  it.each([
    ['/endpoints', 'https://10.0.0.1/hook'],
    ['/endpoints', 'http://public.example/hook'],
    ['/instances', 'https://169.254.169.254/'],
    ['/instances', 'http://public.example/'],
  ])('%s refuses %s where local addresses are not allowed', async (path, url) => {
    const { deps } = testDeps()
    const response = await api({ ...deps, config: { ...deps.config, allowLocalTargets: false } }).request(
      `/api/v1${path}`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ url }),
      },
    )
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      detail: expect.stringContaining('must be https and public'),
    })
  })

  it('come page by page', async () => {
    for (let index = 0; index < 5; index += 1)
      await call('POST', '/endpoints', { url: `http://localhost:3000/${index}` })
    const seen: unknown[] = []
    let path = '/endpoints?limit=2'
    for (let pages = 0; pages < 3; pages += 1) {
      const { body } = await call('GET', path)
      seen.push(...body.data.map(({ id }) => id))
      if (!body['next']) break
      path = `/endpoints?limit=2&after=${body['next']}`
    }
    expect(new Set(seen).size).toBe(5)
  })
})

describe('Instances', () => {
  it('are probed, stored, polled and removed', async () => {
    const simulated = await control.instance({ videos: 2, name: 'Our videos' })
    const made = await call('POST', '/instances', { url: `${simulated.origin}/` })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      id: expect.stringMatching(/^ins_/),
      url: simulated.origin,
      host: simulated.host,
      name: 'Our videos',
      version: '6.3.0',
      sources: [{ kind: 'videos', state: 'new', failures: 0, lastError: null }],
    })
    expect((await simulated.requests()).slice(0, 2).map(({ path }) => path)).toEqual([
      '/nodeinfo/2.0.json',
      '/api/v1/config',
    ])
    const id = String(made.body['id'])
    await pollToEnd(testDeps(), id)
    expect((await call('GET', `/instances/${id}`)).body).toMatchObject({ sources: [{ state: 'ok' }] })
    expect((await call('GET', '/instances')).body.data).toHaveLength(1)
    expect((await call('POST', `/instances/${id}/poll`)).status).toBe(202)

    const again = await call('POST', '/instances', { url: simulated.origin })
    expect(again.status).toBe(409)
    expect(again.body).toMatchObject({ code: 'already_watched', detail: expect.stringContaining(id) })

    expect((await call('DELETE', `/instances/${id}`)).status).toBe(204)
    expect((await call('DELETE', `/instances/${id}`)).status).toBe(404)
    expect((await call('POST', `/instances/${id}/poll`)).status).toBe(404)
    expect(await count('SELECT count(*) AS count FROM sources')).toBe(0)
    expect(await count('SELECT count(*) AS count FROM videos')).toBe(0)
  })

  it('are the same with the dot of the root', async () => {
    const simulated = await control.instance({ videos: 1 })
    await call('POST', '/instances', { url: simulated.origin.replace('127.0.0.1', 'localhost') })
    const again = await call('POST', '/instances', {
      url: simulated.origin.replace('127.0.0.1', 'localhost.'),
    })
    expect(again.status).toBe(409)
  })

  it('are asked only with leave of their limiter', async () => {
    const simulated = await control.instance({ videos: 1 })
    const limiter = env.RATE_LIMITER.getByName(`instance:${simulated.host}`)
    await limiter.hold(Date.now() + 60_000, Date.now())
    const refused = await call('POST', '/instances', { url: simulated.origin })
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
    expect(await simulated.requests()).toEqual([])
  })

  it('come page by page, also when there are more than D1 binds parameters', async () => {
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 149)
       INSERT INTO instances SELECT 'ins_' || i, 'usr_administrator', 'https://h' || i, 'h' || i, '', '6.3.0', 0 FROM n`,
    ).run()
    const first = await call('GET', '/instances')
    expect(first.body.data).toHaveLength(100)
    expect((await call('GET', `/instances?after=${first.body['next']}`)).body.data).toHaveLength(50)
  })

  it.each([
    ['too old', { version: '4.3.1' }, null, 'too_old', 'runs PeerTube 4.3.1; Tubewire reads 5.1 and newer'],
    [
      'a redirect',
      {},
      { kind: 'redirect', location: 'https://moved.example/' },
      'redirect',
      'redirects to https://moved.example/',
    ],
    ['an error', {}, { kind: '502' }, 'http', 'answered 502'],
    ['a web page', {}, { kind: 'html-200' }, 'not_peertube', 'answered 200 without JSON'],
    ['broken JSON', {}, { kind: 'broken-json' }, 'not_peertube', 'answered 200 without JSON'],
    ['a closed connection', {}, { kind: 'close' }, 'unreachable', 'could not be reached'],
    ['a 429', {}, { kind: '429' }, 'rate_limited', 'asks to come back later'],
  ] as const)('%s: says so, and nothing is stored', async (_name, options, fault, code, detail) => {
    const simulated = await control.instance(options)
    if (fault) await simulated.fail(fault)
    const refused = await call('POST', '/instances', { url: simulated.origin })
    expect(refused.status).toBe(422)
    expect(refused.body).toMatchObject({ code, detail: expect.stringContaining(detail) })
    expect(refused.body['detail']).toContain(simulated.origin)
    expect(await count('SELECT count(*) AS count FROM instances')).toBe(0)
  })

  it('something that is no PeerTube: says so', async () => {
    const receiver = await control.receiver()
    const other = await call('POST', '/instances', { url: new URL(receiver.url).origin })
    expect(other.body).toMatchObject({ status: 422, code: 'not_peertube' })
    await receiver.answer({ status: 404 })
    const none = await call('POST', '/instances', { url: new URL(receiver.url).origin })
    expect(none.body['detail']).toContain('it has no /nodeinfo/2.0.json')
  })

  it('nobody there, or no TLS there: each its own error', async () => {
    const nobody = await call('POST', '/instances', { url: 'http://127.0.0.1:1' })
    expect(nobody.body).toMatchObject({ status: 422, code: 'unreachable' })
    const noTls = await control.instance({})
    const tls = await call('POST', '/instances', { url: noTls.origin.replace('http:', 'https:') })
    expect(tls.body).toMatchObject({ status: 422, code: 'tls' })
  })

  it.each([
    [{ url: 'peertube.example' }, 'url'],
    [{ url: 'http://localhost:9000/videos/watch/1' }, 'url'],
    [{ url: 'http://localhost:9000', backfill: -1 }, 'backfill'],
    [{ url: 'http://localhost:9000', backfill: 1.5 }, 'backfill'],
    [{ url: 'http://localhost:9000', backfill: 'all' }, 'backfill'],
    [{ backfill: 2_000 }, 'url,backfill'],
  ])('refuse %j', async (body, fields) => {
    const refused = await call('POST', '/instances', body)
    expect(refused.status).toBe(400)
    expect(Object.keys(refused.body['invalid-params'] ?? {}).join()).toBe(fields)
  })
})

describe('Events and deliveries', () => {
  it('come by sequence, and say where they went', async () => {
    const tubewire = testDeps()
    const simulated = await control.instance({ videos: 5 })
    const endpoint = await call('POST', '/endpoints', { url: 'http://127.0.0.1:1/hook' })
    const made = await call('POST', '/instances', { url: simulated.origin, backfill: 3 })
    await pollToEnd(tubewire, String(made.body['id']))

    const first = await call('GET', '/events?limit=2')
    expect(first.body.data.map(({ type }) => type)).toEqual(['video.published', 'video.published'])
    expect(first.body.data[0]).toMatchObject({
      instance: simulated.host,
      data: { video: { uuid: expect.any(String) } },
    })
    const second = await call('GET', `/events?limit=2&after=${first.body['next']}`)
    expect(second.body.data).toHaveLength(1)
    expect(second.body['next']).toBeUndefined()

    const deliveries = await call('GET', `/deliveries?endpoint=${endpoint.body['id']}&limit=2`)
    expect(deliveries.body.data).toHaveLength(2)
    expect(deliveries.body.data[0]).toMatchObject({
      endpoint: endpoint.body['id'],
      event: second.body.data[0]?.['id'],
      sequence: second.body.data[0]?.['sequence'],
      state: expect.stringMatching(/pending/),
    })
    const rest = await call(
      'GET',
      `/deliveries?endpoint=${endpoint.body['id']}&limit=2&before=${deliveries.body['next']}`,
    )
    expect(rest.body.data).toHaveLength(1)
  })

  it('private events are seen by their owner only', async () => {
    await env.DB.batch([
      env.DB.prepare("INSERT OR IGNORE INTO users VALUES ('usr_other', 2, 0)"),
      ...[null, 'usr_administrator', 'usr_other'].map((owner) =>
        env.DB.prepare(
          `INSERT INTO events (id, type, instance, subject, owner_id, seen_at, poll_id, data)
           VALUES (?, 'video.published', 'h', 's', ?, 0, 'p', '{}')`,
        ).bind(`evt_${owner}`, owner),
      ),
    ])
    const { body } = await call('GET', '/events')
    expect(body.data.map(({ id }) => id)).toEqual(['evt_null', 'evt_usr_administrator'])
  })

  it.each([
    ['/events?after=x', 'after'],
    ['/events?after=-1', 'after'],
    ['/events?limit=0', 'limit'],
    ['/events?limit=101', 'limit'],
    ['/events?colour=red', 'colour'],
    ["/events?after=1'--", 'after'],
    ['/deliveries', 'endpoint'],
    ['/instances?limit=1e9', 'limit'],
  ])('%s is refused by name', async (path, field) => {
    const refused = await call('GET', path)
    expect(refused.status).toBe(400)
    expect(refused.body['detail']).toBe(`Incorrect request parameters: ${field}`)
  })

  it('deliveries of an endpoint that is not there are 404, and so is what does not exist', async () => {
    expect((await call('GET', '/deliveries?endpoint=ep_x')).status).toBe(404)
    expect((await call('GET', '/nothing')).body).toMatchObject({ status: 404, title: 'Not Found' })
    expect((await call('PATCH', '/events')).status).toBe(404)
  })
})

describe('What goes wrong inside', () => {
  it('is a 500 with an id that the log has, and nothing of what happened', async () => {
    const tubewire = testDeps()
    tubewire.deps.env.DB = new Proxy(env.DB, {
      get() {
        throw new Error('secret inside')
      },
    })
    const response = await api(tubewire.deps).request('/api/v1/events', {
      headers: { authorization: `Bearer ${KEY}` },
    })
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toContain('secret inside')
    const [entry] = tubewire.log
    expect(entry).toMatchObject({ log: 'error', where: 'GET /api/v1/events', error: 'Error: secret inside' })
    expect(text).toContain(String(entry && 'id' in entry ? entry['id'] : 'no id'))
  })

  it('a configuration that is wrong is a 503 that says so, and names nothing', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const request = new Request<unknown, IncomingRequestCfProperties>(
      'https://tubewire.example/api/v1/events',
    )
    const broken = { ...env, ADMIN_KEY: 'too-short' }
    const response = await worker.fetch(request, broken, createExecutionContext())
    const lines = logged.mock.calls.flat().join()
    logged.mockRestore()
    expect(response.status).toBe(503)
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    const body = await response.text()
    expect(JSON.parse(body)).toMatchObject({ code: 'not_configured', instance: '/api/v1/events' })
    expect(body).not.toContain('ADMIN_KEY')
    expect(lines).toContain('ADMIN_KEY must have at least 24 characters')
    expect(lines).not.toContain('too-short')
  })

  it('a database without tables makes the health say so', async () => {
    const tubewire = testDeps()
    await env.DB.prepare('ALTER TABLE attempts RENAME TO elsewhere').run()
    const response = await api(tubewire.deps).request('/api/v1/health')
    await env.DB.prepare('ALTER TABLE elsewhere RENAME TO attempts').run()
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ code: 'not_migrated' })
  })
})
