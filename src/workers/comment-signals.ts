/**
 * @module What says that an instance has new comments, and where: two counters, and the feed of the newest, which gives all
 * replies of a thread one id and none of them its own. PeerTube keeps the answers of both for minutes; so neither is asked
 * before it can say anything new. The feed has two addresses, of which each is kept by itself: that it was read of late
 * keeps nobody waiting for it.
 */
import { noteVersion } from '../db/instance-state.ts'
import { newestVideos, publicVideos, threadsToRevisit } from '../db/known-comments.ts'
import { LOOKBACK_MS } from '../events/detect-comments.ts'
import { instanceUpgraded } from '../events/instance-events.ts'
import { type FeedItem, readCommentFeed } from '../peertube/comment-feed.ts'
import { readCounters } from '../peertube/counters.ts'
import { uuidOf } from '../peertube/short-uuid.ts'
import { readThread } from '../peertube/thread.ts'
import type { CommentWatch } from './comment-watch.ts'
import { Interruption, optionally } from './poll-outcome.ts'
import { failedStop } from './visit.ts'

const HOUR_MS = 3_600_000
/** The feed is read so often although no counter has moved: they count what the instance's own users write. */
const FEED_EVERY_MS = 2 * HOUR_MS
/** One known thread is looked at again so often: for edits, which move no counter, and deletions. */
const REVISIT_EVERY_MS = HOUR_MS
/** For so long PeerTube answers the same. */
const CACHED_MS = { counters: 600_000, feed: 900_000 }
/** When something was deleted, and nothing says where: so many of the threads that were active of late. */
const SWEEP = 50
/** When more was written than the feed has room for: so many of the newest videos. */
const MAX_VIDEOS = 100
/** A comment that a connection has not shown yet may be dated so long before. */
const LATE_MS = 600_000
/** An answer as old as that was made for us. */
const AT_ONCE_MS = 1_000
/** As many as a feed has, unless its administrator wants more. */
const FEED_ITEMS = 20
const NAMED_SKIPS = 5

/** Asks the counters, and what version runs. @returns whether this was the first time. */
export async function askCounters(watch: CommentWatch): Promise<boolean> {
  const { run, checkpoint } = watch
  const { visit, source } = run
  const isFirst = checkpoint.baseline === null
  const read = await readCounters(visit.get, visit.origin, source.etag)
  if (read.kind === 'failed') throw new Interruption(failedStop(read))
  const { now } = watch
  const freshMs = Math.min((read.maxAgeSeconds ?? 0) * 1000, CACHED_MS.counters)
  // And a moment, for what is made anew then.
  watch.set({ countersAt: now, countersFreshAt: freshMs > 0 ? now + freshMs + 1_000 : 0 })
  if (read.kind === 'not-modified') return isFirst
  watch.etag = read.etag
  const { version } = source.instance
  if (read.version !== version) {
    watch.learn({
      events: [instanceUpgraded({ ...run.instance, version: read.version }, version, now)],
      writes: [noteVersion(source.instanceId, read.version)],
    })
    run.source = { ...source, instance: { ...source.instance, version: read.version } }
  }
  const change = read.comments === null ? 0 : read.comments - (checkpoint.comments ?? read.comments)
  watch.set({ comments: read.comments, unexplained: checkpoint.unexplained + change })
  if (isFirst) await begin(watch)
  return isFirst
}

/** What the feed shows now was there before us; the number of the newest comment tells what comes later. */
async function begin(watch: CommentWatch): Promise<void> {
  const { visit } = watch.run
  const feed = await readFeed(watch)
  const { now } = watch
  const [newest] = feed?.fresh ?? []
  const read = newest
    ? await optionally(() => readThread(visit.get, visit.origin, newest.videoShortUuid, newest.threadId))
    : null
  const ids = read?.kind === 'thread' ? read.comments.map(({ comment }) => comment.id) : []
  const newestId = ids.reduce((highest, id) => Math.max(highest, id), 0)
  watch.set({
    unexplained: 0,
    baseline: { newestId, since: now, staleMs: feed?.ageMs ?? CACHED_MS.feed },
    revisitedAt: now,
  })
}

/** What the feed says that it has not said before, and how old that is. `isFull`: it may have said more, had it room. */
type FeedNews = { fresh: FeedItem[]; ageMs: number; isFull: boolean }

/** Reads the feed where what it says is the oldest. @returns null when the instance has none. */
async function readFeed(watch: CommentWatch): Promise<FeedNews | null> {
  const { visit, deps, source } = watch.run
  const { path, etag } = watch.feed
  const skip = (detail: string) => deps.log({ log: 'skipped', instance: source.instance.host, detail })
  const read = await readCommentFeed(visit.get, visit.origin, etag, path)
  const { now } = watch
  watch.set({ feedAt: now, feedWanted: false })
  if (read.kind === 'failed') {
    const stop = failedStop(read)
    if (stop.kind === 'failed' && stop.isInstanceWide) throw new Interruption(stop)
    skip(`the feed of comments ${read.detail}`)
    watch.feed = { path, etag: null, freshAt: now + CACHED_MS.feed }
    return null
  }
  const maxAgeMs = read.maxAgeSeconds === null ? null : read.maxAgeSeconds * 1000
  const freshAt = now + Math.min(maxAgeMs ?? 0, CACHED_MS.feed)
  watch.feed = { path, etag: read.kind === 'feed' ? read.etag : etag, freshAt }
  // PeerTube counts down how long it answers the same.
  const ageMs = maxAgeMs === null ? 0 : Math.max(0, CACHED_MS.feed - maxAgeMs)
  if (read.kind === 'not-modified') return { fresh: [], ageMs, isFull: false }
  for (const detail of read.skipped.slice(0, NAMED_SKIPS)) skip(detail)
  const { items } = read
  const before = watch.checkpoint.feedKeys
  const known = new Set(before)
  const fresh = items.filter(({ key }) => !known.has(key))
  // One address may say what is older than what the other has said: that is no news.
  const keys = new Set([...items.map(({ key }) => key), ...before])
  if (items.length > 0) watch.set({ feedKeys: [...keys].slice(0, 2 * items.length) })
  const mayBeFull = known.size > 0 || items.length >= FEED_ITEMS
  return { fresh, ageMs, isFull: mayBeFull && fresh.length > 0 && fresh.length === items.length }
}

/**
 * Reads the feed when it is due, or can say where something is.
 * @param isCounted whether the lists of videos count something that was not read.
 */
export async function askFeed(watch: CommentWatch, { isCounted }: { isCounted: boolean }): Promise<void> {
  const { checkpoint, now } = watch
  const { coveredUntil, unexplained } = checkpoint
  // Without counters there is nothing but the feed.
  const isBlind = watch.method === 'counters-and-feed' && checkpoint.comments === null
  const isWanted = isCounted || isBlind || unexplained > 0 || coveredUntil > 0 || checkpoint.feedWanted
  if (now < watch.feed.freshAt) {
    watch.set({ feedWanted: isWanted })
    return
  }
  if (!isWanted && now - checkpoint.feedAt < FEED_EVERY_MS) return
  // Should there be no leave for it now.
  watch.set({ feedWanted: isWanted })
  const news = await readFeed(watch)
  if (!news) {
    watch.set({ unexplained: Math.min(0, unexplained) })
    // Where videos are not counted either, nothing says where it is.
    if (watch.method === 'counters-and-feed' && isWanted) await listNewest(watch)
    return
  }
  // What was written while a connection read it is told.
  const since = coveredUntil - LATE_MS
  const named = news.fresh
    .filter(({ at }) => at > since)
    .map(({ videoShortUuid, threadId }) => ({ video: uuidOf(videoShortUuid) ?? videoShortUuid, threadId }))
  watch.suspect(named.map((one) => ({ ...one, replies: -1 })))
  // What it said may be older than what has changed: then it is asked again when it is made anew.
  const isStale = news.ageMs > AT_ONCE_MS
  if (isStale) watch.set({ feedWanted: isWanted && (named.length === 0 || coveredUntil > 0) })
  else watch.set({ coveredUntil: 0 })
  // A counter counts too what nobody may see: made after it, the feed knows better.
  if (!isStale && named.length === 0) watch.set({ unexplained: Math.min(0, unexplained) })
  if (news.isFull && named.length === news.fresh.length) await readBehind(watch, named, unexplained)
}

/** More may have been written than the feed has room for: then the videos themselves are asked. */
async function readBehind(
  watch: CommentWatch,
  named: readonly { video: string }[],
  unexplained: number,
): Promise<void> {
  const { deps, source } = watch.run
  const uuids = named.map(({ video }) => video)
  // The feed has comments on other instances' videos too: those are not ours to read.
  const ours = await publicVideos(deps.env.DB, source.instanceId, uuids)
  const mine = uuids.filter((uuid) => ours.has(uuid))
  if (mine.length < uuids.length && unexplained <= mine.length) return
  watch.listLater(mine)
  // Where lists of videos count comments they say it themselves.
  if (watch.method !== 'video-counts') await listNewest(watch)
}

async function listNewest(watch: CommentWatch): Promise<void> {
  const { deps, source } = watch.run
  watch.listLater(await newestVideos(deps.env.DB, source.instanceId, MAX_VIDEOS))
}

/** Threads to be looked at again: one now and then, and many when the counter has gone down, for something was deleted. */
export async function revisit(watch: CommentWatch): Promise<void> {
  const { checkpoint, now } = watch
  const { deps, source } = watch.run
  const isSweep = checkpoint.unexplained < 0
  if (!isSweep && now - checkpoint.revisitedAt < REVISIT_EVERY_MS) return
  // What can't be read now must not stand in the way of others.
  const open = checkpoint.suspects.map(({ threadId }) => threadId)
  const criteria = {
    activeSince: now - LOOKBACK_MS,
    readBefore: isSweep ? now : now - REVISIT_EVERY_MS,
    limit: isSweep ? SWEEP : 1,
  }
  const threads = await threadsToRevisit(deps.env.DB, source, criteria, open)
  watch.set({ revisitedAt: now, unexplained: Math.max(0, checkpoint.unexplained) })
  watch.suspect(threads.map(({ id, videoUuid }) => ({ video: videoUuid, threadId: id, replies: -1 })))
}
