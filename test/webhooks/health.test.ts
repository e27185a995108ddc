/** @module When a circuit breaks and mends, and when an endpoint is disabled. */
import { describe, expect, it } from 'vitest'
import { HEALTHY, type Health, type Judgement, judge } from '../../src/webhooks/health.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND
const DAY = 24 * HOUR
const NOW = 1_800_000_000_000

const failed = (startedAt: number, status: number | null = 500, retryAt: number | null = null) => ({
  startedAt,
  endedAt: startedAt + 10,
  isSuccess: false,
  status,
  retryAt,
})
const answered = (startedAt: number) => ({ ...failed(startedAt, 200), isSuccess: true })

/** So many failures in a row, a second apart. */
function afterFailures(count: number): Judgement {
  let judgement: Judgement = { health: HEALTHY, isBroken: false, isRecovered: false, disabled: null }
  for (let number = 0; number < count; number += 1)
    judgement = judge(judgement.health, failed(NOW + number * SECOND), 0.5)
  return judgement
}

/** Probes at the first moment that one is let through, until `until`. */
function probeUntil(start: Health, until: number, outcome = failed) {
  const times: number[] = []
  let health = start
  while (health.heldUntil <= until) {
    times.push(health.heldUntil)
    const judgement = judge(health, outcome(health.heldUntil), 0.5)
    health = judgement.health
    if (judgement.disabled) return { times, disabled: judgement.disabled }
  }
  return { times, disabled: null }
}

describe('The circuit', () => {
  it('is whole after four failures, and broken after five', () => {
    expect(afterFailures(4)).toMatchObject({
      isBroken: false,
      health: { failures: 4, brokenSince: null, heldUntil: 0 },
    })
    expect(afterFailures(5)).toMatchObject({
      isBroken: true,
      health: {
        failures: 5,
        failingSince: NOW,
        brokenSince: NOW + 4_010,
        heldUntil: NOW + 4_010 + 5 * SECOND,
      },
    })
  })

  it('is whole again after a success, which says that it was broken', () => {
    const { health } = afterFailures(7)
    expect(judge(health, answered(NOW + DAY), 0.5)).toEqual({
      health: HEALTHY,
      isBroken: false,
      isRecovered: true,
      disabled: null,
    })
    expect(judge(afterFailures(4).health, answered(NOW), 0.5)).toMatchObject({
      health: HEALTHY,
      isRecovered: false,
    })
  })

  it('lets one probe through a step, each step longer, to five hours', () => {
    const { health } = afterFailures(5)
    const broken = health.heldUntil - 5 * SECOND
    const { times } = probeUntil(health, NOW + DAY)
    const delays = times.map((time, index) => Math.round((time - (times[index - 1] ?? broken)) / SECOND))
    const minute = 60
    expect(delays).toEqual([
      5,
      minute,
      5 * minute,
      30 * minute,
      60 * minute,
      120 * minute,
      ...Array(4).fill(300 * minute),
    ])
  })

  it.each([
    [0, 4_000],
    [1, 6_000],
  ])('spreads the probes by a fifth: random %d', (random, delay) => {
    const { health } = afterFailures(4)
    expect(judge(health, failed(NOW), random).health.heldUntil).toBe(NOW + 10 + delay)
  })

  it('takes what was under way when it broke for no probe', () => {
    const { health } = afterFailures(5)
    const late = judge(health, failed(NOW + 4_000), 0.5).health
    expect(late).toMatchObject({ failures: 6, probes: 0, heldUntil: health.heldUntil })
  })

  it('is not broken by a 429: it answers, and gets the time that it asks for', () => {
    let { health } = afterFailures(4)
    for (let number = 0; number < 20; number += 1)
      health = judge(health, failed(NOW + 5_000, 429, NOW + 60_000), 0.5).health
    expect(health).toMatchObject({ failures: 4, brokenSince: null, heldUntil: NOW + 60_000 })
  })

  it('is held on when a probe is answered 429: the next one waits for its step all the same', () => {
    const { health } = afterFailures(5)
    const after = judge(health, failed(health.heldUntil, 429), 0.5).health
    expect(after.heldUntil).toBe(health.heldUntil + 10 + 60 * SECOND)
  })

  it('leaves it alone for as long as it asked, whatever was under way then', () => {
    const { health } = judge(HEALTHY, failed(NOW, 429, NOW + 60_000), 0.5)
    const after = judge(health, { ...answered(NOW - 10), endedAt: NOW + 20 }, 0.5).health
    expect(after).toMatchObject({ failures: 0, failingSince: null, heldUntil: NOW + 60_000 })
    expect(judge(after, answered(NOW + 60_000), 0.5).health).toEqual(HEALTHY)
  })

  it('waits for as long as a probe asks, when that is longer than its step', () => {
    const { health } = afterFailures(5)
    const told = failed(health.heldUntil, 503, NOW + DAY)
    expect(judge(health, told, 0.5).health.heldUntil).toBe(NOW + DAY)
    expect(judge(health, failed(health.heldUntil, 503, NOW), 0.5).health.heldUntil).toBe(
      health.heldUntil + 10 + 60 * SECOND,
    )
  })
})

describe('An endpoint is disabled', () => {
  it('at once when it answers 410', () => {
    expect(judge(HEALTHY, failed(NOW, 410), 0.5).disabled).toMatchObject({ reason: 'gone' })
  })

  it('when it only failed for five days: by some twenty probes', () => {
    const { times, disabled } = probeUntil(afterFailures(5).health, NOW + 10 * DAY)
    expect(disabled).toMatchObject({ reason: 'failing', detail: 'it only failed for 5 days' })
    const last = times.at(-1) ?? 0
    expect(last - NOW).toBeGreaterThan(5 * DAY - 1_000)
    expect(last - NOW).toBeLessThan(5 * DAY + 5.1 * HOUR)
    expect(times.length).toBeLessThan(35)
  })

  it('after a hundred failures in a row, but not within a day', () => {
    const health = { ...HEALTHY, failures: 99, failingSince: NOW }
    expect(judge(health, failed(NOW + DAY - 11), 0.5).disabled).toBeNull()
    expect(judge(health, failed(NOW + DAY), 0.5).disabled).toMatchObject({ reason: 'failing' })
    expect(judge({ ...health, failures: 98 }, failed(NOW + DAY), 0.5).disabled).toBeNull()
  })

  it('never while it succeeds now and then', () => {
    let health: Health = HEALTHY
    for (let hour = 0; hour < 24 * 30; hour += 1) {
      const at = NOW + hour * HOUR
      const judgement = judge(health, hour % 20 === 19 ? answered(at) : failed(at), 0.5)
      expect(judgement.disabled).toBeNull()
      health = judgement.health
    }
  })
})
