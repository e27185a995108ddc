import { describe, expect, it } from 'vitest'
import {
  type BucketState,
  budgetOf,
  isShareSpent,
  learn,
  NEW_BUCKET,
  type Observed,
  seen,
} from '../../src/workers/bucket.ts'

const NOW = Date.UTC(2026, 0, 1)
const MINUTE = 60_000
const DOCUMENTED_HALF = { requests: 25, windowMs: 10_000 }
const SAID: Observed = { status: 200, limit: null, remaining: null, resetAt: null, retryAt: null }
const REFUSED: Observed = { ...SAID, status: 429 }

/** What may be asked in a window, of what is documented as 50. */
const requests = (state: BucketState, now: number) => budgetOf(state, DOCUMENTED_HALF, now).requests

describe('A bucket', () => {
  it.each([
    [null, 25],
    [50, 25],
    [8, 4],
    [9, 4],
    [1, 1],
    [1_000, 25],
    // Nonsense teaches nothing.
    [0, 25],
  ])('with the learned limit %s is asked %d requests a window at most', (limit, expected) => {
    expect(requests(learn(NEW_BUCKET, { ...SAID, limit }, NOW), NOW)).toBe(expected)
  })

  it('is asked half as much after each 429, and ever something', () => {
    let state = NEW_BUCKET
    const seen = [0, 1, 2, 3, 4, 5].map((minute) => {
      const now = NOW + minute * MINUTE
      state = learn(state, { ...REFUSED, retryAt: now + 10_000 }, now)
      return requests(state, now)
    })
    expect(seen).toEqual([12, 6, 3, 1, 1, 1])
  })

  it('gets its share back, doubled every ten minutes without a 429', () => {
    let state = learn(NEW_BUCKET, { ...REFUSED, retryAt: NOW + 1 }, NOW)
    const since = NOW + 1_000
    state = learn(state, { ...REFUSED, retryAt: since + 1 }, since)
    const after = (minutes: number) => requests(state, since + minutes * MINUTE)
    expect([0, 9.99, 10, 19.99, 20, 1_000].map(after)).toEqual([6, 6, 12, 12, 25, 25])
    // Half way back, the next one halves what had come back.
    const again = since + 10 * MINUTE
    state = learn(state, { ...REFUSED, retryAt: again + 1 }, again)
    expect(requests(state, again)).toBe(6)
    expect(requests(state, again + 10 * MINUTE)).toBe(12)
  })

  it('halves once for the refusals of requests that were under way together', () => {
    const refused = { ...REFUSED, retryAt: NOW + 10_000 }
    const once = learn(NEW_BUCKET, refused, NOW)
    expect(requests(learn(once, refused, NOW + 5), NOW)).toBe(12)
    expect(requests(learn(once, refused, NOW + 10_000), NOW)).toBe(6)
  })

  it('halves what it learned, too', () => {
    const refused = { ...REFUSED, limit: 8, remaining: 0, retryAt: NOW + 10_000 }
    expect(requests(learn(NEW_BUCKET, refused, NOW), NOW)).toBe(2)
  })

  it('is left alone until the end of the window once our share is spent, which a 429 has made smaller', () => {
    const heldUntil = (state: BucketState, remaining: number) =>
      learn(state, { ...SAID, limit: 50, remaining, resetAt: NOW + 7_000 }, NOW).heldUntil
    expect([49, 26, 25, 0].map((left) => heldUntil(NEW_BUCKET, left))).toEqual([
      0,
      0,
      NOW + 7_000,
      NOW + 7_000,
    ])
    const refused = learn(NEW_BUCKET, { ...REFUSED, retryAt: NOW - 1 }, NOW - 2)
    expect([38, 37].map((left) => heldUntil(refused, left))).toEqual([NOW - 1, NOW + 7_000])
    expect(isShareSpent({ limit: 50, remaining: 37 })).toBe(false)
  })

  it('that an answer says nothing new of is the same object: nothing is to be stored', () => {
    const known = learn(NEW_BUCKET, { ...SAID, limit: 50, remaining: 49, resetAt: NOW + 5_000 }, NOW)
    expect(learn(known, { ...SAID, limit: 50, remaining: 48, resetAt: NOW + 5_000 }, NOW)).toBe(known)
  })
})

describe('Whoever looks at a bucket', () => {
  const look = (state: BucketState, heldUntil = 0, now = NOW) =>
    seen({ arrival: 0, state }, DOCUMENTED_HALF, heldUntil, now)
  const never = { count: 0, lastAt: null }

  it('sees of a new one what may be asked', () => {
    expect(look(NEW_BUCKET)).toEqual({
      limit: null,
      ours: 25,
      atOnce: 13,
      used: 0,
      heldUntil: null,
      refusals: never,
    })
  })

  it('sees the limit that was learned, and what of it is ours', () => {
    expect(look(learn(NEW_BUCKET, { ...SAID, limit: 20 }, NOW))).toMatchObject({
      limit: 20,
      ours: 10,
      atOnce: 5,
    })
  })

  it('sees each 429, also those of one moment, and our share halved once', () => {
    const refused = { ...REFUSED, retryAt: NOW + 10_000 }
    const twice = learn(learn(NEW_BUCKET, refused, NOW), refused, NOW + 5)
    expect(look(twice)).toMatchObject({ ours: 12, refusals: { count: 2, lastAt: NOW + 5 } })
    expect(learn(twice, { ...SAID, status: 503, retryAt: NOW + 20_000 }, NOW).refusals?.count).toBe(2)
  })

  it('sees until when it is held, itself or with all others, and no hold that is over', () => {
    const held = { ...NEW_BUCKET, heldUntil: NOW + 1 }
    expect(look(held).heldUntil).toBe(NOW + 1)
    expect(look(held, NOW + 2).heldUntil).toBe(NOW + 2)
    expect(look(held, 0, NOW + 1).heldUntil).toBeNull()
  })

  it('sees no refusals of one that was stored before they were counted', () => {
    const { refusals: _, ...stored } = learn(NEW_BUCKET, { ...REFUSED, retryAt: NOW }, NOW)
    expect(look(stored).refusals).toEqual(never)
  })
})
