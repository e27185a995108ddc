/** @module Accounts: one's own, everybody's, and the log of who did what. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { call, forgetAll } from '../support/call.ts'
import { count } from '../support/harness.ts'
import { apiKey, as, loggedIn, PASSWORD, person, session } from '../support/people.ts'

beforeEach(forgetAll)

const NEW = { currentPassword: PASSWORD, password: 'battery staple' }

/** The newest mail to an address. */
async function mailTo(email: string): Promise<Record<string, unknown> | undefined> {
  const { body } = await call('GET', '/mails?count=100')
  return body.data.find(({ recipient }) => recipient === email)
}

const stringIn = (mail: Record<string, unknown> | undefined) =>
  /verificationString=(\w+)/.exec(String(mail?.['text']))?.[1]

describe('One’s own account', () => {
  it('changes its password with the one before', async () => {
    const { token } = await loggedIn('alice')
    const put = (body: object) => call('PUT', '/users/me', body, as(token))
    expect((await put({ password: 'battery staple' })).body).toMatchObject({
      detail: 'Incorrect request parameters: currentPassword',
    })
    expect((await put({ password: 'battery staple', currentPassword: 'wrong' })).status).toBe(401)
    expect((await put({ password: 'battery staple', currentPassword: PASSWORD })).status).toBe(204)
    // Whoever else has the token is out, too.
    expect((await call('GET', '/users/me', undefined, as(token))).status).toBe(401)
  })

  it('changes its address when the new one is verified', async () => {
    const { id, token } = await loggedIn('alice')
    const body = { email: 'New@example.com', currentPassword: PASSWORD }
    expect((await call('PUT', '/users/me', body, as(token))).status).toBe(204)
    expect((await call('GET', '/users/me', undefined, as(token))).body).toMatchObject({
      email: 'alice@example.com',
      pendingEmail: 'new@example.com',
    })
    const mail = await mailTo('new@example.com')
    expect(mail).toMatchObject({ state: 'kept' })
    const verificationString = stringIn(mail)
    await call('POST', `/users/${id}/verify-email`, { verificationString })
    expect((await call('GET', '/users/me', undefined, as(token))).body).toMatchObject({
      email: 'new@example.com',
      pendingEmail: null,
      emailVerified: true,
    })
  })

  it('does not learn whether a new address is somebody else’s', async () => {
    const { token } = await loggedIn('alice')
    await person('bob')
    const body = { email: 'bob@example.com', currentPassword: PASSWORD }
    expect((await call('PUT', '/users/me', body, as(token))).status).toBe(204)
    expect((await mailTo('bob@example.com'))?.['text']).not.toContain('verificationString')
    expect((await call('GET', '/users/me', undefined, as(token))).body).toMatchObject({
      email: 'alice@example.com',
      pendingEmail: 'bob@example.com',
    })
  })

  it('warns its address of now when another one is to take its place', async () => {
    const { token } = await loggedIn('alice')
    await call('PUT', '/users/me', { email: 'new@example.com', currentPassword: PASSWORD }, as(token))
    const warning = await mailTo('alice@example.com')
    expect(warning?.['text']).toContain('new@example.com')
    expect(warning?.['text']).not.toContain('verificationString')
  })

  it('does not learn whether an address is known from what becomes of the token before', async () => {
    const { id, token } = await loggedIn('alice')
    await person('bob')
    const put = (email: string) => call('PUT', '/users/me', { email, currentPassword: PASSWORD }, as(token))
    for (const email of ['bob@example.com', 'nobody@example.com']) {
      await put('first@example.com')
      const verificationString = stringIn(await mailTo('first@example.com'))
      await put(email)
      const answer = await call('POST', `/users/${id}/verify-email`, { verificationString })
      expect(answer.status, email).toBe(403)
    }
  })

  it.each([
    ['his own', (_id: string, token: string) => call('PUT', '/users/me', NEW, as(token))],
    ['by an administrator', (id: string) => call('PUT', `/users/${id}`, { password: NEW.password })],
  ])('with a new password, %s, is no longer to have the address of a thief', async (_whose, change) => {
    const { id, token } = await loggedIn('alice')
    const theft = { email: 'thief@example.com', currentPassword: PASSWORD }
    await call('PUT', '/users/me', theft, as(token))
    const verificationString = stringIn(await mailTo('thief@example.com'))
    expect((await change(id, token)).status).toBe(204)
    expect((await call('GET', `/users/${id}`)).body).toMatchObject({ pendingEmail: null })
    const mails = (await call('GET', '/mails')).body['total']
    await call('POST', '/users/ask-send-verify-email', { email: 'thief@example.com' })
    expect((await call('GET', '/mails')).body['total']).toBe(mails)
    const verified = await call('POST', `/users/${id}/verify-email`, { verificationString })
    expect(verified.status).toBe(403)
  })

  it('takes back the address that waits when it is told the one that it has', async () => {
    const { token } = await loggedIn('alice')
    const put = (email: string) => call('PUT', '/users/me', { email, currentPassword: PASSWORD }, as(token))
    await put('new@example.com')
    await put('alice@example.com')
    expect((await call('GET', '/users/me', undefined, as(token))).body).toMatchObject({ pendingEmail: null })
  })

  it('is deleted with all that is its own', async () => {
    const { id, token } = await loggedIn('alice')
    await call('POST', '/endpoints', { url: 'http://localhost:1/' }, as(token))
    const { key } = await apiKey(id, ['events:read'])
    expect((await call('DELETE', '/users/me', undefined, as(token))).status).toBe(204)
    expect((await call('GET', '/users/me', undefined, as(token))).status).toBe(401)
    expect((await call('GET', '/events', undefined, as(key))).status).toBe(401)
    for (const table of ['endpoints', 'subscriptions', 'api_keys', 'sessions'])
      expect(await count(`SELECT count(*) AS count FROM ${table}`), table).toBe(0)
  })
})

describe('Accounts', () => {
  it('are made, found, changed and deleted by an administrator', async () => {
    const made = await call('POST', '/users', {
      username: 'Alice',
      password: PASSWORD,
      email: 'a@example.com',
      role: 1,
    })
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe(`/api/v1/users/${made.body['id']}`)
    expect(made.body).toMatchObject({
      username: 'alice',
      role: { id: 1, label: 'Moderator' },
      state: 'active',
    })
    expect(JSON.stringify(made.body)).not.toMatch(/correct horse|scrypt/i)
    const path = `/users/${made.body['id']}`
    expect((await call('GET', path)).body).toEqual(made.body)
    const { token } = await session(String(made.body['id']))
    expect((await call('PUT', path, { role: 2, emailVerified: true })).status).toBe(204)
    expect((await call('GET', path)).body).toMatchObject({ role: { id: 2 }, emailVerified: true })
    expect((await call('GET', '/users/me', undefined, as(token))).status).toBe(200)
    expect((await call('PUT', path, { password: 'battery staple' })).status).toBe(204)
    expect((await call('GET', '/users/me', undefined, as(token))).status).toBe(401)
    expect((await call('DELETE', path)).status).toBe(204)
    expect((await call('GET', path)).status).toBe(404)
    expect((await call('PUT', path, { role: 2 })).status).toBe(404)
  })

  it('that wait for an address are let in when an administrator calls it verified, or takes it away', async () => {
    const waiting = { state: 'waiting-for-email', email: null } as const
    const alice = await person('alice', 'User', waiting)
    const pending = env.DB.prepare('UPDATE users SET pending_email = ? WHERE id = ?')
    await pending.bind('alice@example.com', alice.id).run()
    expect((await call('PUT', `/users/${alice.id}`, { emailVerified: true })).status).toBe(204)
    const verified = { email: 'alice@example.com', emailVerified: true, pendingEmail: null, state: 'active' }
    expect((await call('GET', `/users/${alice.id}`)).body).toMatchObject(verified)

    const bob = await person('bob', 'User', waiting)
    await pending.bind('bob@example.com', bob.id).run()
    expect((await call('PUT', `/users/${bob.id}`, { email: null })).status).toBe(204)
    const without = { email: null, emailVerified: false, pendingEmail: null, state: 'active' }
    expect((await call('GET', `/users/${bob.id}`)).body).toMatchObject(without)
    // There is nothing to verify.
    expect((await call('PUT', `/users/${bob.id}`, { emailVerified: true })).status).toBe(400)

    // One that somebody else has by now is not given twice.
    const eve = await person('eve', 'User', waiting)
    await pending.bind('alice@example.com', eve.id).run()
    const taken = await call('PUT', `/users/${eve.id}`, { emailVerified: true })
    expect(taken.body).toMatchObject({ code: 'email_taken' })
  })

  it('are refused a name or address that is taken', async () => {
    await person('alice')
    const name = await call('POST', '/users', { username: 'alice', password: PASSWORD })
    expect(name.body).toMatchObject({ status: 409, code: 'username_taken' })
    const email = await call('POST', '/users', {
      username: 'bob',
      password: PASSWORD,
      email: 'alice@example.com',
    })
    expect(email.body).toMatchObject({ status: 409, code: 'email_taken' })
    const bob = await person('bob')
    expect((await call('PUT', `/users/${bob.id}`, { email: 'alice@example.com' })).body).toMatchObject({
      code: 'email_taken',
    })
  })

  it('come page by page, in order, searched, and counted', async () => {
    for (const name of ['carol', 'alice', 'bob']) await person(name)
    const names = async (query: string) => {
      const { body } = await call('GET', `/users?${query}`)
      return { total: body['total'], names: body.data.map(({ username }) => username) }
    }
    expect(await names('sort=username')).toEqual({ total: 4, names: ['alice', 'bob', 'carol', 'root'] })
    expect(await names('sort=-username&count=2&start=1')).toEqual({ total: 4, names: ['carol', 'bob'] })
    expect(await names('search=LICE')).toEqual({ total: 1, names: ['alice'] })
    expect(await names('count=0')).toEqual({ total: 4, names: [] })
    const first = await call('GET', '/users?sort=username&count=3')
    const rest = await call('GET', `/users?sort=username&count=3&after=${first.body['next']}`)
    expect(rest.body.data.map(({ username }) => username)).toEqual(['root'])
    for (const query of [
      `sort=-username&after=${first.body['next']}`,
      'sort=password',
      'start=-1',
      'count=101',
      'start=10001',
      'after=nonsense',
      'after=W10',
    ])
      expect((await call('GET', `/users?${query}`)).status, query).toBe(400)
  })

  it('that are blocked lose their session, their keys and their webhooks, until they are unblocked', async () => {
    const [alice, moderator] = [await loggedIn('alice'), await loggedIn('moderator', 'Moderator')]
    const { key } = await apiKey(alice.id, ['events:read'])
    const hook = await call('POST', '/endpoints', { url: 'http://localhost:1/' }, as(alice.token))
    const mine = await call('POST', '/endpoints', { url: 'http://localhost:2/' }, as(alice.token))
    await call('PATCH', `/endpoints/${mine.body['id']}`, { paused: true }, as(alice.token))
    const block = await call('POST', `/users/${alice.id}/block`, { reason: 'Spam' }, as(moderator.token))
    expect(block.status).toBe(204)
    expect((await call('GET', '/users/me', undefined, as(alice.token))).status).toBe(401)
    expect((await call('GET', '/events', undefined, as(key))).status).toBe(401)
    expect((await call('GET', `/users/${alice.id}`)).body).toMatchObject({
      blocked: true,
      blockedReason: 'Spam',
    })
    expect((await call('GET', `/endpoints/${hook.body['id']}`)).body).toMatchObject({
      paused: true,
      pausedBy: 'block',
    })

    await call('POST', `/users/${alice.id}/unblock`, undefined, as(moderator.token))
    const { token } = await session(alice.id)
    expect((await call('GET', '/events', undefined, as(key))).status).toBe(200)
    expect((await call('GET', `/endpoints/${hook.body['id']}`, undefined, as(token))).body).toMatchObject({
      paused: false,
    })
    expect((await call('GET', `/endpoints/${mine.body['id']}`, undefined, as(token))).body).toMatchObject({
      pausedBy: 'owner',
    })
  })

  it('of moderators and administrators are no moderator’s to block', async () => {
    const moderator = await loggedIn('moderator', 'Moderator')
    for (const role of ['Moderator', 'Administrator'] as const) {
      const { id } = await person(role.toLowerCase().concat('2'), role)
      for (const act of ['block', 'unblock']) {
        const body = act === 'block' ? {} : undefined
        expect((await call('POST', `/users/${id}/${act}`, body, as(moderator.token))).status).toBe(403)
      }
    }
  })

  it('keep one administrator who can log in', async () => {
    const { id, token } = await loggedIn('boss', 'Administrator')
    await env.DB.prepare("UPDATE users SET blocked_at = 1 WHERE id = 'usr_administrator'").run()
    const last = { status: 409, code: 'last_administrator' }
    expect((await call('POST', `/users/${id}/block`, {}, as(token))).body).toMatchObject(last)
    expect((await call('PUT', `/users/${id}`, { role: 2 }, as(token))).body).toMatchObject(last)
    expect((await call('DELETE', `/users/${id}`, undefined, as(token))).body).toMatchObject(last)
    expect((await call('DELETE', '/users/me', undefined, as(token))).body).toMatchObject(last)
    await env.DB.prepare("UPDATE users SET blocked_at = NULL WHERE id = 'usr_administrator'").run()
  })

  it('that made instances leave them to the service', async () => {
    const { id, token } = await loggedIn('boss', 'Administrator')
    await env.DB.prepare(
      `INSERT INTO instances (id, owner_id, origin, host, name, version, created_at) VALUES ('ins_1', ?, 'https://a', 'a', '', '6.3.0', 0)`,
    )
      .bind(id)
      .run()
    expect((await call('DELETE', '/users/me', undefined, as(token))).status).toBe(204)
    expect((await call('GET', '/instances/ins_1')).status).toBe(200)
  })
})

describe('The audit log', () => {
  it('says who did what, on what, from where, when', async () => {
    const moderator = await loggedIn('moderator', 'Moderator')
    const alice = await person('alice')
    const headers = {
      ...as(moderator.token),
      'cf-connecting-ip': '192.0.2.7',
      'x-request-id': 'trace-0123456789',
    }
    await call('POST', `/users/${alice.id}/block`, { reason: 'Spam' }, headers)
    const { body } = await call('GET', '/audit-log?limit=1')
    expect(body.data).toEqual([
      {
        sequence: expect.any(Number),
        at: expect.any(String),
        userId: moderator.id,
        username: 'moderator',
        via: 'session',
        address: '192.0.2.7',
        action: 'blockUser',
        target: alice.id,
        success: true,
        requestId: 'trace-0123456789',
      },
    ])
    const rest = await call('GET', `/audit-log?limit=1&before=${body['next'] ?? body.data[0]?.['sequence']}`)
    expect(rest.body.data[0]?.['sequence']).not.toBe(body.data[0]?.['sequence'])
  })

  it('has what was done only: what was refused changed nothing', async () => {
    const before = await count('SELECT count(*) AS count FROM audit_log')
    await call('POST', '/users/usr_nobody/block', {})
    await call('DELETE', '/endpoints/ep_nobody')
    expect(await count('SELECT count(*) AS count FROM audit_log')).toBe(before)
  })

  it('is append-only, in the database itself', async () => {
    await call('POST', '/endpoints', { url: 'http://localhost:1/' })
    await expect(env.DB.prepare("UPDATE audit_log SET username = 'x'").run()).rejects.toThrow('append-only')
    await expect(env.DB.prepare('DELETE FROM audit_log').run()).rejects.toThrow('append-only')
    const replace = env.DB.prepare(
      "REPLACE INTO audit_log (sequence, at, via, address, action, success, request_id) SELECT sequence, 0, '', '', '', 1, '' FROM audit_log",
    )
    await expect(replace.run()).rejects.toThrow('append-only')
  })

  it('has no secret in it', async () => {
    await call('POST', '/users', { username: 'alice', password: PASSWORD, email: 'alice@example.com' })
    const { results } = await env.DB.prepare('SELECT * FROM audit_log').all()
    expect(JSON.stringify(results)).not.toContain(PASSWORD)
    expect(JSON.stringify(results)).not.toContain('@')
  })
})
