/** @module What came of a round's attempts, into the database: the deliveries, how the endpoints are doing, what owners are told. */
import { type RecordedAttempt, type RecordedHealth, recordAttempts } from '../db/deliveries.ts'
import type { Endpoint } from '../db/endpoints.ts'
import { eventStatements } from '../db/fan-out.ts'
import { newId } from '../db/id.ts'
import { deliveryFailed, endpointDisabled, endpointRecovered } from '../events/endpoint-events.ts'
import type { LoggedEvent } from '../events/envelope.ts'
import { isOfTubewire } from '../events/filter.ts'
import type { NewEvent } from '../events/types.ts'
import type { Judgement } from '../webhooks/health.ts'
import type { Deps } from './deps.ts'
import { describeError } from './log.ts'
import { logEvents } from './log-events.ts'
import { tolerating, wakeDeliveries } from './messages.ts'

/** The outcomes of sends are dear: losing them sends everything again. */
const RECORD_TRIES = 3

/** How an endpoint is doing after attempts, and what of it its owner is to be told. */
export type Judged = {
  endpoint: Endpoint
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
  const events = toBeTold(outcomes, now)
  // The same for each try: an event that another one has stored has had its deliveries.
  const pollId = newId('run')
  const { statements, outcomeOf } = eventStatements(DB, { pollId, events, now, guard: ALWAYS })
  const healths = judged.map(recordedHealth)
  for (let tries = 1; ; tries += 1) {
    try {
      const { next, results } = await recordAttempts(DB, answered, healths, now, statements)
      const { events: stored, endpoints } = outcomeOf(results)
      logEvents(deps.log, stored)
      if (endpoints.length > 0)
        await tolerating(deps.log, 'deliveries', wakeDeliveries(DELIVERY_QUEUE, endpoints))
      return next
    } catch (error) {
      if (tries === RECORD_TRIES) throw error
      const where = 'recording deliveries; it is tried again'
      deps.log({ log: 'error', where, error: describeError(error) })
    }
  }
}

/** What is told of endpoints depends on nothing else in the database. */
const ALWAYS = { sql: '1', values: [] }

function recordedHealth({ endpoint, health, recovered, disabled }: Judged): RecordedHealth {
  return {
    endpointId: endpoint.id,
    revision: endpoint.revision,
    health,
    isRecovered: recovered !== null,
    disabled: disabled && { at: disabled.at, reason: disabled.detail },
  }
}

/** What the owners are told. Of a delivery that told of an endpoint itself nothing: two dead endpoints would never end. */
function toBeTold({ answered, judged, endpointOf, eventOf }: Outcomes, now: number): NewEvent[] {
  const ofEndpoints = judged.flatMap(({ endpoint, recovered, disabled }) => [
    ...(recovered ? [endpointRecovered(endpoint, recovered.since, now)] : []),
    ...(disabled ? [endpointDisabled(endpoint, disabled, now)] : []),
  ])
  const ofDeliveries = answered.flatMap(({ endpointId, sequence, number, state, error }) => {
    const endpoint = endpointOf(endpointId)
    const event = eventOf(sequence)
    if (state !== 'failed' || !endpoint || !event || isOfTubewire(event.type)) return []
    const { id, type } = event
    return [
      deliveryFailed(endpoint, { event: { id, type, sequence }, attempts: number, detail: error ?? '' }, now),
    ]
  })
  return [...ofEndpoints, ...ofDeliveries]
}
