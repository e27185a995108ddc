/** @module Ticks, queues and limiters: what wakes the work, and what guards the way out. */
import { createMessageBatch, evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  DELIVERY_QUEUE,
  POLL_QUEUE,
  type PollMessage,
  wakeDeliveries,
  wakePolls,
} from '../../src/workers/messages.ts'
import { backoff, pollInstance } from '../../src/workers/poll.ts'
import { handleDeliveries, handlePolls } from '../../src/workers/queues.ts'
import { schedule } from '../../src/workers/schedule.ts'
import { control, eventsOf, mostAtOnce, pollToEnd, subscribe, testDeps, watch } from '../support/harness.ts'

const MINUTE = 60_000
const message = (body: unknown) => ({ id: crypto.randomUUID(), timestamp: new Date(), attempts: 1, body })

let tubewire: ReturnType<typeof testDeps>
beforeEach(async () => {
  tubewire = testDeps()
  await env.DB.batch(['endpoints', 'instances'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)))
})

describe('A tick', () => {
  it('wakes each instance with a due source once, each at its time, and what falls due before a late next tick', async () => {
    const ids: string[] = []
    for (const [index, dueIn] of [-MINUTE, 0, 29_200, 64_000, 66_000, 10 * MINUTE].entries()) {
      const id = await watch(`http://h${index}.example`, tubewire.deps)
      await env.DB.prepare('UPDATE sources SET due_at = ? WHERE instance_id = ?')
        .bind(tubewire.deps.clock() + dueIn, id)
        .run()
      ids.push(id)
    }
    await schedule(tubewire.deps)
    expect(tubewire.pollQueue.sent.map(({ body, delaySeconds }) => [body.instance, delaySeconds])).toEqual([
      [ids[0], 0],
      [ids[1], 0],
      [ids[2], 30],
      [ids[3], 64],
    ])
    expect(tubewire.deliveryQueue.sent).toEqual([])
  })

  it('wakes ten thousand endpoints and instances within the limits of a queue, each once', async () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => `ep_${String(index).padStart(24, '0')}`)
    await wakeDeliveries(tubewire.deliveryQueue, ids)
    expect(tubewire.deliveryQueue.sent.flatMap(({ body }) => body.endpoints).toSorted()).toEqual(ids)
    await wakePolls(
      tubewire.pollQueue,
      ids.map((instanceId) => ({ instanceId, delaySeconds: 0 })),
    )
    expect(tubewire.pollQueue.sent.map(({ body }) => body.instance)).toEqual(ids)
  })

  it('of which a part fails is sent all the same but for that part', async () => {
    const { sendBatch } = tubewire.pollQueue
    let batches = 0
    // What it is told is what matters, not what it answers.
    tubewire.pollQueue.sendBatch = (async (messages: Iterable<MessageSendRequest<PollMessage>>) => {
      batches += 1
      if (batches === 1) throw new Error('down')
      return sendBatch(messages)
    }) as typeof sendBatch
    const ids = Array.from({ length: 150 }, (_, index) => `ins_${index}`)
    const polls = ids.map((instanceId) => ({ instanceId, delaySeconds: 0 }))
    await expect(wakePolls(tubewire.pollQueue, polls)).rejects.toThrow(
      '1 of 6 batches of messages were not sent: down',
    )
    expect(tubewire.pollQueue.sent.map(({ body }) => body.instance)).toEqual(ids.slice(25))
  })

  it('wakes deliveries although waking polls fails, and says so', async () => {
    const receiver = await control.receiver()
    const endpoint = await subscribe(receiver.url, tubewire.deps)
    const instance = await control.instance({ videos: 1 })
    const id = await watch(instance.origin, tubewire.deps, 1)
    await pollToEnd(tubewire, id)
    tubewire.deliveryQueue.sent.splice(0)
    tubewire.advance(MINUTE)
    tubewire.pollQueue.sendBatch = async () => {
      throw new Error('down')
    }
    await expect(schedule(tubewire.deps)).rejects.toThrow('could not wake everything')
    expect(tubewire.deliveryQueue.sent.map(({ body }) => body.endpoints)).toEqual([[endpoint.id]])
  })
})

describe('A new video', () => {
  it('is detected within one period and 5 s, however late ticks and messages come, and its delivery woken at once', async () => {
    const lateness = fc.record({
      tickMs: fc.nat(2_000),
      messageMs: fc.nat(2_500),
      publishedMs: fc.nat(MINUTE - 1),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(lateness, { minLength: 2, maxLength: 6 }), async (periods) => {
        const receiver = await control.receiver()
        const endpoint = await subscribe(receiver.url, tubewire.deps)
        const instance = await control.instance({ videos: 2, limits: { api: 10_000 } })
        const id = await watch(instance.origin, tubewire.deps)
        await pollToEnd(tubewire, id)
        const startedAt = tubewire.deps.clock()
        const publishedAt = new Map<string, number>()

        // What happens, and when: ticks that come late, messages that come later than they were sent for, videos in between.
        const agenda: { at: number; run: () => Promise<unknown> }[] = periods.flatMap((period, index) => {
          const { tickMs, messageMs, publishedMs } = period
          const from = startedAt + index * MINUTE
          return [
            { at: from + tickMs, run: () => tick(messageMs) },
            { at: from + publishedMs, run: () => publish(from + publishedMs) },
          ]
        })
        const end = startedAt + periods.length * MINUTE
        agenda.push({ at: end, run: () => tick(0) }, { at: end + MINUTE, run: () => tick(0) })
        async function tick(messageMs: number) {
          tubewire.pollQueue.sent.splice(0)
          await schedule(tubewire.deps)
          for (const { body, delaySeconds } of tubewire.pollQueue.sent) {
            const at = tubewire.deps.clock() + delaySeconds * 1000 + messageMs
            agenda.push({ at, run: () => pollInstance(tubewire.deps, body.instance) })
          }
        }
        async function publish(at: number) {
          const { uuid } = await instance.publish({ publishedAt: new Date(at).toISOString() })
          publishedAt.set(uuid, at)
        }
        while (agenda.length > 0) {
          agenda.sort((a, b) => a.at - b.at)
          const next = agenda.shift()
          if (!next) break
          tubewire.advance(Math.max(0, next.at - tubewire.deps.clock()))
          await next.run()
        }

        const { results } = await env.DB.prepare(
          'SELECT subject, seen_at AS seenAt FROM events WHERE instance = ?',
        )
          .bind(instance.host)
          .all<{ subject: string; seenAt: number }>()
        expect(results.map(({ subject }) => subject).sort()).toEqual([...publishedAt.keys()].sort())
        for (const { subject, seenAt } of results)
          expect(seenAt - (publishedAt.get(subject) ?? 0)).toBeLessThanOrEqual(MINUTE + 5_000)
        expect(tubewire.deliveryQueue.sent).toContainEqual({
          body: { endpoints: expect.arrayContaining([endpoint.id]) },
          delaySeconds: 0,
        })
        await env.DB.batch(['endpoints', 'instances'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)))
      }),
      { numRuns: 10 },
    )
  })
})

describe('Queue messages', () => {
  const run = async (
    handle: typeof handlePolls,
    queue: string,
    bodies: unknown[],
  ): Promise<{ retried: number }> => {
    const batch = createMessageBatch(queue, bodies.map(message))
    let retried = 0
    for (const one of batch.messages) {
      one.retry = () => {
        retried += 1
      }
    }
    const late: Promise<unknown>[] = []
    await handle(tubewire.deps, batch, (promise) => late.push(promise))
    await Promise.all(late)
    return { retried }
  }

  it('doubled and in any order: each video once, each delivery once', async () => {
    const receiver = await control.receiver()
    const endpoint = await subscribe(receiver.url, tubewire.deps)
    const instances = await Promise.all([1, 2].map(() => control.instance({ videos: 2 })))
    const ids = await Promise.all(instances.map(({ origin }) => watch(origin, tubewire.deps, 2)))
    const polls = [...ids, ...ids, ...ids.toReversed()].map((instance) => ({ instance }))
    await run(handleDeliveries, DELIVERY_QUEUE, [{ endpoints: [endpoint.id] }])
    await run(handlePolls, POLL_QUEUE, polls)
    const deliveries = [{ endpoints: [endpoint.id, endpoint.id] }, { endpoints: [endpoint.id] }]
    await run(handleDeliveries, DELIVERY_QUEUE, deliveries)
    await run(handleDeliveries, DELIVERY_QUEUE, deliveries)
    for (const { origin } of instances) expect(await eventsOf(origin)).toHaveLength(2)
    expect(await receiver.count()).toBe(4)
  })

  it('of one batch share what an invocation may have under way', async () => {
    const receiver = await control.receiver()
    const endpoints = await Promise.all(
      Array.from({ length: 120 }, () => subscribe(receiver.url, tubewire.deps)),
    )
    const instance = await control.instance({ videos: 1 })
    const id = await watch(instance.origin, tubewire.deps, 1)
    await pollToEnd(tubewire, id)
    const most = mostAtOnce(tubewire.deps)
    const ids = endpoints.map((endpoint) => endpoint.id)
    await run(handleDeliveries, DELIVERY_QUEUE, [
      { endpoints: ids.slice(0, 60) },
      { endpoints: ids.slice(60) },
    ])
    expect(await receiver.count()).toBe(120)
    expect(most()).toBe(tubewire.deps.config.deliveryConcurrency)
  })

  it('of an unknown shape are logged and dropped, and keep no other back', async () => {
    const instance = await control.instance({ videos: 1 })
    const id = await watch(instance.origin, tubewire.deps, 1)
    const bad = [null, 'text', {}, { instance: 7 }, { instance: null }, { endpoints: 'all' }]
    expect(await run(handlePolls, POLL_QUEUE, [...bad, { instance: id }])).toEqual({ retried: 0 })
    await run(handleDeliveries, DELIVERY_QUEUE, bad)
    expect(tubewire.log.filter((entry) => entry.log === 'error')).toHaveLength(2 * bad.length)
    expect(await eventsOf(instance.origin)).toHaveLength(1)
  })

  it('whose poll fails for a reason of ours are retried', async () => {
    tubewire.deps.env.DB = new Proxy(env.DB, {
      get() {
        throw new Error('D1 is down')
      },
    })
    expect(await run(handlePolls, POLL_QUEUE, [{ instance: 'ins_x' }])).toEqual({ retried: 1 })
    expect(tubewire.log).toMatchObject([{ log: 'error', error: 'Error: D1 is down', instance: 'ins_x' }])
  })

  it('for an instance that hangs hold up neither their batch nor other instances', async () => {
    const [slow, quick] = await Promise.all([
      control.instance({ videos: 1 }),
      control.instance({ videos: 1 }),
    ])
    await slow.fail({ kind: 'timeout' })
    const ids = await Promise.all([slow, quick].map(({ origin }) => watch(origin, tubewire.deps, 1)))
    const late: Promise<unknown>[] = []
    const batch = createMessageBatch(
      POLL_QUEUE,
      ids.map((instance) => message({ instance })),
    )
    await handlePolls(tubewire.deps, batch, (promise) => late.push(promise))
    expect(late).toHaveLength(1)
    expect(await eventsOf(quick.origin)).toHaveLength(1)
    expect(tubewire.log.filter((entry) => entry.log === 'poll')).toHaveLength(1)
    await slow.close()
    await Promise.all(late)
    expect(tubewire.log.at(-1)).toMatchObject({ log: 'poll', instance: slow.host, outcome: 'failed' })
  })
})

describe('The limiter', () => {
  const budget = { requests: 4, windowMs: 10_000 }
  const ask = { holder: 'run_1', requests: 1, budget, leaseMs: 30_000 }
  const now = Date.UTC(2026, 0, 1)
  const limiter = () => env.RATE_LIMITER.getByName(crypto.randomUUID())

  it('lets one holder in at a time, until it leaves or its lease runs out', async () => {
    const one = limiter()
    expect(await one.take({ ...ask, now })).toMatchObject({ kind: 'granted', requests: 1 })
    expect(await one.take({ ...ask, holder: 'run_2', now })).toEqual({
      kind: 'wait',
      reason: 'busy',
      waitMs: 30_000,
    })
    expect(await one.leave('run_2', 0, budget)).toBe(false)
    expect(await one.leave('run_1', 0, budget)).toBe(true)
    expect(await one.take({ ...ask, holder: 'run_2', now })).toMatchObject({ kind: 'granted' })
    expect(await one.take({ ...ask, holder: 'run_3', now: now + 30_000 })).toMatchObject({ kind: 'granted' })
  })

  it('gives back what was granted and not used', async () => {
    const one = limiter()
    expect(await one.take({ ...ask, requests: 9, now })).toMatchObject({ kind: 'granted', requests: 2 })
    await one.leave('run_1', 2, budget)
    expect(await one.take({ ...ask, requests: 9, now })).toMatchObject({ kind: 'granted', requests: 2 })
  })

  it('holds for as long as it was told, and remembers it when it is evicted', async () => {
    const one = limiter()
    await one.observe({ limit: null, remaining: null, resetAt: null, retryAt: now + 60_000 }, now)
    await evictDurableObject(one)
    expect(await one.take({ ...ask, now: now + 59_999 })).toEqual({ kind: 'wait', reason: 'held', waitMs: 1 })
    expect(await one.take({ ...ask, now: now + 60_000 })).toMatchObject({ kind: 'granted' })
  })

  it('remembers the limit that it learned when it is evicted', async () => {
    const one = limiter()
    await one.observe({ limit: 2, remaining: 1, resetAt: null, retryAt: null }, now)
    await evictDurableObject(one)
    expect(await one.take({ ...ask, requests: 9, now })).toEqual({ kind: 'granted', requests: 1, limit: 2 })
  })

  it('is not stopped by a clock that goes back', async () => {
    const one = limiter()
    await one.take({ ...ask, requests: 2, now })
    const dayBefore = now - 24 * 60 * MINUTE
    const grant = await one.take({ ...ask, holder: 'run_2', now: dayBefore })
    expect(grant).toMatchObject({ kind: 'wait', reason: 'budget' })
    expect(grant.kind === 'wait' && grant.waitMs).toBeLessThanOrEqual(budget.windowMs)
  })

  it('waits for the end of the window when nothing remains of the limit', async () => {
    const one = limiter()
    await one.observe({ limit: 50, remaining: 0, resetAt: now + 7_000, retryAt: null }, now)
    expect(await one.take({ ...ask, now })).toEqual({ kind: 'wait', reason: 'held', waitMs: 7_000 })
  })

  it('is not held for long by a number that the remote only mentions', async () => {
    const one = limiter()
    await one.observe({ limit: 50, remaining: 0, resetAt: now + 600 * MINUTE, retryAt: null }, now)
    expect(await one.take({ ...ask, now })).toEqual({ kind: 'wait', reason: 'held', waitMs: 5 * MINUTE })
  })

  it('is not held for longer than a day, nor by the past', async () => {
    const one = limiter()
    await one.hold(now - 1, now)
    expect(await one.take({ ...ask, now })).toMatchObject({ kind: 'granted' })
    await one.leave('run_1', 1, budget)
    await one.hold(Number.MAX_SAFE_INTEGER, now)
    expect(await one.take({ ...ask, now })).toMatchObject({ waitMs: 24 * 60 * MINUTE })
  })
})

it.each([
  [1, MINUTE],
  [2, 2 * MINUTE],
  [5, 16 * MINUTE],
  [11, 1_024 * MINUTE],
  [12, 1_440 * MINUTE],
  [2_000, 1_440 * MINUTE],
])('after %i failures in a row an instance is left alone for %i ms, 20 %% more or less', (failures, wait) => {
  expect(backoff(failures, 0.5)).toBe(wait)
  expect(backoff(failures, 0)).toBe(wait * 0.8)
  expect(backoff(failures, 1)).toBe(wait * 1.2)
})
