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
import { wakeDeliveries, wakeDeliveriesAt } from './messages.ts'
import { patiently } from './patience.ts'
import { Slots } from './slots.ts'

/** Deliveries of one round, over all its endpoints: also the most that a crash can make come twice. */
const ROUND_SIZE = 200
/** What is answered is committed at least this often, however long the slow ones take. */
const PATIENCE_MS = 1_000
/** When all slots are taken and none became free for so long, they are held by endpoints that hang. */
const STANDSTILL_MS = 250
/** Rounds of one invocation; what is left then goes to the next, by a message. */
const ROUNDS = 20
/** Sends of one invocation. The platform counts 10,000 requests, those to limiters and database too. */
const SENDS = 4_000
/** The outcomes of sends are dear: losing them sends everything again. */
const RECORD_TRIES = 3

/** What is left to do: endpoints with more to send now, or from a time on. */
type Rest = { now: Set<string>; later: Map<string, number> }

/** The slots that all sends of one invocation share. */
export function invocationSlots({ config }: Deps): Slots {
  return new Slots(config.deliveryConcurrency, SENDS)
}

/**
 * Delivers until nothing is due at these endpoints.
 *
 * Returns when all but the slow ones have answered; these go on in `waitUntil`, so that they hold up nobody else. When the
 * slow ones hold all slots, the rest is left to another invocation, which has slots of its own.
 *
 * @param slots those of this invocation.
 */
export async function deliver(
  deps: Deps,
  waitUntil: (promise: Promise<unknown>) => void,
  endpointIds: readonly string[],
  slots = invocationSlots(deps),
): Promise<void> {
  let next = new Set(endpointIds)
  for (let count = 0; count < ROUNDS && next.size > 0 && !slots.areSpent; count += 1) {
    const round = await startRound(deps, slots, [...next])
    await attend(round, slots)
    const rest = await round.settle()
    await wakeLater(deps, rest)
    next = rest.now
    if (round.isRunning()) {
      waitUntil(finish(deps, round))
      if (slots.areAllTaken) break
    }
  }
  await wake(deps, [...next])
}

/** Waits until a round is over, patience is, or nothing moves any more. What has not begun then is not begun. */
async function attend(round: Round, slots: Slots): Promise<void> {
  for (let waited = 0; waited < PATIENCE_MS; waited += STANDSTILL_MS) {
    const { freed } = slots
    if (await patiently(round.sending, STANDSTILL_MS)) return
    if (slots.areAllTaken && slots.freed === freed) break
  }
  round.stop()
  // Lanes that were waiting for a slot are over now: they end before the next timer.
  await patiently(round.sending, 0)
}

/** Sees a round to its end, committing what has been answered every now and then. */
async function finish(deps: Deps, round: Round): Promise<void> {
  while (round.isRunning()) {
    await patiently(round.sending, PATIENCE_MS)
    try {
      const rest = await round.settle()
      await wakeLater(deps, rest)
      await wake(deps, [...rest.now])
    } catch (error) {
      // What was answered since is sent again; the rest of the round still has to be seen to its end.
      deps.log({ log: 'error', where: 'recording slow deliveries', error: describeError(error) })
    }
  }
}

type Round = {
  /** Settles when every send has. */
  sending: Promise<unknown>
  /** Commits what has been answered, and lets go of the endpoints that are done. @returns what that leaves to do. */
  settle: () => Promise<Rest>
  /** Begins no further send: what is left is left to the next round. */
  stop: () => void
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

/** Wakes for what is due before the next tick would find it; the tick finds the rest. */
async function wakeLater(deps: Deps, { later }: Rest): Promise<void> {
  const now = deps.clock()
  const soon = [...later].filter(([, dueAt]) => dueAt - now < deps.config.cronPeriodMs)
  await reportingFailure(deps, wakeDeliveriesAt(deps.env.DELIVERY_QUEUE, new Map(soon), now))
}

async function wake(deps: Deps, endpointIds: readonly string[]): Promise<void> {
  await reportingFailure(deps, wakeDeliveries(deps.env.DELIVERY_QUEUE, endpointIds))
}

/** What is due is in D1: a wake-up that fails costs the time until the next tick. */
async function reportingFailure(deps: Deps, waking: Promise<void>): Promise<void> {
  try {
    await waking
  } catch (error) {
    deps.log({ log: 'error', where: 'waking deliveries; the next tick will', error: describeError(error) })
  }
}
