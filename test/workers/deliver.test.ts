/** @module Invariant 3: what is owed is delivered, signed, and tried again by the schedule. */
import { env } from 'cloudflare:workers'
import { Webhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { beforeEach, describe, expect, it } from 'vitest'
import { schedule } from '../../src/workers/schedule.ts'
import {
  control,
  count,
  deliverAll,
  deliveriesOf,
  owed,
  pollAgain,
  subscribe,
  type Tubewire,
  testDeps,
  watched,
} from '../support/harness.ts'
import { resolving } from '../support/resolving.ts'

let tubewire: Tubewire
beforeEach(async () => {
  tubewire = testDeps()
  // Endpoints of the test before would be subscribed to the events of this one.
  await env.DB.prepare('DELETE FROM endpoints').run()
})

describe('A delivery', () => {
  it('is a signed POST, which two independent libraries verify', async () => {
    const { receiver, endpoint, instance, published } = await owed(tubewire, 1)
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
    const { receiver, endpoint } = await owed(tubewire, 3)
    for (let round = 0; round < 3; round += 1) await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(3)
    expect((await deliveriesOf(endpoint.id)).map(({ state }) => state)).toEqual([
      'delivered',
      'delivered',
      'delivered',
    ])
  })

  it('goes to every endpoint, and more than one round holds', async () => {
    const receivers = await Promise.all([1, 2, 3].map(() => control.receiver()))
    const endpoints = await Promise.all(receivers.map(({ url }) => subscribe(url, tubewire.deps)))
    const { instance, id } = await watched(tubewire)
    await instance.publishMany(150)
    await pollAgain(tubewire, id)
    await deliverAll(
      tubewire.deps,
      endpoints.map((endpoint) => endpoint.id),
    )
    for (const receiver of receivers) expect(await receiver.count()).toBe(150)
  })

  it('of events that came before the endpoint is not owed', async () => {
    const { instance, id } = await watched(tubewire)
    await instance.publish()
    await pollAgain(tubewire, id)
    const receiver = await control.receiver()
    const endpoint = await subscribe(receiver.url, tubewire.deps)
    await pollAgain(tubewire, id)
    expect(await deliveriesOf(endpoint.id)).toEqual([])
  })

  it('ends with its endpoint', async () => {
    const { receiver, endpoint } = await owed(tubewire, 2)
    await env.DB.prepare('DELETE FROM endpoints WHERE id = ?').bind(endpoint.id).run()
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(0)
    expect(await deliveriesOf(endpoint.id)).toEqual([])
  })

  it('to a paused endpoint waits, wakes nobody, and goes out when it is resumed', async () => {
    const { receiver, endpoint } = await owed(tubewire, 2)
    await env.DB.prepare('UPDATE endpoints SET paused_at = 1').run()
    tubewire.deliveryQueue.sent.length = 0
    await schedule(tubewire.deps)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(0)
    expect(tubewire.deliveryQueue.sent).toEqual([])
    await env.DB.prepare('UPDATE endpoints SET paused_at = NULL').run()
    await schedule(tubewire.deps)
    expect(tubewire.deliveryQueue.sent).toHaveLength(1)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(2)
  })

  it('whose secret cannot be decrypted is not sent, says why, and is tried again', async () => {
    const { receiver, endpoint } = await owed(tubewire, 1)
    tubewire.deps.config = {
      ...tubewire.deps.config,
      encryptionKeys: [{ id: 'new', bytes: new Uint8Array(32) }],
    }
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(0)
    expect(JSON.stringify(tubewire.log)).toContain('key \\"test\\" is not in ENCRYPTION_KEYS')
    expect(await deliveriesOf(endpoint.id)).toMatchObject([{ state: 'pending', attempts: 1 }])
  })

  it('is not sent to a local address where that is not allowed', async () => {
    const { receiver, endpoint } = await owed(tubewire, 1)
    tubewire.deps.config = { ...tubewire.deps.config, allowLocalTargets: false }
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(0)
    expect(await deliveriesOf(endpoint.id)).toMatchObject([{ state: 'pending', attempts: 1 }])
  })
})

describe('A delivery to a name', () => {
  const HOST = 'receiver.example'
  const owedToName = async (events = 1) => {
    const { receiver, endpoint } = await owed(tubewire, events)
    await env.DB.prepare('UPDATE endpoints SET url = ? WHERE id = ?')
      .bind(`https://${HOST}/hook`, endpoint.id)
      .run()
    return { receiver, endpoint, servers: { [HOST]: new URL(receiver.url).origin } }
  }
  const errorsOf = async (endpointId: string) => {
    const { results } = await env.DB.prepare(
      'SELECT error FROM attempts WHERE endpoint_id = ? ORDER BY number',
    )
      .bind(endpointId)
      .all()
    return results.map(({ error }) => error)
  }

  it.each([
    [['8.8.8.8', '169.254.169.254'], 'the URL must be public (receiver.example resolves to 169.254.169.254)'],
    [[], 'the URL must have an address (receiver.example has none)'],
    [null, "the URL can't be checked now (looking up receiver.example: the resolver answered SERVFAIL)"],
  ])('that resolves to %j is not sent, says why, and is tried again', async (addresses, error) => {
    const { receiver, endpoint, servers } = await owedToName()
    let now: string[] | null = addresses
    const { deps } = resolving(tubewire.deps, () => now, servers)
    await deliverAll(deps, [endpoint.id])
    expect(await receiver.count()).toBe(0)
    expect(await errorsOf(endpoint.id)).toEqual([error])
    expect(await deliveriesOf(endpoint.id)).toMatchObject([{ state: 'pending', attempts: 1 }])

    now = ['8.8.8.8']
    tubewire.advance(60_000)
    await deliverAll(deps, [endpoint.id])
    expect(await receiver.count()).toBe(1)
    expect(await deliveriesOf(endpoint.id)).toMatchObject([{ state: 'delivered', attempts: 2 }])
  })

  it('that led to a public host before, and leads here now, is not sent', async () => {
    const { receiver, endpoint, servers } = await owedToName()
    await receiver.answer({ status: 500 })
    let addresses = ['8.8.8.8']
    const { deps } = resolving(tubewire.deps, () => addresses, servers)
    await deliverAll(deps, [endpoint.id])
    expect(await receiver.count()).toBe(1)
    addresses = ['127.0.0.1']
    tubewire.advance(60_000)
    await deliverAll(deps, [endpoint.id])
    expect(await receiver.count()).toBe(1)
    expect(await errorsOf(endpoint.id)).toEqual([
      'answered 500',
      'the URL must be public (receiver.example resolves to 127.0.0.1)',
    ])
  })

  it('looks it up once, however many there are', async () => {
    const { receiver, endpoint, servers } = await owedToName(20)
    const { deps, names } = resolving(tubewire.deps, () => ['8.8.8.8'], servers)
    await deliverAll(deps, [endpoint.id])
    expect(await receiver.count()).toBe(20)
    expect(names).toEqual([HOST])
  })
})

describe('A delivery that fails', () => {
  it('is tried ten times, at the documented times, and then given up', async () => {
    const { receiver, endpoint } = await owed(tubewire, 1)
    await receiver.answer({ status: 500 })
    const delays: number[] = []
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      await deliverAll(tubewire.deps, [endpoint.id])
      const [delivery] = await deliveriesOf(endpoint.id)
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
    expect(await deliveriesOf(endpoint.id)).toEqual([{ state: 'failed', attempts: 10, dueAt: null }])
    expect(await count('SELECT count(*) AS count FROM attempts WHERE endpoint_id = ?', endpoint.id)).toBe(10)
    // Every attempt has the same id, and its own time.
    const requests = await receiver.requests()
    expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(requests.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(10)
  })

  it.each([
    [
      { status: 301, headers: { location: 'http://127.0.0.1:1/' } },
      'answered 301: redirects are not followed (to http://127.0.0.1:1)',
    ],
    [{ status: 404 }, 'answered 404'],
    [{ kind: 'close' }, 'no answer (connection refused or lost, or the answer was no HTTP)'],
    [{ kind: 'hang' }, 'no answer within 2 s'],
  ] as const)('%j: says why', async (answer, error) => {
    const { receiver, endpoint } = await owed(tubewire, 1)
    await receiver.answer(answer)
    await deliverAll(tubewire.deps, [endpoint.id])
    const attempt = await env.DB.prepare('SELECT error FROM attempts WHERE endpoint_id = ?')
      .bind(endpoint.id)
      .first()
    expect(attempt).toEqual({ error })
    await receiver.answer({ status: 204 })
    tubewire.advance(5_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await deliveriesOf(endpoint.id)).toEqual([{ state: 'delivered', attempts: 2, dueAt: null }])
  })

  it.each([429, 503])(
    'keeps away for as long as the Retry-After of a %i says, with all that is owed',
    async (status) => {
      const { receiver, endpoint } = await owed(tubewire, 100)
      await receiver.answer({ status, headers: { 'retry-after': '30' } })
      tubewire.deliveryQueue.sent.splice(0)
      await deliverAll(tubewire.deps, [endpoint.id])
      // Those that were under way when the first answer came, and no more.
      const before = await receiver.count()
      expect(before).toBeLessThanOrEqual(tubewire.deps.config.deliveryConcurrency)
      expect((await deliveriesOf(endpoint.id)).filter(({ attempts }) => attempts > 0)).toHaveLength(before)
      expect(tubewire.deliveryQueue.sent).toContainEqual({
        body: { endpoints: [endpoint.id] },
        delaySeconds: 30,
      })
      await receiver.answer({ status: 200 })
      tubewire.advance(28_500)
      tubewire.deliveryQueue.sent.splice(0)
      await deliverAll(tubewire.deps, [endpoint.id])
      expect(await receiver.count()).toBe(before)
      expect(tubewire.deliveryQueue.sent).toEqual([{ body: { endpoints: [endpoint.id] }, delaySeconds: 2 }])
      tubewire.advance(1_499)
      await deliverAll(tubewire.deps, [endpoint.id])
      expect(await receiver.count()).toBe(before)
      tubewire.advance(1)
      // It comes at the pace of one that has said that it was too much.
      tubewire.deps.pause = async (milliseconds) => tubewire.advance(milliseconds)
      for (let messages = 0; messages < 10; messages += 1) {
        await deliverAll(tubewire.deps, [endpoint.id])
        tubewire.advance(2_000)
      }
      expect((await deliveriesOf(endpoint.id)).every(({ state }) => state === 'delivered')).toBe(true)
    },
  )

  it.each([
    [0, 4_000],
    [1, 6_000],
  ])('is tried again after 5 s, 20 %% more or less: random %d', async (random, waitMs) => {
    const { receiver, endpoint } = await owed(tubewire, 1)
    await receiver.answer({ status: 500 })
    tubewire.deps.random = () => random
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await deliveriesOf(endpoint.id)).toMatchObject([{ dueAt: tubewire.deps.clock() + waitMs }])
  })

  it('wakes itself for the attempt after 5 s, and leaves the later ones to the tick', async () => {
    const { receiver, endpoint } = await owed(tubewire, 1)
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

  it('comes at its time, each of many that failed together, without a tick', async () => {
    const { receiver, endpoint } = await owed(tubewire, 30)
    await receiver.answer({ status: 500 })
    let spread = 0
    tubewire.deps.random = () => {
      spread += 1
      return (spread % 30) / 29
    }
    const failedAt = tubewire.deps.clock()
    tubewire.deliveryQueue.sent.splice(0)
    await deliverAll(tubewire.deps, [endpoint.id])
    await receiver.answer({ status: 200 })
    // Nothing but the messages that were sent, each at its time.
    for (let messages = 0; messages < 10; messages += 1) {
      const [next] = tubewire.deliveryQueue.sent.splice(0).toSorted((a, b) => a.delaySeconds - b.delaySeconds)
      if (!next) break
      tubewire.advance(next.delaySeconds * 1_000)
      await deliverAll(tubewire.deps, next.body.endpoints)
    }
    expect((await deliveriesOf(endpoint.id)).every(({ state }) => state === 'delivered')).toBe(true)
    // 5 s and 20 %, and the second to which a queue counts.
    expect(tubewire.deps.clock() - failedAt).toBeLessThanOrEqual(7_000)
  })
})
