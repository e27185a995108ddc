import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countInWindow, uncount, type WindowState } from '../../src/workers/window.ts'

const limit = (requests: number, windowMs: number) => ({ requests, windowMs })
const LIMIT = limit(3, 10_000)
const START = 1_700_000_000_000
const used = (count: number, startedAt = START): WindowState => ({ startedAt, used: count })

describe('countInWindow', () => {
  it.each([
    ['the first request begins a window', null, LIMIT, 0, 1, true, 2, 10_000],
    ['the next is counted in it', used(1), LIMIT, 4_000, 2, true, 1, 10_000],
    ['the last one passes', used(2), LIMIT, 9_999, 3, true, 0, 10_000],
    ['one more is refused', used(3), LIMIT, 9_999, 3, false, 0, 10_000],
    ['at its end the next window begins', used(3), LIMIT, 10_000, 1, true, 2, 20_000],
    ['a window begins when it is asked for', used(3), LIMIT, 73_500, 1, true, 2, 83_500],
    ['a clock that is a little behind is in the window', used(3), LIMIT, -9_999, 3, false, 0, 10_000],
    ['a clock that went back is believed', used(3), LIMIT, -10_000, 1, true, 2, 0],
    ['more requests hold at once', used(3), limit(5, 10_000), 1, 4, true, 1, 10_000],
    ['fewer requests hold at once', used(3), limit(2, 10_000), 1, 3, false, 0, 10_000],
    ['a longer window holds at once', used(3), limit(3, 60_000), 10_000, 3, false, 0, 60_000],
    ['a shorter window holds at once', used(3), limit(3, 1_000), 1_000, 1, true, 2, 2_000],
    ['a limit of nothing refuses the first', null, limit(0, 1_000), 0, 0, false, 0, 1_000],
  ])('%s', (_name, state, changed, after, usedThen, allowed, remaining, resetAfter) => {
    expect(countInWindow(state, changed, START + after)).toEqual({
      state: used(usedThen, START + resetAfter - changed.windowMs),
      allowed,
      remaining,
      resetAt: START + resetAfter,
    })
  })

  it('gives the same state back when nothing has changed', () => {
    const full = used(3)
    expect(countInWindow(full, LIMIT, START + 1).state).toBe(full)
  })
})

describe('uncount', () => {
  it.each([
    ['gives one back', used(3), START, used(2)],
    ['gives back nothing that was not counted', used(0), START, used(0)],
    ['owes the window before nothing', used(3), START - 10_000, used(3)],
    ['makes no window', null, START, null],
  ])('%s', (_name, state, startedAt, expected) => {
    expect(uncount(state, startedAt)).toEqual(expected)
  })
})

const limits = fc.record({ requests: fc.integer({ min: 1, max: 8 }), windowMs: fc.constant(10_000) })

/** Requests, some of which are given back, by clocks that run, differ and jump. */
const steps = fc.array(
  fc.record({
    afterMs: fc.oneof(
      fc.nat(4_000),
      fc.integer({ min: -2_000, max: 2_000 }),
      fc.integer({ min: -1e9, max: 1e9 }),
    ),
    /** So many before this one. */
    givesBack: fc.option(fc.nat(5)),
  }),
  { minLength: 1, maxLength: 100 },
)

describe('Whatever happens', () => {
  it('no window lets more through than its requests, and those that were given back', () => {
    fc.assert(
      fc.property(limits, steps, (limit, all) => {
        let state: WindowState | null = null
        let now = START
        let windows = 0
        const passed: { window: number; startedAt: number; isGivenBack: boolean }[] = []
        for (const { afterMs, givesBack } of all) {
          now += afterMs
          const before: number | undefined = state?.startedAt
          const counted = countInWindow(state, limit, now)
          state = counted.state
          const { startedAt } = state
          if (startedAt !== before) windows += 1
          if (counted.allowed) passed.push({ window: windows, startedAt, isGivenBack: false })
          const back = givesBack === null ? undefined : passed.at(-1 - givesBack)
          // A clock may jump to the very millisecond of an older window: nothing tells these two apart.
          const isTwin = back?.startedAt === startedAt && back.window !== windows
          if (back && !back.isGivenBack && !isTwin) {
            back.isGivenBack = true
            state = uncount(state, back.startedAt)
          }
          const inWindow = passed.filter(({ window, isGivenBack }) => window === windows && !isGivenBack)
          expect(inWindow.length).toBeLessThanOrEqual(limit.requests)
        }
      }),
    )
  })

  it('windows do not overlap while the clock runs, so no stretch of one length sees more than two of them', () => {
    const running = fc.array(fc.nat(6_000), { minLength: 1, maxLength: 100 })
    fc.assert(
      fc.property(limits, running, (limit, pauses) => {
        let state: WindowState | null = null
        let now = START
        const passed: number[] = []
        for (const pause of pauses) {
          now += pause
          const before: WindowState | null = state
          const counted = countInWindow(before, limit, now)
          state = counted.state
          if (counted.allowed) passed.push(now)
          if (before && before.startedAt !== state.startedAt) {
            expect(state.startedAt).toBeGreaterThanOrEqual(before.startedAt + limit.windowMs)
          }
        }
        for (const from of passed) {
          const stretch = passed.filter((at) => at >= from && at < from + limit.windowMs)
          expect(stretch.length).toBeLessThanOrEqual(2 * limit.requests)
        }
      }),
    )
  })

  it('when the window ends as it was told, the caller is let in again', () => {
    fc.assert(
      fc.property(limits, fc.nat(9_999), (limit, after) => {
        const refused = countInWindow(used(limit.requests), limit, START + after)
        expect(refused.allowed).toBe(false)
        expect(countInWindow(refused.state, limit, refused.resetAt - 1).allowed).toBe(false)
        expect(countInWindow(refused.state, limit, refused.resetAt).allowed).toBe(true)
      }),
    )
  })
})
