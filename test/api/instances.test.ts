/** @module /api/v1/instances. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { pollInstance } from '../../src/workers/poll.ts'
import { schedule } from '../../src/workers/schedule.ts'
import { call, forgetAll, KEY, send } from '../support/call.ts'
import { control, count, pollToEnd, testDeps, watched } from '../support/harness.ts'
import { as } from '../support/people.ts'

beforeEach(forgetAll)

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
      sources: [
        { kind: 'comments', state: 'new', failures: 0, lastError: null },
        { kind: 'videos', state: 'new', failures: 0, lastError: null },
      ],
    })
    expect((await simulated.requests()).slice(0, 2).map(({ path }) => path)).toEqual([
      '/nodeinfo/2.0.json',
      '/api/v1/config',
    ])
    const id = String(made.body['id'])
    await pollToEnd(testDeps(), id)
    expect((await call('GET', `/instances/${id}`)).body).toMatchObject({
      sources: [{ state: 'ok' }, { state: 'ok' }],
    })
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

  it('are only asked by a dry run', async () => {
    const simulated = await control.instance({ videos: 1, name: 'Ours' })
    const asked = await call('POST', '/instances', { url: simulated.origin, dryRun: true })
    expect(asked.status).toBe(200)
    expect(asked.body).toEqual({
      url: simulated.origin,
      host: simulated.host,
      name: 'Ours',
      version: '6.3.0',
    })
    expect(await count('SELECT count(*) AS count FROM instances')).toBe(0)
    await simulated.fail({ kind: '502' })
    expect((await call('POST', '/instances', { url: simulated.origin, dryRun: true })).status).toBe(422)
  })

  it('can be added although others behind our address have used half of the limit', async () => {
    const simulated = await control.instance({ videos: 1, limits: { windowMs: 1_500 } })
    for (let others = 0; others < 26; others += 1) {
      const response = await fetch(`${simulated.origin}/api/v1/config`)
      await response.body?.cancel()
    }
    // The Worker itself: what it waits for passes in the simulator only.
    const made = await send('POST', '/api/v1/instances', as(KEY), { url: simulated.origin })
    expect(made.status).toBe(201)
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
       INSERT INTO instances (id, owner_id, origin, host, name, version, created_at) SELECT 'ins_' || i, 'usr_administrator', 'https://h' || i, 'h' || i, '', '6.3.0', 0 FROM n`,
    ).run()
    const first = await call('GET', '/instances?count=100')
    expect(first.body.data).toHaveLength(100)
    expect(first.body['total']).toBe(150)
    const rest = await call('GET', `/instances?count=100&after=${first.body['next']}`)
    expect(rest.body.data).toHaveLength(50)
    expect(rest.body['next']).toBeUndefined()
    expect((await call('GET', '/instances?count=100&start=100')).body.data).toEqual(rest.body.data)
    const last = await call('GET', '/instances?sort=-host&count=1&search=H14')
    expect(last.body).toMatchObject({ total: 11, data: [{ host: 'h149' }] })
  })

  it('are paused, and polled again when they are resumed: what came meanwhile is found', async () => {
    const tubewire = testDeps()
    const simulated = await control.instance({ videos: 1 })
    const id = String((await call('POST', '/instances', { url: simulated.origin })).body['id'])
    await pollToEnd(tubewire, id)
    const paused = await call('PATCH', `/instances/${id}`, { paused: true })
    expect(paused.body).toMatchObject({
      paused: true,
      sources: [
        { state: 'paused', nextPollAt: null },
        { state: 'paused', nextPollAt: null },
      ],
    })
    await simulated.publishMany(1)
    tubewire.advance(24 * 3_600_000)
    const asked = (await simulated.requests()).length
    await schedule(tubewire.deps)
    await pollInstance(tubewire.deps, id)
    expect(tubewire.pollQueue.sent).toEqual([])
    expect(await simulated.requests()).toHaveLength(asked)
    expect((await call('POST', `/instances/${id}/poll`)).status).toBe(409)

    expect((await call('PATCH', `/instances/${id}`, { paused: false })).body).toMatchObject({ paused: false })
    await pollToEnd(tubewire, id)
    // The Worker itself was woken too: whoever comes second finds nothing to do.
    await vi.waitFor(async () => expect((await call('GET', '/events')).body.data).toHaveLength(1))
  })

  it('a poll that is under way when they are paused commits nothing, and does not make them due', async () => {
    const tubewire = testDeps()
    const { id } = await watched(tubewire)
    tubewire.advance(3_600_000)
    const { fetch } = tubewire.deps
    tubewire.deps.fetch = async (input, init) => {
      const response = await fetch(input, init)
      await call('PATCH', `/instances/${id}`, { paused: true })
      return response
    }
    await pollInstance(tubewire.deps, id)
    tubewire.advance(3_600_000)
    await schedule(tubewire.deps)
    expect(tubewire.pollQueue.sent).toEqual([])
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
    ['a web page', {}, { kind: 'html-200' }, 'not_peertube', 'answered 200 with a web page'],
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

  it('nobody there, no such name, or no TLS there: each says so', async () => {
    const nobody = await call('POST', '/instances', { url: 'http://127.0.0.1:1' })
    expect(nobody.body).toMatchObject({
      status: 422,
      code: 'unreachable',
      detail: 'http://127.0.0.1:1 refuses connections: nobody listens there',
    })
    const noName = await call('POST', '/instances', { url: 'https://nowhere.invalid' })
    expect(noName.body).toMatchObject({
      status: 422,
      code: 'unreachable',
      detail: 'https://nowhere.invalid could not be found: its name has no address',
    })
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
