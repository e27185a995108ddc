/** @module Comments by the lists that a login opens: all of an instance for its moderators, those on one's own videos for others. */
import { knownCommentsPage, MAX_MISSING, rememberComments } from '../db/known-comments.ts'
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
import { type Checkpoint, checkpointOf, missingFrom } from './comment-list-checkpoint.ts'
import { publicNow, tellUntold, videosOf } from './comment-publicity.ts'
import { lookForHeld, readAgain, withRechecks } from './comment-rechecks.ts'
import { type News, type Reading, sceneOf } from './comment-threads.ts'
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
/** So many comments that can't be told yet are kept in mind. */
const MAX_UNTOLD = 1_000

/** Reads the newest comments: one request when nothing is new. */
export async function pollCommentList(run: PollRun): Promise<void> {
  await asConnection(run, async (reader) => {
    const isCut = await readList(run, reader)
    await lookFurther(run, reader, isCut)
  })
}

/** Reads the list from where its walk stands. @returns whether there was no leave for all that it leads to. */
async function readList(run: PollRun, { get, connection }: Reader): Promise<boolean> {
  const { source, deps, visit } = run
  const begun = checkpointOf(run)
  const mine = connection.role > MODERATOR
  const method = mine ? 'own-videos-list' : 'moderator-list'
  const { baseline: before, newestId } = begun
  let state = begun
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
      await run.commit({ next: 'paced', method })
      return false
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
    const learned = await learn(reading, page, state, { isTop: start === 0 })
    state = { ...state, baseline, ...learned.state }
    const found = walk.found + learned.found
    const gone = walk.gone + learned.gone
    const left = walk.left + learned.left
    // What comes while it is walked is found by the next.
    const total = start === 0 ? page.total : walk.total
    const isExplained =
      before === null || total === null || begun.total === null || total === begun.total + found - gone
    const isDone = isAtKnown && (isExplained || page.listed < PAGE_SIZE || next.start >= MAX_DEPTH)
    walk = { ...next, found, gone, left, total }
    state = isDone
      ? { ...state, newestId: next.highest, total: total === null ? null : total + left, walk: null }
      : { ...state, walk }
    await run.commit({
      ...(isDone ? { next: 'paced', ...soon(learned.isCut) } : { next: 'now' }),
      method,
      // What could not be told is found on the page again.
      etag: isDone && start === 0 && !learned.isPutOff ? page.etag : null,
      checkpoint: JSON.stringify(state satisfies Checkpoint),
      events: learned.events,
      writes: learned.writes,
    })
    if (isDone) return learned.isCut
  }
}

/**
 * What the list leaves open: nothing of it keeps the list from being read, neither when it fails nor when it takes long.
 * @param isCut whether the list itself is to be read again soon.
 */
async function lookFurther(run: PollRun, { get }: Reader, isCut: boolean): Promise<void> {
  const { baseline } = checkpointOf(run)
  if (baseline === null) return
  const reading: Reading = { run, get, viewerId: run.source.ownerId, baseline }
  const goOn = async (
    change: Partial<Checkpoint>,
    isSoon: boolean,
    { events, writes }: News = { events: [], writes: [] },
  ) => {
    const checkpoint: Checkpoint = { ...checkpointOf(run), ...change }
    const next = { next: 'paced', ...soon(isSoon || isCut) } as const
    await run.commit({ ...next, checkpoint: JSON.stringify(checkpoint), events, writes })
  }

  const begun = checkpointOf(run)
  if (begun.untold.length > 0) {
    const gone = missingFrom(begun)
    const {
      untold,
      unclear,
      isCut: isCutAgain,
      ...news
    } = await tellUntold(reading, begun, {
      isNews: isNews(baseline),
      isGone: (id) => gone.has(id),
    })
    await goOn({ untold, unclear }, isCutAgain, news)
    if (isCutAgain) return
  }
  const found = await lookForHeld(reading, begun.hidden, begun.oldest)
  if (found) {
    const { held, comments } = found
    const now = run.deps.clock()
    const { rechecks } = withRechecks(begun.rechecks, comments, { isMissing: false, now })
    await goOn({ hidden: held, rechecks }, rechecks.length > 0)
  }
  const before = checkpointOf(run)
  if (before.rechecks.length === 0) return
  const read = await readAgain(reading, before, (state, news) => goOn(state, true, news))
  await goOn(read.state, read.isCut)
}

function soon(isUnfinished: boolean) {
  return isUnfinished ? { atMostMs: UNFINISHED_MS, atMostReason: 'unfinished' as const } : {}
}

async function learn(
  reading: Reading,
  page: CommentsPage,
  before: Checkpoint,
  { isTop }: { isTop: boolean },
) {
  const { run, baseline } = reading
  const { source, deps } = run
  const dates = page.comments.map(({ comment }) => Date.parse(comment.createdAt))
  const isEnd = page.listed < PAGE_SIZE
  const ids = page.comments.map(({ comment }) => comment.id)
  const shownIds = new Set(ids)
  const settled = before.settled.filter((id) => !shownIds.has(id))
  const { known, missing } = await knownCommentsPage(
    deps.env.DB,
    source.id,
    { ids, noted: [...missingFrom({ rechecks: before.rechecks, settled })] },
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
  const isEdited = ({ comment, video }: CommentsPage['comments'][number]) => {
    const was = known.get(comment.id)
    if (!was?.isPublic) return false
    // As everybody knows it, once its video is public again.
    const isOpenAgain = was.publicText !== null && videos(video).isPublic
    return knownComment(was).text !== comment.text || isOpenAgain
  }
  // What would be told to everybody now, or would be if its video were known.
  const untold = page.comments.filter(({ comment, video }) => {
    const was = known.get(comment.id)
    if (comment.heldForReview) return false
    if (was?.isPublic) return isEdited({ comment, video })
    if (!was) return isNew(comment)
    return knownComment(was).heldForReview || (isNew(comment) && videos(video).isPublic)
  })
  const asked = untold.map(({ video }) => video.uuid)
  const { shown, unclear, isCut } = await publicNow(run, asked, before.unclear)
  const isClear = ({ video }: CommentsPage['comments'][number]) => shown.has(video.uuid)
  const isUntold = new Set(untold.map(({ comment }) => comment.id))
  // An edit is seen again, as long as it was not told.
  const putOff = new Set(untold.filter((one) => isEdited(one) && !isClear(one)))
  const now = page.comments.filter((one) => !putOff.has(one))
  const seen = now.map(({ comment, video }): SeenComment => {
    const { reference, isPublic } = videos(video)
    const isOpen = isUntold.has(comment.id) ? shown.get(video.uuid) === true : isPublic
    return { comment, isDeleted: false, video: reference, isPublic: isOpen && !comment.heldForReview }
  })
  const { events, rows } = detectComments(sceneOf(reading), seen, known, isNew)
  // One that could not be understood may be any of those that are missing.
  const newly = page.skipped.length > 0 ? [] : missing
  const { rechecks, left } = withRechecks(before.rechecks, newly, { isMissing: true, now: deps.clock() })
  const later = untold.flatMap((one) => (isClear(one) || putOff.has(one) ? [] : one.comment.id))
  return {
    state: {
      rechecks,
      unclear,
      settled,
      untold: [...new Set([...before.untold, ...later])].slice(-MAX_UNTOLD),
      ...(isTop ? { oldest: isEnd ? 0 : (dates.at(-1) ?? 0) } : {}),
    },
    found: page.comments.filter(({ comment: { id } }) => id > before.newestId && !known.has(id)).length,
    gone: newly.length,
    left,
    /** Whether something is to be found on the page again. */
    isPutOff: putOff.size > 0 || missing.length >= MAX_MISSING || left > 0,
    isCut,
    events,
    writes: rows.length > 0 ? [rememberComments(source.id, rows)] : [],
  }
}

/** In a list whatever is unknown and has a higher number than all that was there at first is new. */
function isNews({ newestId }: CommentsBaseline): ({ id }: { id: number }) => boolean {
  return ({ id }) => id > newestId
}
