/** @module How well the limit of an endpoint is kept, in real time, when there is always more to send than it allows. */
import { atMost, type Figure } from './figures.ts'
import { allDelivered, subscribeAll, withReceivers } from './subscribed.ts'

/** Requests a second: of endpoints that are sent to at the same time. */
const LIMITS = [0.5, 2, 10, 50, 200]
const SECONDS = 30
const OFF = 0.05

type Sent = { endpointId: string; startedAt: number }

/** The figure of limits. */
export async function endpointLimitFigures(): Promise<Figure[]> {
  const times = await withReceivers({}, async (measured, { url }) => {
    const { db, call } = measured
    const ids = await subscribeAll(
      measured,
      LIMITS.map((limit) => `${url}/${limit}`),
    )
    const settings = JSON.stringify(LIMITS.map((limit, index) => ({ id: ids[index], limit })))
    await db.batch([
      db
        .prepare(
          `UPDATE endpoints SET rate_limit = value ->> 'limit' FROM json_each(?) WHERE endpoints.id = value ->> 'id'`,
        )
        .bind(settings),
      db
        .prepare(
          `INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data)
           SELECT 'evt_' || key, 'video.published', 'bench', key, 0, 'poll', '{}' FROM json_each(?)`,
        )
        .bind(JSON.stringify(Array(Math.max(...LIMITS) * SECONDS).fill(0))),
      db
        .prepare(
          `INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
           SELECT p.id, e.sequence, p.owner_id, 'pending', 0, 0 FROM endpoints p CROSS JOIN events e
           WHERE e.sequence <= p.rate_limit * ?`,
        )
        .bind(SECONDS),
    ])
    await call('/wake', ids)
    await allDelivered(measured)
    const { results } = await db
      .prepare(
        'SELECT endpoint_id AS endpointId, started_at AS startedAt FROM deliveries ORDER BY started_at',
      )
      .all<Sent>()
    return ids.map((id) => results.filter((sent) => sent.endpointId === id).map(({ startedAt }) => startedAt))
  })
  const off = LIMITS.map((limit, index) => {
    const sent = times[index] ?? []
    const [first = Number.NaN] = sent
    const seconds = ((sent.at(-1) ?? Number.NaN) - first) / 1_000
    if (sent.length !== limit * SECONDS) throw new Error(`${sent.length} were sent at ${limit} a second`)
    return (sent.length - 1) / seconds / limit - 1
  })
  const worst = off.toSorted((a, b) => Math.abs(b) - Math.abs(a))[0] ?? Number.NaN
  return [
    atMost('endpoint.limit.off', Math.abs(worst), OFF, 'of the limit'),
    ...LIMITS.map((limit, index) => ({
      name: `endpoint.limit.${limit}`,
      value: (1 + (off[index] ?? Number.NaN)) * limit,
      unit: 'requests/s',
      target: null,
      pass: true,
      baseline: limit,
    })),
  ]
}
