/**
 * @module Delivers what is due at some endpoints: leave of each endpoint's limiter, one read, all sends at once, one commit.
 *
 * The lease of the limiter comes before the read, so a doubled message never sends what another run is sending. A run that
 * dies leaves its deliveries due: they are sent again, which "at least once" allows and `webhook-id` tells.
 */
import { type DueDelivery, dueDeliveries, type RecordedAttempt, recordAttempts } from '../db/deliveries.ts'
import { newId } from '../db/id.ts'
import { attemptDelivery, signingKeys } from './attempt.ts'
import type { Deps } from './deps.ts'
import { type EndpointAccess, enterEndpoint } from './endpoint-access.ts'
import { describeError } from './log.ts'
import { wakeDeliveries } from './messages.ts'
import { patiently } from './patience.ts'
import { Slots } from './slots.ts'

/** Deliveries of one round, over all its endpoints: also the most that a crash can make come twice. */
const ROUND_SIZE = 200
/** What is answered is committed at least this often, however long the slow ones take. */
const PATIENCE_MS = 1_000
/** Rounds of one invocation; what is left then goes to the next, by a message. */
const ROUNDS = 50

/** What is left to do: endpoints with more to send now, or from a time on. */
type Rest = { now: Set<string>; later: Map<string, number> }

/**
 * Delivers until nothing is due at these endpoints.
 *
 * Returns when all but the slow ones have answered; these go on in `waitUntil`, so that they hold up nobody else. When the
 * slow ones hold all slots, the rest is left to another invocation, which has slots of its own.
 *
 * @param slots those of this invocation: all its sends share them.
 */
export async function deliver(
  deps: Deps,
  waitUntil: (promise: Promise<unknown>) => void,
  endpointIds: readonly string[],
  slots = new Slots(deps.config.deliveryConcurrency),
): Promise<void> {
  let next = new Set(endpointIds)
  for (let count = 0; count < ROUNDS && next.size > 0; count += 1) {
    const round = await startRound(deps, slots, [...next])
    await patiently(round.sending, PATIENCE_MS)
    const rest = await round.settle()
    await wakeLater(deps, rest)
    next = rest.now
    if (round.isRunning()) {
      waitUntil(finish(deps, round))
      if (slots.areAllTaken) break
    }
  }
  await wake(deps, [...next], 0)
}

/** Sees a round to its end, committing what has been answered every now and then. */
async function finish(deps: Deps, round: Round): Promise<void> {
  while (round.isRunning()) {
    await patiently(round.sending, PATIENCE_MS)
    const rest = await round.settle()
    await wakeLater(deps, rest)
    await wake(deps, [...rest.now], 0)
  }
}

type Round = {
  /** Settles when every send has. */
  sending: Promise<unknown>
  /** Commits what has been answered, and lets go of the endpoints that are done. @returns what that leaves to do. */
  settle: () => Promise<Rest>
  isRunning: () => boolean
}

/** Enters the endpoints, reads what is due at them and begins to send. */
async function startRound(deps: Deps, slots: Slots, endpointIds: readonly string[]): Promise<Round> {
  const perEndpoint = Math.max(1, Math.floor(ROUND_SIZE / endpointIds.length))
  const { accesses, later } = await enter(deps, endpointIds, perEndpoint)
  const byEndpoint = Map.groupBy(await readDue(deps, accesses, perEndpoint), ({ endpointId }) => endpointId)
  const keys = await signingKeys(deps, [...byEndpoint.values()].flat())
  // An endpoint's even share: one that hangs holds no more slots than that.
  const lanes = Math.max(1, Math.floor(deps.config.deliveryConcurrency / Math.max(1, byEndpoint.size)))
  // What has not begun by then is left to the next round: no run outlives its lease, nor waits for who hangs.
  const isLate = AbortSignal.timeout(PATIENCE_MS)
  const running = new Set(accesses.keys())
  const answered: RecordedAttempt[] = []
  const finished: { id: string; made: number; hasMore: boolean }[] = []

  const sendAll = async (id: string, access: EndpointAccess) => {
    const due = byEndpoint.get(id) ?? []
    let made = 0
    const attempt = async (delivery: DueDelivery) => {
      made += 1
      const { recorded, retryAt } = await attemptDelivery(deps, delivery, keys)
      answered.push(recorded)
      if (retryAt !== null) await access.hold(retryAt)
    }
    await inLanes(due.slice(0, access.granted), lanes, (delivery) =>
      slots.run(() => attempt(delivery), isLate),
    ).catch((error: unknown) => {
      // One endpoint's trouble must not lose what others answered.
      deps.log({ log: 'error', where: `sending to ${id}`, error: describeError(error) })
    })
    finished.push({ id, made, hasMore: made < due.length || due.length === perEndpoint })
  }

  return {
    sending: Promise.all(Array.from(accesses, ([id, access]) => sendAll(id, access))),
    isRunning: () => running.size > 0,
    async settle() {
      const batch = answered.splice(0)
      const done = finished.splice(0)
      const rest: Rest = { now: new Set(), later: new Map(later) }
      later.clear()
      if (batch.length > 0) await recordAttempts(deps.env.DB, batch)
      for (const { endpointId, dueAt } of batch) {
        if (dueAt !== null) rest.later.set(endpointId, Math.min(dueAt, rest.later.get(endpointId) ?? dueAt))
      }
      // Only now: an endpoint is let go when all that it was sent is recorded.
      await Promise.all(
        done.map(async ({ id, made, hasMore }) => {
          running.delete(id)
          const turnedAway = await accesses.get(id)?.leave(made)
          if (hasMore || turnedAway) rest.now.add(id)
        }),
      )
      return rest
    },
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
    endpointIds.map(async (id) => ({ id, entry: await enterEndpoint(deps, id, holder, requests) })),
  )
  const accesses = new Map<string, EndpointAccess>()
  const later = new Map<string, number>()
  for (const { id, entry } of entries) {
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

/** Wakes for what is due before the next tick would find it; the tick finds the rest. */
async function wakeLater(deps: Deps, { later }: Rest): Promise<void> {
  const now = deps.clock()
  const soon = [...later].filter(([, dueAt]) => dueAt - now < deps.config.cronPeriodMs)
  const bySecond = Map.groupBy(soon, ([, dueAt]) => Math.max(0, Math.ceil((dueAt - now) / 1000)))
  for (const [delaySeconds, group] of bySecond) {
    await wake(
      deps,
      group.map(([endpointId]) => endpointId),
      delaySeconds,
    )
  }
}

/** What is due is in D1: a wake-up that fails costs the time until the next tick. */
async function wake(deps: Deps, endpointIds: readonly string[], delaySeconds: number): Promise<void> {
  try {
    await wakeDeliveries(deps.env.DELIVERY_QUEUE, endpointIds, delaySeconds)
  } catch (error) {
    deps.log({ log: 'error', where: 'waking deliveries; the next tick will', error: describeError(error) })
  }
}
