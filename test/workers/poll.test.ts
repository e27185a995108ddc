/** @module Invariants 1, 2, 4 and 6: what a poll stores, whatever happens around it. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { dueEndpoints } from '../../src/db/deliveries.ts'
import { dueInstances, dueSources } from '../../src/db/polls.ts'
import { pollInstance } from '../../src/workers/poll.ts'
import type { RemoteInstance } from '../simulator/client.ts'
import {
  control,
  count,
  eventsOf,
  pollAgain,
  pollToEnd,
  subscribe,
  testDeps,
  watch,
} from '../support/harness.ts'

let tubewire: ReturnType<typeof testDeps>
beforeEach(() => {
  tubewire = testDeps()
})

/** An instance with so many videos, read once. */
async function watched(videos: number): Promise<{ instance: RemoteInstance; id: string }> {
  const instance = await control.instance({ videos, limits: { api: 10_000 } })
  const id = await watch(instance.origin, tubewire.deps)
  await pollToEnd(tubewire, id)
  return { instance, id }
}

async function subjects(instance: RemoteInstance): Promise<string[]> {
  return (await eventsOf(instance.origin)).map(({ subject }) => subject)
}

describe('The first poll', () => {
  it('emits nothing, and remembers every video of a long list', async () => {
    const { instance, id } = await watched(250)
    expect(await subjects(instance)).toEqual([])
    expect(await count('SELECT count(*) AS count FROM videos WHERE instance_id = ?', id)).toBe(250)
  })

  it('emits the newest videos that a backfill asks for, oldest first', async () => {
    const instance = await control.instance({ videos: 30 })
    const id = await watch(instance.origin, tubewire.deps, 3)
    await pollToEnd(tubewire, id)
    expect(await subjects(instance)).toEqual((await instance.list()).slice(0, 3).reverse())
  })

  it('emits what is published while it walks, once it is done', async () => {
    const instance = await control.instance({ videos: 250 })
    await instance.afterLists(1, { action: 'publish' })
    const id = await watch(instance.origin, tubewire.deps)
    await pollToEnd(tubewire, id)
    await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual((await instance.list()).slice(0, 1))
  })

  it('finds every video although some are deleted while it walks', async () => {
    const instance = await control.instance({ videos: 350 })
    const all = await instance.list()
    for (const uuid of all.slice(0, 8)) await instance.afterLists(1, { action: 'remove', uuid })
    const id = await watch(instance.origin, tubewire.deps)
    await pollToEnd(tubewire, id)
    expect(await count('SELECT count(*) AS count FROM videos WHERE instance_id = ?', id)).toBe(350)
  })

  it('takes an instance that has no video yet, and emits its first', async () => {
    const { instance, id } = await watched(0)
    const { uuid } = await instance.publish()
    await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual([uuid])
  })
})

describe('What is no news', () => {
  /** What the instance answers to a list of videos, changed. */
  function rewrite(change: (answer: { data: Record<string, unknown>[] }) => unknown): void {
    const { fetch } = tubewire.deps
    tubewire.deps.fetch = async (input, init) => {
      const response = await fetch(input, init)
      // A list, as the simulator makes it.
      return Response.json(change(await response.json()), { headers: response.headers })
    }
  }

  it('are the videos that an instance did not show when it was read first', async () => {
    const instance = await control.instance({ videos: 150 })
    // Its newest is older than clocks differ.
    tubewire.advance(3_600_000)
    const id = await watch(instance.origin, tubewire.deps)
    const { fetch } = tubewire.deps
    rewrite(() => ({ data: [] }))
    await pollToEnd(tubewire, id)
    tubewire.deps.fetch = fetch
    await pollAgain(tubewire, id)
    const { uuid } = await instance.publish({ publishedAt: new Date(tubewire.deps.clock()).toISOString() })
    await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual([uuid])
  })

  it('are the videos below a page that came short', async () => {
    const instance = await control.instance({ videos: 350 })
    const id = await watch(instance.origin, tubewire.deps)
    const { fetch } = tubewire.deps
    rewrite(({ data }) => ({ data: data.slice(0, 90) }))
    await pollToEnd(tubewire, id)
    tubewire.deps.fetch = fetch
    expect(await count('SELECT count(*) AS count FROM videos WHERE instance_id = ?', id)).toBe(350)
    for (const uuid of (await instance.list()).slice(0, 200)) await instance.remove(uuid)
    await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual([])
  })

  it('are those that could not be understood at first; one that could not later is, as soon as it can be', async () => {
    const instance = await control.instance({ videos: 3 })
    const [old = ''] = await instance.list()
    await instance.setPublishedAt(old, 'yesterday')
    const id = await watch(instance.origin, tubewire.deps)
    await pollToEnd(tubewire, id)
    await instance.setPublishedAt(old, new Date().toISOString())
    const { uuid } = await instance.publish()
    await instance.setPublishedAt(uuid, 'soon')
    await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual([])
    const before = tubewire.log.length
    await pollAgain(tubewire, id)
    // It is told once, not at every poll.
    expect(tubewire.log.slice(before).filter((entry) => entry.log === 'skipped')).toEqual([])
    await instance.setPublishedAt(uuid, new Date().toISOString())
    await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual([uuid])
  })

  it('is a list without an end: the poll says so, and backs off', async () => {
    const instance = await control.instance({ videos: 150, limits: { api: 10_000 } })
    const id = await watch(instance.origin, tubewire.deps)
    const { fetch } = tubewire.deps
    tubewire.deps.fetch = (input, init) => fetch(String(input).replace(/start=\d+/, 'start=0'), init)
    await pollToEnd(tubewire, id).catch(() => undefined)
    expect(tubewire.log).toContainEqual(
      expect.objectContaining({
        outcome: 'failed',
        detail: 'the list of videos has no end: it repeats itself',
      }),
    )
    expect((await instance.requests()).length).toBeLessThan(100)
  })
})

describe('A later poll', () => {
  it('emits a new video once, however often it is seen', async () => {
    const { instance, id } = await watched(5)
    const { uuid } = await instance.publish()
    for (let round = 0; round < 3; round += 1) await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual([uuid])
  })

  it('emits several new videos in the order in which they were published', async () => {
    const { instance, id } = await watched(5)
    const published = []
    for (let minute = 1; minute <= 3; minute += 1) {
      await instance.advance(60_000)
      published.push((await instance.publish()).uuid)
    }
    await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual(published)
  })

  it('emits an unlisted video made public, in the middle of the list with its old date', async () => {
    const { instance, id } = await watched(20)
    const old = new Date(Date.now() - 5.5 * 60_000).toISOString()
    const { uuid } = await instance.publish({ privacy: 'unlisted', publishedAt: old })
    await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual([])
    await instance.setPrivacy(uuid, 'public')
    expect((await instance.list()).indexOf(uuid)).toBeGreaterThan(2)
    await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual([uuid])
  })

  it('emits a scheduled video when it becomes public, and a private one', async () => {
    const { instance, id } = await watched(3)
    const scheduled = await instance.schedule(60_000)
    const secret = await instance.publish({ privacy: 'private' })
    await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual([])
    await instance.setPrivacy(secret.uuid, 'public')
    await instance.advance(60_000)
    await pollAgain(tubewire, id)
    expect((await subjects(instance)).sort()).toEqual([scheduled.uuid, secret.uuid].sort())
  })

  it('emits nothing for likes, views and edits, nor for an old video that a deletion pushes up', async () => {
    const { instance, id } = await watched(150)
    const [first, second, third] = await instance.list()
    await instance.like(first ?? '')
    await instance.view(second ?? '')
    await instance.edit(third ?? '', { name: 'Renamed' })
    for (const uuid of (await instance.list()).slice(10, 40)) await instance.remove(uuid)
    await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual([])
  })

  it('emits all of 250 videos that came since', async () => {
    const { instance, id } = await watched(10)
    const published = (await instance.publishMany(250)).map(({ uuid }) => uuid)
    await pollAgain(tubewire, id)
    expect((await subjects(instance)).sort()).toEqual(published.sort())
  })

  it('emits every video of a tie that spans two pages', async () => {
    const { instance, id } = await watched(10)
    const published = (await instance.publishMany(130)).map(({ uuid }) => uuid)
    const at = new Date(Date.now() + 1_000).toISOString()
    for (const uuid of published) await instance.setPublishedAt(uuid, at)
    await pollAgain(tubewire, id)
    expect((await subjects(instance)).sort()).toEqual(published.sort())
  })

  it.each([
    ['publish', { action: 'publishMany', count: 120 }],
    ['delete', null],
  ] as const)('misses nothing when the list shifts between two pages: %s', async (_name, step) => {
    const { instance, id } = await watched(10)
    const published = (await instance.publishMany(250)).map(({ uuid }) => uuid)
    const gone = published.slice(240)
    if (step) await instance.afterLists(1, step)
    else for (const uuid of gone) await instance.afterLists(1, { action: 'remove', uuid })
    await pollAgain(tubewire, id)
    await pollAgain(tubewire, id)
    const expected = (await instance.list()).slice(0, -10)
    const emitted = await subjects(instance)
    expect(expected.filter((uuid) => !emitted.includes(uuid))).toEqual([])
    expect(new Set(emitted).size).toBe(emitted.length)
  })

  it('takes one request, and a 304, when nothing is new', async () => {
    const { instance, id } = await watched(150)
    await pollAgain(tubewire, id)
    const before = (await instance.requests()).length
    await pollAgain(tubewire, id)
    const requests = (await instance.requests()).slice(before)
    expect(requests.map(({ status }) => status)).toEqual([304])
    expect(requests[0]?.path).toBe(
      '/api/v1/videos?isLocal=true&nsfw=both&sort=-publishedAt&count=100&start=0&skipCount=true',
    )
    expect(requests[0]?.headers['cache-control']).toBeUndefined()
    expect(requests[0]?.headers['user-agent']).toMatch(/^Tubewire\//)
  })
})

describe('Nothing is lost and nothing comes twice', () => {
  /** The database, but one batch goes wrong. */
  function breakBatch(when: 'before' | 'after'): void {
    let isBroken = false
    const { DB } = tubewire.deps.env
    tubewire.deps.env.DB = new Proxy(DB, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (name !== 'batch') return typeof value === 'function' ? value.bind(target) : value
        return async (statements: D1PreparedStatement[]) => {
          if (isBroken) return target.batch(statements)
          isBroken = true
          if (when === 'after') await target.batch(statements)
          throw new Error('Network connection lost')
        }
      },
    })
  }

  it.each(['before', 'after'] as const)('when a poll dies %s the commit', async (when) => {
    const { instance, id } = await watched(5)
    const receiver = await control.receiver()
    const endpoint = await subscribe(receiver.url, tubewire.deps)
    const { uuid } = await instance.publish()
    tubewire.advance(tubewire.deps.config.pollIntervalMs)
    breakBatch(when)
    await expect(pollInstance(tubewire.deps, id)).rejects.toThrow('Network connection lost')
    const stored = when === 'after' ? [uuid] : []
    expect(await subjects(instance)).toEqual(stored)
    await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual([uuid])
    expect(await count('SELECT count(*) AS count FROM deliveries WHERE endpoint_id = ?', endpoint.id)).toBe(1)
  })

  it.each(['before', 'after'] as const)(
    'when a poll of many pages dies %s a commit in the middle',
    async (when) => {
      const { instance, id } = await watched(10)
      const published = (await instance.publishMany(320)).map(({ uuid }) => uuid)
      tubewire.advance(tubewire.deps.config.pollIntervalMs)
      const real = tubewire.deps.env.DB
      await instance.fail({ kind: 'close', path: '/api/v1/videos', skip: 1, times: 1 })
      await pollInstance(tubewire.deps, id)
      breakBatch(when)
      tubewire.advance(120_000)
      await expect(pollInstance(tubewire.deps, id)).rejects.toThrow()
      tubewire.deps.env.DB = real
      await pollAgain(tubewire, id)
      expect((await subjects(instance)).sort()).toEqual(published.sort())
    },
  )

  it('when a poll dies between two pages: the source is due, and whoever finds it goes on', async () => {
    const { instance, id } = await watched(10)
    const published = (await instance.publishMany(250)).map(({ uuid }) => uuid)
    tubewire.advance(tubewire.deps.config.pollIntervalMs)
    const { fetch } = tubewire.deps
    let pages = 0
    tubewire.deps.fetch = (input, init) => {
      pages += 1
      return pages === 1 ? fetch(input, init) : new Promise(() => undefined)
    }
    // It never comes back, as a Worker that was killed.
    pollInstance(tubewire.deps, id).catch(() => undefined)
    await vi.waitFor(() => expect(pages).toBe(2))
    expect(await subjects(instance)).toHaveLength(100)
    expect(await dueInstances(env.DB, tubewire.deps.clock())).toContain(id)
    tubewire.deps.fetch = fetch

    tubewire.advance(44_000)
    const before = (await instance.requests()).length
    await pollInstance(tubewire.deps, id)
    // Its lease has not run out: it may yet be reading.
    expect((await instance.requests()).length).toBe(before)
    tubewire.advance(1_500)
    await pollToEnd(tubewire, id)
    expect((await subjects(instance)).sort()).toEqual(published.sort())
  })

  it('when a poll is slow: it ends in time, and another goes on at once', async () => {
    const { instance, id } = await watched(10)
    const published = (await instance.publishMany(450)).map(({ uuid }) => uuid)
    tubewire.advance(tubewire.deps.config.pollIntervalMs)
    const { fetch } = tubewire.deps
    tubewire.deps.fetch = async (input, init) => {
      tubewire.advance(3_000)
      return fetch(input, init)
    }
    await pollInstance(tubewire.deps, id)
    // Two pages, which overlap by one.
    expect(await subjects(instance)).toHaveLength(199)
    expect(tubewire.pollQueue.sent.at(-1)).toEqual({ body: { instance: id }, delaySeconds: 0 })
    for (let polls = 0; polls < 3; polls += 1) await pollInstance(tubewire.deps, id)
    expect((await subjects(instance)).sort()).toEqual(published.sort())
  })

  it('when the queue fails after the commit: the next tick finds the deliveries', async () => {
    const { instance, id } = await watched(5)
    const receiver = await control.receiver()
    const endpoint = await subscribe(receiver.url, tubewire.deps)
    await instance.publish()
    tubewire.deliveryQueue.sendBatch = async () => {
      throw new Error('the queue is down')
    }
    await pollAgain(tubewire, id)
    expect(tubewire.log).toContainEqual(
      expect.objectContaining({ log: 'error', error: expect.stringContaining('the queue is down') }),
    )
    expect([...(await dueEndpoints(env.DB, tubewire.deps.clock())).keys()]).toContain(endpoint.id)
  })

  it('when two pollers read at once: one reads, the other goes away', async () => {
    const { instance, id } = await watched(5)
    const { uuid } = await instance.publish()
    tubewire.advance(tubewire.deps.config.pollIntervalMs)
    const before = (await instance.requests()).length
    await Promise.all([1, 2, 3].map(() => pollInstance(tubewire.deps, id)))
    expect((await instance.requests()).length - before).toBe(1)
    expect(await subjects(instance)).toEqual([uuid])
  })

  it('when two pollers get past the lease: one commits, the other writes nothing', async () => {
    const { instance, id } = await watched(5)
    const { uuid } = await instance.publish()
    tubewire.advance(tubewire.deps.config.pollIntervalMs)
    const free = {
      take: () => ({ kind: 'granted', requests: 1 }),
      leave: () => false,
      observe: () => undefined,
    }
    // Of the namespace the code under test uses `getByName` only.
    const unguarded = { getByName: () => free } as unknown as Env['RATE_LIMITER']
    tubewire.deps.env.RATE_LIMITER = unguarded
    await Promise.all([pollInstance(tubewire.deps, id), pollInstance(tubewire.deps, id)])
    expect(await subjects(instance)).toEqual([uuid])
    const outcomes = tubewire.log.flatMap((entry) => (entry.log === 'poll' ? [entry.outcome] : []))
    expect(outcomes.slice(-2).sort()).toEqual(['new', 'superseded'])
  })

  it('when a message comes twice, or late: nothing is due, nothing is asked', async () => {
    const { instance, id } = await watched(5)
    const before = (await instance.requests()).length
    await pollInstance(tubewire.deps, id)
    await pollInstance(tubewire.deps, id)
    expect((await instance.requests()).length).toBe(before)
  })
})

describe('Politeness', () => {
  it('stops at a 429 in the middle of paging, stays away as long as asked, and goes on from there', async () => {
    const { instance, id } = await watched(10)
    const published = (await instance.publishMany(250)).map(({ uuid }) => uuid)
    await instance.fail({ kind: '429', path: '/api/v1/videos', skip: 1, times: 1, retryAfter: '30' })
    tubewire.advance(tubewire.deps.config.pollIntervalMs)
    await pollInstance(tubewire.deps, id)
    const before = (await instance.requests()).length
    expect(await subjects(instance)).toHaveLength(100)
    expect(tubewire.pollQueue.sent.at(-1)).toEqual({ body: { instance: id }, delaySeconds: 30 })

    tubewire.advance(-tubewire.deps.config.cronPeriodMs / 2 + 29_000)
    await env.DB.prepare('UPDATE sources SET due_at = 0 WHERE instance_id = ?').bind(id).run()
    await pollInstance(tubewire.deps, id)
    expect((await instance.requests()).length).toBe(before)

    tubewire.advance(tubewire.deps.config.cronPeriodMs)
    await pollToEnd(tubewire, id)
    expect((await subjects(instance)).sort()).toEqual(published.sort())
  })

  it('never meets the limit of an instance, however much there is to read', async () => {
    const instance = await control.instance({ videos: 4_000 })
    const id = await watch(instance.origin, tubewire.deps)
    for (let second = 0; second < 200; second += 1) {
      await pollInstance(tubewire.deps, id)
      tubewire.advance(1_000)
      await instance.advance(1_000)
    }
    expect((await instance.stats()).tooMany).toBe(0)
    expect(await count('SELECT count(*) AS count FROM videos WHERE instance_id = ?', id)).toBe(4_000)
    // The windows of the instance are its own: no ten seconds, wherever they begin, see more than half of the limit.
    const times = (await instance.requests()).map(({ at }) => at)
    for (const start of times) {
      expect(times.filter((at) => at >= start && at < start + 10_000).length).toBeLessThanOrEqual(25)
    }
  })

  it('learns a lower limit from the headers, and keeps to half of it', async () => {
    const instance = await control.instance({ videos: 1_500, limits: { api: 8 } })
    const id = await watch(instance.origin, tubewire.deps)
    for (let second = 0; second < 120; second += 1) {
      await pollInstance(tubewire.deps, id)
      tubewire.advance(1_000)
      await instance.advance(1_000)
    }
    const times = (await instance.requests()).map(({ at }) => at)
    expect(await count('SELECT count(*) AS count FROM videos WHERE instance_id = ?', id)).toBe(1_500)
    expect((await instance.stats()).tooMany).toBe(0)
    // The first request is made before the limit is known.
    for (const start of times.slice(1)) {
      expect(times.filter((at) => at >= start && at < start + 10_000).length).toBeLessThanOrEqual(4)
    }
  })

  it('waits for the end of the window when others behind our address have spent it', async () => {
    const { instance, id } = await watched(3)
    await instance.setLimits({ api: 2 })
    await instance.advance(10_000)
    tubewire.advance(10_000)
    const pollNow = async () => {
      await env.DB.prepare('UPDATE sources SET due_at = 0 WHERE instance_id = ?').bind(id).run()
      await pollInstance(tubewire.deps, id)
    }
    await fetch(`${instance.origin}/api/v1/config`)
    await pollNow()
    const before = (await instance.requests()).length
    expect((await instance.requests()).at(-1)?.path).toContain('/api/v1/videos')
    await pollNow()
    expect((await instance.requests()).length).toBe(before)
    expect(tubewire.log.at(-1)).toMatchObject({ outcome: 'waiting', detail: 'the instance asked for a rest' })
    tubewire.advance(11_000)
    await pollNow()
    expect((await instance.requests()).length).toBe(before + 1)
  })

  it('stays away for as long as a 503 says', async () => {
    const { instance, id } = await watched(3)
    await instance.fail({ kind: '503', times: 1, retryAfter: '600' })
    await pollAgain(tubewire, id)
    const before = (await instance.requests()).length
    tubewire.advance(599_000)
    await pollInstance(tubewire.deps, id)
    expect((await instance.requests()).length).toBe(before)
    tubewire.advance(2_000)
    await pollInstance(tubewire.deps, id)
    expect((await instance.requests()).length).toBe(before + 1)
  })

  it('learns that a limit was raised again', async () => {
    const instance = await control.instance({ videos: 3, limits: { api: 8 } })
    const id = await watch(instance.origin, tubewire.deps)
    const learned = async () => {
      const limiter = env.RATE_LIMITER.getByName(`instance:${instance.host}`)
      const budget = { requests: 25, windowMs: 10_000 }
      const ask = { holder: 'test', requests: 1, budget, leaseMs: 1, now: tubewire.deps.clock() }
      const grant = await limiter.take(ask)
      await limiter.leave('test', 1, budget)
      return grant.kind === 'granted' ? grant.limit : grant
    }
    await pollToEnd(tubewire, id)
    tubewire.advance(10_000)
    expect(await learned()).toBe(8)
    await instance.setLimits({ api: 50 })
    await pollAgain(tubewire, id)
    expect(await learned()).toBe(50)
  })
})

describe('A failing instance', () => {
  it.each([
    ['500', 'answered 500'],
    ['502', 'answered 502'],
    ['html-200', 'answered 200 without JSON (text/html; charset=utf-8)'],
    ['broken-json', 'answered 200 without JSON (application/json; charset=utf-8)'],
    ['redirect', 'redirects to https://elsewhere.example/'],
    ['close', 'could not be reached (Network connection lost.)'],
    ['close-mid-body', 'could not be reached (Network connection lost.)'],
    ['huge-body', 'answered more than 2097152 bytes'],
  ] as const)(
    '%s: says so, keeps the checkpoint, comes back later and misses nothing',
    async (kind, detail) => {
      const { instance, id } = await watched(5)
      const { uuid } = await instance.publish()
      await instance.fail({ kind, times: 1, path: '/api/v1/videos' })
      tubewire.advance(tubewire.deps.config.pollIntervalMs)
      await pollInstance(tubewire.deps, id)
      expect(tubewire.log).toContainEqual(expect.objectContaining({ log: 'poll', outcome: 'failed', detail }))
      const state = await env.DB.prepare(
        'SELECT failures, last_error, due_at FROM sources WHERE instance_id = ?',
      )
        .bind(id)
        .first()
      expect(state).toEqual({ failures: 1, last_error: detail, due_at: tubewire.deps.clock() + 60_000 })
      await pollAgain(tubewire, id)
      expect(await subjects(instance)).toEqual([uuid])
    },
  )

  it.each([
    [0, 48_000],
    [1, 72_000],
  ])('comes back after a minute, 20 %% more or less: random %d', async (random, waitMs) => {
    const { instance, id } = await watched(1)
    await instance.fail({ kind: '500', times: 1 })
    tubewire.deps.random = () => random
    tubewire.advance(tubewire.deps.config.pollIntervalMs)
    await pollInstance(tubewire.deps, id)
    const [due] = await dueSources(env.DB, id, Number.MAX_SAFE_INTEGER)
    const dueAt = await env.DB.prepare('SELECT due_at AS dueAt FROM sources WHERE id = ?')
      .bind(due?.id)
      .first('dueAt')
    expect(dueAt).toBe(tubewire.deps.clock() + waitMs)
  })

  it('on an address that is no longer allowed is not asked, and says why', async () => {
    const { instance, id } = await watched(1)
    tubewire.deps.config = { ...tubewire.deps.config, allowLocalTargets: false }
    const before = (await instance.requests()).length
    tubewire.advance(tubewire.deps.config.pollIntervalMs)
    await pollInstance(tubewire.deps, id)
    expect((await instance.requests()).length).toBe(before)
    expect(tubewire.log.at(-1)).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('must be https and public'),
    })
  })

  it('one item that cannot be understood costs that item, not the page', async () => {
    const { instance, id } = await watched(5)
    const good = await instance.publish()
    const bad = await instance.publish()
    await instance.setPublishedAt(bad.uuid, 'yesterday')
    await pollAgain(tubewire, id)
    expect(await subjects(instance)).toEqual([good.uuid])
    const skipped = tubewire.log.flatMap((entry) => (entry.log === 'skipped' ? [entry.detail] : []))
    expect(skipped).toEqual(['video 0: publishedAt: Expected a date and time'])
  })
})
