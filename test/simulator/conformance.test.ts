/** @module The simulator held against the recordings, so that it can't drift into fiction. */
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SimulatedInstance, startInstance } from './instance.ts'
import { callerOf, RECORDINGS, type Recording, recording, tokenOf } from './recordings.ts'

type Got = { status: number; headers: Record<string, unknown>; body: unknown }

/** A request without any header that we didn't set: `fetch` adds some. */
function send(origin: string, method: string, path: string, headers: Record<string, string>, body?: string) {
  return new Promise<Got>((resolve, reject) => {
    const outgoing = httpRequest(origin + path, { method, headers }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => {
        const isJson = /json/.test(response.headers['content-type'] ?? '')
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: isJson ? JSON.parse(text) : text,
        })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** The shape of a value: names and kinds, at every depth; of a list, all the shapes that its items have. */
function shapes(value: unknown, path = '$'): string[] {
  if (Array.isArray(value)) {
    return [`${path}: array`, ...new Set(value.flatMap((item) => shapes(item, `${path}[]`)))]
  }
  if (value !== null && typeof value === 'object') {
    return [
      `${path}: object`,
      ...Object.entries(value).flatMap(([key, item]) => shapes(item, `${path}.${key}`)),
    ]
  }
  return [`${path}: ${value === null ? 'null' : typeof value}`]
}

function xmlNames(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(/<([a-zA-Z][\w:-]*)/g), (match) => match[1] ?? ''))].sort()
}

/** Requests that depend on what went before on the recorded server, told otherwise here. */
const OTHERWISE: Record<string, string> = {
  rate_limited_429: 'the fifty-first request: below',
  rate_limited_429_feeds: 'the fifty-first request: below',
  rate_limited_429_token: 'the sixteenth request: below',
  get_videos_if_none_match: 'fetch added "Cache-Control: no-cache", which was not recorded: below',
  post_users_token_refresh_ok: 'needs a refresh token of this server: below',
  get_users_me_after_refresh_old_token: 'needs a token that was refreshed: below',
}

describe('The simulator answers as the recorded instance did', () => {
  let instance: SimulatedInstance
  beforeAll(async () => {
    instance = await startInstance()
  })
  afterAll(() => instance.close())

  function replay({ name, request }: Recording) {
    // Every exchange was recorded with its limits fresh.
    instance.advance(600_000)
    const caller = callerOf({ name, request } as Recording)
    const { authorization: _, ...headers } = request.headers
    if (caller !== 'anonymous')
      headers['authorization'] = `Bearer ${caller === 'invalid' ? 'nope' : tokenOf(caller)}`
    if (name === 'get_oauth_clients_local_wrong_host') headers['host'] = 'other-host.example'
    const { body } = request
    const isForm = headers['content-type'] === 'application/x-www-form-urlencoded'
    // Recorded forms are flat objects of strings.
    const text = isForm
      ? new URLSearchParams(body as Record<string, string>).toString()
      : JSON.stringify(body)
    const path = request.path.replace('peertube.example', instance.host)
    return send(instance.origin, request.method, path, headers, text)
  }

  it.each(RECORDINGS.filter(({ name }) => !(name in OTHERWISE)).map((one) => [one.name, one] as const))(
    '%s',
    async (_name, recorded) => {
      const got = await replay(recorded)
      const expected = recorded.response
      expect(got.status).toBe(expected.status)
      expect(got.headers['content-type']).toBe(expected.headers['content-type'])
      expect(Object.keys(got.headers).sort()).toEqual(Object.keys(expected.headers).sort())
      if (typeof expected.body === 'string')
        expect(xmlNames(String(got.body))).toEqual(xmlNames(expected.body))
      else expect([...new Set(shapes(got.body))].sort()).toEqual([...new Set(shapes(expected.body))].sort())
    },
  )

  it.each([
    ['rate_limited_429', 50],
    ['rate_limited_429_feeds', 50],
    ['rate_limited_429_token', 15],
  ] as const)('%s: after %i requests', async (name, limit) => {
    const fresh = await startInstance()
    const { request, response } = recording(name)
    const ask = () => send(fresh.origin, request.method, request.path, {}, '')
    for (let count = 0; count < limit; count += 1) expect((await ask()).status).not.toBe(429)
    const got = await ask()
    expect(got.status).toBe(429)
    expect(got.body).toBe(response.body)
    for (const header of ['content-type', 'retry-after', 'x-ratelimit-limit', 'x-ratelimit-remaining']) {
      expect(got.headers[header], header).toBe(response.headers[header])
    }
    fresh.advance(Number(response.headers['retry-after']) * 1000)
    expect((await ask()).status).not.toBe(429)
    await fresh.close()
  })

  it('answers 304 to the ETag of the same list, but not with "Cache-Control: no-cache"', async () => {
    instance.advance(600_000)
    const path = '/api/v1/videos?isLocal=true'
    const first = await send(instance.origin, 'GET', path, {})
    const etag = String(first.headers['etag'])
    expect(etag).toMatch(/^W\/"[0-9a-f]+-[A-Za-z0-9+/]{27}"$/)
    expect((await send(instance.origin, 'GET', path, { 'if-none-match': etag })).status).toBe(304)
    const recorded = recording('get_videos_if_none_match').response
    const noCache = { 'if-none-match': etag, 'cache-control': 'no-cache' }
    expect((await send(instance.origin, 'GET', path, noCache)).status).toBe(recorded.status)
  })

  it('rotates both tokens: the old refresh token is refused, and so is the old access token', async () => {
    instance.advance(600_000)
    const client = recording('get_oauth_clients_local').response.body as {
      client_id: string
      client_secret: string
    }
    const token = (form: Record<string, string>) =>
      send(
        instance.origin,
        'POST',
        '/api/v1/users/token',
        { 'content-type': 'application/x-www-form-urlencoded' },
        new URLSearchParams({ ...client, ...form }).toString(),
      )
    const login = await token({ grant_type: 'password', username: 'alice', password: 'alicepass' })
    const { refresh_token } = login.body as { refresh_token: string }
    const refresh = { grant_type: 'refresh_token', refresh_token }
    const old = { authorization: `Bearer ${(login.body as { access_token: string }).access_token}` }
    const me = () => send(instance.origin, 'GET', '/api/v1/users/me', old)
    expect((await me()).body).toMatchObject({ username: 'alice' })
    const first = await token(refresh)
    const recorded = recording('get_users_me_after_refresh_old_token').response
    expect(await me()).toMatchObject({ status: recorded.status, body: recorded.body })
    expect(shapes(first.body)).toEqual(shapes(recording('post_users_token_refresh_ok').response.body))
    expect((await token(refresh)).body).toEqual(recording('post_users_token_refresh_reused').response.body)
  })
})
