/** @module Keys for programs. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { call, forgetAll, readAnswer, sendTo } from '../support/call.ts'
import { testDeps } from '../support/harness.ts'
import { apiKey, as, loggedIn } from '../support/people.ts'

beforeEach(forgetAll)

describe('API keys', () => {
  it('are shown once, hashed at rest, several at a time, and revoked at once', async () => {
    const { token } = await loggedIn('alice')
    const make = (name: string, scopes: string[]) => call('POST', '/api-keys', { name, scopes }, as(token))
    const [first, second] = [await make('one', ['events:read']), await make('two', ['endpoints:write'])]
    expect(first.status).toBe(201)
    expect(first.body['key']).toMatch(/^tw_\w{40,}$/)
    expect(String(first.body['key']).startsWith(String(first.body['hint']))).toBe(true)
    const rows = JSON.stringify((await env.DB.prepare('SELECT * FROM api_keys').all()).results)
    expect(rows).not.toContain(String(first.body['key']))
    const listed = await call('GET', '/api-keys', undefined, as(token))
    expect(listed.body).toMatchObject({ total: 2, data: [{ name: 'one' }, { name: 'two' }] })
    expect(JSON.stringify(listed.body)).not.toContain(String(first.body['key']))

    expect((await call('GET', '/events', undefined, as(String(first.body['key'])))).status).toBe(200)
    const hook = { url: 'http://localhost:1/' }
    expect((await call('POST', '/endpoints', hook, as(String(second.body['key'])))).status).toBe(201)
    expect((await call('DELETE', `/api-keys/${first.body['id']}`, undefined, as(token))).status).toBe(204)
    expect((await call('GET', '/events', undefined, as(String(first.body['key'])))).body).toMatchObject({
      status: 401,
      code: 'invalid_token',
    })
    expect((await call('POST', '/endpoints', hook, as(String(second.body['key'])))).status).toBe(201)
  })

  it('live beside a session, and survive a login', async () => {
    const { id, token } = await loggedIn('alice')
    const { key } = await apiKey(id, ['events:read'])
    await call('POST', '/users/revoke-token', undefined, as(token))
    expect((await call('GET', '/events', undefined, as(key))).status).toBe(200)
  })

  it('expire', async () => {
    const { id } = await loggedIn('alice')
    const tubewire = testDeps()
    const { key } = await apiKey(id, ['events:read'], { expiresAt: tubewire.deps.clock() + 1_000 })
    const get = async () => (await sendTo(tubewire.deps, 'GET', '/api/v1/events', as(key))).status
    expect(await get()).toBe(200)
    tubewire.advance(1_000)
    expect(await get()).toBe(401)
  })

  it('say when they were last used, to the minute', async () => {
    const { id, token } = await loggedIn('alice')
    const { id: keyId, key } = await apiKey(id, ['events:read'])
    const shown = () => call('GET', `/api-keys/${keyId}`, undefined, as(token))
    expect((await shown()).body['lastUsedAt']).toBeNull()
    const tubewire = testDeps()
    await sendTo(tubewire.deps, 'GET', '/api/v1/events', as(key))
    const first = (await shown()).body['lastUsedAt']
    expect(first).toBe(new Date(tubewire.deps.clock()).toISOString())
    tubewire.advance(59_000)
    await sendTo(tubewire.deps, 'GET', '/api/v1/events', as(key))
    expect((await shown()).body['lastUsedAt']).toBe(first)
    tubewire.advance(2_000)
    await sendTo(tubewire.deps, 'GET', '/api/v1/events', as(key))
    expect((await shown()).body['lastUsedAt']).not.toBe(first)
  })

  it('change their name, scopes, limit and expiry, and are nobody else’s to change', async () => {
    const [alice, bob] = [await loggedIn('alice'), await loggedIn('bob')]
    const { id, key } = await apiKey(alice.id, ['events:read'])
    const path = `/api-keys/${id}`
    const changes = {
      name: 'new',
      scopes: ['deliveries:read'],
      rateLimit: 10,
      expiresAt: '2100-01-01T00:00:00Z',
    }
    expect((await call('PATCH', path, changes, as(bob.token))).status).toBe(404)
    expect((await call('PATCH', path, changes, as(alice.token))).body).toMatchObject({
      ...changes,
      expiresAt: '2100-01-01T00:00:00.000Z',
    })
    expect((await call('GET', '/events', undefined, as(key))).status).toBe(403)
    const cleared = await call('PATCH', path, { rateLimit: null, expiresAt: null }, as(alice.token))
    expect(cleared.body).toMatchObject({ name: 'new', rateLimit: null, expiresAt: null })
  })

  it('carry a limit of their own: less than everybody’s, or more where an administrator says so', async () => {
    const tubewire = testDeps()
    const limits = { ...tubewire.deps.config.limits, api: { requests: 5, windowMs: 10_000 } }
    const deps = { ...tubewire.deps, config: { ...tubewire.deps.config, limits } }
    const [alice, boss] = [await loggedIn('alice'), await loggedIn('boss', 'Administrator')]
    const post = async (token: string, rateLimit: number) =>
      readAnswer(
        await sendTo(deps, 'POST', '/api/v1/api-keys', as(token), {
          name: 'x',
          scopes: ['events:read'],
          rateLimit,
        }),
      )
    expect((await post(alice.token, 6)).body).toMatchObject({
      detail: 'Incorrect request parameters: rateLimit',
    })
    const [less, more] = [await post(alice.token, 2), await post(boss.token, 7)]
    const passed = async (key: unknown) => {
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => sendTo(deps, 'GET', '/api/v1/events', as(String(key)))),
      )
      return answers.filter(({ status }) => status === 200).length
    }
    expect(await passed(less.body['key'])).toBe(2)
    expect(await passed(more.body['key'])).toBe(7)
    // Nor by a change, nor when its owner is no administrator any more.
    const path = `/api/v1/api-keys/${less.body['id']}`
    expect(
      (await readAnswer(await sendTo(deps, 'PATCH', path, as(alice.token), { rateLimit: 6 }))).status,
    ).toBe(400)
    await env.DB.prepare('UPDATE users SET role = 2 WHERE id = ?').bind(boss.id).run()
    tubewire.advance(10_000)
    expect(await passed(more.body['key'])).toBe(5)
  })

  it('are the operator’s to make while root is blocked, and hold when it is unblocked', async () => {
    await loggedIn('boss', 'Administrator')
    expect((await call('POST', '/users/usr_administrator/block')).status).toBe(204)
    const made = await call('POST', '/api-keys', { name: 'x', scopes: ['events:read'] })
    expect(made.status).toBe(201)
    const get = async () => (await call('GET', '/events', undefined, as(String(made.body['key'])))).status
    expect(await get()).toBe(401)
    await call('POST', '/users/usr_administrator/unblock')
    expect(await get()).toBe(200)
  })

  it('are fifty at most', async () => {
    const { id, token } = await loggedIn('alice')
    for (let made = 0; made < 50; made += 1) await apiKey(id, ['events:read'])
    const body = { name: 'one more', scopes: ['events:read'] }
    expect((await call('POST', '/api-keys', body, as(token))).body).toMatchObject({
      status: 409,
      code: 'too_many',
    })
  })

  it.each([
    [{ name: 'x', scopes: [] }, 'scopes'],
    [{ name: 'x', scopes: ['users:write'] }, 'scopes[0]'],
    [{ name: '', scopes: ['events:read'] }, 'name'],
    [{ name: 'x', scopes: ['events:read'], rateLimit: 0 }, 'rateLimit'],
    [{ name: 'x', scopes: ['events:read', 'events:read'] }, 'scopes'],
    [{ name: 'x', scopes: ['events:read'], expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    [{ name: 'x', scopes: ['events:read'], expiresAt: '2026-02-31T00:00:00Z' }, 'expiresAt'],
  ])('refuse %j', async (body, field) => {
    const { token } = await loggedIn('alice')
    const refused = await call('POST', '/api-keys', body, as(token))
    expect(Object.keys(refused.body['invalid-params'] ?? {})).toEqual([field])
  })
})
