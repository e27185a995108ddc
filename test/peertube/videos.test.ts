import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { VideosTarget } from '../../src/events/source-target.ts'
import type { Observation } from '../../src/peertube/client.ts'
import { readVideo, readVideosPage } from '../../src/peertube/videos.ts'
import recordedVideo from '../fixtures/recordings/get_video.json'
import recordedGone from '../fixtures/recordings/get_video_deleted_404.json'
import recordedPrivate from '../fixtures/recordings/get_video_private_401.json'
import recorded from '../fixtures/recordings/get_videos_local_newest_skipcount.json'
import { unlimited } from '../support/unlimited.ts'

const ORIGIN = 'https://peertube.example'
const [listed] = recorded.response.body.data

/** Reads a page that an instance answers with this body. */
function read(body: unknown, init: ResponseInit = {}, saw?: (observation: Observation | null) => void) {
  return readVideosPage(answering(body, init, saw), ORIGIN, { kind: 'local' }, 0, null)
}

/** Answers every request with this body. */
function answering(body: unknown, init: ResponseInit, saw?: (observation: Observation | null) => void) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return unlimited({ clock: () => 1_000, fetch: async () => new Response(text, init) }, saw)
}

async function readOne(change: object) {
  const page = await read({ data: [{ ...listed, ...change }] })
  if (page.kind !== 'page') throw new Error(page.kind)
  return page
}

describe('readVideosPage', () => {
  it('reads the recorded list, item by item', async () => {
    let observation: Observation | null = null
    const page = await read(recorded.response.body, { headers: recorded.response.headers }, (seen) => {
      observation = seen
    })
    if (page.kind !== 'page') throw new Error(page.kind)
    expect(page.skipped).toEqual([])
    expect(page.listed).toEqual(
      page.videos.map(({ video: { uuid, publishedAt } }) => ({ uuid, publishedAt: Date.parse(publishedAt) })),
    )
    expect(page.listed).toHaveLength(6)
    expect(page.etag).toBe(recorded.response.headers.etag)
    // By our clock, not the instance's.
    const resetIn = 1_795_468_819_000 - Date.parse(recorded.response.headers.date)
    expect(observation).toMatchObject({ limit: 50, remaining: 49, resetAt: 1_000 + resetIn })
    expect(page.videos[2]?.video).toEqual({
      uuid: '2854a725-032f-4813-9de6-9c19d844a333',
      shortUUID: '5YRpvGVFMREQfasnyWGtST',
      url: 'https://peertube.example/videos/watch/2854a725-032f-4813-9de6-9c19d844a333',
      name: 'Alice video 5',
      description: 'Description of video 5\r\nwith two lines',
      duration: 3,
      isLive: false,
      isLocal: true,
      nsfw: false,
      category: { id: 15, label: 'Science & Technology' },
      licence: null,
      language: { id: 'en', label: 'English' },
      tags: null,
      thumbnailUrl:
        'https://peertube.example/lazy-static/thumbnails/910dc2bc-f559-461b-8cc4-ea97e57f67de.jpg',
      embedUrl: 'https://peertube.example/videos/embed/2854a725-032f-4813-9de6-9c19d844a333',
      publishedAt: '2026-11-23T21:19:08.693Z',
      createdAt: '2026-11-23T21:19:08.938Z',
      originallyPublishedAt: null,
      channel: {
        name: 'alice_channel',
        displayName: 'Main alice channel',
        host: 'peertube.example',
        handle: 'alice_channel@peertube.example',
        avatarUrl: null,
        url: 'https://peertube.example/video-channels/alice_channel',
      },
      account: {
        name: 'alice',
        displayName: 'alice',
        host: 'peertube.example',
        handle: 'alice@peertube.example',
        avatarUrl: null,
        url: 'https://peertube.example/accounts/alice',
      },
    })
  })

  it.each([
    [{ uuid: 'x' }, 'uuid'],
    [{ uuid: null }, 'uuid'],
    [{ name: 7 }, 'name'],
    [{ publishedAt: '2026-02-31T99:00:00Z' }, 'publishedAt'],
    [{ publishedAt: null }, 'publishedAt'],
    [{ duration: -1 }, 'duration'],
    [{ duration: '3' }, 'duration'],
    [{ channel: null }, 'channel'],
    [{ channel: { ...listed?.channel, url: 'javascript:alert(1)' } }, 'channel.url'],
    [{ url: 'file:///etc/passwd' }, 'url'],
  ])('leaves out an item with %j, and names the field', async (change, field) => {
    const page = await readOne(change)
    expect(page.videos).toEqual([])
    expect(page.skipped).toEqual([expect.stringMatching(new RegExp(`^video 0: ${field}: `))])
  })

  it.each([
    [
      [
        { path: '/lazy-static/avatars/s.png', width: 48 },
        { path: '/lazy-static/avatars/l.png', width: 600 },
      ],
      `${ORIGIN}/lazy-static/avatars/l.png`,
    ],
    [[{ path: '/a.png', fileUrl: 'https://files.example/a.png', width: 48 }], 'https://files.example/a.png'],
    [[{ path: '/a.png' }], `${ORIGIN}/a.png`],
    [[{ path: 'javascript:alert(1)', width: 48 }], null],
    [[{ path: 7 }], null],
    ['none', null],
    [null, null],
    [undefined, null],
  ])(
    'of the avatars %j takes the largest, and loses no video over a broken one',
    async (avatars, expected) => {
      const page = await readOne({ channel: { ...listed?.channel, avatars } })
      expect(page.skipped).toEqual([])
      expect(page.videos[0]?.video.channel.avatarUrl).toBe(expected)
      expect(page.videos[0]?.video.channel).not.toHaveProperty('avatars')
    },
  )

  it('cuts long texts, drops control characters and mends broken ones', async () => {
    const page = await readOne({
      name: `a\u0000b\u001b[2Jc\ud800${'x'.repeat(1_000)}`,
      description: 'y'.repeat(100_000),
      thumbnailPath: 'javascript:alert(1)',
      embedPath: 'https://evil.example:99999/',
    })
    expect(page.videos[0]?.video.name).toMatch(/^ab\[2Jc\ufffdx+$/)
    expect(page.videos[0]?.video.name).toHaveLength(500)
    expect(page.videos[0]?.video.description).toHaveLength(2_000)
    expect(page.videos[0]?.video.thumbnailUrl).toBeNull()
    expect(page.videos[0]?.video.embedUrl).toBeNull()
  })

  it('takes a film that is older than the epoch', async () => {
    const page = await readOne({ originallyPublishedAt: '1895-12-28T20:00:00.000Z' })
    expect(page.videos[0]?.video.originallyPublishedAt).toBe('1895-12-28T20:00:00.000Z')
  })

  it('keeps the UUID of an item that it leaves out, when there is one', async () => {
    expect((await readOne({ name: 7 })).listed).toEqual([{ uuid: listed?.uuid, publishedAt: null }])
    expect((await readOne({ uuid: 'x' })).listed).toEqual([{ uuid: null, publishedAt: null }])
  })

  it('does not repeat what was sent, which may be private, in what goes into the log', async () => {
    for (const change of [{ uuid: 'a secret' }, { duration: 'a secret' }, { url: 'a secret' }]) {
      const [detail] = (await readOne(change)).skipped
      expect(detail).toMatch(/^video 0: (uuid|duration|url): /)
      expect(detail).not.toContain('secret')
    }
  })

  it('names no more than the beginning of a long value, and keeps no URL that grows too long', async () => {
    const page = await readOne({ name: { toString: 'x'.repeat(100_000) }, duration: 'x'.repeat(100_000) })
    expect(page.skipped.join().length).toBeLessThan(400)
    const long = await readOne({ thumbnailPath: `/${'é'.repeat(900)}` })
    expect(long.videos[0]?.video.thumbnailUrl).toBeNull()
    const noList = await read({ data: 'x'.repeat(1_000_000) })
    expect(noList.kind === 'failed' && noList.detail.length).toBeLessThan(400)
    const location = await read('', { status: 302, headers: { location: `https://x/${'y'.repeat(10_000)}` } })
    expect(location.kind === 'failed' && location.detail.length).toBeLessThan(400)
  })

  it('refuses more items than were asked for, however small, without a look at each', async () => {
    const answer = await read(`{"data":[${Array.from({ length: 500_000 }, () => '{}').join()}]}`)
    expect(answer).toMatchObject({ kind: 'failed', reason: 'schema' })
  })

  it('reads an item that has only what every version gives', async () => {
    const { description, isLive, nsfw, category, licence, language, ...rest } = listed ?? {}
    const page = await read({ data: [rest] })
    expect(page).toMatchObject({
      kind: 'page',
      skipped: [],
      videos: [{ video: { nsfw: false, category: null } }],
    })
  })

  it.each([
    ['not JSON', '<html>', 'html'],
    ['no list', '{}', 'schema'],
    ['null', 'null', 'schema'],
    ['a list of nothing known', '{"data": {}}', 'schema'],
  ])('says what is wrong with an answer that is %s', async (_name, body, reason) => {
    expect(await read(body)).toMatchObject({ kind: 'failed', reason })
  })

  it('never throws, and makes nothing up, whatever JSON comes', async () => {
    const hostile = fc.oneof(
      fc.json(),
      fc.record({ data: fc.array(fc.anything()) }).map((value) => JSON.stringify(value) ?? 'null'),
      fc
        .dictionary(fc.constantFrom(...Object.keys(listed ?? {}), '__proto__'), fc.anything())
        .map((change) => JSON.stringify({ data: [{ ...listed, ...change }] }) ?? 'null'),
    )
    await fc.assert(
      fc.asyncProperty(hostile, async (body) => {
        const page = await read(body)
        if (page.kind === 'page') {
          expect(page.videos.length + page.skipped.length).toBe(page.listed.length)
          for (const { video } of page.videos) {
            expect(new Date(video.publishedAt).toISOString()).toBe(video.publishedAt)
            expect(JSON.stringify(video).length).toBeLessThan(16_000)
          }
        }
        expect(Object.prototype).not.toHaveProperty('polluted')
      }),
      { numRuns: 300 },
    )
  })
})

describe('The list that is read', () => {
  const COMMON = 'nsfw=both&sort=-publishedAt&count=100&start=200&skipCount=true'
  it.each<[VideosTarget, string]>([
    [{ kind: 'local' }, `/api/v1/videos?isLocal=true&${COMMON}`],
    [{ kind: 'channel', name: 'a/b' }, `/api/v1/video-channels/a%2Fb/videos?isLocal=true&${COMMON}`],
    [{ kind: 'account', name: 'alice' }, `/api/v1/accounts/alice/videos?isLocal=true&${COMMON}`],
    [{ kind: 'subscriptions', connectionId: 'con_1' }, `/api/v1/users/me/subscriptions/videos?${COMMON}`],
    [
      { kind: 'search', query: { search: 'a & b', tagsOneOf: ['x', 'y'], categoryOneOf: [15] } },
      `/api/v1/search/videos?isLocal=true&${COMMON}&searchTarget=local&search=a+%26+b&tagsOneOf=x&tagsOneOf=y&categoryOneOf=15`,
    ],
  ])('of %j is %s', async (target, path) => {
    const asked: unknown[] = []
    await readVideosPage(
      async (url, options) => {
        asked.push(url, options)
        return { kind: 'failed', reason: 'http', detail: '', observation: null }
      },
      ORIGIN,
      target,
      200,
      'W/"1"',
    )
    expect(asked).toEqual([ORIGIN + path, { etag: 'W/"1"' }])
  })

  it('tells how many comments a video has, and when it was touched, where the instance says so', async () => {
    expect((await readOne({ comments: 7, updatedAt: '2026-11-24T00:00:00Z' })).videos).toMatchObject([
      { comments: 7, updatedAt: '2026-11-24T00:00:00Z' },
    ])
    const page = await readOne({ comments: -1, updatedAt: 'soon' })
    expect(page.skipped).toEqual([])
    expect(page.videos).toMatchObject([{ comments: null, updatedAt: page.videos[0]?.video.publishedAt }])
  })

  it('of a recent version names the largest of its thumbnails', async () => {
    const { thumbnailPath, ...rest } = listed ?? {}
    const thumbnails = [
      { path: '/s.jpg', width: 100 },
      { fileUrl: 'https://files.example/l.jpg', width: 900 },
    ]
    expect(thumbnailPath).toBeDefined()
    expect(await read({ data: [{ ...rest, thumbnails }] })).toMatchObject({
      videos: [{ video: { thumbnailUrl: 'https://files.example/l.jpg' } }],
    })
  })
})

describe('readVideo', () => {
  const ask = (body: unknown, init: ResponseInit) => readVideo(answering(body, init), ORIGIN, 'a b')

  it.each([
    ['get_video', recordedVideo, 'video'],
    ['get_video_deleted_404', recordedGone, 'gone'],
    ['get_video_private_401', recordedPrivate, 'forbidden'],
  ])('tells what became of %s', async (_name, { response }, kind) => {
    const { status, headers, body } = response
    expect(await ask(body, { status, headers })).toMatchObject({ kind })
  })

  it.each([
    [403, { kind: 'forbidden' }],
    [400, { kind: 'failed', reason: 'http' }],
    [410, { kind: 'failed' }],
    [302, { kind: 'failed', reason: 'redirect' }],
    [502, { kind: 'failed' }],
  ])('takes a %i for what it is', async (status, expected) => {
    expect(await ask('{}', { status, headers: { location: 'https://elsewhere.example/' } })).toMatchObject(
      expected,
    )
  })

  it.each([
    ['nothing of a video', {}, 'privacy'],
    ['no time', { ...recordedVideo.response.body, publishedAt: null }, 'publishedAt'],
    ['a privacy that is none', { ...recordedVideo.response.body, privacy: { id: 'x' } }, 'privacy.id'],
  ])('says what is wrong with an answer that has %s', async (_name, body, field) => {
    expect(await ask(body, {})).toMatchObject({
      kind: 'failed',
      reason: 'schema',
      detail: expect.stringContaining(field),
    })
  })

  it('tells the tags, the description and the state', async () => {
    const { body } = recordedVideo.response
    expect(await ask(body, {})).toEqual({
      kind: 'video',
      detail: { tags: body.tags, description: body.description },
      fate: {
        kind: 'there',
        isLive: false,
        privacy: 1,
        state: 1,
        publishedAt: body.publishedAt,
        updatedAt: body.updatedAt,
      },
    })
    // A live that waits, as 4 or 5.
    const waiting = await ask({ ...body, isLive: true, state: { id: 4 }, privacy: { id: 2 } }, {})
    expect(waiting).toMatchObject({ fate: { isLive: true, state: 4, privacy: 2 } })
  })
})
