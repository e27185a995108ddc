/** @module /api/v1/consumers: a script of five lines that never misses or repeats. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { newId } from '../../src/db/id.ts'
import type { Deps } from '../../src/workers/deps.ts'
import { call, forgetAll, generous, KEY, readAnswer, send, sendTo } from '../support/call.ts'
import { exampleRows, type LogRow, logRow, setLog, VIEWER } from '../support/events.ts'
import { count, testDeps } from '../support/harness.ts'
import { apiKey, as, loggedIn } from '../support/people.ts'

const MINUTE = 60_000
/** A real event, so that answers are as documented. */
const DATA = exampleRows(VIEWER).find(({ type }) => type === 'video.published')?.data ?? ''
const event = (row: Partial<LogRow> & { sequence: number }) => logRow({ data: DATA, ...row })
const log = (...sequences: number[]) => setLog(sequences.map((sequence) => event({ sequence })))

beforeEach(async () => {
  await forgetAll()
  await log(1, 2, 3, 4, 5)
})

const make = (body: object, token = KEY) => call('POST', '/consumers', body, as(token))
const read = (query = '', token = KEY) => call('GET', `/consumers/mine/events${query}`, undefined, as(token))
const ack = (body: object, token = KEY) => call('POST', '/consumers/mine/ack', body, as(token))
const seek = (body: object) => call('POST', '/consumers/mine/seek', body)
const sequences = ({ body }: { body: { data: Record<string, unknown>[] } }) =>
  body.data.map(({ sequence }) => sequence)

describe('A consumer', () => {
  it('is made, shown, listed, changed and removed, and noted in the audit log', async () => {
    const made = await make({ name: 'mine', filter: { types: ['video.*'] } })
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe('/api/v1/consumers/mine')
    expect(made.body).toEqual({
      id: expect.stringMatching(/^csm_[0-9a-f]{24}$/),
      owner: VIEWER,
      name: 'mine',
      filter: { types: ['video.*'] },
      position: 5,
      lag: 0,
      lease: null,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    })
    expect((await call('GET', '/consumers/mine')).body).toEqual(made.body)
    expect((await call('GET', '/consumers')).body).toEqual({ total: 1, data: [made.body] })
    const changed = await call('PATCH', '/consumers/mine', { filter: { tags: ['a'], types: null } })
    expect(changed.body).toMatchObject({ filter: { tags: ['a'] }, position: 5 })
    expect((await call('POST', '/consumers/mine/seek', { to: 'beginning' })).body).toMatchObject({
      position: 0,
      lag: 5,
    })
    expect((await call('DELETE', '/consumers/mine')).status).toBe(204)
    expect((await call('GET', '/consumers/mine')).status).toBe(404)
    const { results } = await env.DB.prepare(
      'SELECT action FROM audit_log WHERE target = ? ORDER BY sequence',
    )
      .bind(made.body['id'])
      .all()
    expect(results.map(({ action }) => action)).toEqual([
      'addConsumer',
      'patchConsumer',
      'seekConsumer',
      'delConsumer',
    ])
  })

  it('is made each time a script starts, and stays where it is', async () => {
    const filter = { types: ['video.*', 'comment.*'], nsfw: false }
    const first = await make({ name: 'mine', filter, from: 'beginning' })
    expect(await ackAll()).toBe(5)
    const again = await make({
      name: 'mine',
      filter: { nsfw: false, types: ['comment.*', 'video.*', 'video.*'] },
      from: 'beginning',
    })
    expect(again.status).toBe(200)
    expect(again.body).toEqual({ ...first.body, position: 5, lag: 0 })
    const other = await make({ name: 'mine' })
    expect(other.status).toBe(409)
    expect(other.body).toMatchObject({
      code: 'consumer_exists',
      detail: expect.stringContaining('/api/v1/consumers/mine'),
    })
    expect(await count('SELECT count(*) AS count FROM audit_log WHERE action = ?', 'addConsumer')).toBe(
      await count('SELECT count(DISTINCT target) AS count FROM audit_log WHERE action = ?', 'addConsumer'),
    )
  })

  it.each<[unknown, number]>([
    ['now', 9],
    [undefined, 9],
    ['beginning', 0],
    [4, 4],
    ['4', 4],
    [0, 0],
    [1_000_000, 9],
    ['10m', 5],
    ['2h', 3],
    ['3d', 0],
    ['1s', 9],
    ['99999d', 0],
  ])('begins where it is told: %j', async (from, position) => {
    const now = Date.now()
    const ages = [4 * 1_440, 3 * 1_440 - 60, 2 * 1_440, 119, 60, 9, 5, 3, 1]
    await setLog(ages.map((age, index) => event({ sequence: index + 1, seenAt: now - age * MINUTE })))
    const expected = from === '3d' ? 1 : position
    expect((await make({ name: 'mine', ...(from === undefined ? {} : { from }) })).body).toMatchObject({
      position: expected,
    })
    await call('DELETE', '/consumers/mine')
    const at = new Date(now - 9 * MINUTE).toISOString()
    expect((await make({ name: 'mine', from: at })).body).toMatchObject({ position: 5 })
  })

  it.each([
    [{}, 'name'],
    [{ name: '' }, 'name'],
    [{ name: 'Mine' }, 'name'],
    [{ name: '.mine' }, 'name'],
    [{ name: 'x'.repeat(65) }, 'name'],
    [{ name: 'a/b' }, 'name'],
    [{ name: 'mine', from: 'yesterday' }, 'from'],
    [{ name: 'mine', from: '0m' }, 'from'],
    [{ name: 'mine', from: '10 m' }, 'from'],
    [{ name: 'mine', from: -1 }, 'from'],
    [{ name: 'mine', from: 1.5 }, 'from'],
    [{ name: 'mine', from: '2026-02-31T00:00:00Z' }, 'from'],
    [{ name: 'mine', filter: { types: ['nothing'] } }, 'filter.types[0]'],
    [{ name: 'mine', position: 4 }, 'position'],
  ])('is refused for what is wrong with it: %j', async (body, param) => {
    const refused = await make(body)
    expect(refused.status).toBe(400)
    expect(Object.keys(refused.body['invalid-params'] as object)).toEqual([param])
    expect(await count('SELECT count(*) AS count FROM consumers')).toBe(0)
  })

  it('is one of as many as the role may have', async () => {
    const { id, token } = await loggedIn('u')
    await env.DB.batch(
      Array.from({ length: 19 }, (_, index) =>
        env.DB.prepare(
          "INSERT INTO consumers (id, owner_id, name, filter, position, created_at, updated_at) VALUES (?, ?, ?, '{}', 0, 0, 0)",
        ).bind(newId('csm'), id, `c${index}`),
      ),
    )
    expect((await make({ name: 'mine' }, token)).status).toBe(201)
    expect((await make({ name: 'mine' }, token)).status).toBe(200)
    const full = await make({ name: 'more' }, token)
    expect([full.status, full.body['code']]).toEqual([409, 'too_many'])
  })

  it('is changed and removed only as it was seen, by who says what he saw', async () => {
    await make({ name: 'mine', from: 'beginning' })
    const seen = (await call('GET', '/consumers/mine')).headers.get('etag') ?? ''
    await read('?worker=a')
    const stale = { ...as(KEY), 'if-match': seen }
    expect((await call('PATCH', '/consumers/mine', { filter: { nsfw: true } }, stale)).status).toBe(412)
    expect((await call('DELETE', '/consumers/mine', undefined, stale)).status).toBe(412)
    const now = (await call('GET', '/consumers/mine')).headers.get('etag') ?? ''
    const fresh = { ...as(KEY), 'if-match': now }
    const changed = await call('PATCH', '/consumers/mine', { filter: { nsfw: true } }, fresh)
    expect(changed.headers.get('etag')).toBe((await call('GET', '/consumers/mine')).headers.get('etag'))
  })

  it('of one Idempotency-Key is made, and moved, once', async () => {
    const key = { ...as(KEY), 'idempotency-key': 'k1' }
    const body = { name: 'mine', from: 'beginning' }
    const [one, two] = [
      await call('POST', '/consumers', body, key),
      await call('POST', '/consumers', body, key),
    ]
    expect([one.status, two.status, two.headers.get('idempotency-replayed')]).toEqual([201, 201, 'true'])
    const move = { ...as(KEY), 'idempotency-key': 'k2' }
    await call('POST', '/consumers/mine/seek', { to: 'end' }, move)
    await seek({ sequence: 2 })
    await call('POST', '/consumers/mine/seek', { to: 'end' }, move)
    expect((await call('GET', '/consumers/mine')).body).toMatchObject({ position: 2 })
  })
})

/** What a script does: reads, and sends back what says that it is done. @returns where the cursor is. */
async function ackAll(): Promise<unknown> {
  const { body } = await read()
  const acked = await ack({ sequence: body['sequence'], lease: body['lease'] })
  expect(acked.status).toBe(200)
  return acked.body['position']
}

describe('Reading', () => {
  beforeEach(() => make({ name: 'mine', from: 'beginning' }))

  it('gives the events as the log has them, leased; and goes on when they are acknowledged', async () => {
    const one = await read('?limit=2&lease=60&worker=a')
    expect(one.headers.get('cache-control')).toBe('no-store')
    expect(one.headers.get('etag')).toBeNull()
    expect(one.body).toEqual({
      data: (await call('GET', '/events?limit=2')).body.data,
      sequence: 2,
      lease: expect.stringMatching(/^lse_[0-9a-f]{24}$/),
      leasedUntil: expect.any(String),
      more: true,
    })
    expect((await call('GET', '/consumers/mine')).body).toMatchObject({
      position: 0,
      lag: 5,
      lease: { worker: 'a', sequence: 2, until: one.body['leasedUntil'] },
    })
    expect(await read('?worker=b')).toMatchObject({
      status: 200,
      body: { data: [], sequence: 0, lease: null, leasedUntil: one.body['leasedUntil'], more: false },
    })
    expect((await ack({ sequence: 2, lease: one.body['lease'] })).body).toMatchObject({
      position: 2,
      lease: null,
    })
    expect(sequences(await read('?worker=b'))).toEqual([3, 4, 5])
  })

  it('of nothing is answered with what acknowledges nothing', async () => {
    await ackAll()
    const nothing = await read()
    expect(nothing.body).toEqual({ data: [], sequence: 5, lease: null, leasedUntil: null, more: false })
    expect(await ackAll()).toBe(5)
  })

  it('again by the name of who died gives him at once what he had', async () => {
    const one = await read('?limit=2&worker=a')
    const again = await read('?limit=1&worker=a')
    expect(again.body.data).toEqual(one.body.data)
    expect(again.body['lease']).not.toBe(one.body['lease'])
    const late = await ack({ sequence: 2, lease: one.body['lease'] })
    expect([late.status, late.body['code']]).toEqual([409, 'lease_lost'])
  })

  it('is not what a HEAD does', async () => {
    const head = await send('HEAD', '/api/v1/consumers/mine/events', as(KEY))
    expect(head.status).toBe(200)
    expect((await call('GET', '/consumers/mine')).body).toMatchObject({ lease: null })
  })

  it.each([
    'lease=4',
    'lease=3601',
    'wait=31',
    'limit=0',
    'limit=101',
    'worker=',
    'worker=a%20b',
    'worker=%C3%A9',
    'after=3',
  ])('is refused for what is wrong: %s', async (query) => {
    expect((await read(`?${query}`)).status).toBe(400)
    expect((await call('GET', '/consumers/mine')).body).toMatchObject({ lease: null })
  })

  it('gives private events to their owner only', async () => {
    const alice = await loggedIn('alice')
    const bob = await loggedIn('bob')
    await setLog([
      event({ sequence: 1, ownerId: alice.id }),
      event({ sequence: 2 }),
      event({ sequence: 3, ownerId: bob.id }),
    ])
    for (const [{ token }, expected] of [
      [alice, [1, 2]],
      [bob, [2, 3]],
    ] as const) {
      await make({ name: 'mine', from: 'beginning' }, token)
      expect(sequences(await read('', token))).toEqual(expected)
    }
    await call('DELETE', '/consumers/mine')
    await make({ name: 'mine', from: 'beginning' })
    expect(sequences(await read())).toEqual([2])
  })

  it('is nobody else’s, and no moderator’s; he sees it in the list', async () => {
    const other = await loggedIn('other')
    const moderator = await loggedIn('moderator', 'Moderator')
    for (const { token } of [other, moderator]) {
      expect((await read('', token)).status).toBe(404)
      expect((await ack({ sequence: 1 }, token)).status).toBe(404)
      expect((await call('DELETE', '/consumers/mine', undefined, as(token))).status).toBe(404)
      expect((await call('GET', '/consumers', undefined, as(token))).body).toMatchObject({ total: 0 })
    }
    const all = await call('GET', '/consumers?owner=all', undefined, as(moderator.token))
    expect(all.body).toMatchObject({ total: 1, data: [{ name: 'mine', owner: VIEWER }] })
    expect((await call('GET', '/consumers?owner=all', undefined, as(other.token))).status).toBe(403)
  })

  it('takes a key with the scope to do so', async () => {
    const reader = await apiKey(VIEWER, ['events:read'])
    const { key } = await apiKey(VIEWER, ['consumers:write'])
    expect((await read('', reader.key)).body).toMatchObject({ code: 'insufficient_scope' })
    expect((await call('GET', '/consumers', undefined, as(reader.key))).status).toBe(200)
    expect(sequences(await read('', key))).toEqual([1, 2, 3, 4, 5])
  })

  it('goes with the account', async () => {
    const { id, token } = await loggedIn('u')
    await make({ name: 'mine', from: 'beginning' }, token)
    await call('POST', `/users/${id}/block`, {})
    expect((await read('', token)).status).toBe(401)
    await call('DELETE', `/users/${id}`)
    expect(await count('SELECT count(*) AS count FROM consumers WHERE owner_id = ?', id)).toBe(0)
  })
})

describe('Acknowledging', () => {
  beforeEach(() => make({ name: 'mine', from: 'beginning' }))

  it('twice is as once, and what was not handed out is a mistake', async () => {
    const { body } = await read('?limit=2')
    const { lease } = body
    for (const sequence of [1, 1, 2, 2, 1]) expect((await ack({ sequence, lease })).status).toBe(200)
    for (const wrong of [{ sequence: 3, lease: null }, { sequence: 3 }]) {
      const refused = await ack(wrong)
      expect([refused.status, refused.body['code']]).toEqual([409, 'not_handed_out'])
    }
    expect((await ack({ sequence: 3, lease })).body).toMatchObject({ code: 'lease_lost' })
    expect((await call('GET', '/consumers/mine')).body).toMatchObject({ position: 2 })
  })

  it.each([
    {},
    { sequence: '1' },
    { sequence: -1 },
    { sequence: 1.5 },
    { sequence: 1e300 },
    { sequence: 1, lease: 'x' },
  ])('is refused for what is wrong: %j', async (body) => {
    await read()
    expect((await ack(body)).status).toBe(400)
    expect((await call('GET', '/consumers/mine')).body).toMatchObject({ position: 0 })
  })
})

describe('Moving the cursor', () => {
  beforeEach(() => make({ name: 'mine', from: 'beginning' }))

  it('back reads again what was acknowledged, and on passes over; who has the lease has it no longer', async () => {
    await ackAll()
    expect((await seek({ sequence: 3 })).body).toMatchObject({ position: 3, lag: 2 })
    const { body } = await read()
    expect(body.data.map(({ sequence }) => sequence)).toEqual([4, 5])
    expect((await seek({ to: 'beginning' })).body).toMatchObject({ position: 0, lease: null })
    expect((await ack({ sequence: 5, lease: body['lease'] })).body).toMatchObject({ code: 'lease_lost' })
    expect((await seek({ to: 'end' })).body).toMatchObject({ position: 5 })
    expect((await seek({ sequence: 1_000 })).body).toMatchObject({ position: 5 })
    expect((await seek({ since: '5m' })).body).toMatchObject({ position: 5 })
    expect((await seek({ since: '1970-01-01T00:00:00Z' })).body).toMatchObject({ position: 0 })
  })

  it.each([
    {},
    { to: 'middle' },
    { to: 'end', sequence: 1 },
    { since: 'now' },
    { sequence: '1' },
    { since: 5 },
  ])('is refused for what is wrong: %j', async (body) => {
    expect((await seek(body)).status).toBe(400)
  })
})

describe('Waiting', () => {
  /**
   * Reads with a clock that passes when the service waits, and with those who know of events, whose clock it is, too: see
   * test/api/long-poll.test.ts for the real ones.
   * @param meanwhile what happens then, by the second.
   */
  async function waiting(query: string, meanwhile: Record<number, () => Promise<unknown>> = {}, token = KEY) {
    const { deps, advance } = testDeps()
    let waited = 0
    const pause = async (milliseconds: number) => {
      advance(milliseconds)
      waited += milliseconds
      await meanwhile[Math.round(waited / 1_000)]?.()
    }
    const hub = {
      place: async () => ({ kind: 'placed', shard: 0 }),
      async awaitEvent({ after }: { after: number }, milliseconds: number) {
        for (let left = milliseconds; left > 0; left -= 1_000) {
          await pause(Math.min(left, 1_000))
          if ((await count('SELECT max(sequence) AS count FROM events')) > after) return 'found'
        }
        return 'nothing'
      },
    }
    const hubs = { getByName: () => hub } as unknown as Env['STREAM_HUB']
    const patient: Deps = { ...generous(deps), env: { ...deps.env, STREAM_HUB: hubs }, pause }
    const answer = await readAnswer(
      await sendTo(patient, 'GET', `/api/v1/consumers/mine/events?${query}`, as(token)),
    )
    return { ...answer, waited }
  }
  const publish = (sequence: number, more: Partial<LogRow> = {}) => {
    const { type, instance, ownerId, data } = event({ sequence, ...more })
    return env.DB.prepare(
      `INSERT INTO events (sequence, id, type, instance, subject, owner_id, seen_at, poll_id, data)
       VALUES (?1, 'evt_' || ?1, ?2, ?3, 's', ?4, 0, 'poll', ?5)`,
    )
      .bind(sequence, type, instance, ownerId, data)
      .run()
  }

  it('ends when there is something that fits', async () => {
    await make({ name: 'mine', filter: { types: ['video.*'] } })
    const answer = await waiting('wait=30', {
      2: () => publish(6, { type: 'instance.unreachable' }),
      4: () => publish(7),
    })
    expect(sequences(answer)).toEqual([7])
    expect(answer.waited).toBe(4_000)
  })

  it('ends with its time, and looks at the log only when there is something new', async () => {
    await make({ name: 'mine' })
    const answer = await waiting('wait=30')
    expect(answer.body).toMatchObject({ data: [], lease: null })
    expect(answer.waited).toBe(30_000)
    expect((await waiting('wait=0')).waited).toBe(0)
  })

  it('ends when who has the lease has acknowledged it', async () => {
    await make({ name: 'mine', from: 'beginning' })
    const { lease } = (await read('?limit=2')).body
    const answer = await waiting('wait=30', { 3: () => ack({ sequence: 2, lease }) })
    expect(sequences(answer)).toEqual([3, 4, 5])
    expect(answer.waited).toBe(3_000)
  })

  it('ends when the lease of who has it is over, and gives what he had', async () => {
    await make({ name: 'mine', from: 'beginning' })
    await read('?limit=2&lease=5')
    const answer = await waiting('wait=30')
    expect(sequences(answer)).toEqual([1, 2, 3, 4, 5])
    expect(answer.waited).toBeLessThanOrEqual(6_000)
    expect(answer.waited).toBeGreaterThan(4_000)
  })

  it('is told what there is after a move of the cursor, and that there is no consumer any more', async () => {
    await make({ name: 'mine' })
    const moved = await waiting('wait=30', { 2: () => seek({ sequence: 4 }) })
    expect(sequences(moved)).toEqual([5])
    expect(moved.waited).toBe(5_000)
    await seek({ to: 'end' })
    expect((await waiting('wait=30', { 2: () => call('DELETE', '/consumers/mine') })).status).toBe(404)
  })

  it('of who is blocked meanwhile, or whose key is revoked, gives him nothing', async () => {
    const { id, token } = await loggedIn('u')
    await make({ name: 'mine' }, token)
    const blocked = await waiting(
      'wait=30',
      {
        2: async () => {
          await call('POST', `/users/${id}/block`, {})
          await publish(6)
        },
      },
      token,
    )
    expect(blocked.body['data'] ?? []).toEqual([])
    const other = await loggedIn('v')
    const key = await apiKey(other.id, ['consumers:write'])
    await make({ name: 'mine' }, other.token)
    const revoked = await waiting(
      'wait=30',
      {
        2: async () => {
          await call('DELETE', `/api-keys/${key.id}`, undefined, as(other.token))
          await publish(7)
        },
      },
      key.key,
    )
    expect(revoked.status).toBe(401)
  })
})
