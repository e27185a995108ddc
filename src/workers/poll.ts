/** @module Reads one instance: its due sources, one after another, each request through the instance's limiter. */
import { newId } from '../db/id.ts'
import { commitSetback, type DueSource, dueSources } from '../db/polls.ts'
import { targetProblem } from '../http/target.ts'
import type { Deps } from './deps.ts'
import { type InstanceAccess, instanceAccess } from './instance-access.ts'
import type { LogEntry } from './log.ts'
import { tolerating, wakePolls } from './messages.ts'
import type { PollOutcome } from './poll-outcome.ts'
import { pollVideos } from './poll-videos.ts'

/** How a source of each kind is read. A new source is a line here. */
const SOURCES: Record<
  DueSource['kind'],
  (deps: Deps, access: InstanceAccess, source: DueSource) => Promise<PollOutcome>
> = { videos: pollVideos }

const MINUTE_MS = 60_000
const MAX_BACKOFF_MS = 24 * 60 * MINUTE_MS

/**
 * Polls what is due on an instance. Does nothing when nothing is, or when somebody else is reading it.
 * What it reads is committed page by page, so it may die anywhere.
 *
 * @param aheadMs how long before its time a source may be read: only a tick says so. A message that was sent for a time finds
 * nothing when that time has been moved since, so that of several messages one goes on.
 */
export async function pollInstance(deps: Deps, instanceId: string, aheadMs = 0): Promise<void> {
  const due = await dueSources(deps.env.DB, instanceId, deps.clock() + aheadMs)
  const [first] = due
  if (!first) return

  // Checked when it was added, and again: what this Tubewire allows may have changed since.
  const problem = targetProblem(new URL(first.origin), { allowLocal: deps.config.allowLocalTargets })
  const access = instanceAccess(deps.env.RATE_LIMITER, first.host, newId('run'), deps.clock)
  try {
    for (const source of due) {
      const outcome: PollOutcome = problem
        ? { kind: 'failed', source, requests: 0, events: 0, detail: `its URL ${problem}` }
        : await SOURCES[source.kind](deps, access, source)
      await settle(deps, outcome, source.failures)
      if (outcome.kind === 'waiting' || outcome.kind === 'busy') return
    }
  } finally {
    await access.leave()
  }
}

/** A tick takes what is due until half way to the next: what is due a moment later would wait for a whole period. */
export function lookahead({ config }: Deps): number {
  return config.cronPeriodMs / 2
}

/** How long to leave an instance alone that failed so often in a row: 1 min, doubling up to a day, ±20 %. */
export function backoff(failures: number, random: number): number {
  return Math.round(Math.min(MINUTE_MS * 2 ** (failures - 1), MAX_BACKOFF_MS) * (0.8 + 0.4 * random))
}

/** @param failures in a row before this poll. */
async function settle(deps: Deps, outcome: PollOutcome, failures: number): Promise<void> {
  if (outcome.kind === 'busy') return
  const { source } = outcome
  const now = deps.clock()
  let dueAt: number | undefined
  if (outcome.kind === 'failed') {
    dueAt = now + backoff(source.failures + 1, deps.random())
    await commitSetback(deps.env.DB, source, { now, dueAt, failure: outcome.detail })
  } else if (outcome.kind === 'waiting') {
    await commitSetback(deps.env.DB, source, { now, dueAt: now + outcome.waitMs, failure: null })
    // The next tick would find it too, but later.
    if (outcome.waitMs < deps.config.cronPeriodMs) {
      const delaySeconds = Math.ceil(outcome.waitMs / 1000)
      const waking = wakePolls(deps.env.POLL_QUEUE, [source.instanceId], { delaySeconds })
      await tolerating(deps.log, 'polls', waking)
    }
  }
  deps.log({
    ...logEntry(outcome),
    ...(failures > 0 ? { failures } : {}),
    ...(dueAt === undefined ? {} : { dueAt }),
  })
}

function logEntry(outcome: Exclude<PollOutcome, { kind: 'busy' }>): Extract<LogEntry, { log: 'poll' }> {
  const { source, requests, events } = outcome
  const plain = events > 0 ? 'new' : 'nothing-new'
  return {
    log: 'poll',
    instance: source.host,
    outcome: outcome.kind === 'done' ? plain : outcome.kind,
    requests,
    events,
    ...('detail' in outcome ? { detail: outcome.detail } : {}),
  }
}
