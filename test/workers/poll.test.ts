/** @module Invariants 2 and 6: what is news on an instance, and what is not. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { countCosts } from '../support/count-costs.ts'
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

let tubewire: Tubewire
beforeEach(() => {
  tubewire = testDeps()
})

describe('The first poll', () => {
  it('emits nothing, and remembers every video of a long list', async () => {
    const { instance, id } = await watched(tubewire, 250)
    expect(await subjectsOf(instance)).toEqual([])
    expect(
      await count(
        'SELECT count(*) AS count FROM videos WHERE source_id = (SELECT id FROM sources WHERE instance_id = ?)',
        id,
      ),
    ).toBe(250)
  })

  it('emits the newest videos that a backfill asks for, oldest first', async () => {
    const instance = await control.instance({ videos: 30 })
    const id = await watch(instance.origin, tubewire.deps, 3)
    await pollToEnd(tubewire, id)
    expect(await subjectsOf(instance)).toEqual((await instance.list()).slice(0, 3).reverse())
  })

  it('emits what is published while it walks, once it is done', async () => {
    const instance = await control.instance({ videos: 250 })
    await instance.afterLists(1, { action: 'publish' })
    const id = await watch(instance.origin, tubewire.deps)
    await pollToEnd(tubewire, id)
    await pollAgain(tubewire, id)
    expect(await subjectsOf(instance)).toEqual((await instance.list()).slice(0, 1))
  })

  it('finds every video although some are deleted while it walks', async () => {
    const instance = await control.instance({ videos: 350 })
    const all = await instance.list()
    for (const uuid of all.slice(0, 8)) await instance.afterLists(1, { action: 'remove', uuid })
    const id = await watch(instance.origin, tubewire.deps)
    await pollToEnd(tubewire, id)
    expect(
      await count(
        'SELECT count(*) AS count FROM videos WHERE source_id = (SELECT id FROM sources WHERE instance_id = ?)',
        id,
      ),
    ).toBe(350)
  })

  it('takes an instance that has no video yet, and emits its first', async () => {
    const { instance, id } = await watched(tubewire, 0)
    const { uuid } = await instance.publish()
    await pollAgain(tubewire, id)
    expect(await subjectsOf(instance)).toEqual([uuid])
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
    expect(await subjectsOf(instance)).toEqual([uuid])
  })

  it('are the videos below a page that came short', async () => {
    const instance = await control.instance({ videos: 350 })
    const id = await watch(instance.origin, tubewire.deps)
    const { fetch } = tubewire.deps
    rewrite(({ data }) => ({ data: data.slice(0, 90) }))
    await pollToEnd(tubewire, id)
    tubewire.deps.fetch = fetch
    expect(
      await count(
        'SELECT count(*) AS count FROM videos WHERE source_id = (SELECT id FROM sources WHERE instance_id = ?)',
        id,
      ),
    ).toBe(350)
    for (const uuid of (await instance.list()).slice(0, 200)) await instance.remove(uuid)
    await pollAgain(tubewire, id)
    expect(await subjectsOf(instance)).toEqual([])
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
    expect(await subjectsOf(instance)).toEqual([])
    const before = tubewire.log.length
    await pollAgain(tubewire, id)
    // It is told once, not at every poll.
    expect(tubewire.log.slice(before).filter((entry) => entry.log === 'skipped')).toEqual([])
    await instance.setPublishedAt(uuid, new Date().toISOString())
    await pollAgain(tubewire, id)
    expect(await subjectsOf(instance)).toEqual([uuid])
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
    const { instance, id } = await watched(tubewire, 5)
    const { uuid } = await instance.publish()
    for (let round = 0; round < 3; round += 1) await pollAgain(tubewire, id)
    expect(await subjectsOf(instance)).toEqual([uuid])
  })

  it('emits several new videos in the order in which they were published', async () => {
    const { instance, id } = await watched(tubewire, 5)
    const published = []
    for (let minute = 1; minute <= 3; minute += 1) {
      await instance.advance(60_000)
      published.push((await instance.publish()).uuid)
    }
    await pollAgain(tubewire, id)
    expect(await subjectsOf(instance)).toEqual(published)
  })

  it('emits an unlisted video made public, in the middle of the list with its old date', async () => {
    const { instance, id } = await watched(tubewire, 20)
    const old = new Date(Date.now() - 5.5 * 60_000).toISOString()
    const { uuid } = await instance.publish({ privacy: 'unlisted', publishedAt: old })
    await pollAgain(tubewire, id)
    expect(await subjectsOf(instance)).toEqual([])
    await instance.setPrivacy(uuid, 'public')
    expect((await instance.list()).indexOf(uuid)).toBeGreaterThan(2)
    await pollAgain(tubewire, id)
    expect(await subjectsOf(instance)).toEqual([uuid])
  })

  it('emits a scheduled video when it becomes public, and a private one', async () => {
    const { instance, id } = await watched(tubewire, 3)
    const scheduled = await instance.schedule(60_000)
    const secret = await instance.publish({ privacy: 'private' })
    await pollAgain(tubewire, id)
    expect(await subjectsOf(instance)).toEqual([])
    await instance.setPrivacy(secret.uuid, 'public')
    await instance.advance(60_000)
    await pollAgain(tubewire, id)
    expect((await subjectsOf(instance)).sort()).toEqual([scheduled.uuid, secret.uuid].sort())
  })

  it('emits nothing for likes and views, nor for an old video that a deletion pushes up', async () => {
    const { instance, id } = await watched(tubewire, 150)
    const [first, second] = await instance.list()
    await instance.like(first ?? '')
    await instance.view(second ?? '')
    const gone = (await instance.list()).slice(10, 40)
    for (const uuid of gone) await instance.remove(uuid)
    await pollAgain(tubewire, id)
    expect(await subjectsOf(instance)).toEqual([])
    for (let polls = 0; polls < 8; polls += 1) await pollAgain(tubewire, id)
    expect((await subjectsOf(instance)).sort()).toEqual(gone.sort())
  })

  it('emits all of 250 videos that came since', async () => {
    const { instance, id } = await watched(tubewire, 10)
    const published = (await instance.publishMany(250)).map(({ uuid }) => uuid)
    await pollAgain(tubewire, id)
    expect((await subjectsOf(instance)).sort()).toEqual(published.sort())
  })

  it('emits every video of a tie that spans two pages', async () => {
    const { instance, id } = await watched(tubewire, 10)
    const published = (await instance.publishMany(130)).map(({ uuid }) => uuid)
    const at = new Date(Date.now() + 1_000).toISOString()
    for (const uuid of published) await instance.setPublishedAt(uuid, at)
    await pollAgain(tubewire, id)
    expect((await subjectsOf(instance)).sort()).toEqual(published.sort())
  })

  it.each([
    ['publish', { action: 'publishMany', count: 120 }],
    ['delete', null],
  ] as const)('misses nothing when the list shifts between two pages: %s', async (_name, step) => {
    const { instance, id } = await watched(tubewire, 10)
    const published = (await instance.publishMany(250)).map(({ uuid }) => uuid)
    const gone = published.slice(240)
    if (step) await instance.afterLists(1, step)
    else for (const uuid of gone) await instance.afterLists(1, { action: 'remove', uuid })
    await pollAgain(tubewire, id)
    await pollAgain(tubewire, id)
    const expected = (await instance.list()).slice(0, -10)
    const emitted = await subjectsOf(instance)
    expect(expected.filter((uuid) => !emitted.includes(uuid))).toEqual([])
    expect(new Set(emitted).size).toBe(emitted.length)
  })

  it('takes no look at what is known when only views have moved', async () => {
    const { instance, id } = await watched(tubewire, 150)
    await instance.view((await instance.list())[0] ?? '')
    const { db, cost } = countCosts(env.DB)
    tubewire.deps.env.DB = db
    await pollAgain(tubewire, id)
    expect((await instance.requests()).at(-1)?.status).toBe(200)
    // What is due, and the commit.
    expect(cost.roundTrips).toBe(2)
  })

  it('takes one request, and a 304, when nothing is new', async () => {
    const { instance, id } = await watched(tubewire, 150)
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
