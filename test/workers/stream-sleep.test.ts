/** @module WebSockets outlive the memory of their object: each goes on where it was, and nothing comes twice. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { forgetAll } from '../support/call.ts'
import { setLog } from '../support/events.ts'
import { apiKey, person } from '../support/people.ts'
import { connect, forgetListeners, hubOf, inHub, look, numbered, store, wake } from '../support/streams.ts'

beforeEach(async () => {
  await forgetAll()
  await setLog([])
})
afterEach(() => forgetListeners())

const sleep = async () => {
  // One that sleeps already can't be put to sleep.
  await inHub(() => undefined)
  await evictDurableObject(hubOf())
}
const range = (from: number, to: number) => numbered(from, to).map(({ sequence }) => sequence)

describe('After its object slept', () => {
  it('a WebSocket goes on, without a gap and without a repetition', async () => {
    const client = await connect('?after=0')
    const lives = await connect('?after=0&type=live.*')
    let sequence = 0
    for (let round = 0; round < 5; round += 1) {
      await store([
        ...numbered(sequence + 1, sequence + 20),
        ...numbered(sequence + 21, sequence + 22, { type: 'live.started' }),
      ])
      sequence += 22
      if (round % 2 === 0) await wake()
      await sleep()
    }
    await wake()
    expect(await client.upTo(sequence)).toEqual(range(1, sequence))
    expect(await lives.upTo(sequence)).toEqual([21, 22, 43, 44, 65, 66, 87, 88, 109, 110])
  })

  it('it wants what it wanted, however long that takes to say, and what it took is forgotten at its end', async () => {
    const tags = Array.from({ length: 80 }, (_, index) => `a-tag-that-is-long-${index}`)
    const client = await connect(`?tag=${tags.join()}`)
    await sleep()
    await store([
      ...numbered(1, 3),
      ...numbered(4, 4, { data: JSON.stringify({ video: { tags: ['A-tag-that-is-long-79'] } }) }),
    ])
    await wake()
    expect(await client.upTo(4)).toEqual([4])
    const kept = () =>
      runInDurableObject(hubOf(), (_, state) => [...state.storage.kv.list({ prefix: 'filter:' })].length)
    expect(await kept()).toBe(1)
    client.socket.close(1000, 'done')
    await expect.poll(kept).toBe(0)
  })

  it('it ends with the right to it', async () => {
    const { id } = await person('sleeper')
    const { key } = await apiKey(id, ['events:read'])
    const client = await connect('', true, key)
    await sleep()
    await env.DB.prepare('DELETE FROM api_keys').run()
    await look()
    expect(await client.closed).toMatchObject({ code: 4401 })
  })

  it('it still waits for the word that it asked for', async () => {
    const client = await connect('?after=0', false)
    await store(numbered(1, 1_500))
    await wake()
    await client.until(() => client.sequences().length >= 1_000)
    await sleep()
    await wake()
    expect(await inHub((hub) => [...hub.audience.clients].map(({ position }) => position))).toEqual([1_000])
    client.socket.send(client.messages.find(({ type }) => type === 'check')?.data ?? '')
    await client.until(() => client.messages.filter(({ type }) => type === 'check').length > 1)
    client.socket.send(client.messages.findLast(({ type }) => type === 'check')?.data ?? '')
    expect(await client.upTo(1_500)).toEqual(range(1, 1_500))
  })

  it('there is a next look at what a lost wake-up has left', async () => {
    const client = await connect()
    await sleep()
    await store(numbered(1, 1))
    await look()
    expect(await client.upTo(1)).toEqual([1])
  })

  it('one that was attached by another version is told to come again', async () => {
    const client = await connect('?after=0')
    await store(numbered(1, 1))
    await wake()
    await client.upTo(1)
    await runInDurableObject(hubOf(), (_, state) => {
      for (const socket of state.getWebSockets()) socket.serializeAttachment({ version: 2 })
    })
    await sleep()
    await wake()
    expect(await client.closed).toMatchObject({ code: 1012 })
  })
})

describe('A WebSocket', () => {
  it('says first where it begins, so that who loses it at once goes on from here', async () => {
    await setLog(numbered(1, 7))
    const client = await connect()
    await client.until(() => client.messages.length > 0)
    expect(client.messages).toEqual([{ id: '7', type: 'ready', data: null }])
  })

  it('has messages of an id, a type, and the event as the API shows it', async () => {
    await setLog(numbered(1, 1))
    const client = await connect('?after=0')
    await client.upTo(1)
    expect(client.messages[1]).toEqual({
      id: '1',
      type: 'video.published',
      data: {
        id: 'evt_1',
        type: 'video.published',
        timestamp: '1970-01-01T00:00:00.000Z',
        sequence: 1,
        instance: 'a.example',
        data: {},
      },
    })
  })

  it('answers ping, and is forgotten when it is closed', async () => {
    const client = await connect()
    const pong = new Promise((resolve) =>
      client.socket.addEventListener('message', ({ data }) => data === 'pong' && resolve(data)),
    )
    client.socket.send('ping')
    expect(await pong).toBe('pong')
    client.socket.close(1000, 'enough')
    expect(await client.closed).toMatchObject({ code: 1000 })
    await expect.poll(() => inHub((hub) => hub.occupancy('').clients)).toBe(0)
  })
})
