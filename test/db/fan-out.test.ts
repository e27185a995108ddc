/** @module Who is sent what: SQL finds the same as `matches`, in few rows. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { eventStatements } from '../../src/db/fan-out.ts'
import { insertSubscription } from '../../src/db/subscriptions.ts'
import { exampleOf } from '../../src/events/catalogue.ts'
import { facetsOf } from '../../src/events/facets.ts'
import { type Filter, isOfTubewire, matches } from '../../src/events/filter.ts'
import type { EventType, NewEvent } from '../../src/events/types.ts'
import { Random } from '../model/random.ts'
import { entry } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'
import { ENDPOINTS, OWNERS, randomEvent, randomFilter } from '../support/filters.ts'

const NOW = 5

beforeEach(async () => {
  const tables = ['deliveries', 'endpoints', 'events', "users WHERE id = 'usr_other'"]
  await env.DB.batch([
    ...tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
    env.DB.prepare("INSERT INTO users (id, username, role, created_at) VALUES ('usr_other', 'other', 2, 0)"),
  ])
})

const ownerOf = (endpointId: string) => OWNERS[Number(endpointId.slice(3)) % 2] ?? ''

async function givenEndpoints(ordering = 'none'): Promise<void> {
  await env.DB.batch(
    ENDPOINTS.map((id) =>
      env.DB.prepare(
        "INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, ordering) VALUES (?, ?, '', '', '', 0, ?)",
      ).bind(id, ownerOf(id), ordering),
    ),
  )
}

async function subscribe(id: string, endpointId: string, filter: Filter): Promise<void> {
  const made = await insertSubscription(
    env.DB,
    { id, endpointId, filter, createdAt: 0 },
    ownerOf(endpointId),
    entry(id),
  )
  expect(made).toMatchObject({ id })
}

async function store(
  events: readonly NewEvent[],
  { db = env.DB, pollId = 'poll', guard = '1' }: { db?: D1Database; pollId?: string; guard?: string } = {},
) {
  const commit = { pollId, events, now: NOW, guard: { sql: guard, values: [] } }
  const { statements, outcomeOf } = eventStatements(db, commit)
  return outcomeOf(await db.batch(statements))
}

/** Each delivery that is owed, as `endpoint event`. */
async function owed(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    'SELECT d.endpoint_id AS endpoint, e.id AS event FROM deliveries d JOIN events e ON e.sequence = d.event_sequence',
  ).all()
  return results.map(({ endpoint, event }) => `${endpoint} ${event}`).sort()
}

/** An example of the catalogue as it is stored. */
function exampleEvent(type: EventType, id: string, more: Partial<NewEvent> = {}): NewEvent {
  const { instance, data } = exampleOf(type)
  const head = { id, type, instance, subject: 'subject', ownerId: null, seenAt: 1 }
  // The payload is that of the type.
  return { ...head, data, ...more } as NewEvent
}

describe('An event', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'goes to the endpoints of which a subscription matches it, and to no other: seed %i',
    async (seed) => {
      const random = new Random(seed)
      await givenEndpoints()
      const subscriptions = Array.from({ length: 60 }, (_, index) => ({
        id: `sub_${index}`,
        endpointId: random.pick(ENDPOINTS) ?? '',
        filter: randomFilter(random),
      }))
      for (const { id, endpointId, filter } of subscriptions) await subscribe(id, endpointId, filter)
      const events = Array.from({ length: 120 }, (_, index) => randomEvent(random, `evt_${index}`))

      const { endpoints } = await store(events)

      const wanted = events.flatMap((event) =>
        subscriptions
          .filter(({ endpointId, filter }) => {
            const mayBeSent = event.ownerId === null || event.ownerId === ownerOf(endpointId)
            const isOfItself = isOfTubewire(event.type) && event.subject === endpointId
            return mayBeSent && !isOfItself && matches(filter, facetsOf(event))
          })
          .map(({ endpointId }) => `${endpointId} ${event.id}`),
      )
      const expected = [...new Set(wanted)].sort()
      expect(expected.length).toBeGreaterThan(50)
      expect(await owed()).toEqual(expected)
      expect(endpoints.toSorted()).toEqual([...new Set(expected.map((one) => one.split(' ')[0]))].sort())
    },
  )

  it('stands in line from when it is stored, behind others of its video where the endpoint wants that', async () => {
    await givenEndpoints('subject')
    await env.DB.prepare("UPDATE endpoints SET ordering = 'endpoint' WHERE id = 'ep_1'").run()
    for (const endpoint of ['ep_0', 'ep_1']) await subscribe(`sub_${endpoint}`, endpoint, {})
    await store([exampleEvent('video.published', 'evt_1'), exampleEvent('comment.created', 'evt_2')])
    const { results } = await env.DB.prepare(
      'SELECT endpoint_id AS id, due_at AS dueAt, created_at AS createdAt, order_key AS orderKey FROM deliveries ORDER BY 1, event_sequence',
    ).all()
    expect(results).toEqual([
      { id: 'ep_0', dueAt: 0, createdAt: NOW, orderKey: 'video:43493d1c-8fbe-411e-9932-9ee0e7172022' },
      { id: 'ep_0', dueAt: 0, createdAt: NOW, orderKey: 'thread:peertube.example:1' },
      { id: 'ep_1', dueAt: 0, createdAt: NOW, orderKey: null },
      { id: 'ep_1', dueAt: 0, createdAt: NOW, orderKey: null },
    ])
  })

  it('causes nothing when its guard says no, nor when it was there before', async () => {
    await givenEndpoints()
    await subscribe('sub_0', 'ep_0', {})
    const events = [exampleEvent('video.published', 'evt_1')]
    expect(await store(events, { guard: '0' })).toEqual({ events: [], endpoints: [] })
    expect(await owed()).toEqual([])
    expect(await store(events)).toMatchObject({ events: [{ id: 'evt_1' }], endpoints: ['ep_0'] })
    await subscribe('sub_1', 'ep_1', {})
    expect(await store(events, { pollId: 'poll_2' })).toEqual({ events: [], endpoints: [] })
    expect(await owed()).toEqual(['ep_0 evt_1'])
  })

  it('with others is matched as well when what they say is too long for one parameter', async () => {
    await givenEndpoints()
    await subscribe('sub_0', 'ep_0', { text: 'needle' })
    const { db, cost, longestParameter } = countCosts(env.DB)
    const events = Array.from({ length: 40 }, (_, index) => {
      const { data } = exampleOf('video.published')
      const description = `${'𝄞'.repeat(10_000)} ${index % 10 ? '' : 'NEEDLE'}`
      return exampleEvent('video.published', `evt_${index}`, {
        data: { video: { ...data.video, description } },
      } as Partial<NewEvent>)
    })
    const { events: stored, endpoints } = await store(events, { db })
    expect([stored.length, endpoints]).toEqual([40, ['ep_0']])
    expect(await owed()).toHaveLength(4)
    expect(cost.roundTrips).toBe(1)
    expect(longestParameter()).toBeLessThan(2_000_000)
  })
})

describe('Among 100,000 subscriptions', () => {
  const numbers = (from: number, to: number) =>
    `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${to})`
  /** As many subscriptions with one key each. */
  const population = (
    from: number,
    to: number,
    type: string,
    kind: string,
    value: string,
    column: string,
  ) => [
    env.DB.prepare(
      `${numbers(from, to)} INSERT INTO subscriptions (id, owner_id, endpoint_id, created_at, ${column})
       SELECT 'sub_' || i, 'usr_other', 'ep_1', 0, char(31) || ${value} || char(31) FROM n`,
    ),
    env.DB.prepare(
      `${numbers(from, to)} INSERT INTO subscription_keys SELECT '${type}', '${kind}', ${value}, 'sub_' || i FROM n`,
    ),
  ]

  it('an event reads those that share a key with it, and a private one those of its owner', async () => {
    await givenEndpoints()
    await env.DB.batch([
      ...population(0, 50_000, '*', 'channel', "'channel' || i || '@peertube.example'", 'channels'),
      ...population(50_000, 80_000, 'video.*', 'tag', "'tag' || i", 'tags'),
      ...population(80_000, 90_000, 'comment.created', '', "''", 'languages'),
      ...population(90_000, 100_000, 'notification.*', '', "''", 'languages'),
    ])
    await subscribe('sub_all', 'ep_0', {})
    await subscribe('sub_channel', 'ep_2', { channels: ['alice_channel@peertube.example'] })
    await subscribe('sub_tag', 'ep_3', { types: ['video.*'], tags: ['Alpha'], minDuration: 1 })
    await subscribe('sub_language', 'ep_4', { types: ['video.published'], languages: ['de'] })

    // As `PRAGMA optimize` does: what SQLite then knows must not make it choose another way.
    await env.DB.prepare('ANALYZE').run()

    const published = countCosts(env.DB)
    await store([exampleEvent('video.published', 'evt_1')], { db: published.db })
    expect(await owed()).toEqual(['ep_0 evt_1', 'ep_2 evt_1', 'ep_3 evt_1'])
    expect(published.cost.rowsRead).toBeLessThanOrEqual(66)

    const notified = countCosts(env.DB)
    const mine = exampleEvent('notification.created', 'evt_2', { ownerId: 'usr_administrator' })
    await store([mine], { db: notified.db })
    // What it is about is of no channel that it tells.
    expect((await owed()).filter((one) => one.endsWith('evt_2'))).toEqual(['ep_0 evt_2'])
    expect(notified.cost.rowsRead).toBeLessThanOrEqual(46)
  })
})
