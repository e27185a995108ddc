/** @module Comments of a video or a channel that somebody named: its threads are listed at every poll, and none is missed for long. */
import * as v from 'valibot'
import type { CommentsTarget } from '../events/source-target.ts'
import type { VideoReference } from '../events/types.ts'
import { readVideo, readVideosPage } from '../peertube/videos.ts'
import { Baseline, readCheckpoint } from './checkpoint.ts'
import { threadsOfVideo } from './comment-lists.ts'
import { publicVideo, type Reading, readThreadOf, referenceOf, type ThreadNews } from './comment-threads.ts'
import { Interruption } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'
import { failedStop } from './visit.ts'

/** Broken off for want of leave, it goes on as soon as there may be some; later when it had come to nothing new. */
const UNFINISHED_MS = 5_000
const STUCK_MS = 30_000
/** PeerTube's VideoPrivacy. */
const PUBLIC = 1
/** Of a channel so many of the newest videos. */
const NEWEST = 10

const Checkpoint = v.object({
  /** Where we began; null: never read. */
  baseline: Baseline,
  /** Videos that were listed before, with their number of comments when the instance counts them (from 7.0 on). */
  videos: v.optional(v.record(v.string(), v.nullable(v.number())), {}),
})
type Videos = v.InferOutput<typeof Checkpoint>['videos']

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
  let videos: Videos = before.videos
  let isBrokenOff = false
  let commits = 0
  const commit = (news: Partial<ThreadNews>) =>
    run.commit({
      next: 'paced',
      ...(isBrokenOff
        ? { atMostMs: commits > 0 ? UNFINISHED_MS : STUCK_MS, atMostReason: 'unfinished' }
        : {}),
      method: 'closely',
      checkpoint: JSON.stringify({ baseline, videos }),
      events: news.events ?? [],
      writes: news.writes ?? [],
    })
  for (const { reference, isPublic, comments } of watched) {
    const { uuid } = reference
    const isKnown = Object.hasOwn(videos, uuid)
    if (isKnown && comments !== null && videos[uuid] === comments) continue
    // A video that is new since we watch has no comments that were there before us.
    const isFirst = !isKnown && before.baseline === null
    const listed = await threadsOfVideo(reading, uuid, { isFirst, toTheEnd: true })
    isBrokenOff = listed === null
    if (listed === null) break
    for (const { threadId, replies } of listed.suspects) {
      const news = await readThreadOf(reading, { reference, isPublic }, threadId, replies)
      isBrokenOff = news === null
      if (news === null) break
      await commit(news)
      commits += 1
    }
    if (!isBrokenOff) videos = { ...videos, [uuid]: comments }
    if (listed.writes.length > 0) await commit({ writes: listed.writes })
    if (isBrokenOff) break
  }
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
  const url = `${run.visit.origin}/videos/watch/${uuid}`
  const unknown = {
    shortUUID: null,
    nsfw: null,
    category: null,
    language: null,
    tags: null,
    channel: null,
    account: null,
  }
  const reference = { uuid, url, name: '', ...unknown }
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
