/** @module Errors: problem details for every one of them, whoever makes it, as the contract has them. */
import { exports } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../src/api/operations.ts'
import { PROBLEM_CODES } from '../../src/api/problem-codes.ts'
import { forgetAll, KEY, send, sendTo } from '../support/call.ts'
import { testDeps } from '../support/harness.ts'
import { apiKey, as, loggedIn } from '../support/people.ts'

beforeEach(forgetAll)

const JSON_TYPE = { 'content-type': 'application/json' }
const operator = { authorization: `Bearer ${KEY}` }

/** Everything that can be wrong before an operation is called, and how it is told. */
const ERRORS: [
  name: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: unknown,
  status: number,
  title: string,
][] = [
  ['a wrong parameter', 'GET', '/api/v1/events?limit=0', operator, undefined, 400, 'Bad Request'],
  ['no JSON', 'POST', '/api/v1/endpoints', { ...operator, ...JSON_TYPE }, '{"url":', 400, 'Bad Request'],
  ['nobody known', 'GET', '/api/v1/events', {}, undefined, 401, 'Unauthorized'],
  [
    'a wrong token',
    'GET',
    '/api/v1/events',
    { authorization: 'Bearer nope' },
    undefined,
    401,
    'Unauthorized',
  ],
  [
    'another scheme',
    'GET',
    '/api/v1/events',
    { authorization: 'Basic eDp5' },
    undefined,
    401,
    'Unauthorized',
  ],
  [
    'closed registration',
    'POST',
    '/api/v1/users/register',
    JSON_TYPE,
    { username: 'a', password: 'x'.repeat(8), email: 'a@example.com' },
    403,
    'Forbidden',
  ],
  ['an unknown id', 'GET', '/api/v1/endpoints/ep_0', operator, undefined, 404, 'Not Found'],
  ['an unknown path', 'GET', '/api/v1/nothing', {}, undefined, 404, 'Not Found'],
  ['a path outside the API', 'GET', '/nothing', {}, undefined, 404, 'Not Found'],
  ['a wrong method', 'DELETE', '/api/v1/events', {}, undefined, 405, 'Method Not Allowed'],
  ['a method that nobody knows', 'PROPFIND', '/api/v1/events', {}, undefined, 405, 'Method Not Allowed'],
  [
    'a long body',
    'POST',
    '/api/v1/endpoints',
    { ...operator, ...JSON_TYPE },
    `"${'x'.repeat(1_100_000)}"`,
    413,
    'Content Too Large',
  ],
  [
    'another media type',
    'POST',
    '/api/v1/endpoints',
    { ...operator, 'content-type': 'text/plain' },
    'x',
    415,
    'Unsupported Media Type',
  ],
  [
    'another charset',
    'POST',
    '/api/v1/endpoints',
    { ...operator, 'content-type': 'application/json; charset=latin1' },
    '{}',
    415,
    'Unsupported Media Type',
  ],
  [
    'an instance that is none',
    'POST',
    '/api/v1/instances',
    { ...operator, ...JSON_TYPE },
    { url: 'http://127.0.0.1:1' },
    422,
    'Unprocessable Content',
  ],
]

describe('An error', () => {
  it.each(ERRORS)(
    'of %s is a problem document',
    async (_name, method, path, headers, body, status, title) => {
      const response = await send(method, path, headers, body)
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
      const problem: Record<string, unknown> = await response.json()
      expect(problem).toMatchObject({ status, title, instance: path.split('?')[0] })
      expect(problem['detail']).toEqual(expect.stringMatching(/\S/))
      expect(problem['docs']).toMatch(
        /^https:\/\/tubewire\.example\/api\/docs#(operation\/\w+|section\/Errors)$/,
      )
      // The deprecated twins.
      expect(problem['error']).toBe(problem['detail'])
      expect(problem['code']).toBe(
        problem['type'] === 'about:blank' ? undefined : String(problem['type']).split('/').at(-1),
      )
    },
  )

  it('of a role that may not is 403, and of a key without the scope names the scope (RFC 6750, 3)', async () => {
    const { id, token } = await loggedIn('alice')
    const role = await send('GET', '/api/v1/users', as(token))
    expect(await role.json()).toMatchObject({ status: 403, title: 'Forbidden', code: 'insufficient_rights' })
    const { key } = await apiKey(id, ['feeds:read'])
    const scope = await send('GET', '/api/v1/events', as(key))
    expect(scope.headers.get('www-authenticate')).toBe(
      'Bearer realm="tubewire", error="insufficient_scope", scope="events:read"',
    )
    expect(await scope.json()).toMatchObject({ status: 403, code: 'insufficient_scope' })
  })

  it.each([
    ['none', {}, 'Bearer realm="tubewire"', 'unauthorized_request'],
    [
      'a wrong one',
      { authorization: 'Bearer x' },
      'Bearer realm="tubewire", error="invalid_token"',
      'invalid_token',
    ],
    [
      'a longer key',
      { authorization: `Bearer ${KEY}x` },
      'Bearer realm="tubewire", error="invalid_token"',
      'invalid_token',
    ],
    [
      'an empty one',
      { authorization: 'Bearer ' },
      'Bearer realm="tubewire", error="invalid_token"',
      'invalid_token',
    ],
  ])('of a token challenges: %s', async (_name, headers, challenge, code) => {
    const response = await send('GET', '/api/v1/events', headers)
    expect(response.headers.get('www-authenticate')).toBe(challenge)
    expect(await response.json()).toMatchObject({ status: 401, code })
  })

  it('of a method names those that there are', async () => {
    const response = await send('DELETE', '/api/v1/endpoints')
    expect(response.headers.get('allow')).toBe('GET, POST, HEAD, OPTIONS')
  })

  it('links to an operation of the reference that is there, and to a type that is explained there', async () => {
    const page = await (await send('GET', '/api/docs')).text()
    const anchors = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, anchor]) => anchor))
    for (const { id } of OPERATIONS) expect(anchors).toContain(`operation/${id}`)
    for (const code of Object.keys(PROBLEM_CODES)) expect(anchors).toContain(`section/Errors/${code}`)
    expect(anchors).toContain('section/Errors')
  })

  it('uses the address that the administrator gave, not the one that was asked', async () => {
    const { deps } = testDeps()
    const known = { ...deps, config: { ...deps.config, publicUrl: 'https://public.example' } }
    const problem: { docs: string } = await (await sendTo(known, 'GET', '/api/v1/nothing')).json()
    expect(problem.docs).toBe('https://public.example/api/docs#section/Errors')
  })
})

describe('Validation', () => {
  it('names all that is wrong at once, each alone, in the words of the contract', async () => {
    const response = await send(
      'PATCH',
      '/api/v1/endpoints/nonsense',
      { ...operator, ...JSON_TYPE },
      { url: 'nonsense', description: 'x'.repeat(501), colour: 'red' },
    )
    const problem: Record<string, unknown> = await response.json()
    expect(problem['detail']).toBe('Incorrect request parameters: id, url, description, colour')
    expect(problem['invalid-params']).toEqual({
      id: {
        location: 'params',
        msg: 'must be the id of an endpoint: ep_…',
        param: 'id',
        path: 'id',
        value: 'nonsense',
      },
      url: {
        location: 'body',
        msg: 'must be an absolute URL, such as https://receiver.example/hook',
        param: 'url',
        path: 'url',
      },
      description: {
        location: 'body',
        msg: 'must have at most 500 characters',
        param: 'description',
        path: 'description',
      },
      colour: { location: 'body', msg: 'is unknown', param: 'colour', path: 'colour' },
    })
  })

  it('names every unknown field, and what comes twice', async () => {
    const ask = async (path: string) => {
      const response = await send('GET', path, operator)
      const { 'invalid-params': wrong }: { 'invalid-params': Record<string, { msg: string }> } =
        await response.json()
      return Object.entries(wrong).map(([name, { msg }]) => `${name} ${msg}`)
    }
    expect(await ask('/api/v1/events?foo=1&bar=2&limit=0')).toEqual([
      'limit must be at least 1',
      'foo is unknown',
      'bar is unknown',
    ])
    expect(await ask('/api/v1/users/me?foo=1')).toEqual(['foo is unknown'])
    expect(await ask('/api/v1/events?limit=2&limit=3')).toEqual(['limit must be given once'])
    expect(await ask('/.well-known/webfinger')).toEqual(['resource is missing'])
  })

  it('says of a field of a form that it must be given once, and of a list in JSON that it is none', async () => {
    const ask = async (path: string, type: string, body: string) => {
      const headers = { ...operator, 'content-type': type }
      const problem: Record<string, unknown> = await (await send('POST', path, headers, body)).json()
      return problem['invalid-params']
    }
    const form = 'grant_type=password&grant_type=password&username=a&username=b&password=x'
    const twice = (name: string, value: string[]) => ({
      [name]: { location: 'body', msg: 'must be given once', param: name, path: name, value },
    })
    expect(await ask('/api/v1/users/token', 'application/x-www-form-urlencoded', form)).toEqual({
      ...twice('grant_type', ['password', 'password']),
      ...twice('username', ['a', 'b']),
    })
    expect(
      await ask('/api/v1/endpoints', 'application/json', '{"url":"http://localhost:1/","description":["a"]}'),
    ).toMatchObject({ description: { msg: 'must be a text' } })
  })

  it('names nested fields with their path, and headers', async () => {
    const { token } = await loggedIn('alice')
    const response = await send(
      'POST',
      '/api/v1/api-keys',
      { ...as(token), 'idempotency-key': 'with a space' },
      { name: 'x', scopes: ['events:read', 'everything'] },
    )
    const problem: { 'invalid-params': Record<string, { location: string; value?: unknown }> } =
      await response.json()
    expect(Object.keys(problem['invalid-params'])).toEqual(['Idempotency-Key', 'scopes[1]'])
    expect(problem['invalid-params']['Idempotency-Key']?.location).toBe('header')
    expect(problem['invalid-params']['scopes[1]']).toMatchObject({ location: 'body', value: 'everything' })
  })

  it.each([
    ['POST', '/api/v1/api-keys', { name: 'x', scopes: [] }, 'scopes', []],
    ['PUT', '/api/v1/users/usr_1', { role: { id: 1 } }, 'role', { id: 1 }],
    [
      'POST',
      '/api/v1/api-keys',
      { name: 'x', scopes: ['events:read'], expiresAt: '2020-01-01T00:00:00Z' },
      'expiresAt',
      '2020-01-01T00:00:00.000Z',
    ],
    ['GET', '/api/v1/events?limit=5&limit=6', undefined, 'limit', ['5', '6']],
    [
      'GET',
      '/api/v1/events?since=2026-11-26T00:00:00Z&until=2026-11-25T00:00:00Z',
      undefined,
      'until',
      '2026-11-25T00:00:00.000Z',
    ],
    ['GET', '/api/v1/users?after=nonsense', undefined, 'after', 'nonsense'],
    // What is unknown may be a mistyped secret, and what is in an object too.
    ['GET', '/api/v1/events?nope=1', undefined, 'nope', undefined],
    ['PUT', '/api/v1/users/usr_1', { role: { id: 1, password: 'x' } }, 'role', undefined],
  ])('of %s %s shows what was sent: %#', async (method, path, body, name, value) => {
    const response = await send(method, path, { ...operator, ...JSON_TYPE }, body)
    expect(response.status).toBe(400)
    const problem: { 'invalid-params': Record<string, { value?: unknown }> } = await response.json()
    expect(problem['invalid-params'][name]).toBeDefined()
    expect(problem['invalid-params'][name]?.value).toEqual(value)
  })

  it('looks at combinations only when each parameter alone is right', async () => {
    const ask = async (query: string) => {
      const response = await send('GET', `/api/v1/events?${query}`, operator)
      return Object.keys(((await response.json()) as Record<string, object>)['invalid-params'] ?? {})
    }
    const swapped = 'since=2026-11-25T10:00:00Z&until=2026-11-25T09:00:00Z'
    expect(await ask(swapped)).toEqual(['until'])
    expect(await ask(`${swapped}&limit=0`)).toEqual(['limit'])
  })

  it.each([
    [
      'a form of a million fields',
      '/api/v1/users/token',
      'application/x-www-form-urlencoded',
      'a=&'.repeat(300_000),
    ],
    [
      'a list of half a million items',
      '/api/v1/api-keys',
      'application/json',
      `{"name":"x","scopes":[${'0,'.repeat(400_000)}0]}`,
    ],
    [
      'a list of a thousand wrong items',
      '/api/v1/api-keys',
      'application/json',
      `{"name":"x","scopes":[${'0,'.repeat(900)}0]}`,
    ],
  ])('is short about %s, and does not take minutes', async (_name, path, type, body) => {
    const { token } = await loggedIn('alice')
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': type,
      'cf-connecting-ip': '192.0.2.77',
    }
    const response = await send('POST', path, headers, body)
    expect(response.status).toBe(400)
    expect((await response.text()).length).toBeLessThan(20_000)
  })

  it('names twenty of however many unknown fields', async () => {
    const fields = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`field${index}`, index]))
    const response = await send('POST', '/api/v1/endpoints', { ...operator, ...JSON_TYPE }, fields)
    const problem: { 'invalid-params': Record<string, { msg: string }> } = await response.json()
    const named = Object.values(problem['invalid-params']).map(({ msg }) => msg)
    expect(named.toSorted()).toEqual(['is missing', ...Array(20).fill('is unknown')].toSorted())
  })

  it('refuses a query of more fields than anything takes, without looking at them', async () => {
    const response = await send('GET', `/api/v1/events?${'a=1&'.repeat(101)}`, operator)
    const problem: Record<string, unknown> = await response.json()
    expect(problem['invalid-params']).toEqual({
      query: { location: 'query', msg: 'has more than 100 fields', param: 'query', path: 'query' },
    })
  })

  it('refuses a long body also when nobody said how long it is', async () => {
    const chunk = new TextEncoder().encode('x'.repeat(300_000))
    let left = 5
    const body = new ReadableStream({
      pull(controller) {
        left -= 1
        if (left < 0) controller.close()
        else controller.enqueue(chunk)
      },
    })
    const request = new Request('https://tubewire.example/api/v1/endpoints', {
      method: 'POST',
      headers: { ...operator, ...JSON_TYPE },
      body,
    })
    expect((await exports.default.fetch(request)).status).toBe(413)
  })

  it('never repeats a secret', async () => {
    const { token } = await loggedIn('alice')
    const secret = 'hunter2!'
    const bodies: [string, string, unknown][] = [
      ['PUT', '/api/v1/users/me', { currentPassword: 7, password: secret.slice(0, 7), pasword: secret }],
      ['POST', '/api/v1/endpoints', { url: `http//${secret}` }],
      [
        'POST',
        '/api/v1/users/usr_1/reset-password',
        { verificationString: [secret], password: secret.slice(0, 7) },
      ],
    ]
    for (const [method, path, body] of bodies) {
      const response = await send(method, path, as(token), body)
      expect(response.status, path).toBe(400)
      expect(await response.text(), path).not.toContain(secret.slice(0, 7))
    }
  })

  it.each([
    ['a duplicate key', '{"url":"http://localhost:1/","url":"http://localhost:2/"}'],
    ['__proto__', '{"url":"http://localhost:1/","__proto__":{"admin":true}}'],
    ['a lone surrogate', '{"url":"http://localhost:1/","description":"\\ud800"}'],
    ['a NUL', '{"url":"http://localhost:1/","description":"a\\u0000b"}'],
    ['deep nesting', `{"url":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
    ['a number that is none', '{"url":1e999}'],
  ])('refuses %s', async (_name, body) => {
    const response = await send('POST', '/api/v1/endpoints', { ...operator, ...JSON_TYPE }, body)
    expect(response.status).toBe(400)
  })
})
