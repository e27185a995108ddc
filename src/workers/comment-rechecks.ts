/**
 * @module Comments of which a login's list does not say what became of them: their threads are read again. It is those that the
 * list no longer shows, and those below its newest page that everybody may see by now, perhaps: they were held for review.
 */
import * as v from 'valibot'
import { privateComments } from '../db/known-comments.ts'
import { type KnownComment, LOOKBACK_MS } from '../events/detect-comments.ts'
import { publicNow, type Unclear, videosOf } from './comment-publicity.ts'
import { type News, type Reading, readThreadOf } from './comment-threads.ts'
import { isDue, PENDING, pendingSince, putOff, putOffBecause } from './pending.ts'

/** So many threads are read in one poll. */
const MAX_THREADS = 10
/** So many threads are kept in mind. */
const MAX_RECHECKS = 300
/** Those that not everybody may see are looked at so often. */
const EVERY_MS = 3_600_000
/** So many comments at a time, among which those on private videos are, too. */
const MAX_PRIVATE = 200

const Recheck = v.object({
  threadId: v.number(),
  /** UUID. */
  video: v.string(),
  /** Comments that are missing from the list. None: there are such that not everybody may see. */
  missing: v.array(v.number()),
  ...PENDING,
})
export const Rechecks = v.optional(v.array(Recheck), [])
export type Rechecks = v.InferOutput<typeof Rechecks>

const FIRST = { createdAt: 0, id: 0 }
/** When they were last looked for, and the last of them. */
export const Held = v.optional(
  v.object({ at: v.number(), after: v.object({ createdAt: v.number(), id: v.number() }) }),
  { at: 0, after: FIRST },
)
export type Held = v.InferOutput<typeof Held>

/**
 * Notes threads that are to be read again.
 * @returns `left`: how many of the comments there is no room for.
 */
export function withRechecks(
  before: Rechecks,
  comments: readonly KnownComment[],
  { isMissing, now }: { isMissing: boolean; now: number },
): { rechecks: Rechecks; left: number } {
  const rechecks = new Map(before.map((one) => [one.threadId, one]))
  let left = 0
  for (const { id, threadId, videoUuid } of comments) {
    const one = rechecks.get(threadId)
    if (!one && rechecks.size >= MAX_RECHECKS) left += 1
    else {
      const noted = one ?? { threadId, video: videoUuid, missing: [], ...pendingSince(now) }
      rechecks.set(threadId, isMissing ? { ...noted, missing: [...noted.missing, id] } : noted)
    }
  }
  return { rechecks: [...rechecks.values()], left }
}

/**
 * Looks once an hour for comments on public videos that not everybody may see, as far as we know: they were held for review, or their
 * video was private. The list does not show it when they are approved. Oldest first, and from the beginning again after the last.
 * @param oldest the list shows what happens to all that are dated from then on; 0: to all.
 * @returns null when there is nothing to do. What is `held` is to be read again.
 */
export async function lookForHeld(
  { run }: Reading,
  before: Held,
  oldest: number,
): Promise<{ held: Held; comments: KnownComment[] } | null> {
  const { source, deps } = run
  const now = deps.clock()
  if (oldest === 0 || now - before.at < EVERY_MS) return null
  const oldestOfAll = { createdAt: now - LOOKBACK_MS, id: 0 }
  const after = before.after.createdAt > oldestOfAll.createdAt ? before.after : oldestOfAll
  const span = { after, before: oldest }
  const rows = await privateComments(deps.env.DB, source.id, span, MAX_PRIVATE)
  const videos = await videosOf(
    run,
    rows.map(({ videoUuid }) => ({ uuid: videoUuid, name: '' })),
  )
  const held = rows.filter(({ videoUuid }) => videos({ uuid: videoUuid, name: '' }).isPublic)
  const comments = held.slice(0, MAX_THREADS)
  const isAll = rows.length < MAX_PRIVATE && comments.length === held.length
  const last = comments.length === held.length ? rows.at(-1) : comments.at(-1)
  const next = isAll || !last ? FIRST : { createdAt: last.createdAt, id: last.id }
  return { held: { at: now, after: next }, comments }
}

/** What is still to be read, what can't be, and what was found to be there although the list doesn't show it. */
export type RecheckState = { rechecks: Rechecks; unclear: Unclear; settled: number[] }
/** So many comments that are there are kept in mind. */
const MAX_SETTLED = 2_000

/**
 * Reads threads again: they say which of their comments were deleted, and which everybody may see now.
 * @param commit is called for each.
 * @returns whether there was no leave for all.
 */
export async function readAgain(
  reading: Reading,
  before: RecheckState,
  commit: (state: RecheckState, news: News) => Promise<void>,
): Promise<{ state: RecheckState; isCut: boolean }> {
  const { run } = reading
  const due = before.rechecks.filter((one) => isDue(one, run.deps.clock()))
  const looked = due.slice(0, MAX_THREADS)
  if (looked.length === 0) return { state: before, isCut: false }
  const videos = await videosOf(
    run,
    looked.map(({ video }) => ({ uuid: video, name: '' })),
  )
  const shown = new Map<string, boolean>()
  let state = before
  const settle = (one: Rechecks[number], next: Rechecks[number] | null, settled: readonly number[] = []) => {
    const others = state.rechecks.filter(({ threadId }) => threadId !== one.threadId)
    state = {
      ...state,
      // At the end, where it is in nobody's way.
      rechecks: next ? [...others, next] : others,
      settled: [...state.settled, ...settled].slice(-MAX_SETTLED),
    }
  }
  for (const one of looked) {
    const now = run.deps.clock()
    const { reference, isPublic } = videos({ uuid: one.video, name: '' })
    if (isPublic && !shown.has(one.video)) {
      // Each before its thread: where answers are slow a poll comes to the end of one at least.
      const asked = await publicNow(run, [one.video], state.unclear)
      for (const [video, isShown] of asked.shown) shown.set(video, isShown)
      state = { ...state, unclear: asked.unclear }
      if (asked.isCut) return { state, isCut: true }
    }
    const isShown = isPublic && shown.get(one.video) === true
    if (one.missing.length === 0 && !isShown) {
      // It is looked for again within the hour.
      settle(one, null)
      continue
    }
    // One of both is late: our list of videos, or what the video says.
    const next = isPublic && !isShown ? putOff(one, now) : null
    if (next) {
      settle(one, next)
      continue
    }
    const video = { reference, isPublic: isShown }
    const news = await readThreadOf(reading, video, one.threadId, -1, putOff(one, now) === null)
    if (news === null) return { state, isCut: true }
    if ('later' in news) {
      const later = putOffBecause(run, one, `thread ${one.threadId}`, news.later)
      settle(one, later, later ? [] : one.missing)
      if (news.later.isInstanceWide) return { state, isCut: false }
      continue
    }
    const { there, isWhole } = news
    const open = isWhole ? [] : one.missing.filter((id) => !there.has(id))
    const later = open.length > 0 ? putOff({ ...one, missing: open }, now) : null
    // What never says whether it was deleted is no longer asked for, as if it were there.
    const isSettled = (id: number) => there.get(id)?.isDeleted === false || (!later && open.includes(id))
    settle(one, later, one.missing.filter(isSettled))
    await commit(state, news)
  }
  return { state, isCut: due.length > looked.length }
}
