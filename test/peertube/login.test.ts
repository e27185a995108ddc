/** @module Logging in to a PeerTube instance, and all that it may say instead. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ClientDeps } from '../../src/peertube/client.ts'
import { type Client, login, readClient, refresh, revoke } from '../../src/peertube/login.ts'
import clientRecorded from '../fixtures/recordings/get_oauth_clients_local.json'
import grantRecorded from '../fixtures/recordings/post_users_token_password_ok.json'
import wrongRecorded from '../fixtures/recordings/post_users_token_wrong_password.json'
import type { RemoteInstance } from '../simulator/client.ts'
import { control } from '../support/harness.ts'

const NOW = Date.UTC(2026, 0, 1)
const DAY = 86_400_000
const deps: ClientDeps = {
  fetch: (input: RequestInfo | URL, init?: RequestInit) => fetch(input, init),
  clock: () => NOW,
  userAgent: 'Tubewire/0 (+https://tubewire.example/actor)',
}
const ALICE = { username: 'alice', password: 'alicepass' }
const CLIENT: Client = {
  clientId: clientRecorded.response.body.client_id,
  clientSecret: clientRecorded.response.body.client_secret,
}

/** The client's parts, on an instance whose answers to POSTs are made up. */
function answering(answer: () => Response): ClientDeps {
  return { ...deps, fetch: async () => answer() }
}

const problem = (status: number, body: object) => () => Response.json(body, { status })

async function loggedIn(instance: RemoteInstance) {
  const result = await login(deps, instance.origin, ALICE)
  if (result.kind !== 'ok') throw new Error(JSON.stringify(result))
  return result
}

/** Whom an instance takes an access token for; a number is the status of a refusal. */
async function owner(instance: RemoteInstance, accessToken: string): Promise<string | number> {
  const response = await fetch(`${instance.origin}/api/v1/users/me`, {
    headers: { authorization: `Bearer ${accessToken}` },
  })
  const { username }: { username?: string } = await response.json()
  return username ?? response.status
}

describe('A login', () => {
  it('gives tokens that work, when they end, and the client that a refresh needs', async () => {
    const instance = await control.instance()
    const result = await loggedIn(instance)
    expect(result).toMatchObject({
      tokens: { accessExpiresAt: NOW + 86_399_000, refreshExpiresAt: NOW + 1_209_599_000 },
      client: CLIENT,
      observation: { status: 200, limit: 15, remaining: 14 },
    })
    expect(await owner(instance, result.tokens.accessToken)).toBe('alice')
  })

  it('sends a form, as PeerTube wants it, and says who asks', async () => {
    const instance = await control.instance()
    await loggedIn(instance)
    const [client, token] = await instance.requests()
    expect(client).toMatchObject({ method: 'GET', path: '/api/v1/oauth-clients/local' })
    expect(token).toMatchObject({ method: 'POST', path: '/api/v1/users/token' })
    expect(token?.headers['content-type']).toBe('application/x-www-form-urlencoded')
    for (const request of [client, token]) expect(request?.headers['user-agent']).toBe(deps.userAgent)
  })

  it('takes a password of any letters', async () => {
    let sent = ''
    const listening: ClientDeps = {
      ...deps,
      fetch: async (_url, init) => {
        sent = String(init?.body)
        return Response.json(grantRecorded.response.body)
      },
    }
    const password = 'ä&=+ %\n\u0000✓'
    await login(listening, 'https://peertube.example', { username: 'a&b=c', password }, CLIENT)
    expect(Object.fromEntries(new URLSearchParams(sent))).toEqual({
      client_id: CLIENT.clientId,
      client_secret: CLIENT.clientSecret,
      grant_type: 'password',
      response_type: 'code',
      username: 'a&b=c',
      password,
    })
  })

  it('takes one request when the client is known', async () => {
    const instance = await control.instance()
    const { client } = await loggedIn(instance)
    expect(await readClient(deps, instance.origin)).toMatchObject({ kind: 'ok', client })
    const before = (await instance.requests()).length
    expect(await login(deps, instance.origin, ALICE, client)).toMatchObject({ kind: 'ok' })
    expect((await instance.requests()).length).toBe(before + 1)
  })

  it('counts a lifetime from before the request, however long the answer took', async () => {
    let now = NOW
    const slow: ClientDeps = {
      ...deps,
      clock: () => now,
      fetch: async () => {
        now += 20_000
        return Response.json(grantRecorded.response.body)
      },
    }
    const result = await login(slow, 'https://peertube.example', ALICE, CLIENT)
    expect(result).toMatchObject({ kind: 'ok', tokens: { accessExpiresAt: NOW + 86_399_000 } })
  })

  it('asks for the one-time password, refuses a wrong one and takes the right one', async () => {
    const instance = await control.instance()
    await instance.setAccount('alice', { otp: '123456' })
    const attempt = (otp?: string) =>
      login(deps, instance.origin, otp === undefined ? ALICE : { ...ALICE, otp })
    expect(await attempt()).toMatchObject({ kind: 'refused', reason: 'otp-required' })
    expect(await attempt('654321')).toMatchObject({ kind: 'refused', reason: 'otp-wrong' })
    expect(await attempt('123456')).toMatchObject({ kind: 'ok' })
  })

  it('sends nothing for a one-time password that no header can carry', async () => {
    const instance = await control.instance()
    const result = await login(deps, instance.origin, { ...ALICE, otp: '1\r\nx-evil: 1' })
    expect(result).toMatchObject({ kind: 'refused', reason: 'otp-wrong', observation: null })
    expect(await instance.requests()).toEqual([])
  })

  it.each([
    ['blocked', 'blocked'],
    ['waiting', 'waiting'],
    ['rejected', 'rejected'],
    ['email-not-verified', 'email-not-verified'],
  ] as const)('of an account that is %s is refused as such', async (state, reason) => {
    const instance = await control.instance()
    await instance.setAccount('alice', { state })
    expect(await login(deps, instance.origin, ALICE)).toMatchObject({ kind: 'refused', reason })
  })

  it.each([
    [{ username: 'alice', password: 'wrong' }],
    [{ username: 'nobody', password: 'nobodypass' }],
    [{ username: 'alice', password: '' }],
    [{ username: '', password: 'alicepass' }],
  ])('with %j is refused, whichever of the two is wrong', async (credentials) => {
    const instance = await control.instance()
    expect(await login(deps, instance.origin, credentials)).toMatchObject({
      kind: 'refused',
      reason: 'wrong-password',
      observation: { status: 400 },
    })
  })

  it('with a client of another instance is refused', async () => {
    const instance = await control.instance()
    const other = { clientId: 'x', clientSecret: 'y' }
    expect(await login(deps, instance.origin, ALICE, other)).toMatchObject({
      kind: 'refused',
      reason: 'invalid-client',
    })
  })

  it('to a host that the instance does not go by is refused', async () => {
    const instance = await control.instance()
    const otherName = instance.origin.replace('127.0.0.1', 'localhost')
    expect(await login(deps, otherName, ALICE)).toMatchObject({ kind: 'refused', reason: 'wrong-host' })
  })

  it.each([
    [400, 'account_blocked', 'blocked'],
    [403, 'account_waiting_for_approval', 'waiting'],
    [400, 'email_not_verified', 'email-not-verified'],
    [401, 'invalid_two_factor', 'otp-wrong'],
    [400, 'too_long_password', 'wrong-password'],
    [400, 'access_denied', 'denied'],
  ] as const)('is refused by other versions with %i %s: %s', async (status, code, reason) => {
    const byCode = answering(problem(status, { type: 'about:blank', status, code, detail: '' }))
    const byType = answering(problem(status, { type: `https://docs.example/#section/Errors/${code}` }))
    for (const client of [byCode, byType]) {
      expect(await login(client, 'https://h', ALICE, CLIENT)).toMatchObject({ kind: 'refused', reason })
    }
  })

  it('is turned away at the sixteenth try, for as long as the instance says', async () => {
    const instance = await control.instance()
    const wrong = { ...ALICE, password: 'wrong' }
    for (let count = 0; count < 15; count += 1) await login(deps, instance.origin, wrong, CLIENT)
    expect(await login(deps, instance.origin, ALICE, CLIENT)).toMatchObject({
      kind: 'rate-limited',
      retryAt: NOW + 300_000,
      observation: { status: 429 },
    })
  })

  it.each([
    [429, 300_000],
    [503, 10_000],
  ])('waits, when a %i says nothing of it, for %i ms', async (status, waitMs) => {
    const result = await login(
      answering(() => new Response('', { status })),
      'https://h',
      ALICE,
      CLIENT,
    )
    expect('observation' in result && result.observation?.retryAt).toBe(NOW + waitMs)
  })

  it.each([
    ['502', 'server'],
    ['redirect', 'redirect'],
    ['html-200', 'html'],
    ['broken-json', 'not-json'],
    ['huge-body', 'too-large'],
    ['close', 'unreachable'],
    ['close-mid-body', 'unreachable'],
  ] as const)('fails, and does not throw, for an instance that answers with %s', async (kind, reason) => {
    const instance = await control.instance()
    for (const path of ['/api/v1/users/token', '/api/v1/oauth-clients']) {
      await instance.fail({ kind, path })
      expect(await login(deps, instance.origin, ALICE)).toMatchObject({ kind: 'failed', reason })
    }
    await instance.close()
  })

  it.each([
    [{ ...grantRecorded.response.body, access_token: 7 }],
    [{ ...grantRecorded.response.body, access_token: 'a\r\nb' }],
    [{ ...grantRecorded.response.body, refresh_token: undefined }],
    [{ ...grantRecorded.response.body, expires_in: -1 }],
    [{ ...grantRecorded.response.body, expires_in: 1e300 }],
    [{ ...grantRecorded.response.body, token_type: 'mac' }],
    [[]],
    [null],
  ])('fails for tokens that are none: %j', async (body) => {
    const result = await login(
      answering(() => Response.json(body)),
      'https://h',
      ALICE,
      CLIENT,
    )
    expect(result).toMatchObject({ kind: 'failed', reason: 'schema' })
  })

  it('never throws, and never repeats a secret, whatever comes', async () => {
    const secrets = { ...ALICE, password: 'the-very-secret', otp: '424242' }
    const echo = 'the-very-secret 424242 the-token'
    const code = fc.constantFrom(
      'invalid_grant',
      'access_denied',
      'the-very-secret',
      '__proto__',
      'constructor',
    )
    const body = fc.oneof(
      fc.json(),
      fc.constant(echo),
      fc
        .record({
          code,
          detail: fc.constant(echo),
          type: fc.constantFrom('about:blank', `https://x/${echo}`),
        })
        .map((value) => JSON.stringify(value)),
      fc
        .record({ access_token: fc.constant(echo), expires_in: fc.constant(echo) })
        .map((value) => JSON.stringify({ ...grantRecorded.response.body, ...value })),
    )
    const status = fc.constantFrom(200, 201, 302, 400, 401, 403, 404, 429, 500, 525)
    await fc.assert(
      fc.asyncProperty(status, body, async (given, text) => {
        const headers = { location: `https://elsewhere.example/?${echo}`, 'content-type': echo }
        const hostile = answering(() => new Response(text, { status: given, headers }))
        const results = [
          await login(hostile, 'https://h', secrets, CLIENT),
          await refresh(hostile, 'https://h', { ...CLIENT, refreshToken: 'the-token' }),
          await revoke(hostile, 'https://h', 'the-token'),
        ]
        for (const result of results) {
          expect(JSON.stringify(result)).not.toMatch(/the-very-secret|424242|the-token/)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('A refresh', () => {
  it('gives new tokens, and ends the old ones', async () => {
    const instance = await control.instance()
    const { tokens, client } = await loggedIn(instance)
    const result = await refresh(deps, instance.origin, { ...client, refreshToken: tokens.refreshToken })
    if (result.kind !== 'ok') throw new Error(JSON.stringify(result))
    expect(await owner(instance, result.tokens.accessToken)).toBe('alice')
    expect(await owner(instance, tokens.accessToken)).toBe(401)
    expect(result.tokens.refreshToken).not.toBe(tokens.refreshToken)

    const again = await refresh(deps, instance.origin, { ...client, refreshToken: tokens.refreshToken })
    expect(again).toMatchObject({ kind: 'refused', reason: 'session-ended' })
    expect(await owner(instance, result.tokens.accessToken)).toBe('alice')
  })

  it('outlives the access token, but not the refresh token', async () => {
    const instance = await control.instance()
    const { tokens, client } = await loggedIn(instance)
    await instance.advance(DAY)
    expect(await owner(instance, tokens.accessToken)).toBe(401)
    const result = await refresh(deps, instance.origin, { ...client, refreshToken: tokens.refreshToken })
    if (result.kind !== 'ok') throw new Error(JSON.stringify(result))
    await instance.advance(14 * DAY)
    expect(
      await refresh(deps, instance.origin, { ...client, refreshToken: result.tokens.refreshToken }),
    ).toMatchObject({ kind: 'refused', reason: 'session-ended' })
  })

  it('of a blocked account is refused', async () => {
    const instance = await control.instance()
    const { tokens, client } = await loggedIn(instance)
    await instance.setAccount('alice', { state: 'blocked' })
    expect(await owner(instance, tokens.accessToken)).toBe(401)
    expect(
      await refresh(deps, instance.origin, { ...client, refreshToken: tokens.refreshToken }),
    ).toMatchObject({ kind: 'refused', reason: 'session-ended' })
  })

  it('with a client that is no longer the right one says so: the session is not over for that', async () => {
    const instance = await control.instance()
    const { tokens } = await loggedIn(instance)
    expect(
      await refresh(deps, instance.origin, {
        clientId: 'x',
        clientSecret: 'y',
        refreshToken: tokens.refreshToken,
      }),
    ).toMatchObject({ kind: 'refused', reason: 'invalid-client' })
  })

  it('fails, and tells of no refusal, when the answer is no problem of PeerTube', async () => {
    const html = answering(() => new Response('<h1>Bad Request</h1>', { status: 400 }))
    const unknown = ['unheard_of', 'constructor', '__proto__'].map((code) =>
      answering(problem(400, { ...wrongRecorded.response.body, code })),
    )
    for (const client of [html, ...unknown]) {
      expect(await refresh(client, 'https://h', { ...CLIENT, refreshToken: 'r' })).toMatchObject({
        kind: 'failed',
        reason: 'http',
        detail: 'answered 400',
      })
    }
  })
})

describe('The end of a session', () => {
  it('ends it with both its tokens, and no other session of the same user', async () => {
    const instance = await control.instance()
    const [first, second] = [await loggedIn(instance), await loggedIn(instance)]
    expect(await revoke(deps, instance.origin, first.tokens.accessToken)).toMatchObject({ kind: 'ok' })
    expect(await owner(instance, first.tokens.accessToken)).toBe(401)
    expect(
      await refresh(deps, instance.origin, { ...first.client, refreshToken: first.tokens.refreshToken }),
    ).toMatchObject({ kind: 'refused', reason: 'session-ended' })
    expect(await owner(instance, second.tokens.accessToken)).toBe('alice')
  })

  it('is told when it had ended before', async () => {
    const instance = await control.instance()
    const { tokens } = await loggedIn(instance)
    await revoke(deps, instance.origin, tokens.accessToken)
    expect(await revoke(deps, instance.origin, tokens.accessToken)).toMatchObject({
      kind: 'refused',
      reason: 'session-ended',
      observation: { status: 401 },
    })
  })

  it('sends nothing for a token that no header can carry', async () => {
    const instance = await control.instance()
    expect(await revoke(deps, instance.origin, 'a\r\nb: c')).toMatchObject({ kind: 'refused' })
    expect(await instance.requests()).toEqual([])
  })
})
