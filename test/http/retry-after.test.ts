import { describe, expect, it } from 'vitest'
import { retryAfter } from '../../src/http/retry-after.ts'

describe('retryAfter', () => {
  const now = Date.UTC(2026, 0, 1)
  const day = 24 * 3_600_000
  it.each([
    ['10', 10_000],
    ['0', 0],
    ['99999999999999999999', day],
    [new Date(now + 60_000).toUTCString(), 60_000],
    [new Date(now - 60_000).toUTCString(), 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', day],
  ])('%s', (header, wait) => {
    expect(retryAfter(header, now)).toBe(now + wait)
  })
  it.each([null, '', 'soon', '-5x', '1.5.1'])('%s says nothing', (header) => {
    expect(retryAfter(header, now)).toBeNull()
  })
})
