/** @module One poll of one source: where it stands, and its commits. */
import { newId } from '../db/id.ts'
import { noteMove, noteReachability } from '../db/instance-state.ts'
import {
  type Committed,
  commitProgress,
  commitSetback,
  type DueSource,
  type GuardedWrite,
  type Progress,
  type Setback,
} from '../db/polls.ts'
import { describeEvent } from '../events/describe.ts'
import { instanceRecovered } from '../events/instance-events.ts'
import { type DueReason, nextPace } from '../events/pace.ts'
import type { InstanceReference, NewEvent } from '../events/types.ts'
import { announce } from './announce.ts'
import type { Deps } from './deps.ts'
import { tolerating, wakeDeliveries } from './messages.ts'
import { Interruption } from './poll-outcome.ts'
import type { Visit } from './visit.ts'

/** What a read leaves behind, but for what each has in common. What is not said stays as it is. */
type Step = Partial<Pick<Progress, 'checkpoint' | 'etag' | 'digest' | 'method' | 'events' | 'writes'>> &
  /** When to go on. */
  (
    | { next: 'now' }
    /** As its pace is, but no later, or no earlier, than so long from now. `atLeastMs`: the instance answers the same till then. */
    | { next: 'paced'; atMostMs?: number; atMostReason?: DueReason; atLeastMs?: number }
  )

export class PollRun {
  readonly deps: Deps
  readonly visit: Visit
  /** As it stands: its revision moves with every commit. */
  source: DueSource
  events = 0
  /** New videos that were asked for by themselves. */
  details = 0
  readonly #requestsBefore: number
  readonly #lastReadAt: number | null
  readonly #rate: number

  constructor(deps: Deps, visit: Visit, source: DueSource) {
    this.deps = deps
    this.visit = visit
    this.source = source
    this.#requestsBefore = visit.requests
    this.#lastReadAt = source.succeededAt
    this.#rate = source.rate
  }

  get requests(): number {
    return this.visit.requests - this.#requestsBefore
  }

  /** How late its users may learn of something. */
  get maxDelayMs(): number {
    return this.source.maxDelayMs ?? this.deps.config.maxDelayMs[this.source.kind]
  }

  get instance(): InstanceReference {
    const { host, name, version } = this.source.instance
    return { host, url: this.visit.origin, name, version }
  }

  /** Where and when events are seen, and whose they are. */
  get scene() {
    return { instance: this.source.instance.host, ownerId: this.source.ownerId, now: this.deps.clock() }
  }

  /**
   * Commits what a read has taught, and wakes the deliveries of its events.
   * @throws Interruption when another poll has moved the source on meanwhile: nothing was written then.
   */
  async commit(step: Step): Promise<void> {
    const now = this.deps.clock()
    const { source } = this
    const { hasAnswered } = this.visit
    const events = step.events ?? []
    const due = this.#due(step, now, events.length)
    const progress: Progress = {
      checkpoint: step.checkpoint ?? source.checkpoint,
      etag: step.etag === undefined ? source.etag : step.etag,
      digest: step.digest === undefined ? source.digest : step.digest,
      method: step.method === undefined ? source.method : step.method,
      now,
      ...due,
      events: [...(hasAnswered ? this.#recovery(now) : []), ...events],
      writes: [...(step.writes ?? []), ...(hasAnswered ? this.#instanceWrites() : [])],
    }
    this.#accept(await commitProgress(this.deps.env.DB, source, newId('poll'), progress), {
      ...progress,
      failures: 0,
    })
    await this.#announce(progress.events)
  }

  /**
   * Commits that it can't go on.
   * @param hasAnswered whether the instance did, whatever it was.
   * @throws as `commit`.
   */
  async setBack(setback: Omit<Setback, 'now'>, hasAnswered: boolean): Promise<void> {
    const now = this.deps.clock()
    const whole: Setback = {
      ...setback,
      now,
      events: [...(hasAnswered ? this.#recovery(now) : []), ...setback.events],
      writes: [...setback.writes, ...(hasAnswered ? this.#instanceWrites() : [])],
    }
    const failures = this.source.failures + (setback.failure ? 1 : 0)
    this.#accept(await commitSetback(this.deps.env.DB, this.source, newId('poll'), whole), { failures })
    await this.#announce(whole.events)
  }

  #stored: Extract<Committed, { kind: 'committed' }> | null = null

  #accept(committed: Committed, changed: Partial<DueSource>): void {
    if (committed.kind === 'superseded') throw new Interruption({ kind: 'superseded' })
    const { checkpoint, etag, digest, method, rate, failures } = { ...this.source, ...changed }
    const { instance } = this.source
    const isWell = failures === 0 && this.visit.hasAnswered
    this.source = {
      ...this.source,
      checkpoint,
      etag,
      digest,
      method,
      rate,
      failures,
      revision: this.source.revision + 1,
      instance: isWell ? { ...instance, failures: 0, failingSince: null, unreachableAt: null } : instance,
    }
    this.events += committed.events.length
    this.#stored = committed
  }

  #due(step: Step, now: number, changes: number): Pick<Progress, 'dueAt' | 'dueReason' | 'rate'> {
    // While more is to be read the source stays due, so that whoever finds it goes on with it.
    if (step.next === 'now') return { dueAt: now, dueReason: 'unfinished', rate: this.source.rate }
    const pace = nextPace({
      rate: this.#rate,
      elapsedMs: this.#lastReadAt === null ? 0 : now - this.#lastReadAt,
      changes: this.events + changes,
      maxDelayMs: this.maxDelayMs,
      random: this.deps.random(),
    })
    const { atMostMs = pace.intervalMs, atMostReason, atLeastMs = 0 } = step
    const isSooner = atMostMs < pace.intervalMs
    const intervalMs = Math.min(atMostMs, pace.intervalMs)
    const reason = (isSooner && atMostReason) || pace.reason
    return {
      dueAt: now + Math.max(intervalMs, atLeastMs),
      dueReason: atLeastMs > intervalMs ? 'cached' : reason,
      rate: pace.rate,
    }
  }

  /** An instance that answers again, when it could not be reached. */
  #recovery(now: number): NewEvent[] {
    const { unreachableAt, failingSince } = this.source.instance
    return unreachableAt === null
      ? []
      : [instanceRecovered(this.instance, failingSince ?? unreachableAt, now)]
  }

  #instanceWrites(): GuardedWrite[] {
    const { instanceId, instance } = this.source
    const { origin, movedFrom } = this.visit
    const answers = { failures: 0, failingSince: null, unreachableAt: null }
    return [
      ...(instance.failures > 0 ? [noteReachability(instanceId, answers)] : []),
      ...(movedFrom !== null && origin !== instance.origin ? [noteMove(instanceId, origin, movedFrom)] : []),
    ]
  }

  /** Tells of what is new, and wakes its deliveries. */
  async #announce(found: readonly NewEvent[]): Promise<void> {
    const stored = this.#stored
    if (!stored || stored.events.length === 0) return
    const titles = new Map(found.map((event) => [event.id, describeEvent(event)]))
    const waking = wakeDeliveries(this.deps.env.DELIVERY_QUEUE, stored.endpoints)
    await Promise.all([
      tolerating(this.deps.log, 'deliveries', waking),
      announce(this.deps, stored.events, titles),
    ])
  }
}
