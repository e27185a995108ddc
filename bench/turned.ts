/**
 * @module A Tubewire whose clock is turned, and with it those of the instances that it watches: days pass in seconds, through
 * the real ticks, delayed messages and polls. Time passes by itself, too, as long as the work takes.
 */
import { insertInstance, type NewSource } from '../src/db/instances.ts'
import { firstCheckpoint } from '../src/events/video-walk.ts'
import type { SimulatedInstance } from '../test/simulator/instance.ts'
import { type Measured, startMeasured } from './harness.ts'
import type { Report } from './turned-worker.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
/** As wrangler.toml and the configuration have them. */
export const MAX_DELAY = { videos: 300_000, comments: 600_000 }
const OWNER = 'usr_administrator'
/** A tick may come late: one in four does. */
const LATE_TICK_MS = 4_000

/** An event, and when it was there to be delivered. `instance`: the host. */
export type Told = { at: number; type: string; instance: string; subject: string }

export class Turned {
  readonly measured: Measured
  readonly told: Told[] = []
  #offset = 0
  #ticks = 0
  readonly #instances: SimulatedInstance[] = []
  readonly #agenda: { at: number; act: () => unknown }[] = []

  /** Starts one with the delays that are configured by default. */
  static async start(): Promise<Turned> {
    return new Turned(
      await startMeasured({
        MAX_DELAY_SECONDS: String(MAX_DELAY.videos / 1000),
        MAX_DELAY_COMMENTS_SECONDS: String(MAX_DELAY.comments / 1000),
      }),
    )
  }

  private constructor(measured: Measured) {
    this.measured = measured
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now() + this.#offset
  }

  /** Watches an instance's videos and comments from now on. @returns its id. */
  async watch(instance: SimulatedInstance, version: string): Promise<string> {
    instance.advance(this.#offset)
    this.#instances.push(instance)
    const { origin, host } = instance
    const sources: NewSource[] = [
      { kind: 'videos', target: '', checkpoint: JSON.stringify(firstCheckpoint(0)) },
      { kind: 'comments', target: '', checkpoint: '{}' },
    ]
    const row = { ownerId: OWNER, origin, host, name: 'Bench', version, createdAt: this.now() }
    const id = await insertInstance(this.measured.db, row, sources)
    if (id === null) throw new Error(`${host} is watched already`)
    return id
  }

  /** Has something done when it is that time. */
  at(time: number, act: () => unknown): void {
    this.#agenda.push({ at: time, act })
  }

  /** Lets so much time pass, with all that is to be done in it. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.now() + milliseconds
    if (this.#ticks === 0) this.at(this.now(), () => this.#tick())
    for (;;) {
      const next = this.#agenda.reduce((first, one) => (one.at < first.at ? one : first))
      if (next.at > end) break
      this.#agenda.splice(this.#agenda.indexOf(next), 1)
      this.turn(next.at - this.now())
      await next.act()
    }
    this.turn(end - this.now())
  }

  /** Turns all clocks, and does nothing meanwhile. */
  turn(milliseconds: number): void {
    if (milliseconds <= 0) return
    this.#offset += milliseconds
    for (const instance of this.#instances) instance.advance(milliseconds)
  }

  /** Polls what is due on an instance now. */
  async poll(instanceId: string): Promise<Report> {
    return this.#call(`&instance=${instanceId}`)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#instances.map((instance) => instance.close()))
    await this.measured.stop()
  }

  async #tick(): Promise<void> {
    const lateMs = this.#ticks % 4 === 3 ? LATE_TICK_MS : 0
    const isPunctual = this.#ticks % 4 !== 2
    this.#ticks += 1
    this.at(this.now() - lateMs + MINUTE + (isPunctual ? 0 : LATE_TICK_MS), () => this.#tick())
    await this.#call('')
  }

  async #call(query: string): Promise<Report> {
    // The Worker of bench/worker.ts answers so.
    const report = JSON.parse(await this.measured.call(`/turned?offset=${this.#offset}${query}`)) as Report
    const now = this.now()
    for (const { instance, delaySeconds } of report.messages) {
      this.at(now + delaySeconds * 1000, () => this.poll(instance))
    }
    for (const entry of report.log) {
      const isFailure = entry.log === 'poll' && entry.outcome === 'failed'
      if (isFailure || entry.log === 'error' || entry.log === 'skipped')
        throw new Error(JSON.stringify(entry))
      if (entry.log !== 'event') continue
      const { type, instance, subject } = entry
      this.told.push({ at: now, type, instance, subject })
    }
    return report
  }
}
