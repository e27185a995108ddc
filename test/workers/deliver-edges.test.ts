/** @module Deliveries at the edges: of what an invocation may do, of what a statement takes, of a full message. */
import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { dueDeliveries } from '../../src/db/deliveries.ts'
import { findEndpoint } from '../../src/db/endpoints.ts'
import { exampleOf } from '../../src/events/catalogue.ts'
import { NEW_PACE, reserve } from '../../src/webhooks/pace.ts'
import { sendTest } from '../../src/workers/ask-endpoint.ts'
import { deliver } from '../../src/workers/deliver.ts'
import { enterGate, leaveGate } from '../../src/workers/delivery-gate.ts'
import { gateOf } from '../../src/workers/gates.ts'
import { Slots } from '../../src/workers/slots.ts'
import { count, deliverAll, deliveriesOf, subscribe, type Tubewire, testDeps } from '../support/harness.ts'

let tubewire: Tubewire
beforeEach(async () => {
  tubewire = testDeps()
  await env.DB.batch([env.DB.prepare('DELETE FROM endpoints'), env.DB.prepare('DELETE FROM events')])
})

/** So many endpoints that are each owed the same events. @returns their ids, and the sequences of the events. */
async function owing(endpoints: number, events: number, settings = 'concurrency = NULL') {
  const ids: string[] = []
  for (let at = 0; at < endpoints; at += 1)
    ids.push((await subscribe(`http://127.0.0.1:1/${at}`, tubewire.deps)).id)
  const now = tubewire.deps.clock()
  const data = JSON.stringify(exampleOf('video.published').data)
  await env.DB.batch([
    env.DB.prepare(`UPDATE endpoints SET ${settings}`),
    env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data)
       SELECT 'evt_' || i, 'video.published', 'peertube.example', 'video ' || i, ?2, 'run', ?3 FROM n`,
    ).bind(events, now, data),
    env.DB.prepare(
      `INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
       SELECT p.id, e.sequence, p.owner_id, 'pending', 0, ? FROM endpoints p, events e`,
    ).bind(now - 60_000),
  ])
  const { results } = await env.DB.prepare('SELECT sequence FROM events ORDER BY sequence').all<{
    sequence: number
  }>()
  return { ids, sequences: results.map(({ sequence }) => sequence) }
}

describe('An invocation', () => {
  it('that has sent all that it may begins nothing more, and leaves the rest to the next', async () => {
    const { ids } = await owing(1, 12)
    const { clock } = tubewire.deps
    let asked = 0
    // Then a time before all: whatever goes round in circles finds that nothing may be begun.
    tubewire.deps.clock = () => {
      asked += 1
      return asked > 20_000 ? -1 : clock()
    }
    tubewire.deps.fetch = async () => new Response()
    await deliver(tubewire.deps, () => undefined, ids, new Slots(5, 7))
    expect(asked).toBeLessThan(2_000)
    const states = (await deliveriesOf(ids[0] ?? '')).map(({ state }) => state)
    expect(states.filter((state) => state === 'delivered')).toHaveLength(7)
    expect(tubewire.deliveryQueue.sent).toEqual([{ body: { endpoints: ids }, delaySeconds: 0 }])
  })
})

describe('A round of batches', () => {
  /** D1 takes 2 MB in a parameter; here it takes more. */
  const withLimits = () => {
    const bound = (statement: D1PreparedStatement) =>
      new Proxy(statement, {
        get(target, name) {
          if (name !== 'bind') return Reflect.get(target, name)
          return (...values: unknown[]) => {
            if (values.some((value) => typeof value === 'string' && value.length > 2_000_000))
              throw new Error('string or blob too big: SQLITE_TOOBIG')
            return target.bind(...values)
          }
        },
      })
    tubewire.deps.env.DB = new Proxy(env.DB, {
      get(target, name) {
        if (name === 'prepare') return (sql: string) => bound(target.prepare(sql))
        return Reflect.get(target, name).bind(target)
      },
    })
  }

  it('is recorded, however much their targets answer', async () => {
    const { ids } = await owing(25, 100, 'batch_size = 100, batch_ms = 0')
    withLimits()
    let sent = 0
    tubewire.deps.fetch = async () => {
      sent += 1
      return new Response('x'.repeat(1_024), { status: 404 })
    }
    await deliverAll(tubewire.deps, ids)
    expect(sent).toBe(25)
    expect(await count('SELECT count(*) AS count FROM deliveries WHERE attempts = 1')).toBe(2_500)
    expect(await count('SELECT count(*) AS count FROM attempts')).toBe(2_500)
  })
})

describe('In a message that wakes many endpoints', () => {
  /** Others, which are owed nothing: each has a smaller share of the round. */
  const others = async (howMany: number) => {
    const ids: string[] = []
    for (let at = 0; at < howMany; at += 1)
      ids.push((await subscribe(`http://127.0.0.1:1/other/${at}`, tubewire.deps)).id)
    return ids
  }

  it('one that is sent all in order is sent nothing before a batch that failed', async () => {
    const { ids, sequences } = await owing(1, 20, "batch_size = 10, batch_ms = 0, ordering = 'endpoint'")
    const all = [...ids, ...(await others(60))]
    const sent: number[] = []
    let status = 500
    tubewire.deps.fetch = async (_input, init) => {
      const { data } = JSON.parse(String(init?.body))
      if (status === 200) sent.push(...data.map(({ sequence }: { sequence: number }) => sequence))
      return new Response('', { status })
    }
    await deliverAll(tubewire.deps, all)
    tubewire.advance(5_000)
    status = 200
    await deliverAll(tubewire.deps, all)
    expect(sent).toEqual(sequences)
  })

  it('one that is sent what is about the same in order is sent nothing before what failed', async () => {
    const { ids, sequences } = await owing(1, 4, "ordering = 'subject'")
    await env.DB.prepare("UPDATE deliveries SET order_key = iif(event_sequence % 2 = 0, 'even', 'odd')").run()
    // The first of each has failed, and both are due again.
    await env.DB.prepare(
      'UPDATE deliveries SET due_at = ? - event_sequence, attempts = 1 WHERE event_sequence <= ?',
    )
      .bind(tubewire.deps.clock(), sequences[1] ?? 0)
      .run()
    const begun: number[] = []
    tubewire.deps.fetch = async (_input, init) => {
      begun.push(JSON.parse(String(init?.body)).sequence)
      return new Response()
    }
    await deliverAll(tubewire.deps, [...ids, ...(await others(99))])
    const of = (rest: number) => begun.filter((sequence) => sequence % 2 === rest)
    expect(of(0)).toEqual(sequences.filter((sequence) => sequence % 2 === 0))
    expect(of(1)).toEqual(sequences.filter((sequence) => sequence % 2 === 1))
  })

  it('one with large batches does not make the others read more than they are sent', async () => {
    const { ids } = await owing(100, 120)
    const plain = await read(ids)
    await env.DB.prepare('UPDATE endpoints SET batch_size = 100, batch_ms = 0 WHERE id = ?')
      .bind(ids[0])
      .run()
    expect((await read(ids)) - plain).toBeLessThan(2_000)
  })

  /** Rows that are read of what is due, two of each. */
  async function read(ids: readonly string[]): Promise<number> {
    let rows = 0
    const { batch } = env.DB
    const db = new Proxy(env.DB, {
      get(target, name) {
        if (name !== 'batch') return Reflect.get(target, name).bind(target)
        return async (statements: D1PreparedStatement[]) => {
          const results = await batch.call(target, statements)
          rows += results.reduce((sum, { meta }) => sum + meta.rows_read, 0)
          return results
        }
      },
    })
    await dueDeliveries(db, ids, 2, tubewire.deps.clock())
    return rows
  }
})

describe('An endpoint that asked to be left alone for a moment', () => {
  it('is woken then, though what failed at it comes much later', async () => {
    const { ids } = await owing(1, 5, 'concurrency = 1')
    await env.DB.prepare(
      'UPDATE deliveries SET attempts = 3 WHERE event_sequence = (SELECT min(event_sequence) FROM deliveries)',
    ).run()
    tubewire.deps.fetch = async () => new Response('', { status: 503, headers: { 'retry-after': '2' } })
    await deliverAll(tubewire.deps, ids)
    expect(tubewire.deliveryQueue.sent).toEqual([{ body: { endpoints: ids }, delaySeconds: 2 }])
  })
})

describe('An endpoint that is sent all in order', () => {
  it.each(['endpoint', 'subject'])(
    'is woken when what failed is due, though a run came before that: %s',
    async (ordering) => {
      const { ids } = await owing(1, 5, `ordering = '${ordering}'`)
      await env.DB.prepare("UPDATE deliveries SET order_key = 'a'").run()
      tubewire.deps.fetch = async () => new Response('', { status: 503, headers: { 'retry-after': '2' } })
      await deliverAll(tubewire.deps, ids)
      tubewire.deliveryQueue.sent.splice(0)
      tubewire.advance(2_000)
      await deliverAll(tubewire.deps, ids)
      expect(tubewire.deliveryQueue.sent).toEqual([{ body: { endpoints: ids }, delaySeconds: 3 }])
    },
  )
})

describe('Runs that come in vain, many before their time', () => {
  /** Five runs, one after another. @returns the messages that they leave. */
  async function runs(ids: string[]) {
    tubewire.deliveryQueue.sent.splice(0)
    for (let run = 0; run < 5; run += 1) {
      const late: Promise<unknown>[] = []
      await deliver(tubewire.deps, (promise) => late.push(promise), ids)
      await Promise.all(late)
    }
    return tubewire.deliveryQueue.sent.map(({ delaySeconds }) => delaySeconds)
  }

  it.each([
    ['its limit lets nothing through', 'rate_limit = 0.1, concurrency = 1', [9, 9]],
    ['it asked to be left alone', 'held_until = created_at + 20000', [20]],
    ['its batch is not full', 'batch_size = 100, batch_ms = 75000', [15]],
  ])('to an endpoint leave one message, not one each: %s', async (_reason, settings, delays) => {
    const { ids } = await owing(1, 10, settings)
    tubewire.deps.fetch = async () => {
      tubewire.advance(500)
      return new Response()
    }
    const [first = 0, second] = delays
    expect(await runs(ids)).toEqual([first])
    // Nor do those that were left in vain before this.
    tubewire.advance(first * 1_000 - 1_000)
    expect(await runs(ids)).toEqual([])
    tubewire.advance(1_500)
    tubewire.deps.pause = async (milliseconds) => tubewire.advance(milliseconds)
    expect(await runs(ids)).toEqual(second === undefined ? [] : [second])
  })

  it('call again where what the run before called for could not be committed', async () => {
    const { ids } = await owing(1, 10, 'rate_limit = 0.1, concurrency = 1')
    tubewire.deps.fetch = async () => new Response()
    const { DB } = tubewire.deps.env
    let isRead = false
    tubewire.deps.env.DB = new Proxy(env.DB, {
      get(target, name) {
        if (name !== 'batch') return Reflect.get(target, name).bind(target)
        return async (statements: D1PreparedStatement[]) => {
          // What is due can be read, but nothing be recorded.
          if (isRead) throw new Error('Network connection lost')
          isRead = true
          return target.batch(statements)
        }
      },
    })
    await expect(deliver(tubewire.deps, () => undefined, ids)).rejects.toThrow('Network connection lost')
    tubewire.deps.env.DB = DB
    expect(await runs(ids)).toHaveLength(1)
  })
})

describe('A run that comes while an endpoint is sent a test', () => {
  it('is not in vain: what is owed goes out right after it', async () => {
    const { ids } = await owing(1, 3)
    const [id = ''] = ids
    const endpoint = await findEndpoint(env.DB, id, null)
    if (!endpoint) throw new Error('it is gone')
    tubewire.deps.fetch = async () => {
      tubewire.deps.fetch = async () => new Response()
      await deliver(tubewire.deps, () => undefined, ids)
      return new Response()
    }
    tubewire.deliveryQueue.sent.splice(0)
    await sendTest(tubewire.deps, endpoint, 'video.published')
    expect((await deliveriesOf(id)).map(({ state }) => state)).toEqual(Array(3).fill('pending'))
    expect(tubewire.deliveryQueue.sent).toEqual([{ body: { endpoints: ids }, delaySeconds: 0 }])
  })
})

describe('The limit of an endpoint', () => {
  /** Pauses side by side pass time together: from the end of one to the end of the next. */
  function passing(): (milliseconds: number) => Promise<void> {
    const waiting: { at: number; end: () => void }[] = []
    const endFirst = () => {
      const first = waiting.toSorted((a, b) => a.at - b.at)[0]
      if (!first) return
      waiting.splice(waiting.indexOf(first), 1)
      tubewire.advance(Math.max(0, first.at - tubewire.deps.clock()))
      first.end()
    }
    return (milliseconds) =>
      new Promise((end) => {
        waiting.push({ at: tubewire.deps.clock() + milliseconds, end })
        setTimeout(endFirst, 1)
      })
  }

  it('is reached, too, where it may take as long to answer as the background lasts', async () => {
    const { ids } = await owing(1, 60, 'rate_limit = 20, timeout_ms = 30000')
    tubewire.deps.pause = passing()
    let sent = 0
    tubewire.deps.fetch = async () => {
      sent += 1
      return new Response()
    }
    const late: Promise<unknown>[] = []
    await deliver(tubewire.deps, (promise) => late.push(promise), ids)
    await Promise.all(late)
    expect(sent).toBe(60)
  })

  it.each([1.5, 3, 4.5, 20])(
    'of %d a second is reached, with several under way at once',
    async (perSecond) => {
      const { ids } = await owing(1, 300, `rate_limit = ${perSecond}`)
      tubewire.deps.pause = passing()
      const start = tubewire.deps.clock()
      let sent = 0
      tubewire.deps.fetch = async () => {
        if (tubewire.deps.clock() < start + 10_000) sent += 1
        return new Response()
      }
      while (tubewire.deps.clock() < start + 10_000) {
        tubewire.deliveryQueue.sent.splice(0)
        // What has a pace goes on in the background.
        const late: Promise<unknown>[] = []
        await deliver(tubewire.deps, (promise) => late.push(promise), ids)
        await Promise.all(late)
        const [next] = tubewire.deliveryQueue.sent
        if (!next) break
        tubewire.advance(next.delaySeconds * 1_000)
      }
      expect(sent).toBeGreaterThanOrEqual(perSecond * 10 * 0.95 - 1)
      expect(sent).toBeLessThanOrEqual(perSecond * 10 * 1.05 + 1)
    },
  )
})

describe('A low limit', () => {
  it('is known to the gate though it was out of memory', async () => {
    const { DELIVERY_GATE } = tubewire.deps.env
    const now = tubewire.deps.clock()
    const [id, holder] = ['ep_evicted', 'run']
    const paceOf = async (at: number) =>
      (await enterGate(DELIVERY_GATE, holder, [id], 45_000, at)).entered.get(id) ?? NEW_PACE
    await leaveGate(DELIVERY_GATE, holder, [{ id, pace: reserve(await paceOf(now), 0.01, now).pace }])
    await evictDurableObject(DELIVERY_GATE.getByName(gateOf(id)))
    expect(reserve(await paceOf(now + 1_000), 0.01, now + 1_000).waitMs).toBeGreaterThan(90_000)
  })
})

describe('A test event', () => {
  it('is not sent to who asked to be left alone, but to who is broken', async () => {
    const { ids } = await owing(1, 1)
    const sent = async (settings: string) => {
      await env.DB.prepare(`UPDATE endpoints SET ${settings}`).run()
      const endpoint = await findEndpoint(env.DB, ids[0] ?? '', null)
      let count = 0
      tubewire.deps.fetch = async () => {
        count += 1
        return new Response()
      }
      if (endpoint) await sendTest(tubewire.deps, endpoint, 'video.published')
      return count
    }
    expect(await sent('held_until = 4000000000000')).toBe(0)
    expect(await sent('held_until = 4000000000000, broken_since = 1')).toBe(1)
  })
})
