/**
 * @module The hub, clause by clause of the W3C Recommendation WebSub of 23 January 2018 that speaks of hubs or of publishers. What a
 * clause says is quoted, by its section. With real servers on both sides: test/local/websub.test.ts.
 */

import { env } from 'cloudflare:workers'
import { createHmac } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import { FEED_FORMATS } from '../../src/feeds/formats.ts'
import { schedule } from '../../src/workers/schedule.ts'
import { call, forgetAll, generous, send, sendTo } from '../support/call.ts'
import { countCosts } from '../support/count-costs.ts'
import { setLog } from '../support/events.ts'
import { count, deliverAll, type Tubewire, testDeps } from '../support/harness.ts'
import { as, loggedIn } from '../support/people.ts'
import { store } from '../support/store.ts'

const ORIGIN = 'https://tubewire.example'
const TOPIC = `${ORIGIN}/feeds/news.atom`
const CALLBACK = 'https://reader.example/callback'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

type Got = { method: string; url: URL; headers: Headers; body: string }

let tubewire: Tubewire
/** What subscribers were sent, and what they answer: by default they want what they are asked, and take what they are sent. */
let got: Got[]
let answer: (request: Got) => Response | Promise<Response>

beforeEach(async () => {
  await forgetAll()
  await env.DB.prepare('DELETE FROM hub_requests').run()
  await setLog([])
  tubewire = testDeps()
  got = []
  answer = ({ url }) => new Response(url.searchParams.get('hub.challenge') ?? '')
  tubewire.deps.fetch = async (input, init) => {
    const request = new Request(input as string, init)
    const one = {
      method: request.method,
      url: new URL(request.url),
      headers: request.headers,
      body: await request.text(),
    }
    got.push(one)
    return answer(one)
  }
  const made = await call('POST', '/feeds', { name: 'News', filter: { types: ['video.*'] } })
  expect(made.status).toBe(201)
})

/** Asks the hub. What goes on after its answer is over when this returns. */
async function ask(
  fields: Record<string, string>,
  { path = '/websub', headers = {} }: { path?: string; headers?: Record<string, string> } = {},
) {
  const body = { 'hub.mode': 'subscribe', 'hub.topic': TOPIC, 'hub.callback': CALLBACK, ...fields }
  const form = new URLSearchParams(Object.entries(body).filter(([, value]) => value !== ''))
  const response = await sendTo(generous(tubewire.deps), 'POST', path, { ...FORM, ...headers }, String(form))
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text: await response.text(),
  }
}

const subscriptions = () => count('SELECT count(*) AS count FROM hub_subscriptions')
const leaseEnd = () => count('SELECT lease_expires_at AS count FROM hub_subscriptions')
const deliveries = (state: string) =>
  count(`SELECT count(*) AS count FROM deliveries WHERE state = '${state}'`)

let videos = 0
/** Something new in the feed. @returns what is owed to whom. */
async function publish(name = 'A video'): Promise<string[]> {
  videos += 1
  const { data } = exampleOf('video.published')
  const video = { ...data.video, name }
  const { endpoints } = await store([
    {
      id: `evt_${videos}`,
      type: 'video.published',
      instance: 'peertube.example',
      subject: `video ${videos}`,
      ownerId: null,
      seenAt: tubewire.deps.clock(),
      data: { video },
    },
  ])
  return endpoints
}

async function distribute(name?: string): Promise<Got[]> {
  const before = got.length
  await deliverAll(tubewire.deps, await publish(name))
  return got.slice(before)
}

describe('4. Discovery', () => {
  it.each(FEED_FORMATS)(
    '"Publishers MUST provide … a hub URL and a canonical URL": as links of %s',
    async (format) => {
      const response = await send('GET', `/feeds/news.${format}`)
      expect(response.headers.get('link')).toContain(`<${ORIGIN}/websub>; rel="hub"`)
      expect(response.headers.get('link')).toContain(`<${ORIGIN}/feeds/news.${format}>; rel="self"`)
      const body = await response.text()
      if (format !== 'txt') expect(body).toContain(`${ORIGIN}/websub`)
    },
  )

  it('of a private feed, and of one that nobody saved, tells of no hub', async () => {
    const made = await call('POST', '/feeds', { name: 'Mine', visibility: 'private' })
    const { pathname } = new URL((made.body['urls'] as Record<string, string>)['atom'] ?? '')
    for (const path of [pathname, '/feeds/events.atom']) {
      const response = await send('GET', path)
      expect(response.headers.get('link')).not.toContain('hub')
      expect(await response.text()).not.toContain('websub')
    }
  })
})

describe('5.1 Subscriber sends subscription request', () => {
  it('"the hub MUST respond … with 202 Accepted", before it is confirmed', async () => {
    let isAnswered = false
    answer = () => {
      isAnswered = true
      return new Response('no')
    }
    expect(await ask({})).toMatchObject({ status: 202, type: 'text/plain; charset=utf-8' })
    expect(isAnswered).toBe(true)
    expect(await subscriptions()).toBe(0)
  })

  it.each(FEED_FORMATS)('takes the topic that is advertised with "self": %s', async (format) => {
    const self = (await send('GET', `/feeds/news.${format}`)).headers.get('link')
    const topic = /<([^>]+)>; rel="self"/.exec(self ?? '')?.[1] ?? ''
    expect((await ask({ 'hub.topic': topic })).status).toBe(202)
    expect(await subscriptions()).toBe(1)
  })

  it.each([
    ['no mode', { 'hub.mode': '' }, 400, 'hub.mode'],
    ['another mode', { 'hub.mode': 'publish' }, 400, 'hub.mode'],
    ['no topic', { 'hub.topic': '' }, 404, 'hub.topic'],
    ['a topic elsewhere', { 'hub.topic': 'https://other.example/feeds/news.atom' }, 404, 'hub.topic'],
    ['no feed', { 'hub.topic': `${ORIGIN}/feeds/other.atom` }, 404, 'hub.topic'],
    ['no format', { 'hub.topic': `${ORIGIN}/feeds/news.xml` }, 404, 'hub.topic'],
    ['another number of entries', { 'hub.topic': `${TOPIC}?count=3` }, 404, 'hub.topic'],
    ['a page', { 'hub.topic': `${TOPIC}?before=3` }, 404, 'hub.topic'],
    ['another query', { 'hub.topic': `${TOPIC}?x=1` }, 404, 'hub.topic'],
    ['a feed that is not saved', { 'hub.topic': `${ORIGIN}/feeds/events.atom` }, 404, 'hub.topic'],
    ['no callback', { 'hub.callback': '' }, 400, 'hub.callback'],
    ['a callback that is none', { 'hub.callback': 'reader' }, 400, 'hub.callback'],
    ['a callback of another scheme', { 'hub.callback': 'javascript:alert(1)' }, 400, 'hub.callback'],
    ['a callback with a fragment', { 'hub.callback': `${CALLBACK}#x` }, 400, 'hub.callback'],
    ['itself as callback', { 'hub.callback': `${ORIGIN}/websub` }, 400, 'hub.callback'],
    ['a lease that is none', { 'hub.lease_seconds': 'long' }, 400, 'hub.lease_seconds'],
    ['a secret of 200 bytes', { 'hub.secret': 'é'.repeat(100) }, 400, 'hub.secret'],
  ])(
    '5.1.2 "an appropriate HTTP error response code … the hub SHOULD return a description … as plain text": %s',
    async (_what, fields, status, name) => {
      const refused = await ask(fields as Record<string, string>)
      expect(refused).toMatchObject({ status, type: 'text/plain; charset=utf-8' })
      expect(refused.text).toContain(name)
      expect(got).toEqual([])
      expect(await count('SELECT count(*) AS count FROM hub_requests')).toBe(0)
    },
  )

  it('refuses a private topic as one that there is not', async () => {
    const made = await call('POST', '/feeds', { name: 'Mine', visibility: 'private' })
    const urls = made.body['urls'] as Record<string, string>
    const refused = await ask({ 'hub.topic': urls['atom'] ?? '' })
    expect(refused).toEqual(await ask({ 'hub.topic': `${ORIGIN}/feeds/nothing.atom` }))
    expect(refused.status).toBe(404)
  })

  it('"hubs MUST … ignore" parameters that they do not know', async () => {
    expect((await ask({ 'hub.verify': 'sync', 'hub.foo': 'x', other: 'y' })).status).toBe(202)
    expect(await subscriptions()).toBe(1)
  })

  it.each([
    ['', 864_000],
    ['864000', 864_000],
    ['1', 3_600],
    ['0', 3_600],
    ['7200', 7_200],
    ['999999999999', 2_592_000],
  ])(
    '"hub.lease_seconds" %s: "the hub MUST … enforce", and "MUST NOT issue perpetual lease durations"',
    async (asked, seconds) => {
      await ask({ 'hub.lease_seconds': asked })
      expect(got[0]?.url.searchParams.get('hub.lease_seconds')).toBe(String(seconds))
      expect(await leaseEnd()).toBe(tubewire.deps.clock() + seconds * 1_000)
    },
  )

  it('"hubs MUST allow subscribers to re-request subscriptions that are already activated": the newest counts', async () => {
    await ask({ 'hub.lease_seconds': '3600', 'hub.secret': 'first' })
    tubewire.advance(1_000_000)
    await ask({ 'hub.lease_seconds': '7200', 'hub.secret': 'second' })
    expect(await subscriptions()).toBe(1)
    expect(await leaseEnd()).toBe(tubewire.deps.clock() + 7_200_000)
    const [posted, ...more] = await distribute()
    expect(more).toEqual([])
    expect(posted?.headers.get('x-hub-signature')).toBe(signed('sha256', 'second', posted?.body ?? ''))
  })

  it('a re-request that is not confirmed leaves the subscription as it was', async () => {
    await ask({ 'hub.secret': 'first' })
    answer = () => new Response('', { status: 404 })
    await ask({ 'hub.secret': 'second' })
    answer = () => new Response('')
    const [posted] = await distribute()
    expect(posted?.headers.get('x-hub-signature')).toBe(signed('sha256', 'first', posted?.body ?? ''))
  })

  it('the same callback may be subscribed to several topics, and several callbacks to one', async () => {
    await ask({})
    await ask({ 'hub.topic': `${ORIGIN}/feeds/news.json` })
    await ask({ 'hub.callback': `${CALLBACK}?2` })
    expect(await subscriptions()).toBe(3)
    expect(await distribute()).toHaveLength(3)
  })
})

describe('5.2 Subscription validation', () => {
  const rename = async (change: object) => {
    const [feed] = (await call('GET', '/feeds')).body.data
    return sendTo(
      generous(tubewire.deps),
      'PATCH',
      `/api/v1/feeds/${feed?.['id']}`,
      { 'content-type': 'application/json', authorization: 'Bearer the-key-of-the-administrator' },
      change,
    )
  }

  it.each([
    ['has another address', { slug: 'other' }],
    ['is made private', { visibility: 'private' }],
  ])(
    '"the hub MUST inform the subscriber by sending an HTTP GET … hub.mode denied": the feed %s',
    async (_what, change) => {
      await ask({ 'hub.callback': `${CALLBACK}?keep=1` })
      await ask({ 'hub.callback': `${CALLBACK}?keep=2` })
      got = []
      expect((await rename(change)).status).toBe(200)
      expect(await subscriptions()).toBe(0)
      expect(await count("SELECT count(*) AS count FROM endpoints WHERE kind = 'websub'")).toBe(0)
      await schedule(tubewire.deps)
      expect(got.map(({ url }) => url.searchParams.get('keep')).sort()).toEqual(['1', '2'])
      const [denied] = got
      expect(denied?.method).toBe('GET')
      expect(Object.fromEntries(denied?.url.searchParams ?? [])).toMatchObject({
        'hub.mode': 'denied',
        'hub.topic': TOPIC,
        'hub.reason': expect.stringContaining('feed'),
      })
      expect(await count('SELECT count(*) AS count FROM hub_requests')).toBe(0)
    },
  )

  it('the feed is removed', async () => {
    await ask({})
    got = []
    const [feed] = (await call('GET', '/feeds')).body.data
    await call('DELETE', `/feeds/${feed?.['id']}`)
    tubewire.advance(60_000)
    await schedule(tubewire.deps)
    expect(got.map(({ url }) => url.searchParams.get('hub.mode'))).toEqual(['denied'])
    expect(await subscriptions()).toBe(0)
  })

  it('a change that is refused ends nothing', async () => {
    await ask({})
    await call('POST', '/feeds', { name: 'Other', slug: 'other' })
    expect((await rename({ slug: 'other' })).status).toBe(409)
    expect((await rename({ name: 'New name' })).status).toBe(200)
    expect(await subscriptions()).toBe(1)
    expect(await distribute()).toHaveLength(1)
  })
})

describe('5.3 Hub verifies intent of the subscriber', () => {
  it('"the hub MUST … send an HTTP GET request to the subscriber’s callback URL" with mode, topic, challenge and lease', async () => {
    await ask({ 'hub.callback': `${CALLBACK}?a=1&b=%2F&hub.topic=mine`, 'hub.lease_seconds': '7200' })
    const [asked] = got
    expect(asked?.method).toBe('GET')
    // "preserve the query string … by appending new parameters to the end of the list using the & character".
    expect(asked?.url.search.startsWith('?a=1&b=%2F&hub.topic=mine&hub.mode=subscribe')).toBe(true)
    expect(asked?.url.searchParams.getAll('hub.topic')).toEqual(['mine', TOPIC])
    expect(asked?.url.searchParams.get('hub.challenge')).toMatch(/^[\w-]{20,}$/)
    expect(asked?.url.searchParams.get('hub.lease_seconds')).toBe('7200')
  })

  it('"challenge … a hub-generated, random string": another one each time', async () => {
    await ask({})
    await ask({})
    const challenges = got.map(({ url }) => url.searchParams.get('hub.challenge'))
    expect(new Set(challenges).size).toBe(2)
  })

  it.each<[string, (request: Got) => Response]>([
    ['another text', () => new Response('x')],
    ['nothing', () => new Response('')],
    [
      'more than the challenge',
      ({ url }) => new Response(`${url.searchParams.get('hub.challenge')} and more`),
    ],
    [
      'the challenge as JSON',
      ({ url }) => Response.json({ challenge: url.searchParams.get('hub.challenge') }),
    ],
    ['a redirect', () => new Response('', { status: 302, headers: { location: `${CALLBACK}/2` } })],
    ['404', ({ url }) => new Response(url.searchParams.get('hub.challenge') ?? '', { status: 404 })],
    ['400', ({ url }) => new Response(url.searchParams.get('hub.challenge') ?? '', { status: 400 })],
  ])('"the hub MUST consider … that the verification request has failed": %s', async (_what, say) => {
    answer = say
    await ask({})
    expect(await subscriptions()).toBe(0)
    expect(await count('SELECT count(*) AS count FROM hub_requests')).toBe(0)
    expect(got).toHaveLength(1)
  })

  it.each([200, 201, 299])('"with a 2xx response": %i', async (status) => {
    answer = ({ url }) => new Response(url.searchParams.get('hub.challenge') ?? '', { status })
    await ask({})
    expect(await subscriptions()).toBe(1)
  })

  it('who does not answer, or answers 5xx, is asked again a few times', async () => {
    answer = () => {
      throw new TypeError('connection refused')
    }
    await ask({})
    for (let minute = 0; minute < 30; minute += 1) {
      tubewire.advance(60_000)
      await schedule(tubewire.deps)
    }
    expect(got).toHaveLength(3)
    expect(await count('SELECT count(*) AS count FROM hub_requests')).toBe(0)
    answer = () => new Response('', { status: 503 })
    await ask({})
    answer = ({ url }) => new Response(url.searchParams.get('hub.challenge') ?? '')
    tubewire.advance(61_000)
    await schedule(tubewire.deps)
    expect(await subscriptions()).toBe(1)
  })

  it('what was asked for and not seen through, for the Worker died, is seen through by a tick', async () => {
    const { deps } = tubewire
    const dying = { ...deps, fetch: () => new Promise<Response>(() => undefined) }
    const form = new URLSearchParams({
      'hub.mode': 'subscribe',
      'hub.topic': TOPIC,
      'hub.callback': CALLBACK,
    })
    const app = (await import('../../src/api/app.ts')).api(generous(dying))
    const asked = await app.fetch(
      new Request(`${ORIGIN}/websub`, { method: 'POST', headers: FORM, body: String(form) }),
    )
    expect(asked.status).toBe(202)
    tubewire.advance(61_000)
    await schedule(deps)
    expect(await subscriptions()).toBe(1)
  })

  it('two ticks at once ask once', async () => {
    answer = () => new Response('', { status: 500 })
    await ask({})
    got = []
    tubewire.advance(61_000)
    await Promise.all([schedule(tubewire.deps), schedule(tubewire.deps)])
    expect(got).toHaveLength(1)
  })

  it('"hub.mode unsubscribe" is confirmed in the same way, and ends what was sent', async () => {
    await ask({ 'hub.callback': `${CALLBACK}?x` })
    got = []
    answer = () => new Response('no')
    expect((await ask({ 'hub.mode': 'unsubscribe', 'hub.callback': `${CALLBACK}?x` })).status).toBe(202)
    expect(await subscriptions()).toBe(1)
    answer = ({ url }) => new Response(url.searchParams.get('hub.challenge') ?? '')
    await ask({ 'hub.mode': 'unsubscribe', 'hub.callback': `${CALLBACK}?x` })
    expect(got[1]?.url.searchParams.get('hub.mode')).toBe('unsubscribe')
    expect(got[1]?.url.searchParams.get('hub.topic')).toBe(TOPIC)
    expect(await subscriptions()).toBe(0)
    expect(await distribute()).toEqual([])
  })

  it('nobody is unsubscribed who is not subscribed', async () => {
    expect(await ask({ 'hub.mode': 'unsubscribe' })).toMatchObject({ status: 404 })
    expect(got).toEqual([])
  })
})

describe('7. Content distribution', () => {
  it.each(FEED_FORMATS)(
    '"The request MUST be an HTTP POST … the full contents of the topic URL", its Content-Type, and links "hub" and "self": %s',
    async (format) => {
      const topic = `${ORIGIN}/feeds/news.${format}`
      await ask({ 'hub.topic': topic, 'hub.callback': `${CALLBACK}?key=x%20y` })
      await publish('Before')
      const [posted, ...more] = await distribute('Now')
      expect(more).toEqual([])
      expect(posted?.method).toBe('POST')
      expect(posted?.url.search).toBe('?key=x%20y')
      const read = await send('GET', `/feeds/news.${format}`)
      expect(posted?.body).toBe(await read.text())
      expect(posted?.headers.get('content-type')).toBe(read.headers.get('content-type'))
      expect(posted?.headers.get('link')).toBe(`<${ORIGIN}/websub>; rel="hub", <${topic}>; rel="self"`)
      expect(posted?.body).toContain('Before')
      expect(posted?.body).toContain('Now')
      // No secret, no signature; and nothing of ours that a subscriber would not expect.
      expect(posted?.headers.has('x-hub-signature')).toBe(false)
      expect(posted?.headers.has('webhook-signature')).toBe(false)
    },
  )

  it('what came while it could not be sent is sent once, with all of it', async () => {
    await ask({})
    const endpoints = new Set<string>()
    for (let index = 0; index < 130; index += 1)
      for (const id of await publish(`V${index}`)) endpoints.add(id)
    got = []
    await deliverAll(tubewire.deps, [...endpoints])
    expect(got).toHaveLength(1)
    expect(got[0]?.body).toContain('V129')
    expect([await deliveries('delivered'), await deliveries('pending')]).toEqual([130, 0])
  })

  it('is not sent for what is not in the feed', async () => {
    await ask({})
    const { endpoints } = await store([
      { id: 'evt_i', type: 'instance.upgraded', instance: 'a.example', ownerId: null, seenAt: 1, data: {} },
      {
        id: 'evt_p',
        type: 'video.published',
        instance: 'a.example',
        ownerId: 'usr_administrator',
        seenAt: 1,
        data: {},
      },
    ])
    expect(endpoints).toEqual([])
  })

  it.each([500, 404, 301, 400])(
    '"The hub MUST consider all other … responses as failures", and tries again: %i',
    async (status) => {
      await ask({})
      answer = () =>
        new Response('', {
          status,
          headers: status === 301 ? { location: 'https://elsewhere.example/' } : {},
        })
      const endpoints = await publish()
      got = []
      await deliverAll(tubewire.deps, endpoints)
      expect(got.map(({ method }) => method)).toEqual(['POST'])
      expect(await deliveries('pending')).toBe(1)
      answer = () => new Response('')
      tubewire.advance(60_000)
      await deliverAll(tubewire.deps, endpoints)
      expect([await deliveries('delivered'), await deliveries('pending')]).toEqual([1, 0])
    },
  )

  it('a retry has what came since, and is for that, too', async () => {
    await ask({})
    answer = () => new Response('', { status: 500 })
    const endpoints = await publish('First')
    await deliverAll(tubewire.deps, endpoints)
    await publish('Second')
    answer = () => new Response('')
    got = []
    tubewire.advance(60_000)
    await deliverAll(tubewire.deps, endpoints)
    expect(got).toHaveLength(1)
    expect(got[0]?.body).toContain('Second')
    expect(await deliveries('pending')).toBe(0)
  })

  it('"410 … the hub MAY terminate the subscription", and its owner is told nothing', async () => {
    await ask({})
    answer = () => new Response('', { status: 410 })
    await distribute()
    expect(await subscriptions()).toBe(0)
    expect(await count("SELECT count(*) AS count FROM endpoints WHERE kind = 'websub'")).toBe(0)
    expect(await count("SELECT count(*) AS count FROM events WHERE type LIKE 'endpoint.%'")).toBe(0)
    expect(await distribute()).toEqual([])
  })

  it('ends with the lease, to the second, and is deleted by a tick', async () => {
    await ask({ 'hub.lease_seconds': '3600' })
    tubewire.advance(3_599_000)
    expect(await distribute()).toHaveLength(1)
    const endpoints = await publish()
    tubewire.advance(1_000)
    got = []
    await deliverAll(tubewire.deps, endpoints)
    expect(got).toEqual([])
    await schedule(tubewire.deps)
    expect(await subscriptions()).toBe(0)
    expect(await publish()).toEqual([])
  })
})

function signed(algorithm: string, secret: string, body: string): string {
  return `${algorithm}=${createHmac(algorithm, secret).update(body).digest('hex')}`
}

describe('7.1 Authenticated content distribution', () => {
  it.each(['sha1', 'sha256', 'sha384', 'sha512'])(
    '"X-Hub-Signature: method=signature", with %s',
    async (algorithm) => {
      const secret = 'é'.repeat(99)
      await ask({ 'hub.secret': secret }, { path: `/websub?algorithm=${algorithm}` })
      const [posted] = await distribute('ünï 🐟')
      expect(posted?.headers.get('x-hub-signature')).toBe(signed(algorithm, secret, posted?.body ?? ''))
    },
  )

  it('with sha256 of who asks for nothing else; another algorithm is refused', async () => {
    await ask({ 'hub.secret': 's' })
    const [posted] = await distribute()
    expect(posted?.headers.get('x-hub-signature')).toBe(signed('sha256', 's', posted?.body ?? ''))
    expect((await ask({}, { path: '/websub?algorithm=md5' })).status).toBe(400)
  })

  it('the secret is kept encrypted, and in no log', async () => {
    const secret = 'hush-hush-hush'
    await ask({ 'hub.secret': secret })
    answer = () => new Response('', { status: 500 })
    await ask({ 'hub.secret': secret, 'hub.callback': `${CALLBACK}?2` })
    await distribute()
    const rows = await env.DB.batch(
      ['endpoints', 'hub_requests', 'hub_subscriptions', 'audit_log'].map((table) =>
        env.DB.prepare(`SELECT * FROM ${table}`),
      ),
    )
    expect(JSON.stringify(rows)).not.toContain(secret)
    expect(JSON.stringify(tubewire.log)).not.toContain(secret)
    expect(JSON.stringify(tubewire.log)).not.toContain('/callback')
  })
})

describe('The hub is bounded', () => {
  it('owes one sending for all that is stored together, however much that is', async () => {
    await ask({})
    const { data } = exampleOf('video.published')
    await store(
      Array.from({ length: 50 }, (_, index) => ({
        id: `evt_together_${index}`,
        type: 'video.published',
        instance: 'a.example',
        subject: `together ${index}`,
        ownerId: null,
        seenAt: 1,
        data,
      })),
    )
    expect(await deliveries('pending')).toBe(1)
  })

  it('takes no more than so many requests that wait, and subscriptions, of one host', async () => {
    answer = () => new Response('', { status: 500 })
    for (let index = 0; index < 20; index += 1)
      expect((await ask({ 'hub.callback': `${CALLBACK}?${index}` })).status).toBe(202)
    expect(await ask({ 'hub.callback': `HTTPS://READER.example:443/other` })).toMatchObject({ status: 503 })
    expect((await ask({ 'hub.callback': 'https://reader.example.org/callback' })).status).toBe(202)
    await env.DB.prepare('DELETE FROM hub_requests').run()
    await env.DB.batch([
      env.DB.prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, kind)
         SELECT 'ep_many_' || i, 'usr_administrator', 'https://many.example/' || i, '', 's', 0, 'websub' FROM n`,
      ),
      env.DB.prepare(
        `INSERT INTO hub_subscriptions (endpoint_id, feed_id, topic, format, callback, lease_expires_at)
         SELECT p.id, f.id, ?, 'atom', p.url, 9e15 FROM endpoints p JOIN feeds f ON f.slug = 'news' WHERE p.id LIKE 'ep_many_%'`,
      ).bind(TOPIC),
    ])
    expect((await ask({ 'hub.callback': 'https://many.example/more' })).status).toBe(503)
    // Who is subscribed may be so again.
    expect((await ask({ 'hub.callback': 'https://many.example/7' })).status).toBe(202)
    expect((await ask({ 'hub.callback': 'https://other.example/' })).status).toBe(202)
  })

  it('takes requests though thousands are to be told that a feed is gone, and asks those first', async () => {
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
       INSERT INTO hub_requests (id, mode, topic, callback, lease_seconds, reason, created_at, due_at)
       SELECT 'hub_' || i, 'denied', 't', 'https://gone.example/' || i, 0, '', 0, 0 FROM n`,
    ).run()
    answer = () => new Response('', { status: 500 })
    expect((await ask({})).status).toBe(202)
    // Also of their host.
    expect((await ask({ 'hub.callback': 'https://gone.example/again' })).status).toBe(202)
    got = []
    answer = ({ url }) => new Response(url.searchParams.get('hub.challenge') ?? '')
    tubewire.advance(61_000)
    await schedule(tubewire.deps)
    expect(got.map(({ url }) => url.origin)).toContain('https://reader.example')
    expect(await subscriptions()).toBe(2)
  })

  it('has a score of different feeds in one round, and the others in the next', async () => {
    const slugs = Array.from({ length: 7 }, (_, index) => `feed-${index}`)
    for (const slug of slugs) {
      await call('POST', '/feeds', { name: slug, slug })
      for (const format of FEED_FORMATS)
        await ask({
          'hub.topic': `${ORIGIN}/feeds/${slug}.${format}`,
          'hub.callback': `https://${slug}.example/${format}`,
        })
    }
    const endpoints = await publish()
    expect(endpoints).toHaveLength(28)
    got = []
    await deliverAll(tubewire.deps, endpoints)
    expect(got).toHaveLength(20)
    tubewire.advance(1_000)
    await deliverAll(tubewire.deps, endpoints)
    expect(got).toHaveLength(28)
    expect(await deliveries('pending')).toBe(0)
  })
})

describe('A subscription at the hub', () => {
  it('is in no list of endpoints, counts for nobody, and is nobody’s to change', async () => {
    await ask({})
    const id = await env.DB.prepare('SELECT endpoint_id AS id FROM hub_subscriptions').first<string>('id')
    await distribute()
    expect((await call('GET', '/endpoints?owner=all')).body).toEqual({ total: 0, data: [] })
    for (const path of [
      `/endpoints/${id}`,
      `/deliveries?endpoint=${id}`,
      `/endpoints/${id}/replays`,
      `/subscriptions?endpoint=${id}`,
    ])
      expect((await call('GET', path)).status, path).toBe(404)
    for (const path of ['resume', 'verify', 'test', 'rotate-secret'])
      expect((await call('POST', `/endpoints/${id}/${path}`, {})).status, path).toBe(404)
    expect((await call('POST', '/subscriptions', { endpoint: id })).status).toBe(404)
  })

  it('waits while the owner of the feed is blocked, and ends with him', async () => {
    const owner = await loggedIn('owner')
    await call('POST', '/feeds', { name: 'Other', slug: 'other' }, as(owner.token))
    await ask({ 'hub.topic': `${ORIGIN}/feeds/other.atom` })
    await call('POST', `/users/${owner.id}/block`, {})
    expect((await ask({ 'hub.topic': `${ORIGIN}/feeds/other.json` })).status).toBe(404)
    expect(await distribute()).toEqual([])
    await call('POST', `/users/${owner.id}/unblock`, {})
    expect(await distribute()).toHaveLength(1)
    await call('DELETE', `/users/${owner.id}`)
    expect(await subscriptions()).toBe(0)
  })

  it('of many costs few statements, however many they are: the feed is read and rendered once', async () => {
    for (let index = 0; index < 40; index += 1) await ask({ 'hub.callback': `${CALLBACK}?${index}` })
    await publish('One')
    const endpoints = await publish('Two')
    expect(endpoints).toHaveLength(40)
    const { db, cost } = countCosts(env.DB)
    const { deps } = tubewire
    got = []
    await deliverAll({ ...deps, env: { ...deps.env, DB: db } }, endpoints)
    expect(got).toHaveLength(40)
    expect(cost.roundTrips).toBeLessThanOrEqual(6)
  })
})
