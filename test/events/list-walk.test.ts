/** @module A walk down a list that grows by numbers. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { walkFrom, walkOn } from '../../src/events/list-walk.ts'
import { PAGE_SIZE } from '../../src/events/video-walk.ts'

/** So many numbers down from this one. */
const down = (from: number, count: number) => Array.from({ length: count }, (_, index) => from - index)

describe('A walk down a list', () => {
  it.each<[string, number | null, number[], number, boolean]>([
    ['never looked at ends with its first page', null, down(500, PAGE_SIZE), PAGE_SIZE, true],
    ['ends with a page that is not full', 10, down(500, 20), 20, true],
    ['ends with a page that has a known number', 401, down(500, PAGE_SIZE), PAGE_SIZE, true],
    ['goes on after a page of nothing but new ones', 400, down(500, PAGE_SIZE), PAGE_SIZE, false],
    ['goes on after a full page of which nothing could be understood', 400, [], PAGE_SIZE, false],
    ['goes on where there was nothing before', 0, down(500, PAGE_SIZE), PAGE_SIZE, false],
  ])('%s', (_, newestId, ids, listed, isDone) => {
    expect(walkOn(walkFrom(newestId), { ids, listed }, newestId)).toMatchObject({ isDone })
  })

  it('ends after a hundred pages, whatever there is', () => {
    let walk = { ...walkFrom(1), isDone: false }
    let pages = 0
    for (; !walk.isDone; pages += 1)
      walk = walkOn(walk, { ids: down(50_000, PAGE_SIZE), listed: PAGE_SIZE }, 1)
    expect(pages).toBe(100)
  })

  it('sees all that are new, though some come and a few go between any two pages', () => {
    const change = fc.record({
      added: fc.integer({ min: 0, max: 30 }),
      removed: fc.integer({ min: 0, max: 10 }),
    })
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 600 }),
        fc.array(change, { minLength: 10, maxLength: 10 }),
        (count, changes) => {
          const known = 50
          let list = [...down(known + count, count), ...down(known, known)]
          const wanted = new Set(list.filter((id) => id > known))
          const seen = new Set<number>()
          let walk = { ...walkFrom(known), isDone: false }
          for (let page = 0; !walk.isDone; page += 1) {
            const ids = list.slice(walk.start, walk.start + PAGE_SIZE)
            for (const id of ids) seen.add(id)
            walk = walkOn(walk, { ids, listed: ids.length }, known)
            const { added, removed } = changes[page] ?? { added: 0, removed: 0 }
            const top = list[0] ?? 0
            // Those that go are new ones, already seen, at the top: so all others move up.
            for (const id of list.slice(0, removed)) wanted.delete(id)
            list = [...down(top + added, added), ...list.slice(removed)]
          }
          expect([...wanted].filter((id) => !seen.has(id))).toEqual([])
          expect(walk.highest).toBeGreaterThanOrEqual(Math.max(0, ...seen))
        },
      ),
    )
  })
})
