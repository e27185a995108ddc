/** @module Who takes less than comes: a bounded buffer, then he is dropped, told so, and goes on where he was. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Frame } from '../../src/workers/stream-frames.ts'
import { SseOutlet } from '../../src/workers/stream-sse.ts'
import { forgetAll, KEY, send } from '../support/call.ts'
import { setLog } from '../support/events.ts'
import { as } from '../support/people.ts'
import {
  connect,
  forgetListeners,
  inHub,
  listen,
  look,
  numbered,
  stopClock,
  store,
  wake,
} from '../support/streams.ts'

beforeEach(async () => {
  await forgetAll()
  await setLog([])
  await stopClock(0)
})
afterEach(() => forgetListeners())

/** Events of 2 KB each. */
const large = (from: number, to: number) =>
  numbered(from, to, { data: JSON.stringify({ video: { name: 'x'.repeat(2_000) } }) })

const open = () => inHub((hub) => hub.occupancy('').clients)

describe('Server-Sent Events that nobody takes', () => {
  it('are kept up to 1 MB; after 10 s the client is dropped, and told where to go on', async () => {
    const slow = await listen('?after=0')
    const quick = await listen('?after=0')
    await store(large(1, 2_000))
    await store(large(2_001, 4_000))
    await wake()
    const all = await quick.upTo(4_000)
    expect(all).toHaveLength(4_000)
    await look()
    expect(await open()).toBe(2)
    await stopClock(9_000)
    await look()
    expect(await inHub((hub) => hub.audience.clients.size)).toBe(2)
    await stopClock(11_000)
    await look()
    expect(await inHub((hub) => hub.audience.clients.size)).toBe(1)
    const last = await slow.toEnd()
    const had = slow.sequences()
    expect(last).toMatchObject({ type: 'dropped', id: String(had.at(-1)) })
    // 1 MB, and what the way to the client holds.
    expect(had.length).toBeLessThan(2_000)
    expect(had.length).toBeGreaterThan(400)
    const resumed = await listen('', { ...as(KEY), 'last-event-id': last?.id ?? '' })
    await wake()
    expect([...had, ...(await resumed.upTo(4_000))]).toEqual(all)
  })

  it('are given up when they are not taken after the end either', async () => {
    await send('GET', '/api/v1/stream?after=0', as(KEY))
    await store(large(1, 2_000))
    await wake()
    await stopClock(11_000)
    await look()
    expect(await inHub((hub) => hub.audience.clients.size)).toBe(0)
    await stopClock(22_000)
    await look()
    expect(await open()).toBe(0)
  })

  it('a burst drops nobody who takes it', async () => {
    const listener = await listen()
    await listener.until(() => listener.told.length > 0)
    const coming = listener.upTo(3_000)
    await store(large(1, 3_000))
    await wake()
    expect(await coming).toHaveLength(3_000)
  })
})

/** A stream without the way to its client, which takes more than one can tell. */
function bareOutlet() {
  let now = 0
  const rooms: number[] = []
  const outlet = new SseOutlet(0, () => now, { onRoom: () => rooms.push(now), onGone: () => undefined })
  const frame = (name: string) =>
    new Frame({
      sequence: 1,
      id: 'evt_1',
      type: 'video.published',
      instance: 'a',
      seenAt: 0,
      data: JSON.stringify({ name }),
    })
  return {
    outlet,
    rooms,
    pass: (ms: number) => {
      now += ms
    },
    stalled: () => outlet.isStalled(now),
    /** @returns how many were taken in. */
    fill(name: string) {
      let sent = 0
      for (; outlet.hasRoom(); sent += 1) outlet.send(frame(name))
      return sent
    },
  }
}

describe('The buffer of a client', () => {
  it.each([
    ['a thousand events, however short they are', '', 998, 1_000],
    ['1 MB, however few they are', 'x'.repeat(100_000), 10, 10],
  ])('is full of %s', (_name, name, least, most) => {
    const { fill } = bareOutlet()
    const sent = fill(name)
    expect(sent).toBeGreaterThanOrEqual(least)
    expect(sent).toBeLessThanOrEqual(most)
  })

  it('that is full has room again when half of it was taken, and says so when all of it was', async () => {
    const { outlet, fill, rooms } = bareOutlet()
    const reader = outlet.stream.getReader()
    const take = async (count: number) => {
      for (let taken = 0; taken < count; taken += 1) await reader.read()
    }
    const sent = fill('')
    const half = Math.floor(sent / 2)
    await take(half - 2)
    expect(outlet.hasRoom()).toBe(false)
    await take(4)
    expect(outlet.hasRoom()).toBe(true)
    await take(sent - half - 1)
    void reader.read()
    expect(rooms).toHaveLength(1)
  })

  it('that is full is stalled when nothing was taken for 10 s, and not while something is', async () => {
    const { outlet, fill, pass, stalled } = bareOutlet()
    // Long idle, and then full at once.
    pass(60_000)
    fill('')
    expect(stalled()).toBe(false)
    const reader = outlet.stream.getReader()
    for (let taken = 0; taken < 10; taken += 1) {
      pass(9_999)
      expect(stalled()).toBe(false)
      await reader.read()
    }
    // That the last was taken shows at the next look.
    expect(stalled()).toBe(false)
    pass(10_000)
    expect(stalled()).toBe(true)
  })

  it('of one who has left takes nothing, and harms nobody', async () => {
    const { outlet, fill } = bareOutlet()
    await outlet.stream.cancel()
    expect(fill('')).toBe(0)
    outlet.end({ kind: 'closed', reason: '' }, 1)
    outlet.abandon()
    outlet.keepAlive(60_000)
  })

  it('that is not taken after the end is given up', async () => {
    const { outlet, fill } = bareOutlet()
    fill('')
    outlet.end({ kind: 'dropped', reason: '' }, 1)
    outlet.abandon()
    await expect(outlet.stream.getReader().read()).rejects.toThrow('nothing was taken')
  })
})

describe('A WebSocket', () => {
  it('whose client says how far he has read is sent everything', async () => {
    const client = await connect('?after=0')
    await store(large(1, 3_000))
    await wake()
    expect(await client.upTo(3_000)).toHaveLength(3_000)
    expect(client.messages.filter(({ type }) => type === 'check').length).toBeGreaterThan(3)
  })

  it('whose client does not is sent 1 MB, and dropped after 10 s', async () => {
    const client = await connect('?after=0', false)
    await store(large(1, 2_000))
    await wake()
    await stopClock(11_000)
    await look()
    expect(await client.closed).toMatchObject({ code: 4408 })
    const had = client.sequences()
    expect(had.length).toBeGreaterThan(400)
    expect(had.length).toBeLessThan(500)
    expect(client.messages.at(-1)).toMatchObject({ type: 'dropped', id: String(had.at(-1)) })
    const resumed = await connect(`?after=${had.at(-1)}`)
    await wake()
    expect([...had, ...(await resumed.upTo(2_000))]).toEqual(large(1, 2_000).map(({ sequence }) => sequence))
  })

  it('that is held to a part of its buffer is asked earlier how far it has read, and goes on', async () => {
    const [taking, silent] = [await connect('?after=0'), await connect('?after=0', false)]
    await inHub((hub) => {
      for (const { outlet } of hub.audience.clients) {
        const narrow = outlet.narrow.bind(outlet)
        outlet.narrow = () => narrow(20_000)
      }
    })
    await store(large(1, 100))
    await wake()
    expect(await taking.upTo(100)).toHaveLength(100)
    await silent.until(() => silent.messages.some(({ type }) => type === 'check'))
    expect(silent.sequences().length).toBeLessThan(12)
    await stopClock(11_000)
    await look()
    expect(await silent.closed).toMatchObject({ code: 4408 })
  })

  it('whose client answers something else is not believed', async () => {
    const client = await connect('?after=0', false)
    await store(numbered(1, 1_200))
    await wake()
    await client.until(() => client.sequences().length >= 1_000)
    for (const word of ['ack', '1200', crypto.randomUUID(), 'x'.repeat(100_000)]) client.socket.send(word)
    await wake()
    expect(client.sequences()).toHaveLength(1_000)
    // The word that was asked for, late.
    client.socket.send(client.messages.find(({ type }) => type === 'check')?.data ?? '')
    await client.until(() => client.messages.filter(({ type }) => type === 'check').length > 1)
    client.socket.send(client.messages.findLast(({ type }) => type === 'check')?.data ?? '')
    expect(await client.upTo(1_200)).toHaveLength(1_200)
  })
})
