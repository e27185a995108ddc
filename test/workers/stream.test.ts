/** @module The stream as those who listen meet it: what comes, from where on, and when. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import { announce } from '../../src/workers/announce.ts'
import { forgetAll, KEY, send } from '../support/call.ts'
import { exampleRows, OTHER, setLog, VIEWER } from '../support/events.ts'
import { testDeps } from '../support/harness.ts'
import {
  connect,
  forgetListeners,
  hubOf,
  inHub,
  type Listener,
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
})
afterEach(() => forgetListeners())

const header = { authorization: `Bearer ${KEY}` }

describe('A stream of Server-Sent Events', () => {
  it('says what it is, and that it is not to be kept', async () => {
    const { response } = await listen()
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'access-control-allow-origin': '*',
    })
  })

  it('of every type is the event as the API shows it, under its type and its sequence', async () => {
    const rows = exampleRows(VIEWER)
    await setLog(rows)
    const listener = await listen('?after=0')
    await listener.upTo(rows.at(-1)?.sequence ?? 0)
    const shown = await (await send('GET', '/api/v1/events', header)).json<{ data: { type: string }[] }>()
    const came = listener.told.filter(({ type }) => type !== null)
    expect(came.map(({ data }) => JSON.parse(data))).toEqual(shown.data)
    expect(came.map(({ type }) => type)).toEqual(rows.map(({ type }) => type))
    expect(came.map(({ id }) => Number(id))).toEqual(rows.map(({ sequence }) => sequence))
  })

  it('begins with when to come again, and with an id, so that who loses it at once goes on from here', async () => {
    await setLog(numbered(1, 7))
    const listener = await listen()
    await listener.until(() => listener.told.length > 0)
    expect(listener.told[0]).toEqual({ id: '7', type: null, data: '', comment: false })
  })

  it('breaks the silence within 15 s, and only then', async () => {
    await stopClock(0)
    const listener = await listen()
    await stopClock(10_000)
    await look()
    await stopClock(12_000)
    await look()
    await stopClock(13_000)
    await look()
    await store(numbered(1, 1))
    await wake()
    await listener.upTo(1)
    expect(listener.told.filter(({ comment }) => comment)).toHaveLength(1)
  })

  it('is not opened by HEAD', async () => {
    const { status, headers } = await send('HEAD', '/api/v1/stream', header)
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    expect(await inHub((hub) => hub.audience.clients.size)).toBe(0)
  })

  it('that its client has left is forgotten when something is said to it', async () => {
    const listener = await listen()
    await listener.until(() => listener.told.length > 0)
    await listener.leave()
    await store(numbered(1, 1))
    await wake()
    await look()
    await expect.poll(() => inHub((hub) => hub.audience.clients.size)).toBe(0)
  })
})

describe('Where a stream begins', () => {
  const MINUTE = 60_000
  beforeEach(async () => {
    const now = Date.now()
    // One each quarter of an hour, the last of them a minute ahead.
    await setLog(
      numbered(1, 9).map((row) => ({ ...row, seenAt: now - (9 - row.sequence) * 15 * MINUTE + MINUTE })),
    )
  })
  const first = async (listener: Listener) => {
    await store(numbered(10, 10))
    await wake()
    return (await listener.upTo(10))[0]
  }

  it.each([
    ['now, when nothing is said', '', {}, 10],
    ['after a sequence', '?after=4', {}, 5],
    ['after the last id that a browser had', '', { 'last-event-id': '6' }, 7],
    ['there also when the address says something else', '?after=2&since=1h', { 'last-event-id': '6' }, 7],
    ['after a sequence rather than at a time', '?after=7&since=3d', {}, 8],
    ['so long ago', '?since=40m', {}, 7],
    ['so many hours ago', '?since=1h', {}, 5],
    ['before all that there is', '?since=400d', {}, 1],
    ['after an empty id', '', { 'last-event-id': '' }, 10],
    ['now, after a sequence that the log does not have yet', '?after=999999999999999', {}, 10],
    ['now, after a last id of a log that was lost', '', { 'last-event-id': '11' }, 10],
  ])('%s', async (_name, query, headers, expected) => {
    expect(await first(await listen(query, { ...header, ...headers }))).toBe(expected)
  })

  it('at a time', async () => {
    const since = new Date(Date.now() - 20 * MINUTE).toISOString()
    expect(await first(await listen(`?since=${since}`))).toBe(8)
  })

  it('now, when the time is one in which nothing has happened yet', async () => {
    const since = new Date(Date.now() + 20 * MINUTE).toISOString()
    expect(await first(await listen(`?since=${since}`))).toBe(10)
  })

  it.each([
    ['?after=x', {}, 'after'],
    ['?after=-1', {}, 'after'],
    ['?since=yesterday', {}, 'since'],
    ['?since=10', {}, 'since'],
    ['?since=2026-02-31T00:00:00Z', {}, 'since'],
    ['?type=nothing', {}, 'type[0]'],
    ['?type=', {}, 'type'],
    ['?colour=red', {}, 'colour'],
    ['', { 'last-event-id': '1; DROP TABLE events' }, 'Last-Event-ID'],
  ])('is refused by name where it is wrong: %s %j', async (query, headers, name) => {
    const response = await send('GET', `/api/v1/stream${query}`, { ...header, ...headers })
    expect(response.status).toBe(400)
    expect(Object.keys((await response.json<{ 'invalid-params': object }>())['invalid-params'])).toEqual([
      name,
    ])
  })
})

describe('Who listens', () => {
  it('has what he asked for, whatever others ask for', async () => {
    const data = (name: string, tags: string[]) =>
      JSON.stringify({ video: { ...exampleOf('video.published').data.video, name, tags } })
    const all = await listen('?after=0')
    const lives = await listen('?after=0&type=live.*')
    const tagged = await listen('?after=0&tag=Cat,dog&q=news')
    const there = await connect('?after=0&instance=b.example&instance=c.example')
    await store([
      { sequence: 1, data: data('News', ['dog']) },
      { sequence: 2, type: 'live.started', data: data('x', ['bird']) },
      { sequence: 3, instance: 'b.example', data: data('Good news', ['CAT']) },
      { sequence: 4, data: data('Good news', ['bird']) },
      { sequence: 5, type: 'live.ended', instance: 'c.example', data: data('The news', ['dog']) },
    ])
    await wake()
    expect(await all.upTo(5)).toEqual([1, 2, 3, 4, 5])
    expect(await lives.upTo(5)).toEqual([2, 5])
    expect(await tagged.upTo(5)).toEqual([1, 3, 5])
    expect(await there.upTo(5)).toEqual([3, 5])
  })

  it('never meets what is private to somebody else, live or of the past', async () => {
    await setLog([])
    const live = await listen()
    const socket = await connect()
    const rows = [null, VIEWER, OTHER, OTHER, null].map((ownerId, index) => ({
      sequence: index + 1,
      ownerId,
    }))
    await store(rows)
    await wake()
    const past = await listen('?after=0')
    const pastSocket = await connect('?after=0&type=video.*')
    for (const one of [live, past]) {
      expect(await one.upTo(5)).toEqual([1, 2, 5])
      expect(JSON.stringify(one.told)).not.toMatch(/evt_[34]/)
    }
    for (const one of [socket, pastSocket]) expect(await one.upTo(5)).toEqual([1, 2, 5])
  })

  it('has what a commit stored without waiting for the next look', async () => {
    const listener = await listen()
    await store(numbered(1, 1))
    const { deps } = testDeps()
    await announce(deps, [{ sequence: 1, id: 'evt_1', type: 'video.published', instance: 'a', subject: 's' }])
    expect(await listener.upTo(1)).toEqual([1])
  })

  it('has it at the next look when the wake-up was lost', async () => {
    const listener = await listen()
    const socket = await connect()
    await store(numbered(1, 2))
    await look()
    expect(await listener.upTo(2)).toEqual([1, 2])
    expect(await socket.upTo(2)).toEqual([1, 2])
    // There is always a next one, within 5 s of the one before.
    await runDurableObjectAlarm(hubOf())
    const next = await runInDurableObject(hubOf(), (_, state) => state.storage.getAlarm())
    expect((next ?? Number.POSITIVE_INFINITY) - Date.now()).toBeLessThanOrEqual(3_000)
  })

  it('has it also when the database failed meanwhile', async () => {
    const listener = await listen()
    await env.DB.exec('ALTER TABLE events RENAME TO lost')
    await wake()
    await env.DB.exec('ALTER TABLE lost RENAME TO events')
    await store(numbered(1, 1))
    await look()
    expect(await listener.upTo(1)).toEqual([1])
  })

  it('costs nobody anything when there is nobody', async () => {
    await wake()
    const { alarm, tables } = await runInDurableObject(hubOf(), async (_, state) => ({
      alarm: await state.storage.getAlarm(),
      tables: [...state.storage.kv.list()],
    }))
    expect([alarm, tables]).toEqual([null, []])
  })
})

describe('What cannot be told', () => {
  it('does not fail a commit', async () => {
    const { deps, log } = testDeps()
    const STREAM_HUB = { getByName: () => ({ wake: async () => Promise.reject(new Error('gone')) }) }
    // What is used of it is here.
    const broken = { ...deps, env: { ...deps.env, STREAM_HUB: STREAM_HUB as unknown as Env['STREAM_HUB'] } }
    await announce(broken, [
      { sequence: 1, id: 'evt_1', type: 'video.published', instance: 'a', subject: 's' },
    ])
    expect(log).toMatchObject([
      { log: 'event' },
      { log: 'error', where: 'waking streams; the next tick will' },
    ])
  })
})
