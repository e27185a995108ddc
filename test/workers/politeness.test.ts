/** @module Invariant 4 at full speed: a thousand polls against an instance's own limiter, as fast as ours lets them. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { type Bucket, getJson } from '../../src/peertube/client.ts'
import { type InstanceAccess, instanceAccess } from '../../src/workers/instance-access.ts'
import type { RateLimiter } from '../../src/workers/rate-limiter.ts'
import type { Limits } from '../simulator/limits.ts'
import { control } from '../support/harness.ts'

type Reading = Awaited<ReturnType<typeof startReading>>

/** A reader of one instance. Both clocks run with real time, and are turned together when the limiter says so. */
async function startReading(limiter: RateLimiter, limits: Partial<Limits>) {
  // The object itself: a call from one Worker to another costs more than all else here.
  const limiters = { getByName: () => limiter } as unknown as Env['RATE_LIMITER']
  const instance = await control.instance({ videos: 1, limits })
  let offset = 0
  const clock = () => Date.now() + offset
  const statuses: number[] = []
  const waits: number[] = []
  const deps = { fetch: (...args: Parameters<typeof fetch>) => fetch(...args), clock, userAgent: 'Tubewire' }

  const turn = async (milliseconds: number) => {
    offset += milliseconds
    await instance.advance(milliseconds)
  }
  const get = async (access: InstanceAccess, path: string, bucket: Bucket) => {
    for (let grant = await access.ask(bucket); grant.kind === 'wait'; grant = await access.ask(bucket)) {
      waits.push(grant.waitMs)
      await turn(grant.waitMs)
    }
    const { observation } = await getJson(deps, instance.origin + path, { bucket })
    await access.observe(observation, bucket)
    statuses.push(observation?.status ?? 0)
  }

  return {
    instance,
    turn,
    waits,
    statuses,
    clock,
    /** One poll. @param index every third reads a feed, too. */
    async poll(index: number) {
      const access = instanceAccess(limiters, instance.host, `run_${index}`, clock)
      await get(access, '/nodeinfo/2.0.json', 'api')
      await get(access, '/api/v1/videos?sort=-publishedAt&count=100&skipCount=true', 'api')
      if (index % 3 === 0) await get(access, '/feeds/video-comments.json', 'feeds')
      await access.leave()
    },
    /** Others behind our address ask for something. */
    async askAsOthers(requests: number) {
      for (let count = 0; count < requests; count += 1) {
        const response = await fetch(`${instance.origin}/api/v1/config`)
        await response.body?.cancel()
      }
    },
  }
}

/** Runs a script beside a limiter of its own. */
async function reading(limits: Partial<Limits>, script: (reading: Reading) => Promise<void>): Promise<void> {
  const limiter = env.RATE_LIMITER.getByName(crypto.randomUUID())
  await runInDurableObject(limiter, async (object) => script(await startReading(object, limits)))
}

describe('A thousand polls at full speed', () => {
  it.each<[string, number, Partial<Limits>]>([
    ['with the limits of PeerTube', 1_000, {}],
    ['and some more with a quarter of them', 300, { api: 12, feeds: 12 }],
    ['and some more with windows of a minute', 300, { windowMs: 60_000 }],
    ['and some more with windows of three seconds', 300, { windowMs: 3_000, api: 20 }],
  ])('%s meet no 429: %d', { timeout: 120_000 }, async (_name, polls, limits) => {
    await reading(limits, async ({ poll, instance, statuses, waits }) => {
      for (let index = 0; index < polls; index += 1) await poll(index)
      expect((await instance.stats()).tooMany).toBe(0)
      expect(statuses).toHaveLength(2 * polls + Math.ceil(polls / 3))
      expect(new Set(statuses)).toEqual(new Set([200]))
      // They did go as fast as they may: there was always something to wait for.
      expect(waits.length).toBeGreaterThan(10)
    })
  })

  it('meet no 429 where others behind our address take part of each window', {
    timeout: 120_000,
  }, async () => {
    await reading({}, async ({ poll, instance, statuses, clock, askAsOthers }) => {
      let nextOthers = clock()
      for (let index = 0; index < 1_000; index += 1) {
        // Never more than their half of a window, however it lies.
        if (clock() >= nextOthers) {
          await askAsOthers(5 + (index % 8))
          nextOthers = clock() + 10_000
        }
        await poll(index)
      }
      expect((await instance.stats()).tooMany).toBe(0)
      expect(new Set(statuses)).toEqual(new Set([200]))
    })
  })
})

describe('A limit that is lowered', () => {
  it('above what is used in the window is met by no 429', async () => {
    await reading({}, async ({ poll, instance, statuses, turn }) => {
      for (let index = 0; index < 50; index += 1) await poll(index)
      await turn(10_000)
      await poll(1)
      await instance.setLimits({ api: 10 })
      for (let index = 0; index < 50; index += 1) await poll(index)
      expect(statuses).not.toContain(429)
    })
  })

  it('below what is used costs one 429, after which half as much is asked, until it has been quiet for long', async () => {
    await reading({}, async ({ poll, instance, statuses, turn }) => {
      const polls = async (count: number) => {
        for (let index = 0; index < count; index += 1) await poll(3 * index + 1)
      }
      const mostInWindow = async (from: number, to: number) => {
        const times = (await instance.requests()).slice(from, to).map(({ at }) => at)
        return Math.max(
          ...times.map((start) => times.filter((at) => at >= start && at < start + 10_000).length),
        )
      }
      await polls(6)
      await instance.setLimits({ api: 8 })
      await polls(20)
      expect(statuses.filter((status) => status === 429)).toHaveLength(1)
      // 8 are allowed, 4 are ours, and half of them is asked.
      const recovering = statuses.length
      expect(await mostInWindow(statuses.indexOf(429) + 1, recovering)).toBeLessThanOrEqual(2)

      await turn(600_000)
      await polls(20)
      expect(statuses.filter((status) => status === 429)).toHaveLength(1)
      const most = await mostInWindow(recovering, statuses.length)
      expect(most).toBeGreaterThan(2)
      expect(most).toBeLessThanOrEqual(4)
    })
  })
})
