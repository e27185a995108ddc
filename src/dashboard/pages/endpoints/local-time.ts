/** @module Times as a field of a form has them: local, without a zone. */

/** A field's text as the API wants it: ISO 8601 in UTC. What is no time is left as it is, and the API says so. */
export function isoOf(local: string): string {
  const date = new Date(local)
  return Number.isNaN(date.getTime()) ? local : date.toISOString()
}

/** A time as a field's text, to the minute. @param time milliseconds since the epoch. */
export function localOf(time: number): string {
  const date = new Date(time)
  return new Date(time - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
