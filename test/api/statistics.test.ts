/** @module /api/v1/endpoints/:id/statistics. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { type RecordedAttempt, recordAttempts } from '../../src/db/deliveries.ts'
import { HOUR_MS } from '../../src/db/hours.ts'
import { numbers } from '../support/accounts.ts'
import { forgetAll, generous, readAnswer, sendTo } from '../support/call.ts'
import { countCosts } from '../support/count-costs.ts'
import { testDeps } from '../support/harness.ts'
import { apiKey, as, loggedIn, type Person } from '../support/people.ts'

/** In the middle of an hour. */
const NOW = Date.parse('2026-11-25T10:30:00.000Z')
const HOUR = Date.parse('2026-11-25T10:00:00.000Z')
const EVENTS = 200

let owner: Person
beforeEach(async () => {
  await forgetAll()
  owner = await loggedIn('owner')
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, verified_at) VALUES ('ep_1', ?, 'https://r', '', 's', 0, 0)`,
    ).bind(owner.id),
    env.DB.prepare(`${numbers(EVENTS)} INSERT INTO events (sequence, id, type, instance, subject, seen_at, poll_id, data)
      SELECT i + 1, 'evt_' || i, 'video.published', 'h', 's', ${NOW}, 'p', '{}' FROM n`),
  ])
})

async function read(query = '', token = owner.token, db = env.DB) {
  const { deps } = testDeps()
  const then = generous({ ...deps, clock: () => NOW, env: { ...deps.env, DB: db } })
  return readAnswer(await sendTo(then, 'GET', `/api/v1/endpoints/ep_1/statistics${query}`, as(token)))
}

/** Deliveries of the endpoint of which each was tried once. */
async function tried(made: readonly Partial<RecordedAttempt>[]): Promise<void> {
  const attempts = made.map((like, index) => ({
    endpointId: 'ep_1',
    sequence: index + 1,
    number: 1,
    startedAt: NOW,
    durationMs: 7,
    status: null,
    error: null,
    response: null,
    state: 'delivered' as const,
    dueAt: like.state === 'pending' ? NOW : null,
    finishedAt: NOW,
    ...like,
  }))
  await env.DB.prepare(
    `INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
     SELECT 'ep_1', sequence, ?1, 'pending', 0, 0 FROM events WHERE sequence <= ?2`,
  )
    .bind(owner.id, made.length)
    .run()
  await recordAttempts(env.DB, attempts, [], NOW)
}

const isWell = {
  state: 'closed',
  failures: 0,
  probes: 0,
  failingSince: null,
  openSince: null,
  nextProbeAt: null,
}

describe('Statistics of an endpoint', () => {
  it('that was sent nothing are every hour of the last day with nothing in it', async () => {
    const { status, body } = await read()
    expect(status).toBe(200)
    const hours = Array.from({ length: 24 }, (_, index) => ({
      hour: new Date(HOUR - (23 - index) * HOUR_MS).toISOString(),
      delivered: 0,
      failed: 0,
    }))
    expect(body).toEqual({
      since: '2026-11-24T11:00:00.000Z',
      hours,
      attempts: 0,
      successRate: null,
      latency: null,
      waiting: { count: 0, isMore: false },
      failed: { count: 0, isMore: false },
      circuit: isWell,
    })
  })

  it('count attempts by the hour, how many succeeded, how long they took, and what is owed', async () => {
    const quick = Array.from({ length: 90 }, () => ({ durationMs: 7 }))
    const slow = Array.from({ length: 10 }, () => ({ durationMs: 300, startedAt: HOUR - 1 }))
    // Before what is looked at.
    const early = [{ startedAt: HOUR - HOUR_MS - 1 }]
    const failed = [
      { state: 'failed' as const },
      ...Array.from({ length: 24 }, () => ({ state: 'pending' as const })),
    ]
    await tried([...quick, ...slow, ...early, ...failed])
    const { body } = await read('?hours=2')
    expect(body).toMatchObject({
      since: '2026-11-25T09:00:00.000Z',
      hours: [
        { hour: '2026-11-25T09:00:00.000Z', delivered: 10, failed: 0 },
        { hour: '2026-11-25T10:00:00.000Z', delivered: 90, failed: 25 },
      ],
      attempts: 125,
      successRate: 0.8,
      // Evenly in their parts: from 5 to 10 ms, and from 250 to 500.
      latency: { p50Ms: 5 + (5 * 50) / 90, p90Ms: 10, p99Ms: 250 + (250 * 9) / 10 },
      waiting: { count: 24, isMore: false },
      failed: { count: 1, isMore: false },
    })
  })

  it.each([
    ['well', {}, isWell],
    [
      'failing',
      { failures: 2, failing_since: NOW - 60_000 },
      { ...isWell, failures: 2, failingSince: '2026-11-25T10:29:00.000Z' },
    ],
    [
      'broken, and waits for its probe',
      { failures: 6, probes: 1, failing_since: HOUR, broken_since: HOUR + 1, held_until: NOW + 1 },
      {
        state: 'open',
        failures: 6,
        probes: 1,
        failingSince: '2026-11-25T10:00:00.000Z',
        openSince: '2026-11-25T10:00:00.001Z',
        nextProbeAt: '2026-11-25T10:30:00.001Z',
      },
    ],
    [
      'broken, and may be probed',
      { failures: 5, failing_since: HOUR, broken_since: HOUR, held_until: NOW },
      { state: 'half-open', nextProbeAt: '2026-11-25T10:30:00.000Z' },
    ],
    [
      'broken and disabled',
      { failures: 5, failing_since: HOUR, broken_since: HOUR, held_until: NOW, disabled_at: NOW },
      { state: 'half-open', nextProbeAt: null },
    ],
    [
      'broken and paused',
      { failures: 5, failing_since: HOUR, broken_since: HOUR, held_until: NOW + 1, paused_at: NOW },
      { state: 'open', nextProbeAt: null },
    ],
    // It asked to be left alone: that breaks nothing.
    ['held', { held_until: NOW + 60_000 }, isWell],
  ])('tell how its circuit is: %s', async (_, columns, circuit) => {
    const set = Object.entries(columns).map(([name, value]) => `${name} = ${value}`)
    await env.DB.prepare(`UPDATE endpoints SET ${['description = description', ...set].join(', ')}`).run()
    expect((await read()).body).toMatchObject({ circuit })
  })

  it.each(['0', '169', '-1', '1.5', 'day', ''])('refuse to be of %j hours', async (hours) => {
    const { status, body } = await read(`?hours=${hours}`)
    expect(status).toBe(400)
    expect(body['invalid-params']).toMatchObject({ hours: { location: 'query' } })
  })

  it('are of a week at most, of an hour at least', async () => {
    expect((await read('?hours=168')).body['hours']).toHaveLength(168)
    expect((await read('?hours=1')).body['hours']).toEqual([
      { hour: '2026-11-25T10:00:00.000Z', delivered: 0, failed: 0 },
    ])
  })

  it('are seen by its owner, moderators and keys that may see deliveries, and by nobody else', async () => {
    const statuses = await Promise.all([
      read('', (await loggedIn('moderator', 'Moderator')).token),
      read('', (await apiKey(owner.id, ['deliveries:read'])).key),
      read('', (await loggedIn('other')).token),
      read('', (await apiKey(owner.id, ['endpoints:read'])).key),
    ])
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 404, 403])
  })

  it('read a row an hour, and at most a thousand of what is owed, in three round trips with the login', async () => {
    await env.DB.batch([
      env.DB.prepare(`${numbers(20_000)} INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
        SELECT 'ep_1', i, 'usr_administrator', 'pending', i % 3, 0 FROM n`),
    ])
    const { db, cost } = countCosts(env.DB)
    const { body } = await read('?hours=168', owner.token, db)
    expect(body).toMatchObject({ waiting: { count: 1_000, isMore: true } })
    expect(cost.roundTrips).toBe(3)
    expect(cost.rowsRead).toBeLessThanOrEqual(168 + 1_001 + 10)
  })
})
