import { describe, expect, it } from 'vitest'
import { fractionOf, numberOf } from '../../src/dashboard/number-of.ts'
import {
  draftOf,
  draftOfQuery,
  filterOf,
  NO_FILTER,
  queryOf,
} from '../../src/dashboard/parts/filter-draft.ts'

const FULL = {
  types: ['video.*', 'comment.published'],
  instances: ['a.example', 'b.example'],
  channels: ['news@a.example'],
  accounts: ['anna@a.example'],
  videos: ['kkGMgK9ZtnKfYAgnEtQxbv'],
  tags: ['one', 'two'],
  languages: ['fr'],
  categories: [1, 15],
  notificationKinds: ['new-comment'],
  text: 'a word',
  nsfw: false,
  localOnly: true,
  minDuration: 60,
  maxDuration: 600,
}

describe('A filter as it is typed', () => {
  it('is the filter that it was read from', () => {
    expect(filterOf(draftOf(FULL))).toEqual(FULL)
    expect(filterOf(draftOf({}))).toEqual({})
  })

  it('comes through an address', () => {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(queryOf(draftOf(FULL))))
      for (const one of [value].flat()) query.append(name, String(one))
    expect(filterOf(draftOfQuery(query))).toEqual(FULL)
  })

  it.each(['10m', 'Infinity', '1,5', 'NaN'])(
    'has %s as it is where a number is wanted, and never null',
    (typed) => {
      const filter = filterOf({ ...NO_FILTER, minDuration: typed, maxDuration: typed })
      expect(JSON.parse(JSON.stringify(filter))).toEqual({ minDuration: typed, maxDuration: typed })
    },
  )

  it('has no condition of what is empty', () => {
    expect(filterOf({ ...NO_FILTER, minDuration: ' ', maxDuration: '', categories: ' ' })).toEqual({})
  })
})

describe('A number that is typed', () => {
  it.each([
    ['0.5', 0.5],
    ['0,5', 0.5],
    [' 12 ', 12],
    ['1,000', '1,000'],
    ['', ''],
    ['five', 'five'],
  ])('%j may be a fraction: %j', (typed, expected) => expect(fractionOf(typed)).toBe(expected))

  it('has no comma where a fraction makes no sense', () => expect(numberOf('0,5')).toBe('0,5'))
})
