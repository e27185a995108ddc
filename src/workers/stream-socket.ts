/**
 * @module A stream over a WebSocket that sleeps with its object (hibernation): what it needs to go on is attached to it.
 *
 * The platform takes what is sent to a WebSocket however much of it waits, and does not tell. So the client is asked, at times, to
 * send back a word that it has only when it has read so far (`check`): without an answer no more than a buffer's worth is sent.
 */
import * as v from 'valibot'
import { StreamAsk, StreamClient } from './stream-client.ts'
import { type Ending, type Frame, noteMessage } from './stream-frames.ts'
import { BUFFER, type Outlet, STALLED_MS } from './stream-outlet.ts'

/** A check is sent with this part of the buffer, so that whoever answers never has to wait for it. */
const CHECK_PART = 4
/** Events passed over that are not noted: after a sleep they are looked at again. Less than `NEAR` of the audience. */
const UNNOTED = 500

/** Close codes of our own (RFC 6455, 7.4.2). */
const CODES = { closed: 4401, dropped: 4408 } as const
/** "Service restart": its bearer comes again, and goes on. */
const RESTART = 1012

/** Longer filters are in the object's storage: an attachment has 2,048 bytes. */
const LONGEST_FILTER = 500
const FILTER = 'filter:'

const NOTHING = { bytes: 0, events: 0 }
const Amount = v.object({ bytes: v.number(), events: v.number() })

/** What is attached to a socket. */
const Attached = v.object({
  id: v.string(),
  ask: v.object({ ...StreamAsk.entries, filter: v.nullable(StreamAsk.entries.filter) }),
  /** What was sent and not confirmed: before the check that is under way, and since. */
  before: Amount,
  since: Amount,
  /** The word that is to come back. */
  check: v.nullable(v.string()),
  isEnding: v.boolean(),
})
type Attached = v.InferOutput<typeof Attached>

/** A client with its socket. `isEnding`: it was told that this is the end, and is not closed yet. */
export type Seat = { client: StreamClient; outlet: SocketOutlet; isEnding: boolean }

export class SocketOutlet implements Outlet {
  readonly #socket: WebSocket
  readonly #kv: SyncKvStorage
  readonly #clock: () => number
  #kept: Attached
  #isFull = false
  /** As many bytes as are a full buffer now. */
  #most = BUFFER.bytes
  #fullAt = 0
  #takenAt = 0

  private constructor(socket: WebSocket, kv: SyncKvStorage, clock: () => number, kept: Attached) {
    this.#socket = socket
    this.#kv = kv
    this.#clock = clock
    this.#kept = kept
  }

  /** A socket that was just accepted, and its client. */
  static open(socket: WebSocket, kv: SyncKvStorage, clock: () => number, ask: StreamAsk): Seat {
    const id = crypto.randomUUID()
    const filter = JSON.stringify(ask.filter)
    const isLong = filter.length > LONGEST_FILTER
    if (isLong) kv.put(FILTER + id, filter)
    const outlet = new SocketOutlet(socket, kv, clock, {
      id,
      ask: { ...ask, filter: isLong ? null : ask.filter },
      before: NOTHING,
      since: NOTHING,
      check: null,
      isEnding: false,
    })
    outlet.#note(ask.after)
    outlet.#write(noteMessage('ready', ask.after, null))
    return { client: new StreamClient(ask, outlet), outlet, isEnding: false }
  }

  /** The client of a socket that outlived the object's memory; null of one that can't go on, and was closed. */
  static restored(socket: WebSocket, kv: SyncKvStorage, clock: () => number): Seat | null {
    const attached = v.safeParse(Attached, socket.deserializeAttachment())
    if (attached.success) {
      const { id, ask, isEnding } = attached.output
      const filter = ask.filter ?? JSON.parse(kv.get<string>(FILTER + id) ?? 'null')
      const whole = v.safeParse(StreamAsk, { ...ask, filter })
      if (whole.success) {
        const outlet = new SocketOutlet(socket, kv, clock, attached.output)
        return { client: new StreamClient(whole.output, outlet), outlet, isEnding }
      }
    }
    // Another version of us has attached it.
    socket.close(RESTART, 'Come again, and go on after the last id')
    return null
  }

  hasRoom(): boolean {
    const { before, since } = this.#kept
    const bytes = (before.bytes + since.bytes) / this.#most
    const events = (before.events + since.events) / BUFFER.events
    const part = Math.max(bytes, events)
    if (this.#isFull) this.#isFull = part > 1 / 2
    else if (part >= 1) {
      this.#isFull = true
      this.#fullAt = this.#clock()
      // A buffer that was narrowed may be full before it was time to ask.
      this.#check(this.#kept.ask.after)
      this.#note(this.#kept.ask.after)
    }
    return !this.#isFull
  }

  waiting(): number {
    return this.#kept.before.bytes + this.#kept.since.bytes
  }

  narrow(bytes: number): void {
    this.#most = Math.min(bytes, BUFFER.bytes)
  }

  send({ message, messageBytes, event }: Frame): void {
    const { since } = this.#kept
    this.#write(message)
    this.#kept.since = { bytes: since.bytes + messageBytes, events: since.events + 1 }
    this.#check(event.sequence)
    this.#note(event.sequence)
  }

  moveOn(position: number): void {
    if (position - this.#kept.ask.after >= UNNOTED) this.#note(position)
  }

  /** A message of the client. @returns whether there is room now that there was not before. */
  receive(text: string): boolean {
    if (this.#kept.check === null || text !== this.#kept.check) return false
    const wasFull = !this.hasRoom()
    this.#takenAt = this.#clock()
    this.#kept = { ...this.#kept, before: NOTHING, check: null }
    this.#check(this.#kept.ask.after)
    this.#note(this.#kept.ask.after)
    return wasFull && this.hasRoom()
  }

  keepAlive(): void {
    // A client that wants to know whether we are there sends `ping`, which the platform answers without waking anybody.
  }

  isStalled(now: number): boolean {
    return !this.hasRoom() && now - Math.max(this.#fullAt, this.#takenAt) >= STALLED_MS
  }

  end(ending: Ending, position: number): void {
    this.#kept.isEnding = true
    this.#note(position)
    this.#write(noteMessage(ending.kind, position, { reason: ending.reason }))
    this.#attempt(() => this.#socket.close(CODES[ending.kind], ending.reason))
  }

  abandon(): void {
    // The platform has no way to cut a socket off: it is counted until it is closed.
  }

  /** The socket is gone, and what was kept of it. */
  forget(): void {
    this.#kv.delete(FILTER + this.#kept.id)
  }

  #check(position: number): void {
    const { since, check } = this.#kept
    const isDue = since.bytes >= this.#most / CHECK_PART || since.events >= BUFFER.events / CHECK_PART
    if (check !== null || !isDue) return
    const word = crypto.randomUUID()
    this.#write(noteMessage('check', position, word))
    this.#kept = { ...this.#kept, before: since, since: NOTHING, check: word }
  }

  /** Attaches what has to outlive the object's memory. */
  #note(position: number): void {
    this.#kept.ask.after = position
    this.#attempt(() => this.#socket.serializeAttachment(this.#kept))
  }

  #write(message: string): void {
    this.#attempt(() => this.#socket.send(message))
  }

  /** One that is closed takes nothing, and says so by an exception: the object is told of its end otherwise. */
  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
}
