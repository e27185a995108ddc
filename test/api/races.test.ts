/** @module What was judged is what is changed: whatever happens between the two is a refusal, and no surprise. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { verifyPassword } from '../../src/passwords.ts'
import { call, forgetAll, generous, KEY, readAnswer, sendTo } from '../support/call.ts'
import { count, deliveriesOf, owed, testDeps } from '../support/harness.ts'
import { before } from '../support/meanwhile.ts'
import { apiKey, as, loggedIn, PASSWORD, person, session } from '../support/people.ts'

beforeEach(forgetAll)

/** A request during which something else happens, right before a statement. */
async function during(
  statement: string,
  act: () => Promise<unknown>,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
) {
  const deps = generous(testDeps().deps)
  const raced = { ...deps, env: { ...deps.env, DB: before(statement, act) } }
  return readAnswer(await sendTo(raced, method, `/api/v1${path}`, headers, body))
}

const run = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run()

const hook = { url: 'http://localhost:3000/hook' }

describe('A password', () => {
  it('that an administrator sets meanwhile is not overwritten by who had the one before', async () => {
    const alice = await loggedIn('alice')
    const answer = await during(
      'UPDATE users SET password_hash = coalesce',
      () => call('PUT', `/users/${alice.id}`, { password: 'of the administrator' }),
      'PUT',
      '/users/me',
      as(alice.token),
      { currentPassword: PASSWORD, password: 'of the thief' },
    )
    expect(answer.status).toBe(409)
    const stored = await env.DB.prepare('SELECT password_hash AS hash FROM users WHERE id = ?')
      .bind(alice.id)
      .first<string>('hash')
    expect((await verifyPassword('of the administrator', stored)).ok).toBe(true)
  })

  it('or an address of who had the one before it is not set after it', async () => {
    const alice = await loggedIn('alice')
    const set = () => call('PUT', `/users/${alice.id}`, { password: 'of the administrator' })
    const body = { currentPassword: PASSWORD, email: 'thief@example.com', password: 'of the thief' }
    const answer = await during('pending_email = CASE', set, 'PUT', '/users/me', as(alice.token), body)
    expect(answer.status).toBe(409)
    expect((await call('GET', `/users/${alice.id}`)).body).toMatchObject({ pendingEmail: null })
  })

  it('of one’s own is not changed with If-Match when the account was changed in between', async () => {
    const alice = await loggedIn('alice')
    const etag = (await call('GET', '/users/me', undefined, as(alice.token))).headers.get('etag') ?? ''
    const change = () => call('PUT', `/users/${alice.id}`, { emailVerified: true })
    const headers = { ...as(alice.token), 'if-match': etag }
    const body = { currentPassword: PASSWORD, password: 'battery staple' }
    const answer = await during('pending_email = CASE', change, 'PUT', '/users/me', headers, body)
    expect(answer.status).toBe(412)
  })

  it('and a role are changed together or not at all', async () => {
    const alice = await loggedIn('alice')
    const path = `/users/${alice.id}`
    const change = () => call('PUT', path, { emailVerified: true })
    const body = { role: 1, password: 'battery staple' }
    expect((await during('UPDATE OR IGNORE users', change, 'PUT', path, as(KEY), body)).status).toBe(409)
    expect((await call('GET', path)).body).toMatchObject({ role: { id: 2 } })
    expect((await call('GET', '/users/me', undefined, as(alice.token))).status).toBe(200)
  })

  it('is not chosen with a mail to an address that is no longer the account’s', async () => {
    const alice = await person('alice')
    await call('POST', '/users/ask-reset-password', { email: alice.email })
    const [mail] = (await call('GET', '/mails')).body.data
    const verificationString = /verificationString=(\w+)/.exec(String(mail?.['text']))?.[1]
    await call('PUT', `/users/${alice.id}`, { email: 'new@example.com' })
    const body = { verificationString, password: 'battery staple' }
    expect((await call('POST', `/users/${alice.id}/reset-password`, body)).body).toMatchObject({
      code: 'invalid_verification',
    })
  })

  it('of a blocked user is not reset by mail', async () => {
    const alice = await person('alice')
    await call('POST', `/users/${alice.id}/block`)
    await call('POST', '/users/ask-reset-password', { email: alice.email })
    expect((await call('GET', '/mails')).body['total']).toBe(0)
  })
})

describe('A block', () => {
  it('by a moderator does not meet who became an administrator meanwhile', async () => {
    const [alice, moderator] = [await person('alice'), await loggedIn('moderator', 'Moderator')]
    const answer = await during(
      'UPDATE users SET blocked_at',
      () => run('UPDATE users SET role = 0 WHERE id = ?', alice.id),
      'POST',
      `/users/${alice.id}/block`,
      as(moderator.token),
      {},
    )
    expect(answer.body).toMatchObject({ status: 403, code: 'insufficient_rights' })
    expect(await count('SELECT count(*) AS count FROM users WHERE blocked_at IS NOT NULL')).toBe(0)
  })

  it.each([
    ['block', 'UPDATE users SET blocked_at = coalesce', {}],
    ['unblock', 'UPDATE users SET blocked_at = NULL', undefined],
  ])(
    'with If-Match: %s does not meet an account that was changed in between',
    async (verb, statement, body) => {
      const alice = await person('alice')
      const path = `/users/${alice.id}`
      if (verb === 'unblock') await call('POST', `${path}/block`)
      const etag = (await call('GET', path)).headers.get('etag') ?? ''
      const change = () => call('PUT', path, { role: 1 })
      const headers = { ...as(KEY), 'if-match': etag }
      expect((await during(statement, change, 'POST', `${path}/${verb}`, headers, body)).status).toBe(412)
      expect((await call('GET', path)).body).toMatchObject({ blocked: verb === 'unblock' })
    },
  )

  it('is not lifted by a moderator from who became an administrator meanwhile', async () => {
    const [alice, moderator] = [await person('alice'), await loggedIn('moderator', 'Moderator')]
    const path = `/users/${alice.id}`
    await call('POST', `${path}/block`)
    const change = () => run('UPDATE users SET role = 0 WHERE id = ?', alice.id)
    const statement = 'UPDATE users SET blocked_at = NULL'
    const answer = await during(statement, change, 'POST', `${path}/unblock`, as(moderator.token))
    expect(answer.body).toMatchObject({ status: 403, code: 'insufficient_rights' })
    expect((await call('GET', path)).body).toMatchObject({ blocked: true })
  })

  it.each(['UPDATE users SET blocked_at = 1 WHERE id = ?', 'DELETE FROM users WHERE id = ?'])(
    'or a deletion in between leaves no endpoint that is sent to: %s',
    async (sql) => {
      const alice = await loggedIn('alice')
      const answer = await during(
        'INSERT INTO endpoints',
        () => run(sql, alice.id),
        'POST',
        '/endpoints',
        as(alice.token),
        hook,
      )
      expect(answer.body).toMatchObject({ status: 409, code: 'owner_shut_out' })
      expect(await count('SELECT count(*) AS count FROM endpoints')).toBe(0)
      expect(await count('SELECT count(*) AS count FROM subscriptions')).toBe(0)
    },
  )

  it.each(['UPDATE users SET blocked_at = 1 WHERE id = ?', 'DELETE FROM users WHERE id = ?'])(
    'or a deletion in between leaves no key: %s',
    async (sql) => {
      const alice = await loggedIn('alice')
      const answer = await during(
        'INSERT INTO api_keys',
        () => run(sql, alice.id),
        'POST',
        '/api-keys',
        as(alice.token),
        { name: 'x', scopes: ['events:read'] },
      )
      expect(answer.body).toMatchObject({ status: 409, code: 'owner_shut_out' })
      expect(await count('SELECT count(*) AS count FROM api_keys')).toBe(0)
    },
  )

  it('in between leaves no endpoint resumed', async () => {
    const alice = await loggedIn('alice')
    const { body } = await call('POST', '/endpoints', hook, as(alice.token))
    const path = `/endpoints/${body['id']}`
    await call('PATCH', path, { paused: true }, as(alice.token))
    const block = () => call('POST', `/users/${alice.id}/block`)
    const answer = await during('UPDATE endpoints SET paused_at', block, 'PATCH', path, as(alice.token), {
      paused: false,
    })
    expect(answer.body).toMatchObject({ status: 409, code: 'owner_shut_out' })
    expect((await call('GET', path)).body).toMatchObject({ paused: true })
  })
})

describe('What an endpoint is owed', () => {
  it('stays so when a resume that would skip it is refused, for the endpoint was changed in between', async () => {
    const { endpoint } = await owed(testDeps(), 2)
    const path = `/endpoints/${endpoint.id}`
    const change = () => call('PATCH', path, { description: 'Meanwhile' })
    const resume = await during('UPDATE endpoints SET', change, 'POST', `${path}/resume`, as(KEY), {
      backlog: 'none',
    })
    expect(resume.status).toBe(409)
    expect((await deliveriesOf(endpoint.id)).map(({ state }) => state)).toEqual(['pending', 'pending'])
  })
})

describe('A change with If-Match: *', () => {
  it('that lost against another one is a conflict, for it named no state', async () => {
    const { body } = await call('POST', '/endpoints', hook)
    const path = `/endpoints/${body['id']}`
    const change = () => call('PATCH', path, { description: 'Meanwhile' })
    const headers = { ...as(KEY), 'if-match': '*' }
    const answer = await during('UPDATE endpoints SET', change, 'PATCH', path, headers, {
      description: 'Mine',
    })
    expect(answer.status).toBe(409)
  })
})

describe('A deletion with If-Match', () => {
  it('does not remove what was changed in between', async () => {
    const { body } = await call('POST', '/endpoints', hook)
    const path = `/endpoints/${body['id']}`
    const etag = (await call('GET', path)).headers.get('etag') ?? ''
    const change = () => call('PATCH', path, { description: 'Meanwhile' })
    const answer = await during('DELETE FROM endpoints', change, 'DELETE', path, {
      ...as(KEY),
      'if-match': etag,
    })
    expect(answer.status).toBe(412)
    expect((await call('GET', path)).status).toBe(200)
  })

  it('of an account, a key or an instance neither', async () => {
    const alice = await person('alice')
    const { id: keyId } = await apiKey('usr_administrator', ['events:read'])
    await run(
      `INSERT INTO instances (id, owner_id, origin, host, name, version, created_at) VALUES ('ins_1', 'usr_administrator', 'https://a', 'a', '', '6.3.0', 0)`,
    )
    for (const [path, table] of [
      [`/users/${alice.id}`, 'users'],
      [`/api-keys/${keyId}`, 'api_keys'],
      ['/instances/ins_1', 'instances'],
    ] as const) {
      expect((await call('DELETE', path, undefined, { 'if-match': '"x"' })).status, path).toBe(412)
      const etag = (await call('GET', path)).headers.get('etag') ?? ''
      const change = () => run(`UPDATE ${table} SET revision = revision + 1`)
      const headers = { ...as(KEY), 'if-match': etag }
      expect((await during(`DELETE FROM ${table}`, change, 'DELETE', path, headers)).status, path).toBe(412)
      expect((await call('GET', path)).status, path).toBe(200)
    }
  })
})

describe('An acceptance', () => {
  it('is of who is there still, and as he was seen', async () => {
    const alice = await person('alice', 'User', { state: 'waiting-for-approval' })
    const path = `/users/${alice.id}`
    const etag = (await call('GET', path)).headers.get('etag') ?? ''
    const accept = (act: () => Promise<unknown>, headers: Record<string, string>) =>
      during('waiting-for-approval', act, 'POST', `${path}/accept`, { ...as(KEY), ...headers })
    const change = () => call('PUT', path, { role: 1 })
    expect((await accept(change, { 'if-match': etag })).status).toBe(412)
    expect((await call('GET', path)).body).toMatchObject({ state: 'waiting-for-approval' })
    expect((await accept(() => call('DELETE', path), {})).status).toBe(404)
  })
})

describe('A change of an account', () => {
  it('that began from the same state as another one is refused', async () => {
    const alice = await person('alice')
    const path = `/users/${alice.id}`
    const other = () => call('PUT', path, { role: 1 })
    const answer = await during('UPDATE OR IGNORE users SET', other, 'PUT', path, as(KEY), {
      emailVerified: true,
    })
    expect(answer.status).toBe(409)
    expect((await call('PUT', path, { role: 2 }, { 'if-match': '"x"' })).status).toBe(412)
  })
})

describe('A logout', () => {
  it('does not end the session of a newer login', async () => {
    const alice = await loggedIn('alice')
    let newer = ''
    const logIn = async () => {
      newer = (await session(alice.id)).token
    }
    await during('DELETE FROM sessions', logIn, 'POST', '/users/revoke-token', as(alice.token))
    expect((await call('GET', '/users/me', undefined, as(newer))).status).toBe(200)
  })

  it('by the operator’s key is refused: it is no session', async () => {
    expect((await call('POST', '/users/revoke-token')).body).toMatchObject({ code: 'session_required' })
  })
})
