/** @module Where the watch over an instance's public comments stands: its checkpoint, and how it is committed. */
import * as v from 'valibot'
import type { GuardedWrite } from '../db/polls.ts'
import type { NewEvent } from '../events/types.ts'
import { FEED_PATHS } from '../peertube/comment-feed.ts'
import { Baseline, readCheckpoint } from './checkpoint.ts'
import { isDue, PENDING, type Pending, pendingSince } from './pending.ts'
import type { PollRun } from './poll-run.ts'

/** So many threads and videos are kept in mind. */
const MAX_SUSPECTS = 300
/** What is left to be read is gone on with so soon. */
const UNFINISHED_MS = 60_000

const time = v.number()
const Suspect = v.object({
  /** UUID. */
  video: v.string(),
  threadId: v.number(),
  ...PENDING,
  /** As a list of threads counts them; -1: none did. */
  replies: v.number(),
})
export type Suspect = v.InferOutput<typeof Suspect>

const ToList = v.object({
  /** UUID. */
  video: v.string(),
  ...PENDING,
})
type ToList = v.InferOutput<typeof ToList>

export const Checkpoint = v.object({
  /** Where we began; null: never read. See `CommentsBaseline`. */
  baseline: Baseline,
  /** The instance's counter of comments, and when it was asked for. */
  comments: v.optional(v.nullable(v.number()), null),
  countersAt: v.optional(time, 0),
  /** They answer the same until then. */
  countersFreshAt: v.optional(time, 0),
  /** Changes of the counter for which no comment was found yet. */
  unexplained: v.optional(v.number(), 0),
  /** What the feed has shown, and when it was read. */
  feedKeys: v.optional(v.array(v.string()), []),
  feedAt: v.optional(time, 0),
  /** Of each of its addresses: what it said last, and until when it says the same. */
  feeds: v.optional(v.array(v.object({ etag: v.nullable(v.string()), freshAt: time })), []),
  /** Whether it is to be read when it says something else: what it said was older than what has changed. */
  feedWanted: v.optional(v.boolean(), false),
  /** Until when a moderator's connection has read them for us; 0: none does. */
  coveredUntil: v.optional(time, 0),
  /** When a known thread was last looked at again. */
  revisitedAt: v.optional(time, 0),
  /** Threads that may have something new. */
  suspects: v.optional(v.array(Suspect), []),
  /** Videos whose threads are to be listed, to find those. */
  toList: v.optional(v.array(ToList), []),
})
type Checkpoint = v.InferOutput<typeof Checkpoint>

/** An address of the feed: see `FEED_PATHS`. */
type FeedAddress = Checkpoint['feeds'][number] & { path: (typeof FEED_PATHS)[number] }

export class CommentWatch {
  readonly run: PollRun
  checkpoint: Checkpoint
  method: string | null
  /** Videos that we don't know (yet): what is suspect on them can't be read now. */
  readonly waiting = new Set<string>()
  #etag: string | null
  #events: NewEvent[] = []
  #writes: GuardedWrite[] = []

  /** @throws Interruption when the row was damaged. */
  constructor(run: PollRun) {
    this.run = run
    this.method = run.source.method
    this.#etag = run.source.etag
    this.checkpoint = readCheckpoint(run.source, Checkpoint)
  }

  get now(): number {
    return this.run.deps.clock()
  }

  /** The address of the feed that has said the same for the longest. */
  get feed(): FeedAddress {
    const [first, second] = FEED_PATHS.map((path, index) => ({
      etag: null,
      freshAt: 0,
      ...this.checkpoint.feeds[index],
      path,
    }))
    // There are two.
    if (!first || !second) throw new Error('the feed has no address')
    return second.freshAt < first.freshAt ? second : first
  }

  set feed({ path, etag, freshAt }: FeedAddress) {
    const feeds = FEED_PATHS.map((one, index) =>
      one === path ? { etag, freshAt } : (this.checkpoint.feeds[index] ?? { etag: null, freshAt: 0 }),
    )
    this.set({ feeds })
  }

  /** Of the counters. */
  set etag(etag: string | null) {
    this.#etag = etag
  }

  set(change: Partial<Checkpoint>): void {
    this.checkpoint = { ...this.checkpoint, ...change }
  }

  /** To be committed with the next commit. */
  learn({
    events = [],
    writes = [],
  }: {
    events?: readonly NewEvent[]
    writes?: readonly GuardedWrite[]
  }): void {
    this.#events.push(...events)
    this.#writes.push(...writes)
  }

  suspect(more: readonly Omit<Suspect, keyof Pending>[]): void {
    const known = new Set(this.checkpoint.suspects.map(({ threadId }) => threadId))
    const added = more.filter(({ threadId }) => !known.has(threadId) && known.add(threadId))
    const { now } = this
    const suspects = [...this.checkpoint.suspects, ...added.map((one) => ({ ...one, ...pendingSince(now) }))]
    this.set({ suspects: suspects.slice(0, MAX_SUSPECTS) })
  }

  /** @param next what is to be kept of it: at the end, so that it is in nobody's way. */
  settle({ threadId }: Suspect, next: Suspect | null = null): void {
    const others = this.checkpoint.suspects.filter((one) => one.threadId !== threadId)
    this.set({ suspects: next ? [...others, next] : others })
  }

  listLater(videos: Iterable<string>): void {
    const known = new Set(this.checkpoint.toList.map(({ video }) => video))
    const added = [...new Set(videos)].filter((video) => !known.has(video))
    const { now } = this
    const toList = [...this.checkpoint.toList, ...added.map((video) => ({ video, ...pendingSince(now) }))]
    this.set({ toList: toList.slice(0, MAX_SUSPECTS) })
  }

  /** @param next as of `settle`. */
  listed({ video }: ToList, next: ToList | null = null): void {
    const others = this.checkpoint.toList.filter((one) => one.video !== video)
    this.set({ toList: next ? [...others, next] : others })
  }

  /** Commits all that was learned since the last time. */
  async commit(): Promise<void> {
    const { suspects, toList, feedWanted, countersFreshAt } = this.checkpoint
    const [events, writes] = [this.#events, this.#writes]
    this.#events = []
    this.#writes = []
    const { now } = this
    const isUnfinished =
      suspects.some((one) => isDue(one, now) && !this.waiting.has(one.video)) ||
      toList.some((one) => isDue(one, now))
    const freshMs = this.feed.freshAt - now
    const soon = isUnfinished
      ? { atMostMs: UNFINISHED_MS, atMostReason: 'unfinished' as const }
      : feedWanted && {
          // Where it is never fresh, what it says may be old all the same.
          atMostMs: freshMs > 0 ? freshMs + 1_000 : UNFINISHED_MS,
          atMostReason: 'cached' as const,
        }
    await this.run.commit({
      next: 'paced',
      method: this.method,
      etag: this.#etag,
      checkpoint: JSON.stringify(this.checkpoint),
      events,
      writes,
      ...(soon || { atLeastMs: countersFreshAt - now }),
    })
  }
}
