/** @module Where the reading of a list of videos stands, as it is stored with the source. */
import * as v from 'valibot'
import type { VideosCheckpoint } from '../events/video-walk.ts'
import { readCheckpoint } from './checkpoint.ts'
import type { PollRun } from './poll-run.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const Walk = v.object({
  start: count,
  pages: count,
  first: v.nullable(v.string()),
  tail: v.array(v.string()),
  oldest: v.number(),
  seam: v.optional(v.nullable(v.string()), null),
  gaps: v.optional(count, 0),
  repeats: count,
  newest: v.number(),
  backfillLeft: count,
})
export const Checkpoint = v.object({
  // A source of a connection begins with nothing.
  baseline: v.optional(v.boolean(), false),
  newest: v.optional(v.number(), 0),
  walk: v.optional(v.nullable(Walk), null),
  pass: v.optional(
    v.nullable(v.object({ startedAt: v.number(), walk: v.nullable(Walk), pages: count })),
    null,
  ),
  missing: v.optional(v.array(v.object({ uuid: v.string(), goneAt: v.nullable(v.number()) })), []),
  running: v.optional(v.array(v.object({ uuid: v.string(), isOnTop: v.boolean() })), []),
}) satisfies v.GenericSchema<unknown, VideosCheckpoint>
export type Checkpoint = v.InferOutput<typeof Checkpoint>

/** As the last commit left it. @throws Interruption when the row was damaged. */
export function checkpointOf({ source }: PollRun): Checkpoint {
  return readCheckpoint(source, Checkpoint)
}
