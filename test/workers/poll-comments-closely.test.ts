/** @module Comments of a video or a channel that somebody named: told within two minutes, whatever the version. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { insertInstance } from '../../src/db/instances.ts'
import { firstCheckpoint } from '../../src/events/video-walk.ts'
import type { RemoteInstance } from '../simulator/client.ts'
import { leap, pathsSince, sourceOf, toldOf } from '../support/connected.ts'
import { control, pass, type Tubewire, testDeps } from '../support/harness.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const MAX_DELAY_MS = 2 * MINUTE

let tubewire: Tubewire
let instance: RemoteInstance
let watched: { instance: RemoteInstance; id: string }
let uuid: string
let target: string

beforeEach(() => {
  tubewire = testDeps()
})

/** An instance of which a video, the third newest, or its channel is watched closely. */
async function begin(version: string, kind: string, before?: () => Promise<unknown>, named?: string) {
  instance = await control.instance({ videos: 3, version, limits: { api: 10_000 } })
  uuid = (await instance.list())[2] ?? ''
  await before?.()
  target = named ?? (kind === 'video' ? `video:${uuid}` : 'channel:alice_channel')
  await closely(target)
}
async function closely(name: string) {
  const checkpoint = JSON.stringify(firstCheckpoint(0))
  const id = await insertInstance(
    env.DB,
    {
      ownerId: 'usr_administrator',
      origin: instance.origin,
      host: instance.host,
      name: '',
      version: '',
      createdAt: tubewire.deps.clock(),
    },
    [
      { kind: 'videos', target: '', checkpoint },
      { kind: 'comments', target: name, checkpoint: '{}', maxDelayMs: MAX_DELAY_MS },
    ],
  )
  if (!id) throw new Error('watched already')
  watched = { instance, id }
  await leap(tubewire, watched, MINUTE, 3)
}
const within = () => leap(tubewire, watched, MINUTE, 2)
const told = () => toldOf(instance, 'comment.')
const created = (...ids: { id: number }[]) => ids.map(({ id }) => `comment.created ${id}`)
const commentPaths = async (before: number) =>
  (await pathsSince(instance, before)).filter((path) => /comment-threads|channels/.test(path))

describe.each([
  ['6.3.0', 'video'],
  ['8.1.0', 'video'],
  ['6.3.0', 'channel'],
  ['8.1.0', 'channel'],
])('On an instance of %s a %s that is watched closely', (version, kind) => {
  it('tells each comment within two minutes, also deep in a thread that was there before, and none of before', async () => {
    let old = 0
    await begin(version, kind, async () => {
      const root = await instance.comment(uuid, 'old')
      old = (await instance.comment(uuid, 'old reply', root.id)).id
      await instance.comment(uuid, 'without replies')
    })
    await within()
    const all: { id: number }[] = []
    for (const parent of [null, old, null]) {
      all.push(await instance.comment(uuid, 'new', parent))
      await within()
      expect(await told()).toEqual(created(...all))
    }
    all.push(await instance.comment(uuid, 'deeper', all[1]?.id), await instance.comment(uuid, 'late root'))
    await within()
    expect((await told()).toSorted()).toEqual(created(...all).toSorted())
    expect(await sourceOf(watched.id, 'comments', target)).toMatchObject({ method: 'closely', failures: 0 })
  })

  it('costs one request a poll for each list, and one more for each thread that has changed', async () => {
    await begin(version, kind)
    await within()
    const before = (await instance.requests()).length
    await leap(tubewire, watched, MAX_DELAY_MS)
    // A channel: its list; before 7.0 that of each of its videos too.
    const idle = kind === 'channel' ? (version < '7' ? 4 : 1) : 1
    expect(await commentPaths(before)).toHaveLength(idle)
    const { id } = await instance.comment(uuid, 'new')
    const busy = (await instance.requests()).length
    await leap(tubewire, watched, MAX_DELAY_MS)
    expect(await told()).toEqual(created({ id }))
    expect((await commentPaths(busy)).length).toBeLessThanOrEqual(idle + 2)
  })
})

describe('A video that is watched closely', () => {
  it('tells of a reply in a thread that two hundred newer ones have pushed down', async () => {
    let old = 0
    await begin('6.3.0', 'video', async () => {
      old = (await instance.comment(uuid, 'old')).id
      await instance.advance(1_000)
      await instance.commentMany(uuid, 205)
    })
    const { id } = await instance.comment(uuid, 'reply', old)
    await within()
    expect(await told()).toEqual(created({ id }))
  })

  it('tells of more than a hundred threads at once', async () => {
    await begin('6.3.0', 'video')
    await instance.commentMany(uuid, 120)
    // As fast as our share of its limit lets us.
    await leap(tubewire, watched, 10_000, 26)
    expect(await told()).toHaveLength(120)
  })

  it('that is unlisted tells nobody', async () => {
    instance = await control.instance({ videos: 1, limits: { api: 10_000 } })
    uuid = (await instance.publish({ privacy: 'unlisted' })).uuid
    await closely(`video:${uuid}`)
    await instance.comment(uuid, 'hidden')
    await within()
    await within()
    expect(await told()).toEqual([])
    expect(await sourceOf(watched.id, 'comments', `video:${uuid}`)).toMatchObject({ failures: 0 })
  })

  it('that is deleted, or private, tells nothing more, and fails nothing', async () => {
    await begin('6.3.0', 'video')
    const { id } = await instance.comment(uuid, 'one')
    await within()
    await instance.remove(uuid)
    await leap(tubewire, watched, MINUTE, 6)
    expect(await told()).toEqual(created({ id }))
    expect(await sourceOf(watched.id, 'comments', target)).toMatchObject({ failures: 0 })
  })

  it('reads a thread that is too large once, and not at every poll', async () => {
    await begin('6.3.0', 'video')
    const { id } = await instance.comment(uuid, 'root')
    await instance.comment(uuid, 'reply', id)
    const node = { comment: { id, threadId: id }, children: [] }
    const body = { comment: { id, threadId: id }, children: Array.from({ length: 20_001 }, () => node) }
    await instance.answerWith(`/api/v1/videos/${uuid}/comment-threads/${id}`, { body })
    await leap(tubewire, watched, MAX_DELAY_MS, 4)
    expect(tubewire.log.filter(({ log }) => log === 'skipped')).toHaveLength(1)
    await instance.heal()
    await instance.comment(uuid, 'one more', id)
    await within()
    expect(await told()).toHaveLength(3)
  })

  it('tells what is written beside a thread that makes no sense for good, and asks for that ever more seldom', async () => {
    await begin('6.3.0', 'video')
    const older = await instance.comment(uuid, 'older')
    await instance.advance(1_000)
    const bad = await instance.comment(uuid, 'bad')
    await within()
    const path = `/api/v1/videos/${uuid}/comment-threads/${bad.id}`
    await instance.fail({ kind: '500', path })
    await instance.comment(uuid, 'reply', bad.id)
    const reply = await instance.comment(uuid, 'reply', older.id)
    await leap(tubewire, watched, MAX_DELAY_MS, 2)
    expect(await told()).toContain(`comment.created ${reply.id}`)
    expect(await sourceOf(watched.id, 'comments', target)).toMatchObject({ failures: 0 })
    const before = (await instance.requests()).length
    const asked = async () => (await commentPaths(before)).filter((one) => one === path)
    await leap(tubewire, watched, HOUR, 27)
    expect((await asked()).length).toBeLessThanOrEqual(30)
    await instance.heal()
    // Given up: until more is written there.
    await leap(tubewire, watched, HOUR, 3)
    expect(await told()).toHaveLength(3)
    await instance.comment(uuid, 'another', bad.id)
    await within()
    expect(await told()).toHaveLength(5)
  })

  it('counts a channel’s videos that are new since, with all their comments', async () => {
    await begin('6.3.0', 'channel')
    const video = await instance.publish()
    const one = await instance.comment(video.uuid, 'first!')
    await within()
    expect(await told()).toEqual(created(one))
  })
})

/** Each answer takes so long from now on. @returns how many there were. */
function slowedTo(milliseconds: number): () => number {
  const { fetch } = tubewire.deps
  let answers = 0
  tubewire.deps.fetch = async (input, init) => {
    answers += 1
    const response = await fetch(input, init)
    tubewire.advance(milliseconds)
    await instance.advance(milliseconds)
    return response
  }
  return () => answers
}

describe('A channel of ten videos that is watched closely on a slow instance', () => {
  beforeEach(async () => {
    instance = await control.instance({ videos: 10, version: '6.3.0', limits: { api: 10_000 } })
    await closely('channel:alice_channel')
    await pass(tubewire, instance, watched.id, 4 * MINUTE)
  })

  it.each([1_000, 4_000])('is read to its last video when an answer takes %i ms', async (milliseconds) => {
    const answers = slowedTo(milliseconds)
    const made: { id: number }[] = []
    for (const one of (await instance.list()).slice(0, 10)) made.push(await instance.comment(one, 'new'))
    await pass(tubewire, instance, watched.id, 15 * MINUTE)
    expect((await told()).toSorted()).toEqual(created(...made).toSorted())
    // A round is a list for each video and a few of the channel, all two minutes; beside it the videos, each minute.
    expect(answers()).toBeLessThan(8 * 15 + 40)
  })

  it('is asked no more often than its pace when nothing can come of it', async () => {
    const answers = slowedTo(14_000)
    for (const one of (await instance.list()).slice(0, 10)) await instance.comment(one, 'new')
    await pass(tubewire, instance, watched.id, 20 * MINUTE)
    // The videos each minute; and two for comments, all two minutes.
    expect(answers()).toBeLessThanOrEqual(20 + 2 * 10 + 5)
  })
})
