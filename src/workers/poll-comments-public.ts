/**
 * @module The comments of an instance as anybody may read them. Two counters say whether there is anything new, the feed of the
 * newest comments says in which threads (it gives all replies of a thread one id, and none of them its own), and these are
 * read whole. From 7.0 on the lists of videos count comments, so that the counters are not waited for.
 */
import * as v from 'valibot'
import { noteVersion } from '../db/instance-state.ts'
import {
  newestVideos,
  noteCommentsRead,
  threadsToRevisit,
  videosWithUnreadComments,
} from '../db/known-comments.ts'
import type { GuardedWrite } from '../db/polls.ts'
import { isReadByConnection } from '../db/sources.ts'
import { LOOKBACK_MS } from '../events/detect-comments.ts'
import { instanceUpgraded } from '../events/instance-events.ts'
import type { NewEvent } from '../events/types.ts'
import { type CommentFeed, readCommentFeed } from '../peertube/comment-feed.ts'
import { type Counters, readCounters } from '../peertube/counters.ts'
import { uuidOf } from '../peertube/short-uuid.ts'
import { readThread } from '../peertube/thread.ts'
import { publicVideo, type Reading, readThreadOf } from './comment-threads.ts'
import { threadsOfVideo } from './comment-lists.ts'
import { Interruption, optionally } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'
import { failedStop } from './visit.ts'

const HOUR_MS = 3_600_000
/** The feed is read so often although no counter has moved: they count what the instance's own users write. */
const FEED_EVERY_MS = 2 * HOUR_MS
/** One known thread is looked at again so often: for edits, which move no counter, and deletions. */
const REVISIT_EVERY_MS = HOUR_MS
/** So long a comment waits for the video that it is on to be known. */
const PATIENCE_MS = 15 * 60_000
/** For so long PeerTube answers the same. */
const CACHED_MS = { counters: 600_000, feed: 900_000 }
/** So many threads and videos are kept in mind. */
const MAX_SUSPECTS = 300
/** When something was deleted, and nothing says where: so many of the threads that were active of late. */
const SWEEP = 50
/** When more was written than the feed has: so many of the newest videos. */
const MAX_VIDEOS = 100
const DIRTY = 20

const time = v.number()
const Suspect = v.object({ video: v.string(), threadId: v.number(), since: time, replies: v.optional(v.number(), -1) })
const Checkpoint = v.object({
  /** Null: never read. */
  baseline: v.optional(v.nullable(v.object({ newestId: v.number(), since: time, staleMs: v.number() })), null),
  comments: v.optional(v.nullable(v.number()), null),
  countersAt: v.optional(time, 0),
  /** Changes of the counter that no comment has been found for. */
  unexplained: v.optional(v.number(), 0),
  /** What the feed has shown. */
  feedKeys: v.optional(v.array(v.string()), []),
  feedAt: v.optional(time, 0),
  feedEtag: v.optional(v.nullable(v.string()), null),
  /** The feed answers the same until then. */
  feedFreshAt: v.optional(time, 0),
  /** Whether it is to be read then: what it said was older than what has changed. */
  feedWanted: v.optional(v.boolean(), false),
  revisitedAt: v.optional(time, 0),
  /** Threads to be read. `since`: when they became suspect. */
  suspects: v.optional(v.array(Suspect), []),
  /** Videos whose threads are to be listed. */
  videos: v.optional(v.array(v.string()), []),
})
type Checkpoint = v.InferOutput<typeof Checkpoint>

export async function pollPublicComments(run: PollRun): Promise<void> {
  const now = run.deps.clock()
  let checkpoint = checkpointOf(run)
  const isCovered = await isReadByConnection(run.deps.env.DB, run.source.instanceId, now - 2 * run.maxDelayMs)
  if (isCovered && now - checkpoint.countersAt < HOUR_MS) {
    await run.commit({ next: 'paced', method: 'by-connection' })
    return
  }
  const dirty = await videosWithUnreadComments(run.deps.env.DB, run.source.instanceId, DIRTY)
  let wait: number | null = null
  // The lists of videos have said it already: no need to ask the counters before their time.
  if (dirty.length === 0 || now - checkpoint.countersAt >= run.maxDelayMs) {
    const counted = await readCountersInto(run, checkpoint)
    checkpoint = counted.checkpoint
    wait = counted.freshMs
    if (isCovered || counted.isFirst) {
      const method = isCovered ? 'by-connection' : methodOf(run)
      await commitStep(run, checkpoint, { ...counted, method, wait })
      return
    }
    // Only when it says something: an idle poll is one request and one commit.
    if (counted.events.length > 0) await commitStep(run, checkpoint, { ...counted, wait })
  }

  const { unexplained } = checkpoint
  const isFeedDue =
    now - checkpoint.feedAt >= FEED_EVERY_MS ||
    ((dirty.length > 0 || unexplained > 0 || checkpoint.feedWanted) && now >= checkpoint.feedFreshAt)
  if (isFeedDue) checkpoint = await readFeedInto(run, checkpoint, dirty.length > 0 || unexplained > 0)
  else if (dirty.length > 0 || unexplained > 0) checkpoint = { ...checkpoint, feedWanted: true }
  checkpoint = await withRevisits(run, checkpoint)

  const done = await readSuspects(run, checkpoint)
  checkpoint = await settleDirty(run, done.checkpoint, dirty, done.perVideo)
  const feedWaitMs = checkpoint.feedWanted ? checkpoint.feedFreshAt - run.deps.clock() + 1_000 : null
  await commitStep(run, checkpoint, { events: [], writes: done.writes, method: methodOf(run), wait, feedWaitMs })
}

function methodOf({ source }: PollRun): string {
  return Number(/^v?(\d+)/.exec(source.instance.version)?.[1]) >= 7 ? 'video-counts' : 'counters-and-feed'
}

function checkpointOf({ source }: PollRun): Checkpoint {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Checkpoint), source.checkpoint)
  if (parsed.success) return parsed.output
  const detail = `the checkpoint of ${source.id} is damaged`
  throw new Interruption({ kind: 'failed', reason: 'checkpoint', detail, isInstanceWide: false })
}

/** Commits where it stands. `wait`: the counters answer the same for so long; `feedWaitMs`: the feed does, and is wanted then. */
async function commitStep(
  run: PollRun,
  checkpoint: Checkpoint,
  step: {
    events: NewEvent[]
    writes: GuardedWrite[]
    method?: string
    wait: number | null
    feedWaitMs?: number | null
  },
): Promise<void> {
  const { events, writes, method, wait, feedWaitMs = null } = step
  const isUnfinished = checkpoint.suspects.length > 0 || checkpoint.videos.length > 0
  await run.commit({
    next: 'paced',
    ...(method === undefined ? {} : { method }),
    ...(isUnfinished ? { atMostMs: 60_000, atMostReason: 'unfinished' as const } : {}),
    ...(feedWaitMs !== null && !isUnfinished
      ? { atMostMs: Math.max(1_000, feedWaitMs), atMostReason: 'cached' as const }
      : {}),
    ...(wait !== null ? { atLeastMs: wait, atLeastReason: 'cached' as const } : {}),
    checkpoint: JSON.stringify(checkpoint),
    events,
    writes,
  })
}

/** Asks the counters, and what version runs. */
async function readCountersInto(run: PollRun, checkpoint: Checkpoint) {
  const { source, deps, visit } = run
  const read = await readCounters(visit.get, visit.origin, source.etag)
  const now = deps.clock()
  const same = { checkpoint: { ...checkpoint, countersAt: now }, events: [], writes: [], isFirst: false }
  if (read.kind === 'failed') throw new Interruption(failedStop(read))
  if (read.kind === 'not-modified') return { ...same, freshMs: freshMs(read.maxAgeSeconds) }
  const { events, writes } = upgrade(run, read, now)
  const change = read.comments === null ? 0 : read.comments - (checkpoint.comments ?? read.comments)
  const next = {
    ...checkpoint,
    comments: read.comments,
    countersAt: now,
    unexplained: checkpoint.unexplained + change,
  }
  run.etag = read.etag
  const isFirst = checkpoint.baseline === null
  return {
    checkpoint: isFirst ? await firstLook(run, next) : next,
    events,
    writes,
    isFirst,
    freshMs: freshMs(read.maxAgeSeconds),
  }
}

/** How long it makes no sense to ask again, and a moment. */
function freshMs(maxAgeSeconds: number | null): number | null {
  return maxAgeSeconds === null ? null : Math.min(maxAgeSeconds * 1000, CACHED_MS.counters) + 1_000
}

function upgrade({ source, instance }: PollRun, { version }: Counters, now: number) {
  const from = source.instance.version
  if (version === from) return { events: [], writes: [] }
  return {
    events: [instanceUpgraded({ ...instance, version }, from, now)],
    writes: [noteVersion(source.instanceId, version)],
  }
}

/** Where we begin: what the feed shows now was there before us; the newest comment's number tells what comes later. */
async function firstLook(run: PollRun, checkpoint: Checkpoint): Promise<Checkpoint> {
  const { visit, deps } = run
  const feed = await readFeed(run, null)
  const now = deps.clock()
  const staleMs = feed?.maxAgeSeconds == null ? CACHED_MS.feed : ageOf(feed)
  const [newest] = feed?.items ?? []
  let newestId = 0
  if (newest) {
    const read = await optionally(() =>
      readThread(visit.get, visit.origin, newest.videoShortUuid, newest.threadId),
    )
    if (read?.kind === 'thread') for (const { comment } of read.comments) newestId = Math.max(newestId, comment.id)
  }
  return {
    ...checkpoint,
    unexplained: 0,
    baseline: { newestId, since: now, staleMs },
    ...(feed ? feedState(feed, now) : {}),
    revisitedAt: now,
  }
}

/** @returns null when the instance has none. */
async function readFeed(run: PollRun, etag: string | null): Promise<CommentFeed | null> {
  const read = await readCommentFeed(run.visit.get, run.visit.origin, etag)
  if (read.kind === 'feed') return read
  if (read.kind === 'not-modified') return null
  const stop = failedStop(read)
  if (stop.kind === 'failed' && stop.isInstanceWide) throw new Interruption(stop)
  run.deps.log({ log: 'skipped', instance: run.source.instance.host, detail: `the feed of comments ${read.detail}` })
  return null
}

/** How old what the feed says is. */
function ageOf({ maxAgeSeconds }: CommentFeed): number {
  return maxAgeSeconds === null ? 0 : Math.max(0, CACHED_MS.feed - maxAgeSeconds * 1000)
}

function feedState(feed: CommentFeed, now: number) {
  return {
    feedKeys: feed.items.map(({ key }) => key),
    feedAt: now,
    feedEtag: feed.etag,
    feedFreshAt: now + Math.min((feed.maxAgeSeconds ?? 0) * 1000, CACHED_MS.feed),
    feedWanted: false,
  }
}

/** Reads the feed: what is new on it makes its threads suspect. */
async function readFeedInto(run: PollRun, checkpoint: Checkpoint, isExpected: boolean): Promise<Checkpoint> {
  const feed = await readFeed(run, checkpoint.feedEtag)
  const now = run.deps.clock()
  if (!feed) return { ...checkpoint, feedAt: now, feedFreshAt: now + CACHED_MS.feed, feedWanted: false }
  const known = new Set(checkpoint.feedKeys)
  const fresh = feed.items.filter(({ key }) => !known.has(key))
  const suspects = fresh.map(({ videoShortUuid, threadId }) => ({
    video: uuidOf(videoShortUuid) ?? videoShortUuid,
    threadId,
    since: now,
    replies: -1,
  }))
  // More was written than it has room for: then the videos themselves are asked.
  const isOverrun = known.size > 0 && fresh.length > 0 && fresh.length === feed.items.length
  const videos = isOverrun
    ? await newestVideos(run.deps.env.DB, run.source.instanceId, MAX_VIDEOS)
    : []
  // What it said may be older than what has changed: then it is asked again when it is made anew.
  const isTooOld = isExpected && fresh.length === 0 && ageOf(feed) > 1_000
  return {
    ...checkpoint,
    ...feedState(feed, now),
    feedWanted: isTooOld,
    suspects: withSuspects(checkpoint.suspects, suspects),
    videos: [...new Set([...checkpoint.videos, ...suspects.filter(() => isOverrun).map(({ video }) => video), ...videos])].slice(
      0,
      MAX_SUSPECTS,
    ),
  }
}

function withSuspects(
  before: Checkpoint['suspects'],
  more: Checkpoint['suspects'],
): Checkpoint['suspects'] {
  const known = new Set(before.map(({ threadId }) => threadId))
  const added = more.filter(({ threadId }) => !known.has(threadId) && known.add(threadId))
  return [...before, ...added].slice(0, MAX_SUSPECTS)
}

/** Threads to be looked at again: one now and then, and many when a counter has gone down, for something was deleted. */
async function withRevisits(run: PollRun, checkpoint: Checkpoint): Promise<Checkpoint> {
  const now = run.deps.clock()
  const isSweep = checkpoint.unexplained < 0
  if (!isSweep && now - checkpoint.revisitedAt < REVISIT_EVERY_MS) return checkpoint
  const threads = await threadsToRevisit(run.deps.env.DB, run.source.id, {
    activeSince: now - LOOKBACK_MS,
    readBefore: isSweep ? now : now - REVISIT_EVERY_MS,
    limit: isSweep ? SWEEP : 1,
  })
  const suspects = threads.map(({ id, videoUuid }) => ({ video: videoUuid, threadId: id, since: now, replies: -1 }))
  return {
    ...checkpoint,
    revisitedAt: now,
    unexplained: isSweep ? 0 : checkpoint.unexplained,
    suspects: withSuspects(checkpoint.suspects, suspects),
  }
}

/** Reads what is suspect, as far as the budget goes, each with a commit of its own; then lists the threads of videos. */
async function readSuspects(run: PollRun, before: Checkpoint) {
  let checkpoint = before
  const { baseline } = checkpoint
  const perVideo = new Map<string, number>()
  const writes: GuardedWrite[] = []
  if (!baseline) return { checkpoint, perVideo, writes }
  const reading: Reading = { run, get: run.visit.get, viewerId: null, baseline }
  const later: Checkpoint['suspects'] = []
  while (checkpoint.suspects.length > 0) {
    const [suspect, ...others] = checkpoint.suspects
    if (!suspect) break
    const video = await publicVideo(run, suspect.video)
    if (!video) {
      // Its video may be so new that we have not seen it.
      if (run.deps.clock() - suspect.since < PATIENCE_MS) later.push(suspect)
      checkpoint = { ...checkpoint, suspects: others }
      continue
    }
    const news = await readThreadOf(reading, video, suspect.threadId, suspect.replies)
    if (news === null) break
    const delta = balance(news.events)
    perVideo.set(suspect.video, (perVideo.get(suspect.video) ?? 0) + delta)
    checkpoint = { ...checkpoint, suspects: others, unexplained: explained(checkpoint.unexplained, delta) }
    await commitStep(
      run,
      { ...checkpoint, suspects: [...checkpoint.suspects, ...later] },
      { ...news, wait: null },
    )
  }
  while (checkpoint.suspects.length === 0 && checkpoint.videos.length > 0) {
    const [uuid = '', ...videos] = checkpoint.videos
    const listed = await threadsOfVideo(reading, uuid)
    if (listed === null) break
    const more = listed.suspects.map((one) => ({ ...one, video: uuid, since: run.deps.clock() }))
    checkpoint = { ...checkpoint, videos, suspects: withSuspects(checkpoint.suspects, more) }
    writes.push(...listed.writes)
  }
  return {
    checkpoint: { ...checkpoint, suspects: [...checkpoint.suspects, ...later] },
    perVideo,
    writes,
  }
}

/** How many comments more, or fewer, there are for everybody. */
function balance(events: readonly NewEvent[]): number {
  const count = (type: NewEvent['type']) => events.filter((event) => event.type === type).length
  return count('comment.created') - count('comment.deleted')
}

/** What is left of a counter's change: what was found beyond it, it doesn't count. */
function explained(unexplained: number, delta: number): number {
  const left = unexplained - delta
  return Math.sign(left) === Math.sign(unexplained) ? left : 0
}

/** Videos whose count has moved: read, or, when the feed didn't say in which threads, to be listed. */
async function settleDirty(
  run: PollRun,
  checkpoint: Checkpoint,
  dirty: readonly { uuid: string; unread: number }[],
  found: ReadonlyMap<string, number>,
): Promise<Checkpoint> {
  if (dirty.length === 0) return checkpoint
  const open = new Set(checkpoint.suspects.map(({ video }) => video))
  const settled = dirty.filter(({ uuid }) => !open.has(uuid))
  const silent = settled.filter(({ uuid, unread }) => found.get(uuid) !== unread).map(({ uuid }) => uuid)
  run.later.push(noteCommentsRead(run.source.instanceId, settled.map(({ uuid }) => uuid)))
  return {
    ...checkpoint,
    videos: [...new Set([...checkpoint.videos, ...silent])].slice(0, MAX_SUSPECTS),
  }
}
