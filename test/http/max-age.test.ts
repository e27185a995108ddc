import { describe, expect, it } from 'vitest'
import { maxAge } from '../../src/http/max-age.ts'

describe('maxAge', () => {
  it.each([
    ['max-age=900', 900],
    ['public, max-age=600, must-revalidate', 600],
    ['Max-Age="60"', 60],
    ['max-age=0', 0],
    ['max-age=5, max-age=9', 5],
    ['max-age=999999999', 86_400],
    ['s-maxage=900', null],
    ['x-max-age=900', null],
    ['max-age=-1', null],
    ['max-age=1.5', null],
    ['max-age', null],
    ['no-store', null],
    ['', null],
    [null, null],
  ])('of %j is %j', (header, seconds) => {
    expect(maxAge(header)).toBe(seconds)
  })
})
