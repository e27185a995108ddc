import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detectVideos, type KnownVideo } from '../../src/events/detect-videos.ts'
import {
  advance,
  currentWalk,
  firstCheckpoint,
  type Listed,
  PAGE_SIZE,
  type VideosCheckpoint,
} from '../../src/events/video-walk.ts'
import { NOW, scene, seen as seenVideo, video } from '../support/video.ts'

const watching: VideosCheckpoint = { baseline: true, newest: 1_000, walk: null }
const seen = (entries: [string, number][]) => entries.map(([uuid, publishedAt]) => ({ uuid, publishedAt }))
const full = (from: number) =>
  seen(Array.from({ length: PAGE_SIZE }, (_, index) => [`v${from + index}`, from - index]))

/** The next step after a page of videos, all of them readable. @throws when the list has no end. */
function step(checkpoint: VideosCheckpoint, page: Listed[], known: string[] = []) {
  const next = advance(checkpoint, page, new Set(known), 0, NOW)
  if (next.kind === 'endless') throw new Error('endless')
  return next
}

describe('advance', () => {
  it('ends the first walk where a page has nothing but what the page before ended with, however short pages are', () => {
    const first = step(
      firstCheckpoint(0),
      seen([
        ['a', 9],
        ['b', 7],
        ['c', 5],
      ]),
    )
    expect(first).toMatchObject({ kind: 'on', checkpoint: { baseline: false, walk: { start: 2 } } })
    const second = step(
      first.checkpoint,
      seen([
        ['c', 5],
        ['d', 3],
      ]),
    )
    expect(second).toMatchObject({ kind: 'on', checkpoint: { walk: { start: 3 } } })
    const last = step(second.checkpoint, seen([['d', 3]]))
    expect(last).toEqual({ kind: 'done', checkpoint: { baseline: true, newest: 9, walk: null } })
  })

  it('ends the walk of a list of one', () => {
    const first = step(firstCheckpoint(0), seen([['a', 9]]))
    expect(step(first.checkpoint, seen([['a', 9]])).kind).toBe('done')
  })

  it('does not take an empty list for the whole: what was published before is no news when it comes', () => {
    const empty = step(firstCheckpoint(2), [])
    expect(empty.kind).toBe('empty')
    expect(empty.checkpoint.baseline).toBe(false)
    const found = detectVideos({
      scene,
      checkpoint: empty.checkpoint,
      page: [seenVideo(video('new', NOW)), seenVideo(video('old', NOW - 3_600_000))],
      unreadable: [],
      known: new Map(),
    })
    expect(found.events.map(({ subject }) => subject)).toEqual(['new'])
    expect(found.rows).toHaveLength(2)
  })

  it.each<[string, VideosCheckpoint, Listed[], string[], Partial<VideosCheckpoint>]>([
    ['at a known video older than the checkpoint', watching, full(1_050), ['v1149'], { newest: 1_050 }],
    [
      'at the last video that could be read',
      watching,
      [...full(1_050), { uuid: 'x', publishedAt: null }],
      ['v1149'],
      { newest: 1_050 },
    ],
    ['where everything was deleted', watching, [], [], { newest: 1_000 }],
    ['and the newest never goes back', watching, seen([['a', 5]]), ['a'], { newest: 1_000 }],
  ])('ends a later walk %s', (_name, checkpoint, page, known, expected) => {
    expect(step(checkpoint, page, known)).toEqual({
      kind: 'done',
      checkpoint: { baseline: true, walk: null, ...expected },
    })
  })

  it.each([
    ['the last video of the page is unknown', full(1_050), []],
    ['the last video of the page ties with the checkpoint', full(1_099), ['v1198']],
  ])('goes on when %s', (_name, page, known) => {
    const next = step(watching, page, known)
    expect(next).toMatchObject({ kind: 'on', checkpoint: { newest: 1_000, walk: { start: PAGE_SIZE - 1 } } })
  })

  it.each([
    ['another page', full(3_000)],
    ['an empty page', []],
  ])('steps back a page when %s begins where the last one did not end', (_name, page) => {
    const first = step(watching, full(5_000)).checkpoint
    expect(step(first, page)).toMatchObject({ kind: 'gap', checkpoint: { walk: { start: 0 } } })
  })

  it('recognises the next page although the last videos of a page were deleted, or could not be read', () => {
    const first = step(watching, [...full(5_000), { uuid: 'unreadable', publishedAt: null }]).checkpoint
    expect(
      step(
        first,
        seen([
          ['v5096', 4_904],
          ['v5200', 1_500],
        ]),
      ).kind,
    ).toBe('on')
    expect(step(first, [{ uuid: 'unreadable', publishedAt: null }, ...full(5_200)]).kind).toBe('on')
  })

  it('reads on when the page begins with what was read already: the list has grown', () => {
    const first = step(watching, full(5_000)).checkpoint
    const grown = seen([
      ['new', 6_000],
      ...full(5_000).map(({ uuid }, index) => [uuid ?? '', 5_500 - index] as [string, number]),
    ])
    expect(step(first, grown.slice(0, 90))).toMatchObject({
      kind: 'on',
      checkpoint: { walk: { start: 188 } },
    })
  })

  it('begins a page with the first video of the date at which the page before ended', () => {
    const tied = full(5_000).map((one, index) => (index >= 96 ? { ...one, publishedAt: 4_000 } : one))
    expect(step(watching, tied).checkpoint.walk).toMatchObject({ start: 96, seam: tied[96]?.uuid })
    // A whole page of one date is followed by another.
    const same = full(5_000).map((one) => ({ ...one, publishedAt: 4_000 }))
    expect(step(watching, same).checkpoint.walk).toMatchObject({ start: 99, seam: null })
  })

  it('ends at a last item that nothing can be read of', () => {
    const nothing = { uuid: null, publishedAt: null }
    const first = step(firstCheckpoint(0), [
      ...seen([
        ['a', 9],
        ['b', 7],
      ]),
      nothing,
    ])
    expect(step(first.checkpoint, [nothing]).kind).toBe('done')
    const alone = step(firstCheckpoint(0), [nothing])
    expect(step(alone.checkpoint, [nothing]).kind).toBe('done')
  })

  it('gives up on a list that never ends, after three thousand pages', () => {
    let checkpoint = firstCheckpoint(0)
    let pages = 0
    for (;;) {
      // Each begins with the last one of the page before.
      const from = 10_000_000 - pages * (PAGE_SIZE - 1)
      const next = advance(
        checkpoint,
        full(from).map((one) => ({ ...one, uuid: `at-${one.publishedAt}` })),
        new Set(),
        0,
        NOW,
      )
      if (next.kind === 'endless') break
      expect(next.kind).toBe('on')
      checkpoint = next.checkpoint
      pages += 1
    }
    expect(pages).toBe(3_000)
  })

  it('gives up on a list that repeats itself, and goes on when it does no more', () => {
    const page = full(5_000)
    let { checkpoint } = step(firstCheckpoint(0), page)
    let next = advance(checkpoint, page, new Set(), 0, NOW)
    for (let pages = 0; next.kind !== 'endless'; pages += 1) {
      expect(pages).toBeLessThan(5)
      checkpoint = next.checkpoint
      next = advance(checkpoint, page, new Set(), 0, NOW)
    }
    // What it did not show while it repeated itself is read then.
    const { start } = currentWalk(checkpoint)
    const healed = step(checkpoint, full(5_000 - start))
    expect(healed).toMatchObject({ kind: 'gap', checkpoint: { walk: { start: start - PAGE_SIZE } } })
  })
})

/** A list as an instance keeps it, read as a poll reads it. */
class Reader {
  checkpoint = firstCheckpoint(0)
  readonly known = new Map<string, KnownVideo>()
  readonly emitted: string[] = []

  /** Reads one page. @returns whether the walk is done. */
  readPage(list: readonly Entry[], now: number): boolean {
    const { start } = currentWalk(this.checkpoint)
    const page = list.slice(start, start + PAGE_SIZE).map(({ uuid, at }) => seenVideo(video(uuid, at)))
    const known = new Map(
      page.flatMap(({ video: { uuid } }) => {
        const row = this.known.get(uuid)
        return row ? [[uuid, row] as const] : []
      }),
    )
    const found = detectVideos({
      scene: { ...scene, now },
      checkpoint: this.checkpoint,
      page,
      unreadable: [],
      known,
    })
    const listed = page.map(({ video: { uuid, publishedAt } }) => ({
      uuid,
      publishedAt: Date.parse(publishedAt),
    }))
    const next = advance(this.checkpoint, listed, new Set(known.keys()), 0, now)
    if (next.kind === 'endless') throw new Error('the list has no end')
    this.checkpoint = next.checkpoint
    for (const row of found.rows) this.known.set(row.uuid, row)
    this.emitted.push(...found.events.map(({ subject }) => subject))
    return next.kind === 'done' || next.kind === 'empty'
  }
}

type Entry = { uuid: string; at: number }

describe('Deep in a long first walk', () => {
  const DEPTH = 31
  const list = () =>
    Array.from({ length: 6_000 }, (_, index) => ({ uuid: `v${index}`, at: NOW - index * 1_000 }))

  /** Reads so far, lets something happen, and reads to the end. @returns how many pages that took. */
  function walk(happen: (list: Entry[], reader: Reader) => Entry[]) {
    const reader = new Reader()
    let now = list()
    for (let pages = 0; pages < DEPTH; pages += 1) reader.readPage(now, NOW)
    now = happen(now, reader)
    let pages = DEPTH
    for (let isDone = false; !isDone; pages += 1) {
      expect(pages).toBeLessThan(500)
      isDone = reader.readPage(now, NOW)
    }
    return { pages, known: reader.known, list: now, emitted: reader.emitted }
  }
  const later = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ uuid: `new${index}`, at: NOW + (count - index) * 1_000 }))

  it.each([
    [
      'the last videos of the page before are deleted',
      66,
      (now, reader) => {
        const { tail } = currentWalk(reader.checkpoint)
        return now.filter(({ uuid }) => !tail.includes(uuid))
      },
    ],
    ['more than a page above is deleted', 68, (now) => now.toSpliced(100, 250)],
    ['more than a page is published', 66, (now) => [...later(150), ...now]],
    [
      'the instance shows nothing for a while',
      250,
      (now, reader) => {
        for (let reads = 0; reads < 60; reads += 1) reader.readPage([], NOW)
        return now
      },
    ],
  ] as [string, number, Parameters<typeof walk>[0]][])('%s: it goes on from there', (_name, most, happen) => {
    const walked = walk(happen)
    expect(walked.pages).toBeLessThanOrEqual(most)
    const old = walked.list.filter(({ at }) => at <= NOW)
    expect(old.filter(({ uuid }) => !walked.known.has(uuid))).toEqual([])
    expect(walked.emitted.filter((uuid) => !uuid.startsWith('new'))).toEqual([])
  })
})

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
        let clock = NOW
        let next = 0
        const make = () => {
          clock += 1
          next += 1
          return { uuid: `v${next}`, at: clock }
        }
        let list = Array.from({ length: count }, make).reverse()
        const before = new Set(list.map(({ uuid }) => uuid))
        // Between two of our looks there is more time than clocks differ.
        clock += 3_600_000
        const reader = new Reader()
        reader.readPage(list, clock)
        for (const one of steps) {
          if (one.kind === 'publish') list = [...Array.from({ length: one.count }, make).reverse(), ...list]
          if (one.kind === 'remove') list = list.toSpliced(one.at, one.count)
          if (one.kind === 'read') reader.readPage(list, clock)
        }
        // At rest: the walk under way, and a whole new one.
        for (let pages = 0; !reader.readPage(list, clock); pages += 1) expect(pages).toBeLessThan(200)
        for (let pages = 0; !reader.readPage(list, clock); pages += 1) expect(pages).toBeLessThan(200)

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
