/** @module Invariant 1: a poll that dies anywhere loses nothing, and nothing comes twice. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { dueEndpoints } from '../../src/db/deliveries.ts'
import { dueTimes } from '../../src/db/polls.ts'
import { pollInstance } from '../../src/workers/poll.ts'
import {
  breakDatabase,
  control,
  count,
  pollAgain,
  pollToEnd,
  subjectsOf,
  subscribe,
  type Tubewire,
  testDeps,
  watch,
  watched,
} from '../support/harness.ts'

/** Whether a request is for a page of the list, not for one video. */
const isList = (url: unknown) => /\/videos\?/.test(String(url))

let tubewire: Tubewire
beforeEach(() => {
  tubewire = testDeps()
})

describe('Nothing is lost and nothing comes twice', () => {
  it.each(['before', 'after'] as const)('when a poll dies %s the commit', async (when) => {
    const { instance, id } = await watched(tubewire, 5)
    const receiver = await control.receiver()
    const endpoint = await subscribe(receiver.url, tubewire.deps)
    const { uuid } = await instance.publish()
    tubewire.advance(tubewire.deps.config.maxDelayMs.videos)
    breakDatabase(tubewire, 'batch', 1, when)
    await expect(pollInstance(tubewire.deps, id)).rejects.toThrow('Network connection lost')
    const stored = when === 'after' ? [uuid] : []
    expect(await subjectsOf(instance)).toEqual(stored)
    await pollAgain(tubewire, id)
    expect(await subjectsOf(instance)).toEqual([uuid])
    expect(await count('SELECT count(*) AS count FROM deliveries WHERE endpoint_id = ?', endpoint.id)).toBe(1)
  })

  it.each(['before', 'after'] as const)(
    'when a poll of many pages dies %s a commit in the middle',
    async (when) => {
      const { instance, id } = await watched(tubewire, 10)
      const published = (await instance.publishMany(320)).map(({ uuid }) => uuid)
      tubewire.advance(tubewire.deps.config.maxDelayMs.videos)
      const real = tubewire.deps.env.DB
      await instance.fail({ kind: 'close', path: '/api/v1/videos', skip: 1, times: 1 })
      await pollInstance(tubewire.deps, id)
      breakDatabase(tubewire, 'batch', 1, when)
      tubewire.advance(120_000)
      await expect(pollInstance(tubewire.deps, id)).rejects.toThrow()
      tubewire.deps.env.DB = real
      await pollAgain(tubewire, id)
      expect((await subjectsOf(instance)).sort()).toEqual(published.sort())
    },
  )

  it('when a poll dies between two pages: the source is due, and whoever finds it goes on', async () => {
    const { instance, id } = await watched(tubewire, 10)
    const published = (await instance.publishMany(250)).map(({ uuid }) => uuid)
    tubewire.advance(tubewire.deps.config.maxDelayMs.videos)
    const { fetch } = tubewire.deps
    let pages = 0
    tubewire.deps.fetch = (input, init) => {
      if (isList(input)) pages += 1
      return pages < 2 ? fetch(input, init) : new Promise(() => undefined)
    }
    // It never comes back, as a Worker that was killed.
    pollInstance(tubewire.deps, id).catch(() => undefined)
    await vi.waitFor(() => expect(pages).toBe(2))
    expect(await subjectsOf(instance)).toHaveLength(100)
    expect((await dueTimes(env.DB, tubewire.deps.clock())).map(({ instanceId }) => instanceId)).toContain(id)
    tubewire.deps.fetch = fetch

    tubewire.advance(44_000)
    const before = (await instance.requests()).length
    await pollInstance(tubewire.deps, id)
    // Its lease has not run out: it may yet be reading.
    expect((await instance.requests()).length).toBe(before)
    tubewire.advance(1_500)
    await pollToEnd(tubewire, id)
    expect((await subjectsOf(instance)).sort()).toEqual(published.sort())
  })

  it('when a poll is slow: it ends in time, and another goes on at once', async () => {
    const { instance, id } = await watched(tubewire, 10)
    const published = (await instance.publishMany(450)).map(({ uuid }) => uuid)
    tubewire.advance(tubewire.deps.config.maxDelayMs.videos)
    const { fetch } = tubewire.deps
    tubewire.deps.fetch = async (input, init) => {
      if (isList(input)) tubewire.advance(2_000)
      return fetch(input, init)
    }
    await pollInstance(tubewire.deps, id)
    // Two pages, which overlap by one.
    expect(await subjectsOf(instance)).toHaveLength(199)
    expect(tubewire.pollQueue.sent.at(-1)).toEqual({ body: { instance: id }, delaySeconds: 0 })
    await pollToEnd(tubewire, id)
    expect((await subjectsOf(instance)).sort()).toEqual(published.sort())
  })

  it('when the polls of one source always break: the others are read, and it says why it is not', async () => {
    const instance = await control.instance({ videos: 2, limits: { api: 10_000 } })
    const id = await watch(instance.origin, tubewire.deps, 0, ['videos', 'comments'])
    const real = tubewire.deps.env.DB
    tubewire.deps.env.DB = new Proxy(real, {
      get(target, name) {
        if (name === 'batch') return (statements: D1PreparedStatement[]) => target.batch(statements)
        return (sql: string) => {
          if (sql.includes('INSERT INTO videos')) throw new Error('a row that can not be written')
          return target.prepare(sql)
        }
      },
    })
    await expect(pollInstance(tubewire.deps, id)).rejects.toThrow('a row that can not be written')
    await pollInstance(tubewire.deps, id)
    const { results } = await env.DB.prepare(
      'SELECT kind, failures, error_kind AS errorKind, last_error AS lastError FROM sources WHERE instance_id = ? ORDER BY kind',
    )
      .bind(id)
      .all()
    const none = { failures: 0, errorKind: null, lastError: null }
    const lastError = 'could not be read because of an error in Tubewire, which is in its log'
    expect(results).toEqual([
      { kind: 'comments', ...none },
      { kind: 'videos', failures: 1, errorKind: 'internal', lastError },
    ])
    tubewire.deps.env.DB = real
    tubewire.advance(75_000)
    await pollToEnd(tubewire, id)
    expect(
      await count("SELECT failures AS count FROM sources WHERE instance_id = ? AND kind = 'videos'", id),
    ).toBe(0)
  })

  it('when the queue fails after the commit: the next tick finds the deliveries', async () => {
    const { instance, id } = await watched(tubewire, 5)
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
    const { instance, id } = await watched(tubewire, 5)
    const { uuid } = await instance.publish()
    tubewire.advance(tubewire.deps.config.maxDelayMs.videos)
    const before = (await instance.requests()).length
    await Promise.all([1, 2, 3].map(() => pollInstance(tubewire.deps, id)))
    const requests = (await instance.requests()).slice(before)
    expect(requests.filter(({ path }) => isList(path))).toHaveLength(1)
    expect(await subjectsOf(instance)).toEqual([uuid])
  })

  it('when two pollers get past the lease: one commits, the other writes nothing', async () => {
    const { instance, id } = await watched(tubewire, 5)
    const { uuid } = await instance.publish()
    tubewire.advance(tubewire.deps.config.maxDelayMs.videos)
    const free = {
      take: () => ({ kind: 'granted', requests: 1 }),
      leave: () => false,
      observe: () => undefined,
    }
    // Of the namespace the code under test uses `getByName` only.
    const unguarded = { getByName: () => free } as unknown as Env['RATE_LIMITER']
    tubewire.deps.env.RATE_LIMITER = unguarded
    await Promise.all([pollInstance(tubewire.deps, id), pollInstance(tubewire.deps, id)])
    expect(await subjectsOf(instance)).toEqual([uuid])
    const outcomes = tubewire.log.flatMap((entry) => (entry.log === 'poll' ? [entry.outcome] : []))
    expect(outcomes.slice(-2).sort()).toEqual(['new', 'superseded'])
  })

  it('when a message comes twice, or late: nothing is due, nothing is asked', async () => {
    const { instance, id } = await watched(tubewire, 5)
    const before = (await instance.requests()).length
    await pollInstance(tubewire.deps, id)
    await pollInstance(tubewire.deps, id)
    expect((await instance.requests()).length).toBe(before)
  })
})
