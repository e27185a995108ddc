/** @module /api/v1/endpoints. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { exampleEndpoint } from '../../src/api/endpoint-view.ts'
import { call, forgetAll, KEY, readAnswer, sendTo } from '../support/call.ts'
import { count, testDeps } from '../support/harness.ts'
import { as, loggedIn } from '../support/people.ts'
import { resolving } from '../support/resolving.ts'

beforeEach(forgetAll)

describe('Endpoints', () => {
  it('are made with a secret that is shown once, kept encrypted, and deleted', async () => {
    const made = await call('POST', '/endpoints', {
      url: 'http://localhost:3000/hook',
      description: 'Mine',
      verified: true,
    })
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe(`/api/v1/endpoints/${made.body['id']}`)
    expect(made.body).toEqual({
      ...exampleEndpoint,
      id: expect.stringMatching(/^ep_[0-9a-f]{24}$/),
      url: 'http://localhost:3000/hook',
      description: 'Mine',
      state: 'active',
      verifiedAt: made.body['createdAt'],
      createdAt: expect.any(String),
      updatedAt: made.body['createdAt'],
      secret: expect.stringMatching(/^whsec_/),
    })
    const { secret, ...shown } = made.body
    const stored = await env.DB.prepare('SELECT * FROM endpoints').first()
    expect(JSON.stringify(stored)).not.toContain(String(secret).slice(6))
    expect((await call('GET', `/endpoints/${made.body['id']}`)).body).toEqual(shown)
    expect((await call('GET', '/endpoints')).body).toEqual({ total: 1, data: [shown] })

    expect((await call('DELETE', `/endpoints/${made.body['id']}`)).status).toBe(204)
    expect((await call('DELETE', `/endpoints/${made.body['id']}`)).status).toBe(404)
    expect((await call('GET', `/endpoints/${made.body['id']}`)).status).toBe(404)
  })

  it('are subscribed to nothing when asked for so, and to all events or those of a filter otherwise', async () => {
    const subscriptionsOf = async (more: object) => {
      const made = await call('POST', '/endpoints', { url: 'http://localhost:3000/hook', ...more })
      expect(made.status).toBe(201)
      return (await call('GET', `/subscriptions?endpoint=${made.body['id']}`)).body['total']
    }
    expect(await subscriptionsOf({ subscribe: false })).toBe(0)
    expect(await subscriptionsOf({ subscribe: true, filter: { types: ['video.published'] } })).toBe(1)
    expect(await subscriptionsOf({})).toBe(1)
  })

  it.each([
    [{}, 'url'],
    [{ url: 'https://a.example/', subscribe: 'no' }, 'subscribe'],
    [{ url: 'https://a.example/', subscribe: false, filter: {} }, 'filter'],
    [{ url: 7 }, 'url'],
    [{ url: 'nonsense' }, 'url'],
    [{ url: 'ftp://a.example/' }, 'url'],
    [{ url: 'https://user:pass@a.example/' }, 'url'],
    [{ url: 'https://a.example/', description: 'x'.repeat(501) }, 'description'],
    [{ url: 'https://a.example/', colour: 'red' }, 'colour'],
    [[], 'body'],
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
    const [alice, bob] = [await loggedIn('alice'), await loggedIn('bob')]
    const { body } = await call('POST', '/endpoints', { url: 'http://localhost:3000/hook' }, as(bob.token))
    const path = `/endpoints/${body['id']}`
    expect((await call('GET', '/endpoints', undefined, as(alice.token))).body).toEqual({ total: 0, data: [] })
    for (const method of ['GET', 'DELETE'])
      expect((await call(method, path, undefined, as(alice.token))).status).toBe(404)
    expect((await call('PATCH', path, { paused: true }, as(alice.token))).status).toBe(404)
    const deliveries = `/deliveries?endpoint=${body['id']}`
    expect((await call('GET', deliveries, undefined, as(alice.token))).status).toBe(404)
    expect((await call('GET', '/endpoints?owner=all', undefined, as(alice.token))).status).toBe(403)
    expect(await count('SELECT count(*) AS count FROM endpoints WHERE paused_at IS NULL')).toBe(1)
  })

  it('of others are shown to a moderator without what may be secret in them', async () => {
    const [alice, moderator] = [await loggedIn('alice'), await loggedIn('moderator', 'Moderator')]
    const hook = { url: 'https://chat.example/hooks/s3cr3t', description: 'Chat' }
    const made = await call('POST', '/endpoints', hook, as(alice.token))
    const path = `/endpoints/${made.body['id']}`
    const shown = await call('GET', path, undefined, as(moderator.token))
    expect(shown.body).toMatchObject({ owner: alice.id, url: 'https://chat.example', description: 'Chat' })
    const all = await call('GET', '/endpoints?owner=all', undefined, as(moderator.token))
    expect(all.body).toEqual({ total: 1, data: [shown.body] })
    // Nor letter by letter.
    for (const owner of ['all', alice.id]) {
      const found = await call('GET', `/endpoints?owner=${owner}&search=s3cr`, undefined, as(moderator.token))
      expect(found.body).toEqual({ total: 0, data: [] })
    }
    const own = await call('GET', '/endpoints?search=S3CR', undefined, as(alice.token))
    expect(own.body['total']).toBe(1)
    expect((await call('GET', '/endpoints', undefined, as(moderator.token))).body).toEqual({
      total: 0,
      data: [],
    })
    expect((await call('DELETE', path, undefined, as(moderator.token))).status).toBe(404)
  })

  it('are paused and resumed by their owner, and by a moderator, whose pause the owner can not end', async () => {
    const [alice, moderator] = [await loggedIn('alice'), await loggedIn('moderator', 'Moderator')]
    const { body } = await call('POST', '/endpoints', { url: 'http://localhost:3000/hook' }, as(alice.token))
    const patch = (token: string, changes: object) =>
      call('PATCH', `/endpoints/${body['id']}`, changes, as(token))
    expect((await patch(alice.token, { paused: true })).body).toMatchObject({
      paused: true,
      pausedBy: 'owner',
    })
    expect((await patch(alice.token, { paused: false })).body).toMatchObject({
      paused: false,
      pausedBy: null,
    })
    expect((await patch(moderator.token, { paused: true })).body).toMatchObject({ pausedBy: 'moderator' })
    expect((await patch(alice.token, { paused: true })).body).toMatchObject({ pausedBy: 'moderator' })
    expect((await patch(alice.token, { paused: false })).body).toMatchObject({ code: 'paused_by_moderator' })
    expect((await patch(moderator.token, { url: 'http://localhost:1/' })).status).toBe(403)
    expect((await patch(moderator.token, { paused: false })).body).toMatchObject({ paused: false })
    expect((await patch(alice.token, { description: 'New', url: 'http://localhost:2/' })).body).toMatchObject(
      {
        description: 'New',
        url: 'http://localhost:2/',
      },
    )
  })

  it('of a blocked account are resumed by nobody until it is unblocked, and who tries is told so', async () => {
    const [alice, moderator] = [await loggedIn('alice'), await loggedIn('moderator', 'Moderator')]
    const { body } = await call('POST', '/endpoints', { url: 'http://localhost:3000/hook' }, as(alice.token))
    const path = `/endpoints/${body['id']}`
    await call('POST', `/users/${alice.id}/block`)
    for (const token of [moderator.token, KEY]) {
      const refused = await call('PATCH', path, { paused: false }, as(token))
      expect(refused.body).toMatchObject({ status: 409, code: 'owner_shut_out' })
      expect(refused.body['detail']).toContain(alice.id)
    }
    expect((await call('GET', path)).body).toMatchObject({ paused: true, pausedBy: 'block' })
    // To pause it for longer than the block is no resuming.
    expect((await call('PATCH', path, { paused: true }, as(moderator.token))).status).toBe(200)
    await call('POST', `/users/${alice.id}/unblock`)
    expect((await call('PATCH', path, { paused: false }, as(moderator.token))).body).toMatchObject({
      paused: false,
    })
  })

  it('are the operator’s to make and resume while root is blocked', async () => {
    await loggedIn('boss', 'Administrator')
    const { body } = await call('POST', '/endpoints', { url: 'http://localhost:3000/hook' })
    expect((await call('POST', '/users/usr_administrator/block')).status).toBe(204)
    const resumed = await call('PATCH', `/endpoints/${body['id']}`, { paused: false })
    expect(resumed.body).toMatchObject({ paused: false, pausedBy: null })
    expect((await call('POST', '/endpoints', { url: 'http://localhost:3000/hook' })).status).toBe(201)
    await call('POST', '/users/usr_administrator/unblock')
  })

  it('are a hundred at most, of a User', async () => {
    const { id, token } = await loggedIn('alice')
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
       INSERT INTO endpoints (id, owner_id, url, description, secret, created_at) SELECT 'ep_' || i, ?, 'https://r', '', 's', i FROM n`,
    )
      .bind(id)
      .run()
    const refused = await call('POST', '/endpoints', { url: 'http://localhost:1/' }, as(token))
    expect(refused.body).toMatchObject({ status: 409, code: 'too_many' })
  })

  it('are not moved to where they may not be made', async () => {
    const { body } = await call('POST', '/endpoints', { url: 'https://public.example/hook' })
    const { deps } = testDeps()
    const strict = { ...deps, config: { ...deps.config, allowLocalTargets: false } }
    const path = `/api/v1/endpoints/${body['id']}`
    for (const url of [
      'https://10.0.0.1/hook',
      'http://public.example/',
      'https://user:pass@public.example/',
    ]) {
      const moved = await sendTo(strict, 'PATCH', path, as(KEY), { url })
      expect(moved.status, url).toBe(400)
    }
    expect((await call('PATCH', `/endpoints/${body['id']}`, { description: null })).body['description']).toBe(
      '',
    )
  })

  it.each([
    ['a private address', ['8.8.8.8', '10.0.0.1'], 'must be public (receiver.example resolves to 10.0.0.1)'],
    ['no address', [], 'must have an address (receiver.example has none)'],
  ])('are neither made nor moved to a name that resolves to %s', async (_name, addresses, msg) => {
    const { deps } = resolving(testDeps().deps, (name) => (name === 'good.example' ? ['8.8.8.8'] : addresses))
    const send = async (method: string, path: string, url: string) =>
      readAnswer(await sendTo(deps, method, `/api/v1/endpoints${path}`, as(KEY), { url }))
    const made = await send('POST', '', 'https://good.example/hook')
    expect(made.status).toBe(201)
    for (const [method, path] of [
      ['POST', ''],
      ['PATCH', `/${made.body['id']}`],
    ] as const) {
      const refused = await send(method, path, 'https://receiver.example/hook')
      expect(refused.status).toBe(400)
      expect(refused.body['invalid-params']).toEqual({
        url: { location: 'body', msg, param: 'url', path: 'url' },
      })
    }
    expect(await count('SELECT count(*) AS count FROM endpoints')).toBe(1)
    expect(await count("SELECT count(*) AS count FROM endpoints WHERE url LIKE '%receiver%'")).toBe(0)
  })

  it('are not made while the resolver fails, and whoever tries is told to come back', async () => {
    const tubewire = testDeps()
    let addresses: string[] | null = null
    const { deps } = resolving(tubewire.deps, () => addresses)
    const url = 'https://receiver.example/hook'
    const send = async () => readAnswer(await sendTo(deps, 'POST', '/api/v1/endpoints', as(KEY), { url }))
    const refused = await send()
    expect(refused.status).toBe(503)
    expect(refused.body['detail']).toBe(
      'The "url" can\'t be checked now (looking up receiver.example: the resolver answered SERVFAIL): try again',
    )
    expect(refused.headers.get('retry-after')).toBe('5')
    addresses = ['8.8.8.8']
    tubewire.advance(5_000)
    expect((await send()).status).toBe(201)
  })

  it('are not made of Tubewire itself: by its public URL, nor by the one that a request came to', async () => {
    const { deps } = testDeps()
    const config = { ...deps.config, allowLocalTargets: false, publicUrl: 'https://public.example' }
    for (const url of ['https://public.example/hook', 'https://tubewire.example:8443/api/v1/endpoints']) {
      const refused = await readAnswer(
        await sendTo({ ...deps, config }, 'POST', '/api/v1/endpoints', as(KEY), { url }),
      )
      expect(refused.status, url).toBe(400)
      expect(refused.body['invalid-params'], url).toMatchObject({
        url: { msg: expect.stringContaining("must not be Tubewire's own host") },
      })
    }
  })

  it('come page by page', async () => {
    for (let index = 0; index < 5; index += 1)
      await call('POST', '/endpoints', { url: `http://localhost:3000/${index}` })
    const seen: unknown[] = []
    let path = '/endpoints?count=2'
    for (let pages = 0; pages < 3; pages += 1) {
      const { body } = await call('GET', path)
      seen.push(...body.data.map(({ id }) => id))
      if (!body['next']) break
      path = `/endpoints?count=2&after=${body['next']}`
    }
    expect(new Set(seen).size).toBe(5)
  })
})
