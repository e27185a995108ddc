/** @module The pass of the day: each page of a list once, evenly, whatever comes and goes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advancePass, dueSlices, newPass, PAGE_SIZE, type Pass } from '../../src/events/video-walk.ts'
import { NOW } from '../support/video.ts'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE

/** A list of so many videos, newest first, a second apart. */
const listOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ uuid: `v${index}`, publishedAt: NOW - index * 1_000 }))
type List = ReturnType<typeof listOf>

/** How many requests it takes to read a list to its end: pages overlap by a video, and the last shows that there is no more. */
const pagesOf = (count: number) => Math.max(1, Math.ceil((count - 1) / (PAGE_SIZE - 1))) + 1

/** A source that reads its pass at every poll, as polls do. */
class Reader {
  pass: Pass
  readonly seen = new Set<string>()
  /** When each page was read. */
  readonly reads: number[] = []
  readonly slices: number[] = []

  constructor(pass: Pass) {
    this.pass = pass
  }

  poll(list: List, now: number): void {
    const due = dueSlices(this.pass, now)
    this.slices.push(due)
    for (let left = due; left > 0; left -= 1) {
      if (!this.pass.walk) this.pass = newPass(this.pass.pages, now)
      const start = this.pass.walk?.start ?? 0
      const page = list.slice(start, start + PAGE_SIZE)
      for (const { uuid } of page) this.seen.add(uuid)
      this.reads.push(now)
      this.pass = advancePass(this.pass, page, now)
      if (!this.pass.walk) return
    }
  }
}

/** Polls so often for so long. */
function readFor(reader: Reader, list: List, everyMs: number, fromMs: number, toMs: number): void {
  for (let at = fromMs; at < toMs; at += everyMs) reader.poll(list, NOW + at)
}

describe('A pass', () => {
  it.each([1, 2, 99, 100, 101, 250, 1_000, 5_000])(
    'reads each page of %i videos once a day, evenly',
    (count) => {
      const list = listOf(count)
      const pages = pagesOf(count)
      const reader = new Reader(newPass(pages, NOW))
      readFor(reader, list, 5 * MINUTE, 0, DAY)
      expect(reader.seen.size).toBe(count)
      expect(reader.reads).toHaveLength(pages)
      expect(reader.pass).toEqual({ startedAt: NOW, walk: null, pages })
      // Between two of them there is no more than its share of the day, and what a poll is late.
      const gaps = reader.reads.slice(1).map((at, index) => at - (reader.reads[index] ?? 0))
      expect(Math.max(0, ...gaps)).toBeLessThanOrEqual((DAY * 0.9) / pages + 5 * MINUTE)
      if (pages > 20) expect(Math.max(...reader.slices)).toBe(1)

      readFor(reader, list, 5 * MINUTE, DAY, 2 * DAY)
      expect(reader.reads).toHaveLength(2 * pages)
      expect(reader.pass.startedAt).toBe(NOW + DAY)
    },
  )

  it('is done in a day although the list is ten times as long as it was thought to be', () => {
    const reader = new Reader(newPass(1, NOW))
    readFor(reader, listOf(1_000), 5 * MINUTE, 0, 12 * DAY)
    expect(reader.seen.size).toBe(1_000)
    // From the second time on its length is known.
    expect(reader.pass.pages).toBe(pagesOf(1_000))
  })

  it('never reads more than five pages at once, however late it is, and catches up', () => {
    const list = listOf(2_000)
    const reader = new Reader(newPass(pagesOf(2_000), NOW))
    reader.poll(list, NOW)
    for (const hours of [20, 21, 22, 23, 23.5]) reader.poll(list, NOW + hours * 60 * MINUTE)
    expect(reader.slices.slice(0, 5)).toEqual([1, 5, 5, 5, 5])
    expect(reader.reads).toHaveLength(pagesOf(2_000))
    expect(reader.seen.size).toBe(2_000)
    expect(reader.pass.walk).toBeNull()
  })

  it('rests until a day after it began, then begins anew', () => {
    const reader = new Reader(newPass(1, NOW))
    readFor(reader, listOf(10), MINUTE, 0, DAY)
    expect(dueSlices(reader.pass, NOW + DAY - 1)).toBe(0)
    expect(dueSlices(reader.pass, NOW + DAY)).toBe(1)
  })

  it.each([
    ['is empty', []],
    ['repeats itself', listOf(PAGE_SIZE)],
  ])('ends where a list %s', (_name, page) => {
    let pass = newPass(3, NOW)
    let pages = 0
    for (; pass.walk; pages += 1) {
      expect(pages).toBeLessThan(10)
      pass = advancePass(pass, page, NOW)
    }
    expect(pass.startedAt).toBe(NOW)
  })

  it('goes on to the end, although its first page is read again and again for what was removed from it', () => {
    let list = listOf(600)
    const seen = new Set<string>()
    let pass = newPass(pagesOf(600), NOW)
    for (let pages = 0; pass.walk; pages += 1) {
      expect(pages).toBeLessThan(30)
      const { start } = pass.walk
      if (start > 0 && pages < 10) list = list.toSpliced(1, 20)
      const page = list.slice(start, start + PAGE_SIZE)
      for (const { uuid } of page) seen.add(uuid)
      pass = advancePass(pass, page, NOW)
    }
    expect(list.filter(({ uuid }) => !seen.has(uuid))).toEqual([])
  })

  it('ends where a page goes on to be an old one', () => {
    const list = listOf(300)
    // As a cache keeps it from before ten videos were published.
    const old = list.slice(110, 210)
    let pass = newPass(3, NOW)
    let pages = 0
    for (; pass.walk; pages += 1) {
      expect(pages).toBeLessThan(60)
      const { start } = pass.walk
      pass = advancePass(pass, start === 99 ? old : list.slice(start, start + PAGE_SIZE), NOW)
    }
    expect(pages).toBeGreaterThan(10)
  })

  const step = fc.oneof(
    fc.record({
      kind: fc.constant('publish' as const),
      count: fc.integer({ min: 1, max: 150 }),
      at: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant('remove' as const),
      count: fc.integer({ min: 1, max: 60 }),
      at: fc.nat(900),
    }),
  )

  it('sees every video that stays, although the list shifts under it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 900 }),
        fc.array(fc.tuple(fc.nat(20), step), { maxLength: 12 }),
        (count, script) => {
          let list = listOf(count)
          let next = 0
          const before = new Set(list.map(({ uuid }) => uuid))
          const reader = new Reader(newPass(pagesOf(count), NOW))
          // So many polls that each page has its turn, and what slid past a seam too.
          for (let poll = 0; reader.pass.walk; poll += 1) {
            expect(poll).toBeLessThan(300)
            for (const [, one] of script.filter(([at]) => at === poll)) {
              if (one.kind === 'remove') list = list.toSpliced(one.at, one.count)
              else {
                const fresh = Array.from({ length: one.count }, () => {
                  next += 1
                  return { uuid: `new${next}`, publishedAt: NOW + next }
                })
                list = [...fresh.reverse(), ...list]
              }
            }
            reader.poll(list, NOW + poll * 60 * MINUTE)
          }
          const missed = list.filter(({ uuid }) => before.has(uuid) && !reader.seen.has(uuid))
          expect(missed).toEqual([])
        },
      ),
      { numRuns: 200 },
    )
  })
})
