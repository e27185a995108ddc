/** @module Comments by the lists that a login opens, and what becomes of the public way meanwhile. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { RemoteInstance } from '../simulator/client.ts'
import { connectTo, givenWatched, leap, pathsSince, sourceOf, toldOf } from '../support/connected.ts'
import { control, eventsOf, type Tubewire, testDeps, watch } from '../support/harness.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let tubewire: Tubewire
let instance: RemoteInstance
let watched: Awaited<ReturnType<typeof givenWatched>>
let connection: { id: string; ownerId: string }
let uuid: string

beforeEach(() => {
  tubewire = testDeps()
})

async function begin(kinds: ('videos' | 'comments')[], version = '6.3.0') {
  watched = await givenWatched(tubewire, kinds, { version })
  ;({ instance, uuid } = watched)
}
async function connect(username: 'root' | 'alice') {
  connection = await connectTo(tubewire, watched, username, { comments: true })
  await leap(tubewire, watched, MINUTE)
}
const next = (steps = 1) => leap(tubewire, watched, 11 * MINUTE, steps)
const told = () => toldOf(instance, 'comment.')
const own = () => sourceOf(watched.id, 'comments', `connection:${connection.id}`)
const open = () => sourceOf(watched.id, 'comments', '')
const created = (ids: readonly { id: number }[]) => ids.map(({ id }) => `comment.created ${id}`)

/** From now on whatever the list answers is changed so. */
function changeList(change: (body: { total: number; data: unknown }) => object): void {
  const { fetch } = tubewire.deps
  tubewire.deps.fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (!String(input).includes('/videos/comments')) return response
    return Response.json(change(await response.json()))
  }
}

async function commentMany(number: number): Promise<{ id: number }[]> {
  const made: { id: number }[] = []
  for (let index = 0; index < number; index += 1) made.push(await instance.comment(uuid, `text ${index}`))
  return made
}

describe.each(['root', 'alice'] as const)('The list of comments that %s may see', (username) => {
  const method = { root: 'moderator-list', alice: 'own-videos-list' }[username]

  it('tells what is new, edited and deleted, threads and replies, in public', async () => {
    await begin(['videos'])
    const old = await instance.comment(uuid, 'old')
    await connect(username)
    const root = await instance.comment(uuid, 'root')
    const deep = await instance.comment(uuid, 'deep', root.id)
    const reply = await instance.comment(uuid, 'reply', old.id)
    await next()
    await instance.editComment(old.id, 'old, edited')
    await next()
    // Without replies one vanishes, with replies it becomes a tombstone.
    await instance.removeComment(reply.id)
    await instance.removeComment(root.id)
    await next(2)
    const all = await told()
    expect(all.slice(0, 4)).toEqual([...created([root, deep, reply]), `comment.updated ${old.id}`])
    expect(all.slice(4).sort()).toEqual([`comment.deleted ${root.id}`, `comment.deleted ${reply.id}`])
    expect(await own()).toMatchObject({ method, failures: 0 })
  })

  it('shows held comments to its owner alone, and to everybody once they are approved, once', async () => {
    await begin(['videos', 'comments'])
    await connect(username)
    const held = await instance.comment(uuid, 'held', null, { held: true })
    await next(2)
    const mine = `comment.created ${held.id} to ${connection.ownerId}`
    expect(await told()).toEqual([mine])
    await instance.approveComment(held.id)
    await next(6)
    expect(await told()).toEqual([mine, ...created([held])])
  })

  it('of private and unlisted videos never becomes public', async () => {
    await begin(['videos', 'comments'])
    await connect(username)
    const made = []
    for (const privacy of ['private', 'unlisted'] as const) {
      const video = await instance.publish({ privacy })
      made.push(await instance.comment(video.uuid, privacy))
    }
    await next(3)
    expect(await told()).toEqual(made.map(({ id }) => `comment.created ${id} to ${connection.ownerId}`))
  })

  it('of a video that was turned private since we looked does not become public', async () => {
    await begin(['videos'])
    await connect(username)
    await env.DB.prepare("UPDATE sources SET due_at = due_at + 999999999 WHERE kind = 'videos'").run()
    await instance.setPrivacy(uuid, 'private')
    const { id } = await instance.comment(uuid, 'secret')
    await next()
    expect(await told()).toEqual([`comment.created ${id} to ${connection.ownerId}`])
  })

  it('tells an edit to nobody else on a video that was turned private since we looked', async () => {
    await begin(['videos'])
    await connect(username)
    const { id } = await instance.comment(uuid, 'for all')
    await next()
    await env.DB.prepare("UPDATE sources SET due_at = due_at + 999999999 WHERE kind = 'videos'").run()
    await instance.setPrivacy(uuid, 'private')
    await instance.editComment(id, 'a secret')
    await next()
    expect(await told()).toEqual([...created([{ id }]), `comment.updated ${id} to ${connection.ownerId}`])
  })

  it('tells nobody else what a thread says on a video that was turned private since we looked', async () => {
    await begin(['videos'])
    await connect(username)
    const root = await instance.comment(uuid, 'root')
    const gone = await instance.comment(uuid, 'gone soon', root.id)
    await next()
    await env.DB.prepare("UPDATE sources SET due_at = due_at + 999999999 WHERE kind = 'videos'").run()
    await instance.setPrivacy(uuid, 'private')
    await instance.removeComment(gone.id)
    const { id } = await instance.comment(uuid, 'a secret', root.id)
    await next(2)
    const own = (await told()).filter((line) => line.includes(`comment.created ${id}`))
    expect(own).toEqual([`comment.created ${id} to ${connection.ownerId}`])
  })

  it('tells an edit to all, although the video’s own answer made no sense for a while', async () => {
    await begin(['videos'])
    await connect(username)
    const { id } = await instance.comment(uuid, 'first')
    await next()
    await instance.editComment(id, 'edited')
    await instance.answerWith(`/api/v1/videos/${uuid}`, { status: 418, body: {}, times: 2 })
    await next(4)
    expect(await told()).toEqual([...created([{ id }]), `comment.updated ${id}`])
  })

  it('tells an edit later, when there was no leave to ask whether everybody may see it', async () => {
    await begin(['videos'])
    await connect(username)
    const { id } = await instance.comment(uuid, 'first')
    await next()
    await env.DB.prepare("UPDATE sources SET due_at = due_at + 999999999 WHERE kind = 'videos'").run()
    await instance.editComment(id, 'edited')
    await instance.fail({ kind: '429', path: `/api/v1/videos/${uuid}`, times: 1 })
    await next()
    const first = await told()
    await next()
    expect([first, await told()]).toEqual([
      created([{ id }]),
      [...created([{ id }]), `comment.updated ${id}`],
    ])
  })

  it('of a video that we have not seen yet is public at once', async () => {
    await begin(['videos'])
    await connect(username)
    await env.DB.prepare("UPDATE sources SET due_at = due_at + 999999999 WHERE kind = 'videos'").run()
    const video = await instance.publish()
    const made = await instance.comment(video.uuid, 'first!')
    await next()
    expect(await told()).toEqual(created([made]))
  })
})

describe('The list of comments', () => {
  it('that was read before its videos were makes no news of old comments', async () => {
    instance = await control.instance({ videos: 3, limits: { api: 10_000 } })
    uuid = (await instance.list())[0] ?? ''
    await instance.comment(uuid, 'old')
    watched = { instance, id: await watch(instance.origin, tubewire.deps), uuid }
    await env.DB.prepare("UPDATE sources SET due_at = due_at + 600000 WHERE kind = 'videos'").run()
    await connect('root')
    const made = await instance.comment(uuid, 'new')
    await next(3)
    expect(await told()).toEqual(created([made]))
  })

  it('that grows by more than two pages tells all, also when each page takes a poll of its own', async () => {
    await begin(['videos'])
    await connect('root')
    const made = await commentMany(220)
    const { deps } = tubewire
    let requests = 0
    tubewire.deps = {
      ...deps,
      fetch: async (input, init) => {
        requests += 1
        const response = await fetch(input, init)
        if (String(input).includes('/videos/comments')) tubewire.advance(3_100)
        return response
      },
    }
    await next(6)
    tubewire.deps = deps
    await next()
    expect((await told()).filter((line) => !line.includes(' to ')).sort()).toEqual(created(made).sort())
    expect(requests).toBeLessThan(30)
  })

  it('tells of one that came late, dated before all that is at its top', async () => {
    await begin(['videos'])
    await connect('root')
    const made = await commentMany(150)
    await next(2)
    const at = new Date(tubewire.deps.clock() - 2 * HOUR).toISOString()
    const late = await instance.comment(uuid, 'from another server', null, { createdAt: at })
    const before = (await instance.requests()).length
    await next()
    expect((await told()).toSorted()).toEqual(created([...made, late]).toSorted())
    const asked = (await pathsSince(instance, before)).filter((path) => path.includes('/videos/comments'))
    expect(asked).toHaveLength(2)
    const after = (await instance.requests()).length
    await next(2)
    expect((await pathsSince(instance, after)).filter((path) => path.includes('/comments'))).toHaveLength(2)
  })

  it('tells of old ones that are deleted, below all that is at its top', async () => {
    await begin(['videos'])
    await connect('root')
    const made = await commentMany(160)
    await next(2)
    const old = made.slice(5, 35)
    const [first] = old
    await instance.removeComment(first?.id ?? 0)
    const before = (await instance.requests()).length
    await next()
    const deleted = async () => (await told()).filter((line) => line.startsWith('comment.deleted')).toSorted()
    expect(await deleted()).toEqual([`comment.deleted ${first?.id}`])
    // Two pages, whether everybody may see the video, and the thread.
    const asked = (await pathsSince(instance, before)).filter((path) => path !== '/api/v1/videos')
    expect(asked).toHaveLength(4)
    // More threads than one poll reads.
    for (const { id } of old.slice(1)) await instance.removeComment(id)
    await next(4)
    expect(await deleted()).toEqual(old.map(({ id }) => `comment.deleted ${id}`).toSorted())
    const after = (await instance.requests()).length
    await next()
    expect((await pathsSince(instance, after)).filter((path) => path.includes('comment'))).toHaveLength(1)
  })

  it('tells of one that came late although others came while the list was walked', async () => {
    await begin(['videos'])
    await connect('root')
    const made = await commentMany(220)
    const { fetch } = tubewire.deps
    let pages = 0
    tubewire.deps.fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (String(input).includes('/videos/comments')) {
        pages += 1
        if (pages === 1) made.push(...(await commentMany(3)))
      }
      return response
    }
    await next()
    tubewire.deps.fetch = fetch
    const at = new Date(tubewire.deps.clock() - 2 * HOUR).toISOString()
    made.push(await instance.comment(uuid, 'from another server', null, { createdAt: at }))
    await next(3)
    expect((await told()).filter((line) => !line.includes(' to ')).toSorted()).toEqual(
      created(made).toSorted(),
    )
  })

  it('that counts one that it never shows is searched no deeper than a thousand comments', async () => {
    await begin(['videos'])
    await instance.commentMany(uuid, 1_500)
    await connect('root')
    await next()
    changeList((body) => ({ ...body, total: body.total + 1 }))
    await instance.comment(uuid, 'one more')
    const before = (await instance.requests()).length
    await next(4)
    const paths = (await pathsSince(instance, before)).filter((path) => path.includes('/videos/comments'))
    // Each page begins with ten of the one before; and three polls in which nothing is new.
    expect(paths.length).toBeLessThanOrEqual(12 + 3)
    expect(paths.length).toBeGreaterThan(10)
  })

  it('that does not say how many there are is read as far as what is new', async () => {
    await begin(['videos'])
    await connect('root')
    const made = await commentMany(150)
    await next(2)
    changeList(({ data }) => ({ data }))
    for (let poll = 0; poll < 3; poll += 1) {
      made.push(await instance.comment(uuid, 'one more'))
      const before = (await instance.requests()).length
      await next()
      const paths = await pathsSince(instance, before)
      expect(paths.filter((path) => path.includes('/videos/comments'))).toHaveLength(1)
    }
    expect((await told()).toSorted()).toEqual(created(made).toSorted())
  })

  it('that counts one that it never shows is searched once', async () => {
    await begin(['videos'])
    await connect('root')
    await commentMany(150)
    await next(2)
    changeList((body) => ({ ...body, total: body.total + 1 }))
    const counts: number[] = []
    for (let poll = 0; poll < 3; poll += 1) {
      await instance.comment(uuid, 'one more')
      const before = (await instance.requests()).length
      await next()
      const paths = await pathsSince(instance, before)
      counts.push(paths.filter((path) => path.includes('/videos/comments')).length)
    }
    expect(counts).toEqual([2, 1, 1])
  })

  it('in which many threads lost something at once tells of all, although it answers 304 then', async () => {
    await begin(['videos'])
    await connect('root')
    const made = await commentMany(30)
    await next()
    const replies = []
    for (const { id } of made) replies.push(await instance.comment(uuid, 'reply', id))
    await next()
    for (const { id } of replies) await instance.removeComment(id)
    await next(4)
    expect((await told()).filter((line) => line.startsWith('comment.deleted')).sort()).toEqual(
      replies.map(({ id }) => `comment.deleted ${id}`).sort(),
    )
    const before = (await instance.requests()).length
    await next()
    expect((await pathsSince(instance, before)).filter((path) => path.includes('comment'))).toHaveLength(1)
  })

  it('does not take the comments of a deleted video for missing for ever, and leaves it to the video to tell', async () => {
    await begin(['videos'])
    const other = (await instance.list())[1] ?? ''
    await connect('root')
    await instance.comment(uuid, 'on it')
    await instance.comment(other, 'on another')
    await next()
    await instance.remove(uuid)
    await next(2)
    const before = (await instance.requests()).length
    await next()
    expect((await pathsSince(instance, before)).filter((path) => path.includes('comment'))).toHaveLength(1)
    expect((await told()).filter((line) => line.startsWith('comment.deleted'))).toEqual([])
  })

  it('of one’s own videos is said to be missing before 6.3', async () => {
    await begin(['videos'], '6.2.0')
    await connect('alice')
    expect(await own()).toMatchObject({ failures: 1, lastError: expect.stringContaining('from 6.3 on') })
    expect(await sourceOf(watched.id, 'videos', '')).toMatchObject({ failures: 0 })
    await instance.upgrade('6.3.0')
    await next(1)
    expect(await own()).toMatchObject({ failures: 0 })
  })
})

describe.each(['6.3.0', '8.1.0'])(
  'While a moderator’s connection reads an instance of %s, its public source',
  (version) => {
    beforeEach(async () => {
      await begin(['videos', 'comments'], version)
      await connect('root')
      await next()
    })
    const publicPaths = (paths: string[]) =>
      paths.filter((path) => /comment-threads|feeds|nodeinfo/.test(path))

    it('asks nothing, but for the version once an hour', async () => {
      expect(await open()).toMatchObject({ method: 'by-connection' })
      const before = (await instance.requests()).length
      const made = await instance.comment(uuid, 'one')
      await next(12)
      expect(await told()).toEqual(created([made]))
      expect(await open()).toMatchObject({ method: 'by-connection', failures: 0 })
      const asked = publicPaths(await pathsSince(instance, before))
      expect(asked.every((path) => path.includes('nodeinfo'))).toBe(true)
      expect(asked.length).toBeLessThanOrEqual(3)
    })

    it.each(['ends', 'fails'])('takes over when that %s, repeating and missing nothing', async (how) => {
      const told1 = [await instance.comment(uuid, 'one'), await instance.comment(uuid, 'two')]
      await next()
      await instance.editComment(told1[0]?.id ?? 0, 'one, edited')
      await next()
      // Nobody has read these when it ends.
      const missed = [
        await instance.comment(uuid, 'three'),
        await instance.comment(uuid, 'four', told1[1]?.id),
      ]
      if (how === 'ends') await instance.setAccount('root', { state: 'blocked' })
      else await instance.answerWith('/api/v1/videos/comments', { status: 403, body: { status: 403 } })
      await next(6)
      expect(await open()).not.toMatchObject({ method: 'by-connection' })
      expect((await told()).sort()).toEqual(
        [...created([...told1, ...missed]), `comment.updated ${told1[0]?.id}`].sort(),
      )
      const later = await instance.comment(uuid, 'five')
      await next(6)
      expect((await told()).filter((line) => line.endsWith(` ${later.id}`))).toEqual(created([later]))
    })

    it('hands back when the connection reads again', async () => {
      await instance.answerWith('/api/v1/videos/comments', { status: 403, body: { status: 403 }, times: 2 })
      await next(2)
      const made = await instance.comment(uuid, 'one')
      await leap(tubewire, watched, HOUR, 2)
      await next(2)
      expect(await open()).toMatchObject({ method: 'by-connection' })
      expect(await told()).toEqual(created([made]))
    })
  },
)

it('Nobody else is told of what is private, in no event', async () => {
  await begin(['videos', 'comments'])
  await connect('root')
  await instance.comment(uuid, 'a secret', null, { held: true })
  await next(3)
  const open = (await eventsOf(instance.origin)).filter(({ ownerId }) => ownerId === null)
  expect(JSON.stringify(open)).not.toContain('a secret')
})
