/**
 * @module The hub as subscribers meet it, with real HTTP on both sides: an instance publishes, is polled, and a subscriber that knows
 * only the address of a feed is sent it. The seven cases of the hub tests of websub.rocks, by their numbers there. Clause by clause:
 * test/workers/websub.test.ts.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ApiClient, apiClient } from '../../src/local/api-client.ts'
import { newSecrets } from '../../src/local/dev-vars.ts'
import { type LocalWorker, startWorker } from '../../src/local/worker.ts'
import { type SimulatedInstance, startInstance } from '../simulator/instance.ts'
import {
  type Discovered,
  discover,
  discoverInDocument,
  type Subscriber,
  startSubscriber,
} from '../simulator/subscriber.ts'

const SECRET = 'a secret of the subscriber'
const DAY_SECONDS = 86_400
const LOOK = { timeout: 20_000, interval: 50 }
const FORMATS = ['atom', 'rss', 'json', 'txt'] as const

const secrets = newSecrets()
let data: string
let worker: LocalWorker
let db: D1Database
let api: ApiClient
let instance: SimulatedInstance
let instanceId: string
const started: Subscriber[] = []

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tubewire-websub-'))
  instance = await startInstance({ videos: 2, limits: { api: 1_000 } })
  worker = await startWorker({
    port: 0,
    data,
    vars: {
      ...secrets,
      ALLOW_LOCAL_TARGETS: 'true',
      CALLER_ADDRESS_HEADER: 'none',
      RATE_LIMIT_API: '100000/10',
    },
    onLog: () => undefined,
  })
  const { DB } = await worker.bindings<Env>()
  db = DB
  api = apiClient(worker.url, secrets.ADMIN_KEY)
  instanceId = (await api.addInstance(instance.origin, 0)).id
  // What was there before is no event: see invariant 6.
  await vi.waitFor(
    async () => expect((await api.instance(instanceId)).sources?.[0]).toMatchObject({ state: 'ok' }),
    LOOK,
  )
})
afterEach(async () => {
  // Whoever is left subscribed is owed nothing by the next test.
  await db.prepare("DELETE FROM endpoints WHERE kind = 'websub'").run()
  await Promise.all(started.splice(0).map((subscriber) => subscriber.close()))
})
afterAll(async () => {
  await worker.stop()
  await instance.close()
  await rm(data, { recursive: true })
})

/** A feed of all videos. @returns the address that a reader is told, in a format. */
async function newFeed(format: (typeof FORMATS)[number] = 'atom'): Promise<string> {
  const response = await fetch(new URL('/api/v1/feeds', worker.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${secrets.ADMIN_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'News', filter: { types: ['video.*'] } }),
  })
  expect(response.status).toBe(201)
  const { urls } = (await response.json()) as { urls: Record<string, string> }
  return urls[format] ?? ''
}

async function newSubscriber(): Promise<Subscriber> {
  const subscriber = await startSubscriber()
  started.push(subscriber)
  return subscriber
}

/** Asks, is asked, and confirms. Settles when the hub has taken that down. */
async function subscribe(
  subscriber: Subscriber,
  topic: Discovered,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const count = subscriber.verifications().length + 1
  expect(await subscriber.ask('subscribe', topic, more)).toBe(202)
  await subscriber.verified(count)
  await seenThrough()
}

const counted = (sql: string) => async () =>
  await db.prepare(`SELECT count(*) AS count FROM ${sql}`).first('count')

/** Settles when the hub has done all that it was asked for. */
async function seenThrough(): Promise<void> {
  await expect.poll(counted('hub_requests'), LOOK).toBe(0)
}

/** Settles when nobody is owed anything. */
async function settled(): Promise<void> {
  await expect.poll(counted('deliveries WHERE due_at IS NOT NULL'), LOOK).toBe(0)
}

let videos = 0
/** Something new on the instance, which is polled at once. @returns its name. Settles when it is an event. */
async function publish(): Promise<string> {
  videos += 1
  const name = `Video ${videos} <🐟>`
  const { uuid } = instance.publish({ name })
  await api.pollNow(instanceId)
  await expect.poll(counted(`events WHERE subject = '${uuid}' AND type = 'video.published'`), LOOK).toBe(1)
  return name
}

describe('A subscriber that knows the address of a feed', () => {
  it.each(FORMATS)(
    'discovers the hub and the topic by headers, and of %s by the document too',
    async (format) => {
      const url = await newFeed(format)
      const { hubs, self, type, body } = await discover(url)
      expect({ hubs, self }).toEqual({ hubs: [new URL('/websub', worker.url).href], self: url })
      expect(discoverInDocument(type, body)).toEqual(format === 'txt' ? null : { hubs, self })
    },
  )
})

describe('The hub', () => {
  it('100: a typical subscriber, with nothing but mode, topic and callback, is sent the feed, not signed', async () => {
    const url = await newFeed()
    const subscriber = await newSubscriber()
    await subscribe(subscriber, await discover(url))
    const [asked] = subscriber.verifications()
    expect(Number(asked?.get('hub.lease_seconds'))).toBe(10 * DAY_SECONDS)
    const first = await publish()
    await subscriber.received(1)
    const second = await publish()
    await subscriber.received(2)
    const [, content] = subscriber.contents()
    const read = await discover(url)
    expect(content?.body).toBe(read.body)
    expect(content?.type).toBe(read.type)
    for (const name of [first, second])
      expect(content?.body).toContain(name.replace('<', '&lt;').replace('>', '&gt;'))
    expect(content?.headers).not.toHaveProperty('x-hub-signature')
    // It subscribes to what it is sent as it did to what it read.
    expect(discoverInDocument(content?.type ?? '', content?.body ?? '')).toMatchObject({
      hubs: read.hubs,
      self: url,
    })
  })

  it('101: one with a secret is sent what it can verify, and takes nothing else', async () => {
    const subscriber = await newSubscriber()
    await subscribe(subscriber, await discover(await newFeed()), { 'hub.secret': SECRET })
    await publish()
    await subscriber.received(1)
    const [content] = subscriber.contents()
    const { link = '', 'x-hub-signature': signature = '' } = content?.headers ?? {}
    expect(signature).toMatch(/^sha256=/)
    const post = (body: string, signed: Record<string, string>) =>
      fetch(subscriber.callback, { method: 'POST', headers: { link: String(link), ...signed }, body })
    // What the hub sent, and nothing beside it.
    const { body = '' } = content ?? {}
    await post(`${body} `, { 'x-hub-signature': String(signature) })
    await post(body, {})
    expect([subscriber.refused(), subscriber.contents().length]).toEqual([2, 1])
    await post(body, { 'x-hub-signature': String(signature) })
    expect([subscriber.refused(), subscriber.contents().length]).toEqual([2, 2])
  })

  it('102: of parameters that it does not know none is in the way', async () => {
    const subscriber = await newSubscriber()
    await subscribe(subscriber, await discover(await newFeed()), {
      'hub.foo': 'bar',
      more: 'x',
      'hub.verify': 'sync',
    })
    await publish()
    await subscriber.received(1)
  })

  it('103: who subscribes again before the lease is over is confirmed again, and sent everything once', async () => {
    const topic = await discover(await newFeed())
    const subscriber = await newSubscriber()
    await subscribe(subscriber, topic, { 'hub.secret': 'the one before', 'hub.lease_seconds': '3600' })
    await subscribe(subscriber, topic, { 'hub.secret': SECRET, 'hub.lease_seconds': String(DAY_SECONDS) })
    const leases = subscriber.verifications().map((asked) => asked.get('hub.lease_seconds'))
    expect(leases).toEqual(['3600', String(DAY_SECONDS)])
    await publish()
    await subscriber.received(1)
    await settled()
    // It verifies with the second.
    expect([subscriber.contents().length, subscriber.posts()]).toEqual([1, 1])
  })

  it('104: who unsubscribes is asked whether he wants that, and is sent nothing from then on', async () => {
    const topic = await discover(await newFeed())
    const [subscriber, other] = [await newSubscriber(), await newSubscriber()]
    await subscribe(subscriber, topic)
    await subscribe(other, topic)
    await publish()
    await Promise.all([subscriber.received(1), other.received(1)])
    expect(await subscriber.ask('unsubscribe', topic)).toBe(202)
    await subscriber.verified(2)
    await seenThrough()
    expect(subscriber.verifications()[1]?.get('hub.mode')).toBe('unsubscribe')
    await publish()
    await other.received(2)
    await settled()
    expect(subscriber.posts()).toBe(1)
  })

  it('104: nobody else unsubscribes him, who answers that he does not want it', async () => {
    const topic = await discover(await newFeed())
    const subscriber = await newSubscriber()
    await subscribe(subscriber, topic)
    const form = { 'hub.mode': 'unsubscribe', 'hub.topic': topic.self, 'hub.callback': subscriber.callback }
    const asked = await fetch(topic.hubs[0] ?? '', { method: 'POST', body: new URLSearchParams(form) })
    expect(asked.status).toBe(202)
    await subscriber.verified(2)
    await seenThrough()
    await publish()
    await subscriber.received(1)
  })

  it.each([
    ['105: plain text', 'txt', 'text/plain; charset=utf-8'],
    ['106: JSON', 'json', 'application/feed+json'],
  ] as const)('%s is sent as it is read, with its type', async (_case, format, type) => {
    const url = await newFeed(format)
    const subscriber = await newSubscriber()
    await subscribe(subscriber, await discover(url), { 'hub.secret': SECRET })
    const name = await publish()
    await subscriber.received(1)
    const [content] = subscriber.contents()
    expect(content?.type).toBe(type)
    expect(content?.body).toBe((await discover(url)).body)
    expect(content?.body).toContain(name)
  })
})
