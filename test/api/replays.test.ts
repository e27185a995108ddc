/** @module Sending again by the API: one delivery, all that failed, a part of the event log; and looking into deliveries. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import { runReplay } from '../../src/workers/replay.ts'
import { type Answer, forgetAll, readAnswer, sendTo } from '../support/call.ts'
import { logRow, setLog } from '../support/events.ts'
import { count, type Tubewire, testDeps } from '../support/harness.ts'
import { apiKey, as, loggedIn, type Person } from '../support/people.ts'

let tubewire: Tubewire
let alice: Person
let bob: Person
let moderator: Person
let administrator: Person
const DATA = JSON.stringify(exampleOf('video.published').data)

beforeEach(async () => {
  await forgetAll()
  tubewire = testDeps()
  alice = await loggedIn('alice')
  bob = await loggedIn('bob')
  moderator = await loggedIn('moderator', 'Moderator')
  administrator = await loggedIn('boss', 'Administrator')
  await setLog(
    Array.from({ length: 10 }, (_, i) => logRow({ sequence: i + 1, data: DATA, seenAt: i * 1_000 })),
  )
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, verified_at)
       VALUES ('ep_1', ?, 'https://hook.example/s3cr3t', '', 's', 0, 0)`,
    ).bind(alice.id),
    env.DB.prepare(
      "INSERT INTO subscriptions (id, owner_id, endpoint_id, created_at) VALUES ('sub_1', ?, 'ep_1', 0)",
    ).bind(alice.id),
    ...[
      [1, 'delivered', 1, 204, null],
      [2, 'failed', 10, 500, 'HTTP 500'],
      [3, 'pending', 0, null, null],
      [4, 'failed', 10, null, 'timeout'],
    ].map(([sequence, state, attempts, status, error]) =>
      env.DB.prepare(
        `INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, attempts, due_at, created_at, started_at, duration_ms,
           status, error, response)
         VALUES ('ep_1', ?1, ?2, ?3, ?4, iif(?3 = 'pending', 0, NULL), ?1 * 1000, iif(?4 > 0, 5000, NULL), iif(?4 > 0, 70, NULL),
           ?5, ?6, iif(?4 > 0, 'for alice', NULL))`,
      ).bind(sequence, alice.id, state, attempts, status, error),
    ),
  ])
})

async function send(who: { token: string }, method: string, path: string, body?: unknown): Promise<Answer> {
  return readAnswer(await sendTo(tubewire.deps, method, `/api/v1${path}`, as(who.token), body))
}
const woken = () => tubewire.deliveryQueue.sent.map(({ body }) => body)
const stateOf = async (sequence: number) =>
  env.DB.prepare(
    'SELECT state, due_at AS dueAt, attempts, attempts_before AS before FROM deliveries WHERE event_sequence = ?',
  )
    .bind(sequence)
    .first()
/** What the audit log says, as the caller and what he did. */
async function audited(): Promise<unknown[]> {
  const { results } = await env.DB.prepare(
    'SELECT user_id AS user, action, target FROM audit_log WHERE sequence > ? ORDER BY sequence',
  )
    .bind(0)
    .all<{ user: string; action: string; target: string }>()
  return results.filter(({ user }) => user === alice.id).map(({ action, target }) => [action, target])
}

describe('Deliveries', () => {
  const list = async (query: string, who = alice) => {
    const { status, body } = await send(who, 'GET', `/deliveries?endpoint=ep_1${query}`)
    expect(status, query).toBe(200)
    return body.data.map(({ sequence }) => sequence)
  }

  it('are listed with filters, the newest first', async () => {
    expect(await list('')).toEqual([4, 3, 2, 1])
    expect(await list('&state=failed')).toEqual([4, 2])
    expect(await list('&state=pending')).toEqual([3])
    expect(await list('&state=skipped')).toEqual([])
    expect(await list('&status=204')).toEqual([1])
    expect(await list('&status=5xx')).toEqual([2])
    expect(await list('&status=none')).toEqual([4])
    expect(await list('&minDuration=70&maxDuration=70')).toEqual([4, 2, 1])
    expect(await list('&minDuration=71')).toEqual([])
    expect(await list('&since=1970-01-01T00:00:02Z&until=1970-01-01T00:00:04Z')).toEqual([3, 2])
    expect(await list('&type=video.*&state=delivered')).toEqual([1])
    expect(await list('&type=comment.*')).toEqual([])
  })

  it.each([
    ['state=gone', 'state'],
    ['status=600', 'status'],
    ['status=20x', 'status'],
    ["status=2xx'--", 'status'],
    ['minDuration=-1', 'minDuration'],
    ['minDuration=1e9', 'minDuration'],
    ['minDuration=2&maxDuration=1', 'maxDuration'],
    ['since=2026-02-31T00:00:00Z', 'since'],
    ['since=1970-01-01T00:00:02Z&until=1970-01-01T00:00:02Z', 'until'],
    ['type=video', 'type'],
    ['colour=red', 'colour'],
  ])('refuse %s by name', async (query, field) => {
    const refused = await send(alice, 'GET', `/deliveries?endpoint=ep_1&${query}`)
    expect(refused.status).toBe(400)
    expect(Object.keys(refused.body['invalid-params'] ?? {})).toEqual([field])
  })

  it('show what receivers answered to their owner only', async () => {
    const path = '/endpoints/ep_1/deliveries/2'
    await env.DB.prepare(
      `INSERT INTO attempts (endpoint_id, event_sequence, number, started_at, duration_ms, status, error, response)
       VALUES ('ep_1', 2, 9, 4000, 60, 502, 'HTTP 502', 'for alice'), ('ep_1', 2, 10, 5000, 70, 500, 'HTTP 500', 'for alice')`,
    ).run()
    const own = await send(alice, 'GET', path)
    expect(own.body).toMatchObject({
      state: 'failed',
      attempts: 10,
      error: 'HTTP 500',
      lastAttempt: { status: 500, durationMs: 70, error: 'HTTP 500', response: 'for alice' },
    })
    expect(own.body['allAttempts']).toEqual([
      {
        number: 9,
        startedAt: '1970-01-01T00:00:04.000Z',
        durationMs: 60,
        status: 502,
        error: 'HTTP 502',
        response: 'for alice',
      },
      {
        number: 10,
        startedAt: '1970-01-01T00:00:05.000Z',
        durationMs: 70,
        status: 500,
        error: 'HTTP 500',
        response: 'for alice',
      },
    ])
    for (const who of [moderator, administrator]) {
      const [one, all] = [await send(who, 'GET', path), await send(who, 'GET', '/deliveries?endpoint=ep_1')]
      expect(one.body).toMatchObject({ lastAttempt: { status: 500, response: null } })
      expect(all.body.data).toHaveLength(4)
      expect(JSON.stringify([one.body, all.body])).not.toContain('for alice')
    }
    expect((await send(bob, 'GET', path)).status).toBe(404)
    expect((await send(alice, 'GET', '/endpoints/ep_1/deliveries/9')).status).toBe(404)
    expect((await send(alice, 'GET', '/endpoints/ep_1/deliveries/x')).status).toBe(400)
  })

  it('are sent again by their owner', async () => {
    for (const sequence of [1, 2]) {
      const sent = await send(alice, 'POST', `/endpoints/ep_1/deliveries/${sequence}/resend`)
      expect(sent.status).toBe(200)
      expect(sent.body).toMatchObject({ state: 'pending', sequence, finishedAt: null })
      expect(Date.parse(String(sent.body['nextAttemptAt']))).toBe(tubewire.deps.clock())
    }
    expect(await stateOf(1)).toEqual({ state: 'pending', dueAt: 0, attempts: 1, before: 1 })
    expect(await stateOf(2)).toEqual({ state: 'pending', dueAt: 0, attempts: 10, before: 10 })
    expect(woken()).toEqual([{ endpoints: ['ep_1'] }, { endpoints: ['ep_1'] }])
    const kept = await send(alice, 'GET', '/endpoints/ep_1/deliveries/1')
    expect(kept.body['allAttempts']).toMatchObject([{ number: 1, status: 204, response: 'for alice' }])
    expect(await audited()).toEqual([
      ['resendDelivery', 'ep_1/1'],
      ['resendDelivery', 'ep_1/2'],
    ])
  })

  it('that wait for their next attempt are moved to the front, and keep their schedule', async () => {
    await env.DB.prepare(
      'UPDATE deliveries SET attempts = 4, due_at = 9999999999999, started_at = 1 WHERE event_sequence = 3',
    ).run()
    expect((await send(alice, 'POST', '/endpoints/ep_1/deliveries/3/resend')).status).toBe(200)
    expect(await stateOf(3)).toEqual({ state: 'pending', dueAt: 0, attempts: 4, before: 0 })
  })

  it('are not sent again by anybody else', async () => {
    for (const who of [bob, moderator, administrator])
      expect((await send(who, 'POST', '/endpoints/ep_1/deliveries/2/resend')).status).toBe(404)
    expect((await send(alice, 'POST', '/endpoints/ep_1/deliveries/9/resend')).status).toBe(404)
    const { key } = await apiKey(alice.id, ['deliveries:read'])
    expect((await send({ token: key }, 'POST', '/endpoints/ep_1/deliveries/2/resend')).status).toBe(403)
    expect(await stateOf(2)).toMatchObject({ state: 'failed' })
    expect(woken()).toEqual([])
  })
})

describe('A replay', () => {
  const path = '/endpoints/ep_1/replays'

  it('of a part of the log is made, shown with its progress, and listed', async () => {
    const body = {
      kind: 'events',
      from: 2,
      to: 8,
      filter: { types: ['video.*'], channels: ['News@A.example'] },
    }
    const made = await send(alice, 'POST', path, body)
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe(`/api/v1${path}/${made.body['id']}`)
    expect(made.body).toMatchObject({
      endpoint: 'ep_1',
      kind: 'events',
      state: 'running',
      from: 2,
      to: 8,
      position: 1,
      share: 0,
      asked: 0,
      filter: { types: ['video.*'], channels: ['news@a.example'] },
    })
    const id = String(made.body['id'])
    expect(woken()).toEqual([{ endpoints: [], replay: { id, revision: 0 } }])
    expect(await audited()).toEqual([['addReplay', id]])
    const second = await send(alice, 'POST', path, { kind: 'events' })
    expect(second.body).toMatchObject({ status: 409, code: 'replay_running' })

    await env.DB.prepare('UPDATE replays SET filter = NULL').run()
    await runReplay(tubewire.deps, { id, revision: 0 })
    await env.DB.prepare(
      "UPDATE deliveries SET state = 'delivered', due_at = NULL WHERE event_sequence = 7",
    ).run()
    const shown = await send(alice, 'GET', `${path}/${id}`)
    expect(shown.body).toMatchObject({
      state: 'done',
      position: 8,
      share: 1,
      asked: 6,
      deliveries: { pending: 5, delivered: 1, failed: 0, skipped: 0 },
      finishedAt: expect.any(String),
    })
    const { deliveries: _, ...listed } = shown.body
    expect((await send(alice, 'GET', path)).body).toEqual({ total: 1, data: [listed] })
    tubewire.advance(1)
    expect((await send(alice, 'POST', path, { kind: 'events', from: 9 })).status).toBe(201)
    const newest = await send(alice, 'GET', `${path}?count=1`)
    expect(newest.body).toMatchObject({ total: 2, data: [{ from: 9, to: 10 }], next: expect.any(String) })
  })

  it.each([
    [{}, 1, 10],
    [{ from: 4 }, 4, 10],
    [{ to: 4 }, 1, 4],
    [{ to: 400 }, 1, 10],
    [{ since: '1970-01-01T00:00:03Z' }, 4, 10],
    [{ until: '1970-01-01T00:00:03Z' }, 1, 3],
    [{ since: '1970-01-01T00:00:02Z', until: '1970-01-01T00:00:06Z', from: 4, to: 9 }, 4, 6],
  ])('of %j is from %i to %i', async (span, from, to) => {
    const made = await send(alice, 'POST', path, { kind: 'events', ...span })
    expect(made.body).toMatchObject({ state: 'running', from, to })
  })

  it.each([
    { kind: 'events', from: 11 },
    { kind: 'events', since: '2026-01-01T00:00:00Z' },
    { kind: 'failed', since: '2026-01-01T00:00:00Z' },
  ])('of nothing, as %j, is done at once', async (body) => {
    const made = await send(alice, 'POST', path, body)
    expect(made.body).toMatchObject({
      state: 'done',
      from: null,
      to: null,
      share: 1,
      asked: 0,
      finishedAt: expect.any(String),
    })
    expect(woken()).toEqual([])
    expect((await send(alice, 'POST', path, body)).status).toBe(201)
  })

  it('of what failed takes in what failed since', async () => {
    const made = await send(alice, 'POST', '/endpoints/ep_1/recover', { since: '1970-01-01T00:00:03Z' })
    expect(made.body).toMatchObject({ kind: 'failed', from: 4, to: 4, since: '1970-01-01T00:00:03.000Z' })
    expect(await audited()).toEqual([['recoverEndpoint', made.body['id']]])
    await runReplay(tubewire.deps, { id: String(made.body['id']), revision: 0 })
    expect(await stateOf(2)).toMatchObject({ state: 'failed' })
    expect(await stateOf(4)).toEqual({ state: 'pending', dueAt: 1, attempts: 10, before: 10 })
    const rest = await send(alice, 'POST', path, { kind: 'failed', since: '1970-01-01T00:00:00Z' })
    expect(rest.body).toMatchObject({ kind: 'failed', from: 2, to: 2 })
  })

  it.each<[unknown, string]>([
    [{}, 'kind'],
    [{ kind: 'all' }, 'kind'],
    [{ kind: 'failed' }, 'since'],
    [{ kind: 'failed', since: '1970-01-01T00:00:00Z', from: 1 }, 'from'],
    [{ kind: 'failed', since: '1970-01-01T00:00:00Z', filter: {} }, 'filter'],
    [{ kind: 'events', from: 0 }, 'from'],
    [{ kind: 'events', from: 1.5 }, 'from'],
    [{ kind: 'events', from: '1' }, 'from'],
    [{ kind: 'events', from: 5, to: 4 }, 'to'],
    [{ kind: 'events', since: 'yesterday' }, 'since'],
    [{ kind: 'events', since: '1970-01-01T00:00:01Z', until: '1970-01-01T00:00:01Z' }, 'until'],
    [{ kind: 'events', filter: { types: ['video.nothing'] } }, 'filter.types[0]'],
    [{ kind: 'events', filter: { minDuration: 2, maxDuration: 1 } }, 'filter.maxDuration'],
    [{ kind: 'events', colour: 'red' }, 'colour'],
    [[], 'body'],
  ])('of %j is refused by name, and nothing is made', async (body, field) => {
    const refused = await send(alice, 'POST', path, body)
    expect(refused.status).toBe(400)
    expect(Object.keys(refused.body['invalid-params'] ?? {})).toEqual([field])
    expect(await count('SELECT count(*) AS count FROM replays')).toBe(0)
  })

  it('of more than 100,000 events is refused, and says where to part it', async () => {
    await setLog([logRow({ sequence: 1 }), logRow({ sequence: 100_001 })])
    const refused = await send(alice, 'POST', path, { kind: 'events' })
    expect(refused.status).toBe(400)
    expect(refused.body['invalid-params']).toMatchObject({
      to: { msg: expect.stringContaining('must be 100000 or less') },
    })
    expect((await send(alice, 'POST', path, { kind: 'events', to: 100_000 })).status).toBe(201)
  })

  it('of more than 100,000 deliveries that failed is refused', async () => {
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 100098)
       INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, created_at)
       SELECT 'ep_1', i, ?, 'failed', 1000000 FROM n`,
    )
      .bind(alice.id)
      .run()
    const refused = await send(alice, 'POST', '/endpoints/ep_1/recover', { since: '1970-01-01T00:00:00Z' })
    expect(refused.status).toBe(400)
    expect(refused.body['invalid-params']).toMatchObject({
      since: { msg: expect.stringContaining('100000') },
    })
    // Two of them are older.
    const made = await send(alice, 'POST', '/endpoints/ep_1/recover', { since: '1970-01-01T00:01:00Z' })
    expect(made.status).toBe(201)
  })

  it('is cancelled: what waited is what it was before', async () => {
    const made = await send(alice, 'POST', path, { kind: 'events' })
    const one = `${path}/${made.body['id']}`
    await runReplay(tubewire.deps, { id: String(made.body['id']), revision: 0 })
    expect((await send(alice, 'DELETE', one)).status).toBe(204)
    const { body } = await send(alice, 'GET', one)
    expect(body).toMatchObject({
      state: 'cancelled',
      deliveries: { pending: 0, delivered: 1, failed: 2, skipped: 6 },
    })
    expect((await send(alice, 'DELETE', one)).status).toBe(204)
    expect(await audited()).toEqual([
      ['addReplay', made.body['id']],
      ['delReplay', made.body['id']],
    ])
    expect((await send(alice, 'GET', '/deliveries?endpoint=ep_1&state=skipped')).body.data).toHaveLength(6)
  })

  it('that was asked for before its endpoint is resumed without what waited asks for nothing more', async () => {
    await send(alice, 'PATCH', '/endpoints/ep_1', { paused: true })
    const { id } = (await send(alice, 'POST', path, { kind: 'events' })).body
    const resume = (backlog: unknown) => send(alice, 'POST', '/endpoints/ep_1/resume', { backlog })
    const stateNow = async () => (await send(alice, 'GET', `${path}/${id}`)).body['state']
    await resume('all')
    await resume(new Date(tubewire.deps.clock() - 60_000).toISOString())
    expect(await stateNow()).toBe('running')
    tubewire.advance(1)
    await resume('none')
    expect(await stateNow()).toBe('cancelled')
    await runReplay(tubewire.deps, { id: String(id), revision: 1 })
    expect(await count("SELECT count(*) AS count FROM deliveries WHERE state = 'pending'")).toBe(0)
  })

  it('is the owner’s: moderators see it, others see nothing, and nobody else begins or cancels one', async () => {
    const made = await send(alice, 'POST', path, { kind: 'events' })
    const one = `${path}/${made.body['id']}`
    for (const who of [moderator, administrator]) {
      expect((await send(who, 'GET', one)).body).toMatchObject({ state: 'running' })
      expect((await send(who, 'GET', path)).body['total']).toBe(1)
    }
    for (const what of [path, one]) expect((await send(bob, 'GET', what)).status).toBe(404)
    for (const who of [bob, moderator, administrator]) {
      expect((await send(who, 'DELETE', one)).status).toBe(404)
      expect((await send(who, 'POST', path, { kind: 'events' })).status).toBe(404)
      const since = '1970-01-01T00:00:00Z'
      expect((await send(who, 'POST', '/endpoints/ep_1/recover', { since })).status).toBe(404)
    }
    const { key } = await apiKey(alice.id, ['deliveries:read'])
    expect((await send({ token: key }, 'GET', one)).status).toBe(200)
    expect((await send({ token: key }, 'DELETE', one)).status).toBe(403)
    expect((await send(alice, 'GET', one)).body).toMatchObject({ state: 'running' })
  })

  it('of another endpoint is not there', async () => {
    await env.DB.prepare(
      `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at) VALUES ('ep_2', ?, 'https://h', '', 's', 0)`,
    )
      .bind(alice.id)
      .run()
    const made = await send(alice, 'POST', path, { kind: 'events' })
    for (const method of ['GET', 'DELETE'])
      expect((await send(alice, method, `/endpoints/ep_2/replays/${made.body['id']}`)).status).toBe(404)
    expect((await send(alice, 'GET', `${path}/rpl_none`)).status).toBe(404)
    expect((await send(alice, 'GET', `${path}/x`)).status).toBe(400)
  })

  it('is forgotten when a hundred have come after it', async () => {
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
       INSERT INTO replays (id, owner_id, endpoint_id, kind, state, after_sequence, last_sequence, position, created_at, updated_at)
       SELECT 'rpl_' || i, ?, 'ep_1', 'events', 'done', 0, 1, 1, i, i FROM n`,
    )
      .bind(alice.id)
      .run()
    expect((await send(alice, 'POST', path, { kind: 'events' })).status).toBe(201)
    expect((await send(alice, 'GET', path)).body['total']).toBe(100)
    expect((await send(alice, 'GET', `${path}/rpl_51`)).status).toBe(404)
    expect((await send(alice, 'GET', `${path}/rpl_52`)).status).toBe(200)
  })
})
