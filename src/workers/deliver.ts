/** @module Delivers what is due at some endpoints, round after round; the slow ones go on in the background. */
import { type Rest, type Round, startRound } from './delivery-round.ts'
import type { Deps } from './deps.ts'
import { describeError } from './log.ts'
import { tolerating, wakeDeliveries, wakeDeliveriesAt } from './messages.ts'
import { patiently } from './patience.ts'
import { Slots } from './slots.ts'

/** What is answered is committed at least this often, however long the slow ones take. */
const PATIENCE_MS = 1_000
/** What ends at about the same time is committed together. */
const TOGETHER_MS = 50
/** When all slots are taken and none became free for so long, they are held by endpoints that hang. */
const STANDSTILL_MS = 250
/** Rounds of one invocation; what is left then goes to the next, by a message. */
const ROUNDS = 20
/** Sends of one invocation. The platform counts 10,000 requests, those to limiters and database too. */
const SENDS = 4_000
/** The platform gives what goes on in `waitUntil` 30 s; less than that is left for a send, for it has to be recorded, too. */
const BACKGROUND_MS = 25_000
/**
 * Endpoints that let us wait for longer than our patience the last time, in the memory of this Worker only: a round with no others is not
 * waited for, since where batches come one after another that would hold up everybody at each try.
 */
const slow = new Set<string>()
const MAX_SLOW = 1_000

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
  const lasting: Round[] = []
  for (let count = 0; count < ROUNDS && next.size > 0 && !slots.areSpent; count += 1) {
    const round = await startRound(deps, slots, [...next])
    await attend(round, slots)
    try {
      const rest = await round.settle()
      await wakeLater(deps, rest)
      next = rest.now
    } finally {
      if (round.isRunning) {
        lasting.push(round)
        waitUntil(finish(deps, round))
      }
    }
    if (round.isRunning && slots.areAllTaken) break
  }
  await wake(deps, [...next])
  await Promise.all(lasting.map((round) => outlast(deps, round)))
}

/** Stays for as long as a send may last that would not be over in the background. On a laptop that has no end. */
async function outlast(deps: Deps, round: Round): Promise<void> {
  const over = round.longestMs - BACKGROUND_MS
  if (over > 0 && !deps.config.allowLocalTargets) await patiently(round.sending, over)
}

/** Waits until only the slow ones are left, patience is over, or nothing moves any more. What has not begun then is not begun. */
async function attend(round: Round, slots: Slots): Promise<void> {
  // Until what can be begun at once is.
  if (await patiently(round.sending, 0)) return
  for (let waited = 0; waited < PATIENCE_MS; waited += STANDSTILL_MS) {
    const prompt = round.awaited.filter((id) => !slow.has(id))
    if (prompt.length === 0) break
    const { freed } = slots
    // When these have ended before the time, the next look finds so.
    await patiently(round.sendingTo(prompt), STANDSTILL_MS)
    if (slots.areAllTaken && slots.freed === freed) break
  }
  round.stop()
  // Lanes that were waiting for a slot are over now: they end before the next timer.
  await patiently(round.sending, 0)
}

/** Learns which endpoints are slow, of those that a round was left with: those that let a whole patience pass. */
function learnSlow(round: Round, left: readonly string[]): void {
  const awaited = new Set(round.awaited)
  if (slow.size > MAX_SLOW) slow.clear()
  for (const id of left) {
    if (awaited.has(id)) slow.add(id)
    else slow.delete(id)
  }
}

/**
 * Sees a round to its end, committing what has been answered every now and then, and soon after one of its endpoints is done: it may
 * have more, and must not wait for the others.
 */
async function finish(deps: Deps, round: Round): Promise<void> {
  const left = round.awaited
  let hasLearned = false
  while (round.isRunning) {
    const hasEnded = await patiently(round.nextToEnd(), PATIENCE_MS)
    if (hasEnded) await patiently(round.sending, TOGETHER_MS)
    if (!hasLearned && !(hasEnded && round.isSending)) {
      learnSlow(round, left)
      hasLearned = true
    }
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

/** Wakes for what falls due within a period; the ticks wake for what comes after. */
async function wakeLater(deps: Deps, { later }: Rest): Promise<void> {
  const now = deps.clock()
  const soon = [...later].filter(([, dueAt]) => dueAt - now < deps.config.cronPeriodMs)
  const waking = wakeDeliveriesAt(deps.env.DELIVERY_QUEUE, new Map(soon), now)
  await tolerating(deps.log, 'deliveries', waking)
}

async function wake(deps: Deps, endpointIds: readonly string[]): Promise<void> {
  await tolerating(deps.log, 'deliveries', wakeDeliveries(deps.env.DELIVERY_QUEUE, endpointIds))
}
