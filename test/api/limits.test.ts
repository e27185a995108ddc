/** @module The limits of our own API, with the numbers and headers of the contract. */
import { beforeEach, describe, expect, it } from 'vitest'
import { forgetAll, KEY, sendTo } from '../support/call.ts'
import { testDeps } from '../support/harness.ts'
import { apiKey, as, loggedIn } from '../support/people.ts'

let tubewire = testDeps()
beforeEach(async () => {
  await forgetAll()
  tubewire = testDeps()
})

/** The contract's own numbers. */
const CONTRACT = {
  api: { requests: 50, windowMs: 10_000 },
  token: { requests: 15, windowMs: 300_000 },
  register: { requests: 2, windowMs: 300_000 },
  verifyEmail: { requests: 3, windowMs: 300_000 },
}
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const JSON_TYPE = { 'content-type': 'application/json' }

let addresses = 0
/** An address that no test before has used: limiters are not forgotten between tests. */
function newAddress(): Record<string, string> {
  addresses += 1
  return { 'cf-connecting-ip': `198.51.${Math.floor(addresses / 250)}.${addresses % 250}` }
}

function ask(method: string, path: string, headers: Record<string, string> = {}, body?: unknown) {
  const config = { ...tubewire.deps.config, limits: CONTRACT, signup: 'open' as const }
  return sendTo({ ...tubewire.deps, config }, method, path, headers, body)
}

const ROWS: [
  route: string,
  calls: number,
  seconds: number,
  ask: (headers: Record<string, string>) => Promise<Response>,
][] = [
  ['/*', 50, 10, (headers) => ask('GET', '/api/v1/config', headers)],
  [
    'POST /users/token',
    15,
    300,
    (headers) => ask('POST', '/api/v1/users/token', { ...headers, ...FORM }, 'grant_type=password'),
  ],
  [
    'POST /users/ask-send-verify-email',
    3,
    300,
    (headers) =>
      ask(
        'POST',
        '/api/v1/users/ask-send-verify-email',
        { ...headers, ...JSON_TYPE },
        { email: 'a@example.com' },
      ),
  ],
]

describe.each(ROWS)('%s', (_route, calls, seconds, request) => {
  it(`lets ${calls} calls through in ${seconds} s, says so in each answer, and then 429 with when to come back`, async () => {
    const headers = newAddress()
    const resetAt = Math.ceil((tubewire.deps.clock() + seconds * 1000) / 1000)
    for (let remaining = calls - 1; remaining >= 0; remaining -= 1) {
      const response = await request(headers)
      expect(response.status).not.toBe(429)
      expect(response.headers.get('x-ratelimit-limit')).toBe(String(calls))
      expect(response.headers.get('x-ratelimit-remaining')).toBe(String(remaining))
      expect(response.headers.get('x-ratelimit-reset')).toBe(String(resetAt))
      expect(response.headers.get('retry-after')).toBeNull()
    }
    tubewire.advance(1_000)
    const refused = await request(headers)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0')
    expect(refused.headers.get('retry-after')).toBe(String(seconds - 1))
    expect(refused.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(await refused.json()).toMatchObject({ status: 429, title: 'Too Many Requests' })
    tubewire.advance((seconds - 1) * 1_000)
    expect((await request(headers)).status).not.toBe(429)
  })
})

describe('POST /users/register', () => {
  const register = (headers: Record<string, string>, username: string) =>
    ask(
      'POST',
      '/api/v1/users/register',
      { ...headers, ...JSON_TYPE },
      {
        username,
        password: 'correct horse',
        email: `${username}@example.com`,
      },
    )

  it('lets 2 in 5 minutes; those that fail are not counted', async () => {
    const headers = newAddress()
    for (let failed = 0; failed < 5; failed += 1)
      expect((await register(headers, 'not a name')).status).toBe(400)
    expect((await register(headers, 'alice')).status).toBe(204)
    expect((await register(headers, 'alice')).status).toBe(409)
    expect((await register(headers, 'bob')).status).toBe(204)
    const refused = await register(headers, 'carol')
    expect(refused.status).toBe(429)
    expect(refused.headers.get('x-ratelimit-limit')).toBe('2')
  })
})

describe('What has a limit of its own', () => {
  it('counts against that of the whole API too', async () => {
    const headers = { ...newAddress(), ...JSON_TYPE }
    const wrong = () => ask('POST', '/api/v1/users/register', headers, { username: 'not a name' })
    for (let failed = 0; failed < 50; failed += 1) {
      const response = await wrong()
      expect(response.status).toBe(400)
      expect(response.headers.get('x-ratelimit-limit')).toBe('2')
      expect(response.headers.get('x-ratelimit-remaining')).toBe('2')
    }
    const refused = await wrong()
    expect(refused.status).toBe(429)
    expect(refused.headers.get('x-ratelimit-limit')).toBe('50')
  })

  it('counts logins by address, whoever’s token comes with them', async () => {
    const [alice, bob] = [await loggedIn('alice'), await loggedIn('bob')]
    const here = newAddress()
    const login = (token: string) =>
      ask('POST', '/api/v1/users/token', { ...as(token), ...here, ...FORM }, 'grant_type=password')
    for (let count = 0; count < 15; count += 1)
      expect((await login(count % 2 ? alice.token : bob.token)).status).toBe(400)
    expect((await login(alice.token)).status).toBe(429)
  })
})

describe('A caller', () => {
  const exhaust = async (headers: Record<string, string>, path = '/api/v1/events') => {
    for (let count = 0; count < 50; count += 1) await (await ask('GET', path, headers)).body?.cancel()
    return (await ask('GET', path, headers)).status
  }

  it('is counted by account or key, wherever it comes from, and an address for itself', async () => {
    const alice = await loggedIn('alice')
    const { key } = await apiKey(alice.id, ['events:read'])
    const here = newAddress()
    expect(await exhaust({ ...as(alice.token), ...here })).toBe(429)
    expect((await ask('GET', '/api/v1/events', { ...as(alice.token), ...newAddress() })).status).toBe(429)
    expect((await ask('GET', '/api/v1/events', { ...as(key), ...here })).status).toBe(200)
    expect((await ask('GET', '/api/v1/config', here)).status).toBe(200)
  })

  it('of IPv6 is a /64', async () => {
    const first = { 'cf-connecting-ip': '2001:db8:1:2::1' }
    expect(await exhaust(first, '/api/v1/config')).toBe(429)
    expect((await ask('GET', '/api/v1/config', { 'cf-connecting-ip': '2001:db8:1:2:ffff::7' })).status).toBe(
      429,
    )
    expect((await ask('GET', '/api/v1/config', { 'cf-connecting-ip': '2001:db8:1:3::1' })).status).toBe(200)
  })

  it('can not choose another address by a header of his own', async () => {
    const here = newAddress()
    await exhaust(here, '/api/v1/config')
    const forged = {
      ...here,
      'x-forwarded-for': '203.0.113.9',
      'x-real-ip': '203.0.113.9',
      forwarded: 'for=203.0.113.9',
    }
    expect((await ask('GET', '/api/v1/config', forged)).status).toBe(429)
  })

  it('with wrong tokens is counted by address, whatever the tokens are', async () => {
    const here = newAddress()
    for (let count = 0; count < 50; count += 1) {
      const token = count.toString(16).padStart(40, '0')
      expect((await ask('GET', '/api/v1/events', { ...as(token), ...here })).status).toBe(401)
    }
    expect((await ask('GET', '/api/v1/events', { ...as('f'.repeat(40)), ...here })).status).toBe(429)
  })

  it('is counted for paths and methods that there are not', async () => {
    const here = newAddress()
    expect((await ask('GET', '/api/v1/nothing', here)).headers.get('x-ratelimit-remaining')).toBe('49')
    expect((await ask('DELETE', '/api/v1/health', here)).headers.get('x-ratelimit-remaining')).toBe('48')
    expect((await ask('OPTIONS', '/api/v1/health', here)).headers.get('x-ratelimit-limit')).toBeNull()
  })

  it('of 1,000 at once gets exactly 50 through', async () => {
    const here = newAddress()
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => ask('GET', '/api/v1/config', here)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(50)
    expect(statuses.filter((status) => status === 429)).toHaveLength(950)
  })
})

describe('When the limiter fails', () => {
  it('reads pass and logins don’t', async () => {
    const { deps } = tubewire
    const broken = {
      ...deps,
      env: {
        ...deps.env,
        RATE_LIMITER: new Proxy(deps.env.RATE_LIMITER, {
          get() {
            throw new Error('no such object')
          },
        }),
      },
    }
    expect((await sendTo(broken, 'GET', '/api/v1/events', as(KEY))).status).toBe(200)
    const login = await sendTo(broken, 'POST', '/api/v1/users/token', FORM, 'grant_type=password')
    expect(login.status).toBe(503)
    expect(login.headers.get('retry-after')).toBe('5')
    expect(await login.json()).toMatchObject({ code: 'limiter_unavailable' })
    expect(tubewire.log).toContainEqual(expect.objectContaining({ log: 'error' }))
  })
})
