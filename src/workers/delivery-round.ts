/**
 * @module One round of deliveries to some endpoints: leave of the gate, one read, sends side by side, commits.
 *
 * The lease of the gate comes before the read, so a doubled message never sends what another run is sending. A round that
 * dies leaves its deliveries due: they are sent again, which "at least once" allows and `webhook-id` tells.
 */
import { type Due, dueDeliveries, type RecordedAttempt } from '../db/deliveries.ts'
import type { Endpoint } from '../db/endpoints.ts'
import { newId } from '../db/id.ts'
import { Deadlines } from '../http/deadline.ts'
import { HEALTHY, type Health, judge, type Told } from '../webhooks/health.ts'
import { afterAnswer, call, giveBack, NEW_PACE, type Pace, reserve } from '../webhooks/pace.ts'
import { attemptShipment } from './attempt.ts'
import { enterGate, leaveGate } from './delivery-gate.ts'
import { type Plan, planVisit, type Visit } from './delivery-plan.ts'
import type { Deps } from './deps.ts'
import { type HubContents, hubContents } from './hub-contents.ts'
import { describeError } from './log.ts'
import { type Judged, recordOutcomes } from './record-outcomes.ts'
import { Rendering } from './rendering.ts'
import { perEndpointOf } from './round-size.ts'
import type { Shipment } from './shipments.ts'
import type { Slots } from './slots.ts'

/** An endpoint may take so long to answer. On top: the round before its last send, and the commit. */
const LEASE_MS = 30_000 + 15_000
/** A send that has to wait for longer than this, for its endpoint's limit, is left to a later round. */
const PACE_PATIENCE_MS = 1_000
/** What waits for its endpoint's limit goes on in the background, for so long that what is sent then is over in time. */
const PACED_MS = 25_000
/** And for no less than this, or one that may take long to answer would be sent one at a time: see `longestMs`. */
const LEAST_PACED_MS = 5_000

/** What is left to do: endpoints with more to send now, or from a time on, milliseconds since the epoch. */
export type Rest = { now: Set<string>; later: Map<string, number> }

/** Enters the endpoints, reads what is due at them and begins to send. */
export async function startRound(deps: Deps, slots: Slots, endpointIds: readonly string[]): Promise<Round> {
  const { DELIVERY_GATE, DB } = deps.env
  const perEndpoint = perEndpointOf(endpointIds.length)
  const holder = newId('run')
  const { entered, failed } = await enterGate(DELIVERY_GATE, holder, endpointIds, LEASE_MS, deps.clock())
  for (const { ids, error } of failed) {
    // A gate that fails is not the others' trouble; the next tick wakes its endpoints again.
    deps.log({ log: 'error', where: `asking the gate of ${ids.join(', ')}`, error: describeError(error) })
  }
  // In the order of asking: so are the slots given out.
  const ids = endpointIds.filter((id) => entered.has(id))
  let due: Due
  let hub: HubContents
  try {
    due = await dueDeliveries(DB, ids, perEndpoint, deps.clock())
    const owed = new Set(due.deliveries.map(({ endpointId }) => endpointId))
    const subscribers = [...owed].filter((id) => due.endpoints.get(id)?.kind === 'websub')
    hub = await hubContents(deps, subscribers)
  } catch (error) {
    // Otherwise the retry of this message would find its own run in the way.
    const exits = ids.map((id) => ({ id, pace: null }))
    await leaveGate(DELIVERY_GATE, holder, exits)
    throw error
  }
  const ofEndpoint = Map.groupBy(due.deliveries, ({ endpointId }) => endpointId)
  const visits = ids.map((id) => {
    const pace = entered.get(id) ?? NEW_PACE
    const all = ofEndpoint.get(id) ?? []
    const endpoint = due.endpoints.get(id)
    // A subscriber of the hub whose turn is not now: nothing is tried, so nothing fails.
    if (endpoint?.kind === 'websub' && !hub.contents.has(id))
      return { id, pace, plan: null, readyAt: hub.laterAt.get(id) ?? 0 }
    // One that was deleted meanwhile has nothing due.
    return endpoint
      ? planVisit(endpoint, pace, all, perEndpoint, deps.clock(), due.next.get(id) ?? 0)
      : { id, pace, plan: null, readyAt: 0 }
  })
  return new Round(deps, slots, holder, visits, new Rendering(deps, due.events, hub.contents))
}

/** An endpoint that this round has the lease of, and how it is doing. */
type Running = {
  visit: Visit
  pace: Pace
  health: Health
  /** As it is in the database. */
  recorded: Health
  recovered: Judged['recovered']
  /** It has recovered in this round: what waited for its next attempt may be in line since. */
  isLinedUp: boolean
  disabled: Judged['disabled']
  /** Until its limit lets it send, when that is long. */
  pacedUntil: number
}

export class Round {
  /** Settles when every send has. Never rejects. */
  readonly sending: Promise<unknown>
  /** The same for each endpoint. */
  readonly #sends: ReadonlyMap<string, Promise<void>>
  readonly #deps: Deps
  readonly #slots: Slots
  readonly #holder: string
  readonly #rendering: Rendering
  readonly #deadlines = new Deadlines()
  /** Sends that an endpoint may have under way: one that hangs holds no more slots than its share. */
  readonly #lanes: number
  readonly #endpoints: ReadonlyMap<string, Endpoint>
  /** Endpoints that have not been let go. */
  readonly #running: Map<string, Running>
  /** No run outlives its lease, nor waits for who hangs. */
  readonly #stopping = new AbortController()
  /** What goes on at its own pace is not kept from a slot. */
  readonly #never = new AbortController().signal
  /** Milliseconds since the epoch. */
  readonly #startedAt: number
  /** What was answered, or has ended, since the last `settle`. */
  #answered: RecordedAttempt[] = []
  #ended: Running[] = []

  constructor(deps: Deps, slots: Slots, holder: string, visits: readonly Visit[], rendering: Rendering) {
    this.#deps = deps
    this.#startedAt = deps.clock()
    this.#slots = slots
    this.#holder = holder
    this.#rendering = rendering
    this.#endpoints = new Map(visits.flatMap(({ id, plan }) => (plan ? [[id, plan.endpoint]] : [])))
    this.#running = new Map(visits.map((visit) => [visit.id, runningOf(visit)]))
    const busy = visits.filter(({ plan }) => plan).length
    this.#lanes = Math.max(1, Math.floor(deps.config.deliveryConcurrency / Math.max(1, busy)))
    this.#sends = new Map(Array.from(this.#running, ([id, one]) => [id, this.#sendAll(one)]))
    this.sending = Promise.all(this.#sends.values())
  }

  get isRunning(): boolean {
    return this.#running.size > 0
  }

  /** Whether a send is under way, or to come. */
  get isSending(): boolean {
    return this.#running.size > this.#ended.length
  }

  /** How long the slowest of those that are not let go may take, with what is begun still. */
  get longestMs(): number {
    const times = [...this.#running.values()].map(({ visit: { plan }, pace }) => {
      if (!plan) return 0
      const timeoutMs = this.#timeoutOf(plan.endpoint)
      return timeoutMs + (isPaced(plan.endpoint, pace) ? pacedMs(timeoutMs) : 0)
    })
    return Math.max(0, ...times)
  }

  /** Endpoints whose answers are waited for. What is sent at its own pace goes on in the background. */
  get awaited(): string[] {
    const ended = new Set(this.#ended)
    const isAwaited = (running: Running) => {
      const { visit, pace } = running
      return !ended.has(running) && !(visit.plan && isPaced(visit.plan.endpoint, pace))
    }
    return [...this.#running.values()].filter(isAwaited).map(({ visit }) => visit.id)
  }

  /** Settles when every send to these endpoints has. Never rejects. */
  sendingTo(ids: readonly string[]): Promise<unknown> {
    return Promise.all(ids.map((id) => this.#sends.get(id)))
  }

  /** Settles when the sends to another one of the endpoints have that are not let go. Never rejects. */
  nextToEnd(): Promise<unknown> {
    return Promise.race(Array.from(this.#running.keys(), (id) => this.#sends.get(id)))
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
    const rest: Rest = { now: new Set(), later: new Map() }
    this.#answered = []
    this.#ended = []
    const judged = this.#takeJudged()
    for (const { visit } of ended) this.#running.delete(visit.id)
    try {
      const next = await recordOutcomes(this.#deps, {
        answered,
        judged,
        endpointOf: (id) => this.#endpoints.get(id),
        eventOf: (sequence) => this.#rendering.event(sequence),
        headOf: (id) => this.#rendering.headOf(id),
      })
      for (const [id, dueAt] of next) rest.later.set(id, dueAt)
      // Not of what can't be committed: nobody learns of that rest, and who comes next must not take it for told.
      for (const one of ended) this.#callLater(one, rest.later)
    } finally {
      // Only now: an endpoint is let go when all that it was sent is recorded, or will never be.
      const missed = await this.#leave(ended)
      for (const one of ended) {
        if (one.pacedUntil > 0) continue
        // Who was turned away may have come since its owner began it anew, of which this round knows nothing.
        const isWanted = missed.has(one.visit.id) || (this.#isOpen(one) && hasRest(one))
        if (isWanted) rest.now.add(one.visit.id)
      }
    }
    return rest
  }

  /** Leaves what waits for a time to a message, so that it holds up nobody else. What is farther away is the ticks'. */
  #callLater(one: Running, later: Map<string, number>): void {
    const { visit, pacedUntil } = one
    const now = this.#deps.clock()
    // Messages are delayed by whole seconds; the rest of what the limit asks for is waited for then.
    const waitMs = Math.floor(Math.max(0, pacedUntil - now) / 1_000) * 1_000
    const at = pacedUntil > 0 ? now + waitMs : visit.readyAt
    if (at === 0) return
    later.delete(visit.id)
    if (at - now >= this.#deps.config.cronPeriodMs) return
    const pace = call(one.pace, at, now)
    if (!pace) return
    one.pace = pace
    later.set(visit.id, at)
  }

  /** How the endpoints are doing, of those whose row says something else. */
  #takeJudged(): Judged[] {
    const changed = [...this.#running.values()].filter(({ health, recorded }) => health !== recorded)
    return changed.flatMap((one) => {
      const { health, recorded: before, recovered, disabled, visit } = one
      one.recorded = health
      one.recovered = null
      return visit.plan ? [{ endpoint: visit.plan.endpoint, before, health, recovered, disabled }] : []
    })
  }

  async #sendAll(running: Running): Promise<void> {
    const { plan } = running.visit
    if (plan) {
      const lanes = Math.max(1, Math.min(this.#lanes, plan.endpoint.concurrency ?? this.#lanes))
      await Promise.all(Array.from({ length: lanes }, () => this.#lane(running, plan)))
    }
    this.#ended.push(running)
  }

  async #lane(running: Running, plan: Plan): Promise<void> {
    const { line } = plan
    // Of slots that are spent none is given out: without this who is refused one would ask for it for ever.
    while (this.#mayBegin(running) && running.pacedUntil === 0 && !this.#slots.areSpent) {
      const shipment = line.next()
      if (shipment) await this.#ship(running, plan, shipment)
      else if (line.mayGoOn) await line.change()
      else return
    }
  }

  #mayBegin(running: Running): boolean {
    return (!this.#stopping.signal.aborted || this.#mayGoOn(running)) && this.#isOpen(running)
  }

  /** Whether an endpoint is sent to though the round was stopped: at its own pace it is in nobody's way. */
  #mayGoOn({ visit, pace }: Running): boolean {
    const endpoint = visit.plan?.endpoint
    if (!endpoint || !isPaced(endpoint, pace)) return false
    return this.#deps.clock() - this.#startedAt <= pacedMs(this.#timeoutOf(endpoint))
  }

  #timeoutOf({ timeoutMs }: Endpoint): number {
    return timeoutMs ?? this.#deps.config.deliveryTimeoutMs
  }

  /** Whether an endpoint is sent to, as far as this round knows. */
  #isOpen({ health, disabled, recorded, visit }: Running): boolean {
    if (disabled) return false
    // While it is broken no more than what was planned is sent; what breaks it in this round ends it.
    const wasBroken = visit.plan?.endpoint.brokenSince ?? null
    if (health.brokenSince !== null && wasBroken === null) return false
    return Math.max(health.heldUntil, recorded.heldUntil) <= this.#deps.clock()
  }

  async #ship(running: Running, { line, endpoint }: Plan, shipment: Shipment): Promise<void> {
    if (!(await this.#isPaced(running, endpoint))) return line.putBack(shipment)
    let isBegun = false
    let isDelivered = false
    await this.#slots.run(
      async () => {
        // Another lane may have learned meanwhile that it is to be left alone.
        if (!this.#mayBegin(running)) return
        isBegun = true
        try {
          const { recorded, told } = await attemptShipment(
            this.#deps,
            endpoint,
            shipment,
            this.#rendering,
            this.#deadlines,
          )
          this.#answered.push(...recorded)
          this.#learn(running, told)
          isDelivered = told.isSuccess
        } catch (error) {
          // What fails at one endpoint is that endpoint's trouble only.
          this.#deps.log({ log: 'error', where: `sending to ${endpoint.id}`, error: describeError(error) })
        }
      },
      isPaced(endpoint, running.pace) ? this.#never : this.#stopping.signal,
    )
    if (isBegun) return line.done(shipment, isDelivered)
    running.pace = giveBack(running.pace, endpoint.rateLimit)
    line.putBack(shipment)
  }

  #learn(running: Running, told: Told): void {
    const before = running.health
    const { health, isRecovered, disabled } = judge(before, told, this.#deps.random())
    // One that was well and is: nothing to write.
    if (health !== HEALTHY || before.failingSince !== null || before.heldUntil > 0) running.health = health
    running.pace = afterAnswer(running.pace, told)
    const since = before.failingSince ?? told.startedAt
    if (isRecovered) {
      running.recovered ??= { since }
      running.isLinedUp = true
    }
    if (disabled) running.disabled ??= { ...disabled, at: told.endedAt, since }
  }

  /** Waits for the endpoint's limit. @returns whether a send may begin now. */
  async #isPaced(running: Running, { rateLimit }: Endpoint): Promise<boolean> {
    const { clock, pause } = this.#deps
    const { waitMs, pace } = reserve(running.pace, rateLimit, clock())
    if (waitMs > PACE_PATIENCE_MS) {
      // Those that have a place already are sent still.
      running.pacedUntil = clock() + waitMs
      return false
    }
    running.pace = pace
    if (waitMs > 0) await pause(waitMs)
    if (this.#mayBegin(running)) return true
    running.pace = giveBack(running.pace, rateLimit)
    return false
  }

  /** @returns endpoints to which somebody was turned away meanwhile. */
  async #leave(ended: readonly Running[]): Promise<Set<string>> {
    if (ended.length === 0) return new Set()
    const exits = ended.map(({ visit, pace }) => ({ id: visit.id, pace: pace === visit.pace ? null : pace }))
    const { missed, errors } = await leaveGate(this.#deps.env.DELIVERY_GATE, this.#holder, exits)
    for (const error of errors)
      this.#deps.log({ log: 'error', where: 'leaving the gate', error: describeError(error) })
    return new Set(missed)
  }
}

/** Whether an endpoint has a pace that is to be felt. */
function isPaced({ rateLimit }: Endpoint, { slowness }: Pace): boolean {
  return rateLimit !== null || slowness > 0
}

/** For how long an endpoint is sent to at its own pace. @param timeoutMs how long it may take to answer. */
function pacedMs(timeoutMs: number): number {
  return Math.max(PACED_MS - timeoutMs, LEAST_PACED_MS)
}

function hasRest({ visit: { plan }, isLinedUp }: Running): boolean {
  return plan !== null && (plan.hasMore || plan.line.left > 0 || isLinedUp)
}

function runningOf(visit: Visit): Running {
  const { failures, failingSince, brokenSince, probes, heldUntil } = visit.plan?.endpoint ?? HEALTHY
  const health = { failures, failingSince, brokenSince, probes, heldUntil }
  return {
    visit,
    pace: visit.pace,
    health,
    recorded: health,
    recovered: null,
    isLinedUp: false,
    disabled: null,
    pacedUntil: 0,
  }
}
