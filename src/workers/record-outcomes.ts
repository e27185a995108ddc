/** @module What came of a round's attempts, into the database: the deliveries, how the endpoints are doing, what owners are told. */

import type { Guard } from '../db/commit.ts'
import { type RecordedAttempt, type RecordedHealth, recordAttempts } from '../db/deliveries.ts'
import type { Endpoint } from '../db/endpoints.ts'
import { eventStatements } from '../db/fan-out.ts'
import { endedStatement, settledStatement } from '../db/hub.ts'
import { newId } from '../db/id.ts'
import { deliveryFailed, endpointDisabled, endpointRecovered } from '../events/endpoint-events.ts'
import type { LoggedEvent } from '../events/envelope.ts'
import { isOfTubewire } from '../events/filter.ts'
import type { NewEvent } from '../events/types.ts'
import type { Judgement } from '../webhooks/health.ts'
import { announce } from './announce.ts'
import type { Deps } from './deps.ts'
import { describeError } from './log.ts'
import { tolerating, wakeDeliveries } from './messages.ts'

/** The outcomes of sends are dear: losing them sends everything again. */
const RECORD_TRIES = 3

/** How an endpoint is doing after attempts, and what of it its owner is to be told. */
export type Judged = {
  endpoint: Endpoint
  /** As the database has it. */
  before: Judgement['health']
  health: Judgement['health']
  /** Since when it had failed, of one that is well again after its circuit was broken. */
  recovered: { since: number } | null
  disabled: { at: number; since: number; reason: string; detail: string } | null
}

/** Attempts that were made, by the endpoints' ids and the events that they were of. */
export type Outcomes = {
  answered: readonly RecordedAttempt[]
  judged: readonly Judged[]
  endpointOf: (id: string) => Endpoint | undefined
  eventOf: (sequence: number) => LoggedEvent | undefined
  /** Of a subscriber of the hub: see `Rendering`. */
  headOf: (id: string) => number | null
}

/**
 * Commits outcomes, in one transaction. Safe to repeat: a lost connection says nothing of whether it was done.
 * @returns when each endpoint has its next delivery due, milliseconds since the epoch, by its id.
 */
export async function recordOutcomes(deps: Deps, outcomes: Outcomes): Promise<Map<string, number>> {
  const { answered, judged } = outcomes
  if (answered.length === 0) return new Map()
  const { DB, DELIVERY_QUEUE } = deps.env
  const now = deps.clock()
  // The same for each try: an event that another one has stored has had its deliveries.
  const pollId = newId('run')
  const stores = toBeTold(outcomes, now).map(({ events, guard }) =>
    eventStatements(DB, { pollId, events, now, guard }),
  )
  const statements = [...stores.flatMap((store) => store.statements), ...hubStatements(deps, outcomes, now)]
  const healths = judged.map((one) => recordedHealth(one, now))
  for (let tries = 1; ; tries += 1) {
    try {
      const { next, results } = await recordAttempts(DB, answered, healths, now, statements)
      let at = 0
      for (const store of stores) {
        const end = at + store.statements.length
        const { events, endpoints } = store.outcomeOf(results.slice(at, end))
        at = end
        await announce(deps, events)
        if (endpoints.length > 0)
          await tolerating(deps.log, 'deliveries', wakeDeliveries(DELIVERY_QUEUE, endpoints))
      }
      for (const one of judged) logState(deps, one)
      return next
    } catch (error) {
      if (tries === RECORD_TRIES) throw error
      const where = 'recording deliveries; it is tried again'
      deps.log({ log: 'error', where, error: describeError(error) })
    }
  }
}

/** What was sent to subscribers of the hub was all that they were owed; and who is gone is subscribed no longer. */
function hubStatements(
  { env }: Deps,
  { answered, judged, headOf }: Outcomes,
  now: number,
): D1PreparedStatement[] {
  const sent = answered.flatMap(({ endpointId, state }) => {
    const head = state === 'delivered' ? headOf(endpointId) : null
    return head === null ? [] : [[endpointId, head] as const]
  })
  const settled = Array.from(new Map(sent), ([endpointId, head]) => ({ endpointId, head }))
  const ended = judged.flatMap(({ endpoint, disabled }) =>
    disabled && endpoint.kind === 'websub' ? [endpoint.id] : [],
  )
  return [
    ...(settled.length > 0 ? [settledStatement(env.DB, settled, now)] : []),
    ...(ended.length > 0 ? [endedStatement(env.DB, ended)] : []),
  ]
}

/** Says what became of an endpoint, when it is another than before. */
function logState({ log }: Deps, { endpoint, before, health, recovered, disabled }: Judged): void {
  const about = { log: 'endpoint', endpoint: endpoint.id, url: new URL(endpoint.url).origin } as const
  if (disabled) log({ ...about, state: 'disabled', detail: disabled.detail })
  else if (recovered) log({ ...about, state: 'recovered' })
  else if (health.brokenSince !== null && health.heldUntil !== before.heldUntil)
    log({
      ...about,
      state: 'broken',
      detail: `${health.failures} failures in a row`,
      dueAt: health.heldUntil,
    })
}

/**
 * Of an endpoint that is well again what failed need not wait. But what it refuses however well it is would be sent ten times in a
 * minute, each time that it takes something else: so what it failed on before goes by its schedule, where that has it wait for longer
 * than so many times what the failing took.
 */
const TIMES_THE_OUTAGE = 10

function recordedHealth(
  { endpoint, before, health, recovered, disabled }: Judged,
  now: number,
): RecordedHealth {
  return {
    endpointId: endpoint.id,
    url: endpoint.url,
    before,
    health,
    lineUp: recovered && {
      triedSince: recovered.since,
      waitsUntil: now + TIMES_THE_OUTAGE * (now - recovered.since),
    },
    disabled: disabled && { at: disabled.at, reason: disabled.detail },
  }
}

/** Whether somebody is told how an endpoint is doing: a subscriber of the hub is nobody's. */
function hasOwner({ kind }: Endpoint): boolean {
  return kind === 'webhook'
}

/**
 * What the owners are told, each with what must be so. Of a delivery that told of an endpoint itself nothing: two dead endpoints
 * would never end.
 */
function toBeTold(
  { answered, judged, endpointOf, eventOf }: Outcomes,
  now: number,
): { events: NewEvent[]; guard: Guard }[] {
  const recoveries = judged.flatMap(({ endpoint, recovered }) =>
    recovered && hasOwner(endpoint) ? [endpointRecovered(endpoint, recovered.since, now)] : [],
  )
  const failures = answered.flatMap(({ endpointId, sequence, number, state, error }) => {
    const endpoint = endpointOf(endpointId)
    const event = eventOf(sequence)
    if (state !== 'failed' || !endpoint || !hasOwner(endpoint) || !event || isOfTubewire(event.type))
      return []
    const { id, type } = event
    const failed = { event: { id, type, sequence }, attempts: number, detail: error ?? '' }
    return [deliveryFailed(endpoint, failed, now)]
  })
  const disablings = judged.flatMap(({ endpoint, disabled }) =>
    disabled && hasOwner(endpoint)
      ? [{ events: [endpointDisabled(endpoint, disabled, now)], guard: isDisabled(endpoint.id, disabled.at) }]
      : [],
  )
  return [{ events: [...recoveries, ...failures], guard: { sql: '1', values: [] } }, ...disablings]
}

/** Unless its owner began it anew meanwhile. */
function isDisabled(id: string, at: number): Guard {
  return { sql: 'EXISTS (SELECT 1 FROM endpoints WHERE id = ? AND disabled_at = ?)', values: [id, at] }
}
