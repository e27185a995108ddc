/** @module Entity tags, `If-None-Match`, `If-Match`, `Idempotency-Key`, `X-Request-Id`. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Deps } from '../../src/workers/deps.ts'
import { call, forgetAll, KEY, readAnswer, sendTo } from '../support/call.ts'
import { control, count, testDeps } from '../support/harness.ts'
import { before } from '../support/meanwhile.ts'
import { as, loggedIn } from '../support/people.ts'

beforeEach(forgetAll)

const hook = { url: 'http://localhost:3000/hook' }

describe('A read', () => {
  it('is answered 304 to whom has it, until it changes', async () => {
    const { body } = await call('POST', '/endpoints', hook)
    const path = `/endpoints/${body['id']}`
    const first = await call('GET', path)
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]+"$/)
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await call('GET', path, undefined, { 'if-none-match': known })
      expect(again.status, known).toBe(304)
      expect(again.headers.get('etag')).toBe(etag)
      expect(again.body).toBeNull()
    }
    await call('PATCH', path, { description: 'New' })
    const changed = await call('GET', path, undefined, { 'if-none-match': etag })
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).not.toBe(etag)
  })

  it.each(['/events', '/instances', '/users', '/audit-log', '/users/me'])(
    'of %s carries a tag',
    async (path) => {
      const { headers } = await call('GET', path)
      expect(headers.get('etag')).toMatch(/^"[\w-]+"$/)
      expect(headers.get('vary')).toContain('Authorization')
    },
  )
})

describe('A change', () => {
  it('of nothing leaves the tag as it is, and nothing in the audit log', async () => {
    const audited = () => count('SELECT count(*) AS count FROM audit_log')
    const { id, token } = await loggedIn('alice')
    const key = await call('POST', '/api-keys', { name: 'x', scopes: ['events:read'] }, as(token))
    const hook = await call('POST', '/endpoints', { url: 'http://localhost:3000/hook', description: 'x' })
    const before = await audited()
    for (const [method, path, body, headers] of [
      ['PATCH', `/endpoints/${hook.body['id']}`, {}],
      ['PATCH', `/endpoints/${hook.body['id']}`, { description: 'x', paused: false }],
      ['PATCH', `/api-keys/${key.body['id']}`, {}, as(token)],
      ['PATCH', `/api-keys/${key.body['id']}`, { scopes: ['events:read'], rateLimit: null }, as(token)],
      ['PUT', `/users/${id}`, {}],
      ['PUT', `/users/${id}`, { role: 2 }],
      ['PUT', '/users/me', {}, as(token)],
    ] as const) {
      const read = () => call('GET', path, undefined, headers)
      const tag = (await read()).headers.get('etag')
      const answer = await call(method, path, body, headers)
      expect(answer.status, path).toBe(method === 'PATCH' ? 200 : 204)
      expect((await read()).headers.get('etag'), `${path} ${JSON.stringify(body)}`).toBe(tag)
    }
    expect(await audited()).toBe(before)
  })

  it.each(['PATCH', 'DELETE'])(
    '%s of another state than was seen is 412, and nothing is changed',
    async (method) => {
      const { body } = await call('POST', '/endpoints', hook)
      const path = `/endpoints/${body['id']}`
      const etag = (await call('GET', path)).headers.get('etag') ?? ''
      await call('PATCH', path, { description: 'Meanwhile' })
      const changes = method === 'PATCH' ? { description: 'Mine' } : undefined
      const current = (await call('GET', path)).headers.get('etag') ?? ''
      // Weak tags never match (RFC 9110, 13.1.1), not even that of the current state.
      for (const stale of [etag, `W/${etag}`, `W/${current}`, '"x"', 'nonsense']) {
        expect((await call(method, path, changes, { 'if-match': stale })).status, stale).toBe(412)
      }
      const now = await call('GET', path)
      expect(now.body['description']).toBe('Meanwhile')
      const fresh = now.headers.get('etag') ?? ''
      expect((await call(method, path, changes, { 'if-match': `"x", ${fresh}` })).status).toBeLessThan(300)
    },
  )

  it('that began from the same state as another one is refused: of two at once one is done', async () => {
    const { body } = await call('POST', '/endpoints', hook)
    const path = `/endpoints/${body['id']}`
    const etag = (await call('GET', path)).headers.get('etag') ?? ''
    const changes = Array.from({ length: 10 }, (_, index) =>
      call('PATCH', path, { description: String(index) }, { 'if-match': etag }),
    )
    const statuses = (await Promise.all(changes)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 412)).toHaveLength(9)
  })

  it.each([
    ['of the state that was seen is 412 when it is another one by then', null, 412],
    ['of whatever state it is in, by If-Match: *, is done', '*', 204],
  ])('%s, also in the midst of it', async (_what, ifMatch, status) => {
    const { body } = await call('POST', '/endpoints', hook)
    const path = `/endpoints/${body['id']}`
    const etag = (await call('GET', path)).headers.get('etag') ?? ''
    const { deps } = testDeps()
    const DB = before('DELETE FROM endpoints', () => call('PATCH', path, { description: 'Meanwhile' }))
    const headers = { ...as(KEY), 'if-match': ifMatch ?? etag }
    const removed = await sendTo({ ...deps, env: { ...deps.env, DB } }, 'DELETE', `/api/v1${path}`, headers)
    expect(removed.status).toBe(status)
    expect((await call('GET', path)).status).toBe(status === 204 ? 404 : 200)
  })

  it.each([
    ['/users/me', 'PUT', {}],
    ['/users/me', 'DELETE', undefined],
  ])('%s %s obeys If-Match too', async (path, method, body) => {
    const { token } = await loggedIn('alice')
    expect((await call(method, path, body, { ...as(token), 'if-match': '"x"' })).status).toBe(412)
    const etag = (await call('GET', path, undefined, as(token))).headers.get('etag') ?? ''
    expect((await call(method, path, body, { ...as(token), 'if-match': etag })).status).toBe(204)
  })
})

describe('An Idempotency-Key', () => {
  const key = { 'idempotency-key': 'order-1' }

  it('makes a POST done once: the same answer again, secret and all, encrypted at rest', async () => {
    const first = await call('POST', '/endpoints', hook, key)
    const again = await call('POST', '/endpoints', hook, key)
    expect(again.status).toBe(201)
    expect(again.body).toEqual(first.body)
    expect(again.headers.get('location')).toBe(first.headers.get('location'))
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    expect(await count('SELECT count(*) AS count FROM endpoints')).toBe(1)
    const stored = JSON.stringify((await env.DB.prepare('SELECT * FROM idempotency_keys').all()).results)
    expect(stored).not.toContain(String(first.body['secret']).slice(6))
  })

  it('with another body or path is 422', async () => {
    await call('POST', '/endpoints', hook, key)
    const other = await call('POST', '/endpoints', { url: 'http://localhost:1/' }, key)
    expect(other.body).toMatchObject({ status: 422, code: 'idempotency_other_request' })
    // The same body elsewhere, too.
    expect(
      (
        await call(
          'POST',
          '/users/ask-reset-password',
          { email: 'a@example.com' },
          { 'idempotency-key': 'k2' },
        )
      ).status,
    ).toBe(204)
    const elsewhere = await call(
      'POST',
      '/users/ask-send-verify-email',
      { email: 'a@example.com' },
      { 'idempotency-key': 'k2' },
    )
    expect(elsewhere.status).toBe(422)
    expect(await count('SELECT count(*) AS count FROM endpoints')).toBe(1)
  })

  it('of twins at once lets one through; the others are 409, or answered as it was', async () => {
    const twins = await Promise.all(Array.from({ length: 10 }, () => call('POST', '/endpoints', hook, key)))
    expect(await count('SELECT count(*) AS count FROM endpoints')).toBe(1)
    for (const { status, body } of twins) {
      if (status === 201) expect(body['id']).toBe(twins.find((twin) => twin.status === 201)?.body['id'])
      else expect(body).toMatchObject({ status: 409, code: 'idempotency_in_progress' })
    }
  })

  it('is each caller’s own', async () => {
    const { token } = await loggedIn('alice')
    const mine = await call('POST', '/endpoints', hook, key)
    const hers = await call('POST', '/endpoints', hook, { ...as(token), ...key })
    expect(hers.status).toBe(201)
    expect(hers.body['id']).not.toBe(mine.body['id'])
  })

  it('holds for a day', async () => {
    const { deps, advance } = testDeps()
    const post = async () =>
      readAnswer(await sendTo(deps, 'POST', '/api/v1/endpoints', { ...as(KEY), ...key }, hook))
    const first = await post()
    advance(24 * 3_600_000 - 1_000)
    expect((await post()).body['id']).toBe(first.body['id'])
    advance(2_000)
    expect((await post()).body['id']).not.toBe(first.body['id'])
  })

  it('of a request that was refused is free again', async () => {
    expect((await call('POST', '/endpoints', { url: 'nonsense' }, key)).status).toBe(400)
    expect((await call('POST', '/endpoints', { url: 'ftp://a.example' }, key)).status).toBe(400)
    expect((await call('POST', '/endpoints', hook, key)).status).toBe(201)
  })

  /** Asks for an instance whose limiter may hold it. */
  const postInstance = async (deps: Deps, url: string) =>
    readAnswer(await sendTo(deps, 'POST', '/api/v1/instances', { ...as(KEY), ...key }, { url }))

  it('of a request to an instance that is being read waits a moment for it, and says why when that was not enough', async () => {
    const { deps } = testDeps()
    const { host, origin } = await control.instance({ videos: 1 })
    const limiter = env.RATE_LIMITER.getByName(`instance:${host}`)
    const budget = { requests: 25, windowMs: 10_000 }
    const poll = { holder: 'a poll', requests: 1, budget, leaseMs: 45_000, now: deps.clock() }
    await limiter.take(poll)
    const busy = await postInstance(deps, origin)
    expect(busy.body).toMatchObject({
      status: 503,
      code: 'instance_busy',
      detail: `${host} is being read just now: try again in 5 s`,
    })
    expect(busy.headers.get('retry-after')).toBe('5')
    await limiter.take(poll)
    let pauses = 0
    deps.pause = async () => {
      pauses += 1
      if (pauses === 2) await limiter.leave('a poll', 0, budget)
    }
    expect((await postInstance(deps, origin)).status).toBe(201)
    expect(pauses).toBe(2)
  })

  it('of a request that was to come back later is free when it does', async () => {
    const { deps, advance } = testDeps()
    const { host, origin } = await control.instance({ videos: 1 })
    await env.RATE_LIMITER.getByName(`instance:${host}`).hold(deps.clock() + 60_000, deps.clock())
    const busy = await postInstance(deps, origin)
    expect(busy.body).toMatchObject({ status: 503, code: 'instance_busy' })
    expect(busy.headers.get('retry-after')).toBe('60')
    advance(60_000)
    expect((await postInstance(deps, origin)).status).toBe(201)
  })

  it('that can’t be freed changes nothing of how the request is refused', async () => {
    const { deps, log } = testDeps()
    const broken = { ...deps, env: { ...deps.env, DB: failing('DELETE FROM idempotency_keys', 'before') } }
    expect((await postInstance(broken, 'http://127.0.0.1:1')).body).toMatchObject({ code: 'unreachable' })
    expect(log).toContainEqual(expect.objectContaining({ where: 'freeing an Idempotency-Key' }))
  })

  it('whose answer can’t be read any more is 409: its key has left the ring', async () => {
    const { deps, log } = testDeps()
    const post = async (encryptionKeys = deps.config.encryptionKeys) =>
      readAnswer(
        await sendTo(
          { ...deps, config: { ...deps.config, encryptionKeys } },
          'POST',
          '/api/v1/endpoints',
          { ...as(KEY), ...key },
          hook,
        ),
      )
    expect((await post()).status).toBe(201)
    const again = await post([{ id: 'new', bytes: new Uint8Array(32) }])
    expect(again.body).toMatchObject({
      status: 409,
      code: 'idempotency_interrupted',
      detail: expect.stringContaining('can not be read any more'),
    })
    expect(log).toContainEqual(expect.objectContaining({ error: expect.stringContaining('ENCRYPTION_KEYS') }))
    expect(await count('SELECT count(*) AS count FROM endpoints')).toBe(1)
  })

  it('of a request whose Worker died is never run again: what became of it nobody knows', async () => {
    const tubewire = testDeps()
    const post = async () =>
      readAnswer(await sendTo(tubewire.deps, 'POST', '/api/v1/endpoints', { ...as(KEY), ...key }, hook))
    const { deps } = tubewire
    const died = { ...deps, env: { ...deps.env, DB: deps.env.DB } }
    // It dies after the endpoint was made: neither the answer nor the release of the key is stored.
    let batches = 0
    died.env.DB = new Proxy(env.DB, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (name !== 'batch' && name !== 'prepare') return value
        return (...args: unknown[]) => {
          if (name === 'batch') batches += 1
          if (batches >= 3 || (batches === 2 && name === 'prepare' && /idempotency/.test(String(args[0]))))
            throw new Error('the Worker died')
          return Reflect.apply(value, target, args)
        }
      },
    })
    await sendTo(died, 'POST', '/api/v1/endpoints', { ...as(KEY), ...key }, hook).catch(() => undefined)
    expect(await count('SELECT count(*) AS count FROM endpoints')).toBe(1)
    expect((await post()).body).toMatchObject({ code: 'idempotency_in_progress' })
    tubewire.advance(61_000)
    expect((await post()).body).toMatchObject({ status: 409, code: 'idempotency_interrupted' })
    expect(await count('SELECT count(*) AS count FROM endpoints')).toBe(1)
  })

  it('of a request that failed here is never run again: it may have been done before it failed', async () => {
    const tubewire = testDeps()
    const { deps } = tubewire
    const post = async (db = deps.env.DB) =>
      readAnswer(
        await sendTo(
          { ...deps, env: { ...deps.env, DB: db } },
          'POST',
          '/api/v1/endpoints',
          { ...as(KEY), ...key },
          hook,
        ),
      )
    expect((await post(failing('INSERT INTO endpoints', 'after'))).status).toBe(500)
    expect((await post()).body).toMatchObject({ status: 409, code: 'idempotency_in_progress' })
    tubewire.advance(61_000)
    expect((await post()).body).toMatchObject({ status: 409, code: 'idempotency_interrupted' })
    expect(await count('SELECT count(*) AS count FROM endpoints')).toBe(1)
  })

  it('whose answer can’t be kept is answered all the same: it holds what is shown once', async () => {
    const { deps } = testDeps()
    const broken = { ...deps, env: { ...deps.env, DB: failing('UPDATE idempotency_keys', 'before') } }
    const answer = await readAnswer(
      await sendTo(broken, 'POST', '/api/v1/endpoints', { ...as(KEY), ...key }, hook),
    )
    expect(answer.status).toBe(201)
    expect(answer.body['secret']).toMatch(/^whsec_/)
  })

  it('whose answer can’t be encrypted is answered all the same', async () => {
    const { deps } = testDeps()
    const broken = { ...deps, config: { ...deps.config, encryptionKeys: [] } }
    const body = { username: 'alice', password: 'correct horse' }
    const answer = await sendTo(broken, 'POST', '/api/v1/users', { ...as(KEY), ...key }, body)
    expect(answer.status).toBe(201)
  })

  it('keeps no digest of a body that could be tried out', async () => {
    const body = { username: 'alice', password: 'correct horse' }
    await call('POST', '/users', body, key)
    const stored = await env.DB.prepare('SELECT fingerprint FROM idempotency_keys').first<string>(
      'fingerprint',
    )
    const text = `POST /api/v1/users\n${JSON.stringify(body)}`
    const plain = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
    expect(stored).not.toBe(Buffer.from(plain).toString('base64url'))
    expect(stored).not.toBe(Buffer.from(plain).toString('hex'))
  })
})

/** A database that loses its connection at a statement: before it is done, or after. */
function failing(statement: string, when: 'before' | 'after'): D1Database {
  const marked = new WeakSet<D1PreparedStatement>()
  return new Proxy(env.DB, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (name === 'prepare')
        return (sql: string) => {
          if (!sql.includes(statement)) return target.prepare(sql)
          if (when === 'before') throw new Error('Network connection lost')
          const prepared = target.prepare(sql)
          const bind = prepared.bind.bind(prepared)
          prepared.bind = (...values) => {
            const bound = bind(...values)
            marked.add(bound)
            return bound
          }
          return prepared
        }
      if (name === 'batch')
        return async (statements: D1PreparedStatement[]) => {
          const results = await target.batch(statements)
          if (statements.some((one) => marked.has(one))) throw new Error('Network connection lost')
          return results
        }
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

describe('X-Request-Id', () => {
  it('is the caller’s when it looks like one, and ours otherwise', async () => {
    const given = await call('GET', '/health', undefined, { 'x-request-id': 'trace-0123456789' })
    expect(given.headers.get('x-request-id')).toBe('trace-0123456789')
    for (const wrong of ['short', 'x'.repeat(65), 'with space and more', 'a"b\\c012345']) {
      const { headers } = await call('GET', '/health', undefined, { 'x-request-id': wrong })
      expect(headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
    }
  })
})
