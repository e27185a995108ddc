/** @module /api/v1/connections. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { findConnection } from '../../src/db/connections.ts'
import { type Deps, dependencies } from '../../src/workers/deps.ts'
import type { LogEntry } from '../../src/workers/log.ts'
import { openTokens } from '../../src/workers/sealed-tokens.ts'
import type { RemoteInstance } from '../simulator/client.ts'
import { type Answer, forgetAll, generous, KEY, readAnswer, sendTo } from '../support/call.ts'
import { control, count, testDeps, watch } from '../support/harness.ts'
import { before } from '../support/meanwhile.ts'
import { apiKey, as, loggedIn, type Person } from '../support/people.ts'
import { resolving } from '../support/resolving.ts'

let log: LogEntry[]
let deps: Deps
let instance: RemoteInstance
let instanceId: string
let owner: Person
beforeEach(async () => {
  await forgetAll()
  log = []
  deps = {
    // With queues that deliver nothing by themselves: a poll meanwhile would change what is answered, and its tag.
    ...generous(dependencies(testDeps().deps.env)),
    pause: async () => undefined,
    log: (entry) => log.push(entry),
  }
  instance = await control.instance({ videos: 0 })
  instanceId = await watch(instance.origin, deps)
  owner = await loggedIn('owner')
})

async function call(
  method: string,
  path: string,
  body?: unknown,
  token = owner.token,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return readAnswer(await sendTo(deps, method, `/api/v1${path}`, { ...as(token), ...headers }, body))
}

const alice = () => ({ instance: instance.host, username: 'alice', password: 'alicepass' })
const connect = (more = {}, token = owner.token) =>
  call('POST', '/connections', { ...alice(), ...more }, token)
const idOf = (answer: Answer) => String(answer.body['id'])

async function tokenOf(id: string): Promise<string> {
  const found = await findConnection(env.DB, id, null)
  const tokens = await openTokens(deps.config.encryptionKeys, id, String(found?.tokens))
  if (typeof tokens === 'string') throw new Error(tokens)
  return tokens.accessToken
}

/** What the instance answers to who has the token. */
async function statusOf(token: string): Promise<number> {
  const response = await fetch(`${instance.origin}/api/v1/users/me`, {
    headers: { authorization: `Bearer ${token}` },
  })
  await response.body?.cancel()
  return response.status
}

const asked = async (path: string) => (await instance.requests()).filter((one) => one.path === path)

describe('A connection', () => {
  it('is made by a login, with its notifications to be read, and is read at once', async () => {
    const made = await connect()
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe(`/api/v1/connections/${idOf(made)}`)
    expect(made.body).toMatchObject({
      id: expect.stringMatching(/^con_/),
      owner: owner.id,
      instance: { id: instanceId, host: instance.host, url: instance.origin },
      username: 'alice',
      role: 'User',
      state: 'active',
      lastError: null,
      sources: [{ kind: 'notifications', nextPollAt: expect.any(String), lastPollAt: null, failures: 0 }],
    })
    expect((await instance.requests()).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /api/v1/oauth-clients/local',
      'POST /api/v1/users/token',
      'GET /api/v1/users/me',
    ])
    expect((await call('GET', `/connections/${idOf(made)}`)).body).toEqual(made.body)
    expect((await call('GET', '/connections')).body).toEqual({ total: 1, data: [made.body] })
    expect(await statusOf(await tokenOf(idOf(made)))).toBe(200)
  })

  it.each([
    [{ comments: true, subscriptions: true }, ['comments', 'notifications', 'videos']],
    [{ notifications: false, subscriptions: true }, ['videos']],
    [{ notifications: false }, []],
  ])('reads what was asked for: %j', async (wanted, kinds) => {
    const { body } = await connect(wanted)
    const { sources } = body as unknown as { sources: { kind: string }[] }
    expect(sources.map(({ kind }) => kind).toSorted()).toEqual(kinds)
  })

  it.each([
    ['a URL', () => instance.origin],
    ['a URL of something there', () => `${instance.origin}/w/abc?start=1#x`],
    [
      'a host in capitals and with the dot of the root',
      () => instance.host.replace('127.0.0.1', '127.0.0.1.'),
    ],
  ])('takes %s for the instance', async (_what, named) => {
    expect((await connect({ instance: named() })).status).toBe(201)
  })

  it('with two-factor authentication takes the one-time password', async () => {
    await instance.setAccount('alice', { otp: '123456' })
    expect((await connect()).body).toMatchObject({ status: 422, code: 'login_otp_required' })
    expect((await connect({ otp: '000000' })).body).toMatchObject({ status: 422, code: 'login_otp_wrong' })
    expect((await connect({ otp: '123456' })).status).toBe(201)
  })

  it('is the same when the account logs in again: the session before it is ended', async () => {
    const made = await connect()
    const token = await tokenOf(idOf(made))
    const again = await connect({ comments: true })
    expect(again.status).toBe(200)
    expect(again.body).toMatchObject({ id: made.body['id'], state: 'active' })
    expect(await count('SELECT count(*) AS count FROM connections')).toBe(1)
    expect(await count('SELECT count(*) AS count FROM sources WHERE connection_id IS NOT NULL')).toBe(2)
    expect([await statusOf(token), await statusOf(await tokenOf(idOf(made)))]).toEqual([401, 200])
  })

  it('that has expired says so, and is active again after a login', async () => {
    const id = idOf(await connect())
    await env.DB.batch([
      env.DB.prepare(
        "UPDATE connections SET state = 'expired', tokens = NULL, last_error = 'a.example has ended this session: log in again'",
      ),
      env.DB.prepare('UPDATE sources SET due_at = 9007199254740991 WHERE connection_id = ?').bind(id),
    ])
    expect((await call('GET', `/connections/${id}`)).body).toMatchObject({
      state: 'expired',
      lastError: expect.stringContaining('log in again'),
      sources: [{ nextPollAt: null }],
    })
    const again = await connect()
    expect(again.body).toMatchObject({ id, state: 'active', lastError: null })
    expect(again.body).toMatchObject({ sources: [{ nextPollAt: expect.any(String) }] })
  })

  it('that is deleted is logged out there, and its sources go', async () => {
    const id = idOf(await connect())
    const token = await tokenOf(id)
    const { headers } = await call('GET', `/connections/${id}`)
    const tag = { 'if-match': headers.get('etag') ?? '' }
    expect(
      (await call('DELETE', `/connections/${id}`, undefined, owner.token, { 'if-match': '"x"' })).status,
    ).toBe(412)
    expect((await call('DELETE', `/connections/${id}`, undefined, owner.token, tag)).status).toBe(204)
    expect((await call('DELETE', `/connections/${id}`)).status).toBe(404)
    expect(await statusOf(token)).toBe(401)
    expect(await count('SELECT count(*) AS count FROM sources WHERE connection_id IS NOT NULL')).toBe(0)
    expect(log).toEqual([])
  })

  it('is deleted also when it can’t be logged out there: the log says so', async () => {
    const id = idOf(await connect())
    await instance.fail({ kind: '502' })
    expect((await call('DELETE', `/connections/${id}`)).status).toBe(204)
    expect(log).toEqual([
      {
        log: 'error',
        where: `ending the session of ${id} at ${instance.host}`,
        error: 'answered 502',
      },
    ])
  })

  it('is deleted also when its instance may not be asked any more: its session is left to end by itself', async () => {
    const id = idOf(await connect())
    deps = { ...deps, config: { ...deps.config, allowLocalTargets: false } }
    expect((await call('DELETE', `/connections/${id}`)).status).toBe(204)
    expect(await asked('/api/v1/users/revoke-token')).toEqual([])
    expect(log).toMatchObject([{ error: expect.stringContaining('its URL must be https (got') }])
  })

  it.each([
    ['its instance', () => call('DELETE', `/instances/${instanceId}`, undefined, KEY)],
    ['its owner', () => call('DELETE', `/users/${owner.id}`, undefined, KEY)],
    ['its owner, by himself,', () => call('DELETE', '/users/me')],
  ])('goes with %s, and is logged out there', async (_with, remove) => {
    const token = await tokenOf(idOf(await connect()))
    expect((await remove()).status).toBe(204)
    expect(await count('SELECT count(*) AS count FROM connections')).toBe(0)
    expect(await statusOf(token)).toBe(401)
  })

  it('waits while its owner is blocked', async () => {
    const id = idOf(await connect())
    const next = async () => (await call('GET', `/connections/${id}`, undefined, KEY)).body
    await call('POST', `/users/${owner.id}/block`, {}, KEY)
    expect(await next()).toMatchObject({ state: 'active', sources: [{ nextPollAt: null }] })
    await call('POST', `/users/${owner.id}/unblock`, undefined, KEY)
    expect(await next()).toMatchObject({ sources: [{ nextPollAt: expect.any(String) }] })
  })
})

describe('A login that is refused', () => {
  it.each([
    ['login_wrong_password', () => connect({ password: 'Wrong-Password' })],
    ['login_wrong_password', () => connect({ username: 'nobody' })],
    ['login_blocked', () => refusedAs('blocked')],
    ['login_waiting', () => refusedAs('waiting')],
    ['login_rejected', () => refusedAs('rejected')],
    ['login_email_not_verified', () => refusedAs('email-not-verified')],
    ['not_watched', () => connect({ instance: 'elsewhere.example' })],
    ['http', () => failing('502')],
    ['not_json', () => failing('html-200')],
    ['redirect', () => failing('redirect')],
    ['unreachable', () => failing('close')],
  ])('is %s, names the instance, and stores nothing', async (code, attempt) => {
    const refused = await attempt()
    expect(refused.body).toMatchObject({ status: 422, code })
    expect(refused.body['detail']).toContain(code === 'not_watched' ? 'elsewhere.example' : instance.host)
    expect(await count('SELECT count(*) AS count FROM connections')).toBe(0)
    for (const secret of ['alicepass', 'Wrong-Password', 'http://elsewhere'])
      expect(JSON.stringify([refused.body, log])).not.toContain(secret)
  })

  const refusedAs = async (state: 'blocked' | 'waiting' | 'rejected' | 'email-not-verified') => {
    await instance.setAccount('alice', { state })
    return connect()
  }
  const failing = async (kind: '502' | 'html-200' | 'redirect' | 'close') => {
    await instance.fail({ kind, location: 'http://elsewhere.example/?password=alicepass' })
    return connect()
  }

  it('for too many of them there is 503, with when to come back', async () => {
    await instance.fail({ kind: '429', path: '/api/v1/users/token', retryAfter: '120' })
    const refused = await connect()
    expect(refused.body).toMatchObject({ status: 503, code: 'instance_busy' })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(100)
  })

  it('without leave of the limiter the instance is not asked', async () => {
    await env.RATE_LIMITER.getByName(`instance:${instance.host}`).hold(Date.now() + 60_000, Date.now())
    const refused = await connect()
    expect(refused.body).toMatchObject({ status: 503, code: 'instance_busy' })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
    expect(await instance.requests()).toEqual([])
  })

  it('on this machine, where that is not allowed, is not made', async () => {
    deps = { ...deps, config: { ...deps.config, allowLocalTargets: false } }
    expect((await connect()).body).toMatchObject({ status: 422, code: 'unreachable' })
    expect(await instance.requests()).toEqual([])
  })

  it('to a name that resolves to a private address is not made', async () => {
    await env.DB.prepare("UPDATE instances SET origin = 'https://peertube.example' WHERE host = ?")
      .bind(instance.host)
      .run()
    deps = resolving(deps, () => ['10.0.0.1']).deps
    const refused = await connect()
    expect(refused.body).toMatchObject({ status: 422, code: 'unreachable' })
    expect(refused.body['detail']).toContain('must be public (peertube.example resolves to 10.0.0.1)')
    expect(await instance.requests()).toEqual([])
  })

  it.each(['500', 'html-200', 'close'] as const)(
    'because the new session does not work (%s) ends that session again',
    async (kind) => {
      await instance.fail({ kind, path: '/api/v1/users/me', times: 1 })
      expect((await connect()).status).toBe(422)
      const [revoked] = await asked('/api/v1/users/revoke-token')
      expect(revoked?.status).toBe(200)
      expect(await statusOf(String(revoked?.headers['authorization']).slice('Bearer '.length))).toBe(401)
    },
  )

  it('because there are as many as one may have ends the session again, too', async () => {
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19)
       INSERT INTO connections (id, owner_id, instance_id, username, role, expires_at, created_at)
       SELECT 'con_' || i, ?, ?, 'u' || i, 2, 0, 0 FROM n`,
    )
      .bind(owner.id, instanceId)
      .run()
    expect((await connect()).body).toMatchObject({ status: 409, code: 'too_many' })
    expect(await asked('/api/v1/users/revoke-token')).toMatchObject([{ status: 200 }])
  })

  it('after fifteen in five minutes is not made: passwords can’t be guessed through here', async () => {
    const { token } = dependencies(env).config.limits
    deps = { ...deps, config: { ...deps.config, limits: { ...deps.config.limits, token } } }
    const statuses = []
    for (let tries = 0; tries < 16; tries += 1)
      statuses.push((await connect({ instance: 'elsewhere.example' })).status)
    expect(statuses.slice(-2)).toEqual([422, 429])
  })
})

describe('What happens meanwhile', () => {
  const during = (statement: string, act: () => Promise<unknown>) => {
    deps = { ...deps, env: { ...deps.env, DB: before(statement, act) } }
    return connect()
  }
  const run = (sql: string) => () => env.DB.prepare(sql).run()

  it.each([
    [
      'the owner is blocked',
      run("UPDATE users SET blocked_at = 1 WHERE username = 'owner'"),
      'owner_shut_out',
    ],
    ['the instance is removed', run('DELETE FROM instances'), 'not_watched'],
  ])('%s: nothing is stored, and the session is ended', async (_what, act, code) => {
    expect((await during('INSERT INTO connections', act)).body).toMatchObject({ code })
    expect(await count('SELECT count(*) AS count FROM connections')).toBe(0)
    expect(await asked('/api/v1/users/revoke-token')).toMatchObject([{ status: 200 }])
  })

  it('the same account is connected, or disconnected: one is told so', async () => {
    const insert = () =>
      env.DB.prepare(
        "INSERT INTO connections (id, owner_id, instance_id, username, role, expires_at, created_at) VALUES ('con_1', ?, ?, 'alice', 2, 0, 0)",
      )
        .bind(owner.id, instanceId)
        .run()
    expect((await during('INSERT INTO connections', insert)).status).toBe(409)
    const removed = await during('UPDATE connections SET role', run('DELETE FROM connections'))
    expect(removed.status).toBe(409)
    expect(await count('SELECT count(*) AS count FROM connections')).toBe(0)
  })
})

describe('What is sent', () => {
  it.each([
    [{ instance: '' }, 'instance'],
    [{ instance: 'a b' }, 'instance'],
    [{ instance: 'alice@peertube.example' }, 'instance'],
    [{ instance: 'https://alice:secret@peertube.example' }, 'instance'],
    [{ instance: 'ftp://peertube.example' }, 'instance'],
    [{ instance: 'javascript:alert(1)' }, 'instance'],
    [{ instance: 5 }, 'instance'],
    [{ username: '' }, 'username'],
    [{ username: 'a\u0000b' }, 'username'],
    [{ username: 'x'.repeat(201) }, 'username'],
    [{ password: '' }, 'password'],
    [{ password: ['x'] }, 'password'],
    [{ otp: '12 34' }, 'otp'],
    [{ otp: '1\r\nx: y' }, 'otp'],
    [{ otp: 123456 }, 'otp'],
    [{ notifications: 'yes' }, 'notifications'],
    [{ token: 'x' }, 'token'],
    [{ username: undefined, password: undefined }, 'username,password'],
  ])('is refused by name: %j', async (wrong, fields) => {
    const refused = await connect(wrong)
    expect(refused.status).toBe(400)
    expect(Object.keys(refused.body['invalid-params'] ?? {}).join()).toBe(fields)
    expect(JSON.stringify(refused.body)).not.toMatch(/alicepass|123456|12 34/)
    expect(await instance.requests()).toEqual([])
  })

  it('may have any letters in the password, and a user name that means something elsewhere', async () => {
    for (const username of ["alice' OR 1=1 --", '__proto__', '<名前>'])
      expect((await connect({ username, password: 'ä&=+ %✓' })).body).toMatchObject({
        code: 'login_wrong_password',
      })
  })

  it('is stored nowhere and logged nowhere: no password, no token', async () => {
    const key = { 'idempotency-key': 'k1' }
    const made = await call('POST', '/connections', alice(), owner.token, key)
    const replayed = await call('POST', '/connections', alice(), owner.token, key)
    expect(replayed.headers.get('idempotency-replayed')).toBe('true')
    expect(replayed.body).toEqual(made.body)
    expect(await asked('/api/v1/users/token')).toHaveLength(1)
    const tables = ['connections', 'sources', 'idempotency_keys', 'audit_log', 'events']
    const rows = await env.DB.batch(tables.map((table) => env.DB.prepare(`SELECT * FROM ${table}`)))
    const everything = JSON.stringify([rows.map(({ results }) => results), made.body, log])
    for (const secret of ['alicepass', await tokenOf(idOf(made))]) expect(everything).not.toContain(secret)
  })
})

describe('Who may', () => {
  it.each([
    ['User', 404, 404, 403],
    ['Moderator', 404, 404, 403],
    ['Administrator', 200, 204, 200],
  ] as const)('a %s: see somebody else’s, delete it, list all', async (role, seen, deleted, listed) => {
    const id = idOf(await connect())
    const { token } = await loggedIn('somebody', role)
    expect((await call('GET', '/connections', undefined, token)).body).toEqual({ total: 0, data: [] })
    const all = await call('GET', '/connections?owner=all', undefined, token)
    expect(all.status).toBe(listed)
    const one = await call('GET', `/connections/${id}`, undefined, token)
    expect(one.status).toBe(seen)
    for (const { body } of [all, one]) expect(JSON.stringify(body)).not.toContain(await tokenOf(id))
    expect((await call('DELETE', `/connections/${id}`, undefined, token)).status).toBe(deleted)
  })

  it('two users have the same account: each a connection of his own', async () => {
    const other = await loggedIn('other')
    const mine = await connect()
    const theirs = await connect({}, other.token)
    expect(theirs.status).toBe(201)
    expect(theirs.body['id']).not.toBe(mine.body['id'])
    expect((await call('GET', '/connections')).body['total']).toBe(1)
  })

  it('keys with their scopes', async () => {
    const read = await apiKey(owner.id, ['connections:read'])
    const write = await apiKey(owner.id, ['connections:write'])
    expect((await connect({}, read.key)).body).toMatchObject({ code: 'insufficient_scope' })
    const made = await connect({}, write.key)
    expect(made.status).toBe(201)
    expect((await call('GET', '/connections', undefined, write.key)).status).toBe(403)
    expect((await call('GET', `/connections/${idOf(made)}`, undefined, read.key)).status).toBe(200)
    expect((await call('DELETE', `/connections/${idOf(made)}`, undefined, write.key)).status).toBe(204)
  })

  it('nobody sees them among the sources of the instance', async () => {
    await connect({ comments: true, subscriptions: true })
    const { body } = await call('GET', `/instances/${instanceId}`, undefined, KEY)
    const { sources } = body as unknown as { sources: { kind: string }[] }
    expect(sources.map(({ kind }) => kind)).toEqual(['videos'])
  })
})
