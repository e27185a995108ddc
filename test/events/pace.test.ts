/** @module How often a source is read. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextPace } from '../../src/events/pace.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const quiet = { rate: 0, elapsedMs: 5 * MINUTE, changes: 0, maxDelayMs: 5 * MINUTE, random: 0 }

const any = fc.record({
  rate: fc.double({ min: 0, max: 10_000, noNaN: true }),
  elapsedMs: fc.integer({ min: -MINUTE, max: 100 * HOUR }),
  changes: fc.nat(1_000),
  maxDelayMs: fc.integer({ min: 1_000, max: 24 * HOUR }),
  random: fc.double({ min: 0, max: 1, noNaN: true }),
})

describe('nextPace', () => {
  it('is never later than its users accept, nor more often than once a minute unless they want that', () => {
    fc.assert(
      fc.property(any, (pace) => {
        const { intervalMs } = nextPace(pace)
        expect(intervalMs).toBeLessThanOrEqual(pace.maxDelayMs)
        // What its users accept is read a little earlier, so that not all sources are read in the same second.
        expect(intervalMs).toBeGreaterThanOrEqual(Math.floor(Math.min(MINUTE, 0.97 * pace.maxDelayMs)))
      }),
    )
  })

  it('is never longer because more has happened, or because what happened is not so long ago', () => {
    fc.assert(
      fc.property(any, fc.nat(1_000), fc.nat(HOUR), (pace, more, longer) => {
        const { intervalMs, rate } = nextPace(pace)
        const busier = nextPace({ ...pace, changes: pace.changes + more })
        expect(busier.intervalMs).toBeLessThanOrEqual(intervalMs)
        expect(busier.rate).toBeGreaterThanOrEqual(rate)
        const faded = nextPace({ ...pace, elapsedMs: pace.elapsedMs + longer })
        expect(faded.intervalMs).toBeGreaterThanOrEqual(intervalMs)
      }),
    )
  })

  it('is as its users accept when nothing happens, up to 3 % earlier', () => {
    expect(nextPace(quiet)).toEqual({ intervalMs: 5 * MINUTE, rate: 0, reason: 'quiet' })
    expect(nextPace({ ...quiet, random: 1 }).intervalMs).toBe(0.97 * 5 * MINUTE)
  })

  it.each([
    ['one change', 1, 24 * HOUR, HOUR],
    ['ten changes', 10, 24 * HOUR, 6 * MINUTE],
    ['ten changes, of which its users want to know soon', 10, 5 * MINUTE, 5 * MINUTE],
    ['a thousand changes', 1_000, 24 * HOUR, MINUTE],
    ['a thousand changes, of which its users want to know at once', 1_000, 10_000, 10_000],
  ])('after %s is read soon', (_name, changes, maxDelayMs, intervalMs) => {
    const reason = intervalMs < maxDelayMs ? 'active' : 'quiet'
    expect(nextPace({ ...quiet, changes, maxDelayMs })).toMatchObject({ intervalMs, reason })
  })

  it('fades: a day after the last change it is quiet again, and the row no longer changes', () => {
    let { rate } = nextPace({ ...quiet, changes: 20 })
    let hours = 0
    for (; rate > 0 && hours < 100; hours += 1) rate = nextPace({ ...quiet, rate, elapsedMs: HOUR }).rate
    expect(hours).toBeGreaterThan(6)
    expect(hours).toBeLessThan(24)
  })

  it('of a steady change an hour reads about twice for each', () => {
    let rate = 0
    for (let hour = 0; hour < 48; hour += 1)
      rate = nextPace({ ...quiet, rate, elapsedMs: HOUR, changes: 1 }).rate
    const { intervalMs } = nextPace({ ...quiet, rate, elapsedMs: 0, maxDelayMs: 24 * HOUR })
    expect(intervalMs).toBeGreaterThan(HOUR / 3)
    expect(intervalMs).toBeLessThan((2 * HOUR) / 3)
  })
})
