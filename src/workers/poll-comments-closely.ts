/** @module Comments of a video or a channel that somebody named: its threads are listed at every poll, and none is missed for long. */
import * as v from 'valibot'
import { PUBLIC } from '../events/detect-fate.ts'
import type { CommentsTarget } from '../events/source-target.ts'
import type { VideoReference } from '../events/types.ts'
import { readVideo, readVideosPage } from '../peertube/videos.ts'
import { Baseline, readCheckpoint } from './checkpoint.ts'
import { threadsOfVideo } from './comment-lists.ts'
import {
  publicVideo,
  type Reading,
  readThreadOf,
  referenceOf,
  type ThreadNews,
  unknownReference,
} from './comment-threads.ts'
import { isDue, PENDING, pendingSince, putOff, putOffBecause } from './pending.ts'
import { Interruption } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'
import { failedStop } from './visit.ts'

/** Broken off for want of leave, it goes on as soon as there may be some, unless it came to nothing. */
const UNFINISHED_MS = 5_000
/** So many threads that could not be read are kept in mind. */
const MAX_LATER = 100
/** Of a channel so many of the newest videos. */
const NEWEST = 10

export const Checkpoint = v.object({
  /** Where we began; null: never read. */
  baseline: Baseline,
  /** Videos that were listed before, with their number of comments when the instance counts them (from 7.0 on). */
  videos: v.optional(v.record(v.string(), v.nullable(v.number())), {}),
  /** The video at which the last poll was broken off: those before it had their turn. */
  from: v.optional(v.nullable(v.string()), null),
  /** Threads that could not be read. */
  later: v.optional(v.array(v.object({ threadId: v.number(), ...PENDING })), []),
})
type Watched = { reference: VideoReference; isPublic: boolean; comments: number | null }

/**
 * Idle a request for each video; for a channel one, and for instances before 7.0 one more for each of its newest videos.
 * A new comment takes one request more.
 */
export async function pollClosely(
  run: PollRun,
  target: Extract<CommentsTarget, { kind: 'video' | 'channel' }>,
): Promise<void> {
  const before = readCheckpoint(run.source, Checkpoint)
  const baseline = before.baseline ?? { newestId: 0, since: run.deps.clock(), staleMs: 0 }
  const reading: Reading = { run, get: run.visit.get, viewerId: run.source.ownerId, baseline }
  const watched =
    target.kind === 'video' ? await oneVideo(run, target.name) : await ofChannel(run, target.name)
  let { videos, from, later } = before
  let brokenAt: string | null = null
  let hasProgress = false
  const commit = (news: Partial<ThreadNews>) =>
    run.commit({
      next: 'paced',
      ...(brokenAt !== null && hasProgress ? { atMostMs: UNFINISHED_MS, atMostReason: 'unfinished' } : {}),
      method: 'closely',
      checkpoint: JSON.stringify({ baseline, videos, from, later } satisfies v.InferOutput<
        typeof Checkpoint
      >),
      events: news.events ?? [],
      writes: news.writes ?? [],
    })
  const begin = Math.max(
    0,
    watched.findIndex(({ reference }) => reference.uuid === from),
  )
  for (const { reference, isPublic, comments } of watched.slice(begin)) {
    const { uuid } = reference
    const isKnown = Object.hasOwn(videos, uuid)
    if (isKnown && comments !== null && videos[uuid] === comments) continue
    // A video that is new since we watch has no comments that were there before us.
    const isFirst = !isKnown && before.baseline === null
    const listed = await threadsOfVideo(reading, uuid, { isFirst, toTheEnd: true })
    // Of one video it is the only request: it says how the instance is.
    if (listed && 'later' in listed && target.kind === 'video') throw new Interruption(listed.later)
    if (listed === null || 'later' in listed) {
      brokenAt = uuid
      break
    }
    let isWhole = true
    const triedBefore = new Map(later.map((one) => [one.threadId, one]))
    // Those that were tried in vain come last: they keep no other from its turn.
    const inOrder = listed.suspects.toSorted(
      (one, two) => Number(triedBefore.has(one.threadId)) - Number(triedBefore.has(two.threadId)),
    )
    for (const { threadId, replies } of inOrder) {
      const now = run.deps.clock()
      const pending = triedBefore.get(threadId) ?? { threadId, ...pendingSince(now) }
      if (!isDue(pending, now)) {
        isWhole = false
        continue
      }
      const video = { reference, isPublic }
      const news = await readThreadOf(reading, video, threadId, replies, putOff(pending, now) === null)
      if (news === null) {
        brokenAt = uuid
        break
      }
      later = later.filter((one) => one.threadId !== threadId)
      if ('later' in news) {
        isWhole = false
        const next = putOffBecause(run, pending, `thread ${threadId}`, news.later)
        if (next) later = [...later, next].slice(-MAX_LATER)
        if (!news.later.isInstanceWide) continue
        brokenAt = uuid
        break
      }
      await commit(news)
      hasProgress = true
    }
    if (brokenAt === null && isWhole) {
      videos = { ...videos, [uuid]: comments }
      hasProgress = true
    }
    if (listed.writes.length > 0) await commit({ writes: listed.writes })
    if (brokenAt !== null) break
  }
  // One that comes to nothing again and again, for each answer takes too long, must not keep the others from their turn.
  const isStuck = brokenAt !== null && !hasProgress && brokenAt === before.from
  from = isStuck ? (watched[begin + 1]?.reference.uuid ?? null) : brokenAt
  // Only those that are still among the newest are worth keeping.
  videos = Object.fromEntries(
    Object.entries(videos).filter(([uuid]) => watched.some(({ reference }) => reference.uuid === uuid)),
  )
  await commit({})
}

async function oneVideo(run: PollRun, uuid: string): Promise<Watched[]> {
  const video = await publicVideo(run, uuid)
  if (video) return [{ ...video, comments: null }]
  // Not on a list that is watched: it may be unlisted, and then it is no news for everybody what is written there.
  const read = await readVideo(run.visit.get, run.visit.origin, uuid)
  if (read.kind === 'failed') throw new Interruption(failedStop(read))
  if (read.kind !== 'video') return []
  const reference = unknownReference(run.visit.origin, uuid, '')
  return [{ reference, isPublic: read.fate.privacy === PUBLIC, comments: null }]
}

async function ofChannel(run: PollRun, name: string): Promise<Watched[]> {
  const page = await readVideosPage(run.visit.get, run.visit.origin, { kind: 'channel', name }, 0, null)
  if (page.kind === 'failed') throw new Interruption(failedStop(page))
  if (page.kind === 'not-modified') return []
  return page.videos
    .slice(0, NEWEST)
    .map(({ video, comments }) => ({ reference: referenceOf(video), isPublic: true, comments }))
}
