/** @module Looking through the event log with a filter: what is found is what a model says, and what it costs is bounded. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type EventSearch, LOOKED_AT, searchEvents, searchedPages } from '../../src/db/event-search.ts'
import { facetsOf } from '../../src/events/facets.ts'
import { type Filter, matcherOf } from '../../src/events/filter.ts'
import type { NewEvent } from '../../src/events/types.ts'
import { Random } from '../model/random.ts'
import { countCosts } from '../support/count-costs.ts'
import { setLog, VIEWER } from '../support/events.ts'
import { randomEvent, randomFilter } from '../support/filters.ts'

type Order = 'oldest' | 'newest'
const ORDERS: Order[] = ['oldest', 'newest']

describe('All pages of a search together', () => {
  const random = new Random(11)
  const EVENTS = 300
  /** As detectors make them: hosts in lower case, and the handle of a channel its name and host. */
  const events = Array.from({ length: EVENTS }, (_, index) => {
    const { type, instance, ownerId, subject, data } = JSON.parse(
      JSON.stringify(randomEvent(random, `evt_${index}`)),
      (_name, value: unknown) => {
        if (typeof value !== 'object' || value === null || !('handle' in value)) return value
        const { name, host } = value as unknown as { name: string; host: string }
        return { ...value, handle: `${name}@${host}` }
      },
    ) as NewEvent
    return {
      // With a gap here and there.
      sequence: index + 1 + Math.floor(index / 7),
      type: String(type),
      instance: instance.toLowerCase(),
      ownerId,
      subject,
      seenAt: index * 1_000,
      data: JSON.stringify(data),
    }
  })
  beforeAll(() => setLog(events))

  /** What the model says: as `matches`, of the instances that are named, public or the viewer's own. */
  function expected({ filter, after, before, since, until }: EventSearch): number[] {
    const fits = matcherOf(filter)
    return events
      .filter(
        ({ sequence, instance, type, ownerId, seenAt, data }) =>
          (ownerId === null || ownerId === VIEWER) &&
          sequence > after &&
          sequence < (before ?? Number.POSITIVE_INFINITY) &&
          seenAt >= (since ?? 0) &&
          seenAt < (until ?? Number.POSITIVE_INFINITY) &&
          (filter.instances?.includes(instance) ?? true) &&
          fits(facetsOf({ type, instance, data: JSON.parse(data) as unknown })),
      )
      .map(({ sequence }) => sequence)
  }

  function someFilter(): Filter {
    const filter = randomFilter(random)
    const { instances } = filter
    return { ...filter, ...(instances ? { instances: instances.map((host) => host.toLowerCase()) } : {}) }
  }

  it('are what fits, in their order, none twice and none missed, however little a page looks at', async () => {
    let found = 0
    for (let round = 0; round < 40; round += 1) {
      const maybe = (most: number) => (random.chance(0.2) ? random.int(0, most) : undefined)
      const span = { before: maybe(2 * EVENTS), since: maybe(EVENTS * 500), until: maybe(EVENTS * 2_000) }
      const search = { viewerId: VIEWER, filter: someFilter(), after: maybe(EVENTS) ?? 0, ...span }
      const limit = random.int(1, 40)
      const scan = {
        events: random.int(10, 200),
        unsaid: random.int(10, 200),
        bytes: random.int(500, 50_000),
      }
      for (const order of ORDERS) {
        const sequences: number[] = []
        let { after, before }: { after: number; before?: number | undefined } = search
        for (let next: number | null = 0; next !== null; ) {
          const page = await searchEvents(env.DB, { ...search, after, before }, order, limit, scan)
          expect(page.events.length).toBeLessThanOrEqual(limit)
          sequences.push(...page.events.map(({ sequence }) => sequence))
          next = page.next
          if (order === 'oldest') after = next ?? after
          else before = next ?? before
        }
        const model = expected(search)
        expect(sequences, JSON.stringify(search)).toEqual(order === 'oldest' ? model : model.toReversed())
        found += sequences.length
      }
    }
    expect(found).toBeGreaterThan(1_000)
  })

  it('are what is downloaded', async () => {
    for (let round = 0; round < 60; round += 1) {
      const search = { viewerId: VIEWER, filter: someFilter(), after: 0 }
      const sequences: number[] = []
      for await (const page of searchedPages(env.DB, search))
        sequences.push(...page.map(({ sequence }) => sequence))
      expect(sequences, JSON.stringify(search.filter)).toEqual(expected(search))
    }
  })
})

describe('A search of a hundred thousand events', () => {
  const EVENTS = 100_000
  /** One in a thousand; of one type, and one of a hundred channels. */
  const TITLE = 'walrus'
  const CHANNEL = 'c7@a.example'
  beforeAll(async () => {
    await setLog([])
    await env.DB.prepare(
      `WITH RECURSIVE e (s) AS (SELECT 1 UNION ALL SELECT s + 1 FROM e WHERE s < ${EVENTS})
       INSERT INTO events (sequence, id, type, instance, subject, owner_id, seen_at, poll_id, data)
       SELECT s, 'evt_' || s, iif(s % 2, 'video.published', 'video.updated'), 'a.example', s,
         iif(s % 1000 = 3, '${VIEWER}', NULL), s, 'p',
         json_object('video', json_object('name', iif(s % 1000 = 7, 'The ${TITLE}', 'A seal'), 'nsfw', json('false'),
           'channel', json_object('name', 'c' || (s % 100), 'host', 'a.example', 'handle', 'c' || (s % 100) || '@a.example')))
       FROM e`,
    ).run()
    await env.DB.prepare('ANALYZE').run()
  })

  async function read(filter: Filter, order: Order) {
    const { db, cost } = countCosts(env.DB)
    const { events, next } = await searchEvents(db, { viewerId: VIEWER, filter, after: 0 }, order, 100)
    return { found: events.length, next, ...cost }
  }

  describe.each(ORDERS)('by the %s', (order) => {
    it.each<[string, Filter]>([
      ['everything', {}],
      ['a type', { types: ['video.updated'] }],
      ['an instance and types', { instances: ['a.example'], types: ['video.published', 'video.updated'] }],
    ])('reads of %s what it shows, in one statement', async (_, filter) => {
      const { found, rowsRead, roundTrips } = await read(filter, order)
      expect(found).toBe(100)
      expect(roundTrips).toBe(1)
      expect(rowsRead).toBeLessThanOrEqual(100 + 8)
    })

    it('finds a word of one event in a thousand along the run of its channel', async () => {
      const { found, next, rowsRead } = await read(
        { text: TITLE, channels: [CHANNEL], types: ['video.published'] },
        order,
      )
      expect({ found, next }).toEqual({ found: 100, next: null })
      // All that there is of the channel, and of one's own, twice, and what fits once more.
      expect(rowsRead).toBeLessThanOrEqual(2 * (EVENTS / 100 + EVENTS / 1_000) + 3 * 100 + 50)
    })

    it.each<[string, Filter]>([
      ['a word', { text: TITLE }],
      ['a word and a type', { text: TITLE, types: ['video.published'] }],
      ['a word that is nowhere', { text: 'narwhal' }],
    ])('looks for %s at so many events, and says how far it came', async (_, filter) => {
      const { found, next, rowsRead, roundTrips } = await read(filter, order)
      expect(found).toBeLessThan(100)
      const isOfType = filter.types ? 2 : 1
      const way = order === 'oldest' ? next : EVENTS - Number(next) + 1
      expect(Math.abs(Number(way) - LOOKED_AT * isOfType)).toBeLessThan(10)
      expect(rowsRead).toBeLessThanOrEqual(2 * LOOKED_AT + 100)
      expect(roundTrips).toBeLessThanOrEqual(5)
    })

    it('looks at fewer where no payload can be passed over', async () => {
      const { found, next, rowsRead } = await read({ nsfw: true }, order)
      expect(found).toBe(0)
      expect(next).not.toBeNull()
      expect(rowsRead).toBeLessThanOrEqual(4 * 2_000 + 100)
    })
  })
})
