/** @module The limits of our own API, with the numbers and headers of the contract. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { newToken } from '../../src/tokens.ts'
import { forgetAll, KEY, sendTo } from '../support/call.ts'
import { countCosts } from '../support/count-costs.ts'
import { testDeps } from '../support/harness.ts'
import { apiKey, as, loggedIn } from '../support/people.ts'

let tubewire = testDeps()
beforeEach(async () => {
  await forgetAll()
  tubewire = testDeps()
})
afterEach(() => {
  vi.useRealTimers()
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

  it('has a window of its own, also beside another of the same limit', async () => {
    const headers = { ...newAddress(), ...JSON_TYPE }
    const mail = async (operation: string) =>
      (await ask('POST', `/api/v1/users/${operation}`, headers, { email: 'a@example.com' })).status
    for (const status of [204, 204, 204, 429]) expect(await mail('ask-send-verify-email')).toBe(status)
    for (const status of [204, 204, 204, 429]) expect(await mail('ask-reset-password')).toBe(status)
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

  it('is counted for those by account too, where one is known, and not for its address', async () => {
    const { token } = await loggedIn('alice')
    const here = newAddress()
    const hers = { ...as(token), ...here }
    expect((await ask('GET', '/api/v1/nothing', hers)).headers.get('x-ratelimit-remaining')).toBe('49')
    expect((await ask('DELETE', '/api/v1/health', hers)).headers.get('x-ratelimit-remaining')).toBe('48')
    expect((await ask('GET', '/api/v1/events', hers)).headers.get('x-ratelimit-remaining')).toBe('47')
    expect((await ask('GET', '/api/v1/nothing', here)).headers.get('x-ratelimit-remaining')).toBe('49')
  })

  it('of 1,000 at once gets exactly 50 through', async () => {
    // Here all of them are the work of one thread: on a slow machine the last would lose patience with the limiter.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const here = newAddress()
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => ask('GET', '/api/v1/config', here)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(50)
    expect(statuses.filter((status) => status === 429)).toHaveLength(950)
  })
})

describe('A token', () => {
  /** Asks a Tubewire that counts its queries, with so many requests to an address or account. */
  function counting(requests: number) {
    const { db, cost } = countCosts(tubewire.deps.env.DB)
    const limits = { ...CONTRACT, api: { requests, windowMs: 10_000 } }
    const { env, config } = tubewire.deps
    const deps = { ...tubewire.deps, env: { ...env, DB: db }, config: { ...config, limits } }
    return {
      cost,
      get: (path: string, headers: Record<string, string>) => sendTo(deps, 'GET', path, headers),
      end: (headers: Record<string, string>) =>
        sendTo(deps, 'POST', '/api/v1/users/revoke-token', { ...JSON_TYPE, ...headers }),
    }
  }
  const events = '/api/v1/events'

  it.each([
    ['an operation that asks who it is', events, 401],
    ['one that asks nobody', '/api/v1/config', 200],
    ['a path that there is not', '/api/v1/nothing', 404],
  ])(
    'that is made up costs no query of %s once its address has used up its limit',
    async (_what, path, status) => {
      const { cost, get } = counting(2)
      const here = newAddress()
      const ask = async () => (await get(path, { ...as(newToken()), ...here })).status
      const statuses: number[] = []
      for (let tries = 0; tries < 20; tries += 1) statuses.push(await ask())
      expect(statuses).toEqual([...Array(2).fill(status), ...Array(18).fill(429)])
      // The third is the first that is refused: from then on it is known of its address.
      expect(cost.roundTrips).toBe(3)
      tubewire.advance(10_000)
      expect(await ask()).toBe(status)
    },
  )

  it('costs no query where nothing is counted', async () => {
    const { cost, get } = counting(1)
    const { token } = await loggedIn('alice')
    for (const one of [token, newToken(), KEY])
      expect((await get('/lazy-static/avatars/x/y.jpg', as(one))).status).toBe(404)
    expect(cost.roundTrips).toBe(0)
  })

  it('that holds is counted for its account alone, the first time too', async () => {
    const { get } = counting(2)
    const here = newAddress()
    const { token } = await loggedIn('alice')
    const remaining = async (headers: Record<string, string>) =>
      (await get('/api/v1/config', headers)).headers.get('x-ratelimit-remaining')
    expect(await remaining({ ...as(token), ...here })).toBe('1')
    expect(await remaining({ ...as(token), ...here })).toBe('0')
    expect(await remaining(here)).toBe('1')
  })

  it('that holds costs one query and one count', async () => {
    const { token } = await loggedIn('alice')
    const { db, cost } = countCosts(tubewire.deps.env.DB)
    let calls = 0
    const RATE_LIMITER = new Proxy(tubewire.deps.env.RATE_LIMITER, {
      get(target, name) {
        if (name === 'getByName') calls += 1
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const deps = { ...tubewire.deps, env: { ...tubewire.deps.env, DB: db, RATE_LIMITER } }
    const costs: number[][] = []
    for (const _ of ['first', 'later', 'later']) {
      const before = { calls, roundTrips: cost.roundTrips }
      expect((await sendTo(deps, 'GET', '/api/v1/config', as(token))).status).toBe(200)
      costs.push([calls - before.calls, cost.roundTrips - before.roundTrips])
    }
    expect(costs).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ])
  })

  it('that held before is let in from an address that has used up its limit; a new one waits', async () => {
    const { get } = counting(3)
    const here = newAddress()
    const [alice, bob] = [await loggedIn('alice'), await loggedIn('bob')]
    expect((await get(events, { ...as(alice.token), ...here })).status).toBe(200)
    for (const status of [200, 200, 200, 429]) expect((await get('/api/v1/config', here)).status).toBe(status)
    expect((await get(events, { ...as(alice.token), ...here })).status).toBe(200)
    expect((await get(events, { ...as(KEY), ...here })).status).toBe(200)
    expect((await get(events, { ...as(bob.token), ...here })).status).toBe(429)
    tubewire.advance(10_000)
    expect((await get(events, { ...as(bob.token), ...here })).status).toBe(200)
  })

  it('from an address whose limit is raised in mid-window is counted once, whether it holds or not', async () => {
    const here = newAddress()
    for (const status of [200, 429])
      expect((await counting(1).get('/api/v1/config', here)).status).toBe(status)
    const { get } = counting(5)
    const remaining = async (headers: Record<string, string>) =>
      (await get('/api/v1/config', { ...headers, ...here })).headers.get('x-ratelimit-remaining')
    const { token } = await loggedIn('alice')
    expect(await remaining(as(newToken()))).toBe('3')
    expect(await remaining(as(token))).toBe('4')
    expect(await remaining({})).toBe('2')
  })

  it('that held and has ended is a guess as any other', async () => {
    const { cost, get, end } = counting(3)
    const here = newAddress()
    const { token } = await loggedIn('alice')
    const headers = { ...as(token), ...here }
    expect((await get(events, headers)).status).toBe(200)
    expect((await end(headers)).status).toBe(200)
    // From the fourth, which is refused, it is known that its address is.
    for (const status of [401, 401, 401, 429]) expect((await get(events, headers)).status).toBe(status)
    const { roundTrips } = cost
    expect((await get(events, headers)).status).toBe(429)
    expect(cost.roundTrips).toBe(roundTrips)
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
