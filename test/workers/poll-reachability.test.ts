/** @module An instance that can't be reached: what is told, how often it is asked, and that nothing is missed. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { insertSource } from '../../src/db/sources.ts'
import { firstCheckpoint } from '../../src/events/video-walk.ts'
import { pollInstance } from '../../src/workers/poll.ts'
import { entry } from '../support/accounts.ts'
import { connectTo, slowDown } from '../support/connected.ts'
import {
  control,
  pass,
  pollAgain,
  pollToEnd,
  type Tubewire,
  testDeps,
  watch,
  watched,
} from '../support/harness.ts'
import { linesOf, toldOf } from '../support/told.ts'

let tubewire: Tubewire
beforeEach(() => {
  tubewire = testDeps()
})

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** An instance of which two lists are read: all videos, and those of a channel. */
async function watchedTwice() {
  const { instance, id } = await watched(tubewire)
  await env.DB.prepare(
    "INSERT INTO sources (id, instance_id, kind, target, due_at, checkpoint, created_at) VALUES (?, ?, 'videos', 'channel:alice_channel', 0, ?, 0)",
  )
    .bind(`src_${id}`, id, JSON.stringify(firstCheckpoint(0)))
    .run()
  await pollToEnd(tubewire, id)
  return { instance, id }
}

/** Turns the clock to when the first of the sources is due, and polls. @returns the milliseconds between. */
async function pollWhenDue(id: string): Promise<number> {
  const dueAt = await env.DB.prepare('SELECT min(due_at) AS dueAt FROM sources WHERE instance_id = ?')
    .bind(id)
    .first<number>('dueAt')
  const waitMs = Math.max(0, (dueAt ?? 0) - tubewire.deps.clock())
  tubewire.advance(waitMs)
  await pollInstance(tubewire.deps, id)
  return waitMs
}

const stateOf = (id: string) =>
  env.DB.prepare(
    'SELECT failures, failing_since IS NOT NULL AS isFailing, unreachable_at IS NOT NULL AS isUnreachable FROM instances WHERE id = ?',
  )
    .bind(id)
    .first()

const WELL = { failures: 0, isFailing: 0, isUnreachable: 0 }

describe('An instance that cannot be reached', () => {
  it('five times in a row is told to be unreachable once, then asked once an hour for all that is read of it', async () => {
    const { instance, id } = await watchedTwice()
    const before = (await instance.requests()).length
    await instance.fail({ kind: '502' })
    for (let polls = 0; polls < 5; polls += 1) {
      expect(await linesOf(instance)).toEqual([])
      await pollWhenDue(id)
    }
    const [told] = await toldOf(instance)
    expect(told).toMatchObject({
      type: 'instance.unreachable',
      subject: instance.host,
      data: { instance: { host: instance.host, url: instance.origin }, reason: expect.any(String) },
    })
    expect(told?.data['detail']).toContain('502')
    // Since the first of the five.
    expect(Date.parse(String(told?.data['since']))).toBeLessThan(tubewire.deps.clock() - 10 * MINUTE)
    expect(await instance.requests()).toHaveLength(before + 5)

    const waits = []
    for (let probes = 0; probes < 12; probes += 1) waits.push(await pollWhenDue(id))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0.9 * HOUR)
    expect(Math.max(...waits)).toBeLessThanOrEqual(1.1 * HOUR)
    expect(await instance.requests()).toHaveLength(before + 5 + 12)
    expect(await linesOf(instance)).toEqual([`instance.unreachable ${instance.host}`])
  })

  it('is told to have recovered once, and what came meanwhile is told then, each once', async () => {
    const { instance, id } = await watchedTwice()
    await instance.fail({ kind: 'close' })
    for (let polls = 0; polls < 8; polls += 1) await pollWhenDue(id)
    const published = await instance.publishMany(130)
    const edited = (await instance.list()).at(-1) ?? ''
    await instance.edit(edited, { name: 'edited' })
    await instance.heal()
    await pollWhenDue(id)
    expect((await linesOf(instance)).slice(0, 2)).toEqual([
      `instance.unreachable ${instance.host}`,
      `instance.recovered ${instance.host}`,
    ])
    for (let polls = 0; polls < 20; polls += 1) await pollWhenDue(id)
    const [unreachable, recovered, ...rest] = await toldOf(instance)
    expect(recovered?.data['since']).toBe(unreachable?.data['since'])
    expect(rest.map(({ type, subject }) => `${type} ${subject}`).toSorted()).toEqual(
      [...published.map(({ uuid }) => `video.published ${uuid}`), `video.updated ${edited}`].toSorted(),
    )
    expect(await stateOf(id)).toEqual(WELL)
  })

  it('is not told to have recovered by a source that asks it nothing', async () => {
    const { instance, id } = await watched(tubewire)
    await connectTo(tubewire, { instance, id }, 'root', { comments: true })
    // A connection that may be late covers the public source for days.
    await env.DB.prepare("UPDATE sources SET max_delay_ms = ? WHERE kind = 'comments' AND target <> ''")
      .bind(24 * HOUR)
      .run()
    const comments = { kind: 'comments', target: '', checkpoint: '{}' } as const
    await insertSource(env.DB, id, comments, tubewire.deps.clock(), entry(''))
    for (let polls = 0; polls < 5; polls += 1) await pollWhenDue(id)
    await instance.fail({ kind: '502' })
    for (let polls = 0; polls < 5; polls += 1) await pollWhenDue(id)
    // As after a change of its settings.
    await env.DB.prepare("UPDATE sources SET due_at = 0 WHERE kind = 'comments' AND target = ''").run()
    await pollWhenDue(id)
    expect(tubewire.log.at(-1)).toMatchObject({ log: 'poll', source: 'comments', requests: 0 })
    expect(await stateOf(id)).toMatchObject({ isUnreachable: 1 })
    expect(await linesOf(instance)).toEqual([`instance.unreachable ${instance.host}`])
  })

  it('and fails anew is told anew', async () => {
    const { instance, id } = await watched(tubewire)
    for (let times = 0; times < 2; times += 1) {
      await instance.fail({ kind: '502' })
      for (let polls = 0; polls < 6; polls += 1) await pollWhenDue(id)
      await instance.heal()
      await pollWhenDue(id)
    }
    const lines = ['unreachable', 'recovered', 'unreachable', 'recovered']
    expect(await linesOf(instance)).toEqual(lines.map((what) => `instance.${what} ${instance.host}`))
  })

  it('four times in a row is nothing to tell, and is forgotten', async () => {
    const { instance, id } = await watched(tubewire)
    for (let times = 0; times < 3; times += 1) {
      await instance.fail({ kind: '502' })
      for (let polls = 0; polls < 4; polls += 1) await pollWhenDue(id)
      expect(await stateOf(id)).toEqual({ failures: 4, isFailing: 1, isUnreachable: 0 })
      await instance.heal()
      await pollWhenDue(id)
      expect(await stateOf(id)).toEqual(WELL)
    }
    expect(await linesOf(instance)).toEqual([])
  })

  it('asks for a rest, which is no failure', async () => {
    const { instance, id } = await watched(tubewire)
    await instance.fail({ kind: '429' })
    for (let polls = 0; polls < 10; polls += 1) await pollWhenDue(id)
    expect(await stateOf(id)).toEqual(WELL)
    expect(await linesOf(instance)).toEqual([])
  })
})

describe('A list that cannot be read', () => {
  it('does not make its instance unreachable, and keeps no other from being read', async () => {
    const { instance, id } = await watchedTwice()
    await instance.fail({ kind: 'broken-json', path: '/api/v1/videos' })
    for (let polls = 0; polls < 6; polls += 1) await pollAgain(tubewire, id)
    const { uuid } = await instance.publish()
    await pollAgain(tubewire, id)
    await pollAgain(tubewire, id)
    expect(await stateOf(id)).toEqual(WELL)
    expect(await linesOf(instance)).toEqual([`video.published ${uuid}`])
    await instance.heal()
    for (let polls = 0; polls < 30; polls += 1) await pollWhenDue(id)
    expect(await linesOf(instance)).toEqual([`video.published ${uuid}`])
  })

  it('although it is one route that answers 500: the others are read in time, and it is asked ever less', async () => {
    const instance = await control.instance({ videos: 1, limits: { api: 10_000, feeds: 10_000 } })
    const id = await watch(instance.origin, tubewire.deps, 0, ['videos', 'comments'])
    await connectTo(tubewire, { instance, id }, 'alice', { notifications: true })
    await pass(tubewire, instance, id, 5 * MINUTE)
    await instance.fail({ kind: '500', path: '/api/v1/users/me/notifications' })
    const before = (await instance.requests()).length
    const [uuid = ''] = await instance.list()
    await pass(tubewire, instance, id, 30 * MINUTE)
    const { id: comment } = await instance.comment(uuid, 'here')
    await pass(tubewire, instance, id, 30 * MINUTE)
    expect(await linesOf(instance)).toEqual([`comment.created ${comment}`])
    const asked = (await instance.requests()).slice(before)
    expect(asked.filter(({ path }) => path.includes('notifications')).length).toBeLessThan(10)
    expect(await stateOf(id)).toEqual(WELL)
  })
})

describe('An instance that takes 4 s for each answer', () => {
  it('is read all the same, and no more often: a comment is found, and a deletion', async () => {
    const instance = await control.instance({ videos: 2, limits: { api: 10_000, feeds: 10_000 } })
    const id = await watch(instance.origin, tubewire.deps, 0, ['videos', 'comments'])
    slowDown(tubewire, instance, 4_000)
    const [uuid = '', gone = ''] = await instance.list()
    await pass(tubewire, instance, id, 5 * MINUTE)
    const before = (await instance.requests()).length
    await pass(tubewire, instance, id, 30 * MINUTE)
    const { id: comment } = await instance.comment(uuid, 'here')
    await instance.remove(gone)
    await pass(tubewire, instance, id, 30 * MINUTE)
    expect((await linesOf(instance)).toSorted()).toEqual([
      `comment.created ${comment}`,
      `video.deleted ${gone}`,
    ])
    expect((await instance.requests()).length - before).toBeLessThan(100)
  })
})
