/** @module What is in feeds: what events write into the saved ones, and what a search of the log finds, is what a model says. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { eventStatements } from '../../src/db/fan-out.ts'
import { feedItems } from '../../src/db/feed-items.ts'
import { type FeedMode, type FeedSearch, searchItems } from '../../src/db/feed-search.ts'
import {
  type Feed,
  findFeed,
  findPublishedFeed,
  insertFeed,
  type NewFeed,
  searchOf,
  updateFeed,
} from '../../src/db/feeds.ts'
import { facetsOf, isFarewell, subjectKeyOf } from '../../src/events/facets.ts'
import { type Filter, matches } from '../../src/events/filter.ts'
import type { NewEvent } from '../../src/events/types.ts'
import { Random } from '../model/random.ts'
import { entry, givenUser } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'
import { OWNERS, randomEvent, randomFilter } from '../support/filters.ts'

const ADMIN = 'usr_administrator'

beforeEach(async () => {
  await env.DB.batch([
    ...['feeds', 'deliveries', 'endpoints', 'events', "users WHERE id = 'usr_other'"].map((table) =>
      env.DB.prepare(`DELETE FROM ${table}`),
    ),
    env.DB.prepare("INSERT INTO users (id, username, role, created_at) VALUES ('usr_other', 'other', 2, 0)"),
  ])
})

/** As the API leaves it, and as detectors make it: hosts in lower case, and the handle of a channel its name and host. */
function realEvent(random: Random, id: string): NewEvent {
  const event = JSON.parse(JSON.stringify(randomEvent(random, id)), (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('handle' in value)) return value
    const { name: of, host } = value as unknown as { name: string; host: string }
    return { ...value, handle: `${of}@${host}` }
  }) as NewEvent
  return { ...event, instance: event.instance.toLowerCase() }
}

function realFilter(random: Random): Filter {
  const filter = randomFilter(random)
  const { instances } = filter
  return { ...filter, ...(instances ? { instances: instances.map((host) => host.toLowerCase()) } : {}) }
}

async function store(events: readonly NewEvent[], pollId: string, db = env.DB) {
  const commit = { pollId, events, now: 5, guard: { sql: '1', values: [] } }
  const { statements, outcomeOf } = eventStatements(db, commit)
  return outcomeOf(await db.batch(statements))
}

function feed(like: Partial<NewFeed> & { id: string }): NewFeed {
  return {
    ownerId: ADMIN,
    name: like.id,
    slug: like.id,
    secretHash: null,
    secret: null,
    mode: 'subjects',
    filter: {},
    createdAt: 1,
    ...like,
  }
}

async function save(like: Partial<NewFeed> & { id: string }): Promise<Feed> {
  const made = await insertFeed(env.DB, feed(like), entry(like.id), {})
  if (typeof made === 'string') throw new Error(made)
  return made
}

async function itemsOf(feedId: string) {
  const made = await findFeed(env.DB, feedId, null)
  const viewerId = made ? searchOf(made).viewerId : null
  const [page] = await feedItems(env.DB, [{ feedId, viewerId, limit: 1_000 }])
  return page?.items ?? []
}

/** Each item as `first last`, with a cross when it is gone; the newest first. */
const told = (items: readonly { first: { id: string }; last: { id: string }; isGone: boolean }[]) =>
  items.map(({ first, last, isGone }) => `${first.id} ${last.id}${isGone ? ' †' : ''}`)

/** What a feed has that was there from the beginning. */
function expected({ viewerId, filter, mode }: FeedSearch, events: readonly NewEvent[]): string[] {
  const firsts = new Map<string, string>()
  const items = new Map<
    string,
    { first: { id: string }; last: { id: string; at: number }; isGone: boolean }
  >()
  for (const [at, event] of events.entries()) {
    if (event.ownerId !== null && event.ownerId !== viewerId) continue
    const key = (mode === 'subjects' ? subjectKeyOf(event) : null) ?? event.id
    if (!firsts.has(key)) firsts.set(key, event.id)
    const isThere = items.has(key)
    const isWanted = matches(filter, facetsOf(event))
    const isOver = mode === 'subjects' && isFarewell(event.type)
    if (!isThere && (!isWanted || isOver)) continue
    const fits = isWanted || matches({ ...filter, types: undefined }, facetsOf(event))
    items.set(key, {
      first: { id: firsts.get(key) ?? '' },
      last: { id: event.id, at },
      isGone: isThere && (isOver || !fits),
    })
  }
  return told([...items.values()].toSorted((a, b) => b.last.at - a.last.at))
}

const SEEDS = Array.from({ length: 8 }, (_, seed) => seed)
const MODES: FeedMode[] = ['subjects', 'events']

function randomFeeds(random: Random, count: number) {
  return Array.from({ length: count }, (_, index) => ({
    id: `feed_${index}`,
    slug: random.chance(0.5) ? `slug_${index}` : null,
    ownerId: random.pick(OWNERS) ?? ADMIN,
    mode: random.pick(MODES) ?? 'subjects',
    filter: index === 0 ? {} : realFilter(random),
  }))
}

describe('A saved feed', () => {
  it.each(SEEDS)('has what its filter wants of what is stored, as it is by now: seed %i', async (seed) => {
    const random = new Random(seed)
    const feeds = randomFeeds(random, 30)
    for (const one of feeds) await save(one)
    const events = Array.from({ length: 150 }, (_, index) => realEvent(random, `evt_${index}`))
    let stored = 0
    for (let poll = 0; stored < events.length; poll += 1) {
      const size = random.int(1, 20)
      await store(events.slice(stored, stored + size), `poll_${poll}`)
      stored += size
    }
    let entries = 0
    for (const one of feeds) {
      const items = told(await itemsOf(one.id))
      expect(items, JSON.stringify(one)).toEqual(expected(searchOf(one), events))
      entries += items.length
    }
    expect(entries).toBeGreaterThan(200)
  })

  it.each(SEEDS)('begins with what it would have, had it been there before: seed %i', async (seed) => {
    const random = new Random(seed + 100)
    const events = Array.from({ length: 120 }, (_, index) => realEvent(random, `evt_${index}`))
    await store(events.slice(0, 80), 'poll_0')
    const feeds = randomFeeds(random, 20)
    for (const one of feeds) await save(one)
    await store(events.slice(80), 'poll_1')
    for (const one of feeds)
      expect(told(await itemsOf(one.id)), JSON.stringify(one)).toEqual(expected(searchOf(one), events))
  })

  it('has what its new filter wants, and nothing else, when it was given one', async () => {
    const random = new Random(7)
    const events = Array.from({ length: 80 }, (_, index) => realEvent(random, `evt_${index}`))
    await store(events, 'poll_0')
    const before = await save({ id: 'feed_1', filter: { types: ['comment.*'] } })
    const filter = { types: ['video.*'], instances: ['a.example'] }
    expect(await updateFeed(env.DB, before, { filter, name: 'Other' }, 9, entry('feed_1'))).toBe('changed')
    const after = await findFeed(env.DB, 'feed_1', ADMIN)
    expect(after).toMatchObject({ name: 'Other', filter, revision: 1, updatedAt: 9 })
    const more = Array.from({ length: 40 }, (_, index) => realEvent(random, `evt_more_${index}`))
    await store(more, 'poll_1')
    const search = searchOf({ ...before, filter })
    expect(told(await itemsOf('feed_1'))).toEqual(expected(search, [...events, ...more]))
    expect(await updateFeed(env.DB, before, { name: 'Third' }, 10, entry('feed_1'))).toBe('conflict')
  })

  it('that two change at once has what one of them made it, and nothing private when it is public', async () => {
    const hushed = { ...realEvent(new Random(2), 'evt_hushed'), ownerId: ADMIN }
    await store([hushed, { ...realEvent(new Random(3), 'evt_open'), ownerId: null }], 'poll_0')
    const before = await save({ id: 'feed_1', slug: null, secretHash: 'x', secret: 'y' })
    expect(await itemsOf('feed_1')).toHaveLength(2)
    const opened = { slug: 'open', secretHash: null, secret: null }
    expect(await updateFeed(env.DB, before, opened, 9, entry('feed_1'))).toBe('changed')
    // Whoever read the feed before that loses, in the same millisecond, too.
    expect(await updateFeed(env.DB, before, { mode: 'events' }, 9, entry('feed_1'))).toBe('conflict')
    expect(told(await itemsOf('feed_1'))).toEqual(['evt_open evt_open'])
    // And what was written by mistake would not be shown.
    await env.DB.prepare(
      "INSERT INTO feed_items SELECT 'x', 'feed_1', sequence, sequence, 0 FROM events WHERE id = 'evt_hushed'",
    ).run()
    expect(told(await itemsOf('feed_1'))).toEqual(['evt_open evt_open'])
  })

  it('goes on with another page where one has so many bytes that not all fit', async () => {
    await save({ id: 'feed_1', mode: 'events' })
    const long = 'x'.repeat(1_500_000)
    const events = Array.from({ length: 8 }, (_, index) => ({
      ...realEvent(new Random(index), `evt_${index}`),
      ownerId: null,
      data: { long } as never,
    }))
    for (const [index, event] of events.entries()) await store([event], `poll_${index}`)
    const [page] = await feedItems(env.DB, [{ feedId: 'feed_1', viewerId: null, limit: 50 }])
    expect(page?.isCut).toBe(true)
    expect(page?.items.length).toBeLessThan(8)
    const search = { viewerId: null, filter: {}, mode: 'events' } as const
    const found = await searchItems(env.DB, search, 50)
    expect(found.items.length).toBeLessThan(8)
    const next = await searchItems(env.DB, { ...search, before: found.rest ?? 0 }, 50)
    expect(told([...found.items, ...next.items])).toHaveLength(8)
  })

  it('is not made when its name is taken, its owner has enough, or is shut out; and leaves nothing', async () => {
    await store([realEvent(new Random(1), 'evt_1')], 'poll_0')
    await save({ id: 'feed_1', slug: 'same' })
    const other = await givenUser()
    const blocked = await givenUser({ id: 'usr_blocked' })
    await env.DB.prepare('UPDATE users SET blocked_at = 1 WHERE id = ?').bind(blocked.id).run()
    const make = (like: Partial<NewFeed>, most = 10) =>
      insertFeed(env.DB, feed({ id: 'feed_2', slug: 'two', ...like }), entry('feed_refused'), { most })
    expect(await make({ slug: 'same' })).toBe('slug-taken')
    expect(await make({}, 1)).toBe('full')
    expect(await make({ ownerId: blocked.id })).toBe('owner-shut-out')
    expect(
      await env.DB.prepare('SELECT count(*) AS n FROM feed_items WHERE feed_id = ?').bind('feed_2').first(),
    ).toEqual({ n: 0 })
    expect(
      await env.DB.prepare("SELECT count(*) AS n FROM audit_log WHERE target = 'feed_refused'").first(),
    ).toEqual({ n: 0 })
    expect(await make({ ownerId: other.id })).toMatchObject({ id: 'feed_2' })
  })

  it('misses nothing that is stored while it is made', async () => {
    const random = new Random(3)
    const events = Array.from({ length: 12 }, (_, index) => realEvent(random, `evt_${index}`))
    await store(events.slice(0, 4), 'poll_0')
    let batches = 0
    const meanwhile = new Proxy(env.DB, {
      get(target, name) {
        if (name === 'batch')
          return async (statements: D1PreparedStatement[]) => {
            batches += 1
            if (batches < 3) await store(events.slice(4 * batches, 4 * batches + 4), `poll_${batches}`)
            return target.batch(statements)
          }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const made = await insertFeed(meanwhile, feed({ id: 'feed_1', mode: 'events' }), entry('feed_1'), {})
    expect(made).toMatchObject({ id: 'feed_1' })
    expect(batches).toBeGreaterThan(2)
    expect(told(await itemsOf('feed_1'))).toEqual(
      expected({ viewerId: null, filter: {}, mode: 'events' }, events),
    )
  })

  it('is found by its name or its secret, not when its owner is blocked; what changed it last is told', async () => {
    await save({ id: 'feed_1', slug: 'news', filter: { types: ['video.*'] } })
    await save({ id: 'feed_2', slug: null, secretHash: 'digest', ownerId: 'usr_other' })
    const random = new Random(5)
    const event = {
      ...realEvent(random, 'evt_1'),
      type: 'video.published',
      ownerId: null,
      seenAt: 77,
    } as NewEvent
    const [stored] = (await store([event], 'poll_0')).events
    const news = await findPublishedFeed(env.DB, { slug: 'news' })
    expect(news).toMatchObject({ id: 'feed_1', head: stored?.sequence, headSeenAt: 77, mode: 'subjects' })
    expect(await findPublishedFeed(env.DB, { secretHash: 'digest' })).toMatchObject({ id: 'feed_2' })
    expect(await findPublishedFeed(env.DB, { slug: 'nothing' })).toBeNull()
    await env.DB.prepare("UPDATE users SET blocked_at = 1 WHERE id = 'usr_other'").run()
    expect(await findPublishedFeed(env.DB, { secretHash: 'digest' })).toBeNull()
  })

  it('tells in five rows whether it has changed, and shows its newest in nine an item, however much it has', async () => {
    await save({ id: 'feed_1', slug: 'news', mode: 'events' })
    await save({ id: 'feed_2', slug: 'other', mode: 'events' })
    const random = new Random(9)
    for (let poll = 0; poll < 20; poll += 1)
      await store(
        Array.from({ length: 100 }, (_, index) => realEvent(random, `evt_${poll}_${index}`)),
        `poll_${poll}`,
      )
    await env.DB.prepare('ANALYZE').run()
    const found = countCosts(env.DB)
    expect(await findPublishedFeed(found.db, { slug: 'news' })).not.toBeNull()
    expect(found.cost.roundTrips).toBe(1)
    expect(found.cost.rowsRead).toBeLessThanOrEqual(5)
    const read = countCosts(env.DB)
    const [page] = await feedItems(read.db, [{ feedId: 'feed_1', viewerId: null, limit: 50 }])
    expect(page?.items).toHaveLength(50)
    expect(read.cost.roundTrips).toBe(1)
    expect(read.cost.rowsRead).toBeLessThanOrEqual(9 * 50)
  })
})

describe('A search', () => {
  it.each(SEEDS)('finds what a feed would have, page after page: seed %i', async (seed) => {
    const random = new Random(seed + 200)
    const events = Array.from({ length: 150 }, (_, index) => realEvent(random, `evt_${index}`))
    await store(events, 'poll_0')
    for (let index = 0; index < 25; index += 1) {
      const handle = `${random.pick(['news', 'music'])}@${random.pick(['a.example', 'b.example'])}`
      const search: FeedSearch = {
        viewerId: random.pick([null, ADMIN]) ?? null,
        filter: random.chance(0.2) ? { channels: [handle] } : realFilter(random),
        mode: random.pick(MODES) ?? 'subjects',
      }
      const whole = expected(search, events)
      const pages: string[] = []
      let before: number | undefined
      for (let page = 0; page < 300; page += 1) {
        const { items, rest } = await searchItems(env.DB, { ...search, before }, 7)
        pages.push(...told(items))
        const places = items.map(({ place }) => place)
        expect(places).toEqual(places.toSorted((a, b) => b - a))
        before = items.length === 7 ? places.at(-1) : (rest ?? undefined)
        if (before === undefined) break
      }
      // One subject may be on two pages, and is told the same.
      expect([...new Set(pages)].sort(), JSON.stringify(search)).toEqual(whole.toSorted())
    }
  })

  it('of a type, an instance or a channel reads little but what it shows', async () => {
    await env.DB.prepare(
      `WITH RECURSIVE e (s) AS (SELECT 1 UNION ALL SELECT s + 1 FROM e WHERE s < 20000)
       INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data)
       SELECT 'evt_' || s, iif(s % 500 = 0, 'video.published', 'comment.created'), 'host' || (s % 300), s, s, 'poll',
         json_object('video', json_object('channel', json_object('name', 'c' || (s % 400), 'host', 'x', 'handle', 'c' || (s % 400) || '@x')))
       FROM e`,
    ).run()
    await env.DB.prepare('ANALYZE').run()
    for (const filter of [
      { types: ['video.published'] },
      { instances: ['host7'] },
      { channels: ['c7@x'] },
    ] satisfies Filter[]) {
      const { db, cost } = countCosts(env.DB)
      const { items } = await searchItems(db, { viewerId: null, filter, mode: 'subjects' }, 20)
      expect(items, JSON.stringify(filter)).toHaveLength(20)
      expect(cost.rowsRead, JSON.stringify(filter)).toBeLessThanOrEqual(500)
    }
  })
})
