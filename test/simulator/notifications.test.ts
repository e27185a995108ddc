/** @module Notifications of the simulated instance. */
import { afterEach, describe, expect, it } from 'vitest'
import { type InstanceOptions, type SimulatedInstance, startInstance } from './instance.ts'
import { tokenOf, type User } from './recordings.ts'

type List = { total: number; data: { id: number; read: boolean; type: number }[] }

const started: SimulatedInstance[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((instance) => instance.close()))
})

async function start(options: InstanceOptions = {}) {
  const instance = await startInstance({ videos: 0, ...options })
  started.push(instance)
  async function list(query = '', user: User = 'alice'): Promise<List> {
    const response = await fetch(`${instance.origin}/api/v1/users/me/notifications${query}`, {
      headers: { authorization: `Bearer ${tokenOf(user)}` },
    })
    // What the simulator answers to this path.
    return (await response.json()) as List
  }
  return { instance, list }
}

const ids = ({ data }: List) => data.map(({ id }) => id)

describe('Notifications', () => {
  it('are listed newest first, in pages, each to its user', async () => {
    const { instance, list } = await start()
    const first = instance.notify('alice', { type: 10, actorFollow: { id: 1 } })
    instance.advance(1_000)
    const second = instance.notify('alice', { type: 99, something: [1] })
    expect(await list()).toMatchObject({
      total: 2,
      data: [
        { id: second.id, type: 99, read: false, something: [1] },
        { id: first.id, actorFollow: { id: 1 } },
      ],
    })
    expect(ids(await list('?sort=createdAt&count=1&start=1'))).toEqual([second.id])
    expect((await list('', 'bob')).total).toBe(0)
  })

  it('are read in place, one or all, and deleted', async () => {
    const { instance, list } = await start()
    const [one, two, three] = [1, 2, 3].map(() => instance.notify('alice', { type: 1 }).id)
    instance.readNotification('alice', one ?? 0)
    expect(ids(await list('?unread=true'))).toEqual([three, two])
    instance.readAllNotifications('alice')
    expect((await list('?unread=true')).total).toBe(0)
    instance.removeNotification('alice', two ?? 0)
    expect(ids(await list())).toEqual([three, one])
  })

  it('begin with the recorded ones in the world of the recordings', async () => {
    const { instance, list } = await start({ videos: undefined })
    expect((await list()).total).toBe(8)
    const { id } = instance.notify('alice', { type: 1 })
    expect(ids(await list())[0]).toBe(id)
    expect((await list()).total).toBe(9)
  })

  it.each([
    ['7.2.0', 2],
    ['8.0.0', 1],
  ])('of %s: %i are found by typeOneOf', async (version, total) => {
    const { instance, list } = await start({ version })
    instance.notify('alice', { type: 1 })
    instance.notify('alice', { type: 2 })
    expect((await list('?typeOneOf=2')).total).toBe(total)
  })
})
