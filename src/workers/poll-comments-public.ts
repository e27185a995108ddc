/**
 * @module The comments of an instance as anybody may read them: counters and the feed say in which threads something is new,
 * and these are read whole. From 7.0 on the lists of videos count comments, and then the counters are not waited for.
 */
import { type CountedVideo, noteCommentsRead, videosWithUnreadComments } from '../db/known-comments.ts'
import { readByConnection } from '../db/sources.ts'
import type { NewEvent } from '../events/types.ts'
import { threadsOfVideo } from './comment-lists.ts'
import { askCounters, askFeed, revisit } from './comment-signals.ts'
import { publicVideosOf, type Reading, readThreadOf } from './comment-threads.ts'
import { CommentWatch } from './comment-watch.ts'
import { isDue, putOff, putOffBecause } from './pending.ts'
import { Interruption } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'

const HOUR_MS = 3_600_000
/** So long a comment waits for the video that it is on to be known. */
const PATIENCE_MS = 15 * 60_000
/** So many videos whose number of comments has moved are looked after in one poll. */
const MAX_COUNTED = 20

/**
 * Looks for comments. Idle it is one request, and two round trips to D1 besides the commit. A reply anywhere is found with
 * three: counters or list, feed, thread.
 */
export async function pollPublicComments(run: PollRun): Promise<void> {
  const { deps, source } = run
  const watch = new CommentWatch(run)
  const { checkpoint, now } = watch
  const { maxDelayMs } = run
  const coveredUntil = await readByConnection(deps.env.DB, source.instanceId, { now, maxDelayMs })
  watch.method = coveredUntil === null ? methodOf(run) : 'by-connection'
  const counted = await videosWithUnreadComments(deps.env.DB, source.instanceId, MAX_COUNTED)
  if (coveredUntil !== null) return standBy(watch, coveredUntil, counted)
  // The lists of videos may have said it already, or the feed may be waited for: then there is no need to ask the counters
  // before their time.
  const isTold = counted.length > 0 || checkpoint.feedWanted
  const isTime = !isTold || now - checkpoint.countersAt >= run.maxDelayMs
  if (isTime && now >= checkpoint.countersFreshAt) {
    const isFirst = await askCounters(watch)
    watch.method = methodOf(run)
    if (isFirst) return watch.commit()
  }
  await keeping(watch, () => askFeed(watch, { isCounted: counted.length > 0 }))
  await revisit(watch)
  const found = await readSuspects(watch)
  settleCounts(watch, counted, found)
  // Its count is as it was, and something is gone: then something has come.
  const isCounted = new Set(counted.map(({ uuid }) => uuid))
  const balanced = [...found].flatMap(([uuid, more]) => (more < 0 && !isCounted.has(uuid) ? [uuid] : []))
  if (watch.method === 'video-counts') watch.listLater(balanced)
  await listVideos(watch)
  await watch.commit()
}

/** Keeps what was learned before when there is no leave for `work` now: otherwise it would be asked for again, and again. */
async function keeping(watch: CommentWatch, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof Interruption && error.stop.kind === 'waiting') await watch.commit()
    throw error
  }
}

/** While a connection reads, whatever is counted is read; of where we began and of the version only the counters tell. */
async function standBy(
  watch: CommentWatch,
  coveredUntil: number,
  counted: readonly CountedVideo[],
): Promise<void> {
  const { baseline, countersAt } = watch.checkpoint
  if (baseline === null || watch.now - countersAt >= HOUR_MS) await askCounters(watch)
  if (counted.length > 0) watch.learn({ writes: [noteCommentsRead(counted)] })
  watch.set({ coveredUntil, unexplained: 0, suspects: [], toList: [] })
  await watch.commit()
}

function methodOf({ source }: PollRun): string {
  return Number(/^v?(\d+)/.exec(source.instance.version)?.[1]) >= 7 ? 'video-counts' : 'counters-and-feed'
}

function readingOf({ run, checkpoint }: CommentWatch): Reading | null {
  return checkpoint.baseline && { run, get: run.visit.get, viewerId: null, baseline: checkpoint.baseline }
}

/** Reads suspect threads, as far as the budget goes, each with a commit. @returns how many comments more each video has. */
async function readSuspects(watch: CommentWatch): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  const reading = readingOf(watch)
  const { suspects } = watch.checkpoint
  if (!reading || suspects.length === 0) return found
  const videos = await publicVideosOf(
    watch.run,
    suspects.map(({ video }) => video),
  )
  for (const suspect of suspects) {
    const { now } = watch
    if (!isDue(suspect, now)) continue
    const video = videos.get(suspect.video)
    if (!video) {
      // It may be so new that we have not seen it; or of another instance, for the feed has comments on those too.
      if (now - suspect.since >= PATIENCE_MS) watch.settle(suspect)
      else watch.waiting.add(suspect.video)
      continue
    }
    const { threadId, replies } = suspect
    const news = await readThreadOf(reading, video, threadId, replies, putOff(suspect, now) === null)
    if (news === null) break
    if ('later' in news) {
      watch.settle(suspect, putOffBecause(watch.run, suspect, `thread ${threadId}`, news.later))
      if (news.later.isInstanceWide) break
      continue
    }
    const more = balance(news.events)
    found.set(suspect.video, (found.get(suspect.video) ?? 0) + more)
    watch.settle(suspect)
    watch.set({ unexplained: explained(watch.checkpoint.unexplained, more) })
    watch.learn(news)
    if (news.events.length > 0) await watch.commit()
  }
  return found
}

/** How many comments more, or fewer, there are for everybody. */
function balance(events: readonly NewEvent[]): number {
  const count = (type: NewEvent['type']) => events.filter((event) => event.type === type).length
  return count('comment.created') - count('comment.deleted')
}

/** What is left of a counter's change: it counts what the instance's own users write, and more may be found. */
function explained(unexplained: number, more: number): number {
  const left = unexplained - more
  return Math.sign(left) === Math.sign(unexplained) ? left : 0
}

/** Videos whose count has moved are read, or, when the feed didn't say in which threads, to be listed. */
function settleCounts(
  watch: CommentWatch,
  counted: readonly CountedVideo[],
  found: ReadonlyMap<string, number>,
): void {
  // What can't be read keeps nobody waiting: it stays suspect.
  const open = new Set(watch.checkpoint.suspects.filter(({ tries }) => tries === 0).map(({ video }) => video))
  const settled = counted.filter(({ uuid }) => !open.has(uuid))
  if (settled.length === 0) return
  watch.learn({ writes: [noteCommentsRead(settled)] })
  watch.listLater(settled.filter(({ uuid, unread }) => found.get(uuid) !== unread).map(({ uuid }) => uuid))
}

/** Lists the threads of videos in which something is new, and nothing says where. */
async function listVideos(watch: CommentWatch): Promise<void> {
  const reading = readingOf(watch)
  if (!reading) return
  for (const one of watch.checkpoint.toList) {
    if (!isDue(one, watch.now)) continue
    const { video } = one
    const listed = await threadsOfVideo(reading, video)
    if (listed === null) return
    if ('later' in listed) {
      watch.listed(one, putOffBecause(watch.run, one, `threads of video ${video}`, listed.later))
      if (listed.later.isInstanceWide) return
      continue
    }
    watch.listed(one)
    watch.suspect(listed.suspects.map((suspect) => ({ ...suspect, video })))
    watch.learn(listed)
  }
  if (watch.checkpoint.suspects.length > 0) await readSuspects(watch)
}
