/** @module Those who listen at one object do each other no harm: who lies, who comes at the wrong moment, and who takes nothing. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { Audience, type AudienceDeps } from '../../src/workers/stream-audience.ts'
import { StreamClient } from '../../src/workers/stream-client.ts'
import { SseOutlet } from '../../src/workers/stream-sse.ts'
import { Basket } from '../support/basket.ts'
import { setLog, VIEWER } from '../support/events.ts'
import { numbered, store } from '../support/streams.ts'

const SIZES = {
  near: 12,
  nearPage: { rows: 7, bytes: 100_000 },
  farPage: { events: 5, scan: { rows: 9, bytes: 100_000 } },
  budget: 200_000,
}
const credential = { kind: 'operator', digest: '' } as const

beforeEach(() => setLog([]))

describe('A wake-up', () => {
  it.each(Array.from({ length: 12 }, (_, ticks) => ticks))(
    'is not lost when it comes %i ticks after the last look',
    async (ticks) => {
      await store(numbered(1, 1))
      const audience = new Audience({ db: env.DB, log: () => undefined })
      const { promise: isWoken, resolve } = Promise.withResolvers<void>()
      const wakeIn = (left: number) => {
        if (left > 0) return queueMicrotask(() => wakeIn(left - 1))
        basket.room = 1
        audience.wake()
        resolve()
      }
      const basket = new Basket(0)
      let isFirst = true
      basket.hasRoom = () => {
        if (isFirst) queueMicrotask(() => wakeIn(ticks))
        isFirst = false
        return basket.room > 0
      }
      audience.add(new StreamClient({ viewerId: VIEWER, credential, filter: {}, after: 0 }, basket))
      await isWoken
      await audience.settled()
      expect(basket.came).toEqual([1])
    },
  )
})

describe('A place', () => {
  it('beyond the end moves nobody else there', async () => {
    await store(numbered(1, 50))
    const audience = new Audience({ db: env.DB, log: () => undefined }, SIZES)
    const baskets = [Number.MAX_SAFE_INTEGER, 50, 0].map((after) => {
      const basket = new Basket(1_000)
      audience.add(new StreamClient({ viewerId: VIEWER, credential, filter: {}, after }, basket))
      return basket
    })
    await audience.settled()
    audience.wake()
    await audience.settled()
    await store(numbered(51, 60))
    audience.wake()
    await audience.settled()
    const came = numbered(1, 60).map((row) => row.sequence)
    expect(baskets.map((basket) => basket.came)).toEqual([[], came.slice(50), came])
  })

  it('beyond the end keeps nothing from who comes later', async () => {
    await store(numbered(1, 3))
    const audience = new Audience({ db: env.DB, log: () => undefined }, SIZES)
    const [liar, honest] = [new Basket(10), new Basket(10)]
    audience.add(new StreamClient({ viewerId: VIEWER, credential, filter: {}, after: 1_000_000 }, liar))
    await audience.settled()
    audience.add(new StreamClient({ viewerId: VIEWER, credential, filter: {}, after: 3 }, honest))
    await audience.settled()
    await store(numbered(4, 6))
    audience.wake()
    await audience.settled()
    expect(honest.came).toEqual([4, 5, 6])
  })
})

/** Streams of Server-Sent Events that nobody reads. */
function unread(count: number, leaving: AudienceDeps['leaving'] = () => []) {
  let now = 0
  const audience = new Audience({ db: env.DB, log: () => undefined, leaving }, SIZES)
  const join = () => {
    const events = { onRoom: () => audience.wake(), onGone: () => undefined }
    const outlet = new SseOutlet(0, () => now, events)
    const client = new StreamClient({ viewerId: VIEWER, credential, filter: {}, after: 0 }, outlet)
    audience.add(client)
    return { client, outlet }
  }
  const clients = Array.from({ length: count }, join)
  return {
    audience,
    clients,
    join,
    waiting: () => [...audience.clients].reduce((sum, { outlet }) => sum + outlet.waiting(), 0),
    pass: (ms: number) => {
      now += ms
    },
    stalled: () => clients.filter(({ outlet }) => outlet.isStalled(now)).length,
  }
}

/** Reads until this event has come. @returns the ids of the events that came. */
async function readTo(stream: ReadableStream<Uint8Array>, last: number): Promise<number[]> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader()
  const ids: number[] = []
  while (ids.at(-1) !== last) {
    const { value = '', done } = await reader.read()
    if (done) break
    for (const [, id] of value.matchAll(/id: (\d+)\nevent/g)) ids.push(Number(id))
  }
  return ids
}

/** Events of 2 KB each. */
const large = (count: number) =>
  numbered(1, count, { data: JSON.stringify({ video: { name: 'x'.repeat(2_000) } }) })

describe('What waits for all together', () => {
  it('is bounded, however many take nothing', async () => {
    await store(large(300))
    const { audience, waiting, clients } = unread(20)
    await audience.settled()
    // The budget, and for each who came late a share of it and an event.
    expect(waiting()).toBeLessThan(2 * SIZES.budget + clients.length * 3_000)
    for (const { client } of clients) expect(client.position).toBeGreaterThan(0)
  })

  it('keeps nothing from who takes what he is sent', async () => {
    await store(large(300))
    const { audience, join } = unread(20)
    await audience.settled()
    const all = await readTo(join().outlet.stream, 300)
    expect(all).toEqual(large(300).map(({ sequence }) => sequence))
  })

  it('is given again to who begins to take it', async () => {
    await store(large(300))
    const { audience, clients } = unread(20)
    await audience.settled()
    const came = await Promise.all(clients.map(({ outlet }) => readTo(outlet.stream, 300)))
    for (const ids of came) expect(ids).toHaveLength(300)
  })

  it('ends for those who take nothing for 10 s, though their own buffers would have room', async () => {
    await store(large(300))
    const { audience, pass, stalled, clients } = unread(20)
    await audience.settled()
    audience.wake()
    await audience.settled()
    pass(9_999)
    expect(stalled()).toBe(0)
    pass(1)
    expect(stalled()).toBe(clients.length)
  })

  it('counts what is held of those who were sent the end', async () => {
    await store(large(300))
    const gone = unread(20)
    await gone.audience.settled()
    const { audience, waiting, clients } = unread(2, () => gone.clients.map(({ client }) => client))
    await audience.settled()
    expect(waiting()).toBeLessThan(clients.length * (SIZES.budget / 22 + 3_000))
  })
})
