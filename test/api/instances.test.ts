/** @module /api/v1/instances. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { pollInstance } from '../../src/workers/poll.ts'
import { schedule } from '../../src/workers/schedule.ts'
import { type Answer, call, forgetAll, KEY, readAnswer, send, sendTo } from '../support/call.ts'
import { control, count, pollToEnd, readAll, testDeps, watched } from '../support/harness.ts'
import { as, loggedIn } from '../support/people.ts'
import { resolving } from '../support/resolving.ts'

beforeEach(forgetAll)

/** As `call`, but nothing is polled beside the test: what wakes polls is only kept. */
async function quietly(method: string, path: string, body?: unknown): Promise<Answer> {
  return readAnswer(await sendTo(testDeps().deps, method, `/api/v1${path}`, as(KEY), body))
}

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
      movedFrom: null,
      state: 'ok',
      sources: [
        { kind: 'videos', target: {}, state: 'new', failures: 0, lastError: null },
        { kind: 'comments', target: {}, state: 'new', method: null },
      ],
    })
    expect((await simulated.requests()).slice(0, 2).map(({ path }) => path)).toEqual([
      '/nodeinfo/2.0.json',
      '/api/v1/config',
    ])
    const id = String(made.body['id'])
    await readAll(testDeps(), id)
    expect((await call('GET', `/instances/${id}`)).body).toMatchObject({
      sources: [{ state: 'ok' }, { state: 'ok', method: { code: 'counters-and-feed' } }],
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
      movedFrom: null,
      watches: { kind: 'instance', name: null, displayName: null },
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
    const id = String((await quietly('POST', '/instances', { url: simulated.origin })).body['id'])
    await pollToEnd(tubewire, id)
    const paused = await quietly('PATCH', `/instances/${id}`, { paused: true })
    expect(paused.body).toMatchObject({
      paused: true,
      state: 'paused',
      sources: [
        { state: 'paused', nextPollAt: null, nextPollReason: { code: 'paused' } },
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
    expect((await quietly('POST', `/instances/${id}/poll`)).status).toBe(409)

    expect((await quietly('PATCH', `/instances/${id}`, { paused: false })).body).toMatchObject({
      paused: false,
    })
    await pollToEnd(tubewire, id)
    expect(await count('SELECT count(*) AS count FROM events')).toBe(1)
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
    [{ url: '' }, 'url'],
    [{ url: 'two words' }, 'url'],
    [{ url: '@news' }, 'url'],
    [{ url: 'ftp://localhost:9000' }, 'url'],
    [{ url: 'https://user:secret@localhost:9000' }, 'url'],
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

describe('What is pasted', () => {
  const dryRun = (url: string) => quietly('POST', '/instances', { url, dryRun: true })
  const channel = { kind: 'channel', name: 'alice_channel', displayName: 'Main alice channel' }
  const account = { kind: 'account', name: 'alice', displayName: 'alice' }
  const whole = { kind: 'instance', name: null, displayName: null }

  it.each([
    ['HOST', whole],
    [' HOST. ', whole],
    ['http://HOST/w/9iUHktDza4U9nkpgptkJ5b?start=1m', whole],
    ['HOST/videos/watch/43493d1c-8fbe-411e-9932-9ee0e7172022;threadId=5', whole],
    ['http://HOST/c/alice_channel/videos', channel],
    ['HOST/video-channels/alice_channel', channel],
    ['!alice_channel@HOST', channel],
    ['@alice_channel@HOST', channel],
    ['http://HOST/a/alice', account],
    ['HOST/accounts/alice/video-channels', account],
    ['acct:alice@HOST', account],
    ['alice@HOST', account],
  ])('%s finds its part of the instance', async (url, watches) => {
    const { host } = await control.instance({})
    const { status, body } = await dryRun(url.replace('HOST', host))
    expect(status).toBe(200)
    expect(body).toMatchObject({ host, watches })
  })

  it.each([
    ['@nobody@HOST', 'has no channel and no account nobody'],
    ['!alice@HOST', 'has no channel alice'],
    ['HOST/a/alice_channel', 'has no account alice_channel'],
  ])('%s: there is none, and nothing is stored', async (url, detail) => {
    const { host } = await control.instance({})
    const refused = await quietly('POST', '/instances', { url: url.replace('HOST', host) })
    expect(refused.body).toMatchObject({
      status: 422,
      code: 'not_there',
      detail: expect.stringContaining(detail),
    })
    expect(await count('SELECT count(*) AS count FROM instances')).toBe(0)
  })

  it('as a channel is watched alone, with the comments on its videos', async () => {
    const tubewire = testDeps()
    const simulated = await control.instance({})
    const { status, body } = await quietly('POST', '/instances', {
      url: `@ALICE_CHANNEL@${simulated.host}`.toLowerCase(),
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      sources: [
        { kind: 'videos', target: { channel: 'alice_channel' } },
        { kind: 'comments', target: {} },
      ],
    })
    await pollToEnd(tubewire, String(body['id']))
    const asked = (await simulated.requests()).map(({ path }) => path)
    expect(asked).toContainEqual(expect.stringMatching(/^\/api\/v1\/video-channels\/alice_channel\/videos\?/))
    expect(asked).not.toContainEqual(expect.stringMatching(/^\/api\/v1\/videos\?/))
  })

  it('is spelled as the instance spells it', async () => {
    const simulated = await control.instance({})
    const found = { name: 'News', displayName: 'The <b>news</b>\u0000', ownerAccount: { name: 'alice' } }
    await simulated.answerWith('/api/v1/video-channels/news', { body: found })
    expect((await dryRun(`@news@${simulated.host}`)).body).toMatchObject({
      watches: { kind: 'channel', name: 'News', displayName: 'The <b>news</b>' },
    })
  })

  it.each([
    ['a name that is none', { name: '../x', displayName: '' }],
    ['no object', 'x'],
    ['nothing', {}],
  ])('and answered with %s is refused', async (_what, body) => {
    const simulated = await control.instance({})
    await simulated.answerWith('/api/v1/video-channels/news', { body })
    expect((await dryRun(`!news@${simulated.host}`)).body).toMatchObject({
      status: 422,
      code: 'not_peertube',
    })
  })

  it('of an instance that is watched in parts is added to it, once', async () => {
    const { host } = await control.instance({})
    const add = (url: string) => quietly('POST', '/instances', { url: url.replace('HOST', host) })
    const first = await add('!bob_channel@HOST')
    const second = await add('@alice@HOST')
    expect(second.status).toBe(201)
    expect(second.body['id']).toBe(first.body['id'])
    const targets = (second.body['sources'] as { target: unknown }[]).map(({ target }) =>
      JSON.stringify(target),
    )
    expect(targets.toSorted()).toEqual(['{"account":"alice"}', '{"channel":"bob_channel"}', '{}'])
    // A channel is a part of its account, too.
    for (const [url, words] of [
      ['@alice@HOST', 'the videos of account alice'],
      ['!alice_channel@HOST', 'the videos of account alice'],
      ['!bob_channel@HOST', 'the videos of channel bob_channel'],
    ] as const) {
      const again = await add(url)
      expect(again.body).toMatchObject({ status: 409, code: 'already_watched' })
      expect(again.body['detail']).toContain(words)
      expect(again.body['detail']).toContain(first.body['id'])
    }
    const whole = await add('HOST')
    expect(whole.body).toMatchObject({ id: first.body['id'], sources: { length: 4 } })
    for (const url of ['HOST', '@bob@HOST', '@nobody@HOST']) {
      const covered = await add(url)
      expect(covered.body).toMatchObject({
        status: 409,
        detail: expect.stringContaining('all of its videos'),
      })
    }
  })

  it('by many at once is stored once', async () => {
    const { host } = await control.instance({ limits: { api: 10_000 } })
    await quietly('POST', '/instances', { url: `!bob_channel@${host}` })
    const all = await Promise.all(
      Array.from({ length: 5 }, () => quietly('POST', '/instances', { url: `!alice_channel@${host}` })),
    )
    expect(all.filter(({ status }) => status === 201)).toHaveLength(1)
    // Who comes while another one asks the instance is told to come back.
    for (const { status } of all) expect([201, 409, 503]).toContain(status)
    expect(await count("SELECT count(*) AS count FROM sources WHERE kind = 'videos'")).toBe(2)
  })

  it('that has moved for good is found where it is, and the answer says so', async () => {
    const old = await control.instance({})
    const simulated = await control.instance({})
    await old.moveTo(simulated.origin)
    const asked = await dryRun(`@alice@${old.host}`)
    expect(asked.body).toMatchObject({ url: simulated.origin, movedFrom: old.origin, watches: account })
    const { body } = await quietly('POST', '/instances', { url: `@alice@${old.host}` })
    expect(body).toMatchObject({ url: simulated.origin, host: simulated.host, movedFrom: old.origin })
    const again = await quietly('POST', '/instances', { url: `@alice@${old.host}` })
    expect(again.body).toMatchObject({ status: 409, code: 'already_watched' })
  })

  it('that has moved twice, to a private place, or elsewhere on itself is refused', async () => {
    const [first, second, third] = [
      await control.instance({}),
      await control.instance({}),
      await control.instance({}),
    ]
    await first.moveTo(second.origin)
    await second.moveTo(third.origin)
    expect((await dryRun(first.origin)).body).toMatchObject({ status: 422, code: 'redirect' })
    expect(await third.requests()).toEqual([])
    for (const location of [
      `${third.origin}/elsewhere`,
      `http://user:x@${third.host}/nodeinfo/2.0.json`,
      'ftp://x/',
    ]) {
      const instance = await control.instance({})
      await instance.answerWith('/nodeinfo', { status: 308, body: '', headers: { location } })
      expect((await dryRun(instance.origin)).body, location).toMatchObject({ status: 422, code: 'redirect' })
    }
    expect(await third.requests()).toEqual([])
  })

  it('on a private network is refused where that is not allowed, whatever form it has', async () => {
    const { deps } = testDeps()
    const strict = { ...deps, config: { ...deps.config, allowLocalTargets: false } }
    for (const url of [
      'localhost',
      '@a@127.0.0.1:9000',
      'https://10.0.0.1/c/x',
      '!a@[::1]',
      'https://peertube.example/c/a@192.168.0.1',
      'http://peertube.example',
      'intern',
      'https://127-0-0-1.nip.io',
      'https://printer.lоcal',
    ]) {
      const refused = await readAnswer(await sendTo(strict, 'POST', '/api/v1/instances', as(KEY), { url }))
      expect(refused.status, url).toBe(400)
      expect(refused.body['invalid-params'], url).toMatchObject({
        url: { msg: expect.stringMatching(/must be (https|public)/) },
      })
    }
  })

  it.each([
    [['10.0.0.1'], 400],
    [[], 400],
    [null, 503],
  ])('under a name that resolves to %j is refused, and not asked', async (addresses, status) => {
    const { deps, names } = resolving(testDeps().deps, () => addresses)
    const url = 'https://peertube.example/c/news'
    const refused = await readAnswer(await sendTo(deps, 'POST', '/api/v1/instances', as(KEY), { url }))
    expect(refused.status).toBe(status)
    expect(Object.keys(refused.body['invalid-params'] ?? {})).toEqual(status === 400 ? ['url'] : [])
    expect(names).toEqual(['peertube.example'])
  })

  it('that has moved to a name that resolves to a private address is refused, and not asked there', async () => {
    const resolved = resolving(testDeps().deps, (name) => [name === 'here.example' ? '8.8.8.8' : '10.0.0.1'])
    const asked: string[] = []
    const { fetch } = resolved.deps
    const deps: typeof resolved.deps = {
      ...resolved.deps,
      fetch: async (input, init) => {
        const { host, pathname } = new URL(String(input))
        if (host !== 'here.example') return fetch(input, init)
        asked.push(pathname)
        return new Response(null, { status: 301, headers: { location: `https://there.example${pathname}` } })
      },
    }
    const url = 'https://here.example'
    const refused = await readAnswer(await sendTo(deps, 'POST', '/api/v1/instances', as(KEY), { url }))
    expect(refused.body).toMatchObject({ status: 422, code: 'redirect' })
    expect(asked).toEqual(['/nodeinfo/2.0.json'])
    expect(resolved.names).toEqual(['here.example', 'there.example'])
  })

  it.each(['http://10.0.0.1', 'https://127.0.0.1', 'https://intern', 'http://other.example'])(
    'that has moved to %s is refused, and nothing is asked there',
    async (location) => {
      const { deps } = testDeps()
      const asked: string[] = []
      const strict = {
        ...deps,
        config: { ...deps.config, allowLocalTargets: false },
        fetch: async (input: RequestInfo | URL) => {
          const url = String(input)
          asked.push(url)
          return new Response(null, { status: 301, headers: { location: location + new URL(url).pathname } })
        },
      }
      const refused = await readAnswer(
        await sendTo(strict, 'POST', '/api/v1/instances', as(KEY), { url: '@a@moved.example' }),
      )
      expect(refused.body).toMatchObject({ status: 422, code: 'redirect' })
      expect(asked).toEqual(['https://moved.example/nodeinfo/2.0.json'])
    },
  )

  it('of an instance whose address may not be asked any more is refused', async () => {
    const { deps } = testDeps()
    const simulated = await control.instance({})
    await quietly('POST', '/instances', { url: `!bob_channel@${simulated.host}` })
    await env.DB.prepare("UPDATE instances SET host = 'a.example'").run()
    const asked = (await simulated.requests()).length
    const strict = { ...deps, config: { ...deps.config, allowLocalTargets: false } }
    const refused = await readAnswer(
      await sendTo(strict, 'POST', '/api/v1/instances', as(KEY), { url: '@alice@a.example' }),
    )
    expect(refused.body).toMatchObject({ status: 422, code: 'unreachable' })
    expect(await simulated.requests()).toHaveLength(asked)
  })
})

describe('How an instance is read', () => {
  it('is for moderators and administrators; whether it can be reached, for everybody', async () => {
    const tubewire = testDeps()
    const { id, instance } = await watched(tubewire)
    await instance.fail({ kind: '502' })
    tubewire.advance(3_600_000)
    await pollInstance(tubewire.deps, id)
    const failing = await quietly('GET', `/instances/${id}`)
    expect(failing.body).toMatchObject({
      state: 'failing',
      failures: 1,
      failingSince: new Date(tubewire.deps.clock()).toISOString(),
      unreachableAt: null,
      sources: [
        {
          state: 'failing',
          failures: 1,
          errorKind: 'server',
          lastError: 'answered 502',
          nextPollReason: { code: 'backoff', words: 'it failed' },
          maxDelaySeconds: 60,
        },
      ],
    })
    const { token } = await loggedIn('alice')
    const seen = await call('GET', `/instances/${id}`, undefined, as(token))
    expect(seen.body).toMatchObject({ state: 'failing' })
    expect(Object.keys(seen.body)).not.toEqual(expect.arrayContaining(['sources']))
    for (const hidden of ['failures', 'failingSince', 'unreachableAt', 'sources'])
      expect(seen.body).not.toHaveProperty(hidden)

    for (let polls = 0; polls < 4; polls += 1) {
      tubewire.advance(24 * 3_600_000)
      await pollInstance(tubewire.deps, id)
    }
    expect((await quietly('GET', `/instances/${id}`)).body).toMatchObject({
      state: 'unreachable',
      failures: 5,
      sources: [{ state: 'unreachable', nextPollReason: { code: 'unreachable' } }],
    })
    await instance.heal()
    tubewire.advance(24 * 3_600_000)
    await pollInstance(tubewire.deps, id)
    expect((await quietly('GET', `/instances/${id}`)).body).toMatchObject({
      state: 'ok',
      failures: 0,
      failingSince: null,
      sources: [{ state: 'ok', errorKind: null }],
    })
  })

  it('says how much happens of late, and why it is read when', async () => {
    const tubewire = testDeps()
    const { id, instance } = await watched(tubewire)
    const { body } = await quietly('GET', `/instances/${id}`)
    expect(body).toMatchObject({ sources: [{ changesPerHour: 0, nextPollReason: { code: 'quiet' } }] })
    await instance.publishMany(3)
    tubewire.advance(60_000)
    await pollInstance(tubewire.deps, id)
    expect((await quietly('GET', `/instances/${id}`)).body).toMatchObject({
      sources: [{ changesPerHour: 1.5 }],
    })
    await quietly('POST', `/instances/${id}/poll`)
    expect((await quietly('GET', `/instances/${id}`)).body).toMatchObject({
      sources: [{ nextPollReason: { code: 'asked', words: 'somebody asked for it' } }],
    })
  })
})
