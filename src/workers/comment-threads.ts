/** @module Threads that may have something new: each is read whole, and held against what was known of it. */
import {
  forgetThreads,
  knownThread,
  publicVideos,
  rememberComments,
  rememberThreads,
} from '../db/known-comments.ts'
import type { GuardedWrite } from '../db/polls.ts'
import {
  type CommentScene,
  type CommentsBaseline,
  detectComments,
  detectGone,
  isNewsIn,
  LOOKBACK_MS,
} from '../events/detect-comments.ts'
import type { NewEvent, Video, VideoReference } from '../events/types.ts'
import type { Get } from '../peertube/client.ts'
import { readThread } from '../peertube/thread.ts'
import { Interruption, optionally } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'
import { failedStop } from './visit.ts'

/** How comments are read. `viewerId`: as whom, null as anybody. */
export type Reading = { run: PollRun; get: Get; viewerId: string | null; baseline: CommentsBaseline }

/** What a thread taught. */
export type ThreadNews = { events: NewEvent[]; writes: GuardedWrite[] }

const NOTHING: ThreadNews = { events: [], writes: [] }
const NAMED_SKIPS = 5

export function sceneOf({ run, viewerId }: Reading): CommentScene {
  return { instance: run.source.instance.host, viewerId, now: run.deps.clock() }
}

/**
 * Reads a thread whole.
 * @param video its UUID, and what is known of it; without `known` nobody but the viewer may see it.
 * @param replies as a list of threads counts them now; -1: none did.
 * @returns null when there is no leave for the request now.
 * @throws Interruption when the whole instance fails. A thread that alone can't be read is left out, and told in the log.
 */
export async function readThreadOf(
  reading: Reading,
  video: { reference: VideoReference; isPublic: boolean },
  threadId: number,
  replies = -1,
): Promise<ThreadNews | null> {
  const { run, get } = reading
  const { source, deps } = run
  const { uuid } = video.reference
  const read = await optionally(() => readThread(get, run.visit.origin, uuid, threadId))
  if (read === null) return null
  const scene = sceneOf(reading)
  const skip = (detail: string) => deps.log({ log: 'skipped', instance: source.instance.host, detail })
  if (read.kind === 'failed') {
    const stop = failedStop(read)
    if (stop.kind === 'failed' && stop.isInstanceWide) throw new Interruption(stop)
    skip(`thread ${threadId}: it ${read.detail}`)
    return NOTHING
  }
  if (read.kind === 'hidden') return NOTHING
  const { thread, comments: known } = await knownThread(deps.env.DB, source.id, threadId)
  if (read.kind === 'gone') {
    // Of a video that is gone itself nothing more is to be told.
    const gone = video.isPublic ? detectGone(scene, known.values(), new Set(), video.reference) : null
    return {
      events: gone?.events ?? [],
      writes: [
        ...(gone ? [rememberComments(source.id, gone.rows)] : []),
        forgetThreads(source.id, [threadId]),
      ],
    }
  }

  for (const detail of read.skipped.slice(0, NAMED_SKIPS)) skip(detail)
  const seen = read.comments.map(({ comment, isDeleted }) => ({
    comment,
    isDeleted,
    video: video.reference,
    isPublic: video.isPublic && !comment.heldForReview,
  }))
  const detected = detectComments(scene, seen, known, isNewsIn(thread, reading.baseline))
  const ids = new Set(seen.map(({ comment }) => comment.id))
  // One that could not be understood may be any of those that are not there.
  const gone = read.skipped.length === 0 ? detectGone(scene, known.values(), ids, video.reference) : null
  const isRecent = ({ id, createdAt }: { id: number; createdAt: number }) =>
    known.has(id) || createdAt > scene.now - LOOKBACK_MS
  const rows = [...detected.rows.filter(isRecent), ...(gone?.rows ?? [])]
  const dates = seen.map(({ comment }) => Date.parse(comment.createdAt))
  const next = {
    id: threadId,
    videoUuid: uuid,
    readAt: scene.now,
    activeAt: max(dates),
    newestId: max(ids),
    replies,
  }
  return {
    events: [...detected.events, ...(gone?.events ?? [])],
    writes: [
      ...(rows.length > 0 ? [rememberComments(source.id, rows)] : []),
      rememberThreads(source.id, [next]),
    ],
  }
}

/** Of ten thousand numbers too: an argument list can't hold as many. */
function max(numbers: Iterable<number>): number {
  let highest = 0
  for (const number of numbers) if (number > highest) highest = number
  return highest
}

/** What is known of a video, as comments name it; null: it is not one that everybody may see. */
export async function publicVideo(run: PollRun, uuid: string) {
  const video = (await publicVideos(run.deps.env.DB, run.source.instanceId, [uuid])).get(uuid)
  return video ? { reference: referenceOf(video), isPublic: true } : null
}

export function referenceOf(video: Video): VideoReference {
  const { uuid, shortUUID, url, name, nsfw, category, language, tags, channel, account } = video
  return { uuid, shortUUID, url, name, nsfw, category, language, tags, channel, account }
}
