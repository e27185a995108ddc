/** @module Invariant 3 when runs die, meet, or lose the database: nothing owed is lost, nothing sent twice without need. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { dueEndpoints } from '../../src/db/deliveries.ts'
import { deliver } from '../../src/workers/deliver.ts'
import { gateOf } from '../../src/workers/gates.ts'
import {
  breakDatabase,
  count,
  deliverAll,
  deliveriesOf,
  owed,
  pollToEnd,
  subscribe,
  type Tubewire,
  testDeps,
} from '../support/harness.ts'

let tubewire: Tubewire
beforeEach(async () => {
  tubewire = testDeps()
  // Endpoints of the test before would be subscribed to the events of this one.
  await env.DB.prepare('DELETE FROM endpoints').run()
})

describe('Nothing owed is lost, nothing sent twice without need', () => {
  it('when two runs deliver at once: each event is sent once', async () => {
    const { receiver, endpoint } = await owed(tubewire, 20)
    await Promise.all([1, 2, 3].map(() => deliverAll(tubewire.deps, [endpoint.id])))
    expect(await receiver.count()).toBe(20)
  })

  it('when one comes while another holds the endpoint: the holder goes on with what is new', async () => {
    const { receiver, endpoint, instance, id } = await owed(tubewire, 1)
    await receiver.answer({ kind: 'hang', times: 1 })
    const first = deliverAll(tubewire.deps, [endpoint.id])
    await receiver.waitFor(1)
    await instance.publish()
    await env.DB.prepare('UPDATE sources SET due_at = 0').run()
    await pollToEnd(tubewire, id)
    tubewire.deliveryQueue.sent.splice(0)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(1)
    await receiver.release()
    await first
    // The holder's own next round, or, when its patience was over, a message of its.
    for (const { body } of tubewire.deliveryQueue.sent) await deliverAll(tubewire.deps, body.endpoints)
    expect((await deliveriesOf(endpoint.id)).map(({ state }) => state)).toEqual(['delivered', 'delivered'])
  })

  it.each(['before', 'after'] as const)(
    'when a run dies %s its commit: what was sent is sent again, or known',
    async (when) => {
      const { receiver, endpoint } = await owed(tubewire, 3)
      const { DB } = tubewire.deps.env
      breakDatabase(tubewire, 'batch', 100, when, AFTER_THE_READ)
      await expect(deliverAll(tubewire.deps, [endpoint.id])).rejects.toThrow('Network connection lost')
      tubewire.deps.env.DB = DB
      expect([...(await dueEndpoints(env.DB, tubewire.deps.clock())).keys()]).toEqual(
        when === 'before' ? [endpoint.id] : [],
      )
      // The dead run's lease runs out.
      tubewire.advance(60_000)
      await deliverAll(tubewire.deps, [endpoint.id])
      expect(await receiver.count()).toBe(when === 'before' ? 6 : 3)
      expect((await deliveriesOf(endpoint.id)).map(({ state }) => state)).toEqual([
        'delivered',
        'delivered',
        'delivered',
      ])
    },
  )
})

/** What an endpoint's round asks of the database first is what is due. */
const AFTER_THE_READ = 1

/** Subscribes a URL of nobody's, by an endpoint that another gate keeps. */
async function subscribedElsewhere(endpointId: string) {
  for (;;) {
    const other = await subscribe('http://127.0.0.1:1/', tubewire.deps)
    if (gateOf(other.id) !== gateOf(endpointId)) return other
  }
}

/** From now on the gate of an endpoint fails at this. */
function breakGate(endpointId: string, method: 'enter' | 'leave') {
  const { DELIVERY_GATE } = tubewire.deps.env
  tubewire.deps.env.DELIVERY_GATE = {
    getByName(name: string) {
      return new Proxy(DELIVERY_GATE.getByName(name), {
        get(target, key) {
          if (name === gateOf(endpointId) && key === method)
            return async () => Promise.reject(new Error('the object was reset'))
          return Reflect.get(target, key)
        },
      })
    },
    // Of the namespace the code under test uses `getByName` only.
  } as unknown as Env['DELIVERY_GATE']
}

describe('What goes wrong on our side', () => {
  it.each(['before', 'after'] as const)(
    'a write that is lost %s it was done is repeated, and nothing is sent twice',
    async (when) => {
      const { receiver, endpoint } = await owed(tubewire, 10)
      breakDatabase(tubewire, 'batch', 1, when, AFTER_THE_READ)
      await deliverAll(tubewire.deps, [endpoint.id])
      tubewire.advance(60_000)
      await deliverAll(tubewire.deps, [endpoint.id])
      expect(await receiver.count()).toBe(10)
      expect((await deliveriesOf(endpoint.id)).every(({ attempts }) => attempts === 1)).toBe(true)
      const sent =
        "SELECT count(*) AS count FROM deliveries WHERE endpoint_id = ? AND state = 'delivered' AND status = 200"
      expect(await count(sent, endpoint.id)).toBe(10)
    },
  )

  it('when writing fails for good, or reading does, the next run is let in at once', async () => {
    const { receiver, endpoint } = await owed(tubewire, 1)
    const { DB } = tubewire.deps.env
    for (const spared of [0, AFTER_THE_READ]) {
      breakDatabase(tubewire, 'batch', 100, 'before', spared)
      await expect(deliverAll(tubewire.deps, [endpoint.id])).rejects.toThrow()
      tubewire.deps.env.DB = DB
    }
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(2)
    expect(await deliveriesOf(endpoint.id)).toMatchObject([{ state: 'delivered' }])
  })

  it('a gate that fails keeps no other endpoint from its deliveries', async () => {
    const { receiver, endpoint } = await owed(tubewire, 2)
    const other = await subscribedElsewhere(endpoint.id)
    breakGate(other.id, 'enter')
    await deliverAll(tubewire.deps, [other.id, endpoint.id])
    expect(await receiver.count()).toBe(2)
    expect(tubewire.log).toContainEqual({
      log: 'error',
      where: `asking the gate of ${other.id}`,
      error: 'Error: the object was reset',
    })
  })

  it('a gate that fails to let go loses no outcome, and holds up no other', async () => {
    const { receiver, endpoint } = await owed(tubewire, 250)
    const other = await subscribedElsewhere(endpoint.id)
    await receiver.answer({ times: 1, status: 429, headers: { 'retry-after': '1' } }, { status: 200 })
    breakGate(endpoint.id, 'leave')
    for (let runs = 0; runs < 8; runs += 1) {
      await deliverAll(tubewire.deps, [endpoint.id, other.id])
      // The lease that was not given back runs out.
      tubewire.advance(46_000)
    }
    const states = await deliveriesOf(endpoint.id)
    expect(states.filter(({ state }) => state !== 'delivered')).toEqual([])
    // One was answered 429 and came again; none of the others was sent twice.
    const sent = states.reduce((sum, { attempts }) => sum + attempts, 0)
    expect(await receiver.count()).toBe(sent)
    expect(sent).toBe(251)
    expect(tubewire.log).toContainEqual(expect.objectContaining({ error: 'Error: the object was reset' }))
  })

  it('a run that died keeps the endpoint for as long as its requests may last, and no longer', async () => {
    const { receiver, endpoint } = await owed(tubewire, 1)
    const { fetch } = tubewire.deps
    tubewire.deps.fetch = () => new Promise(() => undefined)
    // It never comes back, as a Worker that was killed.
    await deliver(tubewire.deps, () => undefined, [endpoint.id])
    tubewire.deps.fetch = fetch
    tubewire.advance(44_000)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(0)
    tubewire.advance(1_500)
    await deliverAll(tubewire.deps, [endpoint.id])
    expect(await receiver.count()).toBe(1)
  })
})
