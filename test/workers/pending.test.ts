/** @module What was asked for in vain is asked for ever more seldom, and for a day. */
import { expect, it } from 'vitest'
import { isDue, type Pending, pendingSince, putOff } from '../../src/workers/pending.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

it('Is due at once, then after a minute, two, four, and so on, up to each hour; and given up after a day', () => {
  const rests: number[] = []
  let now = 1_000
  for (let one: Pending | null = pendingSince(now); one; one = putOff(one, now)) {
    const { after } = one
    expect(isDue(one, after)).toBe(true)
    expect(isDue(one, after - 1)).toBe(false)
    rests.push(Math.max(0, after - now))
    now = Math.max(now, after)
  }
  expect(rests.slice(0, 8)).toEqual([0, 1, 2, 4, 8, 16, 32, 60].map((minutes) => minutes * MINUTE))
  expect(new Set(rests.slice(8))).toEqual(new Set([HOUR]))
  expect(now).toBeGreaterThanOrEqual(1_000 + 24 * HOUR)
  expect(now).toBeLessThan(1_000 + 26 * HOUR)
})

it.each([
  [5, 24],
  [60, 24],
  [6 * 60, 24],
  [24 * 60, 4 * 24],
])('Asked each %i minutes it is given up after %i hours', (minutes, hours) => {
  const everyMs = minutes * MINUTE
  let now = 1_000
  for (let one: Pending | null = pendingSince(now); one; ) {
    if (isDue(one, now)) one = putOff(one, now)
    if (one) now += everyMs
    expect(now).toBeLessThan(1_000 + 8 * 24 * HOUR)
  }
  expect(Math.round((now - 1_000) / HOUR)).toBe(hours)
})

it('Begins anew when nobody has asked for it for more than a day', () => {
  const old = { since: 0, tries: 9, after: 30 * HOUR }
  expect(putOff(old, 54 * HOUR)).toBeNull()
  expect(putOff(old, 56 * HOUR)).toEqual({ since: 56 * HOUR, tries: 1, after: 56 * HOUR + MINUTE })
})
