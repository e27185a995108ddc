/** @module The table of routes that answer any origin, and what else every answer carries. */
import { describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../src/api/operations.ts'
import { KEY, send, sendTo } from '../support/call.ts'
import { testDeps } from '../support/harness.ts'

const ORIGIN = { origin: 'https://app.example' }

/** Each row of the contract's table, everything ActivityPub, feeds, and what is in none of these. */
const PATHS: [path: string, answersAnyOrigin: boolean][] = [
  ['/api/v1/health', true],
  ['/api/v1/events', true],
  ['/api/v1/events/evt_1/deliveries', true],
  ['/api/v1/instances/ins_1/limits', true],
  ['/api/v1/nothing', true],
  ['/api/docs', true],
  ['/download/events.ndjson', true],
  ['/lazy-static/thumbnails/x/y.jpg', true],
  ['/lazy-static/avatars/x/y.jpg', true],
  ['/.well-known/webfinger?resource=acct:tubewire@tubewire.example', true],
  ['/feeds/events.json', true],
  ['/feeds/x.atom', true],
  ['/feeds.opml', true],
  ['/actor', true],
  ['/actor/outbox', true],
  ['/.well-known/nodeinfo', false],
  ['/nodeinfo/2.1.json', false],
  ['/verify-email?userId=usr_1&verificationString=x', false],
  ['/nothing', false],
]

describe.each(PATHS)('%s', (path, answersAnyOrigin) => {
  it(answersAnyOrigin ? 'answers any origin, without credentials' : 'answers no other origin', async () => {
    const { headers } = await send('GET', path, ORIGIN)
    expect(headers.get('access-control-allow-origin')).toBe(answersAnyOrigin ? '*' : null)
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    const exposed = (headers.get('access-control-expose-headers') ?? '').toLowerCase().split(', ')
    for (const name of ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'retry-after'])
      expect(exposed.includes(name)).toBe(answersAnyOrigin)
  })

  it('carries what keeps browsers safe', async () => {
    const { headers } = await send('GET', path)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('strict-transport-security')).toContain('max-age=')
  })
})

describe('An error', () => {
  it('is read by any origin too, whatever it is', async () => {
    const { deps } = testDeps()
    const none = {
      ...deps,
      config: { ...deps.config, limits: { ...deps.config.limits, api: { requests: 1, windowMs: 10_000 } } },
    }
    const here = { ...ORIGIN, 'cf-connecting-ip': '203.0.113.200' }
    await sendTo(none, 'GET', '/api/v1/config', here)
    const tooMany = await sendTo(none, 'GET', '/api/v1/config', here)
    const DB = new Proxy(deps.env.DB, {
      get() {
        throw new Error('broken')
      },
    })
    const broken = await sendTo({ ...deps, env: { ...deps.env, DB } }, 'GET', '/api/v1/health', ORIGIN)
    expect([tooMany.status, broken.status]).toEqual([429, 500])
    for (const { headers } of [tooMany, broken]) expect(headers.get('access-control-allow-origin')).toBe('*')
  })
})

describe('A preflight', () => {
  it('of a path that there is not is answered, so that a page learns of the 404', async () => {
    const { status, headers } = await send('OPTIONS', '/api/v1/nothing', preflight('PUT'))
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-methods')).toContain('PUT')
  })

  const preflight = (method: string, headers = 'authorization, content-type, idempotency-key') => ({
    ...ORIGIN,
    'access-control-request-method': method,
    'access-control-request-headers': headers,
  })

  it.each(OPERATIONS.map(({ method, path }) => [method, path] as const))(
    'of %s %s is answered',
    async (method, path) => {
      const { status, headers } = await send('OPTIONS', path.replace(/:\w+/g, 'x'), preflight(method))
      expect(status).toBe(204)
      const isRow = /^\/(api|download|lazy-static|actor|feeds)\b|webfinger/.test(path)
      expect(headers.get('access-control-allow-origin')).toBe(isRow ? '*' : null)
      expect(headers.get('access-control-allow-methods')?.includes(method) ?? false).toBe(isRow)
      if (isRow)
        expect(headers.get('access-control-allow-headers')).toBe(
          'authorization, content-type, idempotency-key',
        )
      expect(headers.get('allow')).toContain(method)
    },
  )

  it.each([
    ['without a method that it asks for', ORIGIN],
    ['without an origin', { 'access-control-request-method': 'PUT' }],
  ])('%s is none, but OPTIONS as any other', async (_what, headers: Record<string, string>) => {
    expect((await send('OPTIONS', '/api/v1/nothing', headers)).status).toBe(404)
    const known = await send('OPTIONS', '/api/v1/events', headers)
    expect(known.status).toBe(204)
    expect(known.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
    expect(known.headers.get('access-control-allow-methods')).toBeNull()
  })

  it('of a path where nothing is lets a page learn of the 404, and claims no methods', async () => {
    const { status, headers } = await send('OPTIONS', '/api/v1/nothing', preflight('DELETE'))
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-allow-methods')).toContain('DELETE')
    expect(headers.get('allow')).toBeNull()
  })

  it('repeats no header that is none', async () => {
    const { headers } = await send('OPTIONS', '/api/v1/events', preflight('GET', 'x<script>'))
    expect(headers.get('access-control-allow-headers')).toBeNull()
  })
})

describe('HEAD', () => {
  it.each(OPERATIONS.filter(({ method }) => method === 'GET').map(({ path }) => path))(
    '%s is as GET, without a body',
    async (path) => {
      const filled = path.replace(/:\w+/g, 'x')
      const headers = { authorization: `Bearer ${KEY}` }
      const [head, get] = [await send('HEAD', filled, headers), await send('GET', filled, headers)]
      expect(head.status).toBe(get.status)
      expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'))
      expect(await head.text()).toBe('')
      await get.body?.cancel()
    },
  )
})
