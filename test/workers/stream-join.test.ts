/** @module Nothing is lost and nothing comes twice where history and what happens meanwhile join: random runs against what must come. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { facetsOf } from '../../src/events/facets.ts'
import { type Filter, matches } from '../../src/events/filter.ts'
import { Audience } from '../../src/workers/stream-audience.ts'
import { StreamClient } from '../../src/workers/stream-client.ts'
import { Random } from '../model/random.ts'
import { Basket } from '../support/basket.ts'
import { countCosts } from '../support/count-costs.ts'
import { type LogRow, logRow, OTHER, setLog, VIEWER } from '../support/events.ts'
import { numbered, store } from '../support/streams.ts'

const RUNS = 40
/** So small that a run of some hundred events has all of them: near and far, pages that are full, pages that are short. */
const SIZES = {
  near: 12,
  nearPage: { rows: 7, bytes: 1_000 },
  farPage: { events: 5, scan: { rows: 9, bytes: 1_000 } },
  budget: 1_000_000,
}
const TYPES = ['video.published', 'live.started', 'comment.created']
const FILTERS: Filter[] = [
  {},
  { types: ['live.*'] },
  { tags: ['a'] },
  { types: ['video.published'], instances: ['b.example'] },
]

const credential = { kind: 'operator', digest: '' } as const

beforeEach(() => setLog([]))

/** One of these: there is always one. */
function pick<TItem>(random: Random, items: readonly TItem[]): TItem {
  const picked = random.pick(items)
  if (picked === undefined) throw new Error('there is nothing to choose from')
  return picked
}

function event(random: Random, sequence: number): LogRow {
  return logRow({
    sequence,
    type: pick(random, TYPES),
    instance: pick(random, ['a.example', 'b.example']),
    ownerId: pick<string | null>(random, [null, null, VIEWER, OTHER]),
    data: JSON.stringify({
      video: { tags: pick<string[]>(random, [['a'], ['b'], []]), name: 'x'.repeat(random.int(0, 200)) },
    }),
  })
}

describe('A random run', () => {
  it.each(Array.from({ length: RUNS }, (_, seed) => seed))(
    'of seed %i tells each what he is to have, once, in order',
    async (seed) => {
      const random = new Random(seed)
      const audience = new Audience(
        { db: env.DB, log: ({ log, ...rest }) => expect([log, rest]).toEqual([]) },
        SIZES,
      )
      const log: LogRow[] = []
      const joined: { client: StreamClient; basket: Basket; after: number }[] = []
      let sequence = 0
      const write = async () => {
        const rows = Array.from({ length: random.int(1, 15) }, () => {
          // Sequences have gaps: of events that were there already.
          sequence += random.int(1, 3)
          return event(random, sequence)
        })
        await store(rows)
        log.push(...rows)
      }
      const join = () => {
        const after = pick(random, [0, sequence, random.int(0, sequence)])
        const basket = new Basket(pick(random, [1, 5, 1_000]))
        const ask = {
          viewerId: pick(random, [VIEWER, OTHER]),
          credential,
          filter: pick(random, FILTERS),
          after,
        }
        const client = new StreamClient(ask, basket)
        joined.push({ client, basket, after })
        audience.add(client)
      }
      await write()
      for (let step = 0; step < 60; step += 1) {
        const what = random.int(0, 9)
        if (what < 4) await write()
        else if (what < 6) join()
        else if (what < 8 && joined.length > 0) pick(random, joined).basket.room += random.int(1, 30)
        // Who was woken, who was not: each is a run of its own.
        if (random.int(0, 2) > 0) audience.wake()
        if (random.int(0, 3) === 0) await audience.settled()
      }
      for (const { basket } of joined) basket.room = 10_000
      audience.wake()
      await audience.settled()
      for (const { client, basket, after } of joined) {
        const due = log.filter(
          (row) =>
            row.sequence > after &&
            (row.ownerId === null || row.ownerId === client.viewerId) &&
            matches(client.filter, facetsOf({ ...row, data: JSON.parse(row.data) })),
        )
        expect(basket.came).toEqual(due.map((row) => row.sequence))
      }
    },
  )
})

describe('Those who are near the end', () => {
  it('are read for together: a thousand cost what one costs', async () => {
    await store(numbered(1, 100))
    const cost = async (clients: number) => {
      const counted = countCosts(env.DB)
      const audience = new Audience({ db: counted.db, log: () => undefined })
      const baskets = Array.from({ length: clients }, () => new Basket(1_000))
      for (const basket of baskets)
        audience.add(new StreamClient({ viewerId: VIEWER, credential, filter: {}, after: 90 }, basket))
      await audience.settled()
      for (const { came } of baskets) expect(came).toEqual(numbered(91, 100).map((row) => row.sequence))
      // From then on: a look at which there is nothing.
      counted.cost.rowsRead = 0
      counted.cost.roundTrips = 0
      audience.wake()
      await audience.settled()
      return counted.cost
    }
    const alone = await cost(1)
    expect(alone).toMatchObject({ roundTrips: 1 })
    expect(alone.rowsRead).toBeLessThanOrEqual(3)
    expect(await cost(1_000)).toEqual(alone)
  })

  it('who is full holds up nobody, and has everything when he has room', async () => {
    const audience = new Audience({ db: env.DB, log: () => undefined })
    const [full, other] = [new Basket(3), new Basket(1_000)]
    for (const basket of [full, other])
      audience.add(new StreamClient({ viewerId: VIEWER, credential, filter: {}, after: 0 }, basket))
    await store(numbered(1, 50))
    audience.wake()
    await audience.settled()
    expect([full.came.length, other.came.length]).toEqual([3, 50])
    full.room = 100
    audience.wake()
    await audience.settled()
    expect(full.came).toEqual(other.came)
  })

  it('a filter that can not be read for does not keep the others from what is theirs', async () => {
    await store(numbered(1, 50))
    const failing = new Proxy(env.DB, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (name !== 'prepare') return typeof value === 'function' ? value.bind(target) : value
        return (sql: string) => {
          // Who is far is read for by the indexes of owners.
          if (sql.includes('INDEXED BY')) throw new Error('too complex')
          return target.prepare(sql)
        }
      },
    })
    const errors: unknown[] = []
    const audience = new Audience({ db: failing, log: (entry) => errors.push(entry) }, { ...SIZES, near: 5 })
    const [far, near] = [new Basket(100), new Basket(100)]
    audience.add(new StreamClient({ viewerId: VIEWER, credential, filter: {}, after: 0 }, far))
    audience.add(new StreamClient({ viewerId: VIEWER, credential, filter: {}, after: 48 }, near))
    await audience.settled()
    expect(near.came).toEqual([49, 50])
    expect(far.came).toEqual([])
    expect(errors).toMatchObject([{ log: 'error', where: 'reading for a stream' }])
  })
})
