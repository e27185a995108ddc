/**
 * @module What was asked for in vain: its answer made no sense, or none came, while the instance answers others. It is asked for
 * again, ever more seldom, and given up after a day.
 */
import * as v from 'valibot'
import type { Failed } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'

const FIRST_MS = 60_000
const LONGEST_MS = 3_600_000
const PATIENCE_MS = 24 * LONGEST_MS
/** And not before so many tries: a source may be read once a day. */
const MIN_TRIES = 4

/** Fields of a checkpoint's entry. `since`: it is to be asked for. `after`: not before then. Times: milliseconds since the epoch. */
export const PENDING = {
  since: v.number(),
  tries: v.optional(v.number(), 0),
  after: v.optional(v.number(), 0),
}
export type Pending = { since: number; tries: number; after: number }

/** What is to be asked for as soon as possible. */
export function pendingSince(now: number): Pending {
  return { since: now, tries: 0, after: 0 }
}

export function isDue({ after }: Pending, now: number): boolean {
  return after <= now
}

/** After another try in vain: null, when there were enough. One that nobody has asked for since it was time begins anew. */
export function putOff<TPending extends Pending>(before: TPending, now: number): TPending | null {
  const wasForgotten = now - Math.max(before.since, before.after) > PATIENCE_MS + LONGEST_MS
  const one = wasForgotten ? { ...before, ...pendingSince(now) } : before
  if (now - one.since >= PATIENCE_MS && one.tries >= MIN_TRIES) return null
  const restMs = Math.min(FIRST_MS * 2 ** one.tries, LONGEST_MS)
  return { ...one, tries: one.tries + 1, after: now + restMs }
}

/** The same, and says in the log, when it is the first or the last time, what is not read. @param what it is. */
export function putOffBecause<TPending extends Pending>(
  { deps, source }: PollRun,
  one: TPending,
  what: string,
  { detail }: Failed,
): TPending | null {
  const next = putOff(one, deps.clock())
  const outlook = next ? 'it is asked for again later' : 'it is left out'
  if (!next || one.tries === 0)
    deps.log({ log: 'skipped', instance: source.instance.host, detail: `${what}: it ${detail}; ${outlook}` })
  return next
}
