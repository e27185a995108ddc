/** @module Attempts by the hour: what is counted is what was recorded, once, whatever is repeated; and what that costs. */
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { type RecordedAttempt, recordAttempts } from '../../src/db/deliveries.ts'
import { attemptHoursStatement, forgetAttempts, readStatistics } from '../../src/db/delivery-hours.ts'
import { HOUR_MS } from '../../src/db/hours.ts'
import { LATENCY_PARTS, percentile } from '../../src/db/latency.ts'
import { numbers } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'
import { setLog, VIEWER } from '../support/events.ts'

const NOW = 500_000 * HOUR_MS
const EVENTS = 6
const ENDPOINTS = ['ep_a', 'ep_b', 'ep_hub'] as const

beforeEach(async () => {
  await setLog([])
  await env.DB.batch([
    env.DB.prepare('DELETE FROM endpoints'),
    ...ENDPOINTS.map((id) =>
      env.DB.prepare(
        `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, verified_at, kind)
         VALUES (?, '${VIEWER}', 'https://r', '', 's', 0, 0, ?)`,
      ).bind(id, id === 'ep_hub' ? 'websub' : 'webhook'),
    ),
    env.DB.prepare(`${numbers(EVENTS)} INSERT INTO events (sequence, id, type, instance, subject, seen_at, poll_id, data)
      SELECT i + 1, 'evt_' || i, 'video.published', 'h', 's', ${NOW}, 'p', '{}' FROM n`),
    env.DB.prepare(`INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
      SELECT p.id, e.sequence, '${VIEWER}', 'pending', 0, 0 FROM endpoints p CROSS JOIN events e`),
  ])
})

function attempt(like: Partial<RecordedAttempt>): RecordedAttempt {
  const { state = 'delivered' } = like
  return {
    endpointId: 'ep_a',
    sequence: 1,
    number: 1,
    startedAt: NOW,
    durationMs: 7,
    status: 200,
    error: null,
    response: null,
    state,
    dueAt: state === 'pending' ? NOW : null,
    finishedAt: state === 'pending' ? null : NOW,
    ...like,
  }
}

/** A database whose answer is lost, after what was asked of it was done. */
const deaf = new Proxy(env.DB, {
  get(target, name) {
    if (name !== 'batch') return Reflect.get(target, name).bind(target)
    return async (statements: D1PreparedStatement[]) => {
      await target.batch(statements)
      throw new Error('Network connection lost')
    }
  },
})

async function rows() {
  const { results } = await env.DB.prepare('SELECT * FROM delivery_hours ORDER BY endpoint_id, hour').all<
    Record<string, number>
  >()
  return results
}

/** The model: deliveries by their names, and the attempts that count. */
class Model {
  readonly #made = new Map<string, number>()
  readonly #over = new Set<string>()
  readonly #counted: RecordedAttempt[] = []

  record(attempts: readonly RecordedAttempt[]): void {
    for (const one of attempts) {
      const name = `${one.endpointId} ${one.sequence}`
      const made = this.#made.get(name) ?? 0
      if (this.#over.has(name) || one.number !== made + 1) continue
      this.#made.set(name, one.number)
      if (one.state !== 'pending') this.#over.add(name)
      if (one.endpointId !== 'ep_hub') this.#counted.push(one)
    }
  }

  rows() {
    const hours = Map.groupBy(
      this.#counted,
      ({ endpointId, startedAt }) => `${endpointId} ${Math.floor(startedAt / HOUR_MS) * HOUR_MS}`,
    )
    return Array.from(hours, ([name, attempts]) => {
      const [endpoint = '', hour] = name.split(' ')
      const delivered = attempts.filter(({ state }) => state === 'delivered')
      const parts = LATENCY_PARTS.map(({ column, from, to }) => {
        const isIn = ({ durationMs: ms }: RecordedAttempt) =>
          (ms > from || from === 0) && (ms <= to || column === 'longer')
        return [column, delivered.filter(isIn).length]
      })
      return {
        endpoint_id: endpoint,
        hour: Number(hour),
        delivered: delivered.length,
        failed: attempts.length - delivered.length,
        ...Object.fromEntries(parts),
      }
    }).toSorted((a, b) => a.endpoint_id.localeCompare(b.endpoint_id) || a.hour - b.hour)
  }
}

const attempts = fc.uniqueArray(
  fc
    .record({
      endpointId: fc.constantFrom(...ENDPOINTS),
      sequence: fc.integer({ min: 1, max: EVENTS }),
      number: fc.integer({ min: 1, max: 3 }),
      startedAt: fc.constantFrom(NOW - 1, NOW, NOW + HOUR_MS - 1, NOW + HOUR_MS),
      durationMs: fc.oneof(
        fc.constantFrom(0, 5, 6, 35, 36, 15_000, 15_001, 45_000),
        fc.integer({ min: 0, max: 20_000 }),
      ),
      state: fc.constantFrom('pending' as const, 'delivered' as const, 'failed' as const),
    })
    .map(attempt),
  { selector: ({ endpointId, sequence }) => `${endpointId} ${sequence}`, maxLength: 10 },
)

/** Of a row of an hour with one attempt of each outcome. */
const columns = `hour, endpoint_id, delivered, failed, ${LATENCY_PARTS.map(({ column }) => column).join(', ')}`
const counts = `1, 1, 1, ${LATENCY_PARTS.slice(1)
  .map(() => '0')
  .join(', ')}`

describe('Attempts by the hour', () => {
  it('are those that were recorded, each once, however rounds are repeated, meet or are lost', async () => {
    const round = fc.record({ attempts, how: fc.constantFrom('once', 'twice', 'at once', 'lost') })
    await fc.assert(
      fc.asyncProperty(fc.array(round, { maxLength: 6 }), async (rounds) => {
        await env.DB.batch([
          env.DB.prepare('DELETE FROM delivery_hours'),
          env.DB.prepare('DELETE FROM attempts'),
          env.DB.prepare("UPDATE deliveries SET state = 'pending', attempts = 0, due_at = 0"),
        ])
        const model = new Model()
        for (const one of rounds) {
          const record = (db = env.DB) => recordAttempts(db, one.attempts, [], NOW)
          if (one.how === 'lost') await expect(record(deaf)).rejects.toThrow('Network connection lost')
          else await Promise.all(one.how === 'at once' ? [record(), record()] : [record()])
          if (one.how === 'twice' || one.how === 'lost') await record()
          model.record(one.attempts)
        }
        expect(await rows()).toEqual(model.rows())
      }),
      { numRuns: 60 },
    )
  }, 60_000)

  it('cost a round trip no more, and a row of each endpoint and hour', async () => {
    const first = Array.from({ length: EVENTS }, (_, index) =>
      attempt({ sequence: index + 1, state: 'pending' }),
    )
    const again = first.map((one) => attempt({ ...one, number: 2, state: 'delivered' }))
    await recordAttempts(env.DB, first, [], NOW)
    const { db, cost } = countCosts(env.DB)
    await recordAttempts(db, again, [], NOW)
    expect(cost.roundTrips).toBe(1)
    // The deliveries with their places among what is due, and one more.
    expect(cost.rowsWritten).toBeLessThanOrEqual(2 * EVENTS + 1)
    expect(await rows()).toMatchObject([{ endpoint_id: 'ep_a', delivered: EVENTS, failed: EVENTS }])
  })

  it('are counted all the same where a round is too long for one parameter', async () => {
    const response = 'x'.repeat(400_000)
    const long = Array.from({ length: EVENTS }, (_, index) => attempt({ sequence: index + 1, response }))
    await recordAttempts(env.DB, long, [], NOW)
    expect(await rows()).toMatchObject([{ delivered: EVENTS, failed: 0, up_to_10: EVENTS }])
  })

  it('go with their endpoint', async () => {
    await recordAttempts(env.DB, [attempt({}), attempt({ endpointId: 'ep_b' })], [], NOW)
    await env.DB.prepare("DELETE FROM endpoints WHERE id = 'ep_b'").run()
    expect(await rows()).toMatchObject([{ endpoint_id: 'ep_a' }])
  })

  it('are forgotten when they are old, so many at a time, and what is not old is not read', async () => {
    await env.DB.batch([
      env.DB.prepare('DELETE FROM endpoints'),
      env.DB.prepare(`${numbers(100)} INSERT INTO endpoints (id, owner_id, url, description, secret, created_at)
        SELECT 'ep_' || i, '${VIEWER}', 'https://r', '', 's', 0 FROM n`),
      env.DB.prepare(`${numbers(192)} INSERT INTO delivery_hours (${columns})
        SELECT ${NOW} + i * ${HOUR_MS}, endpoints.id, ${counts} FROM n CROSS JOIN endpoints`),
    ])
    const before = NOW + 3 * HOUR_MS
    expect(await forgetAttempts(env.DB, before, 200)).toBe(200)
    expect(await forgetAttempts(env.DB, before, 200)).toBe(100)
    const idle = countCosts(env.DB)
    expect(await forgetAttempts(idle.db, before, 200)).toBe(0)
    expect(idle.cost.rowsRead).toBeLessThanOrEqual(5 * 100 + 10)
    const left = await rows()
    expect(left).toHaveLength(100 * 189)
    expect(left.filter(({ hour = 0 }) => hour < before)).toEqual([])
  })
})

describe('Reading them', () => {
  const HOURS = 168
  const many = (table: string, columns: string, values: string, count: number) =>
    env.DB.prepare(`${numbers(count)} INSERT INTO ${table} (${columns}) SELECT ${values} FROM n`)

  it('reads a row for each hour, and at most a thousand of what waits or failed, whatever there is', async () => {
    await env.DB.batch([
      env.DB.prepare('DELETE FROM deliveries'),
      many('delivery_hours', columns, `${NOW} - i * ${HOUR_MS}, 'ep_a', ${counts}`, HOURS + 24),
      many('delivery_hours', columns, `${NOW} - i * ${HOUR_MS}, 'ep_b', ${counts}`, HOURS + 24),
      many(
        'deliveries',
        'endpoint_id, event_sequence, owner_id, state, due_at, created_at',
        `'ep_a', i, '${VIEWER}', iif(i % 2, 'pending', 'failed'), iif(i % 2, i, NULL), 0`,
        10_000,
      ),
    ])
    const { db, cost } = countCosts(env.DB)
    const read = await readStatistics(db, 'ep_a', NOW - (HOURS - 1) * HOUR_MS)
    expect(read.hours).toHaveLength(HOURS)
    expect(read.latency).toEqual([HOURS, ...LATENCY_PARTS.slice(1).map(() => 0)])
    expect(read.waiting).toEqual({ count: 1_000, isMore: true })
    expect(read.failed).toEqual({ count: 1_000, isMore: true })
    expect(cost.roundTrips).toBe(1)
    expect(cost.rowsRead).toBeLessThanOrEqual(HOURS + 2 * 1_001 + 5)
  })

  it('counts a thousand that wait as a thousand and no more', async () => {
    await env.DB.batch([
      env.DB.prepare('DELETE FROM deliveries'),
      many(
        'deliveries',
        'endpoint_id, event_sequence, owner_id, state, due_at, created_at',
        `'ep_a', i, '${VIEWER}', 'pending', 0, 0`,
        1_000,
      ),
    ])
    const read = await readStatistics(env.DB, 'ep_a', NOW)
    expect(read.waiting).toEqual({ count: 1_000, isMore: false })
    expect(read.failed).toEqual({ count: 0, isMore: false })
  })

  it('adds up the hours of the newest hundred of somebody’s endpoints, and of nobody else’s', async () => {
    await env.DB.batch([
      many(
        'endpoints',
        'id, owner_id, url, description, secret, created_at',
        `'ep_' || i, '${VIEWER}', 'https://r', '', 's', i + 1`,
        1_500,
      ),
      env.DB.prepare(
        `${numbers(HOURS)} INSERT INTO delivery_hours (${columns})
         SELECT ${NOW} - i * ${HOUR_MS}, id, ${counts} FROM endpoints CROSS JOIN n WHERE created_at > 1_000`,
      ),
    ])
    const { db, cost } = countCosts(env.DB)
    const since = NOW - (HOURS - 1) * HOUR_MS
    const [found] = await db.batch([attemptHoursStatement(db, VIEWER, since)])
    expect(found?.results).toHaveLength(HOURS)
    expect(found?.results).toContainEqual({ hour: NOW, delivered: 100, failed: 100 })
    expect(cost.rowsRead).toBeLessThanOrEqual(35_000)
    const [none] = await db.batch([attemptHoursStatement(db, 'usr_other', NOW)])
    expect(none?.results).toEqual([])
  })
})

describe('A percentile', () => {
  const histogram = (durations: readonly number[]) =>
    LATENCY_PARTS.map(
      ({ from, to }) => durations.filter((ms) => (ms > from || from === 0) && ms <= to).length,
    )

  it('of nothing is none', () => {
    expect(percentile(histogram([]), 0.5)).toBeNull()
  })

  it('is right to within the part of the histogram, and grows with the share', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.9, 0.99),
        (durations, share) => {
          const sorted = durations.toSorted((a, b) => a - b)
          const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0
          const part = LATENCY_PARTS.find(({ to }) => exact <= to)
          const told = percentile(histogram(durations), share)
          expect(told).toBeGreaterThanOrEqual(part?.from ?? Number.NaN)
          expect(told).toBeLessThanOrEqual(part?.to ?? Number.NaN)
          expect(percentile(histogram(durations), 1)).toBeGreaterThanOrEqual(told ?? Number.NaN)
        },
      ),
    )
  })

  it('lies in its part where the attempts before it leave it', () => {
    // Four of up to 10 ms, more than 5: the second of them is at the half.
    expect(percentile(histogram([6, 7, 8, 9]), 0.5)).toBe(7.5)
  })
})
