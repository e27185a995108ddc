/** @module Entity tags, `If-None-Match`, `If-Match`, `Idempotency-Key`, `X-Request-Id`. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { call, forgetAll, KEY, readAnswer, sendTo } from '../support/call.ts'
import { count, testDeps } from '../support/harness.ts'
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
  it.each(['PATCH', 'DELETE'])(
    '%s of another state than was seen is 412, and nothing is changed',
    async (method) => {
      const { body } = await call('POST', '/endpoints', hook)
      const path = `/endpoints/${body['id']}`
      const etag = (await call('GET', path)).headers.get('etag') ?? ''
      await call('PATCH', path, { description: 'Meanwhile' })
      const changes = method === 'PATCH' ? { description: 'Mine' } : undefined
      for (const stale of [etag, `W/${etag}`, '"x"', 'nonsense']) {
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
    const elsewhere = await call('POST', '/api-keys', { name: 'x', scopes: ['events:read'] }, key)
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

  it('of a request that failed here may be tried again', async () => {
    const tubewire = testDeps()
    const { deps } = tubewire
    const post = (env_ = deps.env) =>
      sendTo({ ...deps, env: env_ }, 'POST', '/api/v1/endpoints', { ...as(KEY), ...key }, hook)
    const broken = new Proxy(env.DB, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (name !== 'prepare') return typeof value === 'function' ? value.bind(target) : value
        return (sql: string) => {
          if (sql.includes('INSERT INTO endpoints')) throw new Error('Network connection lost')
          return target.prepare(sql)
        }
      },
    })
    expect((await post({ ...deps.env, DB: broken })).status).toBe(500)
    expect((await post()).status).toBe(201)
  })
})

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
