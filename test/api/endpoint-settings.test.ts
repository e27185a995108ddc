/** @module How an endpoint is sent to, as its owner says it: what is taken, what is refused, and what is never shown. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { decryptSecret } from '../../src/secrets.ts'
import { call, forgetAll } from '../support/call.ts'
import { count, testDeps } from '../support/harness.ts'
import { as, loggedIn } from '../support/people.ts'

beforeEach(forgetAll)

const url = 'http://127.0.0.1:1/hook'
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const make = (body: object, headers = {}) =>
  call('POST', '/endpoints', { url, verified: true, ...body }, headers)
const stored = () => env.DB.prepare('SELECT * FROM endpoints').first<Record<string, string>>()

describe('Settings', () => {
  const all = {
    description: 'All of it',
    headers: { Authorization: 'Bearer very-secret', 'X-Mine': 'a b' },
    rateLimit: 2.5,
    concurrency: 3,
    timeoutSeconds: 20,
    format: 'cloudevents',
    payload: 'thin',
    batch: { events: 50, seconds: 2.5 },
    ordering: 'endpoint',
    signatures: ['v1', 'v1a'],
    metadata: { team: 'ops', room: '#news' },
  }
  const shown = { ...all, headers: 'set', state: 'active' }

  it('are kept and shown, all but the headers, which are kept encrypted', async () => {
    const made = await make(all)
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject(shown)
    expect((await call('GET', `/endpoints/${made.body['id']}`)).body).toMatchObject(shown)
    const row = await stored()
    expect(JSON.stringify(row) + JSON.stringify(made.body)).not.toContain('very-secret')
    const headers = await decryptSecret(
      testDeps().deps.config.encryptionKeys,
      row?.['headers'] ?? '',
      String(made.body['id']),
    )
    expect(JSON.parse(headers)).toEqual({ authorization: 'Bearer very-secret', 'x-mine': 'a b' })
  })

  it('are changed one by one, and put back by null', async () => {
    const { body } = await make({})
    const path = `/endpoints/${body['id']}`
    for (const [name, value] of Object.entries(all)) {
      const changed = await call('PATCH', path, { [name]: value })
      expect(changed.status, name).toBe(200)
      expect(changed.body[name], name).toEqual(name === 'headers' ? 'set' : value)
    }
    expect((await call('GET', path)).body).toMatchObject(shown)
    const nothing = Object.fromEntries(Object.keys(all).map((name) => [name, null]))
    expect((await call('PATCH', path, nothing)).body).toMatchObject({
      description: '',
      headers: null,
      rateLimit: null,
      concurrency: null,
      timeoutSeconds: null,
      format: 'standard',
      payload: 'full',
      batch: null,
      ordering: 'none',
      signatures: ['v1'],
      metadata: null,
    })
  })

  it('that have parts of their own are changed part by part: what a merge patch does not name stays', async () => {
    const { id } = (await make(all)).body
    const path = `/endpoints/${id}`
    const patch = {
      headers: { 'x-mine': null, 'X-New': 'new' },
      metadata: { room: null, floor: '2' },
      batch: { events: 10 },
    }
    const changed = await call('PATCH', path, patch)
    expect(changed.body).toMatchObject({
      headers: 'set',
      metadata: { team: 'ops', floor: '2' },
      batch: { events: 10, seconds: 2.5 },
    })
    const headers = async () => {
      const ring = testDeps().deps.config.encryptionKeys
      return JSON.parse(await decryptSecret(ring, (await stored())?.['headers'] ?? '', String(id)))
    }
    expect(await headers()).toEqual({ authorization: 'Bearer very-secret', 'x-new': 'new' })
    expect((await call('PATCH', path, { batch: { seconds: null }, headers: {} })).body).toMatchObject({
      batch: { events: 10, seconds: 5 },
    })
    expect(await headers()).toEqual({ authorization: 'Bearer very-secret', 'x-new': 'new' })
    const none = { headers: { Authorization: null, 'x-new': null, 'x-never-there': null } }
    expect((await call('PATCH', path, none)).body).toMatchObject({ headers: null })
  })

  it('are not merged to what could not be said at once', async () => {
    const many = (count: number, name: string) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}${index}`, 'x']))
    const { id } = (await make({ headers: many(20, 'x-'), metadata: many(50, 'm') })).body
    const path = `/endpoints/${id}`
    const wrong = async (body: object) =>
      (await call('PATCH', path, body)).body['invalid-params'] as Record<string, { msg: string }>
    expect(await wrong({ headers: { 'x-20': 'x' } })).toMatchObject({
      headers: { msg: 'must have at most 20, with those that are there' },
    })
    expect(await wrong({ metadata: { m50: 'x' } })).toMatchObject({
      metadata: { msg: 'must have at most 50, with those that are there' },
    })
    expect(await wrong({ batch: { seconds: 1 } })).toMatchObject({ 'batch.events': { msg: 'is missing' } })
    expect((await call('PATCH', path, { headers: { 'x-20': 'x', 'x-0': null } })).status).toBe(200)
  })

  it('whose headers can not be read any more take no new one beside them, but others in their place', async () => {
    const { id } = (await make({ headers: { Authorization: 'x' } })).body
    const path = `/endpoints/${id}`
    await env.DB.prepare("UPDATE endpoints SET headers = 'lost'").run()
    expect((await call('PATCH', path, { headers: { 'x-new': 'x' } })).body).toMatchObject({
      'invalid-params': { headers: { msg: expect.stringContaining('put them back to null first') } },
    })
    expect((await call('PATCH', path, { headers: null })).status).toBe(200)
    expect((await call('PATCH', path, { headers: { 'x-new': 'x' } })).body).toMatchObject({ headers: 'set' })
  })

  it('of metadata and the path of the URL are the owner’s alone', async () => {
    const alice = await loggedIn('alice')
    const moderator = await loggedIn('moderator', 'Moderator')
    const { body } = await call('POST', '/endpoints', { url, metadata: { a: 'b' } }, as(alice.token))
    const others = await call('GET', `/endpoints/${body['id']}`, undefined, as(moderator.token))
    expect(others.body).toMatchObject({ url: 'http://127.0.0.1:1', metadata: null })
  })

  it.each([
    [{ rateLimit: 0 }, 'rateLimit', 'must be at least 0.01'],
    [{ rateLimit: 1_001 }, 'rateLimit', 'must be at most 1000'],
    [{ rateLimit: '5' }, 'rateLimit', 'must be a number'],
    [{ concurrency: 0 }, 'concurrency', 'must be at least 1'],
    [{ concurrency: 1.5 }, 'concurrency', 'must be a whole number'],
    [{ timeoutSeconds: 0.5 }, 'timeoutSeconds', 'must be at least 1'],
    [{ timeoutSeconds: 31 }, 'timeoutSeconds', 'must be at most 30'],
    [{ format: 'xml' }, 'format', /^must be one of standard, cloudevents/],
    [{ payload: 'fat' }, 'payload', 'must be "full" or "thin"'],
    [{ batch: { events: 1 } }, 'batch.events', 'must be at least 2'],
    [{ batch: { events: 101 } }, 'batch.events', 'must be at most 100'],
    [{ batch: { events: 2, seconds: 61 } }, 'batch.seconds', 'must be at most 60'],
    [
      { batch: { events: 2 }, format: 'ntfy', url: 'https://ntfy.example/topic' },
      'batch',
      /one event in a body/,
    ],
    [{ batch: { events: 2 }, ordering: 'subject' }, 'batch', /ordering "subject"/],
    [{ format: 'ntfy', url: 'https://ntfy.example/' }, 'url', /topic/],
    [{ ordering: 'time' }, 'ordering', /^must be "none"/],
    [{ signatures: ['v1a'] }, 'signatures', /must have "v1"/],
    [{ signatures: ['v1', 'v1'] }, 'signatures', /each once/],
    [{ signatures: ['v2'] }, 'signatures[0]', /"v1" or "v1a"/],
    [{ metadata: [] }, 'metadata', 'must be an object of names and texts'],
    [{ metadata: ['a'] }, 'metadata', 'must be an object of names and texts'],
    [{ headers: ['X-Mine: 1'] }, 'headers', 'must be an object of names and texts'],
    [{ metadata: { a: 1 } }, 'metadata.a', 'must be a text'],
    [{ metadata: { 'a b': 'c' } }, 'metadata', /letters, digits/],
    [
      { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`n${n}`, ''])) },
      'metadata',
      'must have at most 50',
    ],
    [{ headers: { 'a b': 'c' } }, 'headers', /must have names of/],
    [{ headers: { a: 'x\r\nHost: evil' } }, 'headers', /value of "a"/],
    [{ headers: { a: ' x' } }, 'headers', /value of "a"/],
    [{ headers: { a: 'ü' } }, 'headers', /value of "a"/],
    [{ headers: { a: '' } }, 'headers', /value of "a"/],
    [{ headers: { A: '1', a: '2' } }, 'headers', 'must have "a" once'],
    [
      { headers: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`n${n}`, 'x'])) },
      'headers',
      'must have at most 20',
    ],
    [{ secret: 'whsec_c2hvcnQ=' }, 'secret', /24 to 64 bytes/],
    [{ secret: 'hunter2-hunter2-hunter2-hunter2' }, 'secret', /does not begin with "whsec_"/],
    [{ verified: false }, 'verified', 'must be true'],
  ])('%j are refused, and nothing is stored', async (body, param, message) => {
    const refused = await make(body)
    expect(refused.status).toBe(400)
    const params = refused.body['invalid-params'] as Record<string, { msg: string }>
    expect(Object.keys(params)).toEqual([param])
    expect(params[param]?.msg).toMatch(message)
    expect(JSON.stringify(refused.body)).not.toMatch(/hunter2|evil/)
    expect(await count('SELECT count(*) AS count FROM endpoints')).toBe(0)
  })

  it.each([
    'Host',
    'Content-Type',
    'Content-Length',
    'Content-Digest',
    'Transfer-Encoding',
    'Connection',
    'User-Agent',
    'Accept-Encoding',
    'webhook-id',
    'Webhook-Signature',
    'svix-id',
    'ce-id',
    'Cookie',
    'Origin',
    'Forwarded',
    'X-Forwarded-For',
    'X-Real-IP',
    'Proxy-Authorization',
    'Sec-Fetch-Mode',
    'CF-Connecting-IP',
    'Idempotency-Key',
    'Upgrade',
    'Expect',
    'TE',
    'Via',
  ])('the header %s is nobody’s to set', async (name) => {
    const refused = await make({ headers: { [name]: 'x' } })
    expect(refused.status).toBe(400)
    expect(refused.body['invalid-params']).toMatchObject({
      headers: { msg: `must not have "${name.toLowerCase()}": it is not yours to set` },
    })
  })

  it('that are wrong together with what is there are refused by a change, too', async () => {
    const { body } = await make({ batch: { events: 2 }, url: 'http://127.0.0.1:1/api/v1/statuses' })
    const path = `/endpoints/${body['id']}`
    expect((await call('PATCH', path, { ordering: 'subject' })).status).toBe(400)
    expect((await call('PATCH', path, { format: 'mastodon' })).status).toBe(400)
    expect((await call('PATCH', path, { format: 'mastodon', batch: null })).status).toBe(200)
  })

  it.each([
    ['POST', { events: [] }, { events: '`filter` says which events' }],
    ['POST', { state: 'active' }, { state: expect.stringContaining('`paused` says') }],
    [
      'POST',
      { rate_limit: 1, timeout: 5 },
      { rate_limit: 'do you mean rateLimit?', timeout: 'do you mean timeoutSeconds?' },
    ],
    ['PATCH', { filter: {} }, { filter: expect.stringContaining('/api/v1/subscriptions') }],
    ['PATCH', { secret: SECRET }, { secret: expect.stringContaining('/rotate-secret') }],
    ['PATCH', { state: 'active', hook: 1 }, { state: expect.stringContaining('/resume'), hook: '' }],
    ['PATCH', { toString: 1 }, { toString: '' }],
  ])('that are unknown to a %s are said to be elsewhere: %j', async (method, fields, hints) => {
    const { body } = await make({})
    const answer =
      method === 'POST' ? await make(fields) : await call('PATCH', `/endpoints/${body['id']}`, fields)
    expect(answer.status).toBe(400)
    const wrong = answer.body['invalid-params'] as Record<string, { msg: string }>
    const said = Object.entries(wrong).map(([name, { msg }]) => [name, msg.replace(/^is unknown(: )?/, '')])
    expect(Object.fromEntries(said)).toEqual(hints)
  })

  it('a secret of one’s own is taken, and a key of a user may not say that a target is verified', async () => {
    const made = await make({ secret: SECRET })
    expect(made.body['secret']).toBe(SECRET)
    const alice = await loggedIn('alice')
    const refused = await make({}, as(alice.token))
    expect(refused).toMatchObject({ status: 403, body: { code: 'insufficient_rights' } })
    const mine = await call('POST', '/endpoints', { url }, as(alice.token))
    const path = `/endpoints/${mine.body['id']}`
    expect((await call('PATCH', path, { verified: true }, as(alice.token))).status).toBe(403)
    // An administrator confirms it, of somebody else's endpoint too.
    expect((await call('PATCH', path, { verified: true })).body).toMatchObject({ state: 'active' })
    expect((await call('PATCH', path, { rateLimit: 1 })).status).toBe(403)
  })
})
