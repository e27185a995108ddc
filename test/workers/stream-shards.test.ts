/** @module More people than one object holds: others take them in, and hear of everything all the same. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { awaitEvent, openStream } from '../../src/workers/stream-access.ts'
import { LIMITS, placeFor } from '../../src/workers/stream-shards.ts'
import { forgetAll, KEY, send } from '../support/call.ts'
import { setLog, VIEWER } from '../support/events.ts'
import { as } from '../support/people.ts'
import {
  connect,
  eventsOf,
  forgetListeners,
  hubOf,
  inHub,
  listen,
  numbered,
  store,
  wake,
} from '../support/streams.ts'

const SHARDS = 3
beforeEach(async () => {
  await forgetAll()
  await setLog([])
})
afterEach(async () => {
  await forgetListeners(SHARDS)
  await hubOf().wake()
  await expect.poll(shards).toBe(1)
})

/** How many objects the root knows of. */
const shards = () => runInDurableObject(hubOf(), (_, state) => state.storage.kv.get<number>('shards') ?? 1)

async function limit(limits: Partial<typeof LIMITS>) {
  for (let shard = 0; shard < SHARDS; shard += 1)
    await inHub((hub) => {
      hub.limits = { ...LIMITS, shards: SHARDS, ...limits }
    }, shard)
}
const clients = async () =>
  Promise.all(Array.from({ length: SHARDS }, (_, shard) => inHub((hub) => hub.audience.clients.size, shard)))

describe('One more stream', () => {
  const limits = { clients: 10, ofViewer: 5, shards: 4 }
  const free = { clients: 0, ofViewer: 0 }
  const full = { clients: 10, ofViewer: 0 }

  it.each([
    [
      'goes to the first object while that has room',
      [{ clients: 9, ofViewer: 0 }],
      { kind: 'placed', shard: 0 },
    ],
    ['goes to a new one when all are full', [full, full], { kind: 'placed', shard: 2 }],
    ['goes wherever there is room', [full, full, free, full], { kind: 'placed', shard: 2 }],
    ['goes nowhere when all are full that may be', [full, full, full, full], { kind: 'full' }],
    [
      'goes nowhere when the account has as many as it may',
      [
        { clients: 3, ofViewer: 3 },
        { clients: 2, ofViewer: 2 },
      ],
      { kind: 'too-many' },
    ],
  ] as const)('%s', (_name, occupied, expected) => {
    expect(placeFor('usr_1', occupied, limits)).toEqual(expected)
  })

  it('of many accounts is spread over those that there are', () => {
    const counts = [0, 0, 0]
    for (let user = 0; user < 3_000; user += 1) {
      const place = placeFor(`usr_${user}`, [free, free, free], limits)
      if (place.kind === 'placed') counts[place.shard] = (counts[place.shard] ?? 0) + 1
    }
    for (const count of counts) expect(count).toBeGreaterThan(800)
  })
})

describe('When an object is full', () => {
  it('others take in who comes, and all have what happens at once', async () => {
    await limit({ clients: 2 })
    const listeners = [await listen(), await listen(), await listen(), await listen()]
    const sockets = [await connect(), await connect()]
    expect(await clients()).toEqual([2, 2, 2])
    await store(numbered(1, 3))
    await hubOf().wake()
    for (const one of [...listeners, ...sockets]) expect(await one.upTo(3)).toEqual([1, 2, 3])
  })

  it('of many who come at once each finds a place, or is told that there is none', async () => {
    await limit({ clients: 3 })
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => send('GET', '/api/v1/stream', as(KEY))),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(9)
    expect(await clients()).toEqual([3, 3, 3])
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('10')
      expect(await answer.json()).toMatchObject({ code: 'streams_full' })
    }
  })

  it('one that fails closes none of the others', async () => {
    await limit({ clients: 1 })
    const first = await listen()
    await listen()
    await inHub((hub) => {
      const fail = () => {
        throw new Error('out of memory')
      }
      Object.defineProperty(hub.audience, 'clients', { get: fail, configurable: true })
    }, 1)
    try {
      await listen()
      // All that answer are full.
      expect((await send('GET', '/api/v1/stream', as(KEY))).status).toBe(503)
      await first.leave()
      await inHub((hub) => {
        for (const client of [...hub.audience.clients]) hub.audience.remove(client)
      })
      expect((await send('GET', '/api/v1/stream', as(KEY))).status).toBe(200)
    } finally {
      await inHub((hub) => Reflect.deleteProperty(hub.audience, 'clients'), 1)
    }
    expect(await clients()).toEqual([1, 1, 1])
  })

  it('those that nobody uses any more are not woken any more', async () => {
    await limit({ clients: 1 })
    await Promise.all([listen(), listen(), listen()])
    expect(await shards()).toBe(3)
    await forgetListeners(SHARDS)
    await hubOf().wake()
    await expect.poll(shards).toBe(1)
  })

  it('who came while the root forgot the object is made known to it again', async () => {
    await limit({ clients: 1 })
    await listen()
    const STREAM_HUB = new Proxy(env.STREAM_HUB, {
      get(target, name) {
        if (name !== 'getByName') return Reflect.get(target, name)
        return (shard: string) => {
          const stub = target.getByName(shard)
          if (shard !== 'stream:1') return stub
          return {
            async fetch(request: Request) {
              await target.getByName('stream:0').wake()
              await expect.poll(shards).toBe(1)
              return stub.fetch(request)
            },
          }
        }
      },
    })
    const ask = {
      viewerId: VIEWER,
      credential: { kind: 'operator', digest: '' },
      filter: {},
      after: 0,
    } as const
    const opened = await openStream({ env: { ...env, STREAM_HUB } }, ask, false)
    if (!(opened instanceof Response)) throw new Error(opened)
    expect(await shards()).toBe(2)
    await store(numbered(1, 1))
    await hubOf().wake()
    expect(await (await eventsOf(opened)).upTo(1)).toEqual([1])
  })
})

describe('An account', () => {
  it('has so many streams and long polls, wherever they are, and no more', async () => {
    await limit({ clients: 2, ofViewer: 3 })
    const first = await listen()
    await connect()
    const ask = {
      viewerId: VIEWER,
      credential: { kind: 'operator', digest: '' },
      filter: {},
      after: 0,
    } as const
    const waiting = awaitEvent({ env }, ask, 20_000)
    await expect.poll(clients).toEqual([2, 1, 0])
    const refused = await send('GET', '/api/v1/stream', as(KEY))
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('10')
    expect(await refused.json()).toMatchObject({ code: 'too_many_streams' })
    expect((await send('GET', '/api/v1/events?wait=30', as(KEY))).status).toBe(429)
    await first.leave()
    await store(numbered(1, 1))
    await wake()
    expect(await waiting).toBe('found')
    await expect.poll(clients).toEqual([1, 0, 0])
    expect((await send('GET', '/api/v1/stream', as(KEY))).status).toBe(200)
  })
})
