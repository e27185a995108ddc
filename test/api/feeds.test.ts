/** @module /api/v1/feeds and /feeds: made, changed and read; what is private stays so. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { CATALOGUE, exampleOf } from '../../src/events/catalogue.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'
import { FEED_FORMATS } from '../../src/feeds/formats.ts'
import { call, forgetAll, generous, send, sendTo } from '../support/call.ts'
import { countCosts } from '../support/count-costs.ts'
import { exampleRows, logRow, OTHER, setLog, VIEWER } from '../support/events.ts'
import { testDeps } from '../support/harness.ts'
import { as, loggedIn } from '../support/people.ts'
import { store } from '../support/store.ts'

beforeEach(async () => {
  await forgetAll()
  await setLog([])
})

const ORIGIN = 'https://tubewire.example'

/** A video, published at that second, or what happened to it. */
function video(sequence: number, uuid: string, more: object = {}, type = 'video.published') {
  const { data } = exampleOf('video.published')
  const { channel } = data.video
  return logRow({
    sequence,
    type,
    instance: 'peertube.example',
    subject: uuid,
    seenAt: sequence * 1_000,
    data: JSON.stringify({ video: { ...data.video, uuid, name: `Video ${uuid}`, channel, ...more } }),
  })
}

async function make(body: object, headers: Record<string, string> = {}) {
  const made = await call('POST', '/feeds', body, headers)
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return made
}

/** Where it is read in a format, as a path. */
const pathOf = (feed: Record<string, unknown>, format = 'json') =>
  String((feed['urls'] as Record<string, string>)[format]).slice(ORIGIN.length)

async function readJson(path: string, headers: Record<string, string> = {}) {
  const response = await send('GET', path, headers)
  expect(response.status, path).toBe(200)
  const feed = (await response.json()) as {
    title: string
    feed_url: string
    next_url?: string
    hubs?: unknown
    items: { id: string; title: string; url: string; _tubewire: { id: string } }[]
  }
  return { feed, titles: feed.items.map(({ title }) => title), headers: response.headers }
}

describe('A saved feed', () => {
  it('is made, shown, changed and removed, and noted in the audit log', async () => {
    const made = await make({ name: 'Neues aus Köln!', filter: { types: ['video.*'] } })
    const path = `/feeds/${made.body['id']}`
    expect(made.headers.get('location')).toBe(`/api/v1${path}`)
    expect(made.body).toEqual({
      id: expect.stringMatching(/^feed_[0-9a-f]{24}$/),
      owner: 'usr_administrator',
      name: 'Neues aus Köln!',
      visibility: 'public',
      slug: 'neues-aus-koln',
      mode: 'subjects',
      filter: { types: ['video.*'] },
      urls: Object.fromEntries(
        FEED_FORMATS.map((format) => [format, `${ORIGIN}/feeds/neues-aus-koln.${format}`]),
      ),
      createdAt: expect.any(String),
      updatedAt: made.body['createdAt'],
    })
    expect((await call('GET', path)).body).toEqual(made.body)
    expect((await call('GET', '/feeds')).body).toEqual({ total: 1, data: [made.body] })

    const changed = await call('PATCH', path, { slug: 'koln', mode: 'events', filter: { nsfw: false } })
    expect(changed.body).toMatchObject({
      slug: 'koln',
      mode: 'events',
      filter: { types: ['video.*'], nsfw: false },
    })
    expect((await call('GET', path)).body).toEqual(changed.body)
    expect((await call('PATCH', path, {})).body).toEqual(changed.body)
    expect((await send('GET', '/feeds/neues-aus-koln.json')).status).toBe(404)
    expect((await send('GET', '/feeds/koln.json')).status).toBe(200)

    expect((await call('DELETE', path)).status).toBe(204)
    expect((await call('GET', path)).status).toBe(404)
    expect((await send('GET', '/feeds/koln.json')).status).toBe(404)
    const { results } = await env.DB.prepare(
      "SELECT action FROM audit_log WHERE target = ? AND action LIKE '%Feed' ORDER BY sequence",
    )
      .bind(made.body['id'])
      .all()
    expect(results.map(({ action }) => action)).toEqual(['addFeed', 'patchFeed', 'delFeed'])
  })

  it('has a slug of its own', async () => {
    const first = await make({ name: 'News' })
    const second = await make({ name: 'News' })
    const events = await make({ name: 'Events' })
    const nothing = await make({ name: '新聞' })
    expect(first.body['slug']).toBe('news')
    expect(second.body['slug']).toMatch(/^news-[0-9a-f]{8}$/)
    expect(events.body['slug']).toBe('events-feed')
    expect(nothing.body['slug']).toBe('feed')
    const taken = await call('POST', '/feeds', { name: 'x', slug: 'news' })
    expect([taken.status, taken.body['code']]).toEqual([409, 'slug_taken'])
    const moved = await call('PATCH', `/feeds/${second.body['id']}`, { slug: 'news' })
    expect([moved.status, moved.body['code']]).toEqual([409, 'slug_taken'])
  })

  it.each([
    [{ name: 'x', slug: 'events' }, 'slug'],
    [{ name: 'x', slug: 'A b' }, 'slug'],
    [{ name: 'x', slug: 'fs_x' }, 'slug'],
    [{ name: ' ' }, 'name'],
    [{ name: 'x'.repeat(101) }, 'name'],
    [{ name: 'x', mode: 'all' }, 'mode'],
    [{ name: 'x', visibility: 'secret' }, 'visibility'],
    [{ name: 'x', visibility: 'private', slug: 'x' }, 'slug'],
    [{ name: 'x', filter: { types: ['notification.*'] } }, 'visibility'],
    [{ name: 'x', filter: { types: ['video.*', 'endpoint.disabled'] } }, 'visibility'],
    [{ name: 'x', filter: { notificationKinds: ['newFollow'] } }, 'visibility'],
    [{ name: 'x', filter: { minDuration: 2, maxDuration: 1 } }, 'filter.maxDuration'],
    [{ name: 'x', types: ['video.*'] }, 'types'],
  ])('is refused with what is wrong: %j', async (body, name) => {
    const { status, body: problem } = await call('POST', '/feeds', body)
    expect(status).toBe(400)
    expect(Object.keys(problem['invalid-params'] as object)).toEqual([name])
  })

  it('shows each video as it is by now, and takes out what was deleted', async () => {
    await setLog([video(1, 'a'), video(2, 'b'), video(3, 'a', { name: 'Renamed' }, 'video.updated')])
    const made = await make({ name: 'News', filter: { types: ['video.published'] } })
    const path = pathOf(made.body)
    expect((await readJson(path)).titles).toEqual(['Renamed', 'Video b'])
    await store([{ ...video(0, 'b', {}, 'video.deleted'), id: 'evt_deleted', ownerId: null }])
    expect((await readJson(path)).titles).toEqual(['Renamed'])
    const atom = await (await send('GET', pathOf(made.body, 'atom'))).text()
    expect(atom).toContain('at:deleted-entry')
    const events = await make({ name: 'All', mode: 'events' })
    expect((await readJson(pathOf(events.body))).feed.items).toHaveLength(4)
  })

  it('that is private has its owner’s events, at an address that is a secret', async () => {
    await setLog(exampleRows(VIEWER))
    const made = await make({ name: 'Mine', visibility: 'private', mode: 'events' })
    expect(made.body).toMatchObject({ visibility: 'private', slug: null })
    const path = pathOf(made.body)
    expect(path).toMatch(/^\/feeds\/fs_[0-9a-f]{40}\.json$/)
    const { feed, headers } = await readJson(path)
    expect(feed.items).toHaveLength(EVENT_TYPES.length)
    expect(feed.hubs).toBeUndefined()
    expect(headers.get('cache-control')).toBe('private, no-cache')
    expect(headers.get('link')).not.toContain('hub')

    const id = `/feeds/${made.body['id']}`
    const rotated = await call('POST', `${id}/rotate-secret`)
    expect(rotated.status).toBe(200)
    expect((await send('GET', path)).status).toBe(404)
    const next = pathOf(rotated.body)
    expect(next).not.toBe(path)
    expect((await send('GET', next)).status).toBe(200)
    expect((await call('DELETE', `${id}/secret`)).status).toBe(204)
    expect((await send('GET', next)).status).toBe(404)
    expect((await call('GET', id)).body['urls']).toBeNull()
    const again = await call('POST', `${id}/rotate-secret`)
    expect((await send('GET', pathOf(again.body))).status).toBe(200)
    const [stored] = (await env.DB.prepare('SELECT secret, secret_hash FROM feeds').all()).results
    expect(JSON.stringify(stored)).not.toContain(pathOf(again.body).slice(7, 50))
  })

  it('leads nowhere with a wrong secret, and the answer does not repeat it', async () => {
    const wrong = `/feeds/fs_${'0'.repeat(40)}.json`
    for (const path of [
      wrong,
      '/feeds/x.json',
      '/feeds/news.xml',
      '/feeds/news',
      '/feeds/..%2f.json',
      '/feeds/%00.json',
    ]) {
      const response = await send('GET', path)
      expect(response.status, path).toBe(404)
      expect(await response.text()).not.toContain('0000000000')
    }
  })

  it('becomes private with all that is private, and public without it', async () => {
    await setLog(exampleRows(VIEWER))
    const publicTypes = EVENT_TYPES.filter((type) => CATALOGUE[type].from === 'public')
    const made = await make({ name: 'Mine', mode: 'events' })
    const open = pathOf(made.body)
    expect((await readJson(open)).feed.items).toHaveLength(publicTypes.length)
    const id = `/feeds/${made.body['id']}`
    const closed = await call('PATCH', id, { visibility: 'private' })
    expect((await send('GET', open)).status).toBe(404)
    expect((await readJson(pathOf(closed.body))).feed.items).toHaveLength(EVENT_TYPES.length)
    const opened = await call('PATCH', id, { visibility: 'public' })
    expect(opened.body['slug']).toBe('mine')
    expect((await send('GET', pathOf(closed.body))).status).toBe(404)
    expect((await readJson(open)).feed.items).toHaveLength(publicTypes.length)
  })

  it('is shown to others without its address, and read by nobody when its owner is blocked', async () => {
    const owner = await loggedIn('owner')
    const moderator = await loggedIn('moderator', 'Moderator')
    const made = await make({ name: 'Mine', visibility: 'private' }, as(owner.token))
    const path = `/feeds/${made.body['id']}`
    expect((await call('GET', path, undefined, as(moderator.token))).body).toMatchObject({
      name: 'Mine',
      urls: null,
    })
    const all = await call('GET', '/feeds?owner=all', undefined, as(moderator.token))
    expect(JSON.stringify(all.body)).not.toContain('fs_')
    expect((await send('GET', pathOf(made.body))).status).toBe(200)
    await call('POST', `/users/${owner.id}/block`, {})
    expect((await send('GET', pathOf(made.body))).status).toBe(404)
  })

  it('is changed by nobody who saw another state', async () => {
    const made = await make({ name: 'News' })
    const path = `/feeds/${made.body['id']}`
    const { headers } = await call('GET', path)
    const seen = { 'if-match': headers.get('etag') ?? '' }
    expect((await call('PATCH', path, { name: 'A' }, seen)).status).toBe(200)
    expect((await call('PATCH', path, { name: 'B' }, seen)).status).toBe(412)
    expect((await call('DELETE', path, undefined, seen)).status).toBe(412)
  })

  it('is in the list of its owner’s feeds as OPML, and in nobody else’s', async () => {
    await make({ name: 'A & B <c>' })
    const mine = await make({ name: 'Mine', visibility: 'private' })
    const other = await loggedIn('other')
    const list = await call('GET', '/../../feeds.opml').catch(() => null)
    expect(list).toBeNull()
    const { deps } = testDeps()
    const read = async (headers: Record<string, string>) =>
      (await sendTo(generous(deps), 'GET', '/feeds.opml', headers)).text()
    const own = await read({ authorization: 'Bearer the-key-of-the-administrator' })
    expect(own).toContain('A &amp; B')
    expect(own).toContain(pathOf(mine.body, 'atom'))
    expect(await read(as(other.token))).not.toContain('xmlUrl')
    expect((await send('GET', '/feeds.opml')).status).toBe(401)
  })
})

describe('A feed over HTTP', () => {
  it.each(FEED_FORMATS)(
    'as %s has its type, a strong tag, its time, links; and is answered to HEAD',
    async (format) => {
      await setLog([video(1, 'a'), video(2, 'b'), video(3, 'c')])
      const made = await make({ name: 'News' })
      const path = pathOf(made.body, format)
      const response = await send('GET', `${path}?count=2`)
      const body = await response.text()
      const { headers } = response
      expect(headers.get('content-type')).toMatch(
        {
          json: /^application\/feed\+json/,
          atom: /^application\/atom\+xml/,
          rss: /^application\/rss\+xml/,
          txt: /^text\/plain/,
        }[format],
      )
      expect(headers.get('etag')).toMatch(/^"[\w-]+"$/)
      expect(headers.get('cache-control')).toBe('public, max-age=60')
      expect(headers.get('last-modified')).not.toBeNull()
      const self = `${ORIGIN}${path}?count=2`
      expect(headers.get('link')).toBe(`<${self}>; rel="self", <${self}&before=2>; rel="next"`)
      const head = await send('HEAD', `${path}?count=2`)
      expect(head.status).toBe(200)
      expect(await head.text()).toBe('')
      for (const name of ['etag', 'last-modified', 'link', 'content-type'])
        expect(head.headers.get(name), name).toBe(headers.get(name))
      const same = await send('GET', `${path}?count=2`, { 'if-none-match': `"x", ${headers.get('etag')}` })
      expect([same.status, await same.text()]).toEqual([304, ''])
      const weak = await send('GET', `${path}?count=2`, { 'if-none-match': `W/${headers.get('etag')}` })
      expect(weak.status).toBe(304)
      // Another page has another tag.
      expect((await send('GET', path)).headers.get('etag')).not.toBe(headers.get('etag'))
      expect(body).toContain('Video c')
      expect(body).not.toContain('Video a')
    },
  )

  it('is turned page by page to its end', async () => {
    await setLog(Array.from({ length: 23 }, (_, index) => video(index + 1, `v${index + 1}`)))
    const made = await make({ name: 'News' })
    for (const path of [pathOf(made.body), '/feeds/events.json?type=video.*']) {
      const titles: string[] = []
      let next: string | undefined = `${path}${path.includes('?') ? '&' : '?'}count=10`
      let pages = 0
      while (next !== undefined) {
        const page: Awaited<ReturnType<typeof readJson>> = await readJson(next)
        titles.push(...page.titles)
        next = page.feed.next_url?.slice(ORIGIN.length)
        pages += 1
      }
      expect(pages).toBe(3)
      expect(titles).toEqual(Array.from({ length: 23 }, (_, index) => `Video v${23 - index}`))
    }
  })

  it.each(['/feeds/news.atom', '/feeds/events.atom'])(
    'answers 304 to a time that was its last, once a minute is over: %s',
    async (path) => {
      await setLog([video(1, 'a')])
      await make({ name: 'News' })
      const { deps } = testDeps()
      const seenAt =
        (await env.DB.prepare('SELECT max(updated_at) AS at FROM feeds').first<{ at: number }>())?.at ?? 0
      const read = (now: number, headers: Record<string, string> = {}) =>
        sendTo({ ...generous(deps), clock: () => now }, 'GET', path, headers)
      const since = async (now: number) => ({
        'if-modified-since': (await read(now)).headers.get('last-modified') ?? '',
      })
      const soon = seenAt + 5_000
      const later = seenAt + 70_000
      if (path.includes('news')) expect((await read(soon, await since(soon))).status).toBe(200)
      expect((await read(later, await since(later))).status).toBe(304)
      // A tag goes before a time.
      expect((await read(later, { ...(await since(later)), 'if-none-match': '"other"' })).status).toBe(200)
      await store([
        { ...video(0, 'b', { name: 'Neu' }), id: 'evt_b', seenAt: seenAt + 30_000, ownerId: null },
      ])
      expect((await read(later + 100_000, await since(later))).status).toBe(200)
    },
  )

  it('that did not change costs one look, whatever else happens', async () => {
    await setLog(Array.from({ length: 200 }, (_, index) => video(index + 1, `v${index + 1}`)))
    await make({ name: 'News', filter: { channels: ['other@peertube.example'] } })
    const cost = async (path: string, headers: Record<string, string>) => {
      const { deps } = testDeps()
      const counted = countCosts(env.DB)
      const asked = { ...deps, env: { ...deps.env, DB: counted.db } }
      const response = await sendTo(generous(asked), 'GET', path, headers)
      return { response, ...counted.cost }
    }
    for (const path of [
      '/feeds/news.rss',
      '/feeds/events.rss?channel=alice_channel@peertube.example&count=100',
    ]) {
      const first = await cost(path, {})
      const known = { 'if-none-match': first.response.headers.get('etag') ?? '' }
      const second = await cost(path, known)
      expect(second.response.status).toBe(304)
      expect(second.roundTrips, path).toBe(1)
      expect(second.rowsRead, path).toBeLessThanOrEqual(5)
      // And who comes without a tag gets what was made a moment ago.
      const third = await cost(path, {})
      expect([third.response.status, third.roundTrips], path).toEqual([200, 1])
    }
    const before = await cost('/feeds/news.rss', {})
    await store([{ ...video(0, 'elsewhere'), id: 'evt_x', ownerId: null }])
    const after = await cost('/feeds/news.rss', {
      'if-none-match': before.response.headers.get('etag') ?? '',
    })
    expect([after.response.status, after.roundTrips]).toEqual([304, 1])
    expect(after.rowsRead).toBeLessThanOrEqual(5)
  })

  it.each(['count=0', 'count=101', 'count=x', 'before=x', 'nothing=1'])('refuses %s', async (query) => {
    await make({ name: 'News' })
    for (const path of ['/feeds/news.json', '/feeds/events.json'])
      expect((await send('GET', `${path}?${query}`)).status).toBe(400)
  })
})

describe('A feed of any events', () => {
  it('has what fits all that is asked for', async () => {
    await setLog([
      video(1, 'a', { tags: ['alpha', 'x y'] }),
      video(2, 'b', { name: 'Fish' }),
      { ...video(3, 'c'), instance: 'b.example' },
      video(4, 'd', {
        channel: {
          ...exampleOf('video.published').data.video.channel,
          name: 'other',
          handle: 'other@peertube.example',
        },
      }),
      video(5, 'e', { nsfw: true, language: { id: 'fr', label: 'French' } }),
      { ...video(6, 'f'), ownerId: VIEWER },
      { ...video(7, 'g'), ownerId: OTHER },
    ])
    const titles = async (query: string) => (await readJson(`/feeds/events.json?${query}`)).titles
    expect(await titles('')).toEqual(['Video e', 'Video d', 'Video c', 'Fish', 'Video a'])
    expect(await titles('tag=X%20Y,other')).toEqual(['Video a'])
    expect(await titles('q=fish')).toEqual(['Fish'])
    expect(await titles('instance=b.example,nothing.example')).toEqual(['Video c'])
    expect(await titles('channel=other@peertube.example')).toEqual(['Video d'])
    expect(await titles('nsfw=true&language=fr')).toEqual(['Video e'])
    expect(await titles('type=comment.*')).toEqual([])
    expect(await titles('video=43493d1c-8fbe-411e-9932-9ee0e7172022')).toEqual([])
  })

  it('keeps its tag while something else happens', async () => {
    await setLog([video(1, 'a')])
    const path = '/feeds/events.json?type=video.*'
    const first = await send('GET', path)
    const known = { 'if-none-match': first.headers.get('etag') ?? '' }
    await store([
      {
        ...logRow({ sequence: 0, type: 'instance.upgraded', data: '{}' }),
        id: 'evt_i',
        subject: 'x',
        ownerId: null,
      },
    ])
    const second = await send('GET', path, known)
    expect(second.status).toBe(304)
    await store([{ ...video(0, 'a', { name: 'New' }, 'video.updated'), id: 'evt_u', ownerId: null }])
    const third = await send('GET', path, known)
    expect(third.status).toBe(200)
    expect(third.headers.get('etag')).not.toBe(known['if-none-match'])
    // What a tag of one feed says is of no other.
    const other = await send('GET', '/feeds/events.json?type=comment.*', {
      'if-none-match': third.headers.get('etag') ?? '',
    })
    expect(other.status).toBe(200)
  })

  it.each([
    ['type=nothing.*', 'type[0]'],
    ['instance=a%20b', 'instance[0]'],
    ['channel=x', 'channel'],
    ['nsfw=maybe', 'nsfw'],
    [`q=${'x'.repeat(201)}`, 'q'],
    [`tag=${Array.from({ length: 101 }, (_, index) => index).join()}`, 'tag'],
    ['mode=all', 'mode'],
  ])('says what is wrong with %s', async (query, name) => {
    const response = await send('GET', `/feeds/events.atom?${query}`)
    expect(response.status).toBe(400)
    expect(Object.keys(((await response.json()) as Record<string, object>)['invalid-params'] ?? {})).toEqual([
      name,
    ])
  })
})
