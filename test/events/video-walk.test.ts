import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detectVideos } from '../../src/events/detect.ts'
import type { Video } from '../../src/events/types.ts'
import {
  advance,
  currentWalk,
  firstCheckpoint,
  PAGE_SIZE,
  type VideosCheckpoint,
} from '../../src/events/video-walk.ts'

const HOST = 'peertube.example'

function video(uuid: string, publishedAt: number): Video {
  const actor = { name: 'a', displayName: 'A', host: HOST, handle: `a@${HOST}`, url: `https://${HOST}/a` }
  const time = new Date(publishedAt).toISOString()
  return {
    uuid,
    shortUUID: uuid,
    url: `https://${HOST}/w/${uuid}`,
    name: uuid,
    description: null,
    duration: 1,
    isLive: false,
    nsfw: false,
    category: null,
    licence: null,
    language: null,
    thumbnailUrl: null,
    embedUrl: null,
    publishedAt: time,
    createdAt: time,
    originallyPublishedAt: null,
    channel: actor,
    account: actor,
  }
}

const watching: VideosCheckpoint = { baseline: true, newest: 1_000, walk: null }
const seen = (entries: [string, number][]) => entries.map(([uuid, publishedAt]) => ({ uuid, publishedAt }))
const full = (from: number) =>
  seen(Array.from({ length: PAGE_SIZE }, (_, index) => [`v${from + index}`, from - index]))

describe('advance', () => {
  it.each<
    [string, VideosCheckpoint, { uuid: string; publishedAt: number }[], string[], Partial<VideosCheckpoint>]
  >([
    [
      'the first walk ends with a short page',
      firstCheckpoint(0),
      seen([['a', 5]]),
      [],
      { baseline: true, newest: 5, walk: null },
    ],
    [
      'the first walk ends with an empty page',
      firstCheckpoint(0),
      [],
      [],
      { baseline: true, newest: 0, walk: null },
    ],
    [
      'a walk ends at a known video older than the checkpoint',
      watching,
      full(1_050),
      ['v1149'],
      { newest: 1_050, walk: null },
    ],
    ['the newest never goes back', watching, seen([['a', 5]]), [], { newest: 1_000, walk: null }],
  ])('%s', (_name, checkpoint, videos, known, expected) => {
    const next = advance(checkpoint, { length: videos.length, videos }, new Set(known), 0)
    expect(next.checkpoint).toMatchObject(expected)
  })

  it.each([
    ['the last video of the page is unknown', full(1_050), []],
    ['the last video of the page ties with the checkpoint', full(1_099), ['v1198']],
  ])('a walk goes on when %s', (_name, videos, known) => {
    const next = advance(watching, { length: PAGE_SIZE, videos }, new Set(known), 0)
    expect(next.checkpoint.walk).toMatchObject({ start: PAGE_SIZE - 1 })
    expect(next.checkpoint.newest).toBe(1_000)
  })

  it('steps back a page when the page does not begin where the last one ended', () => {
    const first = advance(watching, { length: PAGE_SIZE, videos: full(5_000) }, new Set(), 0).checkpoint
    const next = advance(first, { length: PAGE_SIZE, videos: full(3_000) }, new Set(), 0)
    expect(next.gap).toBe(true)
    expect(next.checkpoint.walk?.start).toBe(0)
  })
})

describe('detectVideos', () => {
  it('emits unknown videos whatever their date, oldest first, each once', () => {
    const page = [video('new', 2_000), video('known', 1_500), video('late', 10), video('new', 2_000)]
    const found = detectVideos({
      instance: HOST,
      checkpoint: watching,
      page,
      known: new Set(['known']),
      now: 3_000,
    })
    expect(found.events.map(({ subject }) => subject)).toEqual(['late', 'new'])
    expect(found.remember.map(({ uuid }) => uuid)).toEqual(['new', 'late'])
    expect(found.events[0]?.seenAt).toBe(3_000)
  })

  it('gives the same event the same id, and another one another', () => {
    const id = (instance: string, uuid: string) =>
      detectVideos({
        instance,
        checkpoint: watching,
        page: [video(uuid, 1)],
        known: new Set(),
        now: Math.random(),
      }).events[0]?.id
    expect(id(HOST, 'a')).toBe(id(HOST, 'a'))
    expect(id(HOST, 'a')).toMatch(/^evt_[0-9a-f]{32}$/)
    expect(new Set([id(HOST, 'a'), id(HOST, 'b'), id('other.example', 'a')]).size).toBe(3)
  })
})

/** A list as an instance keeps it, read as a poll reads it. */
class Reader {
  checkpoint = firstCheckpoint(0)
  readonly known = new Set<string>()
  readonly emitted: string[] = []

  /** Reads one page. @returns whether the walk is done. */
  readPage(list: readonly { uuid: string; at: number }[]): boolean {
    const { start } = currentWalk(this.checkpoint)
    const page = list.slice(start, start + PAGE_SIZE).map(({ uuid, at }) => video(uuid, at))
    const known = new Set(page.map(({ uuid }) => uuid).filter((uuid) => this.known.has(uuid)))
    const found = detectVideos({ instance: HOST, checkpoint: this.checkpoint, page, known, now: 0 })
    const videos = page.map(({ uuid, publishedAt }) => ({ uuid, publishedAt: Date.parse(publishedAt) }))
    this.checkpoint = advance(this.checkpoint, { length: page.length, videos }, known, 0).checkpoint
    for (const { uuid } of found.remember) this.known.add(uuid)
    this.emitted.push(...found.events.map(({ subject }) => subject))
    return this.checkpoint.walk === null
  }
}

describe('Whatever comes and goes while pages are read', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 150 }) }),
    fc.record({
      kind: fc.constant('remove' as const),
      count: fc.integer({ min: 1, max: 60 }),
      at: fc.nat(400),
    }),
    fc.record({ kind: fc.constant('read' as const) }),
    fc.record({ kind: fc.constant('read' as const) }),
  )

  it('every video published since the first walk began is emitted once, and none that was there before', () => {
    fc.assert(
      fc.property(fc.nat(450), fc.array(step, { maxLength: 40 }), (count, steps) => {
        let clock = 1_000
        let next = 0
        const make = () => {
          clock += 1
          next += 1
          return { uuid: `v${next}`, at: clock }
        }
        let list = Array.from({ length: count }, make).reverse()
        const before = new Set(list.map(({ uuid }) => uuid))
        const reader = new Reader()
        reader.readPage(list)
        for (const one of steps) {
          if (one.kind === 'publish') list = [...Array.from({ length: one.count }, make).reverse(), ...list]
          if (one.kind === 'remove') list = list.toSpliced(one.at, one.count)
          if (one.kind === 'read') reader.readPage(list)
        }
        // At rest: the walk under way, and a whole new one.
        for (let pages = 0; !reader.readPage(list); pages += 1) expect(pages).toBeLessThan(200)
        for (let pages = 0; !reader.readPage(list); pages += 1) expect(pages).toBeLessThan(200)

        const emitted = new Set(reader.emitted)
        expect(emitted.size).toBe(reader.emitted.length)
        const expected = list.filter(({ uuid }) => !before.has(uuid)).map(({ uuid }) => uuid)
        expect(expected.filter((uuid) => !emitted.has(uuid))).toEqual([])
        expect([...emitted].filter((uuid) => before.has(uuid))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
