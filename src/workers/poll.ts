/** @module Reads one instance: its due sources, one after another, each request through the instance's limiter. */
import { newId } from '../db/id.ts'
import { noteReachability, putOffSources } from '../db/instance-state.ts'
import { type DueSource, dueSources } from '../db/polls.ts'
import { NEVER } from '../db/readable.ts'
import { instanceUnreachable } from '../events/instance-events.ts'
import type { Deps } from './deps.ts'
import type { ErrorKind } from './error-kinds.ts'
import type { LogEntry } from './log.ts'
import { tolerating, wakePolls } from './messages.ts'
import { pollComments } from './poll-comments.ts'
import { pollNotifications } from './poll-notifications.ts'
import { Interruption, type PollOutcome, type Stop } from './poll-outcome.ts'
import { PollRun } from './poll-run.ts'
import { pollVideos } from './poll-videos.ts'
import { Visit } from './visit.ts'

/** How a source of each kind is read. A new source is a line here. */
const SOURCES: Record<DueSource['kind'], (run: PollRun) => Promise<void>> = {
  videos: pollVideos,
  comments: pollComments,
  notifications: pollNotifications,
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const MAX_BACKOFF_MS = 24 * HOUR_MS
/** What fails is Tubewire: `errorKind` of a source. Mostly a connection to the database, which is there again by then. */
const INTERNAL: ErrorKind = 'internal'
const HICCUP_MS = 5_000
/** After so many polls in a row that did not reach it an instance is called unreachable. */
const UNREACHABLE_AFTER = 5
/** Failures that say that the instance is there: others are none of its (a damaged checkpoint), or may be its proxy's. */
const ANSWERS: ReadonlySet<ErrorKind> = new Set(['http', 'not-json', 'too-large', 'schema'])

/**
 * Polls what is due on an instance. Does nothing when nothing is, or when somebody else is reading it. What it reads is
 * committed page by page, so it may die anywhere. A message that was sent for a time finds nothing when that time has been
 * moved since, so that of several messages one goes on.
 */
export async function pollInstance(deps: Deps, instanceId: string): Promise<void> {
  const due = await dueSources(deps.env.DB, instanceId, deps.clock())
  const [first] = due
  if (!first) return
  const visit = new Visit(deps, first.instance, newId('run'))
  // What the sources before have learned of the instance.
  let { instance } = first
  try {
    for (const source of due) {
      const run = new PollRun(deps, visit, { ...source, instance })
      const outcome = ofOneRoute(run.source, await orPutOff(run, poll(run, source)))
      await settle(run, outcome, source.failures)
      instance = run.source.instance
      if (outcome.kind === 'waiting' || outcome.kind === 'busy') return
      if (outcome.kind === 'failed' && outcome.isInstanceWide) return
    }
  } finally {
    await visit.access.leave()
  }
}

/**
 * What breaks off in the middle is tried again later, as after any failure: otherwise a source that always does would keep the
 * sources behind it waiting for ever.
 * @throws what `polling` threw: it is none of the instance's, and whoever keeps the log should see it.
 */
async function orPutOff<TOutcome>(run: PollRun, polling: Promise<TOutcome>): Promise<TOutcome> {
  try {
    return await polling
  } catch (error) {
    const detail = 'could not be read because of an error in Tubewire, which is in its log'
    const { failures } = run.source
    const restMs = failures === 0 ? HICCUP_MS : backoff(failures, run.deps.random())
    const failure = { kind: INTERNAL, detail }
    const dueAt = run.deps.clock() + restMs
    // The database may be what fails, or another poll may have gone on: then the source stays as it is.
    await run
      .setBack({ dueAt, dueReason: 'backoff', failure, events: [], writes: [] }, false)
      .catch(() => undefined)
    throw error
  }
}

async function poll(run: PollRun, source: DueSource): Promise<PollOutcome> {
  const problem = await run.visit.targetProblem()
  if (problem)
    return { kind: 'failed', reason: 'target', detail: `its URL ${problem}`, isInstanceWide: false }
  return interruptible(async () => {
    await SOURCES[source.kind](run)
    return { kind: 'done' }
  })
}

/**
 * What failed is one route alone, although it sounds like all, when others were answered since it first did: PeerTube answers
 * 500 for a route that is broken. When it does for its main list, it is the instance that is.
 */
function ofOneRoute(source: DueSource, outcome: PollOutcome): PollOutcome {
  if (outcome.kind !== 'failed') return outcome
  const { isInstanceWide, reason } = outcome
  const { kind, target, instance } = source
  const failures = source.errorKind === INTERNAL ? 0 : source.failures
  const isMain = kind === 'videos' && target === ''
  if (isMain) return { ...outcome, isInstanceWide: isInstanceWide || reason === 'server' }
  return { ...outcome, isInstanceWide: isInstanceWide && failures <= instance.failures }
}

async function interruptible(work: () => Promise<PollOutcome>): Promise<PollOutcome> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Interruption) return error.stop
    throw error
  }
}

/** How long to leave an instance alone that failed so often in a row: 1 min, doubling up to a day, ±20 %. */
export function backoff(failures: number, random: number): number {
  return Math.round(Math.min(MINUTE_MS * 2 ** (failures - 1), MAX_BACKOFF_MS) * (0.8 + 0.4 * random))
}

/** @param failures in a row before this poll. */
async function settle(run: PollRun, outcome: PollOutcome, failures: number): Promise<void> {
  const { deps } = run
  let dueAt: number | undefined
  const settled = await interruptible(async () => {
    if (outcome.kind === 'failed') dueAt = await commitFailure(run, outcome)
    if (outcome.kind === 'waiting') await commitRest(run, outcome)
    if (outcome.kind === 'ended') await commitEnd(run, outcome)
    return outcome
  })
  if (settled.kind === 'busy') return
  deps.log({
    ...logEntry(run, settled),
    ...(failures > 0 ? { failures } : {}),
    ...(dueAt === undefined ? {} : { dueAt }),
  })
}

/** @returns when it is tried again. */
async function commitFailure(run: PollRun, stop: Extract<Stop, { kind: 'failed' }>): Promise<number> {
  const { deps, source } = run
  const { reason, detail } = stop
  const now = deps.clock()
  const failure = { kind: reason, detail }
  if (!stop.isInstanceWide) {
    const dueAt = now + backoff(source.failures + 1, deps.random())
    await run.setBack({ dueAt, dueReason: 'backoff', failure, events: [], writes: [] }, ANSWERS.has(reason))
    return dueAt
  }

  const { failures: before, failingSince, unreachableAt } = source.instance
  const count = before + 1
  const since = failingSince ?? now
  const isUnreachable = unreachableAt !== null || count >= UNREACHABLE_AFTER
  const restMs = isUnreachable ? HOUR_MS * (0.9 + 0.2 * deps.random()) : backoff(count, deps.random())
  const dueAt = now + Math.round(restMs)
  const dueReason = isUnreachable ? 'unreachable' : 'backoff'
  const state = {
    failures: count,
    failingSince: since,
    unreachableAt: unreachableAt ?? (isUnreachable ? now : null),
  }
  const isNews = isUnreachable && unreachableAt === null
  await run.setBack(
    {
      dueAt,
      dueReason,
      failure,
      events: isNews ? [instanceUnreachable(run.instance, { ...stop, since }, now)] : [],
      writes: [
        noteReachability(source.instanceId, state),
        putOffSources(source.instanceId, dueAt, dueReason),
      ],
    },
    false,
  )
  return dueAt
}

async function commitRest(run: PollRun, { waitMs }: Extract<Stop, { kind: 'waiting' }>): Promise<void> {
  const { deps, source } = run
  const dueAt = deps.clock() + waitMs
  const dueReason = waitMs > 0 ? 'rest' : 'unfinished'
  await run.setBack({ dueAt, dueReason, failure: null, events: [], writes: [] }, false)
  // The next tick would find it too, but later.
  if (waitMs < deps.config.cronPeriodMs) {
    const delaySeconds = Math.ceil(waitMs / 1000)
    const waking = wakePolls(deps.env.POLL_QUEUE, [{ instanceId: source.instanceId, delaySeconds }])
    await tolerating(deps.log, 'polls', waking)
  }
}

async function commitEnd(run: PollRun, stop: Extract<Stop, { kind: 'ended' }>): Promise<void> {
  const { detail, events, writes } = stop
  const kind: ErrorKind = 'expired'
  const failure = { kind, detail }
  // Without an event nothing was asked: its login had ended before.
  await run.setBack({ dueAt: NEVER, dueReason: 'expired', failure, events, writes }, events.length > 0)
}

function logEntry(
  { source, requests, events }: PollRun,
  outcome: Exclude<PollOutcome, { kind: 'busy' }>,
): Extract<LogEntry, { log: 'poll' }> {
  const plain = events > 0 ? 'new' : 'nothing-new'
  return {
    log: 'poll',
    instance: source.instance.host,
    source: source.target === '' ? source.kind : `${source.kind} of ${source.target}`,
    outcome: outcome.kind === 'done' ? plain : outcome.kind,
    requests,
    events,
    ...('detail' in outcome ? { detail: outcome.detail } : {}),
  }
}
