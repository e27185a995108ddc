/** @module Reads a list of videos, page by page, from where the checkpoint stands; then what it no longer shows. */
import { createHash } from 'node:crypto'
import { wakeComments } from '../db/instance-state.ts'
import { knownPage, rememberVideos, unlistedVideos } from '../db/known-videos.ts'
import { detectVideos, type KnownVideo } from '../events/detect-videos.ts'
import { type VideosTarget, videosTarget } from '../events/source-target.ts'
import type { NewEvent } from '../events/types.ts'
import {
  advance,
  advancePass,
  currentWalk,
  dueSlices,
  endsList,
  type Listed,
  newPass,
  PAGE_SIZE,
  type Pass,
} from '../events/video-walk.ts'
import type { Get } from '../peertube/client.ts'
import { readVideo, readVideosPage, type VideosPage } from '../peertube/videos.ts'
import { asConnection } from './as-connection.ts'
import { Interruption, optionally } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'
import { lookAfterMissing, lookAfterRunning } from './poll-video-fates.ts'
import { type Checkpoint, checkpointOf } from './videos-checkpoint.ts'
import { failedStop } from './visit.ts'

/** How many items that could not be read are named in the log, for a page. */
const NAMED_SKIPS = 5
/** So many missing videos and lives are kept in mind; a later pass finds the others. */
const MAX_MISSING = 500
const MAX_RUNNING = 50
/** So many new videos of one poll are asked for by themselves: of a thousand that were imported at once the pages matter more. */
const MAX_DETAILS = 10
/** So many videos that the list doesn't show are looked at once a pass: some of them are deleted one day. */
const REVISITS = 20

type Page = Extract<VideosPage, { kind: 'page' }>

/**
 * Reads until the walk is done or the budget is spent, committing after each page; then looks after what is missing, and
 * reads on with the day's pass.
 *
 * Round trips to D1: one for a page with nothing new, two for one that has: asking what is known, and the commit.
 */
export async function pollVideos(run: PollRun): Promise<void> {
  const target = videosTarget(run.source.target)
  const read = async (get: Get) => {
    const list = { get, target }
    while (!(await readOn(run, list))) {
      // Each page is committed.
    }
    await lookAfterMissing(run, checkpointOf(run))
    await lookAfterRunning(run, checkpointOf(run))
    await readPass(run, list)
  }
  await (target.kind === 'subscriptions' ? asConnection(run, ({ get }) => read(get)) : read(run.visit.get))
}

/** A list of videos, and how it is asked for: subscriptions as somebody, all others as anybody. */
type List = { get: Get; target: VideosTarget }

/** Reads the next page of the walk. @returns whether that was its last. */
async function readOn(run: PollRun, { get, target }: List): Promise<boolean> {
  const { source } = run
  const checkpoint = checkpointOf(run)
  const isFromTop = checkpoint.walk === null
  const etag = isFromTop ? source.etag : null
  const { start, seam } = currentWalk(checkpoint)
  const page = await readVideosPage(get, run.visit.origin, target, start, etag)
  if (page.kind === 'failed') throw new Interruption(failedStop(page))
  const digest = page.kind === 'page' ? digestOf(page) : source.digest
  // View counts move the ETag of a busy instance, but not the digest.
  if (page.kind === 'not-modified' || (isFromTop && digest === source.digest)) {
    await run.commit({ next: 'paced', ...(page.kind === 'page' ? { etag: page.etag } : {}) })
    return true
  }
  for (const detail of page.skipped.slice(0, NAMED_SKIPS))
    run.deps.log({ log: 'skipped', instance: source.instance.host, detail })

  const isTop = start === 0
  const learned = await learn(run, checkpoint, page, { isTop, isEnd: false, seam })
  const next = advance(checkpoint, page.listed, learned.known, learned.backfillLeft, run.deps.clock())
  if (next.kind === 'endless') {
    const detail = 'the list of videos has no end: it repeats itself'
    throw new Interruption({ kind: 'failed', reason: 'schema', detail, isInstanceWide: false })
  }
  const isDone = next.kind === 'done' || next.kind === 'empty'
  const isFirstWalk = isDone && !checkpoint.baseline && next.checkpoint.baseline
  const pass = isFirstWalk ? newPass(currentWalk(checkpoint).pages + 1, run.deps.clock()) : checkpoint.pass
  await run.commit({
    next: isDone ? 'paced' : 'now',
    checkpoint: JSON.stringify({
      ...next.checkpoint,
      pass,
      missing: withMissing(checkpoint, learned.missing, page.listed),
      running: runningAfter(checkpoint, page, learned.running, isTop),
    } satisfies Checkpoint),
    // They speak of the first page only: deeper ones leave them as they are.
    ...(isTop ? { etag: page.etag, digest } : {}),
    events: learned.events,
    writes: learned.writes,
  })
  return isDone
}

/**
 * What a page says that was not known. Of a new video its own answer says more, as far as the budget goes.
 * @param at whether the page is the first of the list, whether the list ends with it, and how it was to begin: see `Walk`.
 */
async function learn(
  run: PollRun,
  checkpoint: Checkpoint,
  page: Page,
  at: { isTop: boolean; isEnd: boolean; seam: string | null },
) {
  const { source } = run
  const uuids = page.listed.flatMap(({ uuid }) => uuid ?? [])
  const { known, missing } = await knownPage(run.deps.env.DB, source.id, uuids, spanOf(page.listed, at))
  const detected = detectVideos({
    scene: run.scene,
    checkpoint,
    page: page.videos,
    unreadable: page.listed.flatMap(({ uuid, publishedAt }) => (publishedAt === null && uuid) || []),
    known,
  })
  const { events, rows } = await withDetails(run, detected.events, detected.rows)
  // Comments on what a connection subscribes to are nobody's source.
  const hasUnreadComments =
    source.ownerId === null && rows.some(({ comments, commentsRead }) => comments !== commentsRead)
  return {
    ...detected,
    events,
    known: new Set(known.keys()),
    // While the first walk is under way a video may only have moved.
    missing: checkpoint.baseline ? missing : [],
    writes: [
      ...(rows.length > 0 ? [rememberVideos(source.id, rows, run.deps.clock())] : []),
      ...(hasUnreadComments ? [wakeComments(source.instanceId, run.deps.clock())] : []),
    ],
  }
}

/** Adds to videos that were published now what only their own answer tells: tags, and the whole description. */
async function withDetails(
  run: PollRun,
  events: readonly NewEvent[],
  rows: readonly KnownVideo[],
): Promise<{ events: NewEvent[]; rows: KnownVideo[] }> {
  const details = new Map<string, { tags: string[]; description: string | null }>()
  for (const { type, subject } of events) {
    if (type !== 'video.published') continue
    if (run.details >= MAX_DETAILS) break
    run.details += 1
    const read = await optionally(() => readVideo(run.visit.get, run.visit.origin, subject))
    if (read === null) break
    if (read.kind === 'video') details.set(subject, read.detail)
  }
  if (details.size === 0) return { events: [...events], rows: [...rows] }
  return {
    events: events.map((event) => {
      const detail = details.get(event.subject)
      if (!detail || (event.type !== 'video.published' && event.type !== 'live.started')) return event
      const { tags, description } = detail
      const { video } = event.data
      return {
        ...event,
        data: { video: { ...video, tags, description: description ?? video.description } },
      }
    }),
    rows: rows.map((row) => {
      const detail = details.get(row.uuid)
      return detail ? { ...row, tags: JSON.stringify(detail.tags) } : row
    }),
  }
}

/** Between which times of publication, both excluded, a page shows every video. */
function spanOf(
  listed: readonly Listed[],
  { isTop, isEnd, seam }: { isTop: boolean; isEnd: boolean; seam: string | null },
): { after: number; before: number } {
  const dates = listed.flatMap(({ publishedAt }) => publishedAt ?? [])
  // Below the end there is nothing: what is known to be older than the last is missing too.
  const isWhole = isEnd || (isTop && listed.length < PAGE_SIZE)
  const [first] = listed
  // Otherwise one with the same date as the last of a page would never be missing.
  const hasAllOfFirst = seam !== null && first?.uuid === seam && first.publishedAt !== null
  const newest = (dates[0] ?? Number.MIN_SAFE_INTEGER) + (hasAllOfFirst ? 1 : 0)
  return {
    after: isWhole ? Number.MIN_SAFE_INTEGER : (dates.at(-1) ?? Number.MAX_SAFE_INTEGER),
    before: isTop ? Number.MAX_SAFE_INTEGER : newest,
  }
}

/** @param listed on the page: what it shows is not missing, or no longer. */
function withMissing(
  { missing }: Checkpoint,
  found: readonly string[],
  listed: readonly Listed[],
): Checkpoint['missing'] {
  const shown = new Set(listed.map(({ uuid }) => uuid))
  const before = new Set(missing.map(({ uuid }) => uuid))
  const added = found.filter((uuid) => !before.has(uuid)).map((uuid) => ({ uuid, goneAt: null }))
  return [...missing, ...added].filter(({ uuid }) => !shown.has(uuid)).slice(0, MAX_MISSING)
}

/**
 * The lives that are on: those that a page shows, and those of before, which may be below it.
 * @param shown those that are on. One that the page shows otherwise is over.
 */
function runningAfter(
  { running }: Checkpoint,
  page: Page,
  shown: readonly string[],
  isTop: boolean,
): Checkpoint['running'] {
  const onPage = new Set(page.videos.map(({ video }) => video.uuid))
  const before = running
    .filter(({ uuid }) => !onPage.has(uuid))
    .map(({ uuid, isOnTop }) => ({ uuid, isOnTop: isOnTop && !isTop }))
  return [...shown.map((uuid) => ({ uuid, isOnTop: isTop })), ...before].slice(0, MAX_RUNNING)
}

/** Reads the pages of the day's pass that are due: it finds what became public late, edits and deletions far down. */
async function readPass(run: PollRun, { get, target }: List): Promise<void> {
  const { deps, source } = run
  const before = checkpointOf(run)
  if (!before.baseline) return
  // Of a source that was read before there were passes the length of its list is not known: its first pass tells.
  let pass: Pass = before.pass ?? newPass(1, deps.clock())
  for (let slices = dueSlices(pass, deps.clock()); slices > 0; slices -= 1) {
    const isBeginning = pass.walk === null
    if (isBeginning) pass = newPass(pass.pages, deps.clock())
    const { start, seam } = pass.walk ?? { start: 0, seam: null }
    const page = await optionally(() => readVideosPage(get, run.visit.origin, target, start, null))
    if (page === null) return
    if (page.kind === 'failed') throw new Interruption(failedStop(page))
    if (page.kind === 'not-modified') return
    const checkpoint = checkpointOf(run)
    const isEnd = pass.walk !== null && endsList(pass.walk, page.listed)
    const learned = await learn(run, checkpoint, page, { isTop: start === 0, isEnd, seam })
    const revisited = isBeginning ? await unlistedVideos(deps.env.DB, source.id, REVISITS) : []
    pass = advancePass(pass, page.listed, deps.clock())
    await run.commit({
      next: 'paced',
      checkpoint: JSON.stringify({
        ...checkpoint,
        pass,
        missing: withMissing(checkpoint, [...learned.missing, ...revisited], page.listed),
        running: runningAfter(checkpoint, page, learned.running, start === 0),
      } satisfies Checkpoint),
      events: learned.events,
      writes: learned.writes,
    })
    if (pass.walk === null) return
  }
}

/**
 * Of what an event could come of: not of views and likes, which move all the time. An item that could not be understood
 * counts too, so that it is news when it can be.
 */
function digestOf({ videos, listed }: Page): string {
  const hash = createHash('sha256')
  for (const { video, comments } of videos) hash.update(JSON.stringify([video, comments]))
  return hash
    .update(JSON.stringify(listed.map(({ uuid, publishedAt }) => [uuid, publishedAt])))
    .digest('base64')
}
