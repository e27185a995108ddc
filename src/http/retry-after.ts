/** @module `Retry-After` (RFC 9110, 10.2.3), from instances and endpoints alike. */

/** Nobody is waited for longer than this, whatever he asks. */
const MAX_MS = 24 * 3_600_000

/**
 * When a server may be asked again, in milliseconds since the epoch: at most a day after `now`, never before it.
 * @param header the header's value: seconds, or an HTTP date.
 * @returns null when there is no header, or nonsense in it.
 */
export function retryAfter(header: string | null, now: number): number | null {
  if (header === null) return null
  if (/^\d+$/.test(header)) return now + Math.min(Number(header) * 1000, MAX_MS)
  // All forms of an HTTP date begin with the day of the week; `Date.parse` would make a date of "1.5.1" too.
  const date = /^[A-Z][a-z]{2}/.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(date) ? null : Math.min(Math.max(date, now), now + MAX_MS)
}
