/** @module Signing up, verifying an address, a forgotten password: and that no answer tells whether an address is known. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { api } from '../../src/api/app.ts'
import { forgetUnverified } from '../../src/db/user-emails.ts'
import { schedule } from '../../src/workers/schedule.ts'
import { call, forgetAll, generous, readAnswer, sendTo } from '../support/call.ts'
import { countCosts } from '../support/count-costs.ts'
import { testDeps } from '../support/harness.ts'
import { as, loggedIn, PASSWORD, person, session } from '../support/people.ts'

type Signup = 'open' | 'approval' | 'closed'
let tubewire = testDeps()
beforeEach(async () => {
  await forgetAll()
  tubewire = testDeps()
})

async function post(
  path: string,
  body: unknown,
  signup: Signup = 'open',
  headers: Record<string, string> = {},
) {
  // So that of two mails one is the newer.
  tubewire.advance(1)
  const deps = generous(tubewire.deps)
  const type = { 'content-type': 'application/json', ...headers }
  return readAnswer(await sendTo({ ...deps, config: { ...deps.config, signup } }, 'POST', path, type, body))
}

const register = (username: string, email: string, signup: Signup = 'open') =>
  post('/api/v1/users/register', { username, password: PASSWORD, email }, signup)
const logIn = (username: string, password = PASSWORD) =>
  post(
    '/api/v1/users/token',
    String(
      new URLSearchParams({
        client_id: 'tubewire',
        client_secret: 'public',
        grant_type: 'password',
        username,
        password,
      }),
    ),
    'open',
    { 'content-type': 'application/x-www-form-urlencoded' },
  )

/** The mails that were kept, the newest first, as the administrator reads them. */
async function mails(): Promise<{ recipient: string; subject: string; text: string }[]> {
  const { body } = await call('GET', '/mails?count=100')
  return body.data as { recipient: string; subject: string; text: string }[]
}

/** What the newest mail to an address asks for. */
async function tokenFor(email: string): Promise<{ userId: string; verificationString: string }> {
  const mail = (await mails()).find(
    ({ recipient, text }) => recipient === email && text.includes('verificationString'),
  )
  const url = new URL(/https?:\S+verificationString=\S+/.exec(mail?.text ?? '')?.[0] ?? 'none:')
  return {
    userId: url.searchParams.get('userId') ?? '',
    verificationString: url.searchParams.get('verificationString') ?? '',
  }
}

async function verify(email: string) {
  const { userId, verificationString } = await tokenFor(email)
  return post(`/api/v1/users/${userId}/verify-email`, { verificationString })
}

describe('Registration', () => {
  it('is closed unless the administrator opens it', async () => {
    expect((await register('alice', 'alice@example.com', 'closed')).body).toMatchObject({
      status: 403,
      code: 'registration_closed',
    })
    expect(await mails()).toEqual([])
  })

  it('that is open lets in whoever has read his mail', async () => {
    expect((await register('Alice', 'Alice@Example.com')).status).toBe(204)
    expect((await logIn('alice')).body).toMatchObject({ code: 'email_not_verified' })
    expect((await verify('alice@example.com')).status).toBe(204)
    expect((await logIn('alice')).status).toBe(200)
  })

  it('by approval needs a moderator and the mail, in either order', async () => {
    const moderator = await loggedIn('moderator', 'Moderator')
    const accept = async (username: string) => {
      const { body } = await call(
        'GET',
        `/users?search=${username}&state=waiting-for-approval`,
        undefined,
        as(moderator.token),
      )
      const id = String(body.data[0]?.['id'])
      expect((await call('POST', `/users/${id}/accept`, undefined, as(moderator.token))).status).toBe(204)
    }
    await register('alice', 'alice@example.com', 'approval')
    expect((await logIn('alice')).body).toMatchObject({ code: 'account_waiting_for_approval' })
    await verify('alice@example.com')
    expect((await logIn('alice')).body).toMatchObject({ code: 'account_waiting_for_approval' })
    await accept('alice')
    expect((await logIn('alice')).status).toBe(200)

    await register('bob', 'bob@example.com', 'approval')
    await accept('bob')
    expect((await logIn('bob')).body).toMatchObject({ code: 'email_not_verified' })
    await verify('bob@example.com')
    expect((await logIn('bob')).status).toBe(200)
  })

  it('with a name that is taken is 409', async () => {
    await person('alice')
    expect((await register('ALICE', 'new@example.com')).body).toMatchObject({
      status: 409,
      code: 'username_taken',
    })
  })

  it('with an address that is known answers as with one that isn’t; its owner is told', async () => {
    await person('alice')
    const known = await register('eve', 'alice@example.com')
    const unknown = await register('frank', 'frank@example.com')
    expect(known.status).toBe(unknown.status)
    expect(known.body).toEqual(unknown.body)
    // Whatever else is tried looks the same.
    for (const name of ['eve', 'frank']) {
      expect((await logIn(name)).body).toMatchObject({ code: 'email_not_verified' })
      expect((await register(name, 'other@example.com')).body).toMatchObject({ code: 'username_taken' })
    }
    for (const address of ['alice@example.com', 'frank@example.com'])
      expect((await logIn(address, 'battery staple')).body).toMatchObject({ code: 'invalid_grant' })
    expect((await mails()).map(({ recipient }) => recipient).sort()).toEqual([
      'alice@example.com',
      'frank@example.com',
    ])
    expect((await mails()).find(({ recipient }) => recipient === 'alice@example.com')?.text).not.toContain(
      'verificationString',
    )
  })

  it('with somebody’s address does not keep him from registering with it, and having it', async () => {
    await register('eve', 'alice@example.com')
    await register('alice', 'alice@example.com')
    expect((await verify('alice@example.com')).status).toBe(204)
    expect((await logIn('alice')).status).toBe(200)
    // Not even by asking again: it is Alice's now.
    const before = (await mails()).length
    await post('/api/v1/users/ask-send-verify-email', { email: 'alice@example.com' })
    expect((await mails()).length).toBe(before)
    expect((await logIn('eve')).body).toMatchObject({ code: 'email_not_verified' })
  })

  it('is forgotten when nobody has verified the address for a week; an account that was let in is not', async () => {
    await register('eve', 'eve@example.com')
    await register('alice', 'alice@example.com')
    await verify('alice@example.com')
    await register('bob', 'bob@example.com', 'approval')
    const names = async () =>
      (await call('GET', '/users?count=100')).body.data.map(({ username }) => username).sort()
    await forgetUnverified(env.DB, tubewire.deps.clock() + 7 * 24 * 3_600_000 - 1_000)
    expect(await names()).toEqual(['alice', 'bob', 'eve', 'root'])
    await schedule({ ...tubewire.deps, clock: () => tubewire.deps.clock() + 7 * 24 * 3_600_000 })
    expect(await names()).toEqual(['alice', 'bob', 'root'])
  })

  it.each([
    ['a short password', { password: '1234567' }, 'password'],
    ['no address', { email: 'alice' }, 'email'],
    ['an address that mail does not carry', { email: `${'a'.repeat(65)}@example.com` }, 'email'],
    ['a name with a line end', { username: 'a\nBcc: x' }, 'username'],
    ['a role of one’s own choice', { role: 0 }, 'role'],
  ])('with %s is 400', async (_name, changes, field) => {
    const body = { username: 'alice', password: PASSWORD, email: 'alice@example.com', ...changes }
    const refused = await post('/api/v1/users/register', body)
    expect(refused.status).toBe(400)
    expect(Object.keys(refused.body['invalid-params'] ?? {})).toEqual([field])
  })
})

describe('The verification of an address', () => {
  it('takes each string once, for an hour, and only the newest', async () => {
    await register('alice', 'alice@example.com')
    const first = await tokenFor('alice@example.com')
    await post('/api/v1/users/ask-send-verify-email', { email: 'alice@example.com' })
    expect(
      (
        await post(`/api/v1/users/${first.userId}/verify-email`, {
          verificationString: first.verificationString,
        })
      ).body,
    ).toMatchObject({
      status: 403,
      code: 'invalid_verification',
    })
    const second = await tokenFor('alice@example.com')
    tubewire.advance(3_600_000)
    expect(
      (
        await post(`/api/v1/users/${second.userId}/verify-email`, {
          verificationString: second.verificationString,
        })
      ).status,
    ).toBe(403)
    tubewire.advance(-3_600_000)
    expect((await verify('alice@example.com')).status).toBe(204)
    expect((await verify('alice@example.com')).status).toBe(403)
  })

  it('takes no string of another user, nor one for a password', async () => {
    await register('alice', 'alice@example.com')
    const { verificationString } = await tokenFor('alice@example.com')
    const bob = await person('bob')
    expect((await post(`/api/v1/users/${bob.id}/verify-email`, { verificationString })).status).toBe(403)
    const { userId } = await tokenFor('alice@example.com')
    expect(
      (
        await post(`/api/v1/users/${userId}/reset-password`, {
          verificationString,
          password: 'battery staple',
        })
      ).status,
    ).toBe(403)
    expect((await verify('alice@example.com')).status).toBe(204)
  })

  it('is asked for again with the same answer whether the address is known, verified, or not', async () => {
    await person('alice')
    await register('bob', 'bob@example.com')
    const answers = await Promise.all(
      ['alice@example.com', 'bob@example.com', 'nobody@example.com'].map((email) =>
        post('/api/v1/users/ask-send-verify-email', { email }),
      ),
    )
    expect(new Set(answers.map(({ status, body }) => JSON.stringify({ status, body }))).size).toBe(1)
    expect((await mails()).filter(({ recipient }) => recipient === 'nobody@example.com')).toEqual([])
  })

  it('is asked for again for a new address that waits', async () => {
    const { token } = await loggedIn('alice')
    await call('PUT', '/users/me', { email: 'new@example.com', currentPassword: PASSWORD }, as(token))
    await post('/api/v1/users/ask-send-verify-email', { email: 'New@example.com' })
    expect((await mails()).filter(({ recipient }) => recipient === 'new@example.com')).toHaveLength(2)
  })

  it('is asked for again by the newest three, and first of all by who asks himself; never by who is blocked', async () => {
    for (const name of ['alice', 'bob', 'carol', 'dave']) await register(name, 'shared@example.com')
    const { body } = await call('GET', '/users?search=alice')
    const id = String(body.data[0]?.['id'])
    const resend = async (token?: string) => {
      await env.DB.prepare('DELETE FROM mails').run()
      const headers = token === undefined ? {} : as(token)
      await post('/api/v1/users/ask-send-verify-email', { email: 'shared@example.com' }, 'open', headers)
      return (await mails()).map(({ text }) => /Hello (\w+)/.exec(text)?.[1]).sort()
    }
    expect(await resend()).toEqual(['bob', 'carol', 'dave'])
    await env.DB.prepare("UPDATE users SET state = 'active' WHERE id = ?").bind(id).run()
    const { token } = await session(id)
    expect(await resend(token)).toEqual(['alice', 'carol', 'dave'])
    await env.DB.prepare("UPDATE users SET blocked_at = 1 WHERE username = 'dave'").run()
    expect(await resend(token)).toEqual(['alice', 'bob', 'carol'])
  })

  it('brings no address back that is no longer the account’s', async () => {
    const { id, token } = await loggedIn('alice')
    await call('PUT', '/users/me', { email: 'old@example.com', currentPassword: PASSWORD }, as(token))
    const { verificationString } = await tokenFor('old@example.com')
    await call('PUT', `/users/${id}`, { email: 'new@example.com' })
    const late = await post(`/api/v1/users/${id}/verify-email`, { verificationString })
    expect(late.body).toMatchObject({ code: 'invalid_verification' })
    expect((await call('GET', `/users/${id}`)).body).toMatchObject({ email: 'new@example.com' })
  })

  it('by a link that is not whole is a page that says so', async () => {
    for (const [path, query] of [
      ['/verify-email', ''],
      ['/reset-password', 'userId=nobody&verificationString=x&utm_source=mail'],
    ]) {
      const page = await sendTo(tubewire.deps, 'GET', `${path}?${query}`)
      expect(page.status).toBe(400)
      expect(await page.text()).toContain('The link is not complete')
      const form = { 'content-type': 'application/x-www-form-urlencoded' }
      const sent = await sendTo(tubewire.deps, 'POST', String(path), form, `${query}&password=battery+staple`)
      expect(await sent.text()).toContain('The link is not complete')
    }
  })

  it('is done by the page that the mail leads to: opening it changes nothing, its button does', async () => {
    await register('alice', 'alice@example.com')
    const { userId, verificationString } = await tokenFor('alice@example.com')
    const query = new URLSearchParams({ userId, verificationString })
    const page = await sendTo(tubewire.deps, 'GET', `/verify-email?${query}`)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    expect(await page.text()).toContain(verificationString)
    expect((await logIn('alice')).body).toMatchObject({ code: 'email_not_verified' })
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const done = await sendTo(tubewire.deps, 'POST', '/verify-email', form, String(query))
    const words = await done.text()
    expect(words).toContain('Your address is verified')
    expect(words).toContain('<a href="/">Sign in</a>')
    expect((await logIn('alice')).status).toBe(200)
    const again = await sendTo(tubewire.deps, 'POST', '/verify-email', form, String(query))
    expect(again.status).toBe(403)
    expect(await again.text()).toContain('That did not work')
  })

  it('says who still has to be accepted that he has to wait', async () => {
    await register('alice', 'alice@example.com', 'approval')
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const query = new URLSearchParams(await tokenFor('alice@example.com'))
    const done = await sendTo(tubewire.deps, 'POST', '/verify-email', form, String(query))
    const words = await done.text()
    expect(words).toContain('when a moderator has accepted your registration')
    expect(words).not.toContain('Sign in')
    expect((await logIn('alice')).body).toMatchObject({ code: 'account_waiting_for_approval' })
  })

  it.each([
    ['application/json', 'application/problem+json; charset=utf-8'],
    ['application/problem+json', 'application/problem+json; charset=utf-8'],
    ['text/html, application/json;q=0.9', 'text/html; charset=utf-8'],
    ['*/*', 'text/html; charset=utf-8'],
  ])('that is refused is told to whoever accepts %s as %s', async (accept, type) => {
    for (const [method, path] of [
      ['GET', '/verify-email'],
      ['POST', '/verify-email'],
      ['GET', '/reset-password'],
      ['POST', '/reset-password'],
    ] as const) {
      const headers = { accept, 'content-type': 'application/x-www-form-urlencoded' }
      const refused = await sendTo(
        tubewire.deps,
        method,
        path,
        headers,
        method === 'POST' ? 'a=b' : undefined,
      )
      expect(refused.status).toBe(400)
      expect(refused.headers.get('content-type')).toBe(type)
    }
  })

  it('shows no page whose address holds a script', async () => {
    const query = new URLSearchParams({ userId: 'usr_1', verificationString: '"><script>alert(1)</script>' })
    const page = await (await sendTo(tubewire.deps, 'GET', `/verify-email?${query}`)).text()
    expect(page).not.toContain('<script>')
  })
})

describe('A forgotten password', () => {
  it('chosen anew takes back an address that waits, with its string', async () => {
    const { id, token } = await loggedIn('alice')
    await call('PUT', '/users/me', { email: 'thief@example.com', currentPassword: PASSWORD }, as(token))
    await post('/api/v1/users/ask-reset-password', { email: 'alice@example.com' })
    const { verificationString } = await tokenFor('alice@example.com')
    const stolen = await tokenFor('thief@example.com')
    const chosen = { verificationString, password: 'battery staple' }
    expect((await post(`/api/v1/users/${id}/reset-password`, chosen)).status).toBe(204)
    expect((await call('GET', `/users/${id}`)).body).toMatchObject({ pendingEmail: null })
    const { verificationString: theirs } = stolen
    expect((await post(`/api/v1/users/${id}/verify-email`, { verificationString: theirs })).status).toBe(403)
  })

  it('is chosen anew with the string of the mail, and ends the session', async () => {
    const { token } = await loggedIn('alice')
    expect((await post('/api/v1/users/ask-reset-password', { email: 'Alice@example.com' })).status).toBe(204)
    const { userId, verificationString } = await tokenFor('alice@example.com')
    const path = `/api/v1/users/${userId}/reset-password`
    expect((await post(path, { verificationString, password: 'short' })).status).toBe(400)
    expect((await post(path, { verificationString, password: 'battery staple' })).status).toBe(204)
    expect((await post(path, { verificationString, password: 'battery staple' })).status).toBe(403)
    expect((await call('GET', '/users/me', undefined, as(token))).status).toBe(401)
    expect((await logIn('alice')).status).toBe(400)
    expect((await logIn('alice', 'battery staple')).status).toBe(200)
  })

  it.each(['ask-reset-password', 'ask-send-verify-email'])(
    'by %s does the same until it has answered',
    async (path) => {
      await person('alice')
      const { db, cost } = countCosts(env.DB)
      const pauses: number[] = []
      const passed = Promise.withResolvers<void>()
      const pause = (milliseconds: number) => {
        pauses.push(milliseconds)
        return passed.promise
      }
      const { deps } = tubewire
      const background: Promise<unknown>[] = []
      const app = api({ ...generous(deps), env: { ...deps.env, DB: db }, pause }, (work) =>
        background.push(work),
      )
      const costOf = async (email: string) => {
        const before = cost.roundTrips
        const headers = { 'content-type': 'application/json' }
        const body = JSON.stringify({ email })
        const url = `https://tubewire.example/api/v1/users/${path}`
        expect((await app.fetch(new Request(url, { method: 'POST', headers, body }))).status).toBe(204)
        return cost.roundTrips - before
      }
      expect(await costOf('alice@example.com')).toBe(await costOf('nobody@example.com'))
      // A moment that differs each time: 0.5 is what is drawn here.
      expect(pauses).toEqual([600, 600])
      expect(await mails()).toEqual([])
      passed.resolve()
      await Promise.all(background)
      expect((await mails()).map(({ recipient }) => recipient)).toEqual(['alice@example.com'])
    },
  )

  it('is asked for with the same answer whether the address is known or not', async () => {
    await person('alice')
    const known = await post('/api/v1/users/ask-reset-password', { email: 'alice@example.com' })
    const unknown = await post('/api/v1/users/ask-reset-password', { email: 'nobody@example.com' })
    expect(known.status).toBe(unknown.status)
    expect(known.body).toEqual(unknown.body)
    expect((await mails()).map(({ recipient }) => recipient)).toEqual(['alice@example.com'])
  })

  it('is chosen on the page that the mail leads to', async () => {
    await person('alice')
    await post('/api/v1/users/ask-reset-password', { email: 'alice@example.com' })
    const { userId, verificationString } = await tokenFor('alice@example.com')
    const query = new URLSearchParams({ userId, verificationString })
    expect(await (await sendTo(tubewire.deps, 'GET', `/reset-password?${query}`)).text()).toContain(
      'type="password"',
    )
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    query.set('password', 'short')
    const short = await sendTo(tubewire.deps, 'POST', '/reset-password', form, String(query))
    expect(await short.text()).toContain('must have at least 8 characters')
    query.set('password', 'battery staple')
    const done = await sendTo(tubewire.deps, 'POST', '/reset-password', form, String(query))
    const words = await done.text()
    expect(words).toContain('Your password is changed')
    expect(words).toContain('<a href="/">Sign in</a>')
    expect((await logIn('alice', 'battery staple')).status).toBe(200)
  })

  it('has its strings at rest as digests, and its mails encrypted', async () => {
    await person('alice')
    await post('/api/v1/users/ask-reset-password', { email: 'alice@example.com' })
    const { verificationString } = await tokenFor('alice@example.com')
    const tables = await env.DB.batch([
      env.DB.prepare('SELECT * FROM mail_tokens'),
      env.DB.prepare('SELECT * FROM mails'),
    ])
    expect(JSON.stringify(tables.map(({ results }) => results))).not.toContain(verificationString)
  })
})
