/** @module Time limits: each ends at its time, or never once it was lifted, by as few timers as there are lengths. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Deadlines, deadline } from '../../src/http/deadline.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const ended = (limits: { signal: AbortSignal }[]) => limits.map(({ signal }) => signal.aborted)

describe('A limit', () => {
  it('ends with a TimeoutError at its time, and not before', () => {
    const { signal } = deadline(1_000)
    vi.advanceTimersByTime(999)
    expect(signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' })
  })

  it('that is lifted never ends, and leaves no timer', () => {
    const { signal, lift } = deadline(1_000)
    lift()
    lift()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(5_000)
    expect(signal.aborted).toBe(false)
  })
})

describe('The limits of many requests', () => {
  it('end each at its time, by a timer for each length', () => {
    const deadlines = new Deadlines()
    const limits = [deadlines.set(1_000)]
    vi.advanceTimersByTime(300)
    limits.push(deadlines.set(1_000), deadlines.set(200))
    vi.advanceTimersByTime(100)
    limits.push(deadlines.set(1_000))
    expect(vi.getTimerCount()).toBe(2)
    const after: boolean[][] = []
    for (const milliseconds of [100, 500, 300, 100]) {
      vi.advanceTimersByTime(milliseconds)
      after.push(ended(limits))
    }
    expect(after).toEqual([
      [false, false, true, false],
      [true, false, true, false],
      [true, true, true, false],
      [true, true, true, true],
    ])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('of which some are lifted, end for the others', () => {
    const deadlines = new Deadlines()
    const limits = [0, 1, 2, 3].map(() => {
      const limit = deadlines.set(1_000)
      vi.advanceTimersByTime(10)
      return limit
    })
    limits[0]?.lift()
    limits[2]?.lift()
    vi.advanceTimersByTime(1_000)
    expect(ended(limits)).toEqual([false, true, false, true])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('begin anew when all before are over', () => {
    const deadlines = new Deadlines()
    deadlines.set(1_000).lift()
    const { signal } = deadlines.set(1_000)
    vi.advanceTimersByTime(1_000)
    expect(signal.aborted).toBe(true)
    const next = deadlines.set(1_000)
    vi.advanceTimersByTime(999)
    expect(next.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(next.signal.aborted).toBe(true)
  })
})
