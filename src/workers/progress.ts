/** @module How far a source has been read, for whoever looks: what its checkpoint says, whatever its kind. */
import * as v from 'valibot'
import type { Source } from '../db/instances.ts'
import { commentsTarget } from '../events/source-target.ts'
import { Checkpoint as ListCheckpoint } from './comment-list-checkpoint.ts'
import { Checkpoint as WatchCheckpoint } from './comment-watch.ts'
import { Checkpoint as CloseCheckpoint } from './poll-comments-closely.ts'
import { Checkpoint as NotificationsCheckpoint } from './poll-notifications.ts'
import { Checkpoint as VideosCheckpoint } from './videos-checkpoint.ts'

export type Progress = {
  /** Whether it was read to where it was to begin: what is found from then on is news. */
  isBegun: boolean
  /** When the newest of what it has read to its end was published, milliseconds since the epoch; null: it has none, or doesn't say. */
  newestAt: number | null
  /** Whether it is in the middle of a list. */
  isUnfinished: boolean
  /** How many videos or threads are to be looked at once more. */
  pending: number
  /** Of how many videos the threads are listed at every poll; null: it is not read so. */
  followed: number | null
}

type Row = Pick<Source, 'kind' | 'target' | 'checkpoint'>

/** How far a source has been read; null: its row is damaged. */
export function progressOf(source: Row): Progress | null {
  if (source.kind === 'videos') return read(source, VideosCheckpoint, ofVideos)
  if (source.kind === 'notifications') return read(source, NotificationsCheckpoint, ofNotifications)
  switch (commentsTarget(source.target).kind) {
    case 'all':
      return read(source, WatchCheckpoint, ofWatch)
    case 'connection':
      return read(source, ListCheckpoint, ofList)
    default:
      return read(source, CloseCheckpoint, ofClose)
  }
}

function read<TSchema extends v.GenericSchema>(
  { checkpoint }: Row,
  schema: TSchema,
  tell: (checkpoint: v.InferOutput<TSchema>) => Partial<Progress>,
): Progress | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), checkpoint)
  if (!parsed.success) return null
  const nothing = { isBegun: false, newestAt: null, isUnfinished: false, pending: 0, followed: null }
  return { ...nothing, ...tell(parsed.output) }
}

function ofVideos({ baseline, newest, walk, missing }: v.InferOutput<typeof VideosCheckpoint>) {
  return {
    isBegun: baseline,
    newestAt: newest > 0 ? newest : null,
    // The walk of a source that was never read is only what it begins with.
    isUnfinished: walk !== null && walk.pages > 0,
    pending: missing.length,
  }
}

function ofNotifications({ newestId, walk }: v.InferOutput<typeof NotificationsCheckpoint>) {
  return { isBegun: newestId !== null, isUnfinished: walk !== null }
}

function ofWatch({ baseline, suspects, toList }: v.InferOutput<typeof WatchCheckpoint>) {
  return { isBegun: baseline !== null, pending: suspects.length + toList.length }
}

function ofList({ baseline, walk, rechecks, unclear }: v.InferOutput<typeof ListCheckpoint>) {
  return {
    isBegun: baseline !== null,
    isUnfinished: walk !== null,
    pending: rechecks.length + unclear.length,
  }
}

function ofClose({ baseline, from, videos, later }: v.InferOutput<typeof CloseCheckpoint>) {
  return {
    isBegun: baseline !== null,
    isUnfinished: from !== null,
    pending: later.length,
    followed: Object.keys(videos).length,
  }
}
