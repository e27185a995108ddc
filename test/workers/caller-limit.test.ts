/** @module Callers of our own API, counted by real Durable Objects. */
import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Limit } from '../../src/config.ts'
import { type CountedRequest, callerLimit, limitHeaders } from '../../src/workers/caller-limit.ts'
import type { RateLimiter } from '../../src/workers/rate-limiter.ts'
import { testDeps } from '../support/harness.ts'

/** In memory, as `GET /*`; in storage too, as logins. */
const SHORT: Limit = { requests: 50, windowMs: 10_000 }
const LONG: Limit = { requests: 50, windowMs: 300_000 }

let tubewire: ReturnType<typeof testDeps>
let caller: string
beforeEach(() => {
  // However slow this machine is, no patience with a limiter ends before a test says so.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  tubewire = testDeps()
  caller = `usr_${crypto.randomUUID()}`
})

afterEach(async () => {
  vi.useRealTimers()
  // Its alarm would ring in the tests that come after.
  await runInDurableObject(limiter(), (_instance: RateLimiter, { storage }) => storage.deleteAlarm())
})

const limiter = () => env.RATE_LIMITER.getByName(`caller:${caller}`)

async function count(limit: Limit, bucket = 'token'): Promise<CountedRequest> {
  const counted = await callerLimit(tubewire.deps, caller, bucket, limit)
  if (counted.kind === 'unknown') throw new Error('the limiter failed')
  return counted
}

/** So many requests at once. @returns those that were let through. */
async function countMany(times: number, limit: Limit): Promise<CountedRequest[]> {
  const all = await Promise.all(Array.from({ length: times }, () => count(limit)))
  return all.filter(({ allowed }) => allowed)
}

/** What the caller's object has in storage, and when its alarm rings. */
function stored(): Promise<{ keys: string[]; alarm: number | null }> {
  return runInDurableObject(limiter(), async (_instance: RateLimiter, { storage }) => ({
    keys: [...(await storage.list()).keys()],
    alarm: await storage.getAlarm(),
  }))
}

/** How large its storage is. */
function bytesStored(): Promise<number> {
  return runInDurableObject(limiter(), (_instance: RateLimiter, { storage }) => storage.sql.databaseSize)
}

describe.each([
  ['a short', SHORT],
  ['a long', LONG],
])('A thousand requests at once, in %s window,', (_name, limit) => {
  it('let exactly the limit through, and are told what is left', async () => {
    const passed = await countMany(1_000, limit)
    const left = passed.map(({ remaining }) => remaining).toSorted((a, b) => a - b)
    expect(left).toEqual(Array.from({ length: 50 }, (_, index) => index))
    const ends = new Set(passed.map(({ resetAt }) => resetAt))
    expect([...ends]).toEqual([tubewire.deps.clock() + limit.windowMs])
  })

  it('let exactly the limit through when they are side by side inside the object', async () => {
    const now = tubewire.deps.clock()
    const all = await runInDurableObject(limiter(), (instance: RateLimiter) =>
      Promise.all(Array.from({ length: 1_000 }, () => instance.count('token', limit, now))),
    )
    expect(all.filter(({ allowed }) => allowed)).toHaveLength(50)
  })

  it('let nobody more through until its end, and then as many again', async () => {
    await countMany(50, limit)
    tubewire.advance(limit.windowMs - 1)
    expect(await countMany(100, limit)).toHaveLength(0)
    tubewire.advance(1)
    expect(await countMany(1_000, limit)).toHaveLength(50)
  })

  it('let as many more through as were given back', async () => {
    const first = await countMany(500, limit)
    const half = first.filter((_, index) => index % 2 === 0)
    // Others come while they are given back, and again when all are.
    const [meanwhile] = await Promise.all([
      countMany(300, limit),
      ...half.map((request) => request.uncount()),
    ])
    const afterwards = await countMany(200, limit)
    expect(half).toHaveLength(25)
    expect(meanwhile.length + afterwards.length).toBe(25)
  })
})

describe('An object that is evicted', () => {
  it.each([0, 20, 500])('in a long window has counted the %i requests before', async (times) => {
    // Any request, so that there is an object.
    await count(SHORT, 'api')
    const before = await countMany(times, LONG)
    await evictDurableObject(limiter())
    const after = await countMany(1_000 - times, LONG)
    expect(before.length + after.length).toBe(50)
  })

  it('knows what was given back, before and after', async () => {
    const [first, second] = await countMany(50, LONG)
    await first?.uncount()
    await evictDurableObject(limiter())
    await second?.uncount()
    await evictDurableObject(limiter())
    expect(await countMany(100, LONG)).toHaveLength(2)
  })

  it('without any warning lets nobody through twice', async () => {
    const limit = { ...LONG, requests: 300 }
    const asked = Array.from({ length: 400 }, () => callerLimit(tubewire.deps, caller, 'token', limit))
    await asked[20]
    // Most requests are on their way now: some were counted, and some of these answered.
    await abortAllDurableObjects()
    const answers = await Promise.all(asked)
    const before = answers.filter((answer) => answer.kind === 'counted' && answer.allowed)
    const after = await countMany(400, limit)
    expect(before.length).toBeGreaterThan(0)
    expect(before.length + after.length).toBeLessThanOrEqual(300)
  })
})

describe('A request', () => {
  it('is counted in its own bucket and for its own caller only', async () => {
    await countMany(50, SHORT)
    expect(await count(SHORT, 'token')).toMatchObject({ allowed: false })
    expect(await count(SHORT, 'api')).toMatchObject({ allowed: true, remaining: 49 })
    caller = `${caller}x`
    expect(await count(SHORT, 'token')).toMatchObject({ allowed: true, remaining: 49 })
  })

  it('is given back once', async () => {
    const [first] = await countMany(50, SHORT)
    await first?.uncount()
    await first?.uncount()
    expect(await countMany(10, SHORT)).toHaveLength(1)
  })

  it('that was refused gives nothing back', async () => {
    await countMany(50, SHORT)
    await (await count(SHORT)).uncount()
    expect(await count(SHORT)).toMatchObject({ allowed: false })
  })

  it('of a window that is over gives the next one nothing', async () => {
    const [first] = await countMany(50, LONG)
    tubewire.advance(LONG.windowMs)
    await countMany(50, LONG)
    await first?.uncount()
    expect(await count(LONG)).toMatchObject({ allowed: false })
  })

  it('is counted against a limit that was changed meanwhile', async () => {
    await countMany(40, LONG)
    expect(await count({ ...LONG, requests: 20 })).toMatchObject({ allowed: false, limit: 20, remaining: 0 })
    expect(await count({ ...LONG, requests: 60 })).toMatchObject({ allowed: true, limit: 60, remaining: 19 })
  })

  it('is remembered from when its window is made a long one', async () => {
    await countMany(30, SHORT)
    await countMany(10, LONG)
    await evictDurableObject(limiter())
    expect(await countMany(100, LONG)).toHaveLength(10)
  })
})

describe('What an object keeps', () => {
  /** The object's own clock. */
  const setObjectClock = (now: number) =>
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now })

  it('is nothing of short windows', async () => {
    await countMany(100, SHORT)
    expect(await stored()).toEqual({ keys: [], alarm: null })
  })

  it('is a long window, until an alarm at its end leaves nothing', async () => {
    setObjectClock(tubewire.deps.clock())
    const bytesBefore = await bytesStored()
    const { resetAt } = await count(LONG)
    await count(LONG)
    expect(await stored()).toEqual({ keys: ['window:token'], alarm: resetAt })
    setObjectClock(resetAt)
    expect(await runDurableObjectAlarm(limiter())).toBe(true)
    expect(await bytesStored()).toBe(bytesBefore)
    expect(await stored()).toEqual({ keys: [], alarm: null })
    // What comes then is kept anew.
    tubewire.advance(LONG.windowMs)
    const next = await count(LONG)
    expect(next).toMatchObject({ allowed: true, remaining: 49 })
    expect(await stored()).toEqual({ keys: ['window:token'], alarm: next.resetAt })
  })

  it('is a window that goes on, when the alarm rings for another', async () => {
    setObjectClock(tubewire.deps.clock())
    const register = { requests: 2, windowMs: 60_000 }
    const first = await count(register, 'register')
    const second = await count(LONG, 'token')
    setObjectClock(first.resetAt)
    await runDurableObjectAlarm(limiter())
    expect(await stored()).toEqual({ keys: ['window:token'], alarm: second.resetAt })
    await evictDurableObject(limiter())
    expect(await countMany(100, LONG)).toHaveLength(49)
  })

  it('is a window in use, though the alarm of the one before rings late', async () => {
    setObjectClock(tubewire.deps.clock())
    await count(LONG)
    tubewire.advance(LONG.windowMs)
    setObjectClock(tubewire.deps.clock())
    const { resetAt } = await count(LONG)
    await runDurableObjectAlarm(limiter())
    expect(await stored()).toEqual({ keys: ['window:token'], alarm: resetAt })
    await evictDurableObject(limiter())
    expect(await countMany(100, LONG)).toHaveLength(49)
  })

  it('ends by the clock of the object, however far off that of the Worker is', async () => {
    tubewire.advance(-365 * 24 * 3_600_000)
    setObjectClock(Date.now())
    await count(LONG)
    expect(await stored()).toEqual({ keys: ['window:token'], alarm: Date.now() + LONG.windowMs })
  })

  it('is written once for each request that passes, and never for one that is refused', async () => {
    const written = () =>
      runInDurableObject(limiter(), async (_instance: RateLimiter, { storage }) => {
        const put = vi.spyOn(storage.kv, 'put')
        await countMany(60, LONG)
        const writes = put.mock.calls.length
        put.mockRestore()
        return writes
      })
    expect(await written()).toBe(50)
    expect(await written()).toBe(0)
  })

  it('is whatever else it was told, past every alarm', async () => {
    setObjectClock(tubewire.deps.clock())
    await limiter().hold(Date.now() + 3_600_000, Date.now())
    const { resetAt } = await count(LONG)
    setObjectClock(resetAt)
    await runDurableObjectAlarm(limiter())
    expect((await stored()).keys).toEqual(['hold'])
  })
})

describe('A limiter that fails', () => {
  /** Replaces methods of the limiter. */
  function breakLimiter(methods: Partial<Record<'count' | 'uncount', () => Promise<unknown>>>) {
    const { RATE_LIMITER } = tubewire.deps.env
    tubewire.deps.env.RATE_LIMITER = {
      getByName(name: string) {
        return new Proxy(RATE_LIMITER.getByName(name), {
          get: (target, key) => Reflect.get(methods, key) ?? Reflect.get(target, key),
        })
      },
      // Of the namespace the code under test uses `getByName` only.
    } as unknown as Env['RATE_LIMITER']
  }
  const never = () => new Promise(() => undefined)
  const reset = async () => Promise.reject(new Error('the object was reset'))

  it('leaves it unknown whether a request may pass, and the log has it once', async () => {
    breakLimiter({ count: reset })
    expect(await callerLimit(tubewire.deps, caller, 'token', LONG)).toEqual({ kind: 'unknown' })
    expect(tubewire.log).toEqual([
      {
        log: 'error',
        where: 'counting a request',
        error: 'Error: the object was reset',
        caller,
        bucket: 'token',
      },
    ])
  })

  it('or can not be reached at all', async () => {
    tubewire.deps.env.RATE_LIMITER = {
      getByName() {
        throw new Error('no such object')
      },
      // Of the namespace the code under test uses `getByName` only.
    } as unknown as Env['RATE_LIMITER']
    expect(await callerLimit(tubewire.deps, caller, 'token', LONG)).toEqual({ kind: 'unknown' })
    expect(tubewire.log).toMatchObject([{ error: 'Error: no such object' }])
  })

  it('is waited for 2 s, and no timer is left', async () => {
    breakLimiter({ count: never })
    let answer: unknown = null
    const asked = callerLimit(tubewire.deps, caller, 'token', LONG).then((given) => {
      answer = given
    })
    await vi.advanceTimersByTimeAsync(1_999)
    expect(answer).toBeNull()
    await vi.advanceTimersByTimeAsync(1)
    await asked
    expect(answer).toEqual({ kind: 'unknown' })
    expect(tubewire.log).toMatchObject([{ error: expect.stringContaining('within 2000 ms') }])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('and answers too late does no harm', async () => {
    const late = Promise.withResolvers()
    breakLimiter({ count: () => late.promise })
    const asked = callerLimit(tubewire.deps, caller, 'token', LONG)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await asked).toEqual({ kind: 'unknown' })
    late.reject(new Error('the object was reset'))
    await vi.advanceTimersByTimeAsync(1)
    expect(tubewire.log).toHaveLength(1)
  })

  it('leaves no timer when it answers either', async () => {
    await count(LONG)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('when a request is given back says so in the log, and to nobody else', async () => {
    breakLimiter({ uncount: reset })
    const request = await count(LONG)
    await request.uncount()
    expect(tubewire.log).toMatchObject([{ log: 'error', error: 'Error: the object was reset' }])
  })
})

describe('The headers of a limit', () => {
  const counted = {
    allowed: true,
    limit: 50,
    remaining: 49,
    resetAt: 1_795_469_241_001,
    retryAfterSeconds: 10,
  }

  it('say how many, how many are left, and when the window ends, in seconds that are rounded up', () => {
    expect(limitHeaders(counted)).toEqual({
      'x-ratelimit-limit': '50',
      'x-ratelimit-remaining': '49',
      'x-ratelimit-reset': '1795469242',
    })
  })

  it('say when to come again to whom was refused', () => {
    expect(limitHeaders({ ...counted, allowed: false, remaining: 0 })).toMatchObject({ 'retry-after': '10' })
  })

  it.each([
    [0, '300'],
    [1, '300'],
    [1_000, '299'],
    [299_000, '1'],
    [299_999, '1'],
  ])('%i ms into a window of 300 s ask to wait %s s', async (after, seconds) => {
    await countMany(50, LONG)
    tubewire.advance(after)
    const refused = await count(LONG)
    expect(limitHeaders(refused)['retry-after']).toBe(seconds)
    // Whoever obeys is let in.
    tubewire.advance(Number(seconds) * 1_000)
    expect(await count(LONG)).toMatchObject({ allowed: true })
  })
})
