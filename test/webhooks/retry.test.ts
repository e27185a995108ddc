import { describe, expect, it } from 'vitest'
import { MAX_ATTEMPTS, retryDelay } from '../../src/webhooks/retry.ts'
import { failedAttempt, outcomeOf } from '../../src/webhooks/send.ts'

const HOUR = 3_600_000

describe('retryDelay', () => {
  it.each([
    [0, 0],
    [1, 5_000],
    [2, 300_000],
    [3, 1_800_000],
    [4, 2 * HOUR],
    [5, 5 * HOUR],
    [6, 10 * HOUR],
    [7, 14 * HOUR],
    [8, 20 * HOUR],
    [9, 24 * HOUR],
  ])('after %i attempts: %i ms, and 20 %% more or less', (attempts, delay) => {
    expect(retryDelay(attempts, 0.5)).toBe(delay)
    expect(retryDelay(attempts, 0)).toBe(delay * 0.8)
    expect(retryDelay(attempts, 1)).toBe(delay * 1.2)
  })

  it('ends after ten attempts', () => {
    expect(MAX_ATTEMPTS).toBe(10)
    expect(retryDelay(10, 0.5)).toBeNull()
  })
})

describe('outcomeOf', () => {
  const failed = { ...failedAttempt('answered 503', 1_000), durationMs: 200, status: 503 }

  it('counts the delay from the end of the attempt', () => {
    expect(outcomeOf(failed, 1, 0.5)).toEqual({ kind: 'retry', dueAt: 6_200, reason: 'answered 503' })
  })

  it('obeys a Retry-After that is later than the schedule, and no earlier one', () => {
    expect(outcomeOf({ ...failed, retryAt: 9_000 }, 1, 0.5)).toMatchObject({ dueAt: 9_000 })
    expect(outcomeOf({ ...failed, retryAt: 2_000 }, 1, 0.5)).toMatchObject({ dueAt: 6_200 })
  })

  it('gives up after the last attempt', () => {
    expect(outcomeOf(failed, 10, 0.5)).toMatchObject({ kind: 'gave-up' })
    expect(outcomeOf(failed, 9, 0.5)).toMatchObject({ kind: 'retry' })
  })
})
