/** @module Those who listen to streams, in tests inside workerd. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { StreamHub } from '../../src/workers/stream-hub.ts'
import { LIMITS, shardName } from '../../src/workers/stream-shards.ts'
import { KEY, send } from './call.ts'
import { type LogRow, logRow } from './events.ts'

/** What came over a stream: an event, or what is said besides. */
type Told = { id: string | null; type: string | null; data: string; comment: boolean }

export const hubOf = (shard = 0) => env.STREAM_HUB.getByName(shardName(shard))

/** Does something with the object itself. */
export function inHub<TResult>(
  work: (hub: StreamHub) => TResult | Promise<TResult>,
  shard = 0,
): Promise<TResult> {
  return runInDurableObject(hubOf(shard), work)
}

/** Looks for what is new, as after a commit, and sends it. */
export async function wake(shard = 0): Promise<void> {
  await hubOf().wake()
  await inHub((hub) => hub.audience.settled(), shard)
}

/** The look of every few seconds, now. */
export async function look(shard = 0): Promise<void> {
  await inHub((hub) => hub.alarm(), shard)
  await inHub((hub) => hub.audience.settled(), shard)
}

const START = Date.now()

/** From now on the clock of the object stands still. @param ms after a beginning that is always the same. */
export async function stopClock(ms: number): Promise<void> {
  await inHub((hub) => {
    hub.clock = () => START + ms
  })
}

/** Nobody listens any more, and the clock is right again. */
export async function forgetListeners(shards = 4): Promise<void> {
  for (let shard = 0; shard < shards; shard += 1) {
    await inHub(async (hub) => {
      for (const client of [...hub.audience.clients]) {
        hub.audience.remove(client)
        client.outlet.end({ kind: 'closed', reason: 'the test is over' }, client.position)
        client.outlet.abandon()
      }
      // Those who have not taken their end are given up.
      hub.clock = () => Date.now() + 3_600_000
      await hub.alarm()
      hub.clock = Date.now
      hub.limits = LIMITS
    }, shard)
    await runDurableObjectAlarm(hubOf(shard))
  }
}

/** Stores events as a commit does, but tells nobody. */
export async function store(rows: readonly (Partial<LogRow> & { sequence: number })[]): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO events (sequence, id, type, instance, subject, owner_id, seen_at, poll_id, data)
     SELECT value ->> 'sequence', 'evt_' || (value ->> 'sequence'), value ->> 'type', value ->> 'instance', 's',
       value ->> 'ownerId', value ->> 'seenAt', 'poll', value ->> 'data' FROM json_each(?)`,
  )
    .bind(JSON.stringify(rows.map(logRow)))
    .run()
}

/** Events with these sequences. */
export const numbered = (from: number, to: number, like: Partial<LogRow> = {}) =>
  Array.from({ length: to - from + 1 }, (_, index) => logRow({ ...like, sequence: from + index }))

/** Opens a stream of Server-Sent Events. @param query with its question mark. */
export async function listen(
  query = '',
  headers: Record<string, string> = { authorization: `Bearer ${KEY}` },
) {
  return eventsOf(await send('GET', `/api/v1/stream${query}`, headers))
}

export type Listener = Awaited<ReturnType<typeof listen>>

/** Reads a stream of Server-Sent Events. */
export async function eventsOf(response: Response) {
  if (response.status !== 200 || !response.body)
    throw new Error(`${response.status} ${await response.text()}`)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  const told: Told[] = []
  let rest = ''
  /** @returns false at the end. */
  const read = async () => {
    const { value, done } = await reader.read()
    if (done) return false
    const frames = (rest + value).split('\n\n')
    rest = frames.pop() ?? ''
    told.push(...frames.map(parse))
    return true
  }
  /** The sequences of the events that came so far. */
  const sequences = () => told.flatMap(({ id, type }) => (type?.includes('.') ? [Number(id)] : []))
  return {
    response,
    told,
    sequences,
    /** Reads until something has come. */
    async until(isThere: () => boolean) {
      while (!isThere())
        if (!(await read())) throw new Error(`the stream ended: ${JSON.stringify(told.at(-1))}`)
    },
    /** Reads until this event has come. @returns the sequences of all that came. */
    async upTo(sequence: number) {
      while (!sequences().includes(sequence))
        if (!(await read()))
          throw new Error(`the stream ended before ${sequence}: ${JSON.stringify(told.at(-1))}`)
      return sequences()
    },
    /** Reads to the end. @returns what was said last. */
    async toEnd() {
      while (await read());
      return told.at(-1)
    },
    leave: () => reader.cancel().catch(() => undefined),
  }
}

function parse(frame: string): Told {
  const field = (name: string) =>
    frame
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2)
  return {
    id: field('id') ?? null,
    type: field('event') ?? null,
    data: field('data') ?? '',
    comment: frame.startsWith(':'),
  }
}

type Message = { id: string; type: string; data: Record<string, unknown> & string }

/** Opens a stream over a WebSocket. @param isAnswering whether it answers checks. */
export async function connect(query = '', isAnswering = true, token: string = KEY) {
  const headers = { authorization: `Bearer ${token}`, upgrade: 'websocket' }
  const { status, webSocket: socket } = await send('GET', `/api/v1/stream${query}`, headers)
  if (status !== 101 || !socket) throw new Error(String(status))
  const messages: Message[] = []
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  let look = () => {}
  socket.addEventListener('message', ({ data }) => {
    const text = String(data)
    if (text === 'pong') return
    const message: Message = JSON.parse(text)
    messages.push(message)
    if (message.type === 'check' && isAnswering) socket.send(message.data)
    look()
  })
  socket.addEventListener('close', ({ code, reason }) => closed.resolve({ code, reason }))
  socket.accept()
  const sequences = () => messages.flatMap(({ id, type }) => (type.includes('.') ? [Number(id)] : []))
  return {
    socket,
    messages,
    sequences,
    closed: closed.promise,
    /** Waits until something has come. */
    until: (isThere: () => boolean) =>
      new Promise<void>((resolve) => {
        look = () => isThere() && resolve()
        look()
      }),
    /** Waits until this event has come. @returns the sequences of all that came. */
    async upTo(sequence: number) {
      await this.until(() => sequences().includes(sequence))
      return sequences()
    },
  }
}
