/** @module Events by the hour: what is shown is what a walk through the whole log would count, at each moment; and what that costs. */
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { countEvents, type EventHour, eventHoursStatement } from '../../src/db/event-hours.ts'
import { HOUR_MS, KEPT_MS, lastHours } from '../../src/db/hours.ts'
import { deleteUser } from '../../src/db/user-removal.ts'
import { numbers } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'
import { type LogRow, logRow, OTHER, setLog, VIEWER } from '../support/events.ts'

const DAY_MS = 24 * HOUR_MS
/** Any moment, in the middle of an hour. */
const NOW = 500_000 * HOUR_MS + HOUR_MS / 2
const WEEK = 168

async function shown(viewerId: string, now: number, hours = WEEK, db = env.DB): Promise<EventHour[]> {
  const [result] = await db.batch([eventHoursStatement(db, viewerId, lastHours(now, hours)[0] ?? 0)])
  // The rows have the shape of the statement.
  return inOrder((result?.results ?? []) as EventHour[])
}

/** What a walk through the log says: the model. */
function counted(log: readonly LogRow[], viewerId: string, now: number): EventHour[] {
  const since = lastHours(now, WEEK)[0] ?? 0
  const visible = log.filter(
    ({ ownerId, seenAt }) => (ownerId === null || ownerId === viewerId) && seenAt >= since,
  )
  const rows = Map.groupBy(
    visible,
    ({ seenAt, type }) => `${Math.floor(seenAt / HOUR_MS)} ${type.split('.')[0]}`,
  )
  return inOrder(
    Array.from(rows, ([key, { length: count }]) => {
      const [hour, kind = ''] = key.split(' ')
      return { hour: Number(hour) * HOUR_MS, kind, count }
    }),
  )
}

const inOrder = (rows: readonly EventHour[]) =>
  rows.toSorted((a, b) => a.hour - b.hour || a.kind.localeCompare(b.kind))

async function add(rows: readonly LogRow[]): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO events (sequence, id, type, instance, subject, owner_id, seen_at, poll_id, data)
     SELECT value ->> 'sequence', 'evt_' || (value ->> 'sequence'), value ->> 'type', 'h', 's',
       value ->> 'ownerId', value ->> 'seenAt', 'poll', '{}' FROM json_each(?)`,
  )
    .bind(JSON.stringify(rows))
    .run()
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

beforeEach(async () => {
  await setLog([])
  await env.DB.batch(['event_hours', 'rollups'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)))
})

type Step =
  | { kind: 'events'; events: { type: string; ownerId: string | null }[] }
  | { kind: 'time'; milliseconds: number }
  | { kind: 'tick' | 'two ticks at once' | 'a tick whose answer is lost' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('events' as const),
    events: fc.array(
      fc.record({
        type: fc.constantFrom('video.published', 'video.deleted', 'comment.created', 'notification.created'),
        ownerId: fc.constantFrom(null, null, VIEWER, OTHER),
      }),
      { maxLength: 8 },
    ),
  }),
  fc.record({
    kind: fc.constant('time' as const),
    milliseconds: fc.constantFrom(1, 60_000, HOUR_MS, DAY_MS, 3 * DAY_MS),
  }),
  fc.record({
    kind: fc.constantFrom(
      'tick' as const,
      'two ticks at once' as const,
      'a tick whose answer is lost' as const,
    ),
  }),
)

async function tick(kind: Step['kind'], now: number): Promise<void> {
  if (kind === 'tick') await countEvents(env.DB, now)
  if (kind === 'two ticks at once') await Promise.all([countEvents(env.DB, now), countEvents(env.DB, now)])
  if (kind === 'a tick whose answer is lost')
    await expect(countEvents(deaf, now)).rejects.toThrow('Network connection lost')
}

describe('Events by the hour', () => {
  it('are as a walk through the log counts them, whenever ticks come, meet, or are lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        await setLog([])
        await env.DB.batch(['event_hours', 'rollups'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)))
        const log: LogRow[] = []
        let now = NOW
        for (const one of steps) {
          if (one.kind === 'time') now += one.milliseconds
          else if (one.kind === 'events') {
            const rows = one.events.map((event, index) =>
              logRow({ ...event, sequence: log.length + index + 1, seenAt: now }),
            )
            await add(rows)
            log.push(...rows)
          } else await tick(one.kind, now)
          expect(await shown(VIEWER, now)).toEqual(counted(log, VIEWER, now))
          expect(await shown(OTHER, now)).toEqual(counted(log, OTHER, now))
        }
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  it('that are private count for their owner only, before they are rolled up and after', async () => {
    await add([logRow({ sequence: 1, ownerId: OTHER, seenAt: NOW })])
    const mine = [{ hour: NOW - HOUR_MS / 2, kind: 'video', count: 1 }]
    for (const isRolledUp of [false, true]) {
      if (isRolledUp) await countEvents(env.DB, NOW).then(() => countEvents(env.DB, NOW))
      expect(await shown(VIEWER, NOW)).toEqual([])
      expect(await shown('', NOW)).toEqual([])
      expect(await shown(OTHER, NOW)).toEqual(mine)
    }
  })

  it('go with their user', async () => {
    await add(
      [1, 2].map((sequence) => logRow({ sequence, ownerId: sequence === 1 ? OTHER : null, seenAt: NOW })),
    )
    await countEvents(env.DB, NOW).then(() => countEvents(env.DB, NOW))
    expect(await deleteUser(env.DB, OTHER)).toBe('deleted')
    const { results } = await env.DB.prepare('SELECT owner_id AS owner, count FROM event_hours').all()
    expect(results).toEqual([{ owner: '', count: 1 }])
  })

  it('are forgotten after eight days, and not before', async () => {
    await add([logRow({ sequence: 1, seenAt: NOW })])
    await countEvents(env.DB, NOW).then(() => countEvents(env.DB, NOW))
    const rows = () => env.DB.prepare('SELECT count(*) AS count FROM event_hours').first<number>('count')
    await countEvents(env.DB, NOW - HOUR_MS / 2 + KEPT_MS)
    expect(await rows()).toBe(1)
    await countEvents(env.DB, NOW - HOUR_MS / 2 + KEPT_MS + 1)
    expect(await rows()).toBe(0)
  })
})

describe('A log of 100,000 events', () => {
  const EVENTS = 100_000
  /** The youngest were seen now; 16 days are between the first and them. */
  const EVERY_MS = (16 * DAY_MS) / EVENTS
  beforeEach(async () => {
    await env.DB.prepare(
      `${numbers(EVENTS)} INSERT INTO events (sequence, id, type, instance, subject, owner_id, seen_at, poll_id, data)
       SELECT i + 1, 'evt_' || i, 'video.published', 'h', 's', iif(i % 10 = 0, '${OTHER}', NULL),
         CAST(${NOW} - (${EVENTS - 1} - i) * ${EVERY_MS} AS INTEGER), 'poll', '{}' FROM n`,
    ).run()
  })
  const total = (rows: readonly EventHour[]) => rows.reduce((sum, { count }) => sum + count, 0)

  it('that was there before it was counted is counted from eight days ago on, twenty thousand at a time', async () => {
    const begun = countCosts(env.DB)
    await countEvents(begun.db, NOW)
    expect(begun.cost.rowsRead).toBeLessThanOrEqual(200)
    // Until all is counted the newest hours are right already.
    expect((await shown(VIEWER, NOW, 1))[0]?.count).toBeGreaterThan(100)

    const first = countCosts(env.DB)
    await countEvents(first.db, NOW)
    expect(first.cost.roundTrips).toBe(1)
    expect(first.cost.rowsRead).toBeLessThanOrEqual(3 * 20_000)
    for (let ticks = 0; ticks < 2; ticks += 1) await countEvents(env.DB, NOW)
    const all = await env.DB.prepare('SELECT sum(count) AS count FROM event_hours').first<number>('count')
    // All of eight days, but for the hour in which they begin: that is older.
    expect(all).toBeGreaterThanOrEqual(EVENTS / 2 - HOUR_MS / EVERY_MS)
    expect(all).toBeLessThanOrEqual(EVENTS / 2)
    expect(total(await shown(OTHER, NOW))).toBeGreaterThan(total(await shown(VIEWER, NOW)))
  })

  it('is not read again by who looks, nor by a tick that finds nothing new', async () => {
    for (let ticks = 0; ticks < 5; ticks += 1) await countEvents(env.DB, NOW)
    const looked = countCosts(env.DB)
    expect(await shown(OTHER, NOW, 24, looked.db)).toHaveLength(24)
    expect(looked.cost.roundTrips).toBe(1)
    // A row for each hour, kind and owner, and what adding them up costs.
    expect(looked.cost.rowsRead).toBeLessThanOrEqual(4 * 48 + 10)
    const idle = countCosts(env.DB)
    await countEvents(idle.db, NOW)
    expect(idle.cost.rowsRead).toBeLessThanOrEqual(20)
    expect(idle.cost.rowsWritten).toBe(0)
  })
})
