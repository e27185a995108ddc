/**
 * @module One round of deliveries to some endpoints: leave of each endpoint's limiter, one read, sends side by side, commits.
 *
 * The lease of the limiter comes before the read, so a doubled message never sends what another run is sending. A round that
 * dies leaves its deliveries due: they are sent again, which "at least once" allows and `webhook-id` tells.
 */
import { type DueDelivery, dueDeliveries, type RecordedAttempt, recordAttempts } from '../db/deliveries.ts'
import { newId } from '../db/id.ts'
import { attemptDelivery, type SigningKeys, signingKeys } from './attempt.ts'
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

/** An endpoint that this round has the lease of, and what is due there. */
type Entered = { id: string; access: EndpointAccess; due: DueDelivery[]; hasMore: boolean }

/** Enters the endpoints, reads what is due at them and begins to send. */
export async function startRound(deps: Deps, slots: Slots, endpointIds: readonly string[]): Promise<Round> {
  const perEndpoint = Math.max(1, Math.floor(ROUND_SIZE / endpointIds.length))
  const { accesses, later } = await enter(deps, endpointIds, perEndpoint)
  const due = await readDue(deps, accesses, perEndpoint)
  const keys = await signingKeys(deps, due)
  const byEndpoint = Map.groupBy(due, ({ endpointId }) => endpointId)
  const entered = Array.from(accesses, ([id, access]) => {
    const all = byEndpoint.get(id) ?? []
    const granted = all.slice(0, access.granted)
    return { id, access, due: granted, hasMore: granted.length < all.length || all.length === perEndpoint }
  })
  return new Round(deps, slots, keys, entered, later)
}

export class Round {
  /** Settles when every send has. Never rejects. */
  readonly sending: Promise<unknown>
  readonly #deps: Deps
  readonly #slots: Slots
  readonly #keys: SigningKeys
  /** Sends that an endpoint may have under way: one that hangs holds no more slots than its share. */
  readonly #lanes: number
  /** Endpoints that have not been let go. */
  readonly #running: Set<string>
  /** No run outlives its lease, nor waits for who hangs. */
  readonly #stopping = new AbortController()
  /** What was answered, or has ended, since the last `settle`. */
  #answered: RecordedAttempt[] = []
  #ended: { entered: Entered; made: number }[] = []
  /** Endpoints whose limiters asked us to wait. */
  #later: Map<string, number>

  constructor(deps: Deps, slots: Slots, keys: SigningKeys, entered: Entered[], later: Map<string, number>) {
    this.#deps = deps
    this.#slots = slots
    this.#keys = keys
    this.#later = later
    this.#running = new Set(entered.map(({ id }) => id))
    const busy = entered.filter(({ due }) => due.length > 0).length
    this.#lanes = Math.max(1, Math.floor(deps.config.deliveryConcurrency / Math.max(1, busy)))
    this.sending = Promise.all(entered.map((one) => this.#sendAll(one)))
  }

  get isRunning(): boolean {
    return this.#running.size > 0
  }

  /** Begins no further send: what is left is left to the next round. */
  stop(): void {
    this.#stopping.abort()
  }

  /**
   * Commits what has been answered, and lets go of the endpoints that are done.
   * @returns what that leaves to do.
   * @throws when it can't be committed: what was answered since the last time will be sent again.
   */
  async settle(): Promise<Rest> {
    const answered = this.#answered
    const ended = this.#ended
    const rest: Rest = { now: new Set(), later: this.#later }
    this.#answered = []
    this.#ended = []
    this.#later = new Map()
    for (const { entered } of ended) this.#running.delete(entered.id)
    try {
      // A wake-up at the first due time is not enough: what falls due a moment later has nobody else to wake it.
      for (const [id, dueAt] of await record(this.#deps, answered)) {
        if (dueAt > this.#deps.clock()) rest.later.set(id, dueAt)
      }
    } finally {
      // Only now: an endpoint is let go when all that it was sent is recorded, or will never be.
      const letGo = ended.map(async ({ entered, made }) => {
        const isMissed = await this.#leave(entered, made)
        if (entered.hasMore || made < entered.due.length || isMissed) rest.now.add(entered.id)
      })
      await Promise.all(letGo)
    }
    return rest
  }

  async #sendAll(entered: Entered): Promise<void> {
    let made = 0
    let isHeld = false
    const attempt = async (delivery: DueDelivery) => {
      if (isHeld) return
      made += 1
      const sent = attemptDelivery(this.#deps, delivery, this.#keys)
      const attempted = await this.#tolerating('sending to', entered.id, sent)
      if (!attempted) return
      const { recorded, retryAt } = attempted
      this.#answered.push(recorded)
      if (retryAt === null) return
      isHeld = true
      await this.#tolerating('holding', entered.id, entered.access.hold(retryAt))
    }
    await inLanes(entered.due, this.#lanes, (delivery) =>
      this.#slots.run(() => attempt(delivery), this.#stopping.signal),
    )
    this.#ended.push({ entered, made })
  }

  /** @returns whether somebody was turned away meanwhile. */
  async #leave({ id, access }: Entered, made: number): Promise<boolean> {
    return (await this.#tolerating('leaving', id, access.leave(made))) ?? false
  }

  /** What fails at one endpoint is that endpoint's trouble only. A lease that was not given back runs out by itself. */
  async #tolerating<TResult>(what: string, id: string, work: Promise<TResult>): Promise<TResult | null> {
    try {
      return await work
    } catch (error) {
      this.#deps.log({ log: 'error', where: `${what} ${id}`, error: describeError(error) })
      return null
    }
  }
}

/** Recording is safe to repeat: a lost connection says nothing of whether it was done. */
async function record(deps: Deps, answered: readonly RecordedAttempt[]): Promise<Map<string, number>> {
  if (answered.length === 0) return new Map()
  for (let tries = 1; ; tries += 1) {
    try {
      return await recordAttempts(deps.env.DB, answered)
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
    await Promise.allSettled(Array.from(accesses.values(), (access) => access.leave(0)))
    throw error
  }
}

/** Runs `work` on every item, so many at a time. `work` doesn't reject. */
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
