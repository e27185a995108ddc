/** @module /api/v1/subscriptions. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { call, forgetAll } from '../support/call.ts'
import { exampleRows, logRow, OTHER, setLog, VIEWER } from '../support/events.ts'
import { count } from '../support/harness.ts'
import { as, loggedIn } from '../support/people.ts'

beforeEach(forgetAll)

const UUID = '43493d1c-8fbe-411e-9932-9ee0e7172022'

async function givenEndpoint(token?: string, more: object = {}): Promise<string> {
  const body = { url: 'http://localhost:3000/hook', ...more }
  const made = await call('POST', '/endpoints', body, token === undefined ? {} : as(token))
  expect(made.status).toBe(201)
  return String(made.body['id'])
}

const subscribe = (endpoint: string, filter?: unknown, token?: string) =>
  call(
    'POST',
    '/subscriptions',
    { endpoint, ...(filter === undefined ? {} : { filter }) },
    token === undefined ? {} : as(token),
  )

const keys = async () => {
  const { results } = await env.DB.prepare(
    "SELECT type || '|' || kind || '|' || value AS key FROM subscription_keys ORDER BY subscription_id, 1",
  ).all()
  return results.map(({ key }) => key)
}

describe('Subscriptions', () => {
  it('are made, shown, changed and removed, and noted in the audit log', async () => {
    const endpoint = await givenEndpoint()
    expect(await keys()).toEqual(['*||'])
    const made = await subscribe(endpoint, { types: ['video.*'], tags: ['Alpha', 'Alpha', 'b'], nsfw: false })
    const path = `/subscriptions/${made.body['id']}`
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe(`/api/v1${path}`)
    expect(made.body).toEqual({
      id: expect.stringMatching(/^sub_[0-9a-f]{24}$/),
      owner: 'usr_administrator',
      endpoint,
      filter: { types: ['video.*'], tags: ['Alpha', 'b'], nsfw: false },
      createdAt: expect.any(String),
      updatedAt: made.body['createdAt'],
    })
    expect((await call('GET', path)).body).toEqual(made.body)
    expect((await keys()).sort()).toEqual(['*||', 'video.*|tag|alpha', 'video.*|tag|b'])

    const changed = await call('PATCH', path, { filter: { tags: null, nsfw: true, languages: ['en'] } })
    expect(changed.body).toMatchObject({ filter: { types: ['video.*'], nsfw: true, languages: ['en'] } })
    expect((await call('GET', path)).body).toEqual(changed.body)
    expect((await keys()).sort()).toEqual(['*||', 'video.*||'])
    expect((await call('PATCH', path, {})).body).toEqual(changed.body)

    expect((await call('DELETE', path)).status).toBe(204)
    for (const method of ['GET', 'DELETE']) expect((await call(method, path)).status).toBe(404)
    expect(await keys()).toEqual(['*||'])
    const { results } = await env.DB.prepare(
      "SELECT action FROM audit_log WHERE target = ? AND action LIKE '%Subscription' ORDER BY sequence",
    )
      .bind(made.body['id'])
      .all()
    expect(results.map(({ action }) => action)).toEqual([
      'addSubscription',
      'patchSubscription',
      'delSubscription',
    ])
  })

  it('come with their endpoint, and go with it', async () => {
    const endpoint = await givenEndpoint(undefined, { filter: { types: ['live.*'] } })
    const { body } = await call('GET', `/subscriptions?endpoint=${endpoint}`)
    expect(body).toMatchObject({ total: 1, data: [{ endpoint, filter: { types: ['live.*'] } }] })
    expect((await call('DELETE', `/subscriptions/${body.data[0]?.['id']}`)).status).toBe(204)
    // It is sent nothing then.
    expect((await call('GET', `/endpoints/${endpoint}`)).status).toBe(200)
    await subscribe(endpoint, {})
    expect((await call('DELETE', `/endpoints/${endpoint}`)).status).toBe(204)
    expect(await keys()).toEqual([])
    const refused = await call('POST', '/endpoints', { url: 'http://localhost:1/', filter: { tags: [] } })
    expect(Object.keys(refused.body['invalid-params'] ?? {})).toEqual(['filter.tags'])
  })

  it('have what people paste as events have it', async () => {
    const endpoint = await givenEndpoint()
    const { body } = await subscribe(endpoint, {
      instances: ['https://Peertube.example/about', 'b.example'],
      channels: [
        'News',
        '@Music@b.example',
        'https://b.example/c/films/videos',
        'acct:News@peertube.example',
      ],
      accounts: ['https://b.example/a/bob'],
      videos: [UUID.toUpperCase(), '9iUHktDza4U9nkpgptkJ5b', `https://peertube.example/videos/watch/${UUID}`],
    })
    expect(body['filter']).toEqual({
      instances: ['peertube.example', 'b.example'],
      channels: ['news@peertube.example', 'news@b.example', 'music@b.example', 'films@b.example'],
      accounts: ['bob@b.example'],
      videos: [UUID],
    })
  })

  it.each<[unknown, string, RegExp]>([
    [{ types: ['vidoe.*'] }, 'filter.types[0]', /must be a type.*video\.\*.*video\.published/],
    [{ types: ['video'] }, 'filter.types[0]', /must be a type/],
    [{ types: [] }, 'filter.types', /must not be empty/],
    [{ types: 'video.*' }, 'filter.types', /must be a list/],
    [{ tags: Array.from({ length: 101 }, (_, tag) => `t${tag}`) }, 'filter.tags', /at most 100/],
    [{ tags: [' \n'] }, 'filter.tags[0]', /must not be empty/],
    [{ tags: ['a\u001Fb'] }, 'filter.tags[0]', /control characters/],
    [{ tags: [null] }, 'filter.tags[0]', /./],
    [{ channels: ['news'] }, 'filter.channels', /must have the host of news/],
    [{ channels: ['@news'] }, 'filter.channels[0]', /must name a channel/],
    [{ channels: ['https://a.example/a/bob'] }, 'filter.channels[0]', /must name a channel/],
    [{ accounts: ['https://a.example/c/news'] }, 'filter.accounts[0]', /must name an account/],
    [{ instances: ['javascript:alert(1)'] }, 'filter.instances[0]', /must be the host/],
    [{ instances: ['user@a.example'] }, 'filter.instances[0]', /must be the host/],
    [{ videos: ['12'] }, 'filter.videos[0]', /must be the UUID/],
    [{ videos: ['https://a.example/w/p/x'] }, 'filter.videos[0]', /must be the UUID/],
    [{ categories: ['15'] }, 'filter.categories[0]', /must be a number/],
    [{ categories: [1.5] }, 'filter.categories[0]', /whole/],
    [{ minDuration: 60, maxDuration: 59 }, 'filter.maxDuration', /minDuration/],
    [{ minDuration: -1 }, 'filter.minDuration', /at least 0/],
    [{ nsfw: 'yes' }, 'filter.nsfw', /true or false/],
    [{ nsfw: null }, 'filter.nsfw', /true or false/],
    [{ text: '' }, 'filter.text', /must not be empty/],
    [{ text: 'x'.repeat(201) }, 'filter.text', /at most 200/],
    [{ notificationKinds: ['newfollow'] }, 'filter.notificationKinds[0]', /newFollow/],
    [{ colour: 'red' }, 'filter.colour', /unknown/],
    [{ __proto__x: 1 }, 'filter.__proto__x', /^is unknown$/],
    [{ max_duration: 1 }, 'filter.max_duration', /^is unknown: do you mean maxDuration\?$/],
    [{ txt: 'a' }, 'filter.txt', /^is unknown: do you mean text\?$/],
    [{ ['t'.repeat(90)]: 'a' }, `filter.${'t'.repeat(90)}`, /^is unknown$/],
    [{ language: ['en'] }, 'filter.language', /^is unknown: do you mean languages\?$/],
    [{ languages: ['English'] }, 'filter.languages[0]', /^must be the code of a language, such as en$/],
    [{ languages: ['_unknown'] }, 'filter.languages[0]', /^must be the code of a language/],
    [[], 'filter', /must be an object/],
    [
      {
        types: Array.from({ length: 20 }, () => 'video.published').concat(
          ['video.updated', 'video.deleted', 'video.unpublished', 'live.started', 'live.ended'],
          ['comment.created', 'comment.updated', 'comment.deleted', 'video.*', 'live.*', 'comment.*'],
        ),
        tags: Array.from({ length: 100 }, (_, tag) => `t${tag}`),
      },
      'filter.types',
      /1200 combinations/,
    ],
    [
      {
        languages: Array.from({ length: 100 }, (_, index) => `en-long${100 + index}`),
        tags: Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(100, 'x')),
        channels: Array.from({ length: 100 }, (_, index) => `${index}${'x'.repeat(60)}@peertube.example`),
      },
      'filter',
      /characters as JSON/,
    ],
  ])('refuse %#, and store nothing', async (filter, field, message) => {
    const endpoint = await givenEndpoint()
    const refused = await subscribe(endpoint, filter)
    expect(refused.status).toBe(400)
    const wrong = refused.body['invalid-params'] as Record<string, { msg: string }>
    expect(Object.keys(wrong)).toEqual([field])
    expect(wrong[field]?.msg).toMatch(message)
    expect(await count('SELECT count(*) AS count FROM subscriptions')).toBe(1)
    expect((await call('POST', '/subscriptions/preview', { filter })).status).toBe(400)
  })

  it('are not changed to what could not be made', async () => {
    const endpoint = await givenEndpoint()
    const { body } = await subscribe(endpoint, { minDuration: 10, instances: ['a.example'] })
    const path = `/subscriptions/${body['id']}`
    expect((await call('PATCH', path, { filter: { maxDuration: 9 } })).status).toBe(400)
    expect((await call('PATCH', path, { filter: { instances: null, channels: ['news'] } })).status).toBe(400)
    expect((await call('PATCH', path, { filter: null })).status).toBe(400)
    expect((await call('GET', path)).body).toEqual(body)
    const named = await call('PATCH', path, { filter: { channels: ['news'] } })
    expect(named.body['filter']).toMatchObject({ channels: ['news@a.example'] })
  })

  it('are changed and removed as they were seen only', async () => {
    const { body } = await subscribe(await givenEndpoint(), { nsfw: true })
    const path = `/subscriptions/${body['id']}`
    const seen = { 'if-match': (await call('GET', path)).headers.get('etag') ?? '' }
    const changed = await call('PATCH', path, { filter: { nsfw: false } }, seen)
    expect(changed.status).toBe(200)
    expect((await call('PATCH', path, { filter: { nsfw: true } }, seen)).status).toBe(412)
    expect((await call('DELETE', path, undefined, seen)).status).toBe(412)
    expect((await call('GET', path)).body).toEqual(changed.body)
  })

  it('of somebody else are as good as none, but a moderator sees them', async () => {
    const [alice, bob] = [await loggedIn('alice'), await loggedIn('bob')]
    const moderator = await loggedIn('moderator', 'Moderator')
    const endpoint = await givenEndpoint(bob.token, { filter: { nsfw: false } })
    const list = await call('GET', `/subscriptions?endpoint=${endpoint}`, undefined, as(bob.token))
    const [subscription] = list.body.data
    const path = `/subscriptions/${subscription?.['id']}`
    for (const token of [alice.token, moderator.token]) {
      expect((await subscribe(endpoint, {}, token)).status).toBe(404)
      expect((await call('PATCH', path, { filter: { nsfw: true } }, as(token))).status).toBe(404)
      expect((await call('DELETE', path, undefined, as(token))).status).toBe(404)
    }
    expect((await call('GET', path, undefined, as(alice.token))).status).toBe(404)
    const hers = `/subscriptions?endpoint=${endpoint}`
    expect((await call('GET', hers, undefined, as(alice.token))).status).toBe(404)
    expect((await call('GET', '/subscriptions?owner=all', undefined, as(alice.token))).status).toBe(403)
    expect((await call('GET', '/subscriptions', undefined, as(alice.token))).body).toEqual({
      total: 0,
      data: [],
    })
    expect((await call('GET', path, undefined, as(moderator.token))).body).toEqual(subscription)
    for (const query of [`endpoint=${endpoint}`, 'owner=all', `owner=${bob.id}`]) {
      const found = await call('GET', `/subscriptions?${query}`, undefined, as(moderator.token))
      expect(found.body).toEqual({ total: 1, data: [subscription] })
    }
    expect((await call('DELETE', path)).status).toBe(204)
  })

  it('are twenty an endpoint at most, of a User, and none for who is not let in', async () => {
    const { id, token } = await loggedIn('alice')
    const endpoint = await givenEndpoint(token)
    const another = await givenEndpoint(token)
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 19)
       INSERT INTO subscriptions (id, owner_id, endpoint_id, created_at) SELECT 'sub_' || i, ?, ?, i FROM n`,
    )
      .bind(id, endpoint)
      .run()
    expect((await subscribe(endpoint, {}, token)).body).toMatchObject({ status: 409, code: 'too_many' })
    expect((await subscribe(another, {}, token)).status).toBe(201)
    const page = await call('GET', `/subscriptions?endpoint=${endpoint}&count=15`, undefined, as(token))
    expect(page.body).toMatchObject({ total: 20, next: expect.any(String) })
    const rest = await call(
      'GET',
      `/subscriptions?endpoint=${endpoint}&count=15&after=${page.body['next']}`,
      undefined,
      as(token),
    )
    expect(new Set([...page.body.data, ...rest.body.data].map((one) => one['id'])).size).toBe(20)
    expect((await call('GET', '/subscriptions', undefined, as(token))).body['total']).toBe(22)
  })
})

describe('A preview', () => {
  const preview = (filter?: unknown, token?: string) =>
    call(
      'POST',
      '/subscriptions/preview',
      filter === undefined ? {} : { filter },
      token === undefined ? {} : as(token),
    )

  it('shows which of the events that one may see would be sent, the newest first, and stores nothing', async () => {
    await setLog(exampleRows(VIEWER))
    const all = await preview()
    expect(all.body).toMatchObject({ scanned: 19, matched: 19 })
    const { body } = await preview({ types: ['comment.*', 'video.*'], tags: ['alpha'] })
    expect(body).toMatchObject({ scanned: 19, matched: 4 })
    expect(body['types']).toHaveLength(4)
    expect(body.data.map(({ type }) => type)).toEqual([
      'comment.deleted',
      'comment.updated',
      'comment.created',
      'video.published',
    ])
    expect(await count('SELECT count(*) AS count FROM subscriptions')).toBe(0)
    expect(await count('SELECT count(*) AS count FROM deliveries')).toBe(0)
    const { token } = await loggedIn('alice')
    expect((await preview({ types: ['notification.*'] }, token)).body).toMatchObject({ matched: 0 })
    expect((await preview({}, token)).body).toMatchObject({ scanned: 12 })
  })

  it('looks at the last thousand, shows a hundred, and never those of others', async () => {
    const [{ data = '' } = {}] = exampleRows(VIEWER)
    await setLog(
      Array.from({ length: 1_500 }, (_, index) =>
        logRow({
          sequence: index + 1,
          data,
          ownerId: index % 3 === 0 ? OTHER : index % 3 === 1 ? VIEWER : null,
        }),
      ),
    )
    const { body } = await preview({ types: ['video.published'] })
    expect(body).toMatchObject({
      scanned: 1_000,
      matched: 1_000,
      types: [{ type: 'video.published', matched: 1_000 }],
    })
    expect(body.data).toHaveLength(100)
    expect(body.data.slice(0, 3).map(({ sequence }) => sequence)).toEqual([1_500, 1_499, 1_497])
  })

  it('looks at fewer when they are long', async () => {
    await setLog(Array.from({ length: 20 }, (_, index) => logRow({ sequence: index + 1 })))
    const long = "json_object('video', json_object('name', hex(zeroblob(500000))))"
    await env.DB.prepare(`UPDATE events SET data = ${long}`).run()
    expect((await preview({ text: 'y' })).body).toEqual({ scanned: 8, matched: 0, types: [], data: [] })
  })
})
