/** @module What a page of a long event log costs: the rows of the page and a few more, wherever it is and whatever lies between. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type EventFilter, eventPages, listEvents, newestEvents } from '../../src/db/events.ts'
import { typesLike } from '../../src/events/types.ts'
import { countCosts } from '../support/count-costs.ts'
import { OTHER, setLog, VIEWER } from '../support/events.ts'

const EVENTS = 100_000
/** Of these sequences all events are private, and somebody else's. */
const WALL = { from: 40_000, to: 60_000 }
const EVERY_MS = 10_000
/** One event in a thousand. */
const RARE = { type: 'comment.held', instance: 'host3' }
const LIMIT = 100

beforeAll(async () => {
  await setLog([])
  await env.DB.prepare(
    `WITH RECURSIVE e (s) AS (SELECT 1 UNION ALL SELECT s + 1 FROM e WHERE s < ${EVENTS})
     INSERT INTO events (sequence, id, type, instance, subject, owner_id, seen_at, poll_id, data)
     SELECT s, 'evt_' || s,
       CASE WHEN s % 1000 = 6 THEN '${RARE.type}' WHEN s % 2 = 0 THEN 'video.published' ELSE 'comment.created' END,
       'host' || (s / 2 % 20), s,
       CASE WHEN s BETWEEN ${WALL.from} AND ${WALL.to} THEN '${OTHER}' WHEN s % 7 = 0 THEN '${VIEWER}' WHEN s % 7 < 3 THEN '${OTHER}' END,
       s * ${EVERY_MS}, 'poll', '{}' FROM e`,
  ).run()
  // As `PRAGMA optimize` does: what SQLite then knows of the log must not make it choose another way through it.
  await env.DB.prepare('ANALYZE').run()
})

describe.each([
  ['at its beginning', 0],
  ['before many that are somebody else’s', WALL.from - 10],
  ['deep in it', 70_000],
])('A page of a long log, %s, reads less than three rows an event', (_, after) => {
  it.each<[string, Omit<EventFilter, 'viewerId' | 'after'>]>([
    ['of everything', {}],
    ['of a type', { type: 'video.published' }],
    ['of types', { type: 'video.*' }],
    ['of an instance', { instance: 'host3' }],
    ['of a type of an instance', { instance: 'host3', type: 'comment.created' }],
    ['up to a sequence', { before: 99_999 }],
    ['of a time', { since: 62_000 * EVERY_MS, until: 98_000 * EVERY_MS }],
    ['of a time, a type and an instance', { instance: 'host3', type: 'video.*', since: 1_000 * EVERY_MS }],
  ])('%s', async (__, filter) => {
    const { db, cost } = countCosts(env.DB)
    expect(await listEvents(db, { viewerId: VIEWER, after, ...filter }, LIMIT)).toHaveLength(LIMIT)
    expect(cost.roundTrips).toBe(1)
    expect(cost.rowsRead).toBeLessThanOrEqual(3 * LIMIT)
  })
})

describe('A long log', () => {
  it('is read from its end in three rows for each that is shown', async () => {
    const { db, cost } = countCosts(env.DB)
    const newest = await newestEvents(db, VIEWER, 1_000)
    expect(newest).toHaveLength(1_000)
    const sequences = newest.map(({ sequence }) => sequence)
    expect(sequences).toEqual(sequences.toSorted((a, b) => b - a))
    expect(sequences[0]).toBe(EVENTS)
    expect(cost.roundTrips).toBe(1)
    expect(cost.rowsRead).toBeLessThanOrEqual(3 * 1_000 + 2)
  })

  it('that has nothing new costs next to nothing to ask', async () => {
    const { db, cost } = countCosts(env.DB)
    expect(await listEvents(db, { viewerId: VIEWER, after: EVENTS }, LIMIT)).toEqual([])
    expect(cost.rowsRead).toBeLessThanOrEqual(2)
  })

  it('without an event of a kind costs as little, though many of others are there', async () => {
    const { db, cost } = countCosts(env.DB)
    const nothing: Omit<EventFilter, 'viewerId' | 'after'>[] = [
      { type: 'nothing.happened' },
      { instance: 'nowhere.example' },
      { instance: 'nowhere.example', type: 'video.*' },
    ]
    for (const filter of nothing)
      expect(await listEvents(db, { viewerId: VIEWER, after: 0, ...filter }, LIMIT)).toEqual([])
    // Of each type that there is, and of public events and one's own, where its run would be.
    expect(cost.rowsRead).toBeLessThanOrEqual(4 + 2 * typesLike('video.*').length)
  })

  it.each([{ type: RARE.type }, RARE])(
    'gives what is rare in it without reading the rest: %j',
    async (filter) => {
      const { db, cost } = countCosts(env.DB)
      const { length } = await listEvents(db, { viewerId: VIEWER, after: 0, ...filter }, LIMIT)
      expect(length).toBeGreaterThan(20)
      expect(cost.rowsRead).toBeLessThanOrEqual(length + 2)
    },
  )

  it('is merged of many types as one is', async () => {
    const catalogue = [
      'comment.created',
      RARE.type,
      ...Array.from({ length: 22 }, (_, index) => `comment.${index}`),
    ]
    const { db, cost } = countCosts(env.DB)
    const filter = { viewerId: VIEWER, after: 0, type: 'comment.*' }
    expect(await listEvents(db, filter, LIMIT, catalogue)).toHaveLength(LIMIT)
    // A look at each type of each owner.
    expect(cost.rowsRead).toBeLessThanOrEqual(LIMIT + 2 * catalogue.length)
  })

  it('is exported with a query for two thousand events, of three rows each', async () => {
    const { db, cost } = countCosts(env.DB)
    let events = 0
    for await (const page of eventPages(db, { viewerId: VIEWER, after: 0 })) events += page.length
    expect(events).toBeGreaterThan(EVENTS / 2)
    // The last finds that there are no more.
    expect(cost.roundTrips).toBe(Math.ceil(events / 2_000) + 1)
    expect(cost.rowsRead / events).toBeLessThan(3.01)
  })
})
