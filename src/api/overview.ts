/** @module GET /api/v1/overview: what a person wants to know at a look. */
import * as v from 'valibot'
import { lastHours } from '../db/hours.ts'
import { type Overview, readOverview } from '../db/overview.ts'
import { Time } from './fields.ts'
import { Count, Hours } from './hours.ts'
import { ok, operation, userOf } from './operation.ts'
import { time } from './time.ts'

const Attention = v.strictObject({
  kind: v.picklist(['instance', 'endpoint', 'connection']),
  id: v.string(),
  name: v.pipe(
    v.string(),
    v.description('Of an instance its host, of an endpoint its URL, of a connection `username@host`.'),
  ),
  state: v.pipe(
    v.picklist(['failing', 'unreachable', 'broken', 'disabled', 'pending', 'expired']),
    v.description(
      '`failing`: the last attempts failed. `pending`: the target of an endpoint did not say that it wants this.',
    ),
  ),
  since: v.nullable(
    v.pipe(
      Time,
      v.description(
        'When it began to fail, was disabled, or expired; of an endpoint that is pending when it was made. Of instances for moderators and administrators.',
      ),
    ),
  ),
  error: v.pipe(
    v.nullable(v.string()),
    v.description(
      'What went wrong, as far as that is known; of instances for moderators and administrators. Of an endpoint that fails its deliveries tell it.',
    ),
  ),
})

const ShownOverview = v.strictObject({
  since: Time,
  hours: v.pipe(
    v.array(
      v.strictObject({
        hour: Time,
        events: v.pipe(
          v.record(v.string(), Count),
          v.description('How many were seen, public ones and one’s own, by what they are about: `video`.'),
        ),
        delivered: Count,
        failed: Count,
      }),
    ),
    v.description(
      'Every hour, the oldest first, with its events and with the attempts at one’s own endpoints that began in it. Of more than 100 endpoints the attempts at the newest 100 are counted.',
    ),
  ),
  instances: v.strictObject({ total: Count, paused: Count, failing: Count, unreachable: Count }),
  endpoints: v.pipe(
    v.strictObject({ total: Count, pending: Count, paused: Count, failing: Count, disabled: Count }),
    v.description('One’s own. Of more than 1,000 the states of the newest 1,000 are counted.'),
  ),
  connections: v.pipe(v.strictObject({ total: Count, expired: Count }), v.description('One’s own.')),
  attention: v.pipe(
    v.array(Attention),
    v.description(
      'What does not work, at most 20 of each kind: what is unreachable or disabled first, then what has been so for the longest. What is paused is as somebody wants it.',
    ),
  ),
})

const example: v.InferOutput<typeof ShownOverview> = {
  since: '2026-11-25T10:00:00.000Z',
  hours: [{ hour: '2026-11-25T10:00:00.000Z', events: { video: 12, comment: 40 }, delivered: 52, failed: 1 }],
  instances: { total: 12, paused: 1, failing: 0, unreachable: 1 },
  endpoints: { total: 2, pending: 0, paused: 0, failing: 0, disabled: 0 },
  connections: { total: 1, expired: 0 },
  attention: [
    {
      kind: 'instance',
      id: 'ins_9f86d081884c7d659a2feaa0',
      name: 'peertube.example',
      state: 'unreachable',
      since: '2026-11-25T08:00:00.000Z',
      error: null,
    },
  ],
}

export const overviewOperations = [
  operation({
    id: 'getOverview',
    method: 'GET',
    path: '/api/v1/overview',
    tag: 'Service',
    summary: 'What happened of late, and what needs attention',
    description: 'What the dashboard shows first. Instances are everybody’s; all else is one’s own.',
    query: v.strictObject({ hours: Hours }),
    answers: { 200: { description: 'The overview.', schema: ShownOverview, example } },
    async handle(input) {
      const { id, role } = userOf(input)
      const { deps, query } = input
      const hours = lastHours(deps.clock(), query.hours)
      const read = await readOverview(deps.env.DB, id, hours[0] ?? deps.clock())
      return ok(shown(read, hours, role !== 'User'))
    },
  }),
]

/** @param seesErrors whether he may know how instances are read. */
function shown(
  { events, attempts, attention, ...counts }: Overview,
  hours: readonly number[],
  seesErrors: boolean,
): v.InferOutput<typeof ShownOverview> {
  const eventsOf = Map.groupBy(events, ({ hour }) => hour)
  const attemptsOf = new Map(attempts.map(({ hour, ...row }) => [hour, row]))
  return {
    since: time(hours[0] ?? 0),
    hours: hours.map((hour) => ({
      hour: time(hour),
      events: Object.fromEntries((eventsOf.get(hour) ?? []).map(({ kind, count }) => [kind, count])),
      delivered: 0,
      failed: 0,
      ...attemptsOf.get(hour),
    })),
    ...counts,
    attention: attention.map((one) => ({
      ...one,
      ...(one.kind === 'instance' && !seesErrors
        ? { since: null, error: null }
        : { since: time(one.since), error: one.error }),
    })),
  }
}
