/** @module Times as the API writes them. */

/** ISO 8601 in UTC with milliseconds, of milliseconds since the epoch; null stays null. */
export function time<TTime extends number | null>(
  milliseconds: TTime,
): TTime extends null ? string | null : string
export function time(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString()
}
