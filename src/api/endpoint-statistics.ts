/** @module /api/v1/endpoints/:id/statistics: how an endpoint is doing, in numbers. */
import * as v from 'valibot'
import { type EndpointStatistics, readStatistics } from '../db/delivery-hours.ts'
import type { Endpoint } from '../db/endpoints.ts'
import { lastHours } from '../db/hours.ts'
import { percentile } from '../db/latency.ts'
import { idParams, Time } from './fields.ts'
import { Count, Hours } from './hours.ts'
import { ok, operation } from './operation.ts'
import { reachable } from './reachable-endpoint.ts'
import { time } from './time.ts'

const Milliseconds = v.pipe(v.number(), v.minValue(0))
const Counted = (what: string) =>
  v.pipe(
    v.strictObject({ count: Count, isMore: v.boolean() }),
    v.description(`${what} They are counted up to 1,000; \`isMore\`: there are more.`),
  )

const Statistics = v.strictObject({
  since: Time,
  hours: v.pipe(
    v.array(v.strictObject({ hour: Time, delivered: Count, failed: Count })),
    v.description(
      'Every hour, the oldest first: its beginning, and how many of the attempts that began in it succeeded and failed.',
    ),
  ),
  attempts: Count,
  successRate: v.pipe(
    v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
    v.description('The share of the attempts that succeeded; null: there were none.'),
  ),
  latency: v.pipe(
    v.nullable(v.strictObject({ p50Ms: Milliseconds, p90Ms: Milliseconds, p99Ms: Milliseconds })),
    v.description(
      'In how many milliseconds half, 90 % and 99 % of the attempts that succeeded were answered; null: none did. From a histogram whose parts end at 5, 10, 20, 35, 50, 75, 100, 150, 250 and 500 ms, 1, 2, 4, 8, 15 and 30 s: each is right to within its part.',
    ),
  ),
  waiting: Counted('Deliveries that are pending.'),
  failed: Counted('Deliveries that were given up, and can be recovered: of all times.'),
  circuit: v.pipe(
    v.strictObject({
      state: v.picklist(['closed', 'open', 'half-open']),
      failures: v.pipe(Count, v.description('Attempts in a row that failed.')),
      probes: v.pipe(Count, v.description('Probes in a row that failed, since it is open.')),
      failingSince: v.nullable(Time),
      openSince: v.nullable(Time),
      nextProbeAt: v.nullable(
        v.pipe(
          Time,
          v.description(
            'When it may be sent the next probe: of what is owed then; null where nothing is sent, or all is.',
          ),
        ),
      ),
    }),
    v.description(
      '`open`: it failed five times in a row, and is sent nothing until the next probe. `half-open`: a probe may be sent, or is under way.',
    ),
  ),
})

const example: v.InferOutput<typeof Statistics> = {
  since: '2026-11-25T09:00:00.000Z',
  hours: [
    { hour: '2026-11-25T09:00:00.000Z', delivered: 40, failed: 0 },
    { hour: '2026-11-25T10:00:00.000Z', delivered: 57, failed: 3 },
  ],
  attempts: 100,
  successRate: 0.97,
  latency: { p50Ms: 42, p90Ms: 88.5, p99Ms: 410 },
  waiting: { count: 2, isMore: false },
  failed: { count: 0, isMore: false },
  circuit: {
    state: 'closed',
    failures: 0,
    probes: 0,
    failingSince: null,
    openSince: null,
    nextProbeAt: null,
  },
}

export const endpointStatisticsOperations = [
  operation({
    id: 'getEndpointStatistics',
    method: 'GET',
    path: '/api/v1/endpoints/:id/statistics',
    tag: 'Endpoints',
    summary: 'How an endpoint is doing: attempts by the hour, how long they took, what waits',
    description:
      'Each attempt of each delivery counts, in the hour in which it began: of a body with ten events there are ten. Counts are kept for eight days.',
    params: idParams('ep', 'an endpoint'),
    query: v.strictObject({ hours: Hours }),
    answers: { 200: { description: 'Its statistics.', schema: Statistics, example } },
    problems: [404],
    async handle(input) {
      const { deps, query } = input
      const endpoint = await reachable(input)
      const now = deps.clock()
      const hours = lastHours(now, query.hours)
      const read = await readStatistics(deps.env.DB, endpoint.id, hours[0] ?? now)
      return ok(shown(endpoint, hours, read, now))
    },
  }),
]

function shown(
  endpoint: Endpoint,
  hours: readonly number[],
  read: EndpointStatistics,
  now: number,
): v.InferOutput<typeof Statistics> {
  const rows = new Map(read.hours.map((row) => [row.hour, row]))
  const all = hours.map((hour) => ({ hour, delivered: 0, failed: 0, ...rows.get(hour) }))
  const delivered = all.reduce((sum, row) => sum + row.delivered, 0)
  const attempts = all.reduce((sum, row) => sum + row.failed, delivered)
  return {
    since: time(hours[0] ?? now),
    hours: all.map(({ hour, ...counts }) => ({ hour: time(hour), ...counts })),
    attempts,
    successRate: attempts === 0 ? null : delivered / attempts,
    latency: latencyOf(read.latency),
    waiting: read.waiting,
    failed: read.failed,
    circuit: circuitOf(endpoint, now),
  }
}

function latencyOf(counts: readonly number[]) {
  const [p50Ms, p90Ms, p99Ms] = [0.5, 0.9, 0.99].map((share) => percentile(counts, share))
  return p50Ms == null || p90Ms == null || p99Ms == null ? null : { p50Ms, p90Ms, p99Ms }
}

/** See src/webhooks/health.ts. */
function circuitOf(endpoint: Endpoint, now: number): v.InferOutput<typeof Statistics>['circuit'] {
  const { failures, probes, failingSince, brokenSince, heldUntil, pausedAt, disabledAt } = endpoint
  const isSentTo = pausedAt === null && disabledAt === null
  const broken = heldUntil > now ? 'open' : 'half-open'
  return {
    state: brokenSince === null ? 'closed' : broken,
    failures,
    probes,
    failingSince: time(failingSince),
    openSince: time(brokenSince),
    nextProbeAt: brokenSince !== null && isSentTo ? time(heldUntil) : null,
  }
}
