/** @module What the public ways to comments make of feeds and counters that tell little, late, or nonsense. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { insertSource } from '../../src/db/sources.ts'
import type { RemoteInstance } from '../simulator/client.ts'
import { entry } from '../support/accounts.ts'
import { leap, pathsSince, slowDown, sourceOf, toldOf } from '../support/connected.ts'
import { control, eventsOf, pass, type Tubewire, testDeps, watch } from '../support/harness.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let tubewire: Tubewire
let instance: RemoteInstance
let watched: { instance: RemoteInstance; id: string }
let uuids: string[]

beforeEach(() => {
  tubewire = testDeps()
})

async function begin(version: string, before?: () => Promise<unknown>) {
  instance = await control.instance({ videos: 3, version, limits: { api: 10_000, feeds: 10_000 } })
  uuids = await instance.list()
  await before?.()
  watched = { instance, id: await watch(instance.origin, tubewire.deps, 0, ['videos', 'comments']) }
  await leap(tubewire, watched, MINUTE, 2)
}
/** So long that whatever the instance keeps is made anew. */
const later = (minutes = 40) => leap(tubewire, watched, 8 * MINUTE, Math.ceil(minutes / 8))
const told = () => toldOf(instance, 'comment.')
const created = (ids: readonly { id: number }[]) => ids.map(({ id }) => `comment.created ${id}`).toSorted()
const source = () => sourceOf(watched.id, 'comments', '')
const first = () => uuids[0] ?? ''

async function many(number: number, parent: number | null, uuid = first()): Promise<{ id: number }[]> {
  const made: { id: number }[] = []
  for (let index = 0; index < number; index += 1)
    made.push(await instance.comment(uuid, `text ${index}`, parent))
  return made
}

describe.each(['6.3.0', '8.1.0'])('The public way to the comments of an instance of %s', (version) => {
  it('loses no reply of a thread, all of which have one id in the feed', async () => {
    let root = 0
    await begin(version, async () => {
      root = (await instance.comment(first(), 'root')).id
      await instance.advance(HOUR)
    })
    const made = await many(8, root)
    await later()
    made.push(...(await many(3, made[2]?.id ?? 0)))
    await later()
    expect((await told()).toSorted()).toEqual(created(made))
  })

  it('finds more than the feed has room for', async () => {
    await begin(version)
    const made = [...(await many(45, null)), ...(await many(30, null, uuids[1]))]
    await later(60)
    expect((await told()).toSorted()).toEqual(created(made))
  })

  it('finds what was written while feed and counters were kept', async () => {
    await begin(version)
    const made: { id: number }[] = []
    for (let step = 0; step < 6; step += 1) {
      made.push(await instance.comment(uuids[step % 3] ?? '', `text ${step}`))
      await leap(tubewire, watched, 3 * MINUTE)
    }
    await later()
    expect((await told()).toSorted()).toEqual(created(made))
  })

  it('finds what is written on a video that is newer than our list', async () => {
    await begin(version)
    const { uuid } = await instance.publish()
    const made = await many(2, null, uuid)
    await later()
    expect((await told()).toSorted()).toEqual(created(made))
  })

  it('says nothing of comments that are held, or on videos that are not public, and comes to rest', async () => {
    await begin(version)
    const hidden = await instance.publish({ privacy: 'unlisted' })
    await instance.comment(hidden.uuid, 'unlisted')
    await instance.comment(first(), 'held', null, { held: true })
    await later(60)
    expect(await told()).toEqual([])
    const before = (await instance.requests()).length
    await later(60)
    const feeds = (await pathsSince(instance, before)).filter((path) => path.startsWith('/feeds'))
    expect(feeds.length).toBeLessThanOrEqual(1)
  })

  it('finds them without a feed', async () => {
    await begin(version)
    await instance.fail({ kind: '404', path: '/feeds/' })
    const made = await many(3, null)
    await later()
    expect((await told()).toSorted()).toEqual(created(made))
    expect(await source()).toMatchObject({ failures: 0 })
    const before = (await instance.requests()).length
    await later(60)
    // It asks for the feed now and then, in case there is one.
    expect(
      (await pathsSince(instance, before)).filter((path) => path.startsWith('/feeds')).length,
    ).toBeLessThanOrEqual(2)
  })

  it('finds them without counters', async () => {
    const body = { software: { name: 'peertube', version }, usage: {} }
    await begin(version, () => instance.answerWith('/nodeinfo/2.0.json', { body }))
    const made = await many(3, null)
    await later()
    expect((await told()).toSorted()).toEqual(created(made))
    expect(await source()).toMatchObject({ failures: 0 })
  })

  it('finds those whose threads made no sense for an hour', async () => {
    await begin(version)
    const made = await many(3, null)
    await instance.fail({ kind: 'broken-json', path: `/api/v1/videos/${first()}/comment-threads` })
    await later(60)
    expect(await told()).toEqual([])
    expect(await source()).toMatchObject({ failures: 0 })
    await instance.heal()
    const before = (await instance.requests()).length
    await later()
    expect((await told()).toSorted()).toEqual(created(made))
    // And when they make sense they are not asked for any more.
    await later()
    const threads = (await pathsSince(instance, before)).filter((path) => path.includes('comment-threads/'))
    expect(threads.length).toBeLessThanOrEqual(2 * made.length + 2)
  })

  it('finds others while threads can’t be read for good', async () => {
    await begin(version)
    const kind = version === '8.1.0' ? 'broken-json' : '500'
    await instance.fail({ kind, path: `/api/v1/videos/${first()}/comment-threads/` })
    await many(8, null)
    slowDown(tubewire, instance, 600)
    await later()
    const other = await many(1, null, uuids[1])
    const before = (await instance.requests()).length
    await later(60)
    expect(await told()).toEqual(created(other))
    expect(await source()).toMatchObject({ failures: 0 })
    await leap(tubewire, watched, HOUR, 24)
    const threads = (await pathsSince(instance, before)).filter((path) => path.includes('comment-threads/'))
    expect(threads.length).toBeLessThanOrEqual(8 * 30)
  })

  it('comes to the end where each answer takes as long as it may', async () => {
    await begin(version)
    await later()
    const { deps } = tubewire
    let requests = 0
    tubewire.deps = {
      ...deps,
      fetch: async (input, init) => {
        requests += 1
        const response = await fetch(input, init)
        tubewire.advance(14_000)
        await instance.advance(14_000)
        return response
      },
    }
    const made = await many(1, null)
    await pass(tubewire, instance, watched.id, 40 * MINUTE)
    expect((await told()).toSorted()).toEqual(created(made))
    // The list of videos each minute; and few for the comments.
    expect(requests).toBeLessThan(40 + 20)
  })

  it('goes on where it was after web pages came in place of answers', async () => {
    await begin(version)
    const made = await many(2, null)
    await instance.fail({ kind: 'html-200', times: 4 })
    await later(10)
    await later()
    expect((await told()).toSorted()).toEqual(created(made))
    expect(await source()).toMatchObject({ failures: 0 })
  })

  it('loses none and repeats none when the instance fails between two threads', async () => {
    await begin(version)
    const made: { id: number }[] = []
    for (const uuid of uuids) made.push(...(await many(2, null, uuid)))
    await instance.fail({ kind: '502', path: '/api/v1/videos/', skip: 2, times: 3 })
    await later(60)
    expect((await told()).toSorted()).toEqual(created(made))
  })

  it('takes one hiccup of 404 for no deletion', async () => {
    await begin(version)
    const [one] = await many(1, null)
    await later()
    await instance.fail({ kind: '404', path: `/api/v1/videos/${first()}` })
    await instance.comment(first(), 'reply', one?.id)
    await later()
    await instance.heal()
    await later(60)
    expect((await told()).filter((line) => line.includes('deleted'))).toEqual([])
  })

  it.each([
    ['500', { status: 500, body: {} }],
    ['403', { status: 403, body: {} }],
    ['what is no thread', { body: { comment: {}, children: [] } }],
  ])('looks again at other threads, though one answers %s for good', async (_what, answer) => {
    await begin(version)
    const [on] = await many(1, null)
    const [other] = await many(1, null, uuids[1])
    await later()
    await instance.answerWith(`/api/v1/videos/${first()}/comment-threads/${on?.id}`, answer)
    const before = (await instance.requests()).length
    await leap(tubewire, watched, HOUR, 10)
    const threads = (await pathsSince(instance, before)).filter((path) => path.endsWith(`/${other?.id}`))
    expect(threads.length).toBeGreaterThanOrEqual(4)
  })

  it('looks again at threads of public videos, though one of another comes first', async () => {
    await begin(version)
    const [on] = await many(1, null)
    const [other] = await many(1, null, uuids[1])
    await later()
    await instance.setPrivacy(first(), 'unlisted')
    await later(10)
    await instance.editComment(other?.id ?? 0, 'edited')
    await leap(tubewire, watched, 20 * MINUTE, 12)
    expect((await told()).filter((line) => line.includes('updated'))).toEqual([
      `comment.updated ${other?.id}`,
    ])
    expect(on).toBeDefined()
  })
})

it('Two lists that count the same video at other times ask no more than twice', async () => {
  await begin('8.1.0')
  const channel = { kind: 'videos', target: 'channel:alice_channel', checkpoint: '{}' } as const
  await insertSource(env.DB, watched.id, channel, tubewire.deps.clock(), entry(''))
  await later()
  await env.DB.prepare(
    "UPDATE sources SET due_at = due_at + 999999999 WHERE kind = 'videos' AND target = ''",
  ).run()
  const made = await many(1, null)
  await later()
  expect(await told()).toEqual(created(made))
  const before = (await instance.requests()).length
  await later(90)
  const paths = await pathsSince(instance, before)
  expect(paths.filter((path) => path.includes('comment-threads')).length).toBeLessThanOrEqual(2)
  expect(await env.DB.prepare('SELECT 1 FROM videos WHERE comments <> comments_read').first()).toBeNull()
})

it('Of a video of which one comment came and one went between two looks both are told, from 7.0 on', async () => {
  await begin('8.1.0')
  const [gone] = await many(1, null)
  await later()
  // More than the feed has room for, written after it.
  const [come] = await many(1, null)
  const others = await many(25, null, uuids[1])
  await instance.removeComment(gone?.id ?? 0)
  await leap(tubewire, watched, 20 * MINUTE, 12)
  await later()
  const all = [gone, come, ...others].flatMap((one) => one ?? [])
  expect((await told()).toSorted()).toEqual([...created(all), `comment.deleted ${gone?.id}`].toSorted())
})

describe('A hostile thread', () => {
  const node = (id: number, like: object = {}) => {
    const time = new Date(tubewire.deps.clock()).toISOString()
    const text = `t${id}`
    const comment = { id, threadId: 101, inReplyToCommentId: null, text, createdAt: time, updatedAt: time }
    return { comment: { ...comment, account: null, ...like }, children: [] as unknown[] }
  }
  let root: number

  /** Answers with this tree when the thread is asked for. */
  async function showing(make: (root: number) => unknown) {
    await begin('6.3.0')
    root = (await instance.comment(first(), 'root')).id
    const body = make(root)
    await instance.answerWith(`/api/v1/videos/${first()}/comment-threads/${root}`, { body })
    await later()
  }
  const skipped = () => tubewire.log.filter(({ log }) => log === 'skipped')
  const at = (id: number, like: object = {}) => node(id, { threadId: root, ...like })

  it('ten thousand deep is read', async () => {
    await showing((id) => {
      root = id
      const begun = Array.from({ length: 10_000 }, (_, depth) =>
        JSON.stringify(at(id + depth)).replace('[]}', '['),
      )
      // As text: to write it as an object calls would have to be as deep.
      return begun.join('') + ']}'.repeat(10_000)
    })
    expect(await told()).toHaveLength(10_000)
  })

  it('that is too large is left out, and said once', async () => {
    await showing((id) => ({ ...node(id), children: Array.from({ length: 20_001 }, () => ({})) }))
    expect(await told()).toEqual([])
    expect(skipped()).toHaveLength(1)
    expect(await source()).toMatchObject({ failures: 0 })
  })

  it('that is another one is left out, and said once', async () => {
    await showing(() => node(999, { threadId: 999 }))
    expect(await told()).toEqual([])
    expect(skipped()).toHaveLength(1)
  })

  it('that has comments of another thread in it says nothing of these', async () => {
    await showing((id) => {
      root = id
      return { ...at(id), children: [at(id + 1), node(7, { threadId: 7 }), node(id + 900, { threadId: 7 })] }
    })
    expect(await told()).toEqual(created([{ id: root }, { id: root + 1 }]))
    expect(skipped()).toHaveLength(1)
  })

  it('with negative numbers, dates beyond all time, NUL and __proto__ in it costs no other comment', async () => {
    await showing((id) => {
      root = id
      const evil = JSON.parse(`{"__proto__": {"polluted": true}, "comment": {"__proto__": {"id": 5}}}`)
      return {
        ...at(id),
        children: [
          at(-4),
          at(id + 1, { createdAt: '99999-01-01T00:00:00Z' }),
          evil,
          at(id + 2, { text: 'a\u0000b' }),
        ],
      }
    })
    expect(await told()).toEqual(created([{ id: root }, { id: root + 2 }]))
    const [, event] = (await eventsOf(instance.origin)).filter(({ type }) => type === 'comment.created')
    expect(JSON.parse(event?.data ?? '{}')).toMatchObject({ comment: { text: 'ab' } })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('that is dated in the far future is not looked at for ever', async () => {
    await showing((id) => {
      root = id
      return at(id, { createdAt: '9998-01-01T00:00:00Z' })
    })
    await leap(tubewire, watched, 24 * HOUR, 8)
    const before = (await instance.requests()).length
    await leap(tubewire, watched, HOUR, 4)
    expect((await pathsSince(instance, before)).filter((path) => path.includes('comment-threads'))).toEqual(
      [],
    )
  })

  it('that has one number twice with two texts says nothing of it but that it is there', async () => {
    await showing((id) => {
      root = id
      return { ...at(id), children: [at(id + 1, { text: 'a' }), at(id + 1, { text: 'b' })] }
    })
    await leap(tubewire, watched, HOUR, 4)
    expect(await told()).toEqual(created([{ id: root }, { id: root + 1 }]))
  })
})
