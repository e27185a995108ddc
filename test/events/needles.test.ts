import { describe, expect, it } from 'vitest'
import { facetsOf, fold } from '../../src/events/facets.ts'
import { type Filter, matches } from '../../src/events/filter.ts'
import { needlesOf } from '../../src/events/needles.ts'
import { Random } from '../model/random.ts'
import { randomEvent, randomFilter } from '../support/filters.ts'

describe('What a payload must have', () => {
  it.each<[string, Filter, string[]]>([
    ['nothing, of an empty filter', {}, []],
    ['a word, in lower case', { text: 'Walrus' }, ['walrus']],
    ['of several words the longest', { text: 'a walrus sat' }, ['walrus']],
    ['of a word what is not i or k, which other letters become', { text: 'Kitchens' }, ['tchens']],
    ['of a letter that is not of ASCII nothing', { text: 'öÖ' }, []],
    ['nothing of what JSON escapes', { text: 'a"bc\\d' }, ['bc']],
    ['a tag', { tags: ['Robots!'] }, ['robots!']],
    ['nothing, where one of several is enough', { tags: ['a', 'b'], videos: ['x', 'y'] }, []],
    [
      'the name of a channel and of an account, whose hosts are apart',
      { channels: ['news@a.example'], accounts: ['bob@b.example'] },
      ['news', 'bob'],
    ],
    [
      'a UUID',
      { videos: ['43493D1C-8fbe-411e-9932-9ee0e7172022'] },
      ['43493d1c-8fbe-411e-9932-9ee0e7172022'],
    ],
    ['nothing, where a type is wanted whatever it has', { types: ['instance.*'], text: 'walrus' }, []],
    ['nothing of what is not searched for in it', { types: ['video.*'], nsfw: true, minDuration: 5 }, []],
  ])('is %s', (_, filter, expected) => {
    expect(needlesOf(filter)).toEqual(expected)
  })

  it('is made of nothing that a character of another alphabet becomes when texts are compared', () => {
    const becoming: string[] = []
    for (let code = 0x80; code <= 0x10ffff; code += 1) {
      const folded = fold(`é${String.fromCodePoint(code)}é`)
      if (needlesOf({ text: folded }).length > 0) becoming.push(code.toString(16))
    }
    expect(becoming).toEqual([])
  })

  it('is in the payload of whatever fits, of any filter and event', () => {
    const random = new Random(7)
    let fitting = 0
    for (let round = 0; round < 40_000; round += 1) {
      const [filter, event] = [randomFilter(random), randomEvent(random, 'evt_1')]
      const needles = needlesOf(filter)
      if (needles.length === 0 || !matches(filter, facetsOf(event))) continue
      fitting += 1
      const payload = JSON.stringify(event.data).replace(/[A-Z]/g, (letter) => letter.toLowerCase())
      for (const needle of needles) expect(payload).toContain(needle)
    }
    expect(fitting).toBeGreaterThan(50)
  })
})
