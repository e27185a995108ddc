/** @module Invariant 4: an instance is asked as often as it allows, and left alone when it fails. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { dueSources } from '../../src/db/polls.ts'
import { pollInstance } from '../../src/workers/poll.ts'
import { schedule } from '../../src/workers/schedule.ts'
import {
  control,
  count,
  pollAgain,
  pollToEnd,
  subjectsOf,
  type Tubewire,
  testDeps,
  watch,
  watched,
} from '../support/harness.ts'
import { resolving } from '../support/resolving.ts'

let tubewire: Tubewire
beforeEach(() => {
  tubewire = testDeps()
})

describe('Politeness', () => {
  it('stops at a 429 in the middle of paging, stays away as long as asked, and goes on from there', async () => {
    const { instance, id } = await watched(tubewire, 10)
    const published = (await instance.publishMany(250)).map(({ uuid }) => uuid)
    await instance.fail({ kind: '429', path: '/api/v1/videos', skip: 1, times: 1, retryAfter: '30' })
    tubewire.advance(tubewire.deps.config.maxDelayMs.videos)
    await pollInstance(tubewire.deps, id)
    const before = (await instance.requests()).length
    expect(await subjectsOf(instance)).toHaveLength(100)
    expect(tubewire.pollQueue.sent.at(-1)).toEqual({ body: { instance: id }, delaySeconds: 30 })

    tubewire.advance(-tubewire.deps.config.cronPeriodMs / 2 + 29_000)
    await env.DB.prepare('UPDATE sources SET due_at = 0 WHERE instance_id = ?').bind(id).run()
    await pollInstance(tubewire.deps, id)
    expect((await instance.requests()).length).toBe(before)

    tubewire.advance(tubewire.deps.config.cronPeriodMs)
    await pollToEnd(tubewire, id)
    expect((await subjectsOf(instance)).sort()).toEqual(published.sort())
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
    expect(
      await count(
        'SELECT count(*) AS count FROM videos WHERE source_id = (SELECT id FROM sources WHERE instance_id = ?)',
        id,
      ),
    ).toBe(4_000)
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
    expect(
      await count(
        'SELECT count(*) AS count FROM videos WHERE source_id = (SELECT id FROM sources WHERE instance_id = ?)',
        id,
      ),
    ).toBe(1_500)
    expect((await instance.stats()).tooMany).toBe(0)
    // The first request is made before the limit is known.
    for (const start of times.slice(1)) {
      expect(times.filter((at) => at >= start && at < start + 10_000).length).toBeLessThanOrEqual(4)
    }
  })

  it('waits for the end of the window when others behind our address have spent it', async () => {
    const instance = await control.instance({ videos: 3 })
    const id = await watch(instance.origin, tubewire.deps)
    await pollToEnd(tubewire, id)
    await instance.advance(10_000)
    tubewire.advance(10_000)
    const pollNow = async () => {
      await env.DB.prepare('UPDATE sources SET due_at = 0 WHERE instance_id = ?').bind(id).run()
      await pollInstance(tubewire.deps, id)
    }
    for (let others = 0; others < 49; others += 1) {
      const response = await fetch(`${instance.origin}/api/v1/config`)
      await response.body?.cancel()
    }
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

  it('keeps to half of a limit whose windows are longer than those of PeerTube', async () => {
    const instance = await control.instance({ videos: 4_000, limits: { api: 50, windowMs: 60_000 } })
    // Its clock is not ours.
    await instance.advance(7_200_000)
    const id = await watch(instance.origin, tubewire.deps)
    for (let second = 0; second < 180; second += 1) {
      await pollInstance(tubewire.deps, id)
      tubewire.advance(1_000)
      await instance.advance(1_000)
    }
    const times = (await instance.requests()).map(({ at }) => at)
    const first = times[0] ?? 0
    const inWindow = (index: number) =>
      times.filter((at) => at >= first + index * 60_000 && at < first + (index + 1) * 60_000).length
    for (const index of [0, 1]) {
      expect(inWindow(index)).toBeGreaterThan(15)
      expect(inWindow(index)).toBeLessThanOrEqual(26)
    }
    expect((await instance.stats()).tooMany).toBe(0)
  })

  it('has one chain of messages on the way for an instance, however long its first walk takes', async () => {
    const instance = await control.instance({ videos: 3_000, limits: { api: 2 } })
    const id = await watch(instance.origin, tubewire.deps)
    let pending = [{ at: tubewire.deps.clock(), body: { instance: id } }]
    const handled = [0, 0, 0, 0, 0]
    for (let second = 0; second < 300; second += 1) {
      tubewire.advance(1_000)
      await instance.advance(1_000)
      if (second % 60 === 0) await schedule(tubewire.deps)
      const now = tubewire.deps.clock()
      for (const { body, delaySeconds } of tubewire.pollQueue.sent.splice(0)) {
        pending.push({ at: now + delaySeconds * 1_000, body })
      }
      const due = pending.filter(({ at }) => at <= now)
      pending = pending.filter(({ at }) => at > now)
      for (const message of due) {
        const minute = Math.floor(second / 60)
        handled[minute] = (handled[minute] ?? 0) + 1
        await pollInstance(tubewire.deps, message.body.instance)
      }
    }
    // As many in the last minute as in the second, give or take a tick: no chain of messages begets another.
    expect(handled[4]).toBeLessThan(2 * (handled[1] ?? 0))
  })

  it('stays away for as long as a 503 says', async () => {
    const { instance, id } = await watched(tubewire, 3)
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
    ['html-200', 'answered 200 with a web page (text/html; charset=utf-8)'],
    ['broken-json', 'answered 200 without JSON (application/json; charset=utf-8)'],
    ['redirect', 'redirects to https://elsewhere.example/'],
    ['close', 'could not be reached (Network connection lost.)'],
    ['close-mid-body', 'could not be reached (Network connection lost.)'],
    ['huge-body', 'answered more than 5242880 bytes'],
  ] as const)(
    '%s: says so, keeps the checkpoint, comes back later and misses nothing',
    async (kind, detail) => {
      const { instance, id } = await watched(tubewire, 5)
      const { uuid } = await instance.publish()
      await instance.fail({ kind, times: 1, path: '/api/v1/videos' })
      tubewire.advance(tubewire.deps.config.maxDelayMs.videos)
      await pollInstance(tubewire.deps, id)
      expect(tubewire.log).toContainEqual(expect.objectContaining({ log: 'poll', outcome: 'failed', detail }))
      const state = await env.DB.prepare(
        'SELECT failures, last_error, due_at FROM sources WHERE instance_id = ?',
      )
        .bind(id)
        .first()
      expect(state).toEqual({ failures: 1, last_error: detail, due_at: tubewire.deps.clock() + 60_000 })
      await pollAgain(tubewire, id)
      expect(await subjectsOf(instance)).toEqual([uuid])
    },
  )

  it.each([
    [0, 48_000],
    [1, 72_000],
  ])('comes back after a minute, 20 %% more or less: random %d', async (random, waitMs) => {
    const { instance, id } = await watched(tubewire, 1)
    await instance.fail({ kind: '500', times: 1 })
    tubewire.deps.random = () => random
    tubewire.advance(tubewire.deps.config.maxDelayMs.videos)
    await pollInstance(tubewire.deps, id)
    const [due] = await dueSources(env.DB, id, Number.MAX_SAFE_INTEGER)
    const dueAt = await env.DB.prepare('SELECT due_at AS dueAt FROM sources WHERE id = ?')
      .bind(due?.id)
      .first('dueAt')
    expect(dueAt).toBe(tubewire.deps.clock() + waitMs)
  })

  it('on an address that is no longer allowed is not asked, and says why', async () => {
    const { instance, id } = await watched(tubewire, 1)
    tubewire.deps.config = { ...tubewire.deps.config, allowLocalTargets: false }
    const before = (await instance.requests()).length
    tubewire.advance(tubewire.deps.config.maxDelayMs.videos)
    await pollInstance(tubewire.deps, id)
    expect((await instance.requests()).length).toBe(before)
    expect(tubewire.log.at(-1)).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('must be https (got'),
    })
  })

  it.each([
    [['10.0.0.1'], 'its URL must be public (peertube.example resolves to 10.0.0.1)'],
    [null, "its URL can't be checked now (looking up peertube.example: the resolver answered SERVFAIL)"],
  ])(
    'under a name that resolves to %j is not asked, says why, and is read when it is right',
    async (wrong, detail) => {
      const { instance, id } = await watched(tubewire, 1)
      await env.DB.prepare("UPDATE instances SET origin = 'https://peertube.example' WHERE id = ?")
        .bind(id)
        .run()
      const before = (await instance.requests()).length
      let addresses: string[] | null = wrong
      const servers = { 'peertube.example': instance.origin }
      const { deps, names } = resolving(tubewire.deps, () => addresses, servers)
      tubewire.advance(deps.config.maxDelayMs.videos)
      await pollInstance(deps, id)
      expect((await instance.requests()).length).toBe(before)
      expect(tubewire.log.at(-1)).toMatchObject({ outcome: 'failed', detail })

      addresses = ['8.8.8.8']
      names.splice(0)
      tubewire.advance(90_000)
      await pollInstance(deps, id)
      expect((await instance.requests()).length).toBeGreaterThan(before)
      expect(tubewire.log.at(-1)).toMatchObject({ outcome: 'nothing-new' })
      expect(names).toEqual(['peertube.example'])
    },
  )

  it('one item that cannot be understood costs that item, not the page', async () => {
    const { instance, id } = await watched(tubewire, 5)
    const good = await instance.publish()
    const bad = await instance.publish()
    await instance.setPublishedAt(bad.uuid, 'yesterday')
    await pollAgain(tubewire, id)
    expect(await subjectsOf(instance)).toEqual([good.uuid])
    const skipped = tubewire.log.flatMap((entry) => (entry.log === 'skipped' ? [entry.detail] : []))
    expect(skipped).toEqual(['video 0: publishedAt: Expected a date and time'])
  })
})
