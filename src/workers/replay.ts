/**
 * @module Replays at work: a page at a time is asked for, and delivered with everything else, behind what is new. The replay waits
 * while much of it is pending, so that it can be cancelled and piles up nothing.
 */
import { eventsWithSubjects } from '../db/events.ts'
import {
  askAgain,
  nextFailed,
  type Replay,
  type ReplayAtWork,
  type ReplayPage,
  readReplay,
} from '../db/replays.ts'
import { facetsOf, orderKeyOf } from '../events/facets.ts'
import { type Filter, isOfTubewire, matcherOf } from '../events/filter.ts'
import type { Deps } from './deps.ts'
import { tolerating, wakeDeliveries, wakeReplays } from './messages.ts'

/** Of a page: events, or deliveries that failed; and bytes of events, that a Worker can take in and read as JSON in a moment. */
const PAGE = { rows: 500, bytes: 4_000_000 }
/** How many deliveries of a replay may be pending. */
const MOST_PENDING = 1_000
/** Pages of one invocation; what is left goes to the next, by a message. */
const PAGES = 4

/** A replay as a message names it: it is gone on with from this revision, and from no other. */
export type ReplayStep = Pick<Replay, 'id' | 'revision'>

/**
 * Goes on with a replay, and leaves a message for the rest. A message that is doubled or late finds it at another revision, and does
 * nothing; one that is lost is made up for by a tick.
 */
export async function runReplay(deps: Deps, { id, revision: from }: ReplayStep): Promise<void> {
  const { DB, DELIVERY_QUEUE } = deps.env
  for (let revision = from; revision < from + PAGES; revision += 1) {
    const atWork = await readReplay(DB, id, MOST_PENDING)
    if (atWork?.replay.revision !== revision) return
    if (atWork.pending + PAGE.rows > MOST_PENDING) return wait(deps, atWork)
    const committed = await askAgain(DB, atWork.replay, await nextPage(DB, atWork), deps.clock())
    if (!committed) return
    if (committed.asked > 0)
      await tolerating(deps.log, 'deliveries', wakeDeliveries(DELIVERY_QUEUE, [atWork.endpoint.id]))
    if (committed.isDone) return
  }
  await wake(deps, { id, revision: from + PAGES }, 0)
}

/** The longest pause between two looks; for longer than that it is left to the ticks. */
const LONGEST_PAUSE_SECONDS = 15

/** Looks again later, ever more seldom the longer it takes, as the ticks do; an endpoint that is not sent to is left to them. */
async function wait(deps: Deps, { replay, endpoint }: ReplayAtWork): Promise<void> {
  if (endpoint.pausedAt !== null || endpoint.disabledAt !== null || endpoint.verifiedAt === null) return
  const waitedSeconds = (deps.clock() - replay.updatedAt) / 1_000
  const pauseSeconds = Math.max(1, Math.ceil(waitedSeconds / 4))
  if (pauseSeconds <= LONGEST_PAUSE_SECONDS) await wake(deps, replay, pauseSeconds)
}

async function wake(deps: Deps, { id, revision }: ReplayStep, delaySeconds: number): Promise<void> {
  const waking = wakeReplays(deps.env.DELIVERY_QUEUE, [{ id, revision }], delaySeconds)
  await tolerating(deps.log, 'replays', waking)
}

async function nextPage(db: D1Database, atWork: ReplayAtWork): Promise<ReplayPage> {
  return atWork.replay.kind === 'failed' ? failedPage(db, atWork.replay) : eventPage(db, atWork)
}

async function failedPage(db: D1Database, replay: Replay): Promise<ReplayPage> {
  const found = await nextFailed(db, replay, PAGE.rows)
  const wanted = found.filter(({ createdAt }) => createdAt >= (replay.since ?? 0))
  const last = found.length === PAGE.rows ? found.at(-1) : undefined
  return {
    wanted: wanted.map(({ sequence }) => ({ sequence, orderKey: null })),
    position: last?.sequence ?? replay.lastSequence,
  }
}

/** What the endpoint's owner may see, and it would have been sent: but nothing about the endpoint itself. */
async function eventPage(db: D1Database, { replay, filters }: ReplayAtWork): Promise<ReplayPage> {
  const { ownerId, endpointId, position, lastSequence, since } = replay
  const span = { viewerId: ownerId, after: position, before: lastSequence + 1 }
  const found = await eventsWithSubjects(db, span, PAGE)
  // Only we write filters.
  const matchers = filters.map((filter) => matcherOf(JSON.parse(filter) as Filter))
  const wanted = found.flatMap(({ data, ...event }) => {
    if (event.seenAt < (since ?? 0) || (isOfTubewire(event.type) && event.subject === endpointId)) return []
    const whole = { ...event, data: JSON.parse(data) as unknown }
    const facets = facetsOf(whole)
    if (!matchers.some((isWanted) => isWanted(facets))) return []
    return [{ sequence: event.sequence, orderKey: orderKeyOf(whole) }]
  })
  // A page may be short for its bytes.
  return { wanted, position: found.at(-1)?.sequence ?? lastSequence }
}
