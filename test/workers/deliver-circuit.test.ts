/** @module A dead endpoint costs an attempt a step; its owner is told, and what waited goes out when it is back. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { dueEndpoints, lineUpStatement } from '../../src/db/deliveries.ts'
import { deliver } from '../../src/workers/deliver.ts'
import {
  control,
  count,
  deliverAll,
  deliveriesOf,
  owed,
  pollAgain,
  subscribe,
  type Tubewire,
  testDeps,
} from '../support/harness.ts'

const HOUR = 3_600_000
let tubewire: Tubewire
beforeEach(async () => {
  tubewire = testDeps()
  // Endpoints of the test before would be subscribed to the events of this one.
  await env.DB.batch([env.DB.prepare('DELETE FROM endpoints'), env.DB.prepare('DELETE FROM events')])
})

const endpointRow = (id: string) =>
  env.DB.prepare('SELECT * FROM endpoints WHERE id = ?')
    .bind(id)
    .first<Record<string, number | string | null>>()

/** What of these types the log has. */
async function told(): Promise<{ type: string; data: Record<string, unknown>; ownerId: string }[]> {
  const { results } = await env.DB.prepare(
    "SELECT type, data, owner_id AS ownerId FROM events WHERE instance = 'tubewire' ORDER BY sequence",
  ).all<{ type: string; data: string; ownerId: string }>()
  return results.map(({ type, data, ownerId }) => ({ type, ownerId, data: JSON.parse(data) }))
}

/** Turns the clock from one time at which something is due to the next, and delivers. */
async function pass(id: string, milliseconds: number): Promise<void> {
  const end = tubewire.deps.clock() + milliseconds
  while (tubewire.deps.clock() < end) {
    const due = (await dueEndpoints(env.DB, end)).get(id)
    if (due === undefined) break
    tubewire.advance(Math.max(0, due - tubewire.deps.clock()))
    await deliverAll(tubewire.deps, [id])
  }
  tubewire.advance(Math.max(0, end - tubewire.deps.clock()))
}

describe('An endpoint that is down', () => {
  it('is sent five, and then one probe a step, however much is owed', async () => {
    const { receiver, endpoint, instance, id } = await owed(tubewire, 200)
    await receiver.answer({ status: 503 })
    await deliverAll(tubewire.deps, [endpoint.id])
    // Five in a row, and what was under way with the fifth.
    const first = await receiver.count()
    expect(first).toBeGreaterThanOrEqual(5)
    expect(first).toBeLessThan(5 + tubewire.deps.config.deliveryConcurrency)
    await pass(endpoint.id, 24 * HOUR)
    const inADay = await receiver.count()
    expect(inADay - first).toBeLessThanOrEqual(12)
    // What comes new costs nothing either.
    await instance.publishMany(20)
    await pollAgain(tubewire, id)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBeLessThanOrEqual(inADay + 1)
    expect((await deliveriesOf(endpoint.id)).filter(({ attempts }) => attempts === 0).length).toBeGreaterThan(
      200,
    )
  })

  it('is sent all that waited when a probe succeeds, in order, and its owner is told', async () => {
    const { receiver, endpoint } = await owed(tubewire, 30)
    const other = await control.receiver()
    const otherEndpoint = await subscribe(other.url, tubewire.deps)
    // Side by side they may arrive in another order than they are sent in.
    await env.DB.prepare('UPDATE endpoints SET concurrency = 1').run()
    await receiver.answer({ status: 500 })
    await deliverAll(tubewire.deps, [endpoint.id])
    const broken = await receiver.count()
    await pass(endpoint.id, 10 * 60_000)
    await receiver.answer({ status: 200 })
    const before = await receiver.count()
    await pass(endpoint.id, HOUR)
    expect((await deliveriesOf(endpoint.id)).every(({ state }) => state === 'delivered')).toBe(true)
    const after = (await receiver.requests()).slice(before).map(({ body }) => JSON.parse(body).sequence)
    expect(after).toHaveLength(30)
    // After the probe, which is the oldest, all in the order of the events.
    expect(after).toEqual(after.toSorted((a, b) => a - b))
    expect(broken).toBeLessThan(10)
    const states = tubewire.log.flatMap((entry) => (entry.log === 'endpoint' ? [entry.state] : []))
    expect(states[0]).toBe('broken')
    expect(states.at(-1)).toBe('recovered')
    expect(await endpointRow(endpoint.id)).toMatchObject({ failures: 0, broken_since: null, held_until: 0 })
    expect(await told()).toMatchObject([
      { type: 'endpoint.recovered', ownerId: 'usr_administrator', data: { endpoint: { id: endpoint.id } } },
    ])
    await deliverAll(tubewire.deps, [otherEndpoint.id])
    expect((await other.requests()).map(({ body }) => JSON.parse(body).type)).toEqual(['endpoint.recovered'])
    // No endpoint is told of itself.
    expect(await count('SELECT count(*) AS count FROM deliveries WHERE endpoint_id = ?', endpoint.id)).toBe(
      30,
    )
  })

  it('for five days is disabled, says so to its owner at his others, and is sent nothing more', async () => {
    const { receiver, endpoint, instance, id } = await owed(tubewire, 20)
    await receiver.answer({ status: 500 })
    const other = await control.receiver()
    const otherEndpoint = await subscribe(other.url, tubewire.deps)
    await deliverAll(tubewire.deps, [endpoint.id])
    await pass(endpoint.id, 6 * 24 * HOUR)
    expect(await endpointRow(endpoint.id)).toMatchObject({
      disabled_at: expect.any(Number),
      disabled_reason: 'it only failed for 5 days',
    })
    const attempts = await receiver.count()
    expect(attempts).toBeLessThan(50)
    const events = await told()
    expect(events.at(-1)).toMatchObject({
      type: 'endpoint.disabled',
      data: { endpoint: { id: endpoint.id, url: new URL(receiver.url).origin }, reason: 'failing' },
    })
    expect(JSON.stringify(events)).not.toContain('/hook')
    await deliverAll(tubewire.deps, [otherEndpoint.id])
    const types = (await other.requests()).map(({ body }) => JSON.parse(body).type)
    expect(types).toContain('endpoint.disabled')
    await instance.publish()
    await pollAgain(tubewire, id)
    await pass(endpoint.id, 24 * HOUR)
    expect(await receiver.count()).toBe(attempts)
    // Kept for when it is back.
    expect(
      (await deliveriesOf(endpoint.id)).filter(({ state }) => state === 'pending').length,
    ).toBeGreaterThan(10)
  })

  it('that answers 410 is disabled at once', async () => {
    const { receiver, endpoint } = await owed(tubewire, 30)
    await receiver.answer({ status: 410 })
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBeLessThanOrEqual(tubewire.deps.config.deliveryConcurrency)
    expect(await endpointRow(endpoint.id)).toMatchObject({ disabled_reason: 'it answered 410: it is gone' })
    expect((await told()).map(({ type }) => type)).toEqual(['endpoint.disabled'])
    expect(tubewire.log).toContainEqual(
      expect.objectContaining({ log: 'endpoint', endpoint: endpoint.id, state: 'disabled' }),
    )
    await pass(endpoint.id, 24 * HOUR)
    expect(await receiver.count()).toBeLessThanOrEqual(tubewire.deps.config.deliveryConcurrency)
  })
})

describe('An endpoint that takes all but some events', () => {
  /** It refuses the first five of these, with which it breaks. */
  async function refusing(events: number) {
    const { endpoint } = await owed(tubewire, events)
    await env.DB.prepare('UPDATE endpoints SET concurrency = 1').run()
    const { results } = await env.DB.prepare(
      'SELECT event_sequence AS sequence FROM deliveries WHERE endpoint_id = ? ORDER BY event_sequence LIMIT 5',
    )
      .bind(endpoint.id)
      .all<{ sequence: number }>()
    const refused = new Set(results.map(({ sequence }) => sequence))
    const taken: number[] = []
    tubewire.deps.fetch = async (_input, init) => {
      const { sequence } = JSON.parse(String(init?.body))
      if (refused.has(sequence)) return new Response('', { status: 500 })
      taken.push(sequence)
      return new Response()
    }
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await endpointRow(endpoint.id)).toMatchObject({ broken_since: expect.any(Number) })
    return { id: endpoint.id, taken }
  }

  it('is not kept from the others: not every probe is of those', async () => {
    const { id, taken } = await refusing(30)
    await pass(id, 2 * 60_000)
    expect(taken).toHaveLength(25)
    expect(taken).toEqual(taken.toSorted((a, b) => a - b))
  })

  it('is sent no probe of what waits for another, where it is sent in an order', async () => {
    const { endpoint } = await owed(tubewire, 3)
    await env.DB.batch([
      env.DB.prepare(
        "UPDATE endpoints SET ordering = 'subject', concurrency = 1, broken_since = 1, failing_since = 1, failures = 6, probes = 1",
      ),
      // The first was tried, and is in line again; the second is about the same.
      env.DB.prepare(
        `UPDATE deliveries SET attempts = event_sequence = (SELECT min(event_sequence) FROM deliveries),
           order_key = iif(event_sequence = (SELECT max(event_sequence) FROM deliveries), 'b', 'a')`,
      ),
    ])
    const begun: number[] = []
    tubewire.deps.fetch = async (_input, init) => {
      begun.push(JSON.parse(String(init?.body)).sequence)
      return new Response()
    }
    await deliverAll(tubewire.deps, [endpoint.id])
    const [first = 0, second, third] = begun.toSorted((a, b) => a - b)
    expect(begun).toEqual([third, first, second])
  })

  it('is sent those by their schedule, however often it is well again meanwhile', async () => {
    const { id } = await refusing(100)
    await pass(id, 30 * 60_000)
    const refused = (await deliveriesOf(id)).slice(0, 5)
    expect(refused.map(({ state }) => state)).toEqual(Array(5).fill('pending'))
    // At once, after 5 s, 5 min; and once more when it was well again.
    for (const { attempts } of refused) expect(attempts).toBeLessThanOrEqual(4)
  })
})

describe('Of an endpoint that is well again', () => {
  it('after seconds what failed meanwhile goes out, and what failed before by its schedule of minutes', async () => {
    const { endpoint } = await owed(tubewire, 3)
    const now = tubewire.deps.clock()
    await env.DB.batch([
      env.DB.prepare(
        'UPDATE endpoints SET failures = 5, failing_since = ?1 - 10000, broken_since = ?1 - 5000, probes = 0',
      ).bind(now),
      env.DB.prepare(
        `UPDATE deliveries SET attempts = 2, due_at = ?1 + 290000
         WHERE event_sequence > (SELECT min(event_sequence) FROM deliveries)`,
      ).bind(now),
      // The one since it has been failing, the other one since an hour ago.
      env.DB.prepare(
        `INSERT INTO attempts (endpoint_id, event_sequence, number, started_at, duration_ms, status)
         SELECT endpoint_id, event_sequence, value,
                ?1 - iif(event_sequence = (SELECT max(event_sequence) FROM deliveries), 3600000, 10000) + value, 1, 500
         FROM deliveries JOIN json_each('[1,2]') WHERE attempts = 2`,
      ).bind(now),
    ])
    await deliverAll(tubewire.deps, [endpoint.id])
    const states = (await deliveriesOf(endpoint.id)).map(({ state }) => state)
    expect(states).toEqual(['delivered', 'delivered', 'pending'])
  })

  it('what failed goes out at once, though nothing else was due', async () => {
    const { endpoint } = await owed(tubewire, 3)
    const now = tubewire.deps.clock()
    await env.DB.batch([
      env.DB.prepare(
        'UPDATE endpoints SET failures = 8, failing_since = ?1 - 3600000, broken_since = ?1 - 3600000, probes = 3',
      ).bind(now),
      env.DB.prepare(
        `UPDATE deliveries SET attempts = 2,
           due_at = iif(event_sequence = (SELECT min(event_sequence) FROM deliveries), ?1, ?1 + 1000000)`,
      ).bind(now),
    ])
    await deliverAll(tubewire.deps, [endpoint.id])
    expect((await deliveriesOf(endpoint.id)).map(({ state }) => state)).toEqual(Array(3).fill('delivered'))
  })
})

describe('Of an endpoint that is resumed', () => {
  it('what had failed goes out in the order of the events, in a round with many others, too', async () => {
    const { receiver, endpoint } = await owed(tubewire, 20)
    const others: string[] = []
    for (let at = 0; at < 99; at += 1)
      others.push((await subscribe(`http://127.0.0.1:1/${at}`, tubewire.deps)).id)
    const now = tubewire.deps.clock()
    await env.DB.batch([
      env.DB.prepare('UPDATE endpoints SET concurrency = 1, paused_at = NULL'),
      // Due while it was paused: the later ones first.
      env.DB.prepare(
        `UPDATE deliveries SET attempts = 1, due_at = ?1 - event_sequence
         WHERE endpoint_id = ?2 AND event_sequence < (SELECT min(event_sequence) FROM deliveries) + 5`,
      ).bind(now, endpoint.id),
      lineUpStatement(env.DB, { sql: 'SELECT ?', values: [endpoint.id] }),
    ])
    await deliverAll(tubewire.deps, [endpoint.id, ...others])
    const sent = (await receiver.requests()).map(({ body }) => JSON.parse(body).sequence)
    expect(sent).toHaveLength(20)
    expect(sent).toEqual(sent.toSorted((a, b) => a - b))
  })
})

describe('A delivery that is given up', () => {
  it('is told to its owner once, and one that told of an endpoint itself is not', async () => {
    const { receiver, endpoint } = await owed(tubewire, 1)
    await receiver.answer({ status: 500 })
    // A second one that fails, too: it is told of the first, and in vain.
    const other = await subscribe('http://127.0.0.1:1/', tubewire.deps)
    for (let day = 0; day < 9; day += 1) {
      await pass(endpoint.id, 12 * HOUR)
      await pass(other.id, 12 * HOUR)
    }
    const given = (await told()).filter(({ type }) => type === 'delivery.failed')
    expect(given).toMatchObject([
      { data: { endpoint: { id: endpoint.id }, attempts: 10, event: { type: 'video.published' } } },
    ])
  })
})

describe('What an owner changes while a run is under way', () => {
  it('holds: the run does not break again what was begun anew', async () => {
    const { endpoint } = await owed(tubewire, 8)
    await env.DB.prepare('UPDATE endpoints SET failures = 3, failing_since = 1').run()
    tubewire.deps.fetch = async () => {
      await env.DB.prepare(
        'UPDATE endpoints SET revision = revision + 1, failures = 0, failing_since = NULL',
      ).run()
      return new Response('', { status: 410 })
    }
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await endpointRow(endpoint.id)).toMatchObject({
      failures: 0,
      broken_since: null,
      disabled_at: null,
    })
    // Nor is told what is not so.
    expect(await told()).toEqual([])
  })

  it('is seen to at once: what waited goes out when a probe that was under way has failed', async () => {
    const { endpoint } = await owed(tubewire, 4)
    await env.DB.prepare('UPDATE endpoints SET failures = 7, failing_since = 1, broken_since = 1').run()
    let sent = 0
    tubewire.deps.fetch = async () => {
      sent += 1
      if (sent > 1) return new Response()
      await env.DB.prepare(
        'UPDATE endpoints SET revision = revision + 1, failures = 0, failing_since = NULL, broken_since = NULL',
      ).run()
      // Who was woken for that finds the probe in the way.
      await deliver(tubewire.deps, () => undefined, [endpoint.id])
      return new Response('', { status: 500 })
    }
    await deliverAll(tubewire.deps, [endpoint.id])
    const states = (await deliveriesOf(endpoint.id)).map(({ state }) => state)
    expect(states).toEqual(['pending', 'delivered', 'delivered', 'delivered'])
  })

  it('that is something else leaves what the run has learned', async () => {
    const { endpoint } = await owed(tubewire, 1)
    tubewire.deps.fetch = async () => {
      await env.DB.prepare("UPDATE endpoints SET revision = revision + 1, description = 'x'").run()
      return new Response('', { status: 410 })
    }
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await endpointRow(endpoint.id)).toMatchObject({ disabled_reason: 'it answered 410: it is gone' })
    expect((await told()).map(({ type }) => type)).toEqual(['endpoint.disabled'])
  })
})
