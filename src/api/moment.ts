/** @module A place in the event log, as people name one: an end of it, a sequence, a time, or how long ago. */
import * as v from 'valibot'
import { END } from '../db/consumers.ts'
import { sequencesBetween } from '../db/events.ts'
import type { Deps } from '../workers/deps.ts'
import { TimeInput, text } from './fields.ts'

/** `after`: what comes after this sequence. `ago`: milliseconds. `at`: milliseconds since the epoch. */
export type Moment =
  | { kind: 'after'; sequence: number }
  | { kind: 'ago'; milliseconds: number }
  | { kind: 'at'; time: number }

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const AGO = /^([1-9]\d{0,4})([smhd])$/

/** A time, or how long ago: `10m`, `2h`, `3d`. Null: neither. */
function sinceOf(sent: string): Moment | null {
  const [, count, unit] = AGO.exec(sent) ?? []
  // The pattern has no other units.
  if (unit) return { kind: 'ago', milliseconds: Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS] }
  const parsed = v.safeParse(TimeInput, sent)
  return parsed.success ? { kind: 'at', time: parsed.output } : null
}

function momentOf(sent: string): Moment | null {
  if (sent === 'now') return { kind: 'after', sequence: END }
  if (sent === 'beginning') return { kind: 'after', sequence: 0 }
  return /^\d{1,15}$/.test(sent) ? { kind: 'after', sequence: Number(sent) } : sinceOf(sent)
}

const read = (meaning: (sent: string) => Moment | null, problem: string) =>
  v.pipe(
    text(40),
    v.check((sent) => meaning(sent) !== null, problem),
    v.transform((sent): Moment => meaning(sent) ?? { kind: 'after', sequence: END }),
  )

/** A time, or how long ago. */
export const SinceInput = read(
  sinceOf,
  'must be a time, such as 2026-11-25T10:00:00Z, or how long ago, such as 10m, 2h or 3d',
)

/** A sequence in a body. @param description of what it is the sequence. @param least 1 of an event that there is. */
export const SequenceInput = (description: string, least = 0) =>
  v.pipe(
    v.number('must be a sequence'),
    v.integer('must be a whole number'),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(Number.MAX_SAFE_INTEGER, 'is too large'),
    v.description(description),
  )

/** Any place in the log. */
export const MomentInput = v.union(
  [
    v.pipe(
      SequenceInput('What comes after this sequence.'),
      v.transform((sequence): Moment => ({ kind: 'after', sequence })),
    ),
    read(
      momentOf,
      'must be "now", "beginning", a sequence, a time such as 2026-11-25T10:00:00Z, or how long ago, such as 10m, 2h or 3d',
    ),
  ],
  'must be a text, or the number of a sequence',
)

/** The sequence after which a place begins; `END` where that is the end of the log. */
export async function positionOf({ env, clock }: Deps, moment: Moment): Promise<number> {
  if (moment.kind === 'after') return moment.sequence
  const since = moment.kind === 'at' ? moment.time : Math.max(0, clock() - moment.milliseconds)
  const seen = await sequencesBetween(env.DB, { since })
  return seen ? seen.first - 1 : END
}
