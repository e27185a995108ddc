/**
 * @module Tubewire killed under load, again and again, and started on the same data: what came of the events. The kills are real:
 * SIGKILL to workerd, which takes the queues' messages and the gates' leases with it.
 */
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { eventStatements } from '../../src/db/fan-out.ts'
import { exampleOf } from '../../src/events/catalogue.ts'
import type { NewEvent } from '../../src/events/types.ts'
import { newSecrets } from '../../src/local/dev-vars.ts'
import { type LocalWorker, startWorker } from '../../src/local/worker.ts'
import { wakeDeliveries } from '../../src/workers/messages.ts'
import type { Random } from '../model/random.ts'
import { allGone, descendants } from './cli.ts'
import { subscribeAll } from './subscribe-all.ts'

const ENDPOINTS = 10
const EVENTS_A_COMMIT = 5
/** Deliveries that may wait before more events are committed. */
const BACKLOG = 500
/** A life ends at one of so many requests. */
const REQUESTS_A_LIFE = 300
/** Asking the database takes its time, too. */
const LOOK_EVERY_MS = 50
const PATIENCE_MS = 60_000

export type CrashReport = {
  kills: number
  /** Deliveries of all events that the database holds in the end. */
  owed: number
  /** Of these, those that never came; and those of events whose commit was answered, and which it does not hold. */
  lost: number
  /** Requests beyond the first of a delivery. */
  duplicates: number
  /** Deliveries that the database does not know as delivered. */
  unfinished: number
  /** Commits that were stored though a kill cut off their answer. */
  unacknowledged: number
  /** Kills while the database still owed what had come: an attempt was answered, and not recorded. */
  duringDeliveries: number
}

/** Kills Tubewire so many times under load. @param random says at which request each life ends. */
export async function crashOften(kills: number, random: Random): Promise<CrashReport> {
  const data = await mkdtemp(join(tmpdir(), 'tubewire-crash-'))
  const receiver = await startCounter()
  const secrets = newSecrets()
  const load = new Load(receiver)
  try {
    let duringDeliveries = 0
    for (let kill = 0; kill < kills; kill += 1) {
      const { worker, pids } = await start(data, secrets)
      const { DB } = await worker.bindings<Env>()
      if (kill === 0) await subscribe(DB, secrets.ENCRYPTION_KEYS, receiver.url)
      duringDeliveries += await unrecorded(DB, receiver)
      // What the dead one had in its queues is gone: the tick finds what is due.
      await worker.tick()
      const killed = receiver.reached(receiver.requests() + random.int(1, REQUESTS_A_LIFE))
      const producing = load.produce(worker)
      await killed
      load.stop()
      for (const pid of pids) process.kill(pid, 'SIGKILL')
      await producing
      await allGone(pids, PATIENCE_MS)
      await worker.stop()
    }
    const { worker } = await start(data, secrets)
    try {
      const { DB } = await worker.bindings<Env>()
      duringDeliveries += await unrecorded(DB, receiver)
      await worker.tick()
      await nothingDue(DB)
      return { kills, duringDeliveries, ...(await report(DB, receiver, load)) }
    } finally {
      await worker.stop()
    }
  } finally {
    receiver.close()
    await rm(data, { recursive: true, force: true })
  }
}

/** Starts it, and tells which processes are its own. */
async function start(
  data: string,
  secrets: Readonly<Record<string, string>>,
): Promise<{ worker: LocalWorker; pids: number[] }> {
  const before = new Set(await workerds())
  const worker = await startWorker({
    port: 0,
    data,
    vars: { ...secrets, ALLOW_LOCAL_TARGETS: 'true', DELIVERY_CONCURRENCY: '50' },
    onLog: () => undefined,
  })
  // Before the load: looked for later, the kill would come when the load has gone on for a while.
  return { worker, pids: (await workerds()).filter((pid) => !before.has(pid)) }
}

/** Those of this process: it has other children, too, such as the bundler. */
async function workerds(): Promise<number[]> {
  const found = (await descendants(process.pid)).map(async (pid) => {
    const command = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
    return command.startsWith('workerd') ? [pid] : []
  })
  return (await Promise.all(found)).flat()
}

async function subscribe(db: D1Database, keys: string, url: string): Promise<void> {
  const [keyId = '', key = ''] = keys.split(':')
  const ring = [{ id: keyId, bytes: Buffer.from(key, 'base64') }]
  const urls = Array.from({ length: ENDPOINTS }, (_, index) => `${url}/ep_${index}`)
  await subscribeAll(db, ring, urls)
}

/** Commits events without a pause, as polls do, as long as those before are being delivered. */
class Load {
  readonly #receiver: Counter
  #isStopped = false
  #made = 0
  /** Events whose commit was answered, and those whose was not. */
  readonly answered: string[] = []
  readonly unanswered: string[] = []

  constructor(receiver: Counter) {
    this.#receiver = receiver
  }

  stop(): void {
    this.#isStopped = true
    // Who waits for a request waits no more.
    this.#receiver.wake()
  }

  /** Settles when it was stopped, or its Worker is gone. */
  async produce(worker: LocalWorker): Promise<void> {
    const { DB, DELIVERY_QUEUE } = await worker.bindings<Env>()
    this.#isStopped = false
    while (!this.#isStopped) {
      if (this.#made * ENDPOINTS - this.#receiver.deliveries() > BACKLOG) await this.#receiver.next()
      else if (!(await this.#commit(DB, DELIVERY_QUEUE))) return
    }
  }

  async #commit(db: D1Database, queue: Env['DELIVERY_QUEUE']): Promise<boolean> {
    const events = Array.from({ length: EVENTS_A_COMMIT }, () => this.#event())
    const commit = { pollId: events[0]?.id ?? '', events, now: Date.now(), guard: { sql: '1', values: [] } }
    const { statements, outcomeOf } = eventStatements(db, commit)
    try {
      const { endpoints } = outcomeOf(await db.batch<Record<string, unknown>>(statements))
      this.answered.push(...events.map(({ id }) => id))
      // One that was killed meanwhile keeps no message.
      await wakeDeliveries(queue, endpoints).catch(() => undefined)
      return true
    } catch {
      this.unanswered.push(...events.map(({ id }) => id))
      return false
    }
  }

  #event(): NewEvent {
    this.#made += 1
    const { type, instance, data } = exampleOf('video.published')
    const number = this.#made
    return { id: `evt_${number}`, type, instance, subject: `${number}`, ownerId: null, seenAt: 0, data }
  }
}

/** A receiver that answers 200, and counts the requests of each delivery. */
type Counter = Awaited<ReturnType<typeof startCounter>>

async function startCounter() {
  const received = new Map<string, number>()
  let requests = 0
  let waiting: { until: number; resolve: () => void }[] = []
  const look = (isWoken: boolean) => {
    const ready = waiting.filter(({ until }) => requests >= until || (isWoken && until === 0))
    waiting = waiting.filter((one) => !ready.includes(one))
    for (const { resolve } of ready) resolve()
  }
  const server = createServer((request, response) => {
    const name = `${request.url?.slice(1)} ${request.headers['webhook-id']}`
    received.set(name, (received.get(name) ?? 0) + 1)
    requests += 1
    request.resume()
    response.writeHead(200).end()
    look(true)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const reached = (until: number) => new Promise<void>((resolve) => waiting.push({ until, resolve }))
  return {
    // A server that listens on TCP has an address of this kind.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    /** How many deliveries have come. */
    deliveries: () => received.size,
    /** How often a delivery came. */
    times: (endpoint: string, event: string) => received.get(`${endpoint} ${event}`) ?? 0,
    /** Settles when so many requests have come. */
    reached,
    /** Settles at the next request, or at `wake`. */
    next: () => new Promise<void>((resolve) => waiting.push({ until: 0, resolve })),
    wake: () => look(true),
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

type Row = { endpoint: string; event: string; state: string }

async function rows(db: D1Database): Promise<Row[]> {
  const { results } = await db
    .prepare(
      'SELECT d.endpoint_id AS endpoint, e.id AS event, d.state AS state FROM deliveries d JOIN events e ON e.sequence = d.event_sequence',
    )
    .all<Row>()
  return results
}

/** @returns 1 when something came that is owed still, 0 otherwise. */
async function unrecorded(db: D1Database, receiver: Counter): Promise<0 | 1> {
  const pending = (await rows(db)).filter(({ state }) => state === 'pending')
  return pending.some(({ endpoint, event }) => receiver.times(endpoint, event) > 0) ? 1 : 0
}

/** @throws when something is due for too long. */
async function nothingDue(db: D1Database): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  const due = db.prepare('SELECT count(*) AS count FROM deliveries WHERE due_at IS NOT NULL')
  for (;;) {
    const count = await due.first<number>('count')
    if (count === 0) return
    if (Date.now() > end) throw new Error(`${count} deliveries are still due`)
    await setTimeout(LOOK_EVERY_MS)
  }
}

async function report(db: D1Database, receiver: Counter, { answered, unanswered }: Load) {
  const deliveries = await rows(db)
  const cutOff = new Set(unanswered)
  const held = new Set(deliveries.map(({ event }) => event))
  const lost = deliveries.filter(({ endpoint, event }) => receiver.times(endpoint, event) === 0)
  return {
    owed: deliveries.length,
    lost: lost.length + answered.filter((event) => !held.has(event)).length * ENDPOINTS,
    duplicates: receiver.requests() - receiver.deliveries(),
    unfinished: deliveries.filter(({ state }) => state !== 'delivered').length,
    unacknowledged: [...held].filter((event) => cutOff.has(event)).length,
  }
}
