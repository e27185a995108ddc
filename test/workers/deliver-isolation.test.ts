/** @module Invariants 4 and 5: an endpoint's limit is kept, and nobody waits for another. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { deliver } from '../../src/workers/deliver.ts'
import {
  control,
  deliverAll,
  deliveriesOf,
  mostAtOnce,
  owed,
  pollAgain,
  subscribe,
  type Tubewire,
  testDeps,
  watched,
} from '../support/harness.ts'

let tubewire: Tubewire
beforeEach(async () => {
  tubewire = testDeps()
  // Endpoints of the test before would be subscribed to the events of this one.
  await env.DB.prepare('DELETE FROM endpoints').run()
})

describe('The limit of an endpoint', () => {
  it('is kept: 500 at once and 500 a second, however much is owed', async () => {
    // What is counted is what was sent, however slow the machine is.
    tubewire.deps.config = { ...tubewire.deps.config, deliveryTimeoutMs: 25_000 }
    const { receiver, endpoint } = await owed(tubewire, 600)
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
    const { receiver, endpoint } = await owed(tubewire, 100)
    const late: Promise<unknown>[] = []
    await deliver(tubewire.deps, (promise) => late.push(promise), [slowEndpoint.id, endpoint.id])
    // The run is over for the queue; the slow one has not been given up.
    expect(await receiver.count()).toBe(100)
    expect((await deliveriesOf(endpoint.id)).every(({ state }) => state === 'delivered')).toBe(true)
    expect((await deliveriesOf(slowEndpoint.id)).every(({ state }) => state === 'pending')).toBe(true)
    await slow.answer({ status: 200 })
    await slow.release()
    await Promise.all(late)
    await deliverAll(tubewire.deps, [slowEndpoint.id])
    expect((await deliveriesOf(slowEndpoint.id)).every(({ state }) => state === 'delivered')).toBe(true)
  })

  it('endpoints that hang in all the slots of an invocation hold up nobody: the rest goes to the next', async () => {
    const hanging = await Promise.all(
      Array.from({ length: tubewire.deps.config.deliveryConcurrency }, async () => {
        const receiver = await control.receiver()
        await receiver.answer({ kind: 'hang' })
        return { receiver, endpoint: await subscribe(receiver.url, tubewire.deps) }
      }),
    )
    const { receiver, endpoint } = await owed(tubewire, 3)
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
    const { instance, id } = await watched(tubewire)
    await instance.publishMany(20)
    await pollAgain(tubewire, id)
    const most = mostAtOnce(tubewire.deps)
    const ids = endpoints.map((endpoint) => endpoint.id)
    await deliverAll(tubewire.deps, ids)
    expect(most()).toBe(limit)
    for (const receiver of receivers) expect(await receiver.count()).toBe(20)
  })
})
