/** @module The name that somebody may have meant. */
import { describe, expect, it } from 'vitest'
import { nearestName } from '../src/nearest.ts'

const NAMES = ['type', 'text', 'maxDuration', 'url']

describe('The nearest name', () => {
  it.each([
    ['typ', 'type'],
    ['TYPE', 'type'],
    ['tpye', null],
    ['maxDuraton', 'maxDuration'],
    ['max_durations', 'maxDuration'],
    ['uri', 'url'],
    ['colour', null],
    ['', null],
    ['type'.repeat(3), null],
  ])('to %j is %j', (typed, name) => {
    expect(nearestName(typed, NAMES)).toBe(name)
  })

  it('to a text that is far too long is none, and found at once', () => {
    // Letter by letter this would take more than a minute.
    expect(nearestName('type'.repeat(10_000_000), NAMES)).toBeNull()
  }, 10_000)
})
