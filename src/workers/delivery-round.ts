/**
 * @module One round of deliveries to some endpoints: leave of each endpoint's limiter, one read, sends side by side, commits.
 *
 * The lease of the limiter comes before the read, so a doubled message never sends what another run is sending. A round that
 * dies leaves its deliveries due: they are sent again, which "at least once" allows and `webhook-id` tells.
 */
import { type DueDelivery, dueDeliveries, type RecordedAttempt, recordAttempts } from '../db/deliveries.ts'
import { newId } from '../db/id.ts'
import { attemptDelivery, signingKeys } from './attempt.ts'
import type { Deps } from './deps.ts'
import { type EndpointAccess, enterEndpoint } from './endpoint-access.ts'
import { describeError } from './log.ts'
import type { Slots } from './slots.ts'

/** Deliveries of one round, over all its endpoints: also the most that a crash can make come twice. */
const ROUND_SIZE = 200
/** The outcomes of sends are dear: losing them sends everything again. */
const RECORD_TRIES = 3

/** What is left to do: endpoints with more to send now, or from a time on, milliseconds since the epoch. */
export type Rest = { now: Set<string>; later: Map<string, number> }

export type Round = {
  /** Settles when every send has. */
  sending: Promise<unknown>
  /** Commits what has been answered, and lets go of the endpoints that are done. @returns what that leaves to do. */
  settle: () => Promise<Rest>
  /** Begins no further send: what is left is left to the next round. */
  stop: () => void
  isRunning: () => boolean
}

/** Enters the endpoints, reads what is due at them and begins to send. */
export async function startRound(deps: Deps, slots: Slots, endpointIds: readonly string[]): Promise<Round> {
  const perEndpoint = Math.max(1, Math.floor(ROUND_SIZE / endpointIds.length))
  const { accesses, later } = await enter(deps, endpointIds, perEndpoint)
  const byEndpoint = Map.groupBy(await readDue(deps, accesses, perEndpoint), ({ endpointId }) => endpointId)
  const keys = await signingKeys(deps, [...byEndpoint.values()].flat())
  // An endpoint's even share: one that hangs holds no more slots than that.
  const lanes = Math.max(1, Math.floor(deps.config.deliveryConcurrency / Math.max(1, byEndpoint.size)))
  // No run outlives its lease, nor waits for who hangs.
  const stopping = new AbortController()
  const running = new Set(accesses.keys())
  const answered: RecordedAttempt[] = []
  const finished: { id: string; made: number; hasMore: boolean }[] = []

  const sendAll = async (id: string, access: EndpointAccess) => {
    const due = byEndpoint.get(id) ?? []
    let made = 0
    let isHeld = false
    const attempt = async (delivery: DueDelivery) => {
      if (isHeld) return
      made += 1
      const { recorded, retryAt } = await attemptDelivery(deps, delivery, keys)
      answered.push(recorded)
      if (retryAt !== null) {
        isHeld = true
        await access.hold(retryAt)
      }
    }
    await inLanes(due.slice(0, access.granted), lanes, (delivery) =>
      slots.run(() => attempt(delivery), stopping.signal),
    ).catch((error: unknown) => {
      // One endpoint's trouble must not lose what others answered.
      deps.log({ log: 'error', where: `sending to ${id}`, error: describeError(error) })
    })
    finished.push({ id, made, hasMore: made < due.length || due.length === perEndpoint })
  }

  return {
    sending: Promise.all(Array.from(accesses, ([id, access]) => sendAll(id, access))),
    stop: () => stopping.abort(),
    isRunning: () => running.size > 0,
    async settle() {
      const batch = answered.splice(0)
      const done = finished.splice(0)
      const rest: Rest = { now: new Set(), later: new Map(later) }
      later.clear()
      for (const { id } of done) running.delete(id)
      try {
        await record(deps, batch)
      } catch (error) {
        // Otherwise the retry of this message would find its own run in the way.
        await Promise.all(done.map(({ id, made }) => accesses.get(id)?.leave(made)))
        throw error
      }
      for (const { endpointId, dueAt } of batch) {
        if (dueAt !== null) rest.later.set(endpointId, Math.min(dueAt, rest.later.get(endpointId) ?? dueAt))
      }
      // Only now: an endpoint is let go when all that it was sent is recorded.
      await Promise.all(
        done.map(async ({ id, made, hasMore }) => {
          const turnedAway = await accesses.get(id)?.leave(made)
          if (hasMore || turnedAway) rest.now.add(id)
        }),
      )
      return rest
    },
  }
}

/** Recording is safe to repeat: a lost connection says nothing of whether it was done. */
async function record(deps: Deps, batch: readonly RecordedAttempt[]): Promise<void> {
  if (batch.length === 0) return
  for (let tries = 1; ; tries += 1) {
    try {
      return await recordAttempts(deps.env.DB, batch)
    } catch (error) {
      if (tries === RECORD_TRIES) throw error
      deps.log({
        log: 'error',
        where: 'recording deliveries; it is tried again',
        error: describeError(error),
      })
    }
  }
}

/** Asks all limiters at once. A busy endpoint is left to who holds it; one that has to wait is in `later`. */
async function enter(
  deps: Deps,
  endpointIds: readonly string[],
  requests: number,
): Promise<{ accesses: Map<string, EndpointAccess>; later: Map<string, number> }> {
  const holder = newId('run')
  const entries = await Promise.all(
    endpointIds.map(async (id) => {
      try {
        return { id, entry: await enterEndpoint(deps, id, holder, requests) }
      } catch (error) {
        // One limiter that fails is not the others' trouble; the next tick wakes its endpoint again.
        deps.log({ log: 'error', where: `asking the limiter of ${id}`, error: describeError(error) })
        return null
      }
    }),
  )
  const accesses = new Map<string, EndpointAccess>()
  const later = new Map<string, number>()
  for (const { id, entry } of entries.filter((one) => one !== null)) {
    if (entry.kind === 'granted') accesses.set(id, entry.access)
    else if (entry.reason !== 'busy') later.set(id, deps.clock() + entry.waitMs)
  }
  return { accesses, later }
}

async function readDue(
  deps: Deps,
  accesses: ReadonlyMap<string, EndpointAccess>,
  perEndpoint: number,
): Promise<DueDelivery[]> {
  if (accesses.size === 0) return []
  try {
    return await dueDeliveries(deps.env.DB, [...accesses.keys()], perEndpoint, deps.clock())
  } catch (error) {
    // Otherwise the retry of this message would find its own run in the way.
    await Promise.all(Array.from(accesses.values(), (access) => access.leave(0)))
    throw error
  }
}

/** Runs `work` on every item, so many at a time. */
async function inLanes<TItem>(
  items: readonly TItem[],
  lanes: number,
  work: (item: TItem) => Promise<void>,
): Promise<void> {
  let next = 0
  const lane = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane))
}
