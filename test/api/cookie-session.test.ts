/** @module The session of a browser: by a cookie, from pages of ours only; and links that begin one. */
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SESSION_COOKIE } from '../../src/api/request/cookie.ts'
import { cleanUp } from '../../src/db/sessions.ts'
import { insertSignInLink } from '../../src/db/sign-in-links.ts'
import { digest, newToken } from '../../src/tokens.ts'
import type { Deps } from '../../src/workers/deps.ts'
import { forgetAll, generous, KEY, readAnswer, sendTo } from '../support/call.ts'
import { countCosts } from '../support/count-costs.ts'
import { setLog } from '../support/events.ts'
import { count, testDeps } from '../support/harness.ts'
import { before } from '../support/meanwhile.ts'
import { apiKey, as, loggedIn, PASSWORD, type Person, person, session } from '../support/people.ts'
import { eventsOf, forgetListeners, look, numbered, store, wake } from '../support/streams.ts'

const OURS = 'https://tubewire.example'
const JSON_TYPE = { 'content-type': 'application/json' }
const DAY = 24 * 3_600_000

let clocked = testDeps()
let deps: Deps
beforeEach(async () => {
  await forgetAll()
  await setLog([])
  clocked = testDeps()
  deps = generous(clocked.deps)
})
afterEach(() => forgetListeners())

const cookie = (token: string) => ({ cookie: `${SESSION_COOKIE}=${token}` })
/** What a page of ours sends. */
const page = (token: string) => ({
  ...cookie(token),
  ...JSON_TYPE,
  origin: OURS,
  'sec-fetch-site': 'same-origin',
})

async function ask(method: string, path: string, headers: Record<string, string> = {}, body?: unknown) {
  return readAnswer(await sendTo(deps, method, `/api/v1${path}`, headers, body))
}
const signIn = (body: unknown, headers: Record<string, string> = {}) =>
  ask('POST', '/session', { ...JSON_TYPE, ...headers }, body)
const byPassword = (username: string, password = PASSWORD) => signIn({ username, password })
const tokenIn = (headers: Headers) => /=([0-9a-f]{40});/.exec(headers.get('set-cookie') ?? '')?.[1] ?? ''
const whoIs = (headers: Record<string, string>) => ask('GET', '/session', headers)

/** Somebody who is signed in with a cookie: by a link, for a password is made to be dear. */
async function browser(username = 'alice', role: 'Administrator' | 'User' = 'User') {
  const made = await person(username, role)
  return { ...made, token: tokenIn((await byLink(made.id)).headers) }
}
const byLink = async (userId: string) => signIn({ code: await codeFor(userId) })

async function codeOf(headers: Record<string, string>): Promise<string> {
  const { body } = await ask('POST', '/session/links', headers)
  return String(body['url']).split('/#/link/')[1] ?? ''
}

/** The code of a link of an account, as if somebody had made one for it. */
async function codeFor(userId: string): Promise<string> {
  const code = newToken()
  await insertSignInLink(env.DB, { hash: await digest(code), userId, expiresAt: deps.clock() + 3_600_000 })
  return code
}

describe('Signing in', () => {
  it('answers who is signed in, and gives the token in a cookie alone', async () => {
    const { id } = await person('alice')
    const { status, headers, body } = await byPassword('Alice')
    const until = new Date(deps.clock() + 14 * DAY).toISOString()
    expect(status).toBe(200)
    expect(body).toEqual({ user: { id, username: 'alice', role: 'User' }, expiresAt: until })
    expect(headers.get('set-cookie')).toMatch(
      /^__Host-tubewire=[0-9a-f]{40}; Path=\/; Max-Age=1209600; HttpOnly; Secure; SameSite=Strict$/,
    )
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await ask('GET', '/users/me', cookie(tokenIn(headers)))).body).toMatchObject({
      username: 'alice',
    })
  })

  it('holds for fourteen days, and not a moment longer', async () => {
    const { token } = await browser()
    clocked.advance(14 * DAY - 1)
    expect((await ask('GET', '/users/me', cookie(token))).status).toBe(200)
    clocked.advance(1)
    expect((await ask('GET', '/users/me', cookie(token))).body).toMatchObject({ code: 'invalid_token' })
  })

  it('stores digests only, and a refresh token that nobody was given', async () => {
    const { token } = await browser()
    const { results } = await env.DB.prepare('SELECT * FROM sessions').all()
    expect(results).toHaveLength(1)
    expect(JSON.stringify(results)).not.toContain(token)
    const form = { client_id: 'tubewire', client_secret: 'public', grant_type: 'refresh_token' }
    const refreshed = await sendTo(
      deps,
      'POST',
      '/api/v1/users/token',
      { 'content-type': 'application/x-www-form-urlencoded' },
      String(new URLSearchParams({ ...form, refresh_token: token })),
    )
    expect(refreshed.status).toBe(400)
    expect((await whoIs(cookie(token))).body).toMatchObject({ user: { username: 'alice' } })
  })

  it.each([
    ['a wrong password', { password: 'wrong password' }],
    ['an unknown user', { username: 'nobody' }],
  ])('with %s is refused as by token, without a cookie', async (_name, fields) => {
    await person('alice')
    const { headers, body } = await signIn({ username: 'alice', password: PASSWORD, ...fields })
    expect(body).toMatchObject({ status: 400, code: 'invalid_grant' })
    expect(headers.get('set-cookie')).toBeNull()
  })

  it.each([
    ['blocked', 'blocked_at = 1', 'account_blocked'],
    ['that waits for its mail', "state = 'waiting-for-email'", 'email_not_verified'],
    ['that waits for approval', "state = 'waiting-for-approval'", 'account_waiting_for_approval'],
  ])('to an account %s is 403, to whom has the password', async (_name, change, code) => {
    const { id } = await person('alice')
    await env.DB.prepare(`UPDATE users SET ${change} WHERE id = ?`).bind(id).run()
    expect((await byPassword('alice')).body).toMatchObject({ status: 403, code })
    expect((await byPassword('alice', 'wrong password')).body).toMatchObject({ code: 'invalid_grant' })
  })

  it.each([
    ['nothing', {}, 'username'],
    ['no password', { username: 'alice' }, 'password'],
    ['no user name', { password: PASSWORD }, 'username'],
    ['all of it', { username: 'alice', password: PASSWORD, code: newToken() }, 'code'],
    ['a code that is no text', { code: 7 }, 'code'],
  ])('with %s names what is wrong, and repeats none of it', async (_name, body, name) => {
    const answer = await signIn(body)
    expect(answer.body).toMatchObject({ status: 400, 'invalid-params': { [name]: {} } })
    expect(JSON.stringify(answer.body)).not.toContain(PASSWORD)
  })

  it('is in the audit log, also when it failed', async () => {
    const { id } = await person('alice')
    await byPassword('alice')
    await byPassword('alice', 'wrong password')
    const { body } = await ask('GET', '/audit-log?action=addSession&limit=2', as(KEY))
    expect(body.data).toMatchObject([
      { userId: null, via: 'anonymous', target: id, success: false },
      { userId: id, via: 'anonymous', target: id, success: true },
    ])
  })

  it('is counted as a login by token is', async () => {
    const here = { 'cf-connecting-ip': '203.0.113.77' }
    const limits = { ...deps.config.limits, token: { requests: 1, windowMs: 60_000 } }
    deps = { ...deps, config: { ...deps.config, limits } }
    expect((await signIn({ username: 'x', password: 'y' }, here)).status).toBe(400)
    expect((await signIn({ username: 'x', password: 'y' }, here)).status).toBe(429)
  })

  it('shares what may be guessed with the login by token', async () => {
    const here = { 'cf-connecting-ip': '203.0.113.78' }
    const limits = { ...deps.config.limits, token: { requests: 2, windowMs: 60_000 } }
    deps = { ...deps, config: { ...deps.config, limits } }
    const byToken = async () =>
      readAnswer(
        await sendTo(
          deps,
          'POST',
          '/api/v1/users/token',
          {
            'content-type': 'application/x-www-form-urlencoded',
            ...here,
          },
          '',
        ),
      )
    expect([(await byToken()).status, (await byToken()).status, (await byToken()).status]).toEqual([
      400, 400, 429,
    ])
    expect((await signIn({ username: 'x', password: 'y' }, here)).status).toBe(429)
  })

  it('is not used up by a page elsewhere', async () => {
    const here = { 'cf-connecting-ip': '203.0.113.79' }
    const limits = { ...deps.config.limits, token: { requests: 1, windowMs: 60_000 } }
    deps = { ...deps, config: { ...deps.config, limits } }
    const foreign = { ...here, 'content-type': 'text/plain', origin: 'https://evil.example' }
    for (let tries = 0; tries < 3; tries += 1)
      expect((await ask('POST', '/session', foreign, {})).body).toMatchObject({ code: 'cross_origin' })
    expect((await signIn({ username: 'x', password: 'y' }, here)).status).toBe(400)
  })

  it.each([
    ['POST', '/connections', '203.0.113.80', { instance: 'https://a.example', username: 'x', password: 'y' }],
    ['PUT', '/users/me', '203.0.113.81', { currentPassword: 'x', password: 'y' }],
  ])('is not used up by whoever is nobody: %s %s', async (method, path, address, body) => {
    const here = { 'cf-connecting-ip': address }
    const limits = { ...deps.config.limits, token: { requests: 1, windowMs: 60_000 } }
    deps = { ...deps, config: { ...deps.config, limits } }
    for (const status of [401, 429])
      expect((await ask(method, path, { ...here, ...JSON_TYPE }, body)).status).toBe(status)
    expect((await signIn({ username: 'x', password: 'y' }, here)).status).toBe(400)
  })

  it('is done anew each time, whatever the Idempotency-Key', async () => {
    await person('alice')
    const again = () => signIn({ username: 'alice', password: PASSWORD }, { 'idempotency-key': 'the-same' })
    const [one, other] = [await again(), await again()]
    expect(tokenIn(one.headers)).not.toBe(tokenIn(other.headers))
  })

  it.each([
    ['none, as of a program', null, 200],
    ['ours', OURS, 200],
    ['another site', 'https://evil.example', 403],
    ['null', 'null', 403],
  ])(
    'from the origin %s: a page elsewhere signs nobody in as somebody else',
    async (_name, origin, status) => {
      await person('alice')
      const answer = await signIn(
        { username: 'alice', password: PASSWORD },
        origin === null ? {} : { origin },
      )
      expect(answer.status).toBe(status)
      if (status === 403) {
        expect(answer.body).toMatchObject({ code: 'cross_origin' })
        expect(answer.headers.get('set-cookie')).toBeNull()
      }
    },
  )
})

describe('Who is signed in', () => {
  const NOBODY = { user: null, expiresAt: null, ended: null }

  it('is nobody, without a 401, where nothing is shown', async () => {
    const { status, headers, body } = await whoIs({})
    expect([status, body]).toEqual([200, NOBODY])
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('is told of a cookie and of a token with its end, and of keys without', async () => {
    const { id, token } = await browser()
    const user = { id, username: 'alice', role: 'User' }
    const until = new Date(deps.clock() + 14 * DAY).toISOString()
    expect((await whoIs(cookie(token))).body).toEqual({ user, expiresAt: until, ended: null })
    expect((await whoIs(as(token))).body).toEqual({ user, expiresAt: until, ended: null })
    const { key } = await apiKey(id, ['events:read'])
    expect((await whoIs(as(key))).body).toEqual({ user, expiresAt: null, ended: null })
    expect((await whoIs(as(KEY))).body).toMatchObject({
      user: { username: 'root', role: 'Administrator' },
      expiresAt: null,
    })
  })

  it.each([
    ['a newer sign-in', () => byPassword('alice'), 'superseded'],
    [
      'a login by token',
      async () =>
        session(
          (await env.DB.prepare("SELECT id FROM users WHERE username = 'alice'").first<string>('id')) ?? '',
        ),
      'superseded',
    ],
    ['two newer ones', async () => [await byPassword('alice'), await byPassword('alice')], 'over'],
    ['a block', () => env.DB.prepare('UPDATE users SET blocked_at = 1').run(), 'over'],
    ['its end', () => env.DB.prepare('DELETE FROM sessions').run(), 'over'],
    ['time', async () => clocked.advance(14 * DAY), 'over'],
  ])('after %s is nobody, and why', async (_name, end, ended) => {
    const { token } = await browser()
    await end()
    expect((await whoIs(cookie(token))).body).toEqual({ ...NOBODY, ended })
    expect((await ask('GET', '/users/me', cookie(token))).body).toMatchObject({
      status: 401,
      code: ended === 'superseded' ? 'session_superseded' : 'invalid_token',
    })
  })

  it('is not why a cookie has ended where a header was looked at, or a page elsewhere asks', async () => {
    const { token } = await browser()
    await byPassword('alice')
    expect((await whoIs({ ...cookie(token), authorization: 'Bearer x' })).body).toEqual(NOBODY)
    expect((await whoIs({ ...cookie(token), 'sec-fetch-site': 'cross-site' })).body).toEqual(NOBODY)
  })
})

describe('One session a user', () => {
  it('is of a browser or of tokens: each ends the other', async () => {
    const alice = await browser()
    const tokens = await session(alice.id)
    expect((await ask('GET', '/users/me', cookie(alice.token))).body).toMatchObject({
      code: 'session_superseded',
      detail: expect.stringContaining('You signed in elsewhere'),
    })
    await byPassword('alice')
    expect((await ask('GET', '/users/me', as(tokens.token))).body).toMatchObject({ code: 'invalid_token' })
  })

  it.each([
    ['password', async () => Array.from({ length: 20 }, () => ({ username: 'alice', password: PASSWORD }))],
    [
      'link',
      (id: string) => Promise.all(Array.from({ length: 20 }, async () => ({ code: await codeFor(id) }))),
    ],
  ])('of twenty sign-ins at once by %s leaves one', async (_way, proofs) => {
    const { id } = await person('alice')
    const answers = await Promise.all((await proofs(id)).map((proof) => signIn(proof)))
    const who = await Promise.all(answers.map(({ headers }) => whoIs(cookie(tokenIn(headers)))))
    expect(who.filter(({ body }) => body['user'] !== null)).toHaveLength(1)
  })
})

describe('Signing out', () => {
  it('ends the session and takes the cookie away', async () => {
    const { token } = await browser()
    const { status, headers } = await ask('DELETE', '/session', page(token))
    expect(status).toBe(204)
    expect(headers.get('set-cookie')).toBe(
      '__Host-tubewire=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict',
    )
    expect((await whoIs(cookie(token))).body).toMatchObject({ user: null, ended: 'over' })
  })

  it('ends a session of tokens too, but nothing of the operator’s', async () => {
    const { token } = await loggedIn('alice')
    expect((await ask('DELETE', '/session', as(token))).status).toBe(204)
    expect((await ask('GET', '/users/me', as(token))).status).toBe(401)
    expect((await ask('DELETE', '/session', as(KEY))).body).toMatchObject({ code: 'session_required' })
  })
})

describe('What changes something', () => {
  const ORIGINS: [string, string | null, boolean][] = [
    ['none', null, false],
    ['null', 'null', false],
    ['empty', '', false],
    ['ours', OURS, true],
    ['the public address', 'https://public.example', true],
    ['another site', 'https://evil.example', false],
    ['another port', `${OURS}:8443`, false],
    ['a neighbour', 'https://other.tubewire.example', false],
    ['one that only begins as ours', `${OURS}.evil.example`, false],
    ['ours, unencrypted', 'http://tubewire.example', false],
    ['ours with a path', `${OURS}/`, false],
    ['ours in capitals', 'https://TUBEWIRE.example', false],
    ['the public address, unencrypted', 'http://public.example', false],
  ]
  const CHANGES: [string, string, unknown][] = [
    ['POST', '/api-keys', { name: 'A key', scopes: ['events:read'] }],
    ['PUT', '/users/me', { currentPassword: 'wrong password', password: 'another password' }],
    ['PATCH', '/endpoints/ep_0123456789abcdef01234567', { description: 'x' }],
    ['DELETE', '/session', undefined],
  ]
  const TABLE = CHANGES.flatMap(([method, path, body]) =>
    ORIGINS.map(([name, origin, isOurs]) => ({ method, path, body, name, origin, isOurs })),
  )

  it.each(TABLE)('$method from the origin: $name', async ({ method, path, body, origin, isOurs }) => {
    deps = { ...deps, config: { ...deps.config, publicUrl: 'https://public.example' } }
    const { token } = await browser()
    const headers = { ...cookie(token), ...JSON_TYPE, ...(origin === null ? {} : { origin }) }
    const answer = await ask(method, path, headers, body)
    const isCross = answer.body?.['code'] === 'cross_origin'
    expect(isCross).toBe(!isOurs)
    if (isCross) {
      expect(answer.status).toBe(403)
      expect(answer.body['detail']).toContain('https://public.example')
      // It has ended nothing, and made nothing.
      expect((await whoIs(cookie(token))).body).toMatchObject({ user: { username: 'alice' } })
      expect(await count('SELECT count(*) AS count FROM api_keys')).toBe(0)
    } else expect(answer.status).not.toBe(403)
  })

  it('by a token or key needs no origin, and takes any: no browser sends one by itself', async () => {
    const { token } = await browser()
    for (const origin of [{}, { origin: 'https://app.example' }]) {
      const body = { name: 'A key', scopes: ['events:read'] }
      expect(
        (await ask('POST', '/api-keys', { ...as(token), ...cookie(token), ...origin }, body)).status,
      ).toBe(201)
    }
  })

  it.each([
    ['GET', { origin: 'https://evil.example' }, 200],
    ['GET', { 'sec-fetch-site': 'same-origin' }, 200],
    ['GET', { 'sec-fetch-site': 'none' }, 200],
    ['GET', { 'sec-fetch-site': 'same-site' }, 401],
    ['GET', { 'sec-fetch-site': 'cross-site' }, 401],
    ['HEAD', { 'sec-fetch-site': 'cross-site' }, 401],
  ])('is no %s: with %j it is %i', async (method, headers: Record<string, string>, status) => {
    const { token } = await browser()
    const answer = await sendTo(deps, method, '/api/v1/users/me', { ...cookie(token), ...headers })
    expect(answer.status).toBe(status)
    if (method === 'GET' && status === 401)
      expect(await answer.json()).toMatchObject({ code: 'unauthorized_request' })
  })

  it.each([
    ['none', {}, 403],
    ['another site', { origin: 'https://evil.example' }, 403],
    ['a neighbour', { origin: 'https://other.tubewire.example' }, 403],
    ['ours', { origin: OURS }, 101],
  ])('is a WebSocket: from the origin %s', async (_name, headers: Record<string, string>, status) => {
    const { token } = await browser()
    const answer = await sendTo(deps, 'GET', '/api/v1/stream', {
      ...cookie(token),
      upgrade: 'WebSocket',
      ...headers,
    })
    expect(answer.status).toBe(status)
    answer.webSocket?.accept()
    answer.webSocket?.close()
    if (status === 403) expect(await answer.json()).toMatchObject({ code: 'cross_origin' })
  })

  it('where nobody is asked who he is, is done for nobody: the cookie of a page elsewhere is in nobody’s way', async () => {
    const { token } = await browser()
    const headers = { ...cookie(token), ...JSON_TYPE, origin: 'https://evil.example' }
    const asked = await ask('POST', '/users/ask-reset-password', headers, { email: 'nobody@example.com' })
    expect(asked.status).toBe(204)
  })
})

describe('A cookie', () => {
  it('counts after a header and after a ticket', async () => {
    const [alice, bob] = [await browser('alice'), await browser('bob')]
    const { body } = await ask('GET', '/users/me', { ...as(bob.token), ...cookie(alice.token) })
    expect(body).toMatchObject({ username: 'bob' })
    expect((await ask('GET', '/users/me', { ...as('x'), ...cookie(alice.token) })).status).toBe(401)
    const made = await ask('POST', '/stream/tickets', page(bob.token))
    const opened = () =>
      sendTo(deps, 'GET', `/api/v1/stream?ticket=${made.body['ticket']}`, cookie(alice.token))
    const listener = await eventsOf(await opened())
    await store([...numbered(1, 1, { ownerId: alice.id }), ...numbered(2, 2, { ownerId: bob.id })])
    await wake()
    expect(await listener.upTo(2)).toEqual([2])
    // A ticket that was used is not made good by a cookie.
    expect((await opened()).status).toBe(401)
  })

  const GOOD = 'a'.repeat(40)
  it.each([
    ['empty', ''],
    ['only separators', ';;; ; ,,'],
    ['of the platform', '__cf_bm=abc; cf_clearance=x=y; __Host-other=1'],
    ['without a value', SESSION_COOKIE],
    ['whose name only begins as ours', `${SESSION_COOKIE}2=${GOOD}`],
    ['whose name only ends as ours', `x${SESSION_COOKIE}=${GOOD}`],
    ['in another case', `__host-tubewire=${GOOD}`],
    ['with a blank of another kind before its name', `\u00a0${SESSION_COOKIE}=${GOOD}`],
    ['in the value of another', `a=1,${SESSION_COOKIE}=${GOOD}`],
  ])('that is %s is none, and costs no query', async (_name, header) => {
    const { db, cost } = countCosts(env.DB)
    const answer = await sendTo({ ...deps, env: { ...deps.env, DB: db } }, 'GET', '/api/v1/users/me', {
      cookie: header,
    })
    expect(await answer.json()).toMatchObject({ status: 401, code: 'unauthorized_request' })
    expect(cost.roundTrips).toBe(0)
  })

  it.each([
    ['empty', `${SESSION_COOKIE}=`],
    ['quoted', `${SESSION_COOKIE}="${GOOD}"`],
    ['too short', `${SESSION_COOKIE}=abc`],
    ['too long', `${SESSION_COOKIE}=${GOOD}a`],
    ['huge', `${SESSION_COOKIE}=${'a'.repeat(60_000)}`],
    ['huge and blank', `${SESSION_COOKIE}=${' '.repeat(60_000)}x`],
    ['one of many', `${'x=y; '.repeat(10_000)}${SESSION_COOKIE}=x`],
    ['twice there', `${SESSION_COOKIE}=${GOOD}; ${SESSION_COOKIE}=${GOOD}`],
    ['in capitals', `${SESSION_COOKIE}=${GOOD.toUpperCase()}`],
    ['SQL', `${SESSION_COOKIE}=' OR 1=1 --`],
    ['encoded', `${SESSION_COOKIE}=%61${GOOD.slice(1)}`],
    ['bytes', `${SESSION_COOKIE}=\u00ff\u00fe`],
  ])('that is %s can be nobody’s, and costs no query', async (_name, header) => {
    const { db, cost } = countCosts(env.DB)
    const counting = { ...deps, env: { ...deps.env, DB: db } }
    const answer = await sendTo(counting, 'GET', '/api/v1/users/me', { cookie: header })
    expect(await answer.json()).toMatchObject({ status: 401, code: 'invalid_token' })
    const who = await sendTo(counting, 'GET', '/api/v1/session', { cookie: header })
    expect(await who.json()).toEqual({ user: null, expiresAt: null, ended: 'over' })
    expect(cost.roundTrips).toBe(0)
  })

  it('among others is found', async () => {
    const { token } = await browser()
    const header = `theme=dark;${SESSION_COOKIE}=${token};\t__cf_bm=a=b==`
    expect((await ask('GET', '/users/me', { cookie: header })).status).toBe(200)
  })

  it('that holds costs one query of two rows; one that was made up, two of none', async () => {
    const { token } = await browser()
    const { db, cost } = countCosts(env.DB)
    deps = { ...deps, env: { ...deps.env, DB: db } }
    // Refused for its role: what comes after is not asked.
    expect((await ask('GET', '/audit-log', cookie(token))).status).toBe(403)
    expect(cost).toEqual({ roundTrips: 1, rowsRead: 2, rowsWritten: 0 })
    expect((await ask('GET', '/audit-log', cookie(newToken()))).status).toBe(401)
    expect(cost).toEqual({ roundTrips: 3, rowsRead: 2, rowsWritten: 0 })
  })

  it('is what caches must ask for anew', async () => {
    const { token } = await browser()
    const answers = [
      await ask('GET', '/events', cookie(token)),
      await sendTo(deps, 'GET', '/download/events.ndjson', cookie(token)),
    ]
    for (const { status, headers } of answers)
      expect([status, headers.get('vary')]).toEqual([200, expect.stringMatching(/Authorization.*Cookie/)])
  })

  it.each(['/api/v1/events?wait=1', '/download/events.csv', '/feeds.opml', '/api/v1/consumers'])(
    'opens %s as a token does',
    async (path) => {
      const { token } = await browser()
      const answer = await sendTo(deps, 'GET', path, cookie(token))
      await answer.text()
      expect(answer.status).toBe(200)
    },
  )

  it('opens a stream, which goes on after the last event that a browser had', async () => {
    const { token } = await browser()
    await store(numbered(1, 3))
    const headers = { ...cookie(token), 'last-event-id': '1', 'sec-fetch-site': 'same-origin' }
    const listener = await eventsOf(await sendTo(deps, 'GET', '/api/v1/stream', headers))
    expect(await listener.upTo(3)).toEqual([2, 3])
  })

  it.each([
    ['a newer sign-in', () => byPassword('alice')],
    ['signing out', (token: string) => ask('DELETE', '/session', page(token))],
  ])('has streams that end with the next look after %s', async (_name, end) => {
    const { token } = await browser()
    const listener = await eventsOf(await sendTo(deps, 'GET', '/api/v1/stream', cookie(token)))
    await end(token)
    await look()
    expect(await listener.toEnd()).toMatchObject({ type: 'closed' })
  })
})

describe('A link', () => {
  it('is shown once, has its code in the fragment, and is good for an hour', async () => {
    const { status, headers, body } = await ask('POST', '/session/links', as(KEY))
    expect(status).toBe(201)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body['url']).toMatch(/^https:\/\/tubewire\.example\/#\/link\/[0-9a-f]{40}$/)
    expect(body['expiresAt']).toBe(new Date(deps.clock() + 3_600_000).toISOString())
    const { results } = await env.DB.prepare('SELECT * FROM sign_in_links').all()
    expect(results).toHaveLength(1)
    expect(JSON.stringify(results)).not.toContain(String(body['url']).split('/').at(-1))
    const log = await ask('GET', '/audit-log?action=addSignInLink&limit=1', as(KEY))
    expect(log.body.data).toMatchObject([{ target: 'usr_administrator', via: 'admin-key', success: true }])
  })

  it('leads to the public address', async () => {
    deps = { ...deps, config: { ...deps.config, publicUrl: 'https://public.example' } }
    expect((await ask('POST', '/session/links', as(KEY))).body['url']).toMatch(
      /^https:\/\/public\.example\/#/,
    )
  })

  it('signs the operator in as root', async () => {
    const { status, headers, body } = await signIn({ code: await codeOf(as(KEY)) })
    const user = { username: 'root', role: 'Administrator' }
    expect([status, body]).toMatchObject([200, { user }])
    expect((await whoIs(cookie(tokenIn(headers)))).body).toMatchObject({ user })
    const log = await ask('GET', '/audit-log?action=addSession&limit=1', as(KEY))
    expect(log.body.data).toMatchObject([{ via: 'link', target: 'usr_administrator', success: true }])
  })

  it('works once', async () => {
    const code = await codeOf(as(KEY))
    expect((await signIn({ code })).status).toBe(200)
    expect((await signIn({ code })).body).toMatchObject({ status: 400, code: 'invalid_link' })
  })

  it('of many who show it at once signs one in', async () => {
    const code = await codeOf(as(KEY))
    const answers = await Promise.all(Array.from({ length: 10 }, () => signIn({ code })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ body }) => body['code'] === 'invalid_link')).toHaveLength(9)
    const [won] = answers.filter(({ status }) => status === 200)
    expect((await whoIs(cookie(tokenIn(won?.headers ?? new Headers())))).body).toMatchObject({
      user: { username: 'root' },
    })
  })

  it.each([
    ['somebody else uses it', (code: string) => signIn({ code })],
    ['its account is blocked', () => env.DB.prepare('UPDATE users SET blocked_at = 1').run()],
  ])('that was good when it was looked at signs nobody in when meanwhile %s', async (_name, act) => {
    const code = await codeOf(as(KEY))
    const DB = before('INSERT INTO sessions', () => act(code))
    const racing = { ...deps, env: { ...deps.env, DB } }
    const answer = await readAnswer(await sendTo(racing, 'POST', '/api/v1/session', JSON_TYPE, { code }))
    expect(answer.body).toMatchObject({ status: 400, code: 'invalid_link' })
    expect(answer.headers.get('set-cookie')).toBeNull()
  })

  it('is no good an hour later, and then forgotten', async () => {
    const code = await codeOf(as(KEY))
    const kept = () => count('SELECT count(*) AS count FROM sign_in_links')
    await cleanUp(env.DB, deps.clock() + 3_600_000 - 1)
    expect(await kept()).toBe(1)
    clocked.advance(3_600_000)
    expect((await signIn({ code })).body).toMatchObject({ code: 'invalid_link' })
    await cleanUp(env.DB, deps.clock())
    expect(await kept()).toBe(0)
  })

  it.each(['', 'x', newToken(), 'A'.repeat(40), "' OR 1=1 --", '\u2028'])(
    'that is none is told the way out: %j',
    async (code) => {
      expect((await signIn({ code })).body).toMatchObject({
        status: 400,
        code: 'invalid_link',
        detail: expect.stringMatching(/npm start.*npm run sign-in.*session\/links/),
      })
    },
  )

  it.each([
    ['blocked, as such', 'blocked_at = 1', 'account_blocked'],
    ['made to wait, as such', "state = 'waiting-for-approval'", 'account_waiting_for_approval'],
  ])('of an account that was %s', async (_name, change, expected) => {
    const { id } = await person('boss', 'Administrator')
    const code = await codeFor(id)
    await env.DB.prepare(`UPDATE users SET ${change} WHERE id = ?`).bind(id).run()
    expect((await signIn({ code })).body).toMatchObject({ status: 403, code: expected })
  })

  it.each([
    ['a new password', (id: string) => ask('PUT', `/users/${id}`, as(KEY), { password: 'another password' })],
    [
      'a block, also when that is over',
      async (id: string) => {
        await ask('POST', `/users/${id}/block`, as(KEY), {})
        await ask('POST', `/users/${id}/unblock`, as(KEY))
      },
    ],
    ['the deletion of its account', (id: string) => ask('DELETE', `/users/${id}`, as(KEY))],
  ])('is void after %s', async (_name, change) => {
    const { id } = await person('boss', 'Administrator')
    const code = await codeFor(id)
    await change(id)
    expect((await signIn({ code })).body).toMatchObject({ status: 400, code: 'invalid_link' })
  })

  it('is made for nobody who could not be signed in', async () => {
    await env.DB.prepare("UPDATE users SET blocked_at = 1 WHERE id = 'usr_administrator'").run()
    expect((await ask('POST', '/session/links', as(KEY))).body).toMatchObject({
      status: 409,
      code: 'owner_shut_out',
    })
    expect(await count('SELECT count(*) AS count FROM sign_in_links')).toBe(0)
  })

  it('is made by the operator alone: one of a session would outlive it', async () => {
    const [alice, boss]: [Person, Person] = [await loggedIn('alice'), await loggedIn('boss', 'Administrator')]
    const { key } = await apiKey(boss.id, ['events:read'])
    expect((await ask('POST', '/session/links', as(alice.token))).body).toMatchObject({
      code: 'insufficient_rights',
    })
    expect((await ask('POST', '/session/links', as(key))).body).toMatchObject({ code: 'operator_required' })
    expect((await ask('POST', '/session/links')).status).toBe(401)
    const { token: cookied } = await browser('chief', 'Administrator')
    for (const headers of [as(boss.token), page(cookied)])
      expect((await ask('POST', '/session/links', headers)).body).toMatchObject({
        status: 403,
        code: 'operator_required',
      })
    expect(await count('SELECT count(*) AS count FROM sign_in_links')).toBe(0)
  })
})
