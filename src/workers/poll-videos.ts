/** @module Reads the videos of an instance, page by page, from where the checkpoint stands. */
import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { newId } from '../db/id.ts'
import { commitProgress, type DueSource, knownVideos, type Progress } from '../db/polls.ts'
import { detectVideos } from '../events/detect.ts'
import type { NewEvent } from '../events/types.ts'
import {
  type Advance,
  advance,
  currentWalk,
  type Listed,
  type VideosCheckpoint,
} from '../events/video-walk.ts'
import { readVideosPage } from '../peertube/videos.ts'
import { clientDeps, type Deps } from './deps.ts'
import type { InstanceAccess } from './instance-access.ts'
import { tolerating, wakeDeliveries } from './messages.ts'
import type { PollOutcome } from './poll-outcome.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const Checkpoint = v.object({
  baseline: v.boolean(),
  newest: v.number(),
  walk: v.nullable(
    v.object({
      start: count,
      pages: count,
      first: v.nullable(v.string()),
      tail: v.array(v.string()),
      oldest: v.number(),
      repeats: count,
      newest: v.number(),
      backfillLeft: count,
    }),
  ),
}) satisfies v.GenericSchema<VideosCheckpoint>

/** A spent budget is given time to hold several requests again: one at a time would cost us an invocation each. */
const BUDGET_REST_MS = 5_000
/** So long after its beginning a poll starts no further request: it would not end in the time that the platform leaves. */
const SLICE_MS = 5_000
/** How many items that could not be read are named in the log, for a page. */
const NAMED_SKIPS = 5

/**
 * Reads until the walk is done or the budget is spent, committing after each page.
 *
 * Round trips to D1: one for a page with nothing new, two for one that has: asking what is known, and the commit.
 */
export async function pollVideos(deps: Deps, access: InstanceAccess, due: DueSource): Promise<PollOutcome> {
  const poll = { source: due, requests: 0, events: 0 }
  const startedAt = deps.clock()
  for (;;) {
    const { source } = poll
    if (deps.clock() - startedAt > SLICE_MS)
      return { ...poll, kind: 'waiting', waitMs: 0, detail: 'it goes on at once' }
    const checkpoint = parseCheckpoint(source.checkpoint)
    if (!checkpoint) return { ...poll, kind: 'failed', detail: `the checkpoint of ${source.id} is damaged` }
    const grant = await access.ask()
    if (grant.kind === 'wait') {
      if (grant.reason === 'busy') return { ...poll, kind: 'busy' }
      const isHeld = grant.reason === 'held'
      return {
        ...poll,
        kind: 'waiting',
        waitMs: isHeld ? grant.waitMs : Math.max(grant.waitMs, BUDGET_REST_MS),
        detail: isHeld ? 'the instance asked for a rest' : 'our share of its limit is spent',
      }
    }

    const isFromTop = checkpoint.walk === null
    const page = await readVideosPage(
      clientDeps(deps),
      source.origin,
      currentWalk(checkpoint).start,
      isFromTop ? source.etag : null,
    )
    poll.requests += 1
    await access.observe(page.observation)
    if (page.kind === 'failed') return { ...poll, kind: 'failed', detail: page.detail }
    if (page.kind === 'rate-limited') {
      const waitMs = Math.max(0, page.retryAt - deps.clock())
      return { ...poll, kind: 'waiting', waitMs, detail: 'the instance answered 429' }
    }

    const result = await commitPage(deps, source, checkpoint, page, isFromTop)
    if (result.kind === 'superseded') return { ...poll, kind: 'superseded' }
    if (result.kind === 'endless')
      return { ...poll, kind: 'failed', detail: 'the list of videos has no end: it repeats itself' }
    poll.source = result.source
    poll.events += result.events
    if (result.isDone) return { ...poll, kind: 'done' }
  }
}

type ReadPage = Extract<Awaited<ReturnType<typeof readVideosPage>>, { kind: 'page' | 'not-modified' }>

/** What became of a page. */
type Committed =
  | { kind: 'committed'; source: DueSource; events: number; isDone: boolean }
  | { kind: 'endless' }
  /** Another poller moved the source on meanwhile. */
  | { kind: 'superseded' }

async function commitPage(
  deps: Deps,
  source: DueSource,
  checkpoint: VideosCheckpoint,
  page: ReadPage,
  isFromTop: boolean,
): Promise<Committed> {
  const now = deps.clock()
  const digest = page.kind === 'page' ? digestOf(page.listed) : source.digest
  const etag = page.kind === 'page' ? page.etag : source.etag
  // View counts move the ETag of a busy instance, but not the digest.
  const isUnchanged = page.kind === 'not-modified' || (isFromTop && digest === source.digest)

  const learned = isUnchanged
    ? { next: { kind: 'done', checkpoint } as const, remember: [], events: [] }
    : await learn(deps, source, checkpoint, page, now)
  const { next } = learned
  if (next.kind === 'endless') return next
  const isDone = next.kind === 'done' || next.kind === 'empty'
  const progress = {
    checkpoint: JSON.stringify(next.checkpoint),
    // They speak of the first page only: deeper ones leave them as they are.
    etag: isTopPage(checkpoint) ? etag : source.etag,
    digest: isTopPage(checkpoint) ? digest : source.digest,
    now,
    // While a walk is under way the source stays due, so that whoever finds it goes on with it.
    dueAt: isDone ? now + deps.config.pollIntervalMs : now,
    remember: learned.remember,
    events: learned.events,
  }
  const committed = await commitProgress(deps.env.DB, source, newId('poll'), progress)
  if (committed.kind === 'superseded') return committed

  await announce(deps, learned.events, committed)
  const { checkpoint: nextCheckpoint, etag: nextEtag, digest: nextDigest } = progress
  return {
    kind: 'committed',
    source: {
      ...source,
      revision: source.revision + 1,
      checkpoint: nextCheckpoint,
      etag: nextEtag,
      digest: nextDigest,
      failures: 0,
    },
    events: committed.events.length,
    isDone,
  }
}

/** Logs what is new, and wakes its deliveries. */
async function announce(
  deps: Deps,
  found: readonly NewEvent[],
  stored: Extract<Awaited<ReturnType<typeof commitProgress>>, { kind: 'committed' }>,
): Promise<void> {
  if (stored.events.length === 0) return
  const titles = new Map(found.map(({ id, data }) => [id, data.video.name]))
  for (const event of stored.events) {
    deps.log({
      log: 'event',
      sequence: event.sequence,
      event: event.id,
      type: event.type,
      instance: event.instance,
      subject: event.subject,
      title: titles.get(event.id) ?? '',
    })
  }
  await tolerating(deps.log, 'deliveries', wakeDeliveries(deps.env.DELIVERY_QUEUE, stored.endpoints))
}

async function learn(
  deps: Deps,
  source: DueSource,
  checkpoint: VideosCheckpoint,
  page: Extract<ReadPage, { kind: 'page' }>,
  now: number,
): Promise<{ next: Advance } & Pick<Progress, 'remember' | 'events'>> {
  for (const detail of page.skipped.slice(0, NAMED_SKIPS))
    deps.log({ log: 'skipped', instance: source.host, detail })
  const known = await knownVideos(
    deps.env.DB,
    source.instanceId,
    page.listed.flatMap(({ uuid }) => uuid ?? []),
  )
  const { events, remember, backfillLeft } = detectVideos({
    instance: source.host,
    checkpoint,
    page: page.videos,
    unreadable: page.listed.flatMap(({ uuid, publishedAt }) => (publishedAt === null && uuid) || []),
    known,
    now,
  })
  return { next: advance(checkpoint, page.listed, known, backfillLeft, now), remember, events }
}

function parseCheckpoint(json: string): VideosCheckpoint | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Checkpoint), json)
  return parsed.success ? parsed.output : null
}

function isTopPage(checkpoint: VideosCheckpoint): boolean {
  return currentWalk(checkpoint).start === 0
}

/**
 * Of what an event could come of: not of views and likes, which move all the time. An item that could not be understood
 * counts too, so that it is news when it can be.
 */
function digestOf(listed: readonly Listed[]): string {
  return createHash('sha256')
    .update(JSON.stringify(listed.map(({ uuid, publishedAt }) => [uuid, publishedAt])))
    .digest('base64')
}
