/** @module Asking a target, resuming, rotating, testing. */
import { env } from 'cloudflare:workers'
import { Webhook } from 'standardwebhooks'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { skipStatement } from '../../src/db/deliveries.ts'
import { call, forgetAll } from '../support/call.ts'
import { countCosts } from '../support/count-costs.ts'
import { control, count, deliverAll, deliveriesOf, owed, testDeps } from '../support/harness.ts'
import { as, loggedIn } from '../support/people.ts'

beforeEach(forgetAll)

const make = async (body: object) => (await call('POST', '/endpoints', body)).body
const read = async (id: unknown) => (await call('GET', `/endpoints/${id}`)).body

describe('The target of a new endpoint', () => {
  it('is asked at once, by a signed challenge, and verified when it gives that back', async () => {
    const receiver = await control.receiver()
    const made = await make({ url: receiver.url })
    expect(made).toMatchObject({ state: 'pending', verifiedAt: null })
    expect(await read(made['id'])).toMatchObject({ state: 'active', verificationError: null })
    const [request] = await receiver.requests()
    new Webhook(String(made['secret'])).verify(request?.body ?? '', request?.headers ?? {})
    expect(JSON.parse(request?.body ?? '')).toEqual({
      type: 'endpoint.verification',
      timestamp: expect.any(String),
      data: { challenge: expect.stringMatching(/^chl_[0-9a-f]{24}$/), endpoint: made['id'] },
    })
  })

  it.each([
    [{ body: 'ok' }, 'answered 200, and did not give the challenge back'],
    [{ status: 204 }, 'answered 204, and did not give the challenge back'],
    [{ body: '{"challenge":"chl_000000000000000000000000"}' }, /did not give the challenge back/],
    [{ body: '{"challenge":["x"]}' }, /did not give the challenge back/],
    [{ body: '[null]' }, /did not give the challenge back/],
    [{ status: 404 }, 'answered 404'],
    [{ status: 302, headers: { location: 'https://elsewhere.example/' } }, /redirects are not followed/],
    [{ kind: 'close' }, /no answer/],
  ] as const)('is not verified by %j, and says why', async (answer, problem) => {
    const receiver = await control.receiver()
    await receiver.answer(answer)
    const made = await make({ url: receiver.url })
    const shown = await read(made['id'])
    expect(shown).toMatchObject({ state: 'pending', verifiedAt: null })
    expect(shown['verificationError']).toMatch(problem)
    // Asked again it has another word.
    await receiver.answer()
    expect((await call('POST', `/endpoints/${made['id']}/verify`)).body).toMatchObject({
      state: 'active',
      verificationError: null,
    })
  })

  it.each(['discord', 'slack', 'matrix', 'mastodon'])(
    'of the format %s is sent a greeting, which a 2xx is enough for',
    async (format) => {
      const receiver = await control.receiver()
      await receiver.answer({ status: 204 })
      const url = format === 'mastodon' ? new URL('/api/v1/statuses', receiver.url).href : receiver.url
      const made = await make({ url, format })
      expect(await read(made['id'])).toMatchObject({ state: 'active' })
      const [request] = await receiver.requests()
      expect(request?.body).toContain('Tubewire is connected')
    },
  )

  it.each([
    ['*', '120', 2],
    ['tubewire.example', '*', null],
    ['TUBEWIRE.example', undefined, null],
    ['*', '999999', 1_000],
    ['*', 'many', null],
  ])('of CloudEvents gives leave to %s, at a rate of %s a minute', async (origin, rate, rateLimit) => {
    const receiver = await control.receiver()
    await receiver.answer({
      headers: {
        'webhook-allowed-origin': origin,
        ...(rate === undefined ? {} : { 'webhook-allowed-rate': rate }),
      },
    })
    const made = await make({ url: receiver.url, format: 'cloudevents' })
    expect(await read(made['id'])).toMatchObject({ state: 'active', rateLimit })
    expect(await receiver.requests()).toMatchObject([
      {
        method: 'OPTIONS',
        body: '',
        headers: { 'webhook-request-origin': 'tubewire.example', 'webhook-request-rate': '600' },
      },
    ])
  })

  it('keeps the lower one of its rate and the owner’s', async () => {
    const receiver = await control.receiver()
    await receiver.answer({ headers: { 'webhook-allowed-origin': '*', 'webhook-allowed-rate': '600' } })
    const made = await make({ url: receiver.url, format: 'cloudevents-binary', rateLimit: 1 })
    expect(await read(made['id'])).toMatchObject({ rateLimit: 1 })
  })

  it('that knows no handshake, or gives leave to another, is sent the challenge', async () => {
    const receiver = await control.receiver()
    await receiver.answer({ headers: { 'webhook-allowed-origin': 'other.example' }, times: 1 })
    const made = await make({ url: receiver.url, format: 'cloudevents' })
    expect(await read(made['id'])).toMatchObject({ state: 'active' })
    expect((await receiver.requests()).map(({ method }) => method)).toEqual(['OPTIONS', 'POST'])
  })

  it('is asked again when the URL is another one, and not for anything else', async () => {
    const [first, second] = [await control.receiver(), await control.receiver()]
    const made = await make({ url: first.url })
    const path = `/endpoints/${made['id']}`
    expect((await call('PATCH', path, { description: 'x', url: first.url })).body).toMatchObject({
      state: 'active',
    })
    expect((await call('PATCH', path, { url: second.url })).body).toMatchObject({ state: 'pending' })
    expect(await read(made['id'])).toMatchObject({ state: 'active' })
    expect(await first.count()).toBe(1)
    expect(await second.count()).toBe(1)
  })
})

describe('What is owed to an endpoint', () => {
  it('waits until its target is verified, and goes out then', async () => {
    const tubewire = testDeps()
    const { receiver, endpoint } = await owed(tubewire, 3)
    await env.DB.prepare('UPDATE endpoints SET verified_at = NULL').run()
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(0)
    await call('POST', `/endpoints/${endpoint.id}/verify`)
    await vi.waitFor(async () => {
      expect((await deliveriesOf(endpoint.id)).map(({ state }) => state)).toEqual(Array(3).fill('delivered'))
    }, 10_000)
  })

  it.each([
    ['all', 4],
    ['none', 0],
    ['from a time', 2],
  ])('while it is disabled goes out when it is resumed, as its owner chooses: %s', async (choice, sent) => {
    const tubewire = testDeps()
    const { receiver, endpoint } = await owed(tubewire, 4)
    await env.DB.batch([
      env.DB.prepare(
        "UPDATE endpoints SET disabled_at = 1, disabled_reason = 'x', failures = 7, broken_since = 1, held_until = 4000000000000",
      ),
      env.DB.prepare(
        `UPDATE deliveries SET created_at = created_at - 60000
         WHERE event_sequence IN (SELECT event_sequence FROM deliveries ORDER BY event_sequence LIMIT 2)`,
      ),
    ])
    expect(await read(endpoint.id)).toMatchObject({ state: 'disabled', disabledReason: 'x' })
    const backlog = choice === 'from a time' ? new Date(tubewire.deps.clock() - 30_000).toISOString() : choice
    const { body } = await call('POST', `/endpoints/${endpoint.id}/resume`, { backlog })
    expect(body).toMatchObject({ state: 'active', failures: 0, heldUntil: null, disabledAt: null })
    // The real queue was woken.
    await vi.waitFor(async () => {
      const states = (await deliveriesOf(endpoint.id)).map(({ state }) => state)
      expect(states).toEqual([...Array(4 - sent).fill('skipped'), ...Array(sent).fill('delivered')])
    }, 10_000)
    expect(await receiver.count()).toBe(sent)
    const sequences = (await receiver.requests()).map(({ body: text }) => JSON.parse(text).sequence)
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
  })

  it('is skipped by as many reads as there are of it, whatever else the endpoint was sent', async () => {
    const tubewire = testDeps()
    const { endpoint } = await owed(tubewire, 2)
    await env.DB.batch([
      env.DB.prepare(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
         INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, created_at)
         SELECT d.endpoint_id, d.event_sequence + n.i * 10, d.owner_id, 'delivered', d.created_at
         FROM n, (SELECT * FROM deliveries LIMIT 1) d`,
      ),
    ])
    const { db, cost } = countCosts(env.DB)
    const changed = { sql: 'SELECT id FROM endpoints WHERE id = ?', values: [endpoint.id] }
    await skipStatement(db, changed, Number.MAX_SAFE_INTEGER, 1).run()
    expect((await deliveriesOf(endpoint.id)).filter(({ state }) => state === 'skipped')).toHaveLength(2)
    expect(cost.rowsRead).toBeLessThan(20)
  })

  it('that had failed goes out with the rest, in order, when its owner says that it is well again', async () => {
    const tubewire = testDeps()
    const { receiver, endpoint } = await owed(tubewire, 4)
    // Nothing is held, but two wait for hours.
    await env.DB.batch([
      env.DB.prepare('UPDATE endpoints SET failures = 7, broken_since = 1, held_until = 4000000000000'),
      env.DB.prepare(
        `UPDATE deliveries SET due_at = 4000000000000, attempts = 3
         WHERE event_sequence IN (SELECT event_sequence FROM deliveries ORDER BY event_sequence LIMIT 2)`,
      ),
      env.DB.prepare('UPDATE endpoints SET concurrency = 1'),
    ])
    await call('POST', `/endpoints/${endpoint.id}/resume`)
    await vi.waitFor(async () => {
      expect((await deliveriesOf(endpoint.id)).map(({ state }) => state)).toEqual(Array(4).fill('delivered'))
    }, 10_000)
    const sequences = (await receiver.requests()).map(({ body: text }) => JSON.parse(text).sequence)
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
  })

  it.each([['yesterday'], [7], [{}], ['2026-02-31T00:00:00Z']])(
    'is not resumed with a backlog of %j',
    async (backlog) => {
      const { id } = await make({ url: 'http://127.0.0.1:1/', verified: true })
      expect((await call('POST', `/endpoints/${id}/resume`, { backlog })).status).toBe(400)
    },
  )

  it('of one that a moderator paused is for a moderator to resume', async () => {
    const alice = await loggedIn('alice')
    const moderator = await loggedIn('moderator', 'Moderator')
    const { body } = await call('POST', '/endpoints', { url: 'http://127.0.0.1:1/' }, as(alice.token))
    const path = `/endpoints/${body['id']}`
    await call('PATCH', path, { paused: true }, as(moderator.token))
    expect((await call('POST', `${path}/resume`, {}, as(alice.token))).body).toMatchObject({
      code: 'paused_by_moderator',
    })
    expect((await call('POST', `${path}/resume`, {}, as(moderator.token))).body).toMatchObject({
      paused: false,
    })
  })
})

describe('A secret', () => {
  it('that is rotated signs together with the one before, for as long as that is said', async () => {
    const tubewire = testDeps()
    const { receiver, endpoint } = await owed(tubewire, 1)
    const { body } = await call('POST', `/endpoints/${endpoint.id}/rotate-secret`, { overlapSeconds: 3_600 })
    expect(body['secret']).not.toBe(endpoint.secret)
    await deliverAll(tubewire.deps, [endpoint.id])
    const [request] = await receiver.requests()
    const verify = (secret: unknown) =>
      new Webhook(String(secret)).verify(request?.body ?? '', request?.headers ?? {})
    verify(body['secret'])
    verify(endpoint.secret)
    expect(request?.headers['webhook-signature']?.split(' ')).toHaveLength(2)

    // Of one that was stolen nothing is left.
    const next = await call('POST', `/endpoints/${endpoint.id}/rotate-secret`, { overlapSeconds: 0 })
    await env.DB.prepare("UPDATE deliveries SET state = 'pending', due_at = 0, attempts = 0").run()
    await deliverAll({ ...tubewire.deps, clock: () => tubewire.deps.clock() + 3_601_000 }, [endpoint.id])
    const [, again] = await receiver.requests()
    expect(again?.headers['webhook-signature']?.split(' ')).toHaveLength(1)
    new Webhook(String(next.body['secret']), {}).sign('x', new Date(), 'y')
  })

  it('of one’s own takes the place of the one before, and is never shown again', async () => {
    const { id } = await make({ url: 'http://127.0.0.1:1/', verified: true })
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const rotated = await call('POST', `/endpoints/${id}/rotate-secret`, { secret })
    expect(rotated.body['secret']).toBe(secret)
    expect(JSON.stringify(await read(id))).not.toContain('whsec_')
    expect(
      await count(
        "SELECT count(*) AS count FROM audit_log WHERE action = 'rotateEndpointSecret' AND target = ?",
        id,
      ),
    ).toBe(1)
  })
})

describe('A test event', () => {
  it('is the example of its type, in the format of the endpoint, signed; no delivery is made', async () => {
    const receiver = await control.receiver()
    const made = await make({ url: receiver.url, verified: true, headers: { 'X-Mine': 'yes' } })
    const answer = await call('POST', `/endpoints/${made['id']}/test`, { type: 'comment.created' })
    expect(answer.body).toMatchObject({ delivered: true, status: 200, error: null })
    const [request] = await receiver.requests()
    new Webhook(String(made['secret'])).verify(request?.body ?? '', request?.headers ?? {})
    expect(JSON.parse(request?.body ?? '')).toMatchObject({
      type: 'comment.created',
      id: expect.stringMatching(/^evt_test_/),
    })
    expect(request?.headers['x-mine']).toBe('yes')
    expect(await count('SELECT count(*) AS count FROM deliveries')).toBe(0)
  })

  it('comes alone in a body of several where batches are sent: the id of the batch is the webhook’s', async () => {
    const receiver = await control.receiver()
    const made = await make({ url: receiver.url, verified: true, batch: { events: 2 } })
    await call('POST', `/endpoints/${made['id']}/test`, { type: 'comment.created' })
    const [request] = await receiver.requests()
    const { id, type, data } = JSON.parse(request?.body ?? '')
    expect(type).toBe('batch')
    expect(data).toMatchObject([{ type: 'comment.created', id: expect.stringMatching(/^evt_test_/) }])
    expect(request?.headers['webhook-id']).toBe(id)
  })

  it('that fails says why, and shows what was answered', async () => {
    const receiver = await control.receiver()
    await receiver.answer({ status: 500, body: 'no such room' })
    const made = await make({ url: receiver.url, verified: true })
    expect((await call('POST', `/endpoints/${made['id']}/test`)).body).toMatchObject({
      delivered: false,
      status: 500,
      error: 'answered 500',
      response: 'no such room',
    })
  })

  it('is not sent to who has not said that he wants it', async () => {
    const receiver = await control.receiver()
    await receiver.answer({ status: 500 })
    const made = await make({ url: receiver.url })
    const refused = await call('POST', `/endpoints/${made['id']}/test`)
    expect(refused).toMatchObject({ status: 409, body: { code: 'not_verified' } })
    expect(await receiver.count()).toBe(1)
  })

  it('waits for nobody: while a run has the endpoint the caller is told when to come back', async () => {
    const made = await make({ url: 'http://127.0.0.1:1/', verified: true, rateLimit: 0.01 })
    await call('POST', `/endpoints/${made['id']}/test`)
    const refused = await call('POST', `/endpoints/${made['id']}/test`)
    expect(refused).toMatchObject({ status: 503, body: { detail: expect.stringMatching(/^The limit of/) } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(90)
  })

  it('is not sent while its endpoint is to be left alone', async () => {
    const made = await make({ url: 'http://127.0.0.1:1/', verified: true })
    await env.DB.prepare('UPDATE endpoints SET held_until = ?')
      .bind(Date.now() + 20_000)
      .run()
    const refused = await call('POST', `/endpoints/${made['id']}/test`)
    expect(refused).toMatchObject({ status: 503, body: { detail: expect.stringMatching(/heldUntil/) } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(15)
  })
})
