/** @module The notifications of a connection: each told once, to its owner alone. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { NEVER } from '../../src/db/readable.ts'
import type { RemoteInstance } from '../simulator/client.ts'
import { connectTo, leap, pathsSince, sourceOf, toldOf } from '../support/connected.ts'
import {
  control,
  count,
  deliveriesOf,
  eventsOf,
  subscribe,
  type Tubewire,
  testDeps,
  watch,
} from '../support/harness.ts'

const MINUTE = 60_000
const DAY = 86_400_000

let tubewire: Tubewire
let instance: RemoteInstance
let watched: { instance: RemoteInstance; id: string }
let connection: { id: string; ownerId: string }

beforeEach(async () => {
  tubewire = testDeps()
  instance = await control.instance({ videos: 1, limits: { api: 10_000 } })
  watched = { instance, id: await watch(instance.origin, tubewire.deps) }
})

/** Alice, whose notifications are watched from here on. */
async function connect() {
  connection = await connectTo(tubewire, watched, 'alice', { notifications: true })
  await leap(tubewire, watched, MINUTE)
}
const next = (steps = 1) => leap(tubewire, watched, 6 * MINUTE, steps)
const told = () => toldOf(instance, 'notification.')
const mine = (type: string, id: number) => `notification.${type} ${id} to ${connection.ownerId}`
const source = () => sourceOf(watched.id, 'notifications', `connection:${connection.id}`)

/** So many notifications, each at its time. @returns their numbers. */
async function notifyMany(number: number): Promise<number[]> {
  const ids: number[] = []
  for (let index = 0; index < number; index += 1) ids.push((await instance.notify('alice', { type: 2 })).id)
  return ids
}

describe('The notifications of a connection', () => {
  it('that were there before are no news, but when they are read that is', async () => {
    const { id } = await instance.notify('alice', { type: 2 })
    await connect()
    expect(await told()).toEqual([])
    await instance.readNotification('alice', id)
    await next(2)
    expect(await told()).toEqual([mine('read', id)])
  })

  it('are told as what they are, known and unknown, and with nothing to be about', async () => {
    await connect()
    const known = await instance.notify('alice', { type: 10, actorFollow: { id: 1, state: 'accepted' } })
    const unknown = await instance.notify('alice', { type: 99, surprise: { a: 1 } })
    const bare = await instance.notify('alice', { type: 2 })
    await next()
    expect(await told()).toEqual([
      mine('created', known.id),
      mine('unknown', unknown.id),
      mine('created', bare.id),
    ])
    const [follow, other] = (await eventsOf(instance.origin)).map(({ data }) => JSON.parse(data))
    expect(follow).toMatchObject({
      notification: { kind: 'newFollow', actorFollow: { id: 1 } },
      connection: { username: 'alice' },
    })
    expect(other).toMatchObject({ raw: { type: 99, surprise: { a: 1 } } })
  })

  it('cost a request while nothing happens, and one page while little does', async () => {
    await connect()
    const before = (await instance.requests()).length
    await next()
    expect((await pathsSince(instance, before)).filter((path) => path.includes('/me/'))).toHaveLength(1)
    expect((await instance.requests()).at(-1)).toMatchObject({ status: 304 })
  })

  it('are all told when more than two pages come at once, once each', async () => {
    await connect()
    const ids = await notifyMany(230)
    await next(2)
    expect(await told()).toEqual(expect.arrayContaining(ids.map((id) => mine('created', id))))
    expect(await told()).toHaveLength(ids.length)
  })

  it('are all told although the poll is broken off after each page, and more come meanwhile', async () => {
    await connect()
    const ids = await notifyMany(230)
    const { deps } = tubewire
    // Each page takes so long that the visit's time is up after it.
    const slow: typeof deps = {
      ...deps,
      fetch: async (input, init) => {
        const response = await fetch(input, init)
        if (String(input).includes('/me/notifications')) tubewire.advance(3_100)
        return response
      },
    }
    tubewire.deps = slow
    for (let polls = 0; polls < 6; polls += 1) {
      await next()
      if (polls === 1) ids.push(...(await notifyMany(3)))
    }
    const all = await told()
    expect([...all].sort()).toEqual(ids.map((id) => mine('created', id)).sort())
  })

  it('that are deleted say nothing, and hide no other', async () => {
    const { id: old } = await instance.notify('alice', { type: 2 })
    await connect()
    const gone = await instance.notify('alice', { type: 2 })
    await instance.removeNotification('alice', gone.id)
    await instance.removeNotification('alice', old)
    const { id } = await instance.notify('alice', { type: 2 })
    await next()
    await instance.removeNotification('alice', id)
    await next()
    expect(await told()).toEqual([mine('created', id)])
  })

  it('go on when the token is renewed, and when it is refused in the middle', async () => {
    await connect()
    const ids = await notifyMany(120)
    const { deps } = tubewire
    let refusals = 1
    tubewire.deps = {
      ...deps,
      fetch: async (input, init) => {
        const isSecondPage = /notifications\?.*start=[1-9]/.test(String(input))
        if (!isSecondPage || refusals === 0) return fetch(input, init)
        refusals -= 1
        return Response.json({ status: 401, code: 'invalid_token' }, { status: 401 })
      },
    }
    await next()
    expect(refusals).toBe(0)
    expect(await told()).toHaveLength(ids.length)
    await leap(tubewire, watched, DAY)
    const { id } = await instance.notify('alice', { type: 2 })
    await next()
    expect(await told()).toHaveLength(ids.length + 1)
    expect(await told()).toContain(mine('created', id))
  })

  it('end with the session: its owner is told, once, and nothing is asked for any more', async () => {
    await connect()
    await instance.setAccount('alice', { state: 'blocked' })
    await next()
    expect(await toldOf(instance, 'connection.')).toEqual([
      `connection.expired ${connection.id} to ${connection.ownerId}`,
    ])
    expect(await source()).toMatchObject({ dueAt: NEVER, dueReason: 'expired' })
    const before = (await instance.requests()).length
    await next(3)
    expect((await pathsSince(instance, before)).filter((path) => path.includes('/users/'))).toEqual([])
    expect(await toldOf(instance, 'connection.')).toHaveLength(1)
  })

  it('are delivered to no endpoint but their owner’s', async () => {
    await connect()
    const receiver = await control.receiver()
    const stranger = await subscribe(receiver.url, tubewire.deps)
    const own = await subscribe(`${receiver.url}/own`, tubewire.deps)
    for (const table of ['endpoints', 'subscriptions'])
      await env.DB.prepare(
        `UPDATE ${table} SET owner_id = ? WHERE ${table === 'endpoints' ? 'id' : 'endpoint_id'} = ?`,
      )
        .bind(connection.ownerId, own.id)
        .run()
    await instance.notify('alice', { type: 2 })
    await next()
    expect(await deliveriesOf(stranger.id)).toHaveLength(0)
    expect(await deliveriesOf(own.id)).toHaveLength(1)
  })

  it.each([
    ['numbers below zero', { id: -5 }],
    ['a date beyond all time', { createdAt: '99999-01-01T00:00:00Z' }],
    ['a type that is a text', { type: 'x' }],
  ])('with %s are left out, and cost no other', async (_, broken) => {
    await connect()
    const time = new Date().toISOString()
    const good = { id: 500, type: 2, read: false, createdAt: time, updatedAt: time }
    const twice = { ...good, read: true }
    const body = { total: 3, data: [{ ...good, id: 501, ...broken }, good, twice] }
    await instance.answerWith('/api/v1/users/me/notifications', { body })
    await next(3)
    expect(await told()).toEqual([mine('created', 500)])
    expect(tubewire.log.filter(({ log }) => log === 'skipped').length).toBeGreaterThan(0)
    expect(await count("SELECT count(*) AS count FROM events WHERE subject = '501'")).toBe(0)
  })
})

describe('The subscriptions of a connection', () => {
  const published = async () => toldOf(instance, 'video.')

  it('are told to their owner alone, and the same video to everybody as a video of the instance, each once', async () => {
    connection = await connectTo(tubewire, watched, 'bob', { subscriptions: true })
    await instance.subscribe('bob', 'alice_channel')
    await leap(tubewire, watched, MINUTE)
    expect(await published()).toEqual([])
    const { uuid } = await instance.publish()
    await next(3)
    expect((await published()).sort()).toEqual(
      [`video.published ${uuid}`, `video.published ${uuid} to ${connection.ownerId}`].sort(),
    )
    await instance.edit(uuid, { name: 'edited' })
    await next(3)
    expect((await published()).slice(2).sort()).toEqual(
      [`video.updated ${uuid}`, `video.updated ${uuid} to ${connection.ownerId}`].sort(),
    )
    expect(await sourceOf(watched.id, 'videos', `subscriptions:${connection.id}`)).toMatchObject({
      failures: 0,
    })
  })
})
