/** @module Replays: everything that is wanted is asked for once, whatever dies; never much at a time, and what is new goes first. */
import { createMessageBatch } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { dueDeliveries } from '../../src/db/deliveries.ts'
import { cancelReplay, findReplay, insertReplay, type Replay } from '../../src/db/replays.ts'
import { insertSubscription } from '../../src/db/subscriptions.ts'
import { exampleOf } from '../../src/events/catalogue.ts'
import type { Filter } from '../../src/events/filter.ts'
import { DELIVERY_QUEUE } from '../../src/workers/messages.ts'
import { handleDeliveries } from '../../src/workers/queues.ts'
import { runReplay } from '../../src/workers/replay.ts'
import { schedule } from '../../src/workers/schedule.ts'
import { type LogRow, logRow, OTHER, setLog, VIEWER } from '../support/events.ts'
import {
  breakDatabase,
  control,
  count,
  deliverAll,
  deliveriesOf,
  subscribe,
  type Tubewire,
  testDeps,
} from '../support/harness.ts'

const DATA = JSON.stringify(exampleOf('video.published').data)
const NOBODY = 'http://127.0.0.1:1/'
const audit = (target: string) => ({
  at: 0,
  userId: VIEWER,
  username: null,
  via: 'admin-key',
  address: '',
  action: 'test',
  target,
  success: true,
  requestId: '',
})

let tubewire: Tubewire
let replays = 0
beforeEach(async () => {
  tubewire = testDeps()
  await env.DB.prepare('DELETE FROM endpoints').run()
})

/** Public events of videos. */
const videos = (sequences: readonly number[]): LogRow[] =>
  sequences.map((sequence) => logRow({ sequence, data: DATA, seenAt: sequence }))
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

/** Begins a replay. Without a kind: of the whole log. */
async function begin(endpointId: string, more: Partial<Replay> = {}): Promise<Replay> {
  replays += 1
  const replay = await insertReplay(
    env.DB,
    {
      id: `rpl_${replays}`,
      ownerId: VIEWER,
      endpointId,
      kind: 'events',
      afterSequence: 0,
      lastSequence: 1_000_000,
      since: null,
      filter: null,
      createdAt: tubewire.deps.clock(),
      ...more,
    },
    audit(`rpl_${replays}`),
  )
  if (!replay) throw new Error('another one is running')
  return replay
}

/** Goes on with replays as their messages say, until none is left. @returns how many messages there were. */
async function work(): Promise<number> {
  const { sent } = tubewire.deliveryQueue
  let messages = 0
  for (let index = 0; index < sent.length && index < 1_000; index += 1) {
    const { body, delaySeconds } = sent[index] ?? { body: { endpoints: [] }, delaySeconds: 0 }
    if (!body.replay) continue
    tubewire.advance(delaySeconds * 1_000)
    messages += 1
    await runReplay(tubewire.deps, body.replay)
  }
  sent.splice(0)
  return messages
}

async function now({ endpointId, id }: Replay): Promise<Replay> {
  const replay = await findReplay(env.DB, endpointId, id)
  if (!replay) throw new Error('it is gone')
  return replay
}

/** What is owed to an endpoint, by the sequences. */
async function owedTo(endpointId: string): Promise<Record<string, unknown>[]> {
  const { results } = await env.DB.prepare(
    `SELECT event_sequence AS sequence, state, due_at AS dueAt, attempts, attempts_before AS before, replay_id AS replay,
       order_key AS orderKey
     FROM deliveries WHERE endpoint_id = ? ORDER BY event_sequence`,
  )
    .bind(endpointId)
    .all()
  return results
}
const sequencesOf = async (endpointId: string) => (await owedTo(endpointId)).map(({ sequence }) => sequence)

/** Puts deliveries of an endpoint there. */
async function put(endpointId: string, sequences: readonly number[], state: string, createdAt = 0) {
  const tried = state === 'pending' ? 0 : 2
  await env.DB.prepare(
    `INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, attempts, due_at, created_at, finished_at,
       started_at, duration_ms, status, error)
     SELECT ?1, value, ?2, ?3, ?4, iif(?3 = 'pending', 0, NULL), ?5, iif(?3 = 'pending', NULL, 9),
       iif(?3 = 'pending', NULL, 8), 1, iif(?3 = 'delivered', 204, 500), iif(?3 = 'delivered', NULL, 'no')
     FROM json_each(?6)`,
  )
    .bind(endpointId, VIEWER, state, tried, createdAt, JSON.stringify(sequences))
    .run()
}

/** As if the deliverer had been there. */
async function deliverAllPending(endpointId: string) {
  await env.DB.prepare(
    `UPDATE deliveries SET state = 'delivered', due_at = NULL, attempts = attempts + 1
     WHERE endpoint_id = ? AND state = 'pending'`,
  )
    .bind(endpointId)
    .run()
}

/** Something happens before the database does a batch, counted from now on. */
function beforeBatch(which: number, happens: () => Promise<unknown>) {
  let batches = 0
  tubewire.deps.env.DB = new Proxy(tubewire.deps.env.DB, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (name !== 'batch') return typeof value === 'function' ? value.bind(target) : value
      return async (statements: D1PreparedStatement[]) => {
        batches += 1
        if (batches === which) await happens()
        return target.batch(statements)
      }
    },
  })
}

async function resubscribe(endpointId: string, filters: readonly Filter[]) {
  await env.DB.prepare('DELETE FROM subscriptions WHERE endpoint_id = ?').bind(endpointId).run()
  for (const [index, filter] of filters.entries()) {
    const id = `sub_${endpointId}_${index}`
    await insertSubscription(env.DB, { id, endpointId, filter, createdAt: 0 }, VIEWER, audit(id))
  }
}

describe('A replay of events', () => {
  it('asks for what is public and the owner’s own, but for what is about the endpoint, behind what is new', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await setLog([
      ...videos([1, 2]),
      logRow({ sequence: 3, ownerId: VIEWER, data: DATA }),
      logRow({ sequence: 4, ownerId: OTHER, data: DATA }),
      logRow({ sequence: 5, type: 'endpoint.disabled', subject: endpoint.id, ownerId: VIEWER }),
      logRow({ sequence: 6, type: 'endpoint.disabled', subject: 'ep_another', ownerId: VIEWER }),
    ])
    const replay = await begin(endpoint.id)
    await runReplay(tubewire.deps, replay)
    expect(await owedTo(endpoint.id)).toEqual(
      [1, 2, 3, 6].map((sequence) => ({
        sequence,
        state: 'pending',
        dueAt: 1,
        attempts: 0,
        before: 0,
        replay: replay.id,
        orderKey: null,
      })),
    )
    expect(tubewire.deliveryQueue.sent).toContainEqual({
      body: { endpoints: [endpoint.id] },
      delaySeconds: 0,
    })
  })

  it('asks for what fits any subscription, or the filter of its own instead', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await setLog(
      ['a', 'b', 'c'].flatMap((instance, index) => [
        logRow({ sequence: index * 2 + 1, instance, data: DATA }),
        logRow({ sequence: index * 2 + 2, instance, data: DATA, type: 'video.deleted' }),
      ]),
    )
    await resubscribe(endpoint.id, [
      { instances: ['a'] },
      { types: ['video.deleted'], instances: ['a', 'b'] },
    ])
    await begin(endpoint.id).then((replay) => runReplay(tubewire.deps, replay))
    expect(await sequencesOf(endpoint.id)).toEqual([1, 2, 4])
    await work()

    const other = await subscribe(NOBODY, tubewire.deps)
    await resubscribe(other.id, [])
    const filter = JSON.stringify({ instances: ['c'] })
    await begin(other.id, { filter }).then((replay) => runReplay(tubewire.deps, replay))
    expect(await sequencesOf(other.id)).toEqual([5, 6])
    await work()

    const third = await subscribe(NOBODY, tubewire.deps)
    await resubscribe(third.id, [])
    await begin(third.id).then((replay) => runReplay(tubewire.deps, replay))
    expect(await sequencesOf(third.id)).toEqual([])
  })

  it('keeps to its span, and to what was seen since', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await setLog(videos(upTo(9)))
    const replay = await begin(endpoint.id, { afterSequence: 2, lastSequence: 7, since: 5 })
    await runReplay(tubewire.deps, replay)
    expect(await sequencesOf(endpoint.id)).toEqual([5, 6, 7])
    await work()
    expect(await now(replay)).toMatchObject({ state: 'done', position: 7, asked: 3 })
  })

  it('begins anew what is over, keeps its last attempt, and leaves alone what is pending', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await setLog(videos([1, 2, 3, 4]))
    await put(endpoint.id, [1], 'delivered')
    await put(endpoint.id, [2], 'failed')
    await put(endpoint.id, [3], 'pending')
    const replay = await begin(endpoint.id)
    await runReplay(tubewire.deps, replay)
    expect(await owedTo(endpoint.id)).toMatchObject([
      { state: 'pending', dueAt: 1, attempts: 2, before: 2, replay: replay.id },
      { state: 'pending', dueAt: 1, attempts: 2, before: 2, replay: replay.id },
      { state: 'pending', dueAt: 0, attempts: 0, before: 0, replay: null },
      { state: 'pending', dueAt: 1, attempts: 0, before: 0, replay: replay.id },
    ])
    const { results } = await env.DB.prepare(
      'SELECT event_sequence AS sequence, number, status, error FROM attempts WHERE endpoint_id = ? ORDER BY 1',
    )
      .bind(endpoint.id)
      .all()
    expect(results).toEqual([
      { sequence: 1, number: 2, status: 204, error: null },
      { sequence: 2, number: 2, status: 500, error: 'no' },
    ])
    expect((await now(replay)).asked).toBe(3)
  })

  it('lets what is new go first', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await setLog(videos([1, 2, 3]))
    await put(endpoint.id, [3], 'pending')
    await runReplay(tubewire.deps, await begin(endpoint.id))
    const { deliveries } = await dueDeliveries(env.DB, [endpoint.id], 1, tubewire.deps.clock())
    expect(deliveries.map(({ sequence }) => sequence)).toEqual([3])
  })

  it('gives what is ordered by subject its order', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await env.DB.prepare("UPDATE endpoints SET ordering = 'subject' WHERE id = ?").bind(endpoint.id).run()
    await setLog(videos([1]))
    await runReplay(tubewire.deps, await begin(endpoint.id))
    const { uuid } = JSON.parse(DATA).video
    expect(await owedTo(endpoint.id)).toMatchObject([{ orderKey: `video:${uuid}` }])
  })

  it('is delivered to the end, each event once', async () => {
    const receiver = await control.receiver()
    const endpoint = await subscribe(receiver.url, tubewire.deps)
    await setLog(videos(upTo(1_200)))
    const replay = await begin(endpoint.id)
    tubewire.deliveryQueue.sent.push({ body: { endpoints: [], replay }, delaySeconds: 0 })
    for (let rounds = 0; rounds < 5 && (await now(replay)).state === 'running'; rounds += 1) {
      const { sent } = tubewire.deliveryQueue
      const step = sent.findLast((one) => one.body.replay)?.body.replay
      sent.splice(0)
      if (step) await runReplay(tubewire.deps, step)
      // What the replay has left to do is its own message.
      const own = sent.filter((one) => one.body.replay)
      await deliverAll(tubewire.deps, [endpoint.id])
      sent.splice(0, sent.length, ...own)
    }
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await now(replay)).toMatchObject({ state: 'done', asked: 1_200 })
    expect(await receiver.count()).toBe(1_200)
  }, 60_000)
})

describe('A long replay', () => {
  it('has a thousand deliveries pending at most, and goes on when they are worked off', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await setLog(videos(upTo(2_600)))
    const replay = await begin(endpoint.id)
    await runReplay(tubewire.deps, replay)
    expect(await now(replay)).toMatchObject({ state: 'running', position: 1_000, asked: 1_000, revision: 2 })
    // It looks again by itself, ever more seldom, and then leaves that to the ticks.
    const looks = await work()
    expect(looks).toBeGreaterThan(5)
    expect(looks).toBeLessThan(30)
    expect(await deliveriesOf(endpoint.id)).toHaveLength(1_000)

    const pending = 'SELECT count(*) AS count FROM deliveries WHERE endpoint_id = ? AND state = ?'
    for (let ticks = 0; ticks < 5; ticks += 1) {
      await deliverAllPending(endpoint.id)
      tubewire.advance(60_000)
      await schedule(tubewire.deps)
      await work()
      expect(await count(pending, endpoint.id, 'pending')).toBeLessThanOrEqual(1_000)
    }
    expect(await now(replay)).toMatchObject({ state: 'done', position: 1_000_000, asked: 2_600 })
    expect(await sequencesOf(endpoint.id)).toEqual(upTo(2_600))
  })

  it('of little that is wanted goes on by itself, a few pages a message', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await setLog(videos(upTo(5_000)))
    const replay = await begin(endpoint.id, { filter: JSON.stringify({ instances: ['nowhere'] }) })
    await runReplay(tubewire.deps, replay)
    expect(await now(replay)).toMatchObject({ state: 'running', position: 2_000 })
    expect(tubewire.deliveryQueue.sent).toEqual([
      { body: { endpoints: [], replay: { id: replay.id, revision: 4 } }, delaySeconds: 0 },
    ])
    await work()
    expect(await now(replay)).toMatchObject({ state: 'done', asked: 0 })
  })

  it('of long events takes fewer of them at a time, and all of them', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await setLog(videos(upTo(200)))
    await env.DB.prepare("UPDATE events SET data = json_object('text', printf('%.*c', 50000, 'x'))").run()
    const replay = await begin(endpoint.id)
    await runReplay(tubewire.deps, replay)
    expect((await now(replay)).revision).toBeGreaterThan(2)
    await work()
    expect(await sequencesOf(endpoint.id)).toEqual(upTo(200))
  })

  it.each(['paused_at', 'disabled_at'])(
    'is not looked at but by ticks while its endpoint has %s',
    async (column) => {
      const endpoint = await subscribe(NOBODY, tubewire.deps)
      await env.DB.prepare(`UPDATE endpoints SET ${column} = 1 WHERE id = ?`).bind(endpoint.id).run()
      await setLog(videos(upTo(1_600)))
      await runReplay(tubewire.deps, await begin(endpoint.id))
      expect(await work()).toBe(0)
      expect(await deliveriesOf(endpoint.id)).toHaveLength(1_000)
    },
  )

  it('is woken by a tick only when nobody has gone on with it for a period', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await setLog(videos([1]))
    const replay = await begin(endpoint.id)
    const woken = () => tubewire.deliveryQueue.sent.flatMap(({ body }) => body.replay ?? [])
    tubewire.advance(59_999)
    await schedule(tubewire.deps)
    expect(woken()).toEqual([])
    tubewire.advance(1)
    await schedule(tubewire.deps)
    expect(woken()).toEqual([{ id: replay.id, revision: 0 }])
  })
})

describe('Nothing is lost and nothing doubled', () => {
  /** All was asked for, once. */
  async function expectWhole(replay: Replay, failures: number) {
    expect(await now(replay), `after ${failures}`).toMatchObject({ state: 'done', asked: 900 })
    const owed = await owedTo(replay.endpointId)
    expect(owed.map(({ sequence }) => sequence)).toEqual(upTo(900))
    expect(owed.every(({ state, attempts, before }) => state === 'pending' && attempts === before)).toBe(true)
  }

  async function world(kind: Replay['kind']): Promise<Replay> {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await setLog(videos(upTo(900)))
    await put(endpoint.id, kind === 'failed' ? upTo(900) : upTo(300), 'failed', 5)
    return begin(endpoint.id, { kind, since: kind === 'failed' ? 1 : null, lastSequence: 900 })
  }

  it.each([
    ['events', 'before'],
    ['events', 'after'],
    ['failed', 'before'],
    ['failed', 'after'],
  ] as const)('when the database breaks at any batch: %s, %s it is done', async (kind, when) => {
    // Of each page one batch reads, and one writes.
    for (let spared = 0; spared < 5; spared += 1) {
      const replay = await world(kind)
      const { DB } = tubewire.deps.env
      breakDatabase(tubewire, 'batch', 1, when, spared)
      await runReplay(tubewire.deps, replay).catch(() => undefined)
      tubewire.deps.env.DB = DB
      tubewire.deliveryQueue.sent.splice(0)
      for (let ticks = 0; ticks < 3; ticks += 1) {
        tubewire.advance(60_000)
        await schedule(tubewire.deps)
        await work()
      }
      await expectWhole(replay, spared)
    }
  })

  it('when messages are doubled, late and at once', async () => {
    const replay = await world('events')
    await Promise.all([1, 2, 3, 4].map(() => runReplay(tubewire.deps, replay)))
    await work()
    await runReplay(tubewire.deps, replay)
    await runReplay(tubewire.deps, { ...replay, revision: 1 })
    await expectWhole(replay, 0)
  })

  it('when a message comes that is of another step: it does nothing, and is not passed on', async () => {
    const replay = await world('events')
    await runReplay(tubewire.deps, { ...replay, revision: 1 })
    expect(await now(replay)).toMatchObject({ position: 0, asked: 0, revision: 0 })
    expect(tubewire.deliveryQueue.sent).toEqual([])
  })

  it('when another run was quicker, and what it asked for is delivered already', async () => {
    for (const kind of ['events', 'failed'] as const) {
      const replay = await world(kind)
      beforeBatch(2, async () => {
        await runReplay({ ...tubewire.deps, env: { ...tubewire.deps.env, DB: env.DB } }, replay)
        await deliverAllPending(replay.endpointId)
      })
      await runReplay(tubewire.deps, replay)
      expect(await now(replay)).toMatchObject({ state: 'done', asked: 900, revision: 2 })
      const states = (await owedTo(replay.endpointId)).map(({ state }) => state)
      expect(states).toEqual(upTo(900).map(() => 'delivered'))
      tubewire.deps.env.DB = env.DB
    }
  })

  it('when what failed is sent again by hand after the page was read', async () => {
    const replay = await world('failed')
    const deliver = env.DB.prepare(
      "UPDATE deliveries SET state = 'delivered' WHERE endpoint_id = ? AND event_sequence IN (3, 700)",
    ).bind(replay.endpointId)
    beforeBatch(2, () => deliver.run())
    await runReplay(tubewire.deps, replay)
    expect(await now(replay)).toMatchObject({ state: 'done', asked: 898 })
    expect((await owedTo(replay.endpointId)).filter(({ state }) => state === 'delivered')).toHaveLength(2)
  })

  it('when its endpoint is removed: it is gone, and whoever comes for it finds nothing', async () => {
    const replay = await world('events')
    await env.DB.prepare('DELETE FROM endpoints').run()
    await runReplay(tubewire.deps, replay)
    expect(await count('SELECT count(*) AS count FROM deliveries')).toBe(0)
    expect(await count('SELECT count(*) AS count FROM replays')).toBe(0)
  })
})

describe('A replay of what failed', () => {
  it('asks for what failed and was asked for since, and nothing else', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    const other = await subscribe(NOBODY, tubewire.deps)
    await setLog(videos(upTo(9)))
    await put(endpoint.id, [1, 2], 'failed', 10)
    await put(endpoint.id, [3, 4], 'failed', 20)
    await put(endpoint.id, [5], 'delivered', 20)
    await put(endpoint.id, [6], 'pending', 20)
    await put(other.id, [3], 'failed', 20)
    const replay = await begin(endpoint.id, { kind: 'failed', since: 20, lastSequence: 9 })
    await runReplay(tubewire.deps, replay)
    expect((await owedTo(endpoint.id)).map(({ state, dueAt }) => [state, dueAt])).toEqual([
      ['failed', null],
      ['failed', null],
      ['pending', 1],
      ['pending', 1],
      ['delivered', null],
      ['pending', 0],
    ])
    expect(await owedTo(other.id)).toMatchObject([{ state: 'failed' }])
    expect(await now(replay)).toMatchObject({ state: 'done', asked: 2 })
  })
})

describe('A cancelled replay', () => {
  it('asks for nothing more, and what was not tried since is again what it was', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await setLog(videos(upTo(1_600)))
    await put(endpoint.id, [1], 'delivered')
    await put(endpoint.id, [2], 'failed')
    await put(endpoint.id, [3], 'pending')
    const replay = await begin(endpoint.id)
    await runReplay(tubewire.deps, replay)
    await env.DB.prepare(
      `UPDATE deliveries SET attempts = 1, due_at = 99, started_at = 1, error = 'no'
       WHERE endpoint_id = ? AND event_sequence = 4`,
    )
      .bind(endpoint.id)
      .run()
    const cancel = () => cancelReplay(env.DB, endpoint.id, replay.id, 77, audit(replay.id))
    expect(await cancel()).toBe(true)
    const states = (await owedTo(endpoint.id)).map(({ state, dueAt }) => [state, dueAt])
    expect(states.slice(0, 5)).toEqual([
      ['delivered', null],
      ['failed', null],
      ['pending', 0],
      // It was tried, and has its schedule.
      ['pending', 99],
      ['skipped', null],
    ])
    expect(new Set(states.slice(4).map(([state]) => state))).toEqual(new Set(['skipped']))

    await deliverAllPending(endpoint.id)
    tubewire.advance(60_000)
    await work()
    await schedule(tubewire.deps)
    await work()
    expect(await deliveriesOf(endpoint.id)).toHaveLength(1_000)
    expect(await now(replay)).toMatchObject({ state: 'cancelled', finishedAt: 77 })
    expect(await cancel()).toBe(false)
  })

  it('takes back what waits of one that had asked for all, and nothing of one that is over', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await setLog(videos([1, 2]))
    const cancel = ({ id }: Replay) => cancelReplay(env.DB, endpoint.id, id, 77, audit(id))
    const first = await begin(endpoint.id, { lastSequence: 2 })
    await runReplay(tubewire.deps, first)
    expect((await now(first)).state).toBe('done')
    await deliverAllPending(endpoint.id)
    expect(await cancel(first)).toBe(false)
    const second = await begin(endpoint.id, { lastSequence: 2 })
    await runReplay(tubewire.deps, second)
    expect(await cancel(second)).toBe(true)
    expect((await owedTo(endpoint.id)).map(({ state }) => state)).toEqual(['delivered', 'delivered'])
    expect([await now(first), await now(second)].map(({ state }) => state)).toEqual(['done', 'cancelled'])
  })

  it.each(['events', 'failed'] as const)(
    'commits nothing of a page that was read before: %s',
    async (kind) => {
      const endpoint = await subscribe(NOBODY, tubewire.deps)
      await setLog(videos([1, 2]))
      await put(endpoint.id, [1, 2], 'failed')
      const replay = await begin(endpoint.id, { kind, lastSequence: 2 })
      const { DB } = tubewire.deps.env
      // The page has been read.
      beforeBatch(2, () => cancelReplay(DB, endpoint.id, replay.id, 77, audit(replay.id)))
      await runReplay(tubewire.deps, replay)
      expect(await now(replay)).toMatchObject({ state: 'cancelled', position: 0, asked: 0 })
      expect(await owedTo(endpoint.id)).toMatchObject([{ state: 'failed' }, { state: 'failed' }])
    },
  )
})

it('One endpoint has one running replay; another has its own', async () => {
  const [one, other] = [await subscribe(NOBODY, tubewire.deps), await subscribe(NOBODY, tubewire.deps)]
  await begin(one.id)
  await expect(begin(one.id)).rejects.toThrow('another one is running')
  await begin(other.id)
})

describe('A message of the delivery queue', () => {
  const receive = async (...bodies: unknown[]) => {
    const late: Promise<unknown>[] = []
    const batch = createMessageBatch(
      DELIVERY_QUEUE,
      bodies.map((body) => ({ id: crypto.randomUUID(), timestamp: new Date(), attempts: 1, body })),
    )
    await handleDeliveries(tubewire.deps, batch, (promise) => late.push(promise))
    await Promise.all(late)
  }

  it('goes on with a replay', async () => {
    const endpoint = await subscribe(NOBODY, tubewire.deps)
    await setLog(videos([1, 2]))
    const { id, revision } = await begin(endpoint.id)
    await receive({ endpoints: [], replay: { id, revision } })
    expect(await sequencesOf(endpoint.id)).toEqual([1, 2])
  })

  it('of a replay that fails keeps back nobody’s deliveries, nor another replay, and is logged', async () => {
    const receiver = await control.receiver()
    const endpoint = await subscribe(receiver.url, tubewire.deps)
    const other = await subscribe(NOBODY, tubewire.deps)
    await setLog(videos([1]))
    await put(endpoint.id, [1], 'pending')
    const [first, second] = [await begin(endpoint.id), await begin(other.id)]
    breakDatabase(tubewire, 'batch', 1)
    await receive(
      { endpoints: [], replay: first },
      { endpoints: [], replay: { id: 'rpl_unknown', revision: 0 } },
      { endpoints: [], replay: second },
      { endpoints: [endpoint.id] },
    )
    expect(await receiver.count()).toBe(1)
    expect(await sequencesOf(other.id)).toEqual([1])
    expect(tubewire.log).toContainEqual(
      expect.objectContaining({ log: 'error', where: `replay ${first.id}; a tick goes on with it` }),
    )
  })
})
