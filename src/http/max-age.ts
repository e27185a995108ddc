/** @module Cache-Control: for how long an answer stays as it is (RFC 9111, 5.2.2.1). */

/** No cache is believed for longer than a day. */
const MAX_SECONDS = 86_400

/** The `max-age` in seconds, or null when the header has none. Of two of them the first counts (4.2.1). */
export function maxAge(cacheControl: string | null): number | null {
  // The quoted form is not to be sent, and to be understood (5.2).
  const seconds = /(?:^|,)[ \t]*max-age="?(\d{1,15})"?[ \t]*(?:,|$)/i.exec(cacheControl ?? '')?.[1]
  return seconds === undefined ? null : Math.min(Number(seconds), MAX_SECONDS)
}
