/** @module The buckets of one instance, apart. What the limiter is to one bucket: schedule.test.ts. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { Bucket, Observation } from '../../src/peertube/client.ts'
import { instanceAccess, lookAtInstance } from '../../src/workers/instance-access.ts'

const NOW = Date.UTC(2026, 0, 1)
const BUCKETS: Bucket[] = ['api', 'login', 'feeds', 'activityPub']
const SAID: Observation = { status: 200, limit: null, remaining: null, resetAt: null, retryAt: null }

/** A limiter of its own, with a clock that is turned. */
function reading() {
  const host = `${crypto.randomUUID()}.example`
  const limiter = env.RATE_LIMITER.getByName(`instance:${host}`)
  let now = NOW
  const access = () => instanceAccess(env.RATE_LIMITER, host, crypto.randomUUID(), () => now)
  const one = access()
  return {
    limiter,
    access: one,
    another: access,
    /** How its buckets are doing, by their names. */
    async look() {
      const looks = await lookAtInstance(env.RATE_LIMITER, host, now)
      return Object.fromEntries(looks.map(({ bucket, ...look }) => [bucket, look]))
    },
    pass: (milliseconds: number) => {
      now += milliseconds
    },
    /** How many requests are granted at once. */
    async burst(bucket: Bucket): Promise<number> {
      for (let count = 0; ; count += 1) {
        if ((await one.ask(bucket)).kind === 'wait') return count
      }
    },
  }
}

describe('The buckets of an instance', () => {
  it.each([
    ['api', 13],
    ['login', 4],
    ['feeds', 13],
    ['activityPub', 125],
  ] as const)('%s: a burst is a quarter of the documented limit, of its own', async (bucket, expected) => {
    const { burst, access } = reading()
    expect(await burst(bucket)).toBe(expected)
    for (const other of BUCKETS.filter((one) => one !== bucket)) {
      expect(await access.ask(other)).toMatchObject({ kind: 'granted' })
    }
  })

  it('share one lease: there is one reader, whatever it reads', async () => {
    const { access, another } = reading()
    await access.ask('feeds')
    expect(await another().ask('api')).toMatchObject({ kind: 'wait', reason: 'busy' })
    await access.leave()
    expect(await another().ask('login')).toMatchObject({ kind: 'granted' })
  })

  it('learn their limits each for itself, and remember them', async () => {
    const { access, limiter } = reading()
    await access.observe({ ...SAID, limit: 8 }, 'feeds')
    await evictDurableObject(limiter)
    expect(await access.ask('feeds')).toMatchObject({ limit: 8 })
    expect(await access.ask('api')).toMatchObject({ limit: null })
  })

  it.each([
    ['429', { ...SAID, status: 429, retryAt: NOW + 300_000 }, 300_000],
    ['share that is spent', { ...SAID, limit: 15, remaining: 7, resetAt: NOW + 120_000 }, 120_000],
  ] as const)('rest each for itself, to the millisecond: a %s', async (_name, observation, waitMs) => {
    const { access, pass } = reading()
    await access.observe(observation, 'login')
    pass(waitMs - 1)
    expect(await access.ask('login')).toEqual({ kind: 'wait', reason: 'held', waitMs: 1 })
    expect(await access.ask('api')).toMatchObject({ kind: 'granted' })
    pass(1)
    expect(await access.ask('login')).toMatchObject({ kind: 'granted' })
  })

  it('rest all of them for a 503, also after an eviction', async () => {
    const { access, limiter, pass } = reading()
    await access.observe({ ...SAID, status: 503, retryAt: NOW + 60_000 }, 'feeds')
    await evictDurableObject(limiter)
    pass(59_999)
    for (const bucket of BUCKETS) {
      expect(await access.ask(bucket)).toEqual({ kind: 'wait', reason: 'held', waitMs: 1 })
    }
    pass(1)
    expect(await access.ask('api')).toMatchObject({ kind: 'granted' })
  })

  it('are halved each for itself by a 429, which an eviction does not undo and time does', async () => {
    const { access, limiter, pass, burst } = reading()
    await access.observe({ ...SAID, status: 429, retryAt: NOW + 10_000 }, 'api')
    await evictDurableObject(limiter)
    pass(10_000)
    expect(await burst('feeds')).toBe(13)
    expect(await burst('api')).toBe(6)
    pass(600_000)
    expect(await burst('api')).toBe(13)
  })

  it('get back what was granted and not used, and nothing else does', async () => {
    const { access, another, burst } = reading()
    await burst('api')
    await burst('feeds')
    await access.leave()
    const next = another()
    expect(await next.ask('api')).toMatchObject({ kind: 'wait', reason: 'budget' })
    expect(await next.ask('feeds')).toMatchObject({ kind: 'granted' })
    await next.observe(SAID, 'feeds')
    await next.leave()
    expect(await another().ask('feeds')).toMatchObject({ kind: 'wait', reason: 'budget' })
  })

  it('get back as much as it was, also while the share is smaller', async () => {
    const { access, another, burst, pass } = reading()
    await access.observe({ ...SAID, status: 429, retryAt: NOW + 10_000 })
    pass(10_000)
    await burst('api')
    await access.leave()
    const next = another()
    expect(await next.ask()).toMatchObject({ kind: 'granted' })
    expect(await next.ask()).toMatchObject({ kind: 'wait' })
  })

  it('are what was in storage before there were any: its limit is that of the API, its hold that of all', async () => {
    const { access, limiter, pass } = reading()
    await runInDurableObject(limiter, async (_, state) => {
      await state.storage.put('hold', NOW + 5_000)
      await state.storage.put('limit', 8)
    })
    await evictDurableObject(limiter)
    for (const bucket of BUCKETS) expect(await access.ask(bucket)).toMatchObject({ reason: 'held' })
    pass(5_000)
    expect(await access.ask('api')).toMatchObject({ kind: 'granted', limit: 8 })
    expect(await access.ask('feeds')).toMatchObject({ kind: 'granted', limit: null })
  })

  it('are looked at without a change: what is granted, stored and leased stays', async () => {
    const { access, another, burst, limiter, look } = reading()
    await access.ask('api')
    expect(await look()).toMatchObject({ api: { used: 1, ours: 25, atOnce: 13 } })
    expect(await look()).toMatchObject({ api: { used: 1 } })
    expect(await another().ask('api')).toMatchObject({ reason: 'busy' })
    expect(await burst('api')).toBe(12)
    expect(await look()).toMatchObject({ api: { used: 13 } })
    const stored = await runInDurableObject(limiter, (_, state) => state.storage.list())
    expect([...stored]).toEqual([])
  })

  it('remember how often they refused, also after an eviction', async () => {
    const { access, limiter, look } = reading()
    await access.observe({ ...SAID, status: 429, retryAt: NOW + 10_000 }, 'feeds')
    await access.observe({ ...SAID, status: 429, retryAt: NOW + 10_000 }, 'feeds')
    await evictDurableObject(limiter)
    expect(await look()).toMatchObject({
      feeds: { refusals: { count: 2, lastAt: NOW }, heldUntil: NOW + 10_000 },
      api: { refusals: { count: 0, lastAt: null }, heldUntil: null },
    })
  })

  it('cost no call for an ordinary answer', async () => {
    const { access, limiter } = reading()
    for (const bucket of BUCKETS) await access.ask(bucket)
    const documented = { api: 50, login: 15, feeds: 50, activityPub: 500 }
    for (const bucket of BUCKETS) {
      const limit = documented[bucket]
      await access.observe({ ...SAID, limit, remaining: limit - 1, resetAt: NOW + 9_000 }, bucket)
    }
    const stored = await runInDurableObject(limiter, (_, state) => state.storage.list())
    expect([...stored]).toEqual([])
  })
})
