/**
 * @module Tubewire as it runs: ticks of the cron, messages that come late, twice or never, and a process that dies in the midst
 * of a poll and is started again on the same data. Both clocks stand still but for `turn`.
 */
import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { pollInstance } from '../../src/workers/poll.ts'
import { schedule } from '../../src/workers/schedule.ts'
import type { RemoteInstance } from '../simulator/client.ts'
import { type Tubewire, testDeps } from '../support/harness.ts'
import type { Random } from './random.ts'

const TICK_MS = 60_000
/** How late users may learn of something, as deployed by default. */
const MAX_DELAY_MS = { videos: 300_000, comments: 600_000, notifications: 300_000 }

/** How likely each mishap is, from 0 to 1. */
type Mishaps = {
  /** Of a message. */
  lost: number
  doubled: number
  late: number
  /** Of a tick. */
  missing: number
  /** Of a poll: it dies at one of its first requests or statements. */
  killed: number
  /** Of a request: something happens on the instance just before it. */
  meanwhile: number
}
const NO_MISHAPS: Mishaps = { lost: 0, doubled: 0, late: 0, missing: 0, killed: 0, meanwhile: 0 }

export class Watcher {
  now: number
  mishaps: Mishaps = NO_MISHAPS
  /** What happens on the instance while it is read. */
  meanwhile: () => Promise<void> = async () => undefined
  /** What no poll may throw. */
  readonly errors: string[] = []
  restarts = 0
  polls = 0
  requests = 0
  /** What the instance does by itself, as soon as anybody looks. */
  beforeRequest: () => Promise<void> = async () => undefined
  readonly #instance: RemoteInstance
  readonly #random: Random
  #tubewire: Tubewire
  /** By how much the instance's clock is still to be turned. */
  #behind = 0
  #lastTick: number
  #messages: { at: number; instanceId: string }[] = []
  #isMeanwhile = false

  constructor(instance: RemoteInstance, random: Random, startsAt: number) {
    this.#instance = instance
    this.#random = random
    this.now = startsAt
    this.#lastTick = startsAt - TICK_MS
    this.#tubewire = this.#start()
  }

  get deps() {
    return this.#tubewire.deps
  }

  /** Turns both clocks. */
  turn(ms: number): void {
    this.now += ms
    this.#behind += ms
  }

  /** To be called before the instance is asked anything. */
  async turnInstance(): Promise<void> {
    const ms = this.#behind
    this.#behind = 0
    if (ms > 0) await this.#instance.advance(ms)
  }

  /** Lets time pass: ticks every so often, and messages at their time. */
  async pass(ms: number, tickMs = TICK_MS): Promise<void> {
    const until = this.now + ms
    for (;;) {
      const tickAt = Math.max(this.now, this.#lastTick + tickMs)
      const messageAt = Math.max(this.now, Math.min(...this.#messages.map(({ at }) => at)))
      const next = Math.min(tickAt, messageAt)
      if (next > until) break
      this.turn(next - this.now)
      if (next === tickAt) await this.#tick()
      else await this.#receive()
    }
    this.turn(Math.max(0, until - this.now))
  }

  /** The process is stopped between two polls, and started again. */
  async restart(): Promise<void> {
    this.restarts += 1
    // Local queues are in memory.
    if (this.#random.chance(0.5)) this.#messages = []
    if (this.#random.chance(0.5)) {
      const { host } = new URL(this.#instance.origin)
      const stub = env.RATE_LIMITER.getByName(`instance:${host}`)
      // One that was never called is nowhere.
      await stub.observe({ limit: null, remaining: null, resetAt: null, retryAt: null }, this.now)
      await evictDurableObject(stub)
    }
    this.#tubewire = this.#start()
  }

  #start(): Tubewire {
    const tubewire = testDeps()
    const { deps } = tubewire
    const { fetch } = deps
    deps.clock = () => this.now
    deps.random = this.#random.next
    deps.config = { ...deps.config, maxDelayMs: MAX_DELAY_MS }
    deps.fetch = async (input, init) => {
      if (!this.#isMeanwhile && this.#random.chance(this.mishaps.meanwhile)) {
        this.#isMeanwhile = true
        await this.meanwhile().finally(() => {
          this.#isMeanwhile = false
        })
      }
      this.turn(this.#random.int(5, 200))
      await this.turnInstance()
      await this.beforeRequest()
      this.requests += 1
      return fetch(input, init)
    }
    return tubewire
  }

  async #tick(): Promise<void> {
    this.#lastTick = this.now
    if (this.#random.chance(this.mishaps.missing)) return
    // A tick that finds nothing due does nothing: most are left out, for they would take most of the time.
    const dueAt = await env.DB.prepare('SELECT min(due_at) AS dueAt FROM sources').first<number>('dueAt')
    if (dueAt === null || dueAt > this.now + TICK_MS + 5_000) return
    await schedule(this.deps)
    this.#collect()
  }

  /** Takes over what was sent to the queue. */
  #collect(): void {
    const { lost, doubled, late } = this.mishaps
    for (const { body, delaySeconds } of this.#tubewire.pollQueue.sent.splice(0)) {
      if (this.#random.chance(lost)) continue
      const copies = this.#random.chance(doubled) ? 2 : 1
      for (let copy = 0; copy < copies; copy += 1) {
        const lateMs = this.#random.chance(late) ? this.#random.int(1, 300_000) : 0
        this.#messages.push({ at: this.now + delaySeconds * 1000 + lateMs, instanceId: body.instance })
      }
    }
  }

  async #receive(): Promise<void> {
    const due = this.#messages.filter(({ at }) => at <= this.now)
    this.#messages = this.#messages.filter(({ at }) => at > this.now)
    const instanceIds = [...new Set(due.map(({ instanceId }) => instanceId))]
    const isDoubled = due.length > instanceIds.length && this.#random.chance(0.5)
    for (const instanceId of instanceIds) {
      await Promise.all([this.#poll(instanceId), ...(isDoubled ? [this.#poll(instanceId)] : [])])
    }
    this.#collect()
  }

  async #poll(instanceId: string): Promise<void> {
    this.polls += 1
    if (!this.#random.chance(this.mishaps.killed)) return this.#settle(pollInstance(this.deps, instanceId))
    const death = dying(this.#tubewire, this.#random.int(1, 15), this.#random.chance(0.5))
    await this.#settle(Promise.race([pollInstance(death.deps, instanceId), death.happened]))
    if (!death.hasHappened()) return
    await this.restart()
  }

  async #settle(poll: Promise<void>): Promise<void> {
    try {
      await poll
    } catch (error) {
      if (error === DEATH) return
      this.errors.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
  }
}

const DEATH = new Error('the process dies')

/**
 * Deps that end with a request or a statement of the database. @param isSilent as a process that is killed: what comes after is
 * never done. Otherwise it is an error, after which the code still cleans up.
 */
function dying({ deps }: Tubewire, after: number, isSilent: boolean) {
  let left = after
  let hasHappened = false
  let happen: () => void = () => undefined
  const happened = new Promise<void>((resolve) => {
    happen = resolve
  })
  const die = (): Promise<never> => {
    hasHappened = true
    if (!isSilent) return Promise.reject(DEATH)
    happen()
    return new Promise<never>(() => undefined)
  }
  const isTime = () => {
    left -= 1
    return left === 0 || (hasHappened && isSilent)
  }
  const DB = new Proxy(deps.env.DB, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (name === 'prepare' && !isSilent && isTime()) {
        hasHappened = true
        throw DEATH
      }
      if (name !== 'batch') return typeof value === 'function' ? value.bind(target) : value
      return async (statements: D1PreparedStatement[]) => {
        if (isTime()) return die()
        const results = await target.batch(statements)
        // It was done, and nobody learned of it.
        return isTime() ? die() : results
      }
    },
  })
  const dyingDeps = {
    ...deps,
    env: { ...deps.env, DB },
    fetch: async (input: Parameters<typeof fetch>[0], init?: RequestInit) => {
      if (isSilent && isTime()) return die()
      const response = await deps.fetch(input, init)
      if (!isSilent || !isTime()) return response
      await response.body?.cancel()
      return die()
    },
  }
  return { deps: dyingDeps, happened, hasHappened: () => hasHappened }
}
