import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { giveBack, takeFromBudget, usedOf } from '../../src/workers/gcra.ts'

const BUDGET = { requests: 25, windowMs: 10_000 }

describe('takeFromBudget', () => {
  it('grants a burst of half of the budget, then says how long to wait', () => {
    const burst = takeFromBudget(0, BUDGET, 100, 1_000_000)
    expect(burst.granted).toBe(13)
    const refused = takeFromBudget(burst.arrival, BUDGET, 1, 1_000_000)
    expect(refused).toMatchObject({ granted: 0, arrival: burst.arrival, waitMs: 834 })
    expect(takeFromBudget(burst.arrival, BUDGET, 1, 1_000_000 + 834).granted).toBe(1)
  })

  it('never lets more than the budget through in any window', () => {
    const asks = fc.array(fc.record({ afterMs: fc.nat(3_000), wanted: fc.integer({ min: 1, max: 30 }) }), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), asks, (requests, steps) => {
        const budget = { requests, windowMs: 10_000 }
        let arrival = 0
        let now = 1_700_000_000_000
        const granted: { at: number; count: number }[] = []
        for (const { afterMs, wanted } of steps) {
          now += afterMs
          const taken = takeFromBudget(arrival, budget, wanted, now)
          arrival = taken.arrival
          granted.push({ at: now, count: taken.granted })
        }
        for (const { at } of granted) {
          const inWindow = granted.filter((one) => one.at >= at && one.at < at + budget.windowMs)
          const sum = inWindow.reduce((total, one) => total + one.count, 0)
          // A budget of one request has no half: its bucket is one, and so is its refill.
          expect(sum).toBeLessThanOrEqual(Math.max(2, requests))
        }
      }),
    )
  })

  it('after the wait that it names, grants', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(100_000), (requests, ahead) => {
        const budget = { requests, windowMs: 10_000 }
        const now = 1_700_000_000_000
        const refused = takeFromBudget(now + ahead, budget, 1, now)
        if (refused.granted === 0) {
          expect(takeFromBudget(refused.arrival, budget, 1, now + refused.waitMs).granted).toBe(1)
        }
      }),
    )
  })

  it('gives back what was not used', () => {
    const taken = takeFromBudget(0, BUDGET, 13, 1_000_000)
    const arrival = giveBack(taken.arrival, BUDGET, 5)
    expect(takeFromBudget(arrival, BUDGET, 100, 1_000_000).granted).toBe(5)
  })
})

describe('usedOf', () => {
  const NOW = 1_700_000_000_000

  it.each([
    ['nothing of a new budget', 0, 0, 0],
    ['one, that was just taken', 1, 0, 1],
    ['all that may come at once', 13, 0, 13],
    ['one less, when as much time has gone by as one takes', 13, 834, 12],
    ['one still, while it has not come back whole', 1, 833, 1],
    ['nothing, a window later', 13, 10_900, 0],
    ['no more than there is, when the clock went back', 13, -60_000, 13],
  ])('counts %s', (_, taken, laterMs, used) => {
    const { arrival } = taken === 0 ? { arrival: 0 } : takeFromBudget(0, BUDGET, taken, NOW)
    expect(usedOf(arrival, BUDGET, NOW + laterMs)).toEqual({ used, atOnce: 13 })
  })

  it('and what is granted next are together what may come at once', () => {
    const steps = fc.array(fc.record({ afterMs: fc.nat(3_000), wanted: fc.integer({ min: 1, max: 9 }) }))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), steps, (requests, asks) => {
        const budget = { requests, windowMs: 10_000 }
        let [arrival, now] = [0, NOW]
        for (const { afterMs, wanted } of asks) {
          now += afterMs
          arrival = takeFromBudget(arrival, budget, wanted, now).arrival
          const { used, atOnce } = usedOf(arrival, budget, now)
          expect(used + takeFromBudget(arrival, budget, 1_000, now).granted).toBe(atOnce)
        }
      }),
    )
  })
})
