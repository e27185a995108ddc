/** @module What a login's list of comments leaves open: it is looked for besides, and whatever comes of that, the list is read. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { RemoteInstance } from '../simulator/client.ts'
import {
  connectTo,
  givenWatched,
  leap,
  pathsSince,
  slowDown,
  sourceOf,
  toldOf,
} from '../support/connected.ts'
import { eventsOf, pass, type Tubewire, testDeps } from '../support/harness.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let tubewire: Tubewire
let instance: RemoteInstance
let watched: Awaited<ReturnType<typeof givenWatched>>
let connection: { id: string; ownerId: string }
/** Two videos. */
let uuid: string
let other: string

beforeEach(() => {
  tubewire = testDeps()
})

async function begin(username: 'root' | 'alice' = 'root', videos = 3) {
  // Beside a moderator's login the public source rests.
  watched = await givenWatched(tubewire, username === 'root' ? ['videos', 'comments'] : ['videos'], {
    videos,
  })
  ;({ instance, uuid } = watched)
  other = (await instance.list())[1] ?? ''
  connection = await connectTo(tubewire, watched, username, { comments: true })
  await leap(tubewire, watched, MINUTE)
}
const next = (steps = 1) => leap(tubewire, watched, 11 * MINUTE, steps)
const told = () => toldOf(instance, 'comment.')
const own = () => sourceOf(watched.id, 'comments', `connection:${connection.id}`)
const created = (ids: readonly { id: number }[]) => ids.map(({ id }) => `comment.created ${id}`)

async function commentMany(number: number, on = uuid, held = false): Promise<{ id: number }[]> {
  const made: { id: number }[] = []
  for (let index = 0; index < number; index += 1)
    made.push(await instance.comment(on, `text ${index}`, null, { held }))
  return made
}

/** So many newer ones. Later than all before: those that are made at once have one date. */
async function bury(on: string, number: number): Promise<void> {
  tubewire.advance(1_000)
  await instance.advance(1_000)
  await instance.commentMany(on, number)
}

/** Paths of what is asked for meanwhile, but for the lists that are read anyway. */
async function asked(work: () => Promise<void>): Promise<string[]> {
  const before = (await instance.requests()).length
  await work()
  const lists = ['/api/v1/videos', '/api/v1/videos/comments', '/api/v1/users/me/videos/comments']
  return (await pathsSince(instance, before)).filter(
    (path) => path.includes('/videos') && !lists.includes(path),
  )
}

describe('Held comments below all that the list has at its top', () => {
  it('are told when they are approved, of ten threads an hour', async () => {
    await begin()
    const held = await commentMany(22, uuid, true)
    await bury(uuid, 120)
    await next(4)
    // Still held: whether everybody may see their video, and ten threads.
    expect(await asked(() => leap(tubewire, watched, HOUR))).toHaveLength(11)
    const approved = held.slice(20)
    for (const { id } of approved) await instance.approveComment(id)
    await instance.removeComment(held[0]?.id ?? 0)
    await leap(tubewire, watched, HOUR, 2)
    const news = (await told()).slice(142)
    expect(news.filter((line) => line.includes('created')).toSorted()).toEqual(created(approved).toSorted())
    expect(news.filter((line) => !line.includes('created'))).toEqual([
      `comment.deleted ${held[0]?.id} to ${connection.ownerId}`,
    ])
    for (const { id } of held.slice(1, 20)) await instance.approveComment(id)
    await leap(tubewire, watched, HOUR, 3)
    expect(await told()).toHaveLength(142 + 1 + 21)
    expect(await asked(() => leap(tubewire, watched, HOUR, 2))).toEqual([])
  })

  it('are told once their video is public again, when they were approved while it was private', async () => {
    await begin()
    const [held] = await commentMany(1, uuid, true)
    await bury(other, 120)
    await next(4)
    await instance.setPrivacy(uuid, 'private')
    await instance.approveComment(held?.id ?? 0)
    await leap(tubewire, watched, HOUR, 2)
    await instance.setPrivacy(uuid, 'public')
    await leap(tubewire, watched, HOUR, 3)
    expect(await told()).toContain(`comment.created ${held?.id}`)
  })

  it('are told although their video seems gone for a moment, and all others stay public with it', async () => {
    await begin()
    const held = await instance.comment(uuid, 'held', null, { held: true })
    const reply = await instance.comment(uuid, 'open reply', held.id)
    await bury(other, 120)
    await next(4)
    await instance.approveComment(held.id)
    await instance.fail({ kind: '404', path: `/api/v1/videos/${uuid}`, times: 1 })
    await leap(tubewire, watched, HOUR, 2)
    await instance.removeComment(reply.id)
    await leap(tubewire, watched, HOUR, 2)
    const all = await told()
    expect(all).toContain(`comment.created ${held.id}`)
    expect(all).toContain(`comment.deleted ${reply.id}`)
  })

  it.each(['root', 'alice'] as const)(
    'keep no new one waiting on a slow instance, of the list that %s may see',
    async (username) => {
      await begin(username)
      await commentMany(10, uuid, true)
      await bury(uuid, 120)
      await next(4)
      slowDown(tubewire, instance, 350)
      const fresh = await instance.comment(uuid, 'fresh')
      tubewire.advance(HOUR)
      await instance.advance(HOUR)
      const paths = await asked(() => pass(tubewire, instance, watched.id, 15 * MINUTE))
      expect(await told()).toContain(`comment.created ${fresh.id}`)
      // Ten threads, and whether everybody may see their video, and that of the fresh one.
      expect(paths.filter((path) => path.includes('comment-threads')).length).toBeLessThanOrEqual(10)
    },
  )

  it.each([
    ['thread', (id: number) => `/api/v1/videos/${uuid}/comment-threads/${id}`],
    ['video', () => `/api/v1/videos/${uuid}`],
  ])('keep no new one waiting when the %s of one fails for good', async (_what, pathOf) => {
    await begin()
    const [held] = await commentMany(1, uuid, true)
    await bury(other, 120)
    await next(4)
    await instance.fail({ kind: '500', path: pathOf(held?.id ?? 0) })
    await leap(tubewire, watched, HOUR)
    const fresh = await instance.comment(other, 'fresh')
    await next(2)
    expect(await told()).toContain(`comment.created ${fresh.id}`)
    expect(await own()).toMatchObject({ failures: 0, lastError: null })
    expect((await asked(() => leap(tubewire, watched, HOUR, 6))).length).toBeLessThanOrEqual(14)
  })
})

describe('Comments that the list no longer shows', () => {
  it('are looked for once when they are there all the same', async () => {
    await begin()
    const given = new Set((await commentMany(25, other)).map(({ id }) => id))
    await next()
    await bury(uuid, 130)
    await next(2)
    // Of a video that was given away: its threads say that nothing was deleted.
    const { fetch } = tubewire.deps
    tubewire.deps.fetch = async (input, init) => {
      const url = new URL(String(input))
      if (url.pathname !== '/api/v1/videos/comments') return fetch(input, init)
      const start = Number(url.searchParams.get('start'))
      const headers = new Headers(init?.headers)
      headers.delete('if-none-match')
      const pages = [0, 100].map(async (from) => {
        url.searchParams.set('start', String(from))
        const response = await fetch(url.href, { ...init, headers: Object.fromEntries(headers) })
        return (await response.json<{ data: { id: number }[] }>()).data
      })
      const shown = (await Promise.all(pages)).flat().filter(({ id }) => !given.has(id))
      return Response.json({ total: shown.length, data: shown.slice(start, start + 100) })
    }
    const paths = await asked(() => next(4))
    expect(paths.filter((path) => path.includes('comment-threads'))).toHaveLength(25)
    expect(await asked(() => next(4))).toEqual([])
    expect((await told()).filter((line) => line.includes('deleted'))).toEqual([])
  })
})

describe('Comments that were deleted', () => {
  it('on many videos of a slow instance are told, and each is asked for once', async () => {
    await begin('root', 14)
    const made: { id: number }[] = []
    for (const one of (await instance.list()).slice(0, 12)) made.push(await instance.comment(one, 'spam'))
    await next(3)
    for (const { id } of made) await instance.removeComment(id)
    slowDown(tubewire, instance, 700)
    const paths = await asked(() => pass(tubewire, instance, watched.id, 15 * MINUTE))
    expect((await told()).filter((line) => line.includes('deleted'))).toHaveLength(12)
    expect(paths.length).toBeLessThanOrEqual(26)
  })

  it('are told although there are more than a look at the list can note', async () => {
    await begin()
    const root = await instance.comment(uuid, 'root')
    const spam: { id: number }[] = []
    for (let index = 0; index < 215; index += 1) spam.push(await instance.comment(uuid, 'spam', root.id))
    await next(2)
    for (const { id } of spam) await instance.removeComment(id)
    await next(4)
    expect((await told()).filter((line) => line.includes('deleted'))).toHaveLength(215)
  })

  it.each([
    ['403', { status: 403, body: {} }],
    ['what is no thread', { body: { comment: {}, children: [] } }],
  ])('are told although their thread answers %s for a moment', async (_what, answer) => {
    await begin()
    const root = await instance.comment(uuid, 'root')
    const reply = await instance.comment(uuid, 'reply', root.id)
    await next(2)
    await instance.answerWith(`/api/v1/videos/${uuid}/comment-threads/${root.id}`, answer)
    await instance.removeComment(reply.id)
    await next()
    await instance.heal()
    await next(2)
    expect(await told()).toContain(`comment.deleted ${reply.id}`)
  })

  it.each([
    ['403', { status: 403, body: {} }],
    ['500', { status: 500, body: {} }],
  ])('in a thread that answers %s for good are given up after a day or two', async (_what, answer) => {
    await begin()
    const root = await instance.comment(uuid, 'root')
    const reply = await instance.comment(uuid, 'reply', root.id)
    await next(2)
    const path = `/api/v1/videos/${uuid}/comment-threads/${root.id}`
    await instance.answerWith(path, answer)
    await instance.removeComment(reply.id)
    const day = () =>
      asked(async () => {
        for (let hours = 0; hours < 24; hours += 4) {
          await instance.comment(other, 'one more')
          await leap(tubewire, watched, 4 * HOUR)
        }
      })
    const threads = async () => (await day()).filter((one) => one === path).length
    expect(await threads()).toBeLessThanOrEqual(7)
    expect(await threads()).toBeLessThanOrEqual(4)
    expect(await threads()).toBe(0)
  })

  it('before it was known whether everybody may see them are told to nobody but their owner', async () => {
    await begin()
    await instance.fail({ kind: '500', path: `/api/v1/videos/${uuid}` })
    const { id } = await instance.comment(uuid, 'regretted')
    await next(2)
    await instance.removeComment(id)
    await next()
    await instance.heal()
    await next(8)
    expect(await told()).toEqual(
      ['created', 'deleted'].map((what) => `comment.${what} ${id} to ${connection.ownerId}`),
    )
  })
})

it('What a comment said while its video was private is told to nobody else, and what it says now to all', async () => {
  await begin()
  const { id } = await instance.comment(uuid, 'open')
  await next(2)
  await instance.setPrivacy(uuid, 'private')
  await next(2)
  await instance.editComment(id, 'secret')
  await next(2)
  await instance.editComment(id, 'open again')
  await instance.setPrivacy(uuid, 'public')
  await next(4)
  const open = (await eventsOf(instance.origin)).filter(
    ({ ownerId, type }) => ownerId === null && type.startsWith('comment.'),
  )
  expect(JSON.stringify(open)).not.toContain('secret')
  expect(open.map(({ type }) => type)).toEqual(['comment.created', 'comment.updated'])
})

describe('A comment on a video that never says whether everybody may see it', () => {
  it('is asked for ever more seldom, and is its owner’s after a day', async () => {
    await begin()
    await instance.answerWith(`/api/v1/videos/${uuid}`, { status: 410, body: {} })
    const { id } = await instance.comment(uuid, 'one')
    await next(6)
    expect((await asked(() => next(11))).length).toBeLessThanOrEqual(3)
    await leap(tubewire, watched, HOUR, 26)
    expect(await asked(() => next(3))).toEqual([])
    expect(await told()).toEqual([`comment.created ${id} to ${connection.ownerId}`])
  })
})
