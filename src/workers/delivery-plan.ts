/** @module What is to be sent to one endpoint in a round: how much of what is due, in which bodies, and when to come back. Pure. */
import { type DueDelivery, LINE } from '../db/deliveries.ts'
import type { Endpoint } from '../db/endpoints.ts'
import type { Pace } from '../webhooks/pace.ts'
import { Line, pack, type Shipment } from './shipments.ts'

/** What is to be sent to an endpoint in this round. */
export type Plan = { endpoint: Endpoint; line: Line; hasMore: boolean }
/** What a round does at an endpoint. `readyAt`: from when on there may be something to send that there is not yet; 0: nothing is known of that. */
export type Visit = { id: string; pace: Pace; plan: Plan | null; readyAt: number }

/**
 * Plans what a round does at an endpoint.
 * @param all what is due at it, as `dueDeliveries` gives it for so many of each endpoint.
 * @param nextDueAt when the next of what failed is due that is not yet, milliseconds since the epoch; 0: nothing is known of that.
 */
export function planVisit(
  endpoint: Endpoint,
  pace: Pace,
  all: readonly DueDelivery[],
  perEndpoint: number,
  now: number,
  nextDueAt: number,
): Visit {
  const { id, batchSize, batchMs, heldUntil, ordering } = endpoint
  // Of one that is held nothing is read, and there may be something.
  if (heldUntil > now) return { id, pace, plan: null, readyAt: isSentTo(endpoint) ? heldUntil : 0 }
  const size = batchSize ?? 1
  const most = Math.max(perEndpoint, size)
  const [retried, inLine] = [all.filter(isRetried), all.filter((delivery) => !isRetried(delivery))]
  const fullAt =
    batchSize === null ? 0 : Math.min(...inLine.map(({ createdAt }) => createdAt)) + (batchMs ?? 0)
  // A batch that is not full waits for others; what failed has waited.
  const waits = inLine.length > 0 && inLine.length < size && fullAt > now
  const ready = waits ? retried : all
  const whole =
    batchSize !== null && ordering === 'none' && retried.length >= most ? withoutCut(ready) : ready
  const probe = probeOf(endpoint, whole)
  // Of one that is broken a probe says whether the others are worth it.
  const packed = pack(probe ?? whole, size, ordering)
  // What a hub sends is for all that is due.
  const wanted = probe || endpoint.kind === 'websub' ? packed.slice(0, 1) : atMost(packed, most)
  const isCut = retried.length >= most / 2 || inLine.length >= most
  // What waits behind the retried was not read.
  const hasFollowers = ordering !== 'none' && retried.length > 0
  const hasMore = isCut || hasFollowers || wanted.flat().length < ready.length
  // The ticks see what waits behind one that failed, take it for due, and do not come at the time of that one.
  const nextAt = wanted.length > 0 ? 0 : nextDueAt
  return {
    id,
    pace,
    plan: wanted.length > 0 ? { endpoint, line: new Line(wanted, ordering), hasMore } : null,
    readyAt: waits ? fullAt : nextAt,
  }
}

function isRetried({ dueAt }: DueDelivery): boolean {
  return dueAt > LINE.replayed
}

/** The first of the shipments, as long as they hold no more than so many deliveries; one at least. */
function atMost(shipments: readonly Shipment[], most: number): Shipment[] {
  let count = 0
  return shipments.filter((shipment, index) => {
    count += shipment.length
    return index === 0 || count <= most
  })
}

/** What failed together comes again together: what failed last may be read in part only, and is left to the next round. */
function withoutCut(all: readonly DueDelivery[]): readonly DueDelivery[] {
  const last = Math.max(...all.map(({ dueAt }) => dueAt))
  const rest = all.filter(({ dueAt }) => dueAt < last)
  return rest.some(isRetried) ? rest : all
}

/** Of so many probes one is of what was not tried yet. */
const PROBES_A_TURN = 3

/**
 * What the next probe of an endpoint that is broken begins with, or null: it is not. The oldest; but it may be for just these
 * events that it fails, and they fall due again before every probe: so the second of each three is of what was not tried yet.
 */
function probeOf(
  { brokenSince, probes, ordering }: Endpoint,
  all: readonly DueDelivery[],
): readonly DueDelivery[] | null {
  if (brokenSince === null) return null
  if (probes % PROBES_A_TURN !== 1) return all
  // Nothing that waits for another one: of those the line gives out none.
  const line = new Line(pack(all, 1, ordering), ordering)
  const free = all.flatMap(() => line.next() ?? [])
  const untried = free.filter(({ attempts, attemptsBefore }) => attempts === attemptsBefore)
  return untried.length > 0 ? untried : all
}

function isSentTo({ pausedAt, disabledAt, verifiedAt }: Endpoint): boolean {
  return pausedAt === null && disabledAt === null && verifiedAt !== null
}
