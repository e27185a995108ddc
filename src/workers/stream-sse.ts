/** @module A stream of Server-Sent Events to one client. */
import { type Ending, endingBytes, type Frame, openingBytes, SILENCE } from './stream-frames.ts'
import { BUFFER, type Outlet, STALLED_MS } from './stream-outlet.ts'

/** With the few seconds from one look to the next, a comment comes after 15 s of silence at the latest. */
const SILENCE_MS = 11_000

/** What becomes of the stream. */
type Events = {
  /** There is room again after there was none. */
  onRoom: () => void
  /** The client has gone. The platform notices when something is written, a comment at the latest. */
  onGone: () => void
}

export class SseOutlet implements Outlet {
  readonly stream: ReadableStream<Uint8Array>
  readonly #clock: () => number
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #isFull = false
  /** When it became full, and when something was taken of it. */
  #fullAt = 0
  #takenAt = 0
  #saidAt: number

  /** @param position where it begins. @param clock milliseconds since the epoch. */
  constructor(position: number, clock: () => number, { onRoom, onGone }: Events) {
    this.#clock = clock
    this.#saidAt = clock()
    // Each event counts as what its share of the buffer is at least: so it is full of bytes, or of events.
    const size = (chunk: Uint8Array) => Math.max(chunk.byteLength, BUFFER.bytes / BUFFER.events)
    this.stream = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller
          controller.enqueue(openingBytes(position))
        },
        pull: () => {
          this.#takenAt = clock()
          if (this.#isFull && this.hasRoom()) onRoom()
        },
        cancel: onGone,
      },
      { highWaterMark: BUFFER.bytes, size },
    )
  }

  hasRoom(): boolean {
    const room = this.#controller?.desiredSize ?? 0
    if (this.#isFull) this.#isFull = room < BUFFER.bytes / 2
    else if (room <= 0) {
      this.#isFull = true
      this.#fullAt = this.#clock()
    }
    return !this.#isFull
  }

  send({ bytes }: Frame): void {
    this.#write(bytes)
  }

  moveOn(): void {
    // It remembers nothing: who comes again says where he was.
  }

  keepAlive(now: number): void {
    if (now - this.#saidAt >= SILENCE_MS && this.hasRoom()) this.#write(SILENCE)
  }

  isStalled(now: number): boolean {
    return !this.hasRoom() && now - Math.max(this.#fullAt, this.#takenAt) >= STALLED_MS
  }

  end(ending: Ending, position: number): void {
    this.#write(endingBytes(ending, position))
    this.#attempt((controller) => controller.close())
  }

  abandon(): void {
    // Of one that was read to its end it does nothing.
    this.#attempt((controller) => controller.error(new Error('nothing was taken of it')))
  }

  #write(bytes: Uint8Array): void {
    this.#saidAt = this.#clock()
    this.#attempt((controller) => controller.enqueue(bytes))
  }

  /** One that the client has closed takes nothing and says so by an exception: `onGone` tells it. */
  #attempt(work: (controller: ReadableStreamDefaultController<Uint8Array>) => void): void {
    try {
      if (this.#controller) work(this.#controller)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
}
