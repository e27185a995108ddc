import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linkTo, parseRoute } from '../../src/dashboard/address.ts'

describe('An address of the dashboard', () => {
  it.each([
    ['', []],
    ['#', []],
    ['#/', []],
    ['#/events', ['events']],
    ['#/events/', ['events']],
    ['#events/evt_1', ['events', 'evt_1']],
    ['#/a%2Fb', ['a/b']],
    ['#/%E0%A4%A', ['%E0%A4%A']],
  ])('%s leads to %j', (hash, path) => {
    expect(parseRoute(hash).path).toEqual(path)
  })

  it('has its query after the first question mark', () => {
    const { path, query } = parseRoute('#/events?q=a?b&type=video.*&type=comment.*')
    expect(path).toEqual(['events'])
    expect(query.get('q')).toBe('a?b')
    expect(query.getAll('type')).toEqual(['video.*', 'comment.*'])
  })

  it('leaves out what is not asked for', () => {
    expect(linkTo(['events'], { q: '', type: [], before: undefined, count: 0, all: false })).toBe(
      '#/events?count=0&all=false',
    )
  })

  it('is read as it was written, whatever it says', () => {
    const part = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed())
    fc.assert(
      fc.property(fc.array(part), fc.dictionary(part, part), (path, query) => {
        const read = parseRoute(linkTo(path, query))
        expect(read.path).toEqual(path)
        expect([...read.query].sort()).toEqual(Object.entries(query).sort())
      }),
    )
  })
})
