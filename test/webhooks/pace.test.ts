/** @module The pace of an endpoint: its limit in every window, and less while it says that it is too much. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { afterAnswer, call, giveBack, NEW_PACE, type Pace, reserve } from '../../src/webhooks/pace.ts'

const NOW = 1_800_000_000_000
/** Sends whenever it may, and begins anew after each pause of so many milliseconds. @returns the times. */
function send(
  perSecond: number | null,
  milliseconds: number,
  pace: Pace = NEW_PACE,
  gaps: number[] = [],
): number[] {
  const times: number[] = []
  let now = NOW
  let current = pace
  for (let number = 0; ; number += 1) {
    const { waitMs, pace: next } = reserve(current, perSecond, now)
    now += waitMs + (gaps[number % (gaps.length || 1)] ?? 0)
    if (now >= NOW + milliseconds) return times
    current = next
    times.push(now - NOW)
  }
}

describe('The limit', () => {
  it.each([0.1, 0.5, 1, 3, 7, 10, 50, 333, 1_000])(
    'of %d a second is kept over 60 s, to 5 %%',
    (perSecond) => {
      const count = send(perSecond, 60_000).length
      expect(count).toBeGreaterThanOrEqual(Math.floor(60 * perSecond * 0.95))
      expect(count).toBeLessThanOrEqual(Math.ceil(60 * perSecond * 1.05) + 1)
    },
  )

  it('holds in every window of ten seconds, however the sends are interrupted', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.2, max: 200, noNaN: true }),
        fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 20 }),
        (perSecond, gaps) => {
          const times = send(perSecond, 40_000, NEW_PACE, gaps)
          for (const [index, from] of times.entries()) {
            const inWindow = times.slice(index).filter((at) => at < from + 10_000).length
            expect(inWindow).toBeLessThanOrEqual(Math.ceil(10 * perSecond * 1.05) + 1)
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  it('is a thousand a second where none is said', () => {
    expect(send(null, 10_000).length).toBeLessThanOrEqual(10_500)
    expect(send(null, 10_000).length).toBeGreaterThanOrEqual(9_500)
  })

  it('a place that is given back is there for the next', () => {
    const first = reserve(NEW_PACE, 1, NOW)
    expect(reserve(first.pace, 1, NOW).waitMs).toBe(1_000)
    expect(reserve(giveBack(first.pace, 1), 1, NOW).waitMs).toBe(0)
  })

  it('of a clock that went back waits for no longer than a request or two take', () => {
    const { pace } = reserve(NEW_PACE, 1, NOW)
    expect(reserve(pace, 1, NOW - 86_400_000).waitMs).toBeLessThan(70_000)
  })
})

describe('An endpoint that says that it is too much', () => {
  const answer = (status: number | null, startedAt: number) => ({
    status,
    isSuccess: status === 200,
    startedAt,
    endedAt: startedAt + 10,
  })

  it.each([429, 502, 504])('by a %d is sent a quarter, then a sixteenth', (status) => {
    const once = afterAnswer(NEW_PACE, answer(status, NOW))
    expect(send(60, 10_000, once).length).toBeLessThanOrEqual(150 * 1.05)
    const twice = afterAnswer(once, answer(status, NOW + 1_000))
    expect(send(60, 10_000, twice).length).toBeLessThanOrEqual(37.5 * 1.05)
    // However fast it is otherwise: 16 a second, and 4.
    expect(send(null, 10_000, once).length).toBeLessThanOrEqual(160 * 1.05)
    expect(send(null, 10_000, twice).length).toBeLessThanOrEqual(40 * 1.05)
  })

  it('by several answers to what was under way together has said so once', () => {
    let pace = afterAnswer(NEW_PACE, answer(429, NOW))
    for (let number = 0; number < 5; number += 1) pace = afterAnswer(pace, answer(429, NOW + number))
    expect(pace.slowness).toBe(1)
  })

  it('is sent one a minute at the least, and its own limit when that is less', () => {
    let pace = NEW_PACE
    for (let number = 0; number < 20; number += 1) pace = afterAnswer(pace, answer(502, NOW + number * 1_000))
    expect(send(1, 600_000, pace).length).toBeGreaterThanOrEqual(10)
    expect(send(1 / 120, 600_000, pace).length).toBeGreaterThanOrEqual(5)
  })

  it('is as fast as ever after four good answers for each time', () => {
    let pace = afterAnswer(afterAnswer(NEW_PACE, answer(429, NOW)), answer(429, NOW + 1_000))
    for (let number = 0; number < 8; number += 1) pace = afterAnswer(pace, answer(200, NOW + 2_000))
    expect(pace.slowness).toBe(0)
  })

  it.each([500, 503, 404, null])('but not by %s, which is no word on the pace', (status) => {
    expect(afterAnswer(NEW_PACE, answer(status, NOW))).toEqual(NEW_PACE)
  })
})

describe('Who comes back at a time', () => {
  const called = call(NEW_PACE, NOW + 5_000, NOW) ?? NEW_PACE

  it('is called once, and anew when he has come, or is too late', () => {
    expect(call(called, NOW + 5_000, NOW + 1_000)).toBeNull()
    expect(call(called, NOW + 9_000, NOW + 1_000)).toBeNull()
    expect(call(called, NOW + 4_000, NOW + 1_000)).toMatchObject({ calledFor: NOW + 4_000 })
    expect(call(called, NOW + 9_000, NOW + 5_000)).toMatchObject({ calledFor: NOW + 9_000 })
  })

  it('may be a little early, by another clock: then he has come, too', () => {
    expect(call(called, NOW + 9_000, NOW + 4_950)).toMatchObject({ calledFor: NOW + 9_000 })
  })
})
