/** @module A visit to an instance: whatever is asked of it goes out here, with leave of its limiter, one request at a time. */
import type { DueSource } from '../db/polls.ts'
import { targetCheck } from '../http/target-check.ts'
import { diagnose } from '../http/tcp.ts'
import {
  type Answer,
  type Bucket,
  type Failure,
  failed,
  type Get,
  type GetOptions,
  getJson,
  type Read,
} from '../peertube/client.ts'
import { diagnosed, isInstanceWide } from '../peertube/failure.ts'
import { softwareProblem } from '../peertube/probe.ts'
import { NODE_INFO } from '../peertube/schemas.ts'
import { clientDeps, type Deps } from './deps.ts'
import { type InstanceAccess, instanceAccess } from './instance-access.ts'
import { type Failed, Interruption, type Stop } from './poll-outcome.ts'
import type { Grant } from './rate-limiter.ts'

/** A spent budget is given time to hold several requests again: one at a time would cost us an invocation each. */
const BUDGET_REST_MS = 5_000
/** So long after its beginning a visit starts no further request, for other instances wait, unless it has made but a few. */
const SLICE_MS = 3_000
/** Of an instance that answers slowly: a source that begins with the same request each time must come to its next one too. */
const FEW_REQUESTS = 5
const SLOW_SLICE_MS = 16_000
/** To the end of an answer: the platform ends what takes longer than 35 s, see queues.ts. */
const VISIT_MS = 33_000
const TIMEOUT_MS = 30_000

/** What a visit whose time is up comes to. */
export const GOES_ON: Stop = { kind: 'waiting', waitMs: 0, detail: 'it goes on at once' }

export class Visit {
  /** Where the instance is: a permanent redirect changes it. */
  origin: string
  /** Where it was before that, when it was this visit that found out. */
  movedFrom: string | null = null
  requests = 0
  /** Whether the instance has: what was committed without asking it says nothing of how it is. */
  hasAnswered = false
  access: InstanceAccess
  readonly #deps: Deps
  readonly #holder: string
  readonly #startedAt: number
  #targetProblem: Promise<string | null> | null = null

  /** @param holder new for each visit. */
  constructor(deps: Deps, { origin }: Pick<DueSource['instance'], 'origin'>, holder: string) {
    this.#deps = deps
    this.#holder = holder
    this.#startedAt = deps.clock()
    this.origin = origin
    this.access = this.#accessTo(origin)
  }

  /**
   * Why the instance may not be asked where it is, or null. Checked when it was added, and once in each visit: what this Tubewire
   * allows, or where its name leads, may have changed since. Where a redirect leads is checked before it is followed.
   */
  targetProblem(): Promise<string | null> {
    this.#targetProblem ??= targetCheck(this.#deps, new URL(this.origin))
    return this.#targetProblem
  }

  /** Whether no further request should be begun. */
  get isTimeUp(): boolean {
    return this.isLate && (this.requests >= FEW_REQUESTS || this.#elapsedMs > SLOW_SLICE_MS)
  }

  /** Whether a request that must not be cut short should not be begun. */
  get isLate(): boolean {
    return this.#elapsedMs > SLICE_MS
  }

  get #elapsedMs(): number {
    return this.#deps.clock() - this.#startedAt
  }

  /**
   * One GET. @param url absolute, of this instance.
   * @throws Interruption when there is no leave for it now, or when the instance answered 429.
   */
  readonly get: Get = async (url, options = {}) => {
    if (this.isTimeUp) throw new Interruption(GOES_ON)
    const grant = await this.access.ask(options.bucket)
    if (grant.kind === 'wait') throw new Interruption(stopOf(grant))
    return this.#settled(await this.#request(url, options))
  }

  /** Asks leave for a request that others make. @throws Interruption when there is none now. */
  async ask(bucket: Bucket): Promise<void> {
    const grant = await this.access.ask(bucket)
    if (grant.kind === 'wait') throw new Interruption(stopOf(grant))
    this.requests += 1
  }

  async #request(url: string, options: GetOptions): Promise<Answer> {
    const answer = await this.#fetch(this.access, url, options)
    if (answer.kind !== 'failed') return answer
    // The limiter's leave was for a request that has not arrived: this takes its place.
    if (answer.reason === 'unreachable')
      return diagnosed(answer, await diagnose(new URL(this.origin), this.#deps.fetch))
    if (answer.reason !== 'redirect') return answer
    return (await this.#follow(url.slice(this.origin.length), options, answer)) ?? answer
  }

  /**
   * Follows a permanent redirect (RFC 9110, 15.4.2 and 15.4.9) to the same path elsewhere, once in a visit.
   * @returns null when it is none.
   */
  async #follow(
    path: string,
    options: GetOptions,
    failure: Extract<Failure, { reason: 'redirect' }>,
  ): Promise<Answer | null> {
    const url = URL.parse(failure.location ?? '')
    // A token is shown to nobody but who gave it.
    if (!failure.isPermanent || this.movedFrom !== null || !url || options.token !== undefined) return null
    if (url.origin === this.origin || url.pathname + url.search !== path) return null
    if (await targetCheck(this.#deps, url)) return null
    const there = this.#accessTo(url.origin)
    const answer = await this.#arrive(there, url, options)
    if (answer === null || answer.kind === 'failed') {
      await there.leave()
      return answer && { ...failure, detail: `has moved to ${url.origin}, which ${answer.detail}` }
    }
    await this.access.leave()
    this.access = there
    this.movedFrom = this.origin
    this.origin = url.origin
    this.#deps.log({ log: 'moved', instance: new URL(this.movedFrom).host, to: url.origin })
    return answer
  }

  /**
   * Asks at another origin what was asked here, when it is an instance at all: a page that offers the domain for sale answers
   * too. @returns null when it can't be asked now.
   */
  async #arrive(there: InstanceAccess, url: URL, options: GetOptions): Promise<Answer | null> {
    const nodeInfo = await this.#askThere(there, url.origin + NODE_INFO, {})
    if (nodeInfo?.kind === 'failed') return nodeInfo
    if (nodeInfo?.kind !== 'ok') return null
    const problem = softwareProblem(nodeInfo.body)
    if (problem) return failed('schema', `is not a PeerTube instance: ${problem}`, nodeInfo.observation)
    return this.#askThere(there, url.href, options)
  }

  /** @returns null when there is no leave for it now. */
  async #askThere(there: InstanceAccess, url: string, options: GetOptions): Promise<Answer | null> {
    if (this.isTimeUp) return null
    const grant = await there.ask(options.bucket)
    return grant.kind === 'wait' ? null : this.#fetch(there, url, options)
  }

  /** One GET, for which there is leave. */
  async #fetch(access: InstanceAccess, url: string, options: GetOptions): Promise<Answer> {
    const timeoutMs = Math.min(TIMEOUT_MS, VISIT_MS - this.#elapsedMs)
    const answer = await getJson(clientDeps(this.#deps), url, { ...options, timeoutMs })
    this.requests += 1
    await access.observe(answer.observation, options.bucket)
    return answer
  }

  #settled(answer: Answer): Read {
    const isSilence =
      answer.kind === 'failed' && isInstanceWide(answer.reason, answer.observation?.status ?? null)
    if (!isSilence) this.hasAnswered = true
    if (answer.kind !== 'rate-limited') return answer
    const waitMs = Math.max(0, answer.retryAt - this.#deps.clock())
    throw new Interruption({ kind: 'waiting', waitMs, detail: 'the instance answered 429' })
  }

  #accessTo(origin: string): InstanceAccess {
    return instanceAccess(this.#deps.env.RATE_LIMITER, new URL(origin).host, this.#holder, this.#deps.clock)
  }
}

/** What it means for a poll that it can't be given leave. */
function stopOf({ reason, waitMs }: Extract<Grant, { kind: 'wait' }>): Stop {
  if (reason === 'busy') return { kind: 'busy' }
  return reason === 'held'
    ? { kind: 'waiting', waitMs, detail: 'the instance asked for a rest' }
    : { kind: 'waiting', waitMs: Math.max(waitMs, BUDGET_REST_MS), detail: 'our share of its limit is spent' }
}

/** What a failure means for a poll. */
export function failedStop({ reason, detail, observation }: Failure): Failed {
  return {
    kind: 'failed',
    reason,
    detail,
    isInstanceWide: isInstanceWide(reason, observation?.status ?? null),
  }
}
