/** @module Looking into deliveries, sending one again, and giving up what waits for too long: what comes, and what it costs. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type DeliveryFilter,
  findDelivery,
  listDeliveries,
  resendDelivery,
} from '../../src/db/delivery-log.ts'
import { failExpired } from '../../src/db/expired-deliveries.ts'
import { askAgain, failedSpan, nextFailed, replayCounts } from '../../src/db/replays.ts'
import { countCosts } from '../support/count-costs.ts'
import { after } from '../support/meanwhile.ts'

/** Of the endpoint `ep_long`, seen a second apart; all delivered but for those below. */
const EVENTS = 20_000
/** Every thousandth failed, with a status of its own. */
const isFailed = (sequence: number) => sequence % 1_000 === 0
/** Every thousandth waits: first those in line, then those asked for again, then those that were tried. */
const isPending = (sequence: number) => sequence % 1_000 === 500
const OWNER = 'usr_administrator'

const numbers = (count: number) =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`

beforeAll(async () => {
  await env.DB.batch([
    env.DB.prepare(`${numbers(EVENTS)} INSERT INTO events (sequence, id, type, instance, subject, seen_at, poll_id, data)
      SELECT i, 'evt_' || i, iif(i = 7, 'comment.created', 'video.published'), 'h', 's', i * 1000, 'p', '{}' FROM n`),
    ...['ep_long', 'ep_crowded', 'ep_other'].map((id) =>
      env.DB.prepare(
        `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, verified_at)
         VALUES (?, '${OWNER}', 'https://r', '', 's', 0, 0)`,
      ).bind(id),
    ),
    env.DB.prepare(`${numbers(EVENTS)} INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, attempts, due_at,
        created_at, started_at, duration_ms, status, error)
      SELECT 'ep_long', i, '${OWNER}',
        CASE i % 1000 WHEN 0 THEN 'failed' WHEN 500 THEN 'pending' ELSE 'delivered' END,
        iif(i % 1000 = 500 AND i <= 12000, 0, 1),
        CASE WHEN i % 1000 <> 500 THEN NULL WHEN i > 12000 THEN 1000000 - i WHEN i > 6000 THEN 1 ELSE 0 END,
        i * 1000, iif(i % 1000 = 500 AND i <= 12000, NULL, i * 1000), i % 100,
        CASE i % 1000 WHEN 0 THEN iif(i = 5000, NULL, 404) WHEN 500 THEN iif(i <= 12000, NULL, 503) ELSE 204 END,
        iif(i % 1000 = 0, 'no', NULL) FROM n`),
    // All of it waits for the time of the next attempt, but for the first, which failed.
    env.DB.prepare(`${numbers(5_000)} INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, attempts, due_at, created_at)
      SELECT 'ep_crowded', i, '${OWNER}', iif(i = 1, 'failed', 'pending'), 1, iif(i = 1, NULL, 1000000 - i), 0 FROM n`),
  ])
})

async function read(filter: DeliveryFilter, limit = 10, endpointId = 'ep_long') {
  const { db, cost } = countCosts(env.DB)
  const { rows, next } = await listDeliveries(db, endpointId, filter, limit)
  return { sequences: rows.map(({ sequence }) => sequence), rows, next, rowsRead: cost.rowsRead }
}

/** All pages of a list. */
async function readAll(filter: DeliveryFilter, limit = 10, endpointId = 'ep_long') {
  const sequences: number[] = []
  let most = 0
  let before: number | undefined
  for (let pages = 0; pages < 100; pages += 1) {
    const page = await read({ ...filter, before }, limit, endpointId)
    sequences.push(...page.sequences)
    most = Math.max(most, page.rowsRead)
    if (page.next === null) return { sequences, most, pages: pages + 1 }
    before = page.next
  }
  throw new Error('the pages do not end')
}

const all = Array.from({ length: EVENTS }, (_, index) => EVENTS - index)

describe('A list of deliveries', () => {
  it('costs three rows for each that it shows, whatever there is', async () => {
    const page = await read({}, 100)
    expect(page.sequences).toEqual(all.slice(0, 100))
    expect(page.next).toBe(EVENTS - 99)
    expect(page.rowsRead).toBeLessThanOrEqual(3 * 100 + 3)
  })

  it.each([
    ['failed', isFailed],
    ['pending', isPending],
  ] as const)('of what is %s reads that only, page by page', async (state, isIt) => {
    const { sequences, most } = await readAll({ state }, 6)
    expect(sequences).toEqual(all.filter(isIt))
    // What waits for a time is put in order, and counted before; a page more is looked at to know that there is none.
    expect(most).toBeLessThanOrEqual(120)
  })

  it('of what is pending at an endpoint where very much waits for its time is whole, too', async () => {
    const { sequences, most } = await readAll({ state: 'pending' }, 100, 'ep_crowded')
    expect(sequences).toEqual(Array.from({ length: 4_999 }, (_, index) => 5_000 - index))
    expect(most).toBeLessThanOrEqual(2_000 + 3 * 100 + 100)
  })

  it.each<[string, DeliveryFilter, (sequence: number) => boolean]>([
    ['a status', { status: [404, 404] }, (i) => isFailed(i) && i !== 5_000],
    ['all of a hundred', { status: [500, 599] }, (i) => isPending(i) && i > 12_000],
    ['no answer', { status: null }, (i) => i === 5_000],
    [
      'a duration',
      { minDurationMs: 99, maxDurationMs: 99, since: 19_000_000 },
      (i) => i % 100 === 99 && i >= 19_000,
    ],
    ['a type', { type: 'comment.*' }, (i) => i === 7],
    ['a type that there is not', { type: 'comment.updated' }, () => false],
    ['a time', { since: 100_000, until: 103_000 }, (i) => i >= 100 && i < 103],
    ['a state that has no index', { state: 'skipped' }, () => false],
    ['a state and a status', { state: 'failed', status: [404, 404] }, (i) => isFailed(i) && i !== 5_000],
    ['two states that can not be', { state: 'delivered', status: [404, 404] }, () => false],
  ])(
    'that asks for %s looks at two thousand deliveries a page at most, and is whole',
    async (_name, filter, isIt) => {
      const { sequences, most, pages } = await readAll(filter, 100)
      expect(sequences).toEqual(all.filter(isIt))
      // Two rows of each that is looked at, when its event must be read; and where the page ended is sought.
      expect(most).toBeLessThanOrEqual(3 * 2_000 + 200)
      expect(pages).toBeLessThanOrEqual(EVENTS / 2_000 + 1)
    },
  )

  it('that ends at a time begins there', async () => {
    const page = await read({ until: 50_000 }, 5)
    expect(page.sequences).toEqual([49, 48, 47, 46, 45])
    expect(page.rowsRead).toBeLessThanOrEqual(400)
  })

  it('leaves nothing out when what it has looked at is sent again meanwhile', async () => {
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, verified_at)
         VALUES ('ep_moving', '${OWNER}', 'https://r', '', 's', 0, 0)`,
      ),
      env.DB.prepare(`${numbers(4_500)} INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, attempts, due_at,
          created_at, started_at, duration_ms, status, error)
        SELECT 'ep_moving', i, '${OWNER}', 'failed', 10, NULL, 0, 1, 1, iif(i = 2000, 404, 500), 'no' FROM n`),
    ])
    const filter = { state: 'failed', status: [404, 404] } as const
    const db = after('JOIN events', () =>
      env.DB.prepare(
        `UPDATE deliveries SET state = 'pending', due_at = 1 WHERE endpoint_id = 'ep_moving' AND event_sequence > 3500`,
      ).run(),
    )
    const first = await listDeliveries(db, 'ep_moving', filter, 10)
    expect(first).toEqual({ rows: [], next: 2_501 })
    const second = await listDeliveries(env.DB, 'ep_moving', { ...filter, before: 2_501 }, 10)
    expect(second.rows.map(({ sequence }) => sequence)).toEqual([2_000])
  })

  it('of an endpoint that is owed nothing is empty', async () => {
    expect(await read({ state: 'failed', type: 'video.*' }, 10, 'ep_other')).toMatchObject({
      rows: [],
      next: null,
    })
    expect(await read({ until: 1 }, 10, 'ep_long')).toMatchObject({ rows: [], next: null })
  })
})

describe('One delivery', () => {
  const audit = {
    at: 0,
    userId: OWNER,
    username: null,
    via: 'admin-key',
    address: '',
    action: 'resendDelivery',
    target: 'x',
    success: true,
    requestId: '',
  }
  const row = async (sequence: number) =>
    env.DB.prepare(
      `SELECT state, attempts, attempts_before AS before, due_at AS dueAt, created_at AS createdAt, replay_id AS replay
       FROM deliveries WHERE endpoint_id = 'ep_long' AND event_sequence = ?`,
    )
      .bind(sequence)
      .first()

  it('that was delivered goes out again with a new schedule, and keeps its attempt', async () => {
    await env.DB.prepare(
      "UPDATE deliveries SET replay_id = 'rpl_old', response = 'ok' WHERE endpoint_id = 'ep_long' AND event_sequence = 11",
    ).run()
    expect(await resendDelivery(env.DB, 'ep_long', 11, 777, audit)).toBe(true)
    expect(await row(11)).toEqual({
      state: 'pending',
      attempts: 1,
      before: 1,
      dueAt: 0,
      createdAt: 777,
      replay: null,
    })
    const found = await findDelivery(env.DB, 'ep_long', 11)
    expect(found?.attempts).toEqual([
      { number: 1, startedAt: 11_000, durationMs: 11, status: 204, error: null, response: 'ok' },
    ])
    // As when it succeeds once more, which no row of `attempts` tells.
    await env.DB.prepare(
      `UPDATE deliveries SET state = 'delivered', attempts = 2, due_at = NULL, started_at = 900, duration_ms = 5
       WHERE endpoint_id = 'ep_long' AND event_sequence = 11`,
    ).run()
    const again = await findDelivery(env.DB, 'ep_long', 11)
    expect(again?.attempts.map(({ number, startedAt }) => [number, startedAt])).toEqual([
      [1, 11_000],
      [2, 900],
    ])
  })

  it('that is pending is moved to the front only, and its schedule goes on', async () => {
    const before = await row(19_500)
    expect(await resendDelivery(env.DB, 'ep_long', 19_500, 777, audit)).toBe(true)
    expect(await row(19_500)).toEqual({ ...before, dueAt: 0 })
    expect(
      await env.DB.prepare('SELECT count(*) AS count FROM attempts WHERE event_sequence = 19500').first(),
    ).toEqual({ count: 0 })
  })

  it('of another endpoint, or of none, is not there, and no entry of the audit log tells of it', async () => {
    const entries = async () =>
      env.DB.prepare('SELECT count(*) AS count FROM audit_log').first<number>('count')
    const before = await entries()
    expect(await resendDelivery(env.DB, 'ep_other', 11, 777, audit)).toBe(false)
    expect(await findDelivery(env.DB, 'ep_other', 11)).toBeNull()
    expect(await entries()).toBe(before)
  })

  it('that was sent again for ever shows its last hundred attempts', async () => {
    await env.DB.prepare(`${numbers(150)} INSERT INTO attempts (endpoint_id, event_sequence, number, started_at, duration_ms)
      SELECT 'ep_long', 12, i, i, 1 FROM n`).run()
    await env.DB.prepare(
      "UPDATE deliveries SET attempts = 150 WHERE endpoint_id = 'ep_long' AND event_sequence = 12",
    ).run()
    const { db, cost } = countCosts(env.DB)
    const found = await findDelivery(db, 'ep_long', 12)
    expect(found?.attempts).toHaveLength(100)
    expect(found?.attempts.at(-1)?.number).toBe(150)
    expect(cost.rowsRead).toBeLessThanOrEqual(103)
  })
})

describe('What failed', () => {
  it('is counted along its index, and no further than asked for', async () => {
    const { db, cost } = countCosts(env.DB)
    expect(await failedSpan(db, 'ep_long', 3_000_000, 100)).toEqual({ first: 3_000, last: 20_000, count: 18 })
    expect(cost.rowsRead).toBeLessThanOrEqual(3 * 20)
    expect(await failedSpan(env.DB, 'ep_long', 0, 4)).toMatchObject({ count: 5 })
    expect(await failedSpan(env.DB, 'ep_other', 0, 4)).toBeNull()
  })

  it('is asked for again by its key, and not among all that failed', async () => {
    await env.DB.batch([
      env.DB.prepare(
        "UPDATE deliveries SET state = 'failed', due_at = NULL WHERE endpoint_id = 'ep_crowded'",
      ),
      env.DB.prepare(
        `INSERT INTO replays (id, owner_id, endpoint_id, kind, state, after_sequence, last_sequence, position, created_at, updated_at)
         VALUES ('rpl_2', '${OWNER}', 'ep_crowded', 'failed', 'running', 0, 5000, 0, 0, 0)`,
      ),
    ])
    const replay = { id: 'rpl_2', revision: 0, kind: 'failed', lastSequence: 5_000 } as const
    const wanted = Array.from({ length: 500 }, (_, index) => ({ sequence: index + 1, orderKey: null }))
    const { db, cost } = countCosts(env.DB)
    expect(
      await nextFailed(db, { endpointId: 'ep_crowded', position: 0, lastSequence: 5_000 }, 500),
    ).toHaveLength(500)
    expect(await askAgain(db, replay, { wanted, position: 500 }, 9)).toEqual({ asked: 500, isDone: false })
    expect(cost.roundTrips).toBe(2)
    // Two of each to find it, two to change it; of the list of sequences one or two.
    expect(cost.rowsRead).toBeLessThanOrEqual(6 * 500 + 50)
    // Itself, and its places among what failed, what is due, and what the replay asked for.
    expect(cost.rowsWritten).toBeLessThanOrEqual(4 * 500 + 2)
    // A second time the replay is elsewhere.
    expect(await askAgain(env.DB, replay, { wanted, position: 500 }, 9)).toBeNull()
  })

  it('of a replay is counted along the index of replays', async () => {
    await env.DB.prepare(
      "UPDATE deliveries SET replay_id = 'rpl_1' WHERE endpoint_id = 'ep_long' AND event_sequence BETWEEN 1000 AND 1009",
    ).run()
    const { db, cost } = countCosts(env.DB)
    expect(await replayCounts(db, 'rpl_1')).toEqual({ pending: 0, delivered: 9, failed: 1, skipped: 0 })
    expect(cost.rowsRead).toBeLessThanOrEqual(11)
  })
})

describe('What has been pending for too long', () => {
  const NOW = 2_000_000_000
  const expire = async (before: number, most: number, db = env.DB) =>
    failExpired(db, { before, now: NOW, error: 'too long' }, most)
  const pendingOf = async (endpointId: string) => {
    const { results } = await env.DB.prepare(
      "SELECT event_sequence AS sequence FROM deliveries WHERE endpoint_id = ? AND state = 'pending' ORDER BY 1",
    )
      .bind(endpointId)
      .all<{ sequence: number }>()
    return results.map(({ sequence }) => sequence)
  }

  it('is failed, of whatever endpoint, so many at a time; what is younger is neither failed nor read', async () => {
    // Twenty more endpoints to which everything is owed, since it happened.
    await env.DB.batch([
      env.DB.prepare(
        "UPDATE deliveries SET state = 'failed', due_at = NULL WHERE endpoint_id = 'ep_crowded'",
      ),
      env.DB.prepare(`${numbers(20)} INSERT INTO endpoints (id, owner_id, url, description, secret, created_at)
        SELECT 'ep_' || i, '${OWNER}', 'https://r', '', 's', 0 FROM n`),
      env.DB.prepare(`${numbers(20)} INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
        SELECT 'ep_' || n.i, e.sequence, '${OWNER}', 'pending', 0, e.seen_at FROM n CROSS JOIN events e WHERE e.sequence <= 2000`),
    ])
    const idle = countCosts(env.DB)
    expect(await expire(1_000, 1_000, idle.db)).toBe(0)
    // The edges of the log, then for each endpoint a step and its runs. Within a minute of the edge the age is looked at.
    expect(idle.cost.rowsRead).toBeLessThanOrEqual(200 + 21 * 8)

    const { db, cost } = countCosts(env.DB)
    expect(await expire(31_000, 400, db)).toBe(400)
    expect(cost.rowsRead).toBeLessThanOrEqual(400 * 6 + 500)
    // Twenty times thirty, less four hundred.
    expect(await expire(31_000, 400)).toBe(200)
    expect(await expire(31_000, 400)).toBe(0)
    expect(await pendingOf('ep_1')).toEqual(Array.from({ length: 1_970 }, (_, index) => index + 31))
    expect(
      await env.DB.prepare(
        "SELECT state, error, finished_at AS at, due_at AS dueAt FROM deliveries WHERE endpoint_id = 'ep_20' AND event_sequence = 30",
      ).first(),
    ).toEqual({ state: 'failed', error: 'too long', at: NOW, dueAt: null })
  })

  it('counts from when it was asked for again; and what waits for its next attempt is left to its schedule', async () => {
    await env.DB.batch([
      env.DB.prepare("UPDATE deliveries SET state = 'failed', due_at = NULL WHERE state = 'pending'"),
      env.DB.prepare(`INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at) VALUES
        ('ep_other', 1, '${OWNER}', 'pending', 0, 15000000),
        ('ep_other', 2, '${OWNER}', 'pending', 0, 2000),
        ('ep_other', 3, '${OWNER}', 'pending', 1, 15000000),
        ('ep_other', 4, '${OWNER}', 'pending', 1, 4000),
        ('ep_other', 5, '${OWNER}', 'pending', ${NOW}, 5000),
        ('ep_other', 6, '${OWNER}', 'pending', ${NOW + 1}, 6000)`),
    ])
    // What is younger takes nobody's place.
    expect(await expire(10_000_000, 2)).toBe(2)
    expect(await expire(10_000_000, 2)).toBe(1)
    expect(await pendingOf('ep_other')).toEqual([1, 3, 6])
  })
})
