/** @module Invariants 3, 4 and 5: what is owed is delivered, whatever happens, and nobody waits for another. */
import { env } from 'cloudflare:workers'
import { Webhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { beforeEach, describe, expect, it } from 'vitest'
import { dueEndpoints } from '../../src/db/deliveries.ts'
import { deliver } from '../../src/workers/deliver.ts'
import { schedule } from '../../src/workers/schedule.ts'
import type { RemoteInstance } from '../simulator/client.ts'
import {
  control,
  count,
  deliverAll,
  pollAgain,
  pollToEnd,
  subscribe,
  testDeps,
  watch,
} from '../support/harness.ts'

let tubewire: ReturnType<typeof testDeps>
beforeEach(async () => {
  tubewire = testDeps()
  // Endpoints of the test before would be subscribed to the events of this one.
  await env.DB.prepare('DELETE FROM endpoints').run()
})

async function watched(): Promise<{ instance: RemoteInstance; id: string }> {
  const instance = await control.instance({ videos: 3, limits: { api: 10_000 } })
  const id = await watch(instance.origin, tubewire.deps)
  await pollToEnd(tubewire, id)
  return { instance, id }
}

/** An endpoint to which so many events are owed. */
async function owed(events: number, url?: string) {
  const receiver = await control.receiver()
  const endpoint = await subscribe(url ?? receiver.url, tubewire.deps)
  const { instance, id } = await watched()
  const published = await instance.publishMany(events)
  await pollAgain(tubewire, id)
  return { receiver, endpoint, instance, id, published }
}

async function stateOf(endpointId: string) {
  const { results } = await env.DB.prepare(
    'SELECT state, attempts, due_at AS dueAt FROM deliveries WHERE endpoint_id = ? ORDER BY event_sequence',
  )
    .bind(endpointId)
    .all<{ state: string; attempts: number; dueAt: number | null }>()
  return results
}

describe('A delivery', () => {
  it('is a signed POST, which two independent libraries verify', async () => {
    const { receiver, endpoint, instance, published } = await owed(1)
    await deliverAll(tubewire.deps, [endpoint.id])
    const [request] = await receiver.requests()
    expect(request?.method).toBe('POST')
    expect(request?.headers['content-type']).toBe('application/json')
    const body = request?.body ?? ''
    const headers = request?.headers ?? {}
    expect(() => new Webhook(endpoint.secret).verify(body, headers)).not.toThrow()
    expect(() => new SvixWebhook(endpoint.secret).verify(body, headers)).not.toThrow()
    expect(() => new Webhook(endpoint.secret).verify(`${body} `, headers)).toThrow()
    expect(JSON.parse(body)).toEqual({
      id: headers['webhook-id'],
      type: 'video.published',
      timestamp: new Date(tubewire.deps.clock()).toISOString(),
      sequence: expect.any(Number),
      instance: instance.host,
      data: { video: expect.objectContaining({ uuid: published[0]?.uuid, name: published[0]?.name }) },
    })
  })

  it('is made once, and then never again', async () => {
    const { receiver, endpoint } = await owed(3)
    for (let round = 0; round < 3; round += 1) await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(3)
    expect((await stateOf(endpoint.id)).map(({ state }) => state)).toEqual([
      'delivered',
      'delivered',
      'delivered',
    ])
  })

  it('goes to every endpoint, and more than one round holds', async () => {
    const receivers = await Promise.all([1, 2, 3].map(() => control.receiver()))
    const endpoints = await Promise.all(receivers.map(({ url }) => subscribe(url, tubewire.deps)))
    const { instance, id } = await watched()
    await instance.publishMany(150)
    await pollAgain(tubewire, id)
    await deliverAll(
      tubewire.deps,
      endpoints.map((endpoint) => endpoint.id),
    )
    for (const receiver of receivers) expect(await receiver.count()).toBe(150)
  })

  it('of events that came before the endpoint is not owed', async () => {
    const { instance, id } = await watched()
    await instance.publish()
    await pollAgain(tubewire, id)
    const receiver = await control.receiver()
    const endpoint = await subscribe(receiver.url, tubewire.deps)
    await pollAgain(tubewire, id)
    expect(await stateOf(endpoint.id)).toEqual([])
  })

  it('ends with its endpoint', async () => {
    const { receiver, endpoint } = await owed(2)
    await env.DB.prepare('DELETE FROM endpoints WHERE id = ?').bind(endpoint.id).run()
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(0)
    expect(await stateOf(endpoint.id)).toEqual([])
  })

  it('whose secret cannot be decrypted is not sent, says why, and is tried again', async () => {
    const { receiver, endpoint } = await owed(1)
    tubewire.deps.config = {
      ...tubewire.deps.config,
      encryptionKeys: [{ id: 'new', bytes: new Uint8Array(32) }],
    }
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(0)
    expect(JSON.stringify(tubewire.log)).toContain('key \\"test\\" is not in ENCRYPTION_KEYS')
    expect(await stateOf(endpoint.id)).toMatchObject([{ state: 'pending', attempts: 1 }])
  })

  it('is not sent to a local address where that is not allowed', async () => {
    const { receiver, endpoint } = await owed(1)
    tubewire.deps.config = { ...tubewire.deps.config, allowLocalTargets: false }
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(0)
    expect(await stateOf(endpoint.id)).toMatchObject([{ state: 'pending', attempts: 1 }])
  })
})

describe('A delivery that fails', () => {
  it('is tried ten times, at the documented times, and then given up', async () => {
    const { receiver, endpoint } = await owed(1)
    await receiver.answer({ status: 500 })
    const delays: number[] = []
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      await deliverAll(tubewire.deps, [endpoint.id])
      const [delivery] = await stateOf(endpoint.id)
      if (!delivery?.dueAt) break
      const delay = delivery.dueAt - tubewire.deps.clock()
      delays.push(delay / 1000)
      // A moment too early nothing is sent.
      tubewire.advance(delay - 1)
      await deliverAll(tubewire.deps, [endpoint.id])
      expect(await receiver.count()).toBe(attempt)
      tubewire.advance(1)
    }
    const hour = 3_600
    expect(delays).toEqual([5, 300, 1_800, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour])
    expect(await receiver.count()).toBe(10)
    expect(await stateOf(endpoint.id)).toEqual([{ state: 'failed', attempts: 10, dueAt: null }])
    expect(await count('SELECT count(*) AS count FROM attempts WHERE endpoint_id = ?', endpoint.id)).toBe(10)
    // Every attempt has the same id, and its own time.
    const requests = await receiver.requests()
    expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(requests.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(10)
  })

  it.each([
    [
      { status: 301, headers: { location: 'http://127.0.0.1:1/' } },
      'answered 301: redirects are not followed',
    ],
    [{ status: 404 }, 'answered 404'],
    [{ kind: 'close' }, 'no connection (Network connection lost.)'],
    [{ kind: 'hang' }, 'no answer within 2 s'],
  ] as const)('%j: says why', async (answer, error) => {
    const { receiver, endpoint } = await owed(1)
    await receiver.answer(answer)
    await deliverAll(tubewire.deps, [endpoint.id])
    const attempt = await env.DB.prepare('SELECT error FROM attempts WHERE endpoint_id = ?')
      .bind(endpoint.id)
      .first()
    expect(attempt).toEqual({ error })
    await receiver.answer({ status: 204 })
    tubewire.advance(5_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await stateOf(endpoint.id)).toEqual([{ state: 'delivered', attempts: 2, dueAt: null }])
  })

  it.each([429, 503])(
    'keeps away for as long as the Retry-After of a %i says, with all that is owed',
    async (status) => {
      const { receiver, endpoint } = await owed(100)
      await receiver.answer({ status, headers: { 'retry-after': '30' } })
      tubewire.deliveryQueue.sent.splice(0)
      await deliverAll(tubewire.deps, [endpoint.id])
      // Those that were under way when the first answer came, and no more.
      const before = await receiver.count()
      expect(before).toBeLessThanOrEqual(tubewire.deps.config.deliveryConcurrency)
      expect((await stateOf(endpoint.id)).filter(({ attempts }) => attempts > 0)).toHaveLength(before)
      expect(tubewire.deliveryQueue.sent).toContainEqual({
        body: { endpoints: [endpoint.id] },
        delaySeconds: 30,
      })
      await receiver.answer({ status: 200 })
      tubewire.advance(29_999)
      await deliverAll(tubewire.deps, [endpoint.id])
      expect(await receiver.count()).toBe(before)
      tubewire.advance(1)
      await deliverAll(tubewire.deps, [endpoint.id])
      expect((await stateOf(endpoint.id)).every(({ state }) => state === 'delivered')).toBe(true)
    },
  )

  it.each([
    [0, 4_000],
    [1, 6_000],
  ])('is tried again after 5 s, 20 %% more or less: random %d', async (random, waitMs) => {
    const { receiver, endpoint } = await owed(1)
    await receiver.answer({ status: 500 })
    tubewire.deps.random = () => random
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await stateOf(endpoint.id)).toMatchObject([{ dueAt: tubewire.deps.clock() + waitMs }])
  })

  it('wakes itself for the attempt after 5 s, and leaves the later ones to the tick', async () => {
    const { receiver, endpoint } = await owed(1)
    await receiver.answer({ status: 500 })
    tubewire.deliveryQueue.sent.splice(0)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(tubewire.deliveryQueue.sent).toEqual([{ body: { endpoints: [endpoint.id] }, delaySeconds: 5 }])
    tubewire.advance(5_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(tubewire.deliveryQueue.sent).toHaveLength(1)
    // Not at the tick that comes a moment too late, but at its time.
    tubewire.advance(300_000 - 42_000)
    await schedule(tubewire.deps)
    expect(tubewire.deliveryQueue.sent.at(-1)).toEqual({
      body: { endpoints: [endpoint.id] },
      delaySeconds: 42,
    })
  })
})

describe('Nothing owed is lost, nothing sent twice without need', () => {
  it('when two runs deliver at once: each event is sent once', async () => {
    const { receiver, endpoint } = await owed(20)
    await Promise.all([1, 2, 3].map(() => deliverAll(tubewire.deps, [endpoint.id])))
    expect(await receiver.count()).toBe(20)
  })

  it('when one comes while another holds the endpoint: the holder goes on with what is new', async () => {
    const { receiver, endpoint, instance, id } = await owed(1)
    await receiver.answer({ kind: 'hang', times: 1 })
    const first = deliverAll(tubewire.deps, [endpoint.id])
    await receiver.waitFor(1)
    await instance.publish()
    await env.DB.prepare('UPDATE sources SET due_at = 0').run()
    await pollToEnd(tubewire, id)
    tubewire.deliveryQueue.sent.splice(0)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(1)
    await receiver.release()
    await first
    // The holder's own next round, or, when its patience was over, a message of its.
    for (const { body } of tubewire.deliveryQueue.sent) await deliverAll(tubewire.deps, body.endpoints)
    expect((await stateOf(endpoint.id)).map(({ state }) => state)).toEqual(['delivered', 'delivered'])
  })

  it.each(['before', 'after'] as const)(
    'when a run dies %s its commit: what was sent is sent again, or known',
    async (when) => {
      const { receiver, endpoint } = await owed(3)
      const { DB } = tubewire.deps.env
      tubewire.deps.env.DB = new Proxy(DB, {
        get(target, name) {
          const value = Reflect.get(target, name)
          if (name !== 'batch') return typeof value === 'function' ? value.bind(target) : value
          return async (statements: D1PreparedStatement[]) => {
            if (when === 'after') await target.batch(statements)
            throw new Error('Network connection lost')
          }
        },
      })
      await expect(deliverAll(tubewire.deps, [endpoint.id])).rejects.toThrow('Network connection lost')
      tubewire.deps.env.DB = DB
      expect([...(await dueEndpoints(env.DB, tubewire.deps.clock())).keys()]).toEqual(
        when === 'before' ? [endpoint.id] : [],
      )
      // The dead run's lease runs out.
      tubewire.advance(60_000)
      await deliverAll(tubewire.deps, [endpoint.id])
      expect(await receiver.count()).toBe(when === 'before' ? 6 : 3)
      expect((await stateOf(endpoint.id)).map(({ state }) => state)).toEqual([
        'delivered',
        'delivered',
        'delivered',
      ])
    },
  )
})

describe('What goes wrong on our side', () => {
  /** The database, but so many reads or batches fail, before they are made or after. */
  function breakDatabase(
    what: 'prepare' | 'batch',
    times: number,
    when: 'before' | 'after' = 'before',
  ): void {
    let left = times
    const { DB } = tubewire.deps.env
    tubewire.deps.env.DB = new Proxy(DB, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (name !== what || left === 0) return typeof value === 'function' ? value.bind(target) : value
        left -= 1
        if (name === 'prepare') throw new Error('Network connection lost')
        return async (statements: D1PreparedStatement[]) => {
          if (when === 'after') await target.batch(statements)
          throw new Error('Network connection lost')
        }
      },
    })
  }

  it.each(['before', 'after'] as const)(
    'a write that is lost %s it was done is repeated, and nothing is sent twice',
    async (when) => {
      const { receiver, endpoint } = await owed(10)
      breakDatabase('batch', 1, when)
      await deliverAll(tubewire.deps, [endpoint.id])
      tubewire.advance(60_000)
      await deliverAll(tubewire.deps, [endpoint.id])
      expect(await receiver.count()).toBe(10)
      expect((await stateOf(endpoint.id)).every(({ attempts }) => attempts === 1)).toBe(true)
      expect(await count('SELECT count(*) AS count FROM attempts WHERE endpoint_id = ?', endpoint.id)).toBe(
        10,
      )
    },
  )

  it('when writing fails for good, or reading does, the next run is let in at once', async () => {
    const { receiver, endpoint } = await owed(1)
    const { DB } = tubewire.deps.env
    for (const method of ['prepare', 'batch'] as const) {
      breakDatabase(method, 100)
      await expect(deliverAll(tubewire.deps, [endpoint.id])).rejects.toThrow()
      tubewire.deps.env.DB = DB
    }
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(2)
    expect(await stateOf(endpoint.id)).toMatchObject([{ state: 'delivered' }])
  })

  it('a limiter that fails keeps no other endpoint from its deliveries', async () => {
    const other = await subscribe('http://127.0.0.1:1/', tubewire.deps)
    const { receiver, endpoint } = await owed(2)
    const { RATE_LIMITER } = tubewire.deps.env
    // Of the namespace the code under test uses `getByName` only.
    tubewire.deps.env.RATE_LIMITER = {
      getByName(name: string) {
        if (name === `endpoint:${other.id}`) throw new Error('the object was reset')
        return RATE_LIMITER.getByName(name)
      },
    } as unknown as Env['RATE_LIMITER']
    await deliverAll(tubewire.deps, [other.id, endpoint.id])
    expect(await receiver.count()).toBe(2)
    expect(tubewire.log).toContainEqual({
      log: 'error',
      where: `asking the limiter of ${other.id}`,
      error: 'Error: the object was reset',
    })
  })

  it('a run that died keeps the endpoint for as long as its requests may last, and no longer', async () => {
    const { receiver, endpoint } = await owed(1)
    const { fetch } = tubewire.deps
    tubewire.deps.fetch = () => new Promise(() => undefined)
    // It never comes back, as a Worker that was killed.
    await deliver(tubewire.deps, () => undefined, [endpoint.id])
    tubewire.deps.fetch = fetch
    tubewire.advance(tubewire.deps.config.deliveryTimeoutMs + 14_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(0)
    tubewire.advance(1_500)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(1)
  })
})

describe('The limit of an endpoint', () => {
  it('is kept: 500 at once and 500 a second, however much is owed', async () => {
    const { receiver, endpoint } = await owed(600)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(500)
    tubewire.advance(100)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(550)
    tubewire.advance(1_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(600)
  })
})

describe('One slow or dead endpoint costs the others nothing', () => {
  it('an endpoint that hangs does not hold up the run, nor the deliveries of others', async () => {
    const slow = await control.receiver()
    await slow.answer({ kind: 'hang' })
    const slowEndpoint = await subscribe(slow.url, tubewire.deps)
    const { receiver, endpoint } = await owed(100)
    const late: Promise<unknown>[] = []
    await deliver(tubewire.deps, (promise) => late.push(promise), [slowEndpoint.id, endpoint.id])
    // The run is over for the queue; the slow one has not been given up.
    expect(await receiver.count()).toBe(100)
    expect((await stateOf(endpoint.id)).every(({ state }) => state === 'delivered')).toBe(true)
    expect((await stateOf(slowEndpoint.id)).every(({ state }) => state === 'pending')).toBe(true)
    await slow.answer({ status: 200 })
    await slow.release()
    await Promise.all(late)
    await deliverAll(tubewire.deps, [slowEndpoint.id])
    expect((await stateOf(slowEndpoint.id)).every(({ state }) => state === 'delivered')).toBe(true)
  })

  it('endpoints that hang in all the slots of an invocation hold up nobody: the rest goes to the next', async () => {
    const hanging = await Promise.all(
      Array.from({ length: tubewire.deps.config.deliveryConcurrency }, async () => {
        const receiver = await control.receiver()
        await receiver.answer({ kind: 'hang' })
        return { receiver, endpoint: await subscribe(receiver.url, tubewire.deps) }
      }),
    )
    const { receiver, endpoint } = await owed(3)
    tubewire.deliveryQueue.sent.splice(0)
    const late: Promise<unknown>[] = []
    const waitUntil = (promise: Promise<unknown>) => late.push(promise)
    // Those that hang are asked first, so that they get all the slots.
    await deliver(tubewire.deps, waitUntil, [...hanging.map((one) => one.endpoint.id), endpoint.id])
    expect(await receiver.count()).toBe(0)
    expect(tubewire.deliveryQueue.sent).toEqual([{ body: { endpoints: [endpoint.id] }, delaySeconds: 0 }])

    await deliver(tubewire.deps, waitUntil, [endpoint.id])
    expect(await receiver.count()).toBe(3)
    for (const one of hanging) {
      expect(await one.receiver.count()).toBe(1)
      await one.receiver.answer({ status: 200 })
      await one.receiver.release()
    }
    await Promise.all(late)
  })

  it('no more webhooks of one invocation wait for an answer than the platform allows', async () => {
    const limit = tubewire.deps.config.deliveryConcurrency
    const receivers = await Promise.all(Array.from({ length: limit + 3 }, () => control.receiver()))
    const endpoints = await Promise.all(receivers.map(({ url }) => subscribe(url, tubewire.deps)))
    const { instance, id } = await watched()
    await instance.publishMany(20)
    await pollAgain(tubewire, id)
    let under = 0
    let most = 0
    const { fetch } = tubewire.deps
    tubewire.deps.fetch = async (input, init) => {
      under += 1
      most = Math.max(most, under)
      return fetch(input, init).finally(() => {
        under -= 1
      })
    }
    const ids = endpoints.map((endpoint) => endpoint.id)
    await deliverAll(tubewire.deps, ids)
    expect(most).toBe(limit)
    for (const receiver of receivers) expect(await receiver.count()).toBe(20)
  })
})
