/**
 * @module The object where people listen to the event log: Server-Sent Events, WebSockets that sleep with it, and long polls. D1 is
 * the truth; a wake-up says that there is something new, and one that is lost costs the seconds to the next look:
 * docs/decisions/018.
 */
import { DurableObject } from 'cloudflare:workers'
import * as v from 'valibot'
import { digest } from '../tokens.ts'
import { describeError, logToConsole } from './log.ts'
import { Audience } from './stream-audience.ts'
import { StreamAsk, StreamClient } from './stream-client.ts'
import type { Ending } from './stream-frames.ts'
import { STALLED_MS } from './stream-outlet.ts'
import {
  LIMITS,
  type Limits,
  type Occupancy,
  occupancyOf,
  type Place,
  placeFor,
  ROOT,
  shardName,
} from './stream-shards.ts'
import { type Seat, SocketOutlet } from './stream-socket.ts'
import { SseOutlet } from './stream-sse.ts'
import { closeRevoked, lookAfter } from './stream-upkeep.ts'
import { type Awaited, Waiter } from './stream-waiter.ts'

/** Between two looks at rights, at who is silent, and at what a lost wake-up has left: each is to be done within 5 s. */
const LOOK_MS = 3_000

/** Of the storage of the root: how many objects there are. */
const SHARDS = 'shards'

/** The header by which the Worker says in whose name it asks, as JSON in percent-encoding. No request from outside gets here. */
export const ASK_HEADER = 'x-tubewire-ask'

/** Why an object does not take somebody in. */
export type Refusal = Exclude<Place['kind'], 'placed'>
const REFUSED: Readonly<Record<Refusal, number>> = { full: 503, 'too-many': 429 }

/** What came back instead of a stream; null of a stream. */
export function refusalOf({ status }: Response): Refusal | null {
  return status === REFUSED.full ? 'full' : status === REFUSED['too-many'] ? 'too-many' : null
}

export class StreamHub extends DurableObject<Env> {
  /** Lower in tests. */
  limits: Limits = LIMITS
  /** Milliseconds since the epoch; turned in tests. */
  clock: () => number = Date.now
  readonly audience: Audience
  readonly #sockets = new Map<WebSocket, Seat>()
  /** Who was told that this is the end, and may not have taken all of what was sent to him: he is counted still. */
  readonly #ending = new Map<StreamClient, { since: number }>()

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.audience = new Audience({ db: env.DB, log: logToConsole, leaving: () => this.#ending.keys() })
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
    for (const socket of state.getWebSockets()) {
      const seat = SocketOutlet.restored(socket, state.storage.kv, () => this.clock())
      if (!seat) continue
      this.#sockets.set(socket, seat)
      if (seat.isEnding) this.#ending.set(seat.client, { since: this.clock() })
      else this.audience.add(seat.client)
    }
  }

  /** Where one more stream of an account goes. Of the root. */
  async place(viewerId: string): Promise<Place> {
    const others = await Promise.allSettled(this.#others().map((hub) => hub.occupancy(viewerId)))
    const occupied = [this.occupancy(viewerId), ...others.map(occupancyOf)]
    const place = placeFor(viewerId, occupied, this.limits)
    if (place.kind === 'placed') this.enlist(place.shard)
    return place
  }

  /** How full this object is. */
  occupancy(viewerId: string): Occupancy {
    const clients = [...this.audience.clients, ...this.#ending.keys()]
    return {
      clients: clients.length,
      ofViewer: clients.filter((client) => client.viewerId === viewerId).length,
    }
  }

  /** Makes known that there are objects up to this one. Of the root. */
  enlist(shard: number): void {
    if (shard >= this.#shards) this.ctx.storage.kv.put(SHARDS, shard + 1)
  }

  /** Opens a stream: see `ASK_HEADER`. With `Upgrade` it is a WebSocket. */
  override async fetch(request: Request): Promise<Response> {
    const ask = v.parse(StreamAsk, JSON.parse(decodeURIComponent(request.headers.get(ASK_HEADER) ?? '')))
    const refusal = this.#refusal(ask.viewerId)
    if (refusal) return new Response(refusal, { status: REFUSED[refusal] })
    const response = request.headers.has('upgrade') ? this.#openSocket(ask) : this.#openEvents(ask)
    await this.#lookSoon()
    return response
  }

  /** Waits for an event after a sequence that fits. @returns a refusal when nobody can wait here. */
  async awaitEvent(ask: StreamAsk, milliseconds: number): Promise<Awaited | Refusal> {
    const refusal = this.#refusal(ask.viewerId)
    if (refusal) return refusal
    const waiter = new Waiter()
    const client = new StreamClient(ask, waiter)
    this.audience.add(client)
    await this.#lookSoon()
    const outcome = await waiter.wait(milliseconds)
    this.#leave(client)
    return outcome
  }

  /** There is something new. Of the root: it passes it on. Returns at once. */
  wake(): void {
    this.audience.wake()
    if (this.#shards > 1) this.ctx.waitUntil(this.#passOn())
  }

  /** The same from the root. @returns how many listen here. */
  wakeFromRoot(): number {
    this.audience.wake()
    return this.audience.clients.size + this.#ending.size
  }

  override async alarm(): Promise<void> {
    try {
      await closeRevoked(
        {
          db: this.env.DB,
          log: logToConsole,
          clock: this.clock,
          operatorDigest: () => digest(this.env.ADMIN_KEY),
        },
        this.audience.clients,
        this.#end,
      )
      const now = this.clock()
      lookAfter(this.audience.clients, now, this.#end)
      this.#abandon(now)
      this.audience.wake()
    } finally {
      await this.#lookSoon()
    }
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const seat = this.#sockets.get(socket)
    if (typeof message === 'string' && seat?.outlet.receive(message)) this.audience.wake()
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    this.#forget(socket)
    // Answers the client's close. Codes that are never sent (RFC 6455, 7.4.1) are not to be repeated.
    const isSendable = code === 1000 || (code >= 3000 && code <= 4999)
    if (isSendable) socket.close(code, reason)
    else socket.close()
  }

  override webSocketError(socket: WebSocket): void {
    this.#forget(socket)
  }

  #openEvents(ask: StreamAsk): Response {
    const gone: { client?: StreamClient } = {}
    const outlet = new SseOutlet(ask.after, () => this.clock(), {
      onRoom: () => this.audience.wake(),
      onGone: () => gone.client && this.#leave(gone.client),
    })
    gone.client = new StreamClient(ask, outlet)
    this.audience.add(gone.client)
    return new Response(outlet.stream, { headers: { 'content-type': 'text/event-stream' } })
  }

  #openSocket(ask: StreamAsk): Response {
    const { 0: theirs, 1: ours } = new WebSocketPair()
    this.ctx.acceptWebSocket(ours)
    const seat = SocketOutlet.open(ours, this.ctx.storage.kv, () => this.clock(), ask)
    this.#sockets.set(ours, seat)
    this.audience.add(seat.client)
    return new Response(null, { status: 101, webSocket: theirs })
  }

  #refusal(viewerId: string): Refusal | null {
    const { clients, ofViewer } = this.occupancy(viewerId)
    if (ofViewer >= this.limits.ofViewer) return 'too-many'
    return clients >= this.limits.clients ? 'full' : null
  }

  readonly #end = (client: StreamClient, ending: Ending): void => {
    // He left while it was looked whether he may stay.
    if (client.isGone) return
    this.audience.remove(client)
    client.outlet.end(ending, client.position)
    this.#ending.set(client, { since: this.clock() })
  }

  /** Gives up on those who have not taken their end. A socket is counted until it is closed. */
  #abandon(now: number): void {
    const sockets = new Set([...this.#sockets.values()].map(({ client }) => client))
    for (const [client, { since }] of this.#ending) {
      if (now - since < STALLED_MS || sockets.has(client)) continue
      client.outlet.abandon()
      this.#ending.delete(client)
    }
  }

  #leave(client: StreamClient): void {
    this.audience.remove(client)
    this.#ending.delete(client)
  }

  #forget(socket: WebSocket): void {
    const seat = this.#sockets.get(socket)
    if (!seat) return
    this.#sockets.delete(socket)
    this.#leave(seat.client)
    seat.outlet.forget()
  }

  /** As long as somebody is here there is a next look. */
  async #lookSoon(): Promise<void> {
    if (this.audience.clients.size + this.#ending.size === 0) return
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + LOOK_MS)
  }

  get #shards(): number {
    return this.ctx.storage.kv.get<number>(SHARDS) ?? 1
  }

  #others() {
    return Array.from({ length: this.#shards - 1 }, (_, index) =>
      this.env.STREAM_HUB.getByName(shardName(ROOT + 1 + index)),
    )
  }

  /** Wakes the other objects, and forgets the last ones when nobody is there any more. */
  async #passOn(): Promise<void> {
    const woken = await Promise.allSettled(this.#others().map((hub) => hub.wakeFromRoot()))
    for (const { reason } of woken.filter((one) => one.status === 'rejected'))
      logToConsole({ log: 'error', where: 'passing on that there are events', error: describeError(reason) })
    const last = woken.findLastIndex((one) => one.status === 'rejected' || one.value > 0)
    // The root, and those up to the last that is in use. One that somebody is on his way to makes itself known.
    if (last + 2 < this.#shards) this.ctx.storage.kv.put(SHARDS, last + 2)
  }
}
