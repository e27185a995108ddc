/**
 * @module Invariant 7, of events of every type: what is private to somebody is in no output but his own. All outputs are gone through:
 * every read of the API by everybody else, feeds in every format and mode, the hub, webhooks, streams, long polls, consumers, the log.
 */
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../src/api/operations.ts'
import { exampleOf } from '../../src/events/catalogue.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'
import { FEED_FORMATS } from '../../src/feeds/formats.ts'
import { call, forgetAll, generous, send, sendTo } from '../support/call.ts'
import { setLog } from '../support/events.ts'
import { deliverAll, testDeps } from '../support/harness.ts'
import { as, loggedIn, type Person } from '../support/people.ts'
import { store } from '../support/store.ts'
import { connect, forgetListeners, listen, wake } from '../support/streams.ts'

/** In every text of a private event, and of a public one. */
const HUSH = 'hush-hush'
const OPEN = 'open-to-all'
const ORIGIN = 'https://tubewire.example'

/** The example of a type with a word at the end of each of its texts for people. */
function marked(type: (typeof EVENT_TYPES)[number], word: string): unknown {
  return JSON.parse(JSON.stringify(exampleOf(type).data), (name, value: unknown) =>
    typeof value === 'string' && /^(name|text|html|displayName|description|detail|username)$/.test(name)
      ? `${value} ${word}`
      : value,
  )
}

const event = (type: (typeof EVENT_TYPES)[number], word: string, ownerId: string | null) => ({
  id: `evt_${word}_${type.replace('.', '_')}`,
  type,
  instance: 'peertube.example',
  subject: `${word} ${type}`,
  ownerId,
  seenAt: Date.now(),
  data: marked(type, word),
})

const { deps, log } = testDeps()
const posted: string[] = []
// That of the Worker, which asked the endpoint whether it wants this: by one that stands still the gate would have the next wait.
deps.clock = () => Date.now()
deps.fetch = async (input, init) => {
  const request = new Request(input as string, init)
  posted.push(await request.text())
  return new Response(new URL(request.url).searchParams.get('hub.challenge') ?? '')
}

let owner: Person
let others: [who: string, headers: Record<string, string>][]
let other: Person
let listeners: {
  sse: Awaited<ReturnType<typeof listen>>
  socket: Awaited<ReturnType<typeof connect>>
  own: Awaited<ReturnType<typeof listen>>
}
/** Addresses of feeds that are not the owner's private one. */
const feeds: string[] = []
let mine = ''

async function makeFeed(body: object, person: Person): Promise<Record<string, string>> {
  const made = await call('POST', '/feeds', body, as(person.token))
  expect(made.status).toBe(201)
  return made.body['urls'] as Record<string, string>
}

beforeAll(async () => {
  await forgetAll()
  await setLog([])
  owner = await loggedIn('owner')
  other = await loggedIn('other')
  const moderator = await loggedIn('moderator', 'Moderator')
  const administrator = await loggedIn('administrator', 'Administrator')
  others = [
    ['nobody', {}],
    ['another user', as(other.token)],
    ['a moderator', as(moderator.token)],
    ['an administrator', as(administrator.token)],
    ['the operator', { authorization: 'Bearer the-key-of-the-administrator' }],
  ]
  for (const person of [owner, other])
    for (const mode of ['events', 'subjects'])
      feeds.push(...Object.values(await makeFeed({ name: 'All', mode }, person)))
  feeds.push(...Object.values(await makeFeed({ name: 'All', mode: 'events', visibility: 'private' }, other)))
  mine = (await makeFeed({ name: 'Mine', mode: 'events', visibility: 'private' }, owner))['json'] ?? ''
  // The public feeds of the owner himself are subscribed to at the hub.
  for (const topic of feeds.filter((url) => !url.includes('fs_'))) {
    const form = new URLSearchParams({
      'hub.mode': 'subscribe',
      'hub.topic': topic,
      'hub.callback': 'https://reader.example/',
    })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await sendTo(generous(deps), 'POST', '/websub', headers, String(form))).status).toBe(202)
  }
  const endpoint = { url: 'http://localhost:3000/hook' }
  expect((await call('POST', '/endpoints', endpoint, as(other.token))).status).toBe(201)
  await env.DB.prepare('UPDATE endpoints SET verified_at = 1').run()
  expect((await call('POST', '/consumers', { name: 'all' }, as(other.token))).status).toBe(201)
  listeners = {
    sse: await listen('', as(other.token)),
    socket: await connect('', true, other.token),
    own: await listen('', as(owner.token)),
  }
  const hushed = await store(EVENT_TYPES.map((type) => event(type, HUSH, owner.id)))
  const open = await store(EVENT_TYPES.map((type) => event(type, OPEN, null)))
  await wake()
  await deliverAll(deps, [...new Set([...hushed.endpoints, ...open.endpoints])])
})
afterAll(() => forgetListeners())

/** What is public must be there, or nothing was looked at. */
function expectOpen(text: string): void {
  expect(text).toContain(OPEN)
  expect(text).not.toContain(HUSH)
}

const LAST = 2 * EVENT_TYPES.length

describe('A private event of any type', () => {
  it('is seen by its owner: in the log, his private feed, his stream', async () => {
    const own = await call('GET', '/events?limit=100', undefined, as(owner.token))
    const feed = await (await send('GET', `${new URL(mine).pathname}?count=100`)).text()
    await listeners.own.upTo(LAST)
    for (const type of EVENT_TYPES) {
      const { id } = event(type, HUSH, owner.id)
      expect(own.body.data.map((one) => one['id'])).toContain(id)
      expect(feed).toContain(id)
      expect(JSON.stringify(listeners.own.told)).toContain(id)
    }
  })

  it('is in no feed but that', async () => {
    const unsaved = FEED_FORMATS.flatMap((format) =>
      ['events', 'subjects'].map((mode) => `${ORIGIN}/feeds/events.${format}?mode=${mode}`),
    )
    expect(feeds).toHaveLength(5 * FEED_FORMATS.length)
    for (const url of [...feeds, ...unsaved]) {
      const response = await send(
        'GET',
        `${url.slice(ORIGIN.length)}${url.includes('?') ? '&' : '?'}count=100`,
      )
      expect(response.status).toBe(200)
      expectOpen(await response.text())
    }
    for (const type of EVENT_TYPES) {
      const response = await send('GET', `/feeds/events.json?type=${type}&mode=events`)
      expectOpen(await response.text())
    }
  })

  it('is posted to nobody else, by webhook or by the hub', () => {
    // The hub's: to each of the public feeds.
    expect(posted.filter((body) => body.includes(OPEN)).length).toBeGreaterThan(4 * FEED_FORMATS.length)
    for (const body of posted) expect(body).not.toContain(HUSH)
  })

  it('is in nobody else’s stream', async () => {
    await listeners.sse.upTo(LAST)
    await listeners.socket.upTo(LAST)
    expectOpen(JSON.stringify(listeners.sse.told))
    expectOpen(JSON.stringify(listeners.socket.messages))
    const late = await listen('?after=0', as(other.token))
    await late.upTo(LAST)
    expectOpen(JSON.stringify(late.told))
    await late.leave()
  })

  it('is given to nobody else’s consumer, long poll or preview', async () => {
    const to = as(other.token)
    expectOpen(JSON.stringify((await call('GET', '/consumers/all/events', undefined, to)).body))
    expectOpen(JSON.stringify((await call('GET', '/events?after=0&wait=1', undefined, to)).body))
    expectOpen(JSON.stringify((await call('POST', '/subscriptions/preview', {}, to)).body))
  })

  it('is in no line of the log', () => {
    expect(JSON.stringify(log)).not.toContain(HUSH)
  })

  it.each(
    OPERATIONS.filter(({ method, id }) => method === 'GET' && id !== 'getStream').map(({ path }) => path),
  )('is in no answer to anybody else: GET %s', async (path) => {
    const ids = [event('video.published', HUSH, null).id, event('notification.created', HUSH, null).id]
    for (const id of ids)
      for (const [who, headers] of others) {
        const response = await sendTo(generous(deps), 'GET', path.replace(/:\w+/g, id), headers)
        const text = await response.text()
        // An id that he asked for is repeated to him.
        expect(text.replaceAll(id, ''), `${who}: ${text.slice(0, 300)}`).not.toContain(HUSH)
      }
  })

  it('leaves nothing to be seen of itself in the database of anybody else: what is owed, and items of feeds', async () => {
    const { results } = await env.DB.prepare(
      `SELECT e.id FROM events e WHERE e.owner_id = ?1 AND (
         EXISTS (SELECT 1 FROM deliveries d JOIN endpoints p ON p.id = d.endpoint_id
                 WHERE d.event_sequence = e.sequence AND (p.owner_id <> ?1 OR p.kind = 'websub'))
         OR EXISTS (SELECT 1 FROM feed_items i JOIN feeds f ON f.id = i.feed_id
                    WHERE e.sequence IN (i.first_sequence, i.last_sequence) AND (f.owner_id <> ?1 OR f.slug IS NOT NULL)))`,
    )
      .bind(owner.id)
      .all()
    expect(results).toEqual([])
  })
})
