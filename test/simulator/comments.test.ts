/** @module Comments of the simulated instance: tombstones, held ones, rights, pages. */
import { afterEach, describe, expect, it } from 'vitest'
import { type InstanceOptions, type SimulatedInstance, startInstance } from './instance.ts'
import { tokenOf, type User } from './recordings.ts'

type Shown = { id: number; isDeleted: boolean; text: string; account: unknown; totalReplies: number }
type List = { total: number; totalNotDeletedComments: number; data: Shown[] }
type Tree = { comment: Shown; children: Tree[] }

const started: SimulatedInstance[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((instance) => instance.close()))
})

async function start(options: InstanceOptions = {}) {
  const instance = await startInstance({ videos: 0, limits: { api: 1_000 }, ...options })
  started.push(instance)
  const uuid = instance.publish().uuid
  async function get<TBody>(path: string, user?: User): Promise<{ status: number; body: TBody }> {
    const headers: HeadersInit = user ? { authorization: `Bearer ${tokenOf(user)}` } : {}
    const response = await fetch(instance.origin + path, { headers })
    // What the simulator answers to this path.
    return { status: response.status, body: (await response.json()) as TBody }
  }
  const threads = async (query = '', user?: User) =>
    (await get<List>(`/api/v1/videos/${uuid}/comment-threads${query}`, user)).body
  const tree = async (id: number, user?: User) =>
    (await get<Tree>(`/api/v1/videos/${uuid}/comment-threads/${id}`, user)).body
  return { instance, uuid, get, threads, tree }
}

const ids = ({ data }: List) => data.map(({ id }) => id)

describe('Comments', () => {
  it('lists roots newest first, in pages, with their replies counted', async () => {
    const { instance, uuid, threads } = await start()
    const [first, second] = [instance.comment(uuid, 'First'), instance.comment(uuid, 'Second')]
    instance.comment(uuid, 'Deep', instance.comment(uuid, 'Reply', first.id).id)
    const all = await threads()
    expect(ids(all)).toEqual([second.id, first.id])
    expect(all).toMatchObject({ total: 2, totalNotDeletedComments: 4 })
    expect(all.data[1]?.totalReplies).toBe(2)
    expect(ids(await threads('?sort=createdAt&count=1&start=1'))).toEqual([second.id])
    expect(ids(await threads('?sort=-totalReplies'))).toEqual([first.id, second.id])
  })

  it('answers by UUID, short UUID and number', async () => {
    const { instance, get } = await start()
    const { uuid, shortUUID, id } = instance.publish()
    instance.comment(uuid, 'One')
    for (const key of [uuid, shortUUID, id]) {
      expect((await get<List>(`/api/v1/videos/${key}/comment-threads`)).body.total).toBe(1)
    }
  })

  it('keeps roots and comments with replies as tombstones; a leaf reply vanishes, and the tombstones it kept', async () => {
    const { instance, uuid, threads, tree } = await start()
    const root = instance.comment(uuid, 'Root')
    const middle = instance.comment(uuid, 'Middle', root.id)
    const leaf = instance.comment(uuid, 'Leaf', middle.id)
    instance.removeComment(middle.id)
    const tombstone = { id: middle.id, isDeleted: true, text: '', account: null }
    expect((await tree(root.id)).children[0]).toMatchObject({
      comment: tombstone,
      children: [{ comment: { id: leaf.id } }],
    })
    instance.removeComment(leaf.id)
    expect((await tree(root.id)).children).toEqual([])
    instance.removeComment(root.id)
    expect(await threads()).toMatchObject({
      total: 1,
      totalNotDeletedComments: 0,
      data: [{ id: root.id, isDeleted: true, deletedAt: expect.any(String) }],
    })
  })

  it('moves updatedAt when edited', async () => {
    const { instance, uuid, tree } = await start()
    const { id, createdAt } = instance.comment(uuid, 'Before')
    instance.advance(60_000)
    instance.editComment(id, 'After')
    const updatedAt = new Date(Date.parse(createdAt) + 60_000).toISOString().slice(0, 16)
    const { comment } = await tree(id)
    expect(comment).toMatchObject({ text: 'After', createdAt, updatedAt: expect.stringContaining(updatedAt) })
  })

  it('shows held ones to moderators and the owner of the video, until they are approved', async () => {
    const { instance, uuid, threads } = await start()
    const { id } = instance.comment(uuid, 'Held', null, { held: true })
    for (const user of ['root', 'alice'] as const) expect(ids(await threads('', user)), user).toEqual([id])
    for (const user of [undefined, 'bob', 'carol'] as const)
      expect(ids(await threads('', user)), user).toEqual([])
    instance.approveComment(id)
    expect(ids(await threads())).toEqual([id])
  })

  it('lists all to the moderator, their own to owners, nothing to others', async () => {
    const { instance, uuid, get } = await start()
    const bobs = instance.publish({ channel: 'bob_channel' })
    const one = instance.comment(uuid, 'On the video of alice', null, { held: true })
    const two = instance.comment(bobs.uuid, 'On the video of bob', null, { by: 'carol' })
    instance.removeComment(instance.comment(uuid, 'Deleted').id)
    const all = '/api/v1/videos/comments?sort=-createdAt'
    const own = '/api/v1/users/me/videos/comments?sort=-createdAt'
    const cases: [string, User | undefined, number, number[]][] = [
      [all, 'root', 200, [two.id, one.id]],
      [`${all}&count=1&start=1`, 'root', 200, [one.id]],
      [`${all}&onLocalVideo=false`, 'root', 200, []],
      [own, 'alice', 200, [one.id]],
      [own, 'bob', 200, [two.id]],
    ]
    for (const [path, user, status, expected] of cases) {
      const got = await get<List>(path, user)
      expect([got.status, ids(got.body)], `${path} ${user}`).toEqual([status, expected])
    }
    expect((await get(all)).status).toBe(401)
    expect((await get(all, 'alice')).status).toBe(403)
    expect((await get(`${all}&count=101`, 'root')).status).toBe(400)
    expect((await get(own)).status).toBe(401)
    expect((await get('/api/v1/users/me/videos/comments', 'alice')).status).toBe(500)
  })

  it('takes the comments of a deleted video with it', async () => {
    const { instance, uuid, get } = await start()
    const { id } = instance.comment(uuid, 'Gone soon')
    instance.remove(uuid)
    expect((await get<List>('/api/v1/videos/comments', 'root')).body.total).toBe(0)
    expect((await get(`/api/v1/videos/${uuid}/comment-threads/${id}`)).status).toBe(404)
  })

  it('writes a tree ten thousand deep', async () => {
    const { instance, uuid, get } = await start()
    const root = instance.comment(uuid, 'Root')
    expect(instance.commentMany(uuid, 10_000, { parentId: root.id, nested: true })).toBe(10_000)
    let { body: node } = await get<Tree | undefined>(`/api/v1/videos/${uuid}/comment-threads/${root.id}`)
    let depth = 0
    for (; node; node = node.children[0]) depth += 1
    expect(depth).toBe(10_001)
  })

  it('lists URLs as an ActivityPub collection, ten a page, oldest first', async () => {
    const { instance, uuid, get } = await start()
    instance.commentMany(uuid, 12)
    type Collection = { totalItems: number; first: string; next?: string; orderedItems: string[] }
    const path = `/videos/watch/${uuid}/comments`
    const [whole, first, second] = await Promise.all(
      ['', '?page=1', '?page=2'].map(async (query) => (await get<Collection>(path + query)).body),
    )
    expect(whole).toMatchObject({ totalItems: 12, first: `${instance.origin}${path}?page=1` })
    expect(first).toMatchObject({ totalItems: 12, next: `${instance.origin}${path}?page=2` })
    expect([first?.orderedItems.length, second?.orderedItems.length, second?.next]).toEqual([
      10,
      2,
      undefined,
    ])
  })
})
