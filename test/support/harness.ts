/** @module What tests inside workerd share: a Tubewire of their own making, with a clock that they turn. */
import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { insertEndpoint } from '../../src/db/endpoints.ts'
import { newId } from '../../src/db/id.ts'
import { insertInstance } from '../../src/db/instances.ts'
import { firstCheckpoint } from '../../src/events/video-walk.ts'
import { encryptSecret } from '../../src/secrets.ts'
import { newSecret } from '../../src/webhooks/signature.ts'
import { deliver } from '../../src/workers/deliver.ts'
import type { Deps } from '../../src/workers/deps.ts'
import type { LogEntry } from '../../src/workers/log.ts'
import type { DeliveryMessage, PollMessage } from '../../src/workers/messages.ts'
import { pollInstance } from '../../src/workers/poll.ts'
import { connectControl, type RemoteInstance } from '../simulator/client.ts'

export const control = connectControl(env.CONTROL_URL)
const ADMINISTRATOR = 'usr_administrator'

export type Tubewire = ReturnType<typeof testDeps>

/** A queue that keeps what it is sent, within the platform's limits, and delivers nothing by itself. */
function fakeQueue<TMessage>() {
  const sent: { body: TMessage; delaySeconds: number }[] = []
  const queue = {
    sent,
    async sendBatch(messages: Iterable<MessageSendRequest<TMessage>>) {
      const batch = [...messages]
      const sizes = batch.map(({ body }) => JSON.stringify(body).length)
      const isTooLarge = batch.length > 100 || sizes.reduce((sum, size) => sum + size, 0) > 256_000
      if (isTooLarge || sizes.some((size) => size > 128_000)) throw new Error('the batch is too large')
      for (const { body, delaySeconds = 0 } of batch) {
        if (delaySeconds > 24 * 3_600) throw new Error('the delay is too long')
        sent.push({ body, delaySeconds })
      }
    },
  }
  // The code under test sends by `sendBatch` only.
  return queue as typeof queue & Queue<TMessage>
}

/** Deps on the real database and limiters, with queues that only keep, a clock that stands and a log that is kept. */
export function testDeps() {
  const log: LogEntry[] = []
  let now = Date.now()
  const pollQueue = fakeQueue<PollMessage>()
  const deliveryQueue = fakeQueue<DeliveryMessage>()
  const deps: Deps = {
    env: { ...env, POLL_QUEUE: pollQueue, DELIVERY_QUEUE: deliveryQueue },
    config: parseConfig(env),
    fetch: (input, init) => fetch(input, init),
    clock: () => now,
    random: () => 0.5,
    // Nothing waits for real time here.
    pause: async () => undefined,
    log: (entry) => log.push(entry),
  }
  return {
    deps,
    log,
    pollQueue,
    deliveryQueue,
    advance(ms: number) {
      now += ms
    },
  }
}

/** Counts requests from now on. @returns how many were under way at once, at the most. */
export function mostAtOnce(deps: Deps): () => number {
  let under = 0
  let most = 0
  const { fetch } = deps
  deps.fetch = (input, init) => {
    under += 1
    most = Math.max(most, under)
    return fetch(input, init).finally(() => {
      under -= 1
    })
  }
  return () => most
}

/** Watches a simulated instance. @param kinds what of it. @returns its id here. */
export async function watch(
  origin: string,
  deps: Deps,
  backfill = 0,
  kinds: readonly ('videos' | 'comments')[] = ['videos'],
): Promise<string> {
  const checkpoints = { videos: JSON.stringify(firstCheckpoint(backfill)), comments: '{}' }
  const id = await insertInstance(
    env.DB,
    {
      ownerId: ADMINISTRATOR,
      origin,
      host: new URL(origin).host,
      name: 'Test',
      version: '6.3.0',
      createdAt: deps.clock(),
    },
    kinds.map((kind) => ({ kind, target: '', checkpoint: checkpoints[kind] })),
  )
  if (!id) throw new Error(`${origin} is watched already`)
  return id
}

/** Subscribes a URL to everything. */
export async function subscribe(url: string, deps: Deps): Promise<{ id: string; secret: string }> {
  const id = newId('ep')
  const secret = newSecret()
  await insertEndpoint(env.DB, {
    id,
    ownerId: ADMINISTRATOR,
    url,
    description: '',
    secret: await encryptSecret(deps.config.encryptionKeys, secret, id),
    createdAt: deps.clock(),
    verifiedAt: deps.clock(),
  })
  return { id, secret }
}

/** Polls until the walk is done, turning the clock past every rest. */
export async function pollToEnd(tubewire: Tubewire, instanceId: string): Promise<void> {
  for (let count = 0; count < 50; count += 1) {
    await pollInstance(tubewire.deps, instanceId)
    if (!(await isWalking(instanceId))) return
    tubewire.advance(10_000)
  }
  throw new Error('the walk does not end')
}

async function isWalking(instanceId: string): Promise<boolean> {
  const checkpoint = await env.DB.prepare(
    "SELECT checkpoint FROM sources WHERE instance_id = ? AND kind = 'videos'",
  )
    .bind(instanceId)
    .first<string>('checkpoint')
  const { walk } = JSON.parse(checkpoint ?? '{}')
  // Of an instance without videos the first walk is at rest where it began.
  return walk !== null && (walk.start > 0 || walk.tail.length > 0 || walk.newest === 0)
}

/**
 * Waits until every source of an instance was read: of one that was added by the API the real queue sends polls too, and while
 * one of these reads it ours finds it taken.
 */
export async function readAll(tubewire: Tubewire, instanceId: string): Promise<void> {
  await vi.waitFor(async () => {
    await pollInstance(tubewire.deps, instanceId)
    const unread = 'SELECT count(*) AS count FROM sources WHERE instance_id = ? AND succeeded_at IS NULL'
    expect(await count(unread, instanceId)).toBe(0)
    expect(await isWalking(instanceId)).toBe(false)
  }, 20_000)
}

/** A period later: polls to the end. */
export async function pollAgain(tubewire: Tubewire, instanceId: string): Promise<void> {
  tubewire.advance(tubewire.deps.config.maxDelayMs.videos)
  await pollToEnd(tubewire, instanceId)
}

/** Delivers what is due, the slow ones too, by as many invocations as that takes: a machine that stands still takes more. */
export async function deliverAll(deps: Deps, endpointIds: readonly string[]): Promise<void> {
  const queue = deps.env.DELIVERY_QUEUE
  let next = [...endpointIds]
  for (let invocations = 0; next.length > 0 && invocations < 10; invocations += 1) {
    const woken: string[] = []
    const sendBatch: typeof queue.sendBatch = (messages, options) => {
      const batch = [...messages]
      for (const { body, delaySeconds } of batch) if (!delaySeconds) woken.push(...body.endpoints)
      return queue.sendBatch(batch, options)
    }
    const env = { ...deps.env, DELIVERY_QUEUE: { ...queue, sendBatch } }
    const late: Promise<unknown>[] = []
    await deliver({ ...deps, env }, (promise) => late.push(promise), next)
    await Promise.all(late)
    next = woken.filter((id) => endpointIds.includes(id))
  }
}

type StoredEvent = {
  sequence: number
  id: string
  type: string
  subject: string
  ownerId: string | null
  data: string
}

/** The events of an instance, in the order of their sequence. */
export async function eventsOf(origin: string): Promise<StoredEvent[]> {
  const { results } = await env.DB.prepare(
    'SELECT sequence, id, type, subject, owner_id AS ownerId, data FROM events WHERE instance = ? ORDER BY sequence',
  )
    .bind(new URL(origin).host)
    .all<StoredEvent>()
  return results
}

/** Turns both clocks, ours and the instance's, from one time at which something is due to the next, and polls it. */
export async function pass(
  tubewire: Tubewire,
  instance: RemoteInstance,
  instanceId: string,
  milliseconds: number,
): Promise<void> {
  const end = tubewire.deps.clock() + milliseconds
  while (tubewire.deps.clock() < end) {
    const due = await env.DB.prepare('SELECT min(due_at) AS count FROM sources WHERE instance_id = ?')
      .bind(instanceId)
      .first<number>('count')
    const now = tubewire.deps.clock()
    // What is due at once and can't be read yet is tried again a second later.
    const by = Math.min(Math.max(1_000, (due ?? end) - now), end - now)
    tubewire.advance(by)
    await instance.advance(by)
    await pollInstance(tubewire.deps, instanceId)
  }
}

/** How many rows a query counts. */
export async function count(sql: string, ...values: unknown[]): Promise<number> {
  return (
    (await env.DB.prepare(sql)
      .bind(...values)
      .first<number>('count')) ?? 0
  )
}

/** The subjects of an instance's events, in the order of their sequence. */
export async function subjectsOf({ origin }: { origin: string }): Promise<string[]> {
  return (await eventsOf(origin)).map(({ subject }) => subject)
}

/** An instance with so many videos, read once. */
export async function watched(
  tubewire: Tubewire,
  videos = 3,
): Promise<{ instance: RemoteInstance; id: string }> {
  const instance = await control.instance({ videos, limits: { api: 10_000 } })
  const id = await watch(instance.origin, tubewire.deps)
  await pollToEnd(tubewire, id)
  return { instance, id }
}

/** An endpoint to which so many events are owed. */
export async function owed(tubewire: Tubewire, events: number) {
  const receiver = await control.receiver()
  const endpoint = await subscribe(receiver.url, tubewire.deps)
  const { instance, id } = await watched(tubewire)
  const published = await instance.publishMany(events)
  await pollAgain(tubewire, id)
  return { receiver, endpoint, instance, id, published }
}

/** The deliveries of an endpoint, in the order of their sequence. */
export async function deliveriesOf(
  endpointId: string,
): Promise<{ state: string; attempts: number; dueAt: number | null }[]> {
  const { results } = await env.DB.prepare(
    'SELECT state, attempts, due_at AS dueAt FROM deliveries WHERE endpoint_id = ? ORDER BY event_sequence',
  )
    .bind(endpointId)
    .all<{ state: string; attempts: number; dueAt: number | null }>()
  return results
}

/**
 * From now on the database fails so many times.
 * @param what its single statements (`prepare`), or its batches.
 * @param when of a batch: before it was done, or after.
 * @param spared batches that don't fail, before those that do.
 */
export function breakDatabase(
  { deps }: Tubewire,
  what: 'prepare' | 'batch',
  times: number,
  when: 'before' | 'after' = 'before',
  spared = 0,
): void {
  let toSpare = spared
  let left = times
  deps.env.DB = new Proxy(deps.env.DB, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (name !== what || left === 0) return typeof value === 'function' ? value.bind(target) : value
      if (toSpare > 0) {
        toSpare -= 1
        return value.bind(target)
      }
      left -= 1
      if (name === 'prepare') throw new Error('Network connection lost')
      return async (statements: D1PreparedStatement[]) => {
        if (when === 'after') await target.batch(statements)
        throw new Error('Network connection lost')
      }
    },
  })
}
