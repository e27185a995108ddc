/** @module How a replay looks in answers. */
import * as v from 'valibot'
import type { Replay } from '../db/replays.ts'
import type { Filter } from '../events/filter.ts'
import { Time } from './fields.ts'
import { ShownFilter } from './filter-fields.ts'
import { time } from './time.ts'

const Whole = (description: string) => v.pipe(v.number(), v.integer(), v.description(description))

const replayFields = {
  id: v.string(),
  endpoint: v.string(),
  kind: v.pipe(
    v.picklist(['events', 'failed']),
    v.description('What is sent again: what fits of a part of the event log, or deliveries that failed.'),
  ),
  state: v.pipe(
    v.picklist(['running', 'done', 'cancelled']),
    v.description('`done`: all of it has been asked for; some of it may be pending still.'),
  ),
  from: v.nullable(Whole('The sequence of the first event; null when there is none.')),
  to: v.nullable(Whole('The sequence of the last event; null when there is none.')),
  since: v.nullable(Time),
  filter: v.nullable(ShownFilter),
  position: Whole('The sequence of the last event that was looked at.'),
  share: v.pipe(v.number(), v.minValue(0), v.maxValue(1), v.description('How much of it was looked at.')),
  asked: Whole('How many deliveries it has asked for.'),
  createdAt: Time,
  updatedAt: Time,
  finishedAt: v.nullable(Time),
}
export const ShownReplay = v.strictObject(replayFields)
export const ShownReplayWithCounts = v.strictObject({
  ...replayFields,
  deliveries: v.pipe(
    v.strictObject({
      pending: Whole('They wait, or are tried again.'),
      delivered: Whole('They were sent, and answered well.'),
      failed: Whole('They were given up, and can be recovered.'),
      skipped: Whole('They were not tried before the replay was cancelled.'),
    }),
    v.description('What became of those that it asked for, and that nobody asked for again since.'),
  ),
})

export const exampleReplay = {
  id: 'rpl_9f86d081884c7d659a2feaa0',
  endpoint: 'ep_9f86d081884c7d659a2feaa0',
  kind: 'events',
  state: 'running',
  from: 1,
  to: 2000,
  since: null,
  filter: { types: ['video.*'] },
  position: 500,
  share: 0.25,
  asked: 320,
  createdAt: '2026-11-25T10:00:00.000Z',
  updatedAt: '2026-11-25T10:00:01.000Z',
  finishedAt: null,
} as const
export const exampleWithCounts = {
  ...exampleReplay,
  deliveries: { pending: 20, delivered: 299, failed: 1, skipped: 0 },
}
export function showReplay(replay: Replay) {
  const { afterSequence, lastSequence, position } = replay
  const length = lastSequence - afterSequence
  return {
    id: replay.id,
    endpoint: replay.endpointId,
    kind: replay.kind,
    state: replay.state,
    from: length > 0 ? afterSequence + 1 : null,
    to: length > 0 ? lastSequence : null,
    since: time(replay.since),
    // Only we write filters.
    filter: replay.filter === null ? null : (JSON.parse(replay.filter) as Filter),
    position,
    share: length > 0 ? (position - afterSequence) / length : 1,
    asked: replay.asked,
    createdAt: time(replay.createdAt),
    updatedAt: time(replay.updatedAt),
    finishedAt: time(replay.finishedAt),
  }
}
