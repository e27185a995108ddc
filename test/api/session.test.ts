/** @module Logging in and out: OAuth as PeerTube does it, one session a user, and what becomes of stolen tokens. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { call, forgetAll, generous, KEY, readAnswer, send, sendTo } from '../support/call.ts'
import { testDeps } from '../support/harness.ts'
import { as, loggedIn, PASSWORD, person } from '../support/people.ts'

beforeEach(forgetAll)

const CLIENT = { client_id: 'tubewire', client_secret: 'public' }
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

let tubewire = testDeps()
beforeEach(() => {
  tubewire = testDeps()
})

async function token(fields: Record<string, string>) {
  return readAnswer(
    await sendTo(
      generous(tubewire.deps),
      'POST',
      '/api/v1/users/token',
      FORM,
      String(new URLSearchParams(fields)),
    ),
  )
}

const logIn = (username: string, password = PASSWORD) =>
  token({ ...CLIENT, grant_type: 'password', username, password, response_type: 'code' })
const refresh = (refreshToken: unknown) =>
  token({ ...CLIENT, grant_type: 'refresh_token', refresh_token: String(refreshToken) })

async function me(accessToken: unknown) {
  return readAnswer(await sendTo(tubewire.deps, 'GET', '/api/v1/users/me', as(String(accessToken))))
}

describe('A login', () => {
  it('is answered as PeerTube answers it', async () => {
    await person('alice')
    const answer = await logIn('alice')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('pragma')).toBe('no-cache')
    expect(answer.body).toEqual({
      token_type: 'Bearer',
      access_token: expect.stringMatching(/^[0-9a-f]{40}$/),
      refresh_token: expect.stringMatching(/^[0-9a-f]{40}$/),
      expires_in: 86_400,
      refresh_token_expires_in: 1_209_600,
    })
    expect((await me(answer.body['access_token'])).body).toMatchObject({
      username: 'alice',
      role: { id: 2, label: 'User' },
      lastLoginDate: expect.any(String),
    })
  })

  it('takes the mail address too, and names in any case', async () => {
    await person('alice')
    expect((await logIn('Alice@Example.com')).status).toBe(200)
    expect((await logIn('ALICE')).status).toBe(200)
  })

  it('ends the session before it: its access token is 401 invalid_token, its refresh token 400 invalid_grant', async () => {
    await person('alice')
    const first = (await logIn('alice')).body
    const second = (await logIn('alice')).body
    expect((await me(first['access_token'])).body).toMatchObject({ status: 401, code: 'invalid_token' })
    expect((await refresh(first['refresh_token'])).body).toMatchObject({ status: 400, code: 'invalid_grant' })
    // A client that was forgotten somewhere logs nobody out.
    expect((await me(second['access_token'])).status).toBe(200)
  })

  it.each([
    [
      'a wrong password',
      { username: 'alice', password: 'wrong password' },
      'invalid_grant',
      'Invalid grant: user credentials are invalid',
    ],
    [
      'an unknown user',
      { username: 'nobody', password: PASSWORD },
      'invalid_grant',
      'Invalid grant: user credentials are invalid',
    ],
    ['another client', { client_id: 'x' }, 'invalid_client', 'Invalid client: client is invalid'],
    ['no client', { client_id: '' }, 'invalid_request', 'Missing parameter: `client_id`'],
    ['no password', { password: '' }, 'invalid_request', 'Missing parameter: `password`'],
    ['no user name', { username: '' }, 'invalid_request', 'Missing parameter: `username`'],
    ['no grant type', { grant_type: '' }, 'invalid_request', 'Missing parameter: `grant_type`'],
    [
      'another grant type',
      { grant_type: 'client_credentials' },
      'unsupported_grant_type',
      'Unsupported grant type: `grant_type` is invalid',
    ],
  ])('with %s is 400 in the words of PeerTube', async (_name, fields, code, detail) => {
    await person('alice')
    const answer = await token({
      ...CLIENT,
      grant_type: 'password',
      username: 'alice',
      password: PASSWORD,
      ...fields,
    })
    expect(answer.body).toMatchObject({ status: 400, code, detail, error: detail })
    expect(JSON.stringify(answer.body)).not.toContain(PASSWORD)
  })

  it.each([
    ['waits for its mail', { state: 'waiting-for-email' }, 'email_not_verified'],
    ['waits for approval', { state: 'waiting-for-approval' }, 'account_waiting_for_approval'],
  ] as const)('of an account that %s is 403, to whom knows the password', async (_name, more, code) => {
    await person('alice', 'User', more)
    expect((await logIn('alice')).body).toMatchObject({ status: 403, code })
    expect((await logIn('alice', 'wrong password')).body).toMatchObject({
      status: 400,
      code: 'invalid_grant',
    })
  })

  it('of a blocked user is 403, to whom knows the password', async () => {
    const { id } = await person('alice')
    await env.DB.prepare('UPDATE users SET blocked_at = 1 WHERE id = ?').bind(id).run()
    expect((await logIn('alice')).body).toMatchObject({ status: 403, code: 'account_blocked' })
    expect((await logIn('alice', 'wrong password')).body).toMatchObject({
      status: 400,
      code: 'invalid_grant',
    })
  })

  it('hashes a password anew that was hashed with other parameters', async () => {
    const { id } = await person('alice')
    const stored = () =>
      env.DB.prepare('SELECT password_hash FROM users WHERE id = ?').bind(id).first('password_hash')
    expect(await stored()).toMatch(/^scrypt\$16\$/)
    await logIn('alice')
    expect(await stored()).toMatch(/^scrypt\$16384\$8\$5\$/)
    expect((await logIn('alice')).status).toBe(200)
  })

  it('is nobody else’s in the audit log, whatever token comes with it', async () => {
    const [alice, bob] = [await person('alice'), await loggedIn('bob')]
    const form = { client_id: 'tubewire', client_secret: 'public', grant_type: 'password', username: 'alice' }
    const type = { 'content-type': 'application/x-www-form-urlencoded', authorization: `Bearer ${bob.token}` }
    for (const password of [PASSWORD, 'wrong password']) {
      const fields = String(new URLSearchParams({ ...form, password }))
      await sendTo(generous(tubewire.deps), 'POST', '/api/v1/users/token', type, fields)
    }
    const { body } = await call('GET', '/audit-log?action=getOAuthToken&limit=2')
    expect(body.data).toMatchObject([
      { userId: null, via: 'anonymous', target: alice.id, success: false },
      { userId: alice.id, via: 'anonymous', target: alice.id, success: true },
    ])
  })

  it('is refused as a JSON body', async () => {
    const type = { 'content-type': 'application/json', 'cf-connecting-ip': '192.0.2.9' }
    const response = await send('POST', '/api/v1/users/token', type, {})
    expect(response.status).toBe(415)
  })
})

describe('A session', () => {
  it('goes on with its refresh token, which rotates both', async () => {
    await person('alice')
    const first = (await logIn('alice')).body
    const second = (await refresh(first['refresh_token'])).body
    expect(second).toMatchObject({ token_type: 'Bearer', expires_in: 86_400 })
    expect((await me(first['access_token'])).body).toMatchObject({ status: 401, code: 'invalid_token' })
    expect((await me(second['access_token'])).status).toBe(200)
  })

  it('ends when a used refresh token comes again: one of the two who have it is a thief', async () => {
    await person('alice')
    const first = (await logIn('alice')).body
    const second = (await refresh(first['refresh_token'])).body
    expect((await refresh(first['refresh_token'])).body).toMatchObject({ status: 400, code: 'invalid_grant' })
    expect((await me(second['access_token'])).status).toBe(401)
    expect((await refresh(second['refresh_token'])).status).toBe(400)
    const log = await readAnswer(await sendTo(tubewire.deps, 'GET', '/api/v1/audit-log?limit=1', as(KEY)))
    expect(log.body.data[0]).toMatchObject({ action: 'getOAuthToken', success: false })
  })

  it('lasts a day, and fourteen for its refresh token', async () => {
    await person('alice')
    const first = (await logIn('alice')).body
    tubewire.advance(24 * 3_600_000 - 1)
    expect((await me(first['access_token'])).status).toBe(200)
    tubewire.advance(1)
    expect((await me(first['access_token'])).body).toMatchObject({ code: 'invalid_token' })
    const second = (await refresh(first['refresh_token'])).body
    tubewire.advance(14 * 24 * 3_600_000 - 1)
    const third = (await refresh(second['refresh_token'])).body
    expect(third['access_token']).toBeDefined()
    tubewire.advance(14 * 24 * 3_600_000)
    expect((await refresh(third['refresh_token'])).body).toMatchObject({ code: 'invalid_grant' })
  })

  it('ends at once when it is revoked, with both its tokens', async () => {
    await person('alice')
    const { body } = await logIn('alice')
    const revoked = await sendTo(
      tubewire.deps,
      'POST',
      '/api/v1/users/revoke-token',
      as(String(body['access_token'])),
    )
    expect(revoked.status).toBe(200)
    expect((await me(body['access_token'])).status).toBe(401)
    expect((await refresh(body['refresh_token'])).status).toBe(400)
  })

  it('is at rest in digests only', async () => {
    await person('alice')
    const { body } = await logIn('alice')
    const rows = JSON.stringify((await env.DB.prepare('SELECT * FROM sessions').all()).results)
    expect(rows).not.toContain(String(body['access_token']))
    expect(rows).not.toContain(String(body['refresh_token']))
  })
})

describe('The client', () => {
  it('is told to whom asks under the address of this service, and to nobody else', async () => {
    expect(await (await send('GET', '/api/v1/oauth-clients/local')).json()).toEqual(CLIENT)
    const { deps } = tubewire
    const elsewhere = { ...deps, config: { ...deps.config, publicUrl: 'https://other.example' } }
    const refused = await sendTo(elsewhere, 'GET', '/api/v1/oauth-clients/local')
    expect(await refused.json()).toMatchObject({
      status: 403,
      detail: 'Getting client tokens for host tubewire.example is forbidden',
    })
  })
})

describe('The operator’s key', () => {
  it.each(['0123456789abcdef0123456789abcdef01234567', `tw_${'0123456789abcdef'.repeat(2)}01234567`])(
    'may look like any other token: %s',
    async (adminKey) => {
      const { deps } = tubewire
      const other = { ...deps, config: { ...deps.config, adminKey } }
      expect((await sendTo(other, 'GET', '/api/v1/users/me', as(adminKey))).status).toBe(200)
    },
  )

  it('is no session: a login of the first administrator ends nothing of it, nor a lower role', async () => {
    const who = async () => readAnswer(await send('GET', '/api/v1/users/me', as(KEY)))
    const made = await sendTo(tubewire.deps, 'PUT', '/api/v1/users/usr_administrator', as(KEY), {
      password: PASSWORD,
    })
    expect(made.status).toBe(204)
    expect((await logIn('root')).status).toBe(200)
    expect((await who()).body).toMatchObject({ username: 'root', role: { id: 0, label: 'Administrator' } })
    await env.DB.prepare("UPDATE users SET role = 2 WHERE id = 'usr_administrator'").run()
    expect((await sendTo(tubewire.deps, 'GET', '/api/v1/audit-log', as(KEY))).status).toBe(200)
    await env.DB.prepare(
      "UPDATE users SET role = 0, password_hash = NULL WHERE id = 'usr_administrator'",
    ).run()
  })
})
