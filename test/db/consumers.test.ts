/** @module Consumers in the database: who shares one takes turns, whatever happens between two statements. */
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { acknowledge, leaseNext, mayLease } from '../../src/db/consumer-leases.ts'
import {
  type Consumer,
  END,
  findConsumer,
  insertConsumer,
  listConsumers,
  seekConsumer,
  updateConsumer,
} from '../../src/db/consumers.ts'
import type { Filter } from '../../src/events/filter.ts'
import { entry, first, logged, numbers } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'
import { logRow, OTHER, setLog, VIEWER } from '../support/events.ts'
import { takingTurns } from '../support/turns.ts'

const NOW = 1_000_000
const LEASE_MS = 30_000
const FILTER: Filter = { types: ['video.*'] }

async function given(filter: Filter = FILTER, position = 0): Promise<Consumer> {
  await env.DB.prepare('DELETE FROM consumers').run()
  const made = await insertConsumer(
    env.DB,
    { id: 'csm_1', ownerId: VIEWER, name: 'c', filter, position, createdAt: 1 },
    entry('csm_1'),
  )
  if (typeof made === 'string') throw new Error(made)
  return made.consumer
}

let leases = 0
/** Reads as an API call does. @returns what it came to, the lease, and the sequences. */
async function read(
  db: D1Database,
  { worker = null, now = NOW, limit = 100 }: { worker?: string | null; now?: number; limit?: number } = {},
) {
  const consumer = await find(db)
  if (!mayLease(consumer, worker, now)) return { kind: 'taken' as const, sequences: [] }
  leases += 1
  const lease = { id: `lse_${leases}`, worker, until: now + LEASE_MS }
  const reading = await leaseNext(db, consumer, lease, { limit, now })
  const events = reading.kind === 'leased' ? reading.events : []
  return {
    ...reading,
    lease: lease.id,
    until: lease.until,
    sequences: events.map(({ sequence }) => sequence),
  }
}

async function find(db: D1Database = env.DB): Promise<Consumer> {
  const consumer = await findConsumer(db, VIEWER, 'c')
  if (!consumer) throw new Error('it is gone')
  return consumer
}

const ack = async (sequence: number, lease: string | null = null) =>
  (await acknowledge(env.DB, { ownerId: VIEWER, name: 'c' }, sequence, lease)).kind

/** Of every seven events one is another's, and one of a type that is not wanted. */
const row = (sequence: number) =>
  logRow({
    sequence,
    ...(sequence % 7 === 3 ? { ownerId: OTHER } : {}),
    ...(sequence % 7 === 5 ? { type: 'comment.created' } : {}),
  })
const isWanted = (sequence: number) => sequence % 7 !== 3 && sequence % 7 !== 5
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

describe('Workers of one consumer', () => {
  type Step =
    | { kind: 'read'; limit: number; then: 'all' | 'part' | 'nothing'; isSafe: boolean }
    | { kind: 'time'; milliseconds: number }
    | { kind: 'event' }
  const reading = (then: fc.Arbitrary<'all' | 'part' | 'nothing'>, isSafe: fc.Arbitrary<boolean>) =>
    fc.record({ kind: fc.constant('read' as const), limit: fc.integer({ min: 1, max: 4 }), then, isSafe })
  const event = fc.constant({ kind: 'event' as const })
  const time = fc.record({
    kind: fc.constant('time' as const),
    milliseconds: fc.constantFrom(1, 10_000, 31_000),
  })
  const scripts = (step: fc.Arbitrary<Step>) =>
    fc.array(fc.record({ isNamed: fc.boolean(), steps: fc.array(step, { maxLength: 6 }) }), {
      minLength: 2,
      maxLength: 4,
    })

  /** More than there are of in all scripts: an event may be seen before whoever stored it goes on. */
  const MOST_EVENTS = 30

  /** Runs scripts side by side, then all that is left by one more worker. @returns how often each event was given. */
  async function play(
    workers: { isNamed: boolean; steps: Step[] }[],
    choices: readonly number[],
  ): Promise<Map<number, number>> {
    await setLog(upTo(12).map(row))
    await given()
    let last = 12
    let now = NOW
    let chosen = 0
    let acknowledged = 0
    let holder: { who: string; until: number } | null = null
    const times = new Map<number, number>()
    const take = (who: string, until: number, sequences: readonly number[]) => {
      // Nobody else has it at this time.
      if (holder && holder.until > now) expect(holder.who).toBe(who)
      // What comes next, in order, and nothing left out.
      const next = upTo(last + MOST_EVENTS).filter((one) => one > acknowledged && isWanted(one))
      expect(sequences).toEqual(next.slice(0, sequences.length))
      holder = { who, until }
      for (const sequence of sequences) times.set(sequence, (times.get(sequence) ?? 0) + 1)
    }
    const { db, run } = takingTurns(env.DB, (waiting) => (choices[chosen++ % choices.length] ?? 0) % waiting)
    await run(
      workers.map(({ isNamed, steps }, index) => async () => {
        for (const step of steps) {
          if (step.kind === 'time') now += step.milliseconds
          if (step.kind === 'event') {
            // Its sequence is given with the commit, as a poll's: never is one there before those below it.
            await db
              .prepare(
                `INSERT INTO events (sequence, id, type, instance, subject, owner_id, seen_at, poll_id, data)
                 SELECT s, 'evt_' || s, iif(s % 7 = 5, 'comment.created', 'video.published'), 'a.example', 's',
                   iif(s % 7 = 3, ?, NULL), 0, 'poll', '{}' FROM (SELECT max(sequence) + 1 AS s FROM events)`,
              )
              .bind(OTHER)
              .run()
            last += 1
          }
          if (step.kind !== 'read') continue
          const worker = isNamed ? `worker ${index}` : null
          const taken = await read(db, { worker, now, limit: step.limit })
          if (taken.kind !== 'leased') continue
          take(worker ?? taken.lease, taken.until, taken.sequences)
          const sequence = taken.sequences.at(step.then === 'part' ? 0 : -1) ?? 0
          if (step.then === 'nothing') continue
          const lease = step.isSafe ? taken.lease : null
          const done = await acknowledge(db, { ownerId: VIEWER, name: 'c' }, sequence, lease)
          if (done.kind !== 'done') continue
          acknowledged = Math.max(acknowledged, sequence)
          // Over for whoever had it: the cursor says so.
          if (done.consumer.leaseId === null) holder = null
        }
      }),
    )
    now += 100_000
    for (;;) {
      const taken = await read(env.DB, { now })
      if (taken.kind !== 'leased') break
      take(taken.lease, taken.until, taken.sequences)
      acknowledged = taken.sequences.at(-1) ?? 0
      expect(await ack(acknowledged, taken.lease)).toBe('done')
      holder = null
    }
    expect([...times.keys()].toSorted((a, b) => a - b)).toEqual(upTo(last).filter(isWanted))
    return times
  }
  const choices = fc.array(fc.nat(11), { minLength: 1, maxLength: 40 })

  it('are given every event at least once, in order, and none that another has, whoever of them dies', async () => {
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 5, arbitrary: reading(fc.constantFrom('all', 'part', 'nothing'), fc.boolean()) },
      { weight: 2, arbitrary: time },
      { weight: 1, arbitrary: event },
    )
    await fc.assert(
      fc.asyncProperty(scripts(step), choices, async (workers, order) => {
        await play(workers, order)
      }),
      { numRuns: 60 },
    )
  })

  it('are given every event exactly once while none of them dies or is late', async () => {
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 5, arbitrary: reading(fc.constant('all'), fc.boolean()) },
      { weight: 1, arbitrary: event },
    )
    await fc.assert(
      fc.asyncProperty(scripts(step), choices, async (workers, order) => {
        const times = await play(workers, order)
        expect([...times.values()].every((count) => count === 1)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })
})

describe('A lease', () => {
  beforeEach(async () => {
    await setLog(upTo(20).map((sequence) => logRow({ sequence })))
    await given()
  })

  it('is one worker’s until its time is over to the millisecond, then the next one’s', async () => {
    expect(await read(env.DB, { worker: 'a', limit: 3 })).toMatchObject({ sequences: [1, 2, 3], more: true })
    expect(await read(env.DB, { worker: 'b', now: NOW + LEASE_MS - 1 })).toMatchObject({ kind: 'taken' })
    expect(await read(env.DB, { worker: 'b', now: NOW + LEASE_MS, limit: 2 })).toMatchObject({
      sequences: [1, 2],
    })
    expect(await read(env.DB, { worker: 'a', now: NOW + LEASE_MS })).toMatchObject({ kind: 'taken' })
  })

  it('is given again to who says the name of its holder: the same, whatever the limit, for a new time', async () => {
    const one = await read(env.DB, { worker: 'a', limit: 3 })
    const again = await read(env.DB, { worker: 'a', limit: 1, now: NOW + 20_000 })
    expect(again.sequences).toEqual(one.sequences)
    expect(await find()).toMatchObject({ leasedUntil: NOW + 20_000 + LEASE_MS, leasedSequence: 3 })
    // The lease of before is over: who died can't speak for who came after him.
    expect(await ack(3, 'lease' in one ? one.lease : null)).toBe('lost')
    expect(await ack(2, 'lease' in again ? again.lease : null)).toBe('done')
    expect((await read(env.DB, { worker: 'a', limit: 50 })).sequences).toEqual([3])
  })

  it('is given again to nobody without a name', async () => {
    await read(env.DB)
    expect(await read(env.DB)).toMatchObject({ kind: 'taken' })
  })

  it('of what lay behind many pages is given again whole', async () => {
    const rare = [1, 100, 1_900, 2_000].map((sequence) =>
      logRow({ sequence, subject: 'x', data: video('wanted') }),
    )
    const rest = upTo(2_200).filter((sequence) => ![1, 100, 1_900, 2_000].includes(sequence))
    await setLog([...rare, ...rest.map((sequence) => logRow({ sequence, data: video('other') }))])
    await given({ tags: ['wanted'] }, 1)
    expect((await read(env.DB, { worker: 'a', limit: 1 })).sequences).toEqual([100])
    await ack(100)
    const one = await read(env.DB, { worker: 'a', limit: 10 })
    expect(one.sequences).toEqual([1_900, 2_000])
    expect((await read(env.DB, { worker: 'a', limit: 10 })).sequences).toEqual(one.sequences)
  })

  it('outlives a change of the filter; who asks again is given what fits now', async () => {
    const one = await read(env.DB, { worker: 'a', limit: 3 })
    await updateConsumer(env.DB, await find(), { types: ['comment.*'] }, NOW, entry('x'))
    expect(await read(env.DB, { worker: 'a' })).toMatchObject({ kind: 'nothing' })
    expect(await ack(3, 'lease' in one ? one.lease : null)).toBe('done')
  })

  it('is not taken by who read the consumer before its filter was changed, or its cursor moved', async () => {
    const before = await find()
    await updateConsumer(env.DB, before, { types: ['comment.*'] }, NOW, entry('x'))
    const lease = { id: 'lse_late', worker: null, until: NOW + LEASE_MS }
    expect(await leaseNext(env.DB, before, lease, { limit: 5, now: NOW })).toEqual({ kind: 'changed' })
    const changed = await find()
    await seekConsumer(env.DB, changed, 5, NOW, entry('x'))
    await seekConsumer(env.DB, changed, 0, NOW, entry('x'))
    const asBefore = { ...changed, filter: FILTER }
    expect(await leaseNext(env.DB, asBefore, lease, { limit: 5, now: NOW })).toEqual({ kind: 'changed' })
    expect(await find()).toMatchObject({ leaseId: null })
  })

  it('is not taken for who is blocked meanwhile', async () => {
    const consumer = await find()
    await env.DB.prepare('UPDATE users SET blocked_at = 1 WHERE id = ?').bind(VIEWER).run()
    const lease = { id: 'lse_1', worker: null, until: NOW + LEASE_MS }
    expect(await leaseNext(env.DB, consumer, lease, { limit: 5, now: NOW })).toEqual({ kind: 'changed' })
    const asOperator = { limit: 5, now: NOW, evenShutOut: true }
    expect(await leaseNext(env.DB, consumer, lease, asOperator)).toMatchObject({ kind: 'leased' })
    await env.DB.prepare('UPDATE users SET blocked_at = NULL').run()
  })
})

describe('An acknowledgement', () => {
  beforeEach(async () => {
    await setLog(upTo(20).map((sequence) => logRow({ sequence })))
    await given()
  })

  it('of a part moves the cursor and leaves the lease; of all ends it; twice is as once', async () => {
    const { lease } = await leased({ limit: 4 })
    expect(await ack(2, lease)).toBe('done')
    expect(await find()).toMatchObject({ position: 2, leaseId: lease, leasedSequence: 4 })
    expect(await ack(4, lease)).toBe('done')
    expect(await find()).toMatchObject({ position: 4, leaseId: null, leasedUntil: 0, leasedSequence: 0 })
    expect(await ack(4, lease)).toBe('done')
    expect(await ack(1, lease)).toBe('done')
    expect(await find()).toMatchObject({ position: 4 })
  })

  it('of what was never handed out moves nothing', async () => {
    expect(await ack(1)).toBe('never')
    const { lease } = await leased({ limit: 4 })
    expect(await ack(5, lease)).toBe('never')
    expect(await ack(5)).toBe('never')
    expect(await ack(Number.MAX_SAFE_INTEGER, lease)).toBe('never')
    expect(await find()).toMatchObject({ position: 0, leaseId: lease })
  })

  it('that is late counts until somebody else has the lease', async () => {
    const { lease } = await leased({ limit: 4 })
    const late = await leased({ limit: 2, now: NOW + LEASE_MS })
    expect(await ack(4, lease)).toBe('lost')
    expect(await ack(2, lease)).toBe('lost')
    expect(await ack(2, late.lease)).toBe('done')
    // It is done, whoever did it.
    expect(await ack(2, lease)).toBe('done')
    const alone = await leased({ limit: 3 })
    expect(await ack(5, alone.lease)).toBe('done')
  })

  it('after the cursor was moved back by hand is in vain', async () => {
    const { lease } = await leased({ limit: 4 })
    await seekConsumer(env.DB, await find(), 0, NOW, entry('x'))
    expect(await ack(4, lease)).toBe('lost')
    expect(await ack(4)).toBe('never')
    expect((await leased({ limit: 1 })).sequences).toEqual([1])
  })

  it('and a move at once are one after the other', async () => {
    const { lease } = await leased({ limit: 4 })
    const consumer = await find()
    await Promise.all([ack(4, lease), seekConsumer(env.DB, consumer, 2, NOW, entry('x'))])
    expect(await find()).toMatchObject({ position: 2, leaseId: null })
    await Promise.all([seekConsumer(env.DB, consumer, 10, NOW, entry('x')), ack(2, lease)])
    expect(await find()).toMatchObject({ position: 10, leaseId: null })
  })

  it('is for the consumer of one owner', async () => {
    const { lease } = await leased({ limit: 4 })
    expect(await acknowledge(env.DB, { ownerId: OTHER, name: 'c' }, 4, lease)).toEqual({ kind: 'missing' })
    expect(await find()).toMatchObject({ position: 0 })
  })
})

async function leased(how: { limit: number; now?: number }) {
  const taken = await read(env.DB, how)
  if (taken.kind !== 'leased') throw new Error(taken.kind)
  return taken
}

const video = (tag: string) => JSON.stringify({ video: { tags: [tag] } })

describe('A cursor', () => {
  it('is moved past what nobody wants, when that is much', async () => {
    await setLog(upTo(499).map((sequence) => logRow({ sequence, type: 'comment.created' })))
    await given()
    expect(await read(env.DB)).toMatchObject({ kind: 'nothing', more: false })
    expect(await find()).toMatchObject({ position: 0, newest: 499 })
    await setLog(upTo(500).map((sequence) => logRow({ sequence, type: 'comment.created' })))
    await read(env.DB)
    expect(await find()).toMatchObject({ position: 500, newest: 500, leaseId: null })
  })

  it('is moved by each read as far as that looked, for what is wanted once in a blue moon', async () => {
    await env.DB.batch([
      env.DB.prepare('DELETE FROM events'),
      env.DB.prepare(
        `${numbers(12_000)} INSERT INTO events (sequence, id, type, instance, subject, seen_at, poll_id, data)
         SELECT i + 1, 'evt_' || i, 'video.published', 'a.example', 's', 0, 'poll', ? FROM n`,
      ).bind(video('other')),
    ])
    await given({ tags: ['wanted'] })
    expect(await read(env.DB, { limit: 10 })).toMatchObject({ kind: 'nothing', more: true })
    const { position } = await find()
    expect(position).toBe(10 + 9 * 500)
    for (const more of [true, false]) expect(await read(env.DB)).toMatchObject({ kind: 'nothing', more })
    expect(await find()).toMatchObject({ position: 12_000 })
  })

  it('is not moved by who looked while somebody else moved it back, or took what is there', async () => {
    await setLog(upTo(600).map((sequence) => logRow({ sequence, type: 'comment.created' })))
    const before = await given({ types: ['video.*'] }, 50)
    await seekConsumer(env.DB, before, 10, NOW, entry('x'))
    await leaseNext(env.DB, before, { id: 'lse_1', worker: null, until: NOW }, { limit: 1, now: NOW })
    expect(await find()).toMatchObject({ position: 10 })
  })

  it('begins, and is moved, no further than the end of the log', async () => {
    await setLog(upTo(9).map((sequence) => logRow({ sequence })))
    expect(await given(FILTER, END)).toMatchObject({ position: 9, newest: 9 })
    expect(await given(FILTER, 4)).toMatchObject({ position: 4 })
    expect(await seekConsumer(env.DB, await find(), 1e15, NOW, entry('x'))).toMatchObject({
      position: 9,
      revision: 1,
      updatedAt: NOW,
    })
    await setLog([])
    expect(await given(FILTER, END)).toMatchObject({ position: 0, newest: 0 })
  })
})

describe('Making a consumer', () => {
  it('of a name that there is stores nothing, says nothing in the audit log, and gives the one that there is', async () => {
    await setLog([])
    await given()
    const another = { id: 'csm_2', ownerId: VIEWER, name: 'c', filter: {}, position: 0, createdAt: 5 }
    expect(await insertConsumer(env.DB, another, entry('csm_2'), { most: 1 })).toMatchObject({
      isMade: false,
      consumer: { id: 'csm_1', filter: FILTER },
    })
    expect(await logged('csm_2')).toEqual([])
    expect(await insertConsumer(env.DB, { ...another, name: 'd' }, entry('x'), { most: 1 })).toBe('full')
    // Another owner has names of his own.
    expect(await insertConsumer(env.DB, { ...another, ownerId: OTHER }, entry('x'))).toMatchObject({
      isMade: true,
    })
    expect(await insertConsumer(env.DB, { ...another, ownerId: 'usr_no' }, entry('x'))).toBe('owner-shut-out')
    expect((await listConsumers(env.DB, null, { start: 0, count: 9, sort: 'createdAt' })).total).toBe(2)
  })

  it('twenty times at once makes one', async () => {
    await env.DB.prepare('DELETE FROM consumers').run()
    const made = await Promise.all(
      upTo(20).map((index) =>
        insertConsumer(
          env.DB,
          { id: `csm_${index}`, ownerId: VIEWER, name: 'c', filter: {}, position: 0, createdAt: 1 },
          entry('x'),
        ),
      ),
    )
    expect(made.filter((one) => typeof one !== 'string' && one.isMade)).toHaveLength(1)
    expect(await first('SELECT count(*) AS count FROM consumers')).toEqual({ count: 1 })
  })
})

describe('Of 20,000 events', () => {
  const ROWS = 20_000

  beforeEach(async () => {
    await env.DB.batch([
      env.DB.prepare('DELETE FROM events'),
      env.DB.prepare(
        `${numbers(ROWS)} INSERT INTO events (sequence, id, type, instance, subject, owner_id, seen_at, poll_id, data)
         SELECT i + 1, 'evt_' || i, 'video.published', 'a.example', 's', iif(i % 2, NULL, '${OTHER}'), 0, 'poll', '{}' FROM n`,
      ),
    ])
  })

  it('a read reads those that it gives and a few, and writes one row; an acknowledgement reads and writes one', async () => {
    await given(FILTER, 10_000)
    const { db, cost } = countCosts(env.DB)
    const taken = await read(db, { limit: 50 })
    expect(taken.sequences).toHaveLength(50)
    // The consumer itself is found by `first`, which tells no cost.
    expect(cost.rowsRead).toBeLessThanOrEqual(3 * 50 + 10)
    expect(cost.rowsWritten).toBe(1)
    const acked = countCosts(env.DB)
    await acknowledge(acked.db, { ownerId: VIEWER, name: 'c' }, taken.sequences.at(-1) ?? 0, null)
    expect(acked.cost).toEqual({ roundTrips: 1, rowsRead: expect.any(Number), rowsWritten: 1 })
    expect(acked.cost.rowsRead).toBeLessThanOrEqual(6)
  })

  it('a read that finds nothing writes nothing', async () => {
    await given(FILTER, END)
    const { db, cost } = countCosts(env.DB)
    expect(await read(db)).toMatchObject({ kind: 'nothing', more: false })
    expect(cost).toEqual({ roundTrips: 0, rowsRead: 0, rowsWritten: 0 })
    // Of what nobody wants there is more: a look along the index of each type, of everybody's events and his own.
    await given({ types: ['comment.created', 'comment.deleted'] }, ROWS - 400)
    expect(await read(db)).toMatchObject({ kind: 'nothing', more: false })
    expect(cost).toEqual({ roundTrips: 1, rowsRead: expect.any(Number), rowsWritten: 0 })
    expect(cost.rowsRead).toBeLessThanOrEqual(6)
  })
})
