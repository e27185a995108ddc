/** @module Where the reading of a login's list of comments stands, as it is stored with the source. */
import * as v from 'valibot'
import { Baseline, readCheckpoint } from './checkpoint.ts'
import { Unclear } from './comment-publicity.ts'
import { Held, Rechecks } from './comment-rechecks.ts'
import type { PollRun } from './poll-run.ts'

export const Checkpoint = v.object({
  /** Where we began; null: never read. */
  baseline: Baseline,
  /** The highest number so far. */
  newestId: v.optional(v.number(), 0),
  /** How many the list counted then; null: not known. */
  total: v.optional(v.nullable(v.number()), null),
  /**
   * The walk that is under way; how many new ones it has shown, how many were missing, for how many of these there was no room, and
   * how many the list counted at its beginning.
   */
  walk: v.optional(
    v.nullable(
      v.object({
        start: v.number(),
        highest: v.number(),
        found: v.optional(v.number(), 0),
        gone: v.optional(v.number(), 0),
        left: v.optional(v.number(), 0),
        total: v.optional(v.nullable(v.number()), null),
      }),
    ),
    null,
  ),
  /** The date of the last comment on the newest page: what happens to those above it is seen there. 0: it shows all. */
  oldest: v.optional(v.number(), 0),
  /** Comments of which it could not be found out yet whether everybody may see them. */
  untold: v.optional(v.array(v.number()), []),
  unclear: Unclear,
  /** Of comments that not everybody may see. */
  hidden: Held,
  rechecks: Rechecks,
  /** Comments that the list doesn't show, and that are there. */
  settled: v.optional(v.array(v.number()), []),
})
export type Checkpoint = v.InferOutput<typeof Checkpoint>

/** As the last commit left it. @throws Interruption when the row was damaged. */
export function checkpointOf({ source }: PollRun): Checkpoint {
  return readCheckpoint(source, Checkpoint)
}

/** The numbers of those that the list doesn't show any more, as far as that is noted. */
export function missingFrom({ rechecks, settled }: Pick<Checkpoint, 'rechecks' | 'settled'>): Set<number> {
  return new Set([...settled, ...rechecks.flatMap(({ missing }) => missing)])
}
