/** @module /api/v1/endpoints. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { call, forgetAll } from '../support/call.ts'
import { count } from '../support/harness.ts'

beforeEach(forgetAll)

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
      env.DB.prepare(
        "INSERT OR IGNORE INTO users (id, username, role, created_at) VALUES ('usr_other', 'other', 2, 0)",
      ),
      env.DB.prepare(
        "INSERT INTO endpoints (id, owner_id, url, description, secret, created_at) VALUES ('ep_other', 'usr_other', 'https://o.example/', '', 's', 0)",
      ),
    ])
    expect((await call('GET', '/endpoints')).body.data).toEqual([])
    for (const method of ['GET', 'DELETE'])
      expect((await call(method, '/endpoints/ep_other')).status).toBe(404)
    expect((await call('GET', '/deliveries?endpoint=ep_other')).status).toBe(404)
    expect(await count('SELECT count(*) AS count FROM endpoints')).toBe(1)
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
