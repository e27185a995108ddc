/** @module GET /api/v1/events/{id}/deliveries: where an event went. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { listDeliveriesOf } from '../../src/db/event-deliveries.ts'
import { numbers } from '../support/accounts.ts'
import { call, forgetAll } from '../support/call.ts'
import { countCosts } from '../support/count-costs.ts'
import { logRow, OTHER, setLog, VIEWER } from '../support/events.ts'
import { as, loggedIn, type Person } from '../support/people.ts'

let moderator: Person

const endpoint = (id: string, ownerId: string, createdAt: number) =>
  env.DB.prepare(
    `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, verified_at)
     VALUES (?1, ?2, 'https://r.example/' || ?1, 'The ' || ?1, 's', ?3, 0)`,
  ).bind(id, ownerId, createdAt)
const delivery = (id: string, sequence: number, state = 'delivered') =>
  env.DB.prepare(
    `INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, attempts, created_at, started_at, duration_ms, status, response)
     SELECT id, ?, owner_id, ?, 1, 0, 0, 5, 204, 'thanks' FROM endpoints WHERE id = ?`,
  ).bind(sequence, state, id)

beforeEach(async () => {
  await forgetAll()
  await setLog([
    logRow({ sequence: 1 }),
    logRow({ sequence: 2 }),
    logRow({ sequence: 3, ownerId: OTHER }),
    logRow({ sequence: 4 }),
  ])
  moderator = await loggedIn('moderator', 'Moderator')
  await env.DB.batch([
    endpoint('ep_young', VIEWER, 2),
    endpoint('ep_old', VIEWER, 1),
    endpoint('ep_idle', VIEWER, 3),
    endpoint('ep_other', OTHER, 0),
    delivery('ep_young', 1, 'failed'),
    delivery('ep_old', 1),
    delivery('ep_other', 1),
    delivery('ep_old', 2),
    delivery('ep_other', 3),
  ])
})

describe('The deliveries of an event', () => {
  it('are those to one’s own endpoints, with what names these', async () => {
    const { status, body } = await call('GET', '/events/evt_1/deliveries')
    expect(status).toBe(200)
    expect(body.data).toMatchObject([
      {
        endpoint: 'ep_old',
        event: 'evt_1',
        sequence: 1,
        state: 'delivered',
        lastAttempt: { status: 204, response: 'thanks' },
        target: { id: 'ep_old', url: 'https://r.example/ep_old', description: 'The ep_old' },
      },
      { endpoint: 'ep_young', state: 'failed', target: { id: 'ep_young' } },
    ])
  })

  it('are none where it went nowhere', async () => {
    expect((await call('GET', '/events/evt_4/deliveries')).body).toEqual({ data: [] })
  })

  it('are not those of others, whatever the role', async () => {
    const { body } = await call('GET', '/events/evt_1/deliveries', undefined, as(moderator.token))
    expect(body).toEqual({ data: [] })
  })

  it.each(['evt_3', 'evt_nothing'])('are not told of an event that one may not see: %s', async (id) => {
    expect((await call('GET', `/events/${id}/deliveries`)).status).toBe(404)
  })

  it('are looked for at each endpoint by its key, in one statement, and 200 at most', async () => {
    await env.DB.batch([
      env.DB.prepare(
        `${numbers(300)} INSERT INTO endpoints (id, owner_id, url, description, secret, created_at)
         SELECT 'ep_n' || i, '${OTHER}', 'https://r', '', 's', 10 + i FROM n`,
      ),
      env.DB.prepare(
        `${numbers(300)} INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, created_at)
         SELECT 'ep_n' || i, 2, '${OTHER}', 'delivered', 0 FROM n`,
      ),
      // Many of other events.
      env.DB.prepare(
        `${numbers(5_000)} INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, created_at)
         SELECT 'ep_idle', 100 + i, '${VIEWER}', 'delivered', 0 FROM n`,
      ),
    ])
    const { db, cost } = countCosts(env.DB)
    expect(await listDeliveriesOf(db, 2, OTHER)).toHaveLength(200)
    expect(cost.roundTrips).toBe(1)
    // Each endpoint twice, and of those that are told the delivery by two keys, and the event.
    expect(cost.rowsRead).toBeLessThanOrEqual(2 * 302 + 3 * 202)
    const few = countCosts(env.DB)
    expect(await listDeliveriesOf(few.db, 1, VIEWER)).toHaveLength(2)
    expect(few.cost.rowsRead).toBeLessThanOrEqual(5 * 3)
  })

  it('are looked for at the newest thousand endpoints, however many got nothing', async () => {
    await env.DB.prepare(
      `${numbers(3_000)} INSERT INTO endpoints (id, owner_id, url, description, secret, created_at)
       SELECT 'ep_n' || i, '${VIEWER}', 'https://r', '', 's', 10 + i FROM n`,
    ).run()
    await delivery('ep_n2999', 1).run()
    const { db, cost } = countCosts(env.DB)
    expect(await listDeliveriesOf(db, 1, VIEWER)).toMatchObject([{ endpointId: 'ep_n2999' }])
    expect(cost.rowsRead).toBeLessThanOrEqual(4 * 1_000)
  })
})
