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
  type KnownComment,
  LOOKBACK_MS,
} from '../events/detect-comments.ts'
import type { NewEvent, Video, VideoReference } from '../events/types.ts'
import type { Failure, Get } from '../peertube/client.ts'
import { toHtml } from '../peertube/html.ts'
import { readThread } from '../peertube/thread.ts'
import { readVideo } from '../peertube/videos.ts'
import { type Failed, optionally } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'
import { failedStop } from './visit.ts'

/** How comments are read. `viewerId`: as whom, null as anybody. */
export type Reading = { run: PollRun; get: Get; viewerId: string | null; baseline: CommentsBaseline }

/** What was learned. */
export type News = { events: NewEvent[]; writes: GuardedWrite[] }

/**
 * What a thread taught. `there`: the numbers of those that it shows, and whether as tombstones; `isWhole`: whether all others of it
 * are gone.
 */
export type ThreadNews = News & { there: ReadonlyMap<number, { isDeleted: boolean }>; isWhole: boolean }

/** What can't be had now, and why. The failure is nobody's but its own: it may be of this one answer, whatever it sounds like. */
export type Later = { later: Failed }

const NOTHING: ThreadNews = { events: [], writes: [], there: new Map(), isWhole: false }
const NAMED_SKIPS = 5
/** What is wrong with an answer itself, and will be the next time. All else may be its instance's proxy. */
const LASTING: ReadonlySet<string> = new Set(['too-large', 'schema'])

/** Whether an answer may be another the next time. @returns the failure then. */
export function passing(failure: Failure): Failed | null {
  const stop = failedStop(failure)
  return LASTING.has(stop.reason) ? null : stop
}

export function sceneOf({ run, viewerId }: Reading): CommentScene {
  return { instance: run.source.instance.host, viewerId, now: run.deps.clock(), toHtml }
}

/**
 * Reads a thread whole.
 * @param video its UUID, and what is known of it; without `known` nobody but the viewer may see it.
 * @param replies as a list of threads counts them now; -1: none did.
 * @param isLastTry it is left out, too, when this fails.
 * @returns null when there is no leave for the request now; `later` when it fails, and may not another time. A thread that can't
 * be read for good is left out, and told in the log.
 */
export async function readThreadOf(
  reading: Reading,
  video: { reference: VideoReference; isPublic: boolean },
  threadId: number,
  replies = -1,
  isLastTry = false,
): Promise<ThreadNews | Later | null> {
  const { run, get } = reading
  const { source, deps } = run
  const { uuid } = video.reference
  const read = await optionally(() => readThread(get, run.visit.origin, uuid, threadId))
  if (read === null) return null
  const scene = sceneOf(reading)
  const skip = (detail: string) => deps.log({ log: 'skipped', instance: source.instance.host, detail })
  const { thread, comments: known } = await knownThread(deps.env.DB, source.id, threadId)
  // Others have their turn of being looked at again.
  const looked = thread && { ...thread, readAt: thread.readAt > 0 ? scene.now : 0 }
  if (read.kind === 'hidden')
    return looked ? { ...NOTHING, writes: [rememberThreads(source.id, [looked])] } : NOTHING
  if (read.kind === 'gone') return readGone(reading, video.reference, threadId, known)
  const isWhole = read.kind === 'thread' && read.comments.some(({ comment }) => comment.id === threadId)
  if (!isWhole) {
    const later = read.kind === 'failed' ? passing(read) : null
    if (later && !isLastTry) return { later }
    skip(`thread ${threadId}: it ${read.kind === 'failed' ? read.detail : 'is another one'}`)
    // Until it has more replies it is not asked for again.
    const counted = looked ?? { id: threadId, videoUuid: uuid, readAt: 0, activeAt: scene.now, newestId: 0 }
    return { ...NOTHING, writes: [rememberThreads(source.id, [{ ...counted, replies }])] }
  }

  for (const detail of read.skipped.slice(0, NAMED_SKIPS)) skip(detail)
  const own = read.comments.filter(({ comment }) => comment.threadId === threadId)
  const others = read.comments.length - own.length
  if (others > 0) skip(`thread ${threadId}: ${others} comments in it say that they are of another`)
  const seen = own.map(({ comment, isDeleted }) => ({
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
    // A date may lie: by one that is to come the thread would be active for ever.
    activeAt: max(dates.filter((date) => date <= scene.now)) || (thread?.activeAt ?? scene.now),
    newestId: max(ids),
    replies,
  }
  return {
    events: [...detected.events, ...(gone?.events ?? [])],
    writes: [
      ...(rows.length > 0 ? [rememberComments(source.id, rows)] : []),
      rememberThreads(source.id, [next]),
    ],
    there: new Map(seen.map(({ comment, isDeleted }) => [comment.id, { isDeleted }])),
    isWhole: gone !== null,
  }
}

/** A thread that is no more: what was in it was deleted, unless the video is gone too, of which that is told. */
async function readGone(
  { run, get, ...reading }: Reading,
  video: VideoReference,
  threadId: number,
  known: ReadonlyMap<number, KnownComment>,
): Promise<ThreadNews | Later | null> {
  const { id } = run.source
  const read = await optionally(() => readVideo(get, run.visit.origin, video.uuid))
  if (read === null) return null
  const later = read.kind === 'failed' ? passing(read) : null
  if (later) return { later }
  if (read.kind === 'failed' || read.kind === 'forbidden') return NOTHING
  const gone = detectGone(sceneOf({ run, get, ...reading }), known.values(), new Set(), video)
  return {
    events: read.kind === 'video' ? gone.events : [],
    writes: [
      ...(gone.rows.length > 0 ? [rememberComments(id, gone.rows)] : []),
      forgetThreads(id, [threadId]),
    ],
    there: new Map(),
    isWhole: true,
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
  return (await publicVideosOf(run, [uuid])).get(uuid) ?? null
}

/** The same of several, by UUID. */
export async function publicVideosOf(run: PollRun, uuids: readonly string[]) {
  const known = await publicVideos(run.deps.env.DB, run.source.instanceId, uuids)
  return new Map(
    Array.from(known, ([uuid, video]) => [uuid, { reference: referenceOf(video), isPublic: true }] as const),
  )
}

/** How comments name a video of which nothing but this is known. */
export function unknownReference(origin: string, uuid: string, name: string): VideoReference {
  const url = `${origin}/videos/watch/${uuid}`
  const unknown = { shortUUID: null, nsfw: null, category: null, language: null, tags: null }
  return { uuid, url, name, ...unknown, channel: null, account: null }
}

export function referenceOf(video: Video): VideoReference {
  const { uuid, shortUUID, url, name, nsfw, category, language, tags, channel, account } = video
  return { uuid, shortUUID, url, name, nsfw, category, language, tags, channel, account }
}
