/** @module Comments by the lists that a login opens: all of an instance for its moderators, those on one's own videos for others. */
import * as v from 'valibot'
import { knownCommentsPage, rememberComments } from '../db/known-comments.ts'
import {
  type CommentsBaseline,
  detectComments,
  knownComment,
  type SeenComment,
} from '../events/detect-comments.ts'
import { walkFrom, walkOn } from '../events/list-walk.ts'
import { PAGE_SIZE } from '../events/video-walk.ts'
import { type CommentsPage, readCommentList } from '../peertube/comments.ts'
import { asConnection, type Reader } from './as-connection.ts'
import { Baseline, readCheckpoint } from './checkpoint.ts'
import { publicNow, tellUntold, videosOf } from './comment-publicity.ts'
import { Held, lookAtHeld, readThreadsAgain } from './comment-rechecks.ts'
import { type Reading, sceneOf, type ThreadNews } from './comment-threads.ts'
import { Interruption } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'
import { failedStop } from './visit.ts'

const MODERATOR = 1
const NAMED_SKIPS = 5
/** What could not be found out is gone on with so soon. */
const UNFINISHED_MS = 60_000
/**
 * So deep the list is read when it counts more or fewer than its top explains: one from another server may be dated days ago, and
 * an old one may be deleted.
 */
const MAX_DEPTH = 1_000

const Checkpoint = v.object({
  /** Where we began; null: never read. */
  baseline: Baseline,
  /** The highest number so far. */
  newestId: v.optional(v.number(), 0),
  /** How many the list counted then, with those that are missing and were not looked for yet; null: not known. */
  total: v.optional(v.nullable(v.number()), null),
  /**
   * The walk that is under way; how many new ones it has shown, how many were missing, how many of these are still to be looked
   * for, and how many the list counted at its beginning.
   */
  walk: v.optional(
    v.nullable(
      v.object({
        start: v.number(),
        highest: v.number(),
        found: v.optional(v.number(), 0),
        gone: v.optional(v.number(), 0),
        left: v.optional(v.number(), 0),
        total: v.optional(v.nullable(v.number()), null),
      }),
    ),
    null,
  ),
  /** Comments of which it could not be found out yet whether everybody may see them. */
  untold: v.optional(v.array(v.number()), []),
  /** The date of the last comment on the newest page: what happens to those above it is seen there. 0: it shows all. */
  oldest: v.optional(v.number(), 0),
  held: Held,
})
type Checkpoint = v.InferOutput<typeof Checkpoint>

/** Reads the newest comments: one request when nothing is new. */
export async function pollCommentList(run: PollRun): Promise<void> {
  await asConnection(run, (reader) => readList(run, reader))
}

async function readList(run: PollRun, { get, connection }: Reader): Promise<void> {
  const { source, deps, visit } = run
  const begun = readCheckpoint(source, Checkpoint)
  const mine = connection.role > MODERATOR
  const method = mine ? 'own-videos-list' : 'moderator-list'
  const { baseline: before, newestId } = begun
  let { untold, oldest, held } = begun
  if (before !== null) {
    const reading: Reading = { run, get, viewerId: source.ownerId, baseline: before }
    const goOn = async ({ events, writes }: ThreadNews) => {
      const checkpoint: Checkpoint = { ...begun, untold, held }
      await run.commit({ next: 'now', checkpoint: JSON.stringify(checkpoint), events, writes })
    }
    if (untold.length > 0) {
      const told = await tellUntold(reading, untold, isNews(before))
      untold = told.untold
      await goOn(told)
    }
    if (oldest > 0) held = await lookAtHeld(reading, held, oldest, goOn)
  }
  let walk = begun.walk ?? { ...walkFrom(newestId), found: 0, gone: 0, left: 0, total: null }
  for (;;) {
    const { start } = walk
    // The token is in `get`.
    const list = { start, token: '', mine }
    const page = await readCommentList(get, visit.origin, list, start === 0 ? source.etag : null)
    if (page.kind === 'failed') {
      const isMissing = mine && page.observation?.status === 404
      const detail = 'has no list of the comments on one’s own videos: PeerTube has it from 6.3 on'
      throw new Interruption({ ...failedStop(page), ...(isMissing ? { detail } : {}) })
    }
    if (page.kind === 'not-modified') {
      const checkpoint: Checkpoint = { ...begun, untold, held }
      const next = { next: 'paced', ...soon(untold.length > 0) } as const
      return run.commit({ ...next, method, checkpoint: JSON.stringify(checkpoint) })
    }
    for (const detail of page.skipped.slice(0, NAMED_SKIPS))
      deps.log({ log: 'skipped', instance: source.instance.host, detail })

    const ids = page.comments.map(({ comment }) => comment.id)
    const { isDone: isAtKnown, ...next } = walkOn(
      walk,
      { ids, listed: page.listed },
      before === null ? null : newestId,
    )
    const baseline = before ?? { newestId: next.highest, since: deps.clock(), staleMs: 0 }
    const reading: Reading = { run, get, viewerId: source.ownerId, baseline }
    const learned = await learn(reading, page, { isTop: start === 0, newestId })
    // One that could not be understood may be any of those that are missing.
    const missing = page.skipped.length > 0 ? [] : learned.missing
    const found = walk.found + learned.found
    const gone = walk.gone + learned.missing.length
    let left = walk.left + missing.length
    if (start === 0) oldest = learned.oldest
    // What comes while it is walked is found by the next.
    const total = start === 0 ? page.total : walk.total
    const isExplained =
      before === null || total === null || begun.total === null || total === begun.total + found - gone
    const isDone = isAtKnown && (isExplained || page.listed < PAGE_SIZE || next.start >= MAX_DEPTH)
    untold = [...new Set([...untold, ...learned.untold])]
    const state = (): string => {
      const progress = isDone
        ? { newestId: next.highest, total: total === null ? null : total + left, walk: null }
        : { newestId, total: begun.total, walk: { ...next, found, gone, left, total } }
      return JSON.stringify({ baseline, ...progress, untold, oldest, held } satisfies Checkpoint)
    }
    const isWhole = learned.missing.length === 0 && !learned.isPutOff
    await run.commit({
      ...(isDone ? { next: 'paced', ...soon(untold.length > 0 || learned.isPutOff) } : { next: 'now' }),
      method,
      // What is missing may take several polls to be looked at: a 304 would spare them.
      etag: isDone && isWhole && start === 0 ? page.etag : null,
      checkpoint: state(),
      events: learned.events,
      writes: learned.writes,
    })
    await readThreadsAgain(reading, missing, async (looked, news) => {
      left -= looked
      await run.commit({ next: isDone ? 'paced' : 'now', checkpoint: state(), ...news })
    })
    if (isDone) return
    walk = { ...next, found, gone, left, total }
  }
}

function soon(isUnfinished: boolean) {
  return isUnfinished ? { atMostMs: UNFINISHED_MS, atMostReason: 'unfinished' as const } : {}
}

async function learn(
  reading: Reading,
  page: CommentsPage,
  { isTop, newestId }: { isTop: boolean; newestId: number },
) {
  const { run, baseline } = reading
  const { source, deps } = run
  const dates = page.comments.map(({ comment }) => Date.parse(comment.createdAt))
  const isEnd = page.listed < PAGE_SIZE
  const { known, missing } = await knownCommentsPage(
    deps.env.DB,
    source.id,
    page.comments.map(({ comment }) => comment.id),
    {
      after: isEnd ? Number.MIN_SAFE_INTEGER : (dates.at(-1) ?? Number.MAX_SAFE_INTEGER),
      before: isTop ? Number.MAX_SAFE_INTEGER : (dates[0] ?? Number.MIN_SAFE_INTEGER),
    },
  )
  const videos = await videosOf(
    run,
    page.comments.map(({ video }) => video),
  )
  const isNew = isNews(baseline)
  const isEdited = ({ comment }: CommentsPage['comments'][number]) => {
    const was = known.get(comment.id)
    return was?.isPublic === true && knownComment(was).text !== comment.text
  }
  // What would be told to everybody now, or would be if its video were known.
  const untold = page.comments.filter(({ comment, video }) => {
    const was = known.get(comment.id)
    if (comment.heldForReview) return false
    if (was?.isPublic) return isEdited({ comment, video })
    if (!was) return isNew(comment)
    return knownComment(was).heldForReview || (isNew(comment) && videos(video).isPublic)
  })
  const shown = await publicNow(
    run,
    untold.map(({ video }) => video.uuid),
  )
  const isUntold = new Set(untold.map(({ comment }) => comment.id))
  const isClear = ({ video }: CommentsPage['comments'][number]) => shown.has(video.uuid)
  // An edit is seen again, as long as it was not told.
  const putOff = new Set(untold.filter((one) => isEdited(one) && !isClear(one)))
  const now = page.comments.filter((one) => !putOff.has(one))
  const seen = now.map(({ comment, video }): SeenComment => {
    const { reference, isPublic } = videos(video)
    const isOpen = isUntold.has(comment.id) ? shown.get(video.uuid) === true : isPublic
    return { comment, isDeleted: false, video: reference, isPublic: isOpen && !comment.heldForReview }
  })
  const { events, rows } = detectComments(sceneOf(reading), seen, known, isNew)
  return {
    missing,
    oldest: isEnd ? 0 : (dates.at(-1) ?? 0),
    found: page.comments.filter(({ comment: { id } }) => id > newestId && !known.has(id)).length,
    isPutOff: putOff.size > 0,
    untold: untold.flatMap((one) => (isClear(one) || putOff.has(one) ? [] : one.comment.id)),
    events,
    writes: rows.length > 0 ? [rememberComments(source.id, rows)] : [],
  }
}

/** In a list whatever is unknown and has a higher number than all that was there at first is new. */
function isNews({ newestId }: CommentsBaseline): ({ id }: { id: number }) => boolean {
  return ({ id }) => id > newestId
}
