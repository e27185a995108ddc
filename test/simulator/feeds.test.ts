/** @module The counters and the feed of comments of the simulated instance, and the caches before them. */
import { afterEach, describe, expect, it } from 'vitest'
import { type InstanceOptions, type SimulatedInstance, startInstance } from './instance.ts'
import { RECORDINGS } from './recordings.ts'
import { shortUuid } from './short-uuid.ts'

type Feed = { title: string; items: { id: string; title: string; date_modified: string }[] }
type NodeInfo = { usage: { localPosts: number; localComments: number }; software: { version: string } }

const started: SimulatedInstance[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((instance) => instance.close()))
})

async function start(options: InstanceOptions = {}) {
  const instance = await startInstance({ videos: 0, ...options })
  started.push(instance)
  async function get<TBody>(path: string) {
    const response = await fetch(instance.origin + path)
    return {
      // What the simulator answers to this path.
      body: (await response.json()) as TBody,
      maxAge: response.headers.get('cache-control'),
      etag: response.headers.get('etag') ?? '',
    }
  }
  return { instance, get }
}

const FEED = '/feeds/video-comments.json'
const COUNTERS = '/nodeinfo/2.0.json'

describe('The feed of comments', () => {
  it('has the 20 newest that everybody sees; a thread and all its replies have one id', async () => {
    const { instance, get } = await start()
    const video = instance.publish({ name: 'A video' })
    const hidden = instance.publish({ privacy: 'unlisted' })
    instance.commentMany(video.uuid, 25)
    instance.comment(hidden.uuid, 'Not on a public video')
    instance.comment(video.uuid, 'Held', null, { held: true })
    instance.removeComment(instance.comment(video.uuid, 'Deleted').id)
    const root = instance.comment(video.uuid, 'Root', null, { by: 'carol' })
    instance.comment(video.uuid, 'Reply', root.id)
    const { items } = (await get<Feed>(FEED)).body
    expect(items.length).toBe(20)
    const id = `${instance.origin}/w/${video.shortUUID};threadId=${root.threadId}`
    expect(items[0]).toMatchObject({ id, title: 'A video - bob' })
    expect(items[1]).toMatchObject({ id, title: 'A video - carol', date_modified: root.createdAt })
  })

  it('can be that of one video', async () => {
    const { instance, get } = await start()
    const [one, other] = [instance.publish({ name: 'One' }), instance.publish()]
    instance.comment(one.uuid, 'Here')
    instance.comment(other.uuid, 'There')
    const { title, items } = (await get<Feed>(`${FEED}?videoId=${one.uuid}`)).body
    expect([title, items.length]).toEqual(['One', 1])
  })
})

describe('The counters', () => {
  it('count public videos, and comments that are neither deleted nor held', async () => {
    const { instance, get } = await start()
    const { uuid } = instance.publish()
    for (const privacy of ['unlisted', 'private', 'internal'] as const) instance.publish({ privacy })
    instance.comment(uuid, 'Counted')
    instance.comment(uuid, 'Held', null, { held: true })
    instance.removeComment(instance.comment(uuid, 'Deleted').id)
    expect((await get<NodeInfo>(COUNTERS)).body.usage).toMatchObject({ localPosts: 1, localComments: 1 })
  })
})

describe('The caches of the server', () => {
  it.each([
    [COUNTERS, 600],
    [FEED, 900],
  ])('%s is the same for %i s, says for how long still, and answers 304', async (path, seconds) => {
    const { instance, get } = await start()
    const { uuid } = instance.publish()
    const fresh = await get(path)
    expect(fresh.maxAge).toBe(`max-age=${seconds}`)
    instance.comment(uuid, 'New')
    instance.advance(100_000)
    const kept = await get(path)
    expect(kept.body).toEqual(fresh.body)
    const left = Number(kept.maxAge?.replace('max-age=', ''))
    // The clock runs on.
    expect(left).toBeLessThanOrEqual(seconds - 100)
    expect(left).toBeGreaterThan(seconds - 160)
    const again = await fetch(instance.origin + path, {
      headers: { 'if-none-match': fresh.etag, 'cache-control': 'max-age=0' },
    })
    expect(again.status).toBe(304)
    const other = await get(`${path}?another=url`)
    expect(other.maxAge).toBe(`max-age=${seconds}`)
    instance.advance((seconds - 100) * 1000)
    const later = await get(path)
    expect(later.maxAge).toBe(`max-age=${seconds}`)
    expect(later.body).not.toEqual(fresh.body)
  })

  it('can be off, and end with an upgrade', async () => {
    const off = await start({ caches: false })
    await off.get(COUNTERS)
    off.instance.publish()
    expect((await off.get<NodeInfo>(COUNTERS)).body.usage.localPosts).toBe(1)
    const on = await start()
    await on.get(COUNTERS)
    on.instance.upgrade('8.1.0')
    expect((await on.get<NodeInfo>(COUNTERS)).body.software.version).toBe('8.1.0')
  })
})

it('writes short UUIDs as the recorded instance did', () => {
  const pairs = JSON.stringify(RECORDINGS).matchAll(/"uuid":"([0-9a-f-]{36})","shortUUID":"(\w+)"/g)
  const known = new Map(Array.from(pairs, ([, uuid = '', short = '']) => [uuid, short]))
  expect(known.size).toBeGreaterThan(5)
  for (const [uuid, short] of known) expect(shortUuid(uuid)).toBe(short)
  expect(shortUuid('00000000-0000-0000-0000-000000000001')).toBe('1111111111111111111112')
})
