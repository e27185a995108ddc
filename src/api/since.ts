/** @module A time in the past, in a query: as it is, or how long ago. */
import * as v from 'valibot'
import { TimeInput } from './fields.ts'

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const AGO = /^(\d{1,6})([smhd])$/

/** A time, as milliseconds since the epoch, or so many milliseconds ago. */
export type Since = { at: number } | { agoMs: number }

export const SinceInput = v.pipe(
  v.string('must be a time'),
  v.rawTransform<string, Since>(({ dataset, addIssue, NEVER }) => {
    const ago = AGO.exec(dataset.value)
    if (ago) return { agoMs: Number(ago[1]) * (UNITS_MS[ago[2] ?? ''] ?? 0) }
    const time = v.safeParse(TimeInput, dataset.value)
    if (time.success) return { at: time.output }
    addIssue({
      message: 'must be ISO 8601 in UTC, such as 2026-11-25T10:00:00Z, or how long ago: 10m, 2h, 3d',
    })
    return NEVER
  }),
)

/** @returns milliseconds since the epoch. */
export function timeOf(since: Since, now: number): number {
  return 'at' in since ? since.at : now - since.agoMs
}
