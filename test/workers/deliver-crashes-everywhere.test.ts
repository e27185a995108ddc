/**
 * @module Invariant 3 at every await of the deliverer: whatever it asks of the database, the gates, the queue or a subscriber fails,
 * or is the last thing that it does, before it was done or after. What is owed comes all the same.
 */
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { dueEndpoints } from '../../src/db/deliveries.ts'
import { deliver } from '../../src/workers/deliver.ts'
import type { Deps } from '../../src/workers/deps.ts'
import { deliverAll, deliveriesOf, owed, subscribe, type Tubewire, testDeps } from '../support/harness.ts'

const EVENTS = 3
/** More than a run makes; the first that it does not reach is the end. */
const MOST_CALLS = 60
/** What a run that died keeps is free again, and what failed once is due. */
const LATER_MS = 15 * 60_000
const RUNS_UNTIL_WELL = 5

/** `throws`: the call fails, and the run goes on as it can. `dies`: nothing goes on. */
type Fault = { mode: 'throws' | 'dies'; when: 'before' | 'after' }

it.each<Fault>([
  { mode: 'throws', when: 'before' },
  { mode: 'throws', when: 'after' },
  { mode: 'dies', when: 'before' },
  { mode: 'dies', when: 'after' },
])('what is owed comes when any call $mode $when it was done', { timeout: 60_000 }, async (fault) => {
  await env.DB.prepare('DELETE FROM endpoints').run()
  const tubewire = testDeps()
  const failing = await subscribe('http://127.0.0.1:2/', tubewire.deps)
  const { endpoint } = await owed(tubewire, EVENTS)
  const ids = [endpoint.id, failing.id]
  let calls = 0
  for (let at = 1; at <= MOST_CALLS; at += 1) {
    await oweAgain(tubewire)
    const subscriber = answering(tubewire.deps)
    const wasReached = await deliverBroken(tubewire, ids, { ...fault, at })
    await deliverTheRest(tubewire, ids)
    const states = (await Promise.all(ids.map(deliveriesOf))).flat()
    const told = `call ${at}: ${JSON.stringify({ states, requests: Object.fromEntries(subscriber.requests) })}`
    expect(
      states.map(({ state }) => state),
      told,
    ).toEqual(states.map(() => 'delivered'))
    expect(states, told).toHaveLength(2 * EVENTS)
    // Each came once, and to the one that fails at first once more.
    expect(subscriber.delivered.size, told).toBe(2 * EVENTS)
    const sent = [...subscriber.requests.values()].reduce((sum, times) => sum + times, 0)
    expect(sent, told).toBeGreaterThanOrEqual(3 * EVENTS)
    // Twice comes no more than was under way.
    expect(sent, told).toBeLessThanOrEqual(3 * EVENTS + (wasReached ? 2 * EVENTS : 0))
    if (!wasReached) break
    calls = at
  }
  // Two gates or one, a read, six requests, a commit, leaving, a message.
  expect(calls).toBeGreaterThanOrEqual(11)
  expect(calls).toBeLessThan(MOST_CALLS)
})

/** Everything is owed as on the first day. */
async function oweAgain({ deps }: Tubewire): Promise<void> {
  await env.DB.batch([
    env.DB.prepare('DELETE FROM attempts'),
    env.DB.prepare(
      `UPDATE deliveries SET state = 'pending', attempts = 0, due_at = 0, finished_at = NULL, created_at = ?`,
    ).bind(deps.clock()),
    env.DB.prepare(
      'UPDATE endpoints SET failures = 0, failing_since = NULL, broken_since = NULL, held_until = 0',
    ),
  ])
}

/** Subscribers: that on port 2 answers each event 500 the first time. */
function answering(deps: Deps): { requests: Map<string, number>; delivered: Set<string> } {
  const requests = new Map<string, number>()
  const delivered = new Set<string>()
  deps.fetch = async (input, init) => {
    const url = new URL(String(input))
    const name = `${url.port} ${new Headers(init?.headers).get('webhook-id')}`
    const times = (requests.get(name) ?? 0) + 1
    requests.set(name, times)
    if (url.port === '2' && times === 1) return new Response(null, { status: 500 })
    delivered.add(name)
    return new Response()
  }
  return { requests, delivered }
}

/** A run in which one call goes wrong. @returns whether it came to that call; the run has ended, or is dead, then. */
async function deliverBroken(
  { deps }: Tubewire,
  ids: readonly string[],
  { mode, when, at }: Fault & { at: number },
): Promise<boolean> {
  const forEver = new Promise<never>(() => undefined)
  let calls = 0
  let isDead = false
  let tellDeath = () => {}
  const death = new Promise<void>((resolve) => {
    tellDeath = resolve
  })
  async function call<TResult>(work: () => Promise<TResult>): Promise<TResult> {
    if (isDead) return forEver
    calls += 1
    if (calls !== at) {
      const result = await work()
      return isDead ? forEver : result
    }
    if (mode === 'dies' && when === 'before') isDead = true
    if (when === 'after') await work()
    if (mode === 'throws') throw new Error('Network connection lost')
    isDead = true
    tellDeath()
    return forEver
  }
  const late: Promise<unknown>[] = []
  const run = async () => {
    const broken = breakCalls(deps, call)
    // What the queue would try again comes later here.
    await deliver(broken, (promise) => late.push(promise), ids).catch(() => undefined)
    await Promise.allSettled(late)
  }
  await Promise.race([run(), death])
  return calls >= at
}

type Call = <TResult>(work: () => Promise<TResult>) => Promise<TResult>

/** Everything that the deliverer waits for goes through `call`. */
function breakCalls(deps: Deps, call: Call): Deps {
  const { DB, DELIVERY_GATE, DELIVERY_QUEUE } = deps.env
  const through = <TTarget extends object>(target: TTarget, names: readonly string[]): TTarget =>
    new Proxy(target, {
      get(_, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        if (!names.includes(String(name))) return value.bind(target)
        return (...values: unknown[]) => call(async () => Reflect.apply(value, target, values))
      },
    })
  return {
    ...deps,
    fetch: (input, init) => call(() => deps.fetch(input, init)),
    env: {
      ...deps.env,
      DB: through(DB, ['batch']),
      DELIVERY_QUEUE: through(DELIVERY_QUEUE, ['sendBatch']),
      // Of the namespace the code under test uses `getByName` only.
      DELIVERY_GATE: {
        getByName: (name: string) => through(DELIVERY_GATE.getByName(name), ['enter', 'leave']),
      } as unknown as Env['DELIVERY_GATE'],
    },
  }
}

/** Later, and again until nothing is due: as the ticks do. */
async function deliverTheRest(tubewire: Tubewire, ids: readonly string[]): Promise<void> {
  for (let runs = 0; runs < RUNS_UNTIL_WELL; runs += 1) {
    tubewire.advance(LATER_MS)
    const due = await dueEndpoints(env.DB, tubewire.deps.clock())
    const ours = ids.filter((id) => due.has(id))
    if (ours.length === 0) return
    await deliverAll(tubewire.deps, ours)
  }
}
