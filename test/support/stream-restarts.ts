/**
 * @module A Tubewire that is restarted again and again while events are stored, and real clients that listen to it all the time: what
 * each of them had in the end.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { EventSource } from 'eventsource'
import { WebSocket } from 'ws'
import { exampleOf } from '../../src/events/catalogue.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'
import { newSecrets } from '../../src/local/dev-vars.ts'
import { follow } from '../../src/local/follow.ts'
import { type LocalWorker, startWorker } from '../../src/local/worker.ts'
import { digest, newApiKey } from '../../src/tokens.ts'

const UP_MS = 2_000
const COMMIT_EVERY_MS = 150
const EVENTS_A_COMMIT = 20
/** How long a client of its own making waits before it comes again. */
const RETRY_MS = 200
const PATIENCE_MS = 60_000

export type Restarts = {
  restarts: number
  /** The sequences that each client had, in the order in which they came. */
  had: number[][]
  /** The sequences that there are. */
  stored: number[]
}

/** Starts Tubewire on a port that it has each time. */
export async function startOn(
  port: number,
  data: string,
  secrets: { ADMIN_KEY: string },
): Promise<LocalWorker> {
  return startWorker({
    port,
    data,
    vars: {
      ...secrets,
      ALLOW_LOCAL_TARGETS: 'true',
      RATE_LIMIT_API: '900000/10',
      CALLER_ADDRESS_HEADER: 'none',
    },
    onLog: () => undefined,
  })
}

/** A port that is free. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has an address of this kind.
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** @param clients of each kind. */
export async function restartOften(events: number, clients: number): Promise<Restarts> {
  const data = await mkdtemp(join(tmpdir(), 'tubewire-stream-'))
  const secrets = newSecrets()
  const port = await freePort()
  let worker = await startOn(port, data, secrets)
  const keys = await seedAccounts(worker, KINDS.length)
  const listeners = KINDS.flatMap((listenBy, kind) =>
    Array.from({ length: clients }, (_, index) => listenBy(port, keys[kind] ?? '', `c${index}`)),
  )
  try {
    let restarts = 0
    let made = 0
    while (made < events) {
      made = await produce(worker, made, events)
      if (made === events) break
      await worker.stop()
      worker = await startOn(port, data, secrets)
      restarts += 1
    }
    const stored = await sequencesOf(worker)
    const until = Date.now() + PATIENCE_MS
    while (listeners.some(({ had }) => had.length < stored.length) && Date.now() < until)
      await setTimeout(100)
    return { restarts, stored, had: listeners.map(({ had }) => had) }
  } finally {
    for (const { leave } of listeners) leave()
    await worker.stop()
    await rm(data, { recursive: true, force: true })
  }
}

async function sequencesOf(worker: LocalWorker): Promise<number[]> {
  const { DB } = await worker.bindings<Env>()
  const { results } = await DB.prepare('SELECT sequence FROM events ORDER BY sequence').all<{
    sequence: number
  }>()
  return results.map(({ sequence }) => sequence)
}

/** Commits events for as long as a life lasts. @returns how many there are then. */
async function produce(worker: LocalWorker, from: number, to: number): Promise<number> {
  const { DB, STREAM_HUB } = await worker.bindings<Env>()
  const until = Date.now() + UP_MS
  let made = from
  while (made < to && Date.now() < until) {
    const next = Math.min(to, made + EVENTS_A_COMMIT)
    const rows = Array.from({ length: next - made }, (_, index) => {
      const type = EVENT_TYPES[(made + index) % EVENT_TYPES.length] ?? 'video.published'
      return { id: `evt_${made + index}`, type, data: JSON.stringify(exampleOf(type).data) }
    })
    await DB.prepare(
      `INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data)
       SELECT value ->> 'id', value ->> 'type', 'a.example', 's', ?, 'poll', value ->> 'data' FROM json_each(?)`,
    )
      .bind(Date.now(), JSON.stringify(rows))
      .run()
    made = next
    // Of some the wake-up is lost.
    if (made % 3 > 0) await STREAM_HUB.getByName('stream:0').wake()
    await setTimeout(COMMIT_EVERY_MS)
  }
  return made
}

/** An account for each kind of clients, of which each may have fifty streams. @returns a key of each. */
async function seedAccounts(worker: LocalWorker, count: number): Promise<string[]> {
  const { DB } = await worker.bindings<Env>()
  const keys = Array.from({ length: count }, newApiKey)
  const rows = await Promise.all(keys.map(async (key, index) => ({ id: index, hash: await digest(key) })))
  await DB.batch([
    DB.prepare(
      `INSERT INTO users (id, username, role, created_at)
       SELECT 'usr_' || (value ->> 'id'), 'u' || (value ->> 'id'), 2, 0 FROM json_each(?)`,
    ).bind(JSON.stringify(rows)),
    DB.prepare(
      `INSERT INTO api_keys (id, owner_id, name, hash, hint, scopes, created_at, updated_at)
       SELECT 'key_' || (value ->> 'id'), 'usr_' || (value ->> 'id'), '', value ->> 'hash', '',
         '["events:read", "consumers:write"]', 0, 0 FROM json_each(?)`,
    ).bind(JSON.stringify(rows)),
  ])
  return keys
}

type Listener = { had: number[]; leave: () => void }
/** @param name of its own. */
type ListenBy = (port: number, key: string, name: string) => Listener

/** A browser's way, by a client that somebody else wrote: it comes again by itself, with the last id. */
function listenToEvents(port: number, key: string): Listener {
  const had: number[] = []
  let isOver = false
  let source: EventSource
  const open = (after: number) => {
    source = new EventSource(`http://127.0.0.1:${port}/api/v1/stream?after=${after}`, {
      fetch: (input, init) =>
        fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } }),
    })
    for (const type of EVENT_TYPES)
      source.addEventListener(type, ({ lastEventId }) => had.push(Number(lastEventId)))
    source.addEventListener('error', () => {
      // What is no stream, as when it is just stopping, a browser does not ask again.
      if (source.readyState === source.CLOSED && !isOver)
        void setTimeout(RETRY_MS).then(() => isOver || open(had.at(-1) ?? 0))
    })
  }
  open(0)
  return {
    had,
    leave() {
      isOver = true
      source.close()
    },
  }
}

function listenToSocket(port: number, key: string): Listener {
  const had: number[] = []
  let isOver = false
  let socket: WebSocket
  const open = () => {
    socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/stream?after=${had.at(-1) ?? 0}`, {
      headers: { authorization: `Bearer ${key}` },
    })
    socket.on('message', (text) => {
      const { id, type, data }: { id: string; type: string; data: string } = JSON.parse(String(text))
      if (type === 'check') socket.send(data)
      else if (type.includes('.')) had.push(Number(id))
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (!isOver) void setTimeout(RETRY_MS).then(() => isOver || open())
    })
  }
  open()
  return {
    had,
    leave() {
      isOver = true
      socket.terminate()
    },
  }
}

/** As `npm run listen` and `npm run tail` do. */
function followEvents(port: number, key: string): Listener {
  const had: number[] = []
  let isOver = false
  const deps = {
    fetch,
    clock: Date.now,
    wait: () => setTimeout(RETRY_MS),
    say: () => undefined,
    silentMs: 60_000,
  }
  const service = { url: new URL(`http://127.0.0.1:${port}`), key }
  void (async () => {
    for await (const { sequence } of follow(service, { query: new URLSearchParams(), after: 0 }, deps)) {
      if (isOver) return
      had.push(sequence)
    }
  })()
  return { had, leave: () => (isOver = true) }
}

/** Asks again and again, and whatever goes wrong once more. @param step is given what it had so far. */
function again(step: (had: number[]) => Promise<void>): Listener {
  const had: number[] = []
  let isOver = false
  void (async () => {
    while (!isOver) await step(had).catch(() => setTimeout(RETRY_MS))
  })()
  return { had, leave: () => (isOver = true) }
}

async function askJson(url: string, key: string, body?: unknown): Promise<Page> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(10_000) })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  // What the API answers here.
  return response.json() as Promise<Page>
}
type Page = { data: { sequence: number }[]; sequence: number; lease: string | null }

function pollLong(port: number, key: string): Listener {
  return again(async (had) => {
    const page = await askJson(`http://127.0.0.1:${port}/api/v1/events?after=${had.at(-1) ?? 0}&wait=5`, key)
    had.push(...page.data.map(({ sequence }) => sequence))
  })
}

/** What it had it knows only by what it was given: where it is the service knows. */
function consume(port: number, key: string, name: string): Listener {
  const url = `http://127.0.0.1:${port}/api/v1/consumers`
  let isMade = false
  return again(async (had) => {
    if (!isMade) await askJson(url, key, { name, from: 'beginning' })
    isMade = true
    const { data, sequence, lease } = await askJson(`${url}/${name}/events?worker=w&wait=5`, key)
    // As who stores what he did together with its sequence: what comes again is known.
    had.push(...data.map((one) => one.sequence).filter((one) => one > (had.at(-1) ?? 0)))
    await askJson(`${url}/${name}/ack`, key, { sequence, lease })
  })
}

/** Each way to be told events that resumes. */
const KINDS: readonly ListenBy[] = [listenToEvents, listenToSocket, followEvents, pollLong, consume]
/** How many ways there are. */
export const WAYS = KINDS.length
