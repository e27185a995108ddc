/** @module /api/v1/overview. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { countEvents } from '../../src/db/event-hours.ts'
import { HOUR_MS } from '../../src/db/hours.ts'
import { LATENCY_PARTS } from '../../src/db/latency.ts'
import { numbers } from '../support/accounts.ts'
import { forgetAll, generous, KEY, readAnswer, sendTo } from '../support/call.ts'
import { countCosts } from '../support/count-costs.ts'
import { testDeps } from '../support/harness.ts'
import { apiKey, as, loggedIn, type Person } from '../support/people.ts'

/** In the middle of an hour. */
const NOW = Date.parse('2026-11-25T10:30:00.000Z')
const HOUR = Date.parse('2026-11-25T10:00:00.000Z')
const MINUTE = 60_000

let owner: Person
beforeEach(async () => {
  await forgetAll()
  await env.DB.batch(['event_hours', 'rollups'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)))
  owner = await loggedIn('owner')
})

async function read(query = '', token = owner.token, db = env.DB) {
  const { deps } = testDeps()
  const then = generous({ ...deps, clock: () => NOW, env: { ...deps.env, DB: db } })
  return readAnswer(await sendTo(then, 'GET', `/api/v1/overview${query}`, as(token)))
}

type Columns = Record<string, string | number | null>

/** Adds rows, each of the columns that a table must have and those that are said. */
async function add(table: string, rows: readonly Columns[]): Promise<void> {
  await env.DB.batch(
    rows.map((row) => {
      const names = Object.keys(row)
      const sql = `INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`
      return env.DB.prepare(sql).bind(...Object.values(row))
    }),
  )
}

const instance = (name: string, more: Columns = {}) => ({
  id: `ins_${name}`,
  owner_id: 'usr_administrator',
  origin: `https://${name}.example`,
  host: `${name}.example`,
  name,
  version: '8.0.0',
  created_at: 0,
  ...more,
})
const endpoint = (name: string, more: Columns = {}) => ({
  id: `ep_${name}`,
  owner_id: owner.id,
  url: `https://r.example/${name}`,
  description: '',
  secret: 's',
  created_at: 0,
  verified_at: 1,
  ...more,
})
const connection = (name: string, more: Columns = {}) => ({
  id: `con_${name}`,
  owner_id: owner.id,
  instance_id: 'ins_well',
  username: name,
  role: 2,
  expires_at: 0,
  created_at: 0,
  ...more,
})
const source = (id: string, more: Columns) => ({
  id,
  kind: 'videos',
  due_at: 0,
  checkpoint: '{}',
  created_at: 0,
  ...more,
})
const event = (sequence: number, type: string, ownerId: string | null, seenAt: number) => ({
  sequence,
  id: `evt_${sequence}`,
  type,
  instance: 'h',
  subject: 's',
  owner_id: ownerId,
  seen_at: seenAt,
  poll_id: 'p',
  data: '{}',
})
const attempts = (endpointId: string, hour: number, delivered: number, failed: number) => ({
  endpoint_id: endpointId,
  hour,
  delivered,
  failed,
  ...Object.fromEntries(LATENCY_PARTS.map(({ column }) => [column, 0])),
})

describe('The overview', () => {
  it('of an empty Tubewire has every hour of the last day, and nothing in it', async () => {
    const { status, body } = await read()
    expect(status).toBe(200)
    expect(body).toEqual({
      since: '2026-11-24T11:00:00.000Z',
      hours: Array.from({ length: 24 }, (_, index) => ({
        hour: new Date(HOUR - (23 - index) * HOUR_MS).toISOString(),
        events: {},
        delivered: 0,
        failed: 0,
      })),
      instances: { total: 0, paused: 0, failing: 0, unreachable: 0 },
      endpoints: { total: 0, pending: 0, paused: 0, failing: 0, disabled: 0 },
      connections: { total: 0, expired: 0 },
      attention: [],
    })
  })

  it('counts what he may see by the hour, before a tick and after it, and the attempts at his own endpoints', async () => {
    const { id: other } = await loggedIn('other')
    await add('events', [
      event(1, 'video.published', null, HOUR - HOUR_MS - 1),
      event(2, 'video.published', null, HOUR - 1),
      event(3, 'video.updated', null, HOUR - 1),
      event(4, 'comment.created', null, HOUR),
      event(5, 'notification.created', owner.id, NOW),
      event(6, 'notification.created', other, NOW),
    ])
    await add('endpoints', [endpoint('1'), endpoint('2'), endpoint('other', { owner_id: other })])
    await add('delivery_hours', [
      attempts('ep_1', HOUR, 3, 1),
      attempts('ep_2', HOUR, 4, 0),
      attempts('ep_1', HOUR - HOUR_MS, 1, 0),
      attempts('ep_1', HOUR - 2 * HOUR_MS, 9, 9),
      attempts('ep_other', HOUR, 9, 9),
    ])
    const hours = [
      { hour: '2026-11-25T09:00:00.000Z', events: { video: 2 }, delivered: 1, failed: 0 },
      {
        hour: '2026-11-25T10:00:00.000Z',
        events: { comment: 1, notification: 1 },
        delivered: 7,
        failed: 1,
      },
    ]
    expect((await read('?hours=2')).body).toMatchObject({ since: '2026-11-25T09:00:00.000Z', hours })
    await countEvents(env.DB, NOW)
    await countEvents(env.DB, NOW)
    expect((await read('?hours=2')).body).toMatchObject({ hours })
  })

  it('counts states, each of them once', async () => {
    await add('instances', [
      instance('well'),
      instance('paused', { paused_at: 1, failing_since: 1, unreachable_at: 2 }),
      instance('failing', { failing_since: 1, failures: 1 }),
      instance('gone', { failing_since: 1, unreachable_at: 2, failures: 9 }),
    ])
    const { id: other } = await loggedIn('other')
    await add('endpoints', [
      endpoint('well'),
      endpoint('pending', { verified_at: null }),
      endpoint('paused', { paused_at: 1, failing_since: 1 }),
      endpoint('failing', { failing_since: 1 }),
      endpoint('broken', { failing_since: 1, broken_since: 2 }),
      endpoint('disabled', { failing_since: 1, disabled_at: 2, paused_at: 3 }),
      endpoint('hub', { kind: 'websub', disabled_at: 2 }),
      endpoint('other', { owner_id: other, disabled_at: 2 }),
    ])
    await add('connections', [
      connection('a'),
      connection('b', { state: 'expired' }),
      connection('c', { owner_id: other, state: 'expired' }),
    ])
    expect((await read()).body).toMatchObject({
      instances: { total: 4, paused: 1, failing: 1, unreachable: 1 },
      endpoints: { total: 6, pending: 1, paused: 1, failing: 2, disabled: 1 },
      connections: { total: 2, expired: 1 },
    })
  })

  it('names what needs attention: what is unreachable or disabled first, then what has been so for the longest', async () => {
    const { id: other } = await loggedIn('other')
    const at = (minute: number) => HOUR + minute * MINUTE
    await add('instances', [
      instance('well'),
      instance('paused', { paused_at: 1, failing_since: 1, unreachable_at: 2 }),
      instance('failing', { failing_since: at(1) }),
      instance('gone', { failing_since: at(9), unreachable_at: at(10) }),
    ])
    await add('endpoints', [
      endpoint('well'),
      endpoint('pending', { verified_at: null, created_at: at(3), verification_error: 'it answered 404' }),
      endpoint('not-asked', { verified_at: null, created_at: at(3) }),
      endpoint('paused', { paused_at: 1, failing_since: 1 }),
      endpoint('failing', { failing_since: at(4) }),
      endpoint('broken', { failing_since: at(2), broken_since: at(4) }),
      endpoint('disabled', { failing_since: 1, disabled_at: at(8), disabled_reason: 'it is gone' }),
      endpoint('other', { owner_id: other, disabled_at: 2 }),
      endpoint('hub', { kind: 'websub', disabled_at: 2 }),
    ])
    await add('connections', [
      connection('alice', { state: 'expired', updated_at: at(5), last_error: 'log in again' }),
      connection('bob'),
      connection('eve', { owner_id: other, state: 'expired' }),
    ])
    const { body } = await read()
    const told = (kind: string, id: string, name: string, state: string, minute: number, error?: string) => ({
      kind,
      id,
      name,
      state,
      // Since when an instance fails is for moderators: a User is told of it in its place.
      since: kind === 'instance' ? null : new Date(at(minute)).toISOString(),
      error: error ?? null,
    })
    expect(body['attention']).toEqual([
      told('endpoint', 'ep_disabled', 'https://r.example/disabled', 'disabled', 8, 'it is gone'),
      told('instance', 'ins_gone', 'gone.example', 'unreachable', 9),
      told('instance', 'ins_failing', 'failing.example', 'failing', 1),
      told('endpoint', 'ep_broken', 'https://r.example/broken', 'broken', 2),
      told('endpoint', 'ep_pending', 'https://r.example/pending', 'pending', 3, 'it answered 404'),
      told('endpoint', 'ep_failing', 'https://r.example/failing', 'failing', 4),
      told('connection', 'con_alice', 'alice@well.example', 'expired', 5, 'log in again'),
    ])
  })

  it('tells moderators and administrators what went wrong with an instance, and nobody what a connection met', async () => {
    await add('instances', [instance('well'), instance('gone', { failing_since: 1, unreachable_at: 1 })])
    await add('connections', [connection('alice', { instance_id: 'ins_gone' })])
    await add('sources', [
      source('src_1', { instance_id: 'ins_gone', last_error: 'it refused', polled_at: 7 }),
      source('src_2', { instance_id: 'ins_gone', target: 'channel:c', last_error: 'it hung', polled_at: 8 }),
      source('src_3', { instance_id: 'ins_gone', kind: 'comments', last_error: null, polled_at: 9 }),
      source('src_4', {
        instance_id: 'ins_gone',
        kind: 'comments',
        target: 'connection:con_alice',
        connection_id: 'con_alice',
        owner_id: owner.id,
        last_error: 'private',
        polled_at: 9,
      }),
    ])
    const errorFor = async (token: string) => (await read('', token)).body['attention']
    const since = '1970-01-01T00:00:00.001Z'
    const as = (error: string) => [expect.objectContaining({ id: 'ins_gone', since, error })]
    // As the instance itself says it to a User: that it is so, and no more.
    expect(await errorFor(owner.token)).toEqual([
      expect.objectContaining({ id: 'ins_gone', state: 'unreachable', since: null, error: null }),
    ])
    expect(await errorFor((await loggedIn('moderator', 'Moderator')).token)).toEqual(as('it hung'))
    expect(await errorFor((await loggedIn('administrator', 'Administrator')).token)).toEqual(as('it hung'))
    expect(await errorFor(KEY)).toEqual(as('it hung'))
  })

  it('names at most twenty of each kind, the worst of them', async () => {
    await add('instances', [instance('well')])
    await add(
      'instances',
      Array.from({ length: 25 }, (_, index) =>
        instance(`i${index}`, { failing_since: index, ...(index > 20 ? { unreachable_at: index } : {}) }),
      ),
    )
    await add(
      'endpoints',
      Array.from({ length: 25 }, (_, index) =>
        endpoint(`e${index}`, { failing_since: index, ...(index > 20 ? { disabled_at: 100 } : {}) }),
      ),
    )
    await add(
      'connections',
      Array.from({ length: 25 }, (_, index) =>
        connection(`c${index}`, { state: 'expired', updated_at: index }),
      ),
    )
    const { body } = await read()
    // As the schema has them.
    const attention = body['attention'] as { kind: string; state: string }[]
    const of = (kind: string) => attention.filter((one) => one.kind === kind)
    expect(['instance', 'endpoint', 'connection'].map((kind) => of(kind).length)).toEqual([20, 20, 20])
    expect(of('instance').filter(({ state }) => state === 'unreachable')).toHaveLength(4)
    expect(of('endpoint').filter(({ state }) => state === 'disabled')).toHaveLength(4)
  })

  it.each(['0', '169', 'day'])('refuses to be of %s hours', async (hours) => {
    const { status, body } = await read(`?hours=${hours}`)
    expect(status).toBe(400)
    expect(body['invalid-params']).toMatchObject({ hours: { location: 'query' } })
  })

  it('is for people: no key may read it', async () => {
    const { key } = await apiKey(owner.id, ['events:read', 'deliveries:read'])
    expect((await read('', key)).status).toBe(403)
  })

  it('costs one round trip besides the login, and rows for what it shows, however much there is', async () => {
    await env.DB.batch([
      env.DB.prepare(`${numbers(3_000)} INSERT INTO instances (id, owner_id, origin, host, name, version, created_at, failing_since)
        SELECT 'ins_' || i, 'usr_administrator', 'https://h' || i, 'h' || i, '', '', i, iif(i % 1000, NULL, i) FROM n`),
      env.DB.prepare(`${numbers(100)} INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, verified_at)
        SELECT 'ep_' || i, '${owner.id}', 'https://r' || i, '', 's', i, 0 FROM n`),
      env.DB.prepare(`${numbers(5_000)} INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, disabled_at)
        SELECT 'ep_others_' || i, 'usr_administrator', 'https://r' || i, '', 's', i, 0 FROM n`),
      env.DB.prepare(`${numbers(100_000)} INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data)
        SELECT 'evt_' || i, 'video.published', 'h', 's', ${NOW} - (100000 - i) * 800, 'p', '{}' FROM n`),
    ])
    for (let ticks = 0; ticks < 7; ticks += 1) await countEvents(env.DB, NOW)
    const { db, cost } = countCosts(env.DB)
    const { body } = await read('', owner.token, db)
    expect(body).toMatchObject({ instances: { total: 3_000, failing: 3 }, endpoints: { total: 100 } })
    expect(cost.roundTrips).toBe(2)
    // Of instances those that are looked at for a pause; of his endpoints each three times, twice with a place in an index.
    expect(cost.rowsRead).toBeLessThanOrEqual(2_000 + 6 * 100 + 4 * 24 + 50)
  })
})
