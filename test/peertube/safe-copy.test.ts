/** @module What is kept of a value of unknown shape. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { safeCopy } from '../../src/peertube/safe-copy.ts'
import { anyValue } from '../support/hostile.ts'

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

describe('safeCopy', () => {
  it.each([
    ['a plain value as it is', { a: [1, 'x', true, null, { b: 2 }] }, { a: [1, 'x', true, null, { b: 2 }] }],
    ['no text longer than 1,000', 'x'.repeat(2_000), 'x'.repeat(1_000)],
    ['no control characters, no half ones', 'a\u0000b\ud800', 'ab\ufffd'],
    ['no more than 50 of a list', Array(60).fill(1), Array(50).fill(1)],
    ['no number that JSON has not', [Number.POSITIVE_INFINITY, Number.NaN], [null, null]],
    ['no key with control characters', { 'a\u0000': 1, b: 2 }, { b: 2 }],
    ['no key that is as long as a text', { ['k'.repeat(101)]: 1, b: 2 }, { b: 2 }],
    ['six levels', [[[[[[[1], 2]]]]]], [[[[[[null, 2]]]]]]],
  ])('keeps %s', (_what, value, expected) => {
    expect(safeCopy(value)).toEqual(expected)
  })

  it('keeps no more than 100 keys', () => {
    const value = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`k${index}`, index]))
    expect(Object.keys(safeCopy(value) ?? {})).toEqual(Object.keys(value).slice(0, 100))
  })

  it('keeps no name of what all objects descend from', () => {
    const value = JSON.parse(
      '{"__proto__": {"polluted": 1}, "constructor": 1, "prototype": 1, "a": {"__proto__": 1}}',
    )
    expect(JSON.stringify(safeCopy(value))).toBe('{"a":{}}')
    expect(Object.prototype).not.toHaveProperty('polluted')
  })

  it('keeps the beginning of what is too much in all', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 'x'.repeat(900)]))
    expect(Object.keys(safeCopy(many) ?? {})).toEqual(Object.keys(many).slice(0, 9))
    const wide = Array.from({ length: 50 }, () => Array.from({ length: 50 }, () => Array(50).fill([])))
    expect(JSON.stringify(safeCopy(wide)).length).toBeLessThan(10_000)
  })

  it('copies whatever comes, in bounds', () => {
    fc.assert(
      fc.property(fc.oneof(anyValue, fc.object({ maxDepth: 9 })), (value) => {
        const copied = safeCopy(value)
        const json = JSON.stringify(copied)
        expect(JSON.stringify(JSON.parse(json))).toBe(json)
        expect(json.length).toBeLessThan(12_000)
        expect(depthOf(copied)).toBeLessThanOrEqual(6)
        expect(Object.prototype).not.toHaveProperty('polluted')
      }),
      { numRuns: 500 },
    )
  })
})
