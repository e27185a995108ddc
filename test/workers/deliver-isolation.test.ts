/** @module Invariants 4 and 5: an endpoint's limit is kept, and nobody waits for another. */
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
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

/** As in src/workers/deliver.ts. */
const PATIENCE_MS = 1_000
const STANDSTILL_MS = 250

let tubewire: Tubewire
beforeEach(async () => {
  tubewire = testDeps()
  // Endpoints of the test before would be subscribed to the events of this one.
  await env.DB.prepare('DELETE FROM endpoints').run()
})
// Timers that are watched, or stopped, by one that failed.
afterEach(() => {
  vi.restoreAllMocks()
})

/** From now on a timer of so many milliseconds never ends: who waits for it, and for nothing else, waits for ever. */
function withoutEnd(milliseconds: number) {
  const { setTimeout } = globalThis
  return vi
    .spyOn(globalThis, 'setTimeout')
    .mockImplementation(((work: () => void, time = 0) =>
      setTimeout(work, time === milliseconds ? 2 ** 31 - 1 : time)) as typeof setTimeout)
}

describe('The limit of an endpoint', () => {
  /** Sends for so many seconds of the test's clock, which goes on by what is paused. @returns the times of the requests. */
  async function sendFor(seconds: number, perSecond: number | null): Promise<number[]> {
    const { endpoint } = await owed(tubewire, 400)
    await env.DB.prepare('UPDATE endpoints SET rate_limit = ?, concurrency = 1').bind(perSecond).run()
    const times: number[] = []
    tubewire.deps.pause = async (milliseconds) => tubewire.advance(milliseconds)
    tubewire.deps.fetch = async () => {
      times.push(tubewire.deps.clock())
      return new Response()
    }
    const start = tubewire.deps.clock()
    while (tubewire.deps.clock() < start + seconds * 1_000) {
      tubewire.deliveryQueue.sent.splice(0)
      const late: Promise<unknown>[] = []
      await deliver(tubewire.deps, (promise) => late.push(promise), [endpoint.id])
      await Promise.all(late)
      // A message comes a tenth of a second after its time.
      const [next] = tubewire.deliveryQueue.sent
      if (!next) break
      tubewire.advance(next.delaySeconds * 1_000 + 100)
    }
    return times.map((at) => at - start).filter((at) => at < seconds * 1_000)
  }

  it.each([
    [0.4, 50],
    [1, 50],
    [3, 30],
    [17, 20],
  ])('of %d a second is kept, over %d s', async (perSecond, seconds) => {
    const times = await sendFor(seconds, perSecond)
    const wanted = perSecond * seconds
    expect(times.length).toBeGreaterThanOrEqual(wanted * 0.95 - 1)
    expect(times.length).toBeLessThanOrEqual(wanted * 1.05 + 1)
  })

  it('is a thousand a second where its owner said nothing', async () => {
    const times = await sendFor(0.3, null)
    expect(times.length).toBe(400)
    expect(times.at(-1)).toBeGreaterThanOrEqual(100)
  })

  it('is less while it says that it is too much, and comes back with good answers', async () => {
    const { endpoint, receiver } = await owed(tubewire, 60)
    await receiver.answer({ status: 502, times: 2 }, { status: 200 })
    const waits: number[] = []
    tubewire.deps.pause = async (milliseconds) => {
      waits.push(milliseconds)
      tubewire.advance(milliseconds)
    }
    const { clock } = tubewire.deps
    tubewire.deps.clock = () => {
      tubewire.advance(1)
      return clock()
    }
    await env.DB.prepare('UPDATE endpoints SET rate_limit = 100, concurrency = 1').run()
    await deliverAll(tubewire.deps, [endpoint.id])
    // Twice it was too much: a sixteenth of the pace, a quarter after four good answers, all of it after eight.
    expect(Math.max(...waits)).toBeGreaterThan(100)
    expect(waits.filter((wait) => wait > 15).length).toBeLessThanOrEqual(10)
    const states = (await deliveriesOf(endpoint.id)).map(({ state }) => state)
    expect(states.filter((state) => state === 'delivered')).toHaveLength(58)
  })
})

describe('An endpoint that is sent to at its own pace', () => {
  it('goes on in the background, and holds up nobody', async () => {
    const slow = await control.receiver()
    const slowEndpoint = await subscribe(slow.url, tubewire.deps)
    const { receiver, endpoint } = await owed(tubewire, 30)
    await env.DB.prepare('UPDATE endpoints SET rate_limit = 2 WHERE id = ?').bind(slowEndpoint.id).run()
    const ends: (() => void)[] = []
    tubewire.deps.pause = () => new Promise((end) => ends.push(end))
    const late: Promise<unknown>[] = []
    // Nobody waits for it, once all others have answered.
    const timers = withoutEnd(STANDSTILL_MS)
    await deliver(tubewire.deps, (promise) => late.push(promise), [slowEndpoint.id, endpoint.id])
    timers.mockRestore()
    expect(await receiver.count()).toBe(30)
    expect(late).toHaveLength(1)
    tubewire.deps.pause = async (milliseconds) => tubewire.advance(milliseconds)
    for (const end of ends) end()
    await Promise.all(late)
    expect(await slow.count()).toBeGreaterThan(2)
    expect((await deliveriesOf(slowEndpoint.id)).filter(({ state }) => state === 'delivered')).toHaveLength(
      await slow.count(),
    )
  })
})

describe('One slow or dead endpoint costs the others nothing', () => {
  it('one with its own pace is let go when it is done, and goes on, though another of the round hangs', async () => {
    const hanging = await control.receiver()
    await hanging.answer({ kind: 'hang' })
    const hangingEndpoint = await subscribe(hanging.url, tubewire.deps)
    const { receiver, endpoint } = await owed(tubewire, 150)
    await env.DB.prepare('UPDATE endpoints SET rate_limit = 40 WHERE id = ?').bind(endpoint.id).run()
    await env.DB.prepare('UPDATE endpoints SET timeout_ms = 20000, concurrency = 1 WHERE id = ?')
      .bind(hangingEndpoint.id)
      .run()
    const ends: (() => void)[] = []
    tubewire.deps.pause = () => new Promise((end) => ends.push(end))
    tubewire.deliveryQueue.sent.splice(0)
    const timers = withoutEnd(PATIENCE_MS)
    const late: Promise<unknown>[] = []
    await deliver(tubewire.deps, (promise) => late.push(promise), [hangingEndpoint.id, endpoint.id])
    expect(late).toHaveLength(1)
    tubewire.deps.pause = async (milliseconds) => tubewire.advance(milliseconds)
    for (const end of ends) end()
    await vi.waitFor(
      () =>
        expect(tubewire.deliveryQueue.sent).toEqual([
          { body: { endpoints: [endpoint.id] }, delaySeconds: 0 },
        ]),
      5_000,
    )
    timers.mockRestore()
    await deliver(tubewire.deps, (promise) => late.push(promise), [endpoint.id])
    expect(await receiver.waitFor(150)).toHaveLength(150)
    await hanging.answer({ status: 200 })
    await hanging.release()
    await Promise.all(late)
    expect((await deliveriesOf(endpoint.id)).every(({ state }) => state === 'delivered')).toBe(true)
  })

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

  it('an endpoint that hung is not waited for when it is tried again, unless it is well', async () => {
    const { receiver, endpoint } = await owed(tubewire, 1)
    await env.DB.prepare('UPDATE endpoints SET timeout_ms = 20000').run()
    const timers = vi.spyOn(globalThis, 'setTimeout')
    const waits = (milliseconds: number) =>
      timers.mock.calls.filter(([, time]) => time === milliseconds).length
    /** Delivers once, to somebody who answers late. @returns how often the run looked whether it is over. */
    const looks = async (beforeAnswer: () => Promise<unknown>) => {
      await receiver.answer({ kind: 'hang' })
      await env.DB.prepare("UPDATE deliveries SET state = 'pending', due_at = 0, attempts = 0").run()
      timers.mockClear()
      const late: Promise<unknown>[] = []
      await deliver(tubewire.deps, (promise) => late.push(promise), [endpoint.id])
      const looked = waits(STANDSTILL_MS)
      await beforeAnswer()
      await receiver.answer({ status: 200 })
      await receiver.release()
      await Promise.all(late)
      return looked
    }
    // It is known as slow when it has been waited for once more.
    const isKnown = () => vi.waitFor(() => expect(waits(PATIENCE_MS)).toBe(2), 5_000)
    expect(await looks(isKnown)).toBe(PATIENCE_MS / STANDSTILL_MS)
    expect(await looks(async () => undefined)).toBe(0)
    expect(await looks(async () => undefined)).toBe(PATIENCE_MS / STANDSTILL_MS)
    timers.mockRestore()
    expect(await deliveriesOf(endpoint.id)).toMatchObject([{ state: 'delivered' }])
  })

  it('one that is known to hang, and one that has its own pace, are not waited for beside others', async () => {
    const hanging = await control.receiver()
    const hangingEndpoint = await subscribe(hanging.url, tubewire.deps)
    const paced = await control.receiver()
    const pacedEndpoint = await subscribe(paced.url, tubewire.deps)
    const { receiver, endpoint } = await owed(tubewire, 20)
    await env.DB.prepare('UPDATE endpoints SET rate_limit = 2 WHERE id = ?').bind(pacedEndpoint.id).run()
    await env.DB.prepare('UPDATE endpoints SET timeout_ms = 20000, concurrency = 1 WHERE id = ?')
      .bind(hangingEndpoint.id)
      .run()
    const timers = vi.spyOn(globalThis, 'setTimeout')
    const waits = (milliseconds: number) =>
      timers.mock.calls.filter(([, time]) => time === milliseconds).length
    const late: Promise<unknown>[] = []
    const run = (ids: string[]) => deliver(tubewire.deps, (promise) => late.push(promise), ids)
    const answerLate = async () => {
      await hanging.answer({ status: 200 })
      await hanging.release()
    }
    await hanging.answer({ kind: 'hang' })
    await run([hangingEndpoint.id])
    await vi.waitFor(() => expect(waits(PATIENCE_MS)).toBe(2), 5_000)
    await answerLate()
    await Promise.all(late.splice(0))

    await hanging.answer({ kind: 'hang' })
    const ends: (() => void)[] = []
    tubewire.deps.pause = () => new Promise((end) => ends.push(end))
    timers.mockRestore()
    const standing = withoutEnd(STANDSTILL_MS)
    await run([hangingEndpoint.id, pacedEndpoint.id, endpoint.id])
    standing.mockRestore()
    expect(await receiver.count()).toBe(20)
    expect((await deliveriesOf(endpoint.id)).every(({ state }) => state === 'delivered')).toBe(true)
    tubewire.deps.pause = async (milliseconds) => tubewire.advance(milliseconds)
    for (const end of ends) end()
    await answerLate()
    await Promise.all(late)
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

describe('A send that may take longer than what goes on in the background', () => {
  /** One under way to a receiver that hangs, as on the platform: to a name that is public, and led to the receiver. */
  async function hanging(timeoutMs: number, perSecond: number | null = null) {
    const { receiver, endpoint } = await owed(tubewire, 1)
    await receiver.answer({ kind: 'hang' })
    await env.DB.prepare(
      "UPDATE endpoints SET timeout_ms = ?, rate_limit = ?, url = 'https://receiver.example/'",
    )
      .bind(timeoutMs, perSecond)
      .run()
    const { fetch } = tubewire.deps
    tubewire.deps.fetch = (_input, init) => fetch(receiver.url, init)
    tubewire.deps.config = { ...tubewire.deps.config, allowLocalTargets: false }
    const late: Promise<unknown>[] = []
    const run = deliver(tubewire.deps, (promise) => late.push(promise), [endpoint.id])
    await receiver.waitFor(1)
    const release = async () => {
      await receiver.answer({ status: 200 })
      await receiver.release()
      await run
      await Promise.all(late)
      expect((await deliveriesOf(endpoint.id)).map(({ state }) => state)).toEqual(['delivered'])
    }
    return { run, release }
  }

  it.each([
    [30_000, null, 5_000],
    [28_000, null, 3_000],
    // One that has its own pace is sent to for 5 s more.
    [30_000, 20, 10_000],
    [22_000, 20, 2_000],
  ])(
    'of %d ms, at %s a second, is waited for, for %d ms, where the platform ends the background',
    async (timeoutMs, perSecond, waitedMs) => {
      const setTimeout = vi.spyOn(globalThis, 'setTimeout')
      const { release } = await hanging(timeoutMs, perSecond)
      await vi.waitFor(() => {
        const waits = setTimeout.mock.calls.map(([, milliseconds]) => milliseconds)
        expect(waits.filter((wait) => wait === waitedMs).length).toBeGreaterThan(0)
      }, 10_000)
      setTimeout.mockRestore()
      await release()
    },
  )

  it('of 25 s is not waited for', async () => {
    const { run, release } = await hanging(25_000)
    await run
    await release()
  })
})
