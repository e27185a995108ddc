/** @module How long it takes from an event's commit until a thousand clients have it, and what they take of memory. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { exampleOf } from '../src/events/catalogue.ts'
import { digest, newApiKey } from '../src/tokens.ts'
import type { Produce } from './deliver-worker.ts'
import { atMost, type Figure, percentile } from './figures.ts'
import { type Measured, startMeasured } from './harness.ts'
import { residentMb, startWithSmallHeaps } from './resident.ts'
import type { Order, Report } from './stream-listeners.ts'

const STREAM = '/api/v1/stream'
const CLIENTS = 1_000
/** An account may have fifty streams. */
const ACCOUNTS = 25
const EVENTS = 100
const PER_SECOND = 5
/** For what was sent to come. */
const PATIENCE_MS = 30_000
const LOOK_EVERY_MS = 200
/** Memory is looked at when what opened the streams is over, a few looks of the object at them included. */
const IDLE_MS = 10_000

/** The figures of streams. */
export async function streamFigures(): Promise<Figure[]> {
  const events = await latencies('events')
  const sockets = await latencies('socket')
  const lost = events.lost + sockets.lost
  const twice = events.twice + sockets.twice
  // The same object and Worker, which open a stream and do nothing else.
  const bare = await memory('events', '/bare-stream')
  const known = { unit: 'ms', target: null, pass: true }
  return [
    atMost('stream.p50_ms', percentile(events.ms, 50), 200, 'ms'),
    atMost('stream.p99_ms', percentile(events.ms, 99), 1_000, 'ms'),
    { name: 'stream.socket.p50_ms', value: percentile(sockets.ms, 50), ...known },
    { name: 'stream.socket.p99_ms', value: percentile(sockets.ms, 99), ...known },
    atMost('stream.lost', lost, 0, `of ${2 * CLIENTS * EVENTS}`),
    atMost('stream.twice', twice, 0, `of ${2 * CLIENTS * EVENTS}`),
    { ...atMost('stream.memory_kb', await memory('events'), 64, 'KB a client'), baseline: bare },
    {
      name: 'stream.socket.memory_kb',
      value: await memory('socket'),
      unit: 'KB a client',
      target: null,
      pass: true,
    },
  ]
}

type By = Extract<Order, { do: 'listen' }>['by']

async function latencies(by: By): Promise<{ ms: number[]; lost: number; twice: number }> {
  return withListeners(startMeasured, by, async (measured, order) => {
    // Once before, uncounted: compilation.
    await produce(measured, 5)
    await arrived(order, 5 * CLIENTS)
    await produce(measured, EVENTS)
    const { ms, twice, disordered } = await arrived(order, EVENTS * CLIENTS)
    if (disordered > 0) throw new Error(`${disordered} events came out of order`)
    return { ms, twice, lost: EVENTS * CLIENTS - (ms.length - twice) }
  })
}

/** Kilobytes that an idle client takes. */
async function memory(by: By, path = STREAM): Promise<number> {
  let before = 0
  return withListeners(
    startWithSmallHeaps,
    by,
    async () => {
      await pause(IDLE_MS)
      return ((await residentMb()) - before) * (1024 / CLIENTS)
    },
    async () => {
      before = await residentMb()
    },
    path,
  )
}

/** Does something while a thousand listen. @param first is done once one has listened, and left. */
async function withListeners<TResult>(
  start: () => Promise<Measured>,
  by: By,
  work: (measured: Measured, order: (order: Order) => Promise<Report>) => Promise<TResult>,
  first: () => Promise<void> = async () => undefined,
  path = STREAM,
): Promise<TResult> {
  const measured = await start()
  const listeners = fork(join(import.meta.dirname, 'stream-listeners.ts'))
  const order = async (what: Order): Promise<Report> => {
    listeners.send(what)
    // What bench/stream-listeners.ts sends for each order.
    const [{ answer, error }] = (await once(listeners, 'message')) as [{ answer: Report; error?: string }]
    if (error) throw new Error(error)
    return answer
  }
  try {
    const keys = await seed(measured)
    const url = new URL(path, measured.url).href
    // Uncounted: compilation.
    await order({ do: 'listen', url, keys, clients: ACCOUNTS, by })
    await produce(measured, 1)
    if (path === STREAM) await arrived(order, ACCOUNTS)
    await order({ do: 'leave' })
    await pause(IDLE_MS)
    await first()
    await order({ do: 'listen', url, keys, clients: CLIENTS, by })
    return await work(measured, order)
  } finally {
    listeners.kill()
    await measured.stop()
  }
}

async function seed({ db }: Measured): Promise<string[]> {
  const keys = Array.from({ length: ACCOUNTS }, newApiKey)
  const rows = await Promise.all(keys.map(async (key, index) => ({ id: index, hash: await digest(key) })))
  await db.batch([
    db
      .prepare(
        `INSERT INTO users (id, username, role, created_at)
         SELECT 'usr_' || (value ->> 'id'), 'u' || (value ->> 'id'), 2, 0 FROM json_each(?)`,
      )
      .bind(JSON.stringify(rows)),
    db
      .prepare(
        `INSERT INTO api_keys (id, owner_id, name, hash, hint, scopes, created_at, updated_at)
         SELECT 'key_' || (value ->> 'id'), 'usr_' || (value ->> 'id'), '', value ->> 'hash', '', '["events:read"]', 0, 0
         FROM json_each(?)`,
      )
      .bind(JSON.stringify(rows)),
  ])
  return keys
}

/** Commits events as a poll does, at a rate, and says so to the streams. Each bears a time from before its commit. */
async function produce({ call }: Measured, count: number): Promise<void> {
  const { type, instance, data } = exampleOf('video.published')
  const event = { type, instance, subject: data.video.uuid, ownerId: null, seenAt: 0, data }
  await call('/produce', { event, count, perSecond: PER_SECOND, instances: [instance] } satisfies Produce)
}

/** What came, once so much has, or nothing more comes. */
async function arrived(order: (order: Order) => Promise<Report>, count: number): Promise<Report> {
  const whole: Report = { ms: [], twice: 0, disordered: 0 }
  const until = Date.now() + PATIENCE_MS
  while (whole.ms.length < count && Date.now() < until) {
    await pause(LOOK_EVERY_MS)
    const { ms, twice, disordered } = await order({ do: 'report' })
    for (const one of ms) whole.ms.push(one)
    whole.twice += twice
    whole.disordered += disordered
  }
  return whole
}
