/**
 * @module Who may send to which endpoint: a lease for one run at a time, and with it the endpoint's pace. Every request to an
 * endpoint goes through here. One object keeps many endpoints, so that a run with two hundred of them asks once or twice,
 * and not two hundred times: docs/decisions/015.
 */
import { DurableObject } from 'cloudflare:workers'
import { NEW_PACE, type Pace } from '../webhooks/pace.ts'
import { gateOf } from './gates.ts'

/** Endpoints that an object remembers in memory; more, and those that stand still are forgotten. */
const MAX_KEPT = 10_000
/** Of the keys of the storage: how slow an endpoint asked us to be outlives the object's memory. */
const SLOWNESS = 'slowness:'
/** And so does when its next request may be made, when that is farther away than the object may be idle. */
const ARRIVAL = 'arrival:'
const FAR_MS = 10_000

export type Entry = { id: string; pace: Pace }
/** An endpoint that is let go, with its pace as it is now; null: as it was. */
export type Exit = { id: string; pace: Pace | null }

type Kept = {
  lease: { holder: string; until: number } | null
  turnedAway: boolean
  pace: Pace
  isArrivalStored: boolean
}

export class DeliveryGate extends DurableObject<Env> {
  readonly #kept = new Map<string, Kept>()

  /**
   * Takes the leases of those endpoints that nobody else has.
   * @param holder new for each run. @param leaseMs how long it may go silent before another may go on in its place.
   * @param now milliseconds since the epoch.
   * @returns those that were let in.
   */
  enter(holder: string, ids: readonly string[], leaseMs: number, now: number): Entry[] {
    const until = now + leaseMs
    return ids.flatMap((id) => {
      const kept = this.#find(id)
      const leftMs = kept.lease && kept.lease.holder !== holder ? kept.lease.until - now : 0
      // A lease that would last longer than leases do is of a clock that went back since.
      if (leftMs > 0 && leftMs <= leaseMs) {
        kept.turnedAway = true
        return []
      }
      kept.lease = { holder, until }
      return [{ id, pace: kept.pace }]
    })
  }

  /**
   * Ends the holder's leases.
   * @returns endpoints to which somebody was turned away meanwhile, who will not come again: the holder sees to it.
   */
  leave(holder: string, exits: readonly Exit[]): string[] {
    return exits.flatMap(({ id, pace }) => {
      const kept = this.#kept.get(id)
      if (kept?.lease?.holder !== holder) return []
      kept.lease = null
      if (pace) this.#setPace(id, kept, pace)
      const { turnedAway } = kept
      kept.turnedAway = false
      return turnedAway ? [id] : []
    })
  }

  #setPace(id: string, kept: Kept, pace: Pace): void {
    const { kv } = this.ctx.storage
    if (pace.slowness !== kept.pace.slowness) {
      if (pace.slowness === 0) kv.delete(SLOWNESS + id)
      else kv.put(SLOWNESS + id, pace.slowness)
    }
    // Of a low limit: the object may be out of memory before the next request may be made.
    const isFar = pace.arrival - Date.now() > FAR_MS
    if (isFar) kv.put(ARRIVAL + id, pace.arrival)
    else if (kept.isArrivalStored) kv.delete(ARRIVAL + id)
    kept.isArrivalStored = isFar
    kept.pace = pace
  }

  #find(id: string): Kept {
    let kept = this.#kept.get(id)
    if (!kept) {
      if (this.#kept.size >= MAX_KEPT) this.#forget()
      const { kv } = this.ctx.storage
      const slowness = kv.get<number>(SLOWNESS + id) ?? 0
      const arrival = kv.get<number>(ARRIVAL + id)
      kept = {
        lease: null,
        turnedAway: false,
        pace: { ...NEW_PACE, slowness, arrival: arrival ?? 0 },
        isArrivalStored: arrival !== undefined,
      }
      this.#kept.set(id, kept)
    }
    return kept
  }

  #forget(): void {
    for (const [id, { lease }] of this.#kept) if (lease === null) this.#kept.delete(id)
  }
}

/** Leave to send to some endpoints, until `leave`. */
export type Access = {
  entered: ReadonlyMap<string, Pace>
  /** Endpoints whose objects could not be asked, with why. */
  failed: { ids: string[]; error: unknown }[]
}

/** Asks for leave to send to endpoints. One that is busy is left to who holds it. */
export async function enterGate(
  gates: Env['DELIVERY_GATE'],
  holder: string,
  ids: readonly string[],
  leaseMs: number,
  now: number,
): Promise<Access> {
  const answers = await Promise.all(
    shardsOf(ids, (id) => id).map(async ([shard, ofShard]) => {
      try {
        return { entries: await gates.getByName(shard).enter(holder, ofShard, leaseMs, now) }
      } catch (error) {
        return { ids: ofShard, error }
      }
    }),
  )
  return {
    entered: new Map(answers.flatMap(({ entries = [] }) => entries.map(({ id, pace }) => [id, pace]))),
    failed: answers.flatMap((answer) =>
      'ids' in answer && answer.ids ? [{ ids: answer.ids, error: answer.error }] : [],
    ),
  }
}

/**
 * Lets endpoints go. A lease that can't be given back runs out by itself.
 * @returns those to which somebody was turned away meanwhile; and what went wrong.
 */
export async function leaveGate(
  gates: Env['DELIVERY_GATE'],
  holder: string,
  exits: readonly Exit[],
): Promise<{ missed: string[]; errors: unknown[] }> {
  const answers = await Promise.allSettled(
    shardsOf(exits, ({ id }) => id).map(([shard, ofShard]) => gates.getByName(shard).leave(holder, ofShard)),
  )
  return {
    missed: answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])),
    errors: answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : [])),
  }
}

function shardsOf<TItem>(items: readonly TItem[], idOf: (item: TItem) => string): [string, TItem[]][] {
  return [...Map.groupBy(items, (item) => gateOf(idOf(item)))]
}
