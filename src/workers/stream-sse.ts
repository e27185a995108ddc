/** @module A stream of Server-Sent Events to one client. */
import { type Ending, endingBytes, type Frame, openingBytes, SILENCE } from './stream-frames.ts'
import { BUFFER, type Outlet, STALLED_MS } from './stream-outlet.ts'

/** With the few seconds from one look to the next, a comment comes after 15 s of silence at the latest. */
const SILENCE_MS = 11_000

/** Who was full has room again when so much of the buffer was taken: then the platform asks for more. */
const MARK = BUFFER.bytes / 2

/** What becomes of the stream. */
type Events = {
  /** There is room again after there was none. */
  onRoom: () => void
  /** The stream is over: it was taken to its end, or its client has gone, which shows when something is written to him. */
  onGone: () => void
}

export class SseOutlet implements Outlet {
  readonly stream: ReadableStream<Uint8Array>
  readonly #clock: () => number
  readonly #onGone: () => void
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #isFull = false
  /** As many bytes as are a full buffer now. */
  #most = BUFFER.bytes
  /** Of one that is full: when it became so or something was taken of it, and how much waited then. */
  #movedAt = 0
  #waiting = 0
  /** Whether somebody was told that there is no room, who is to be told when there is. */
  #hasRefused = false
  #isEnding = false
  #saidAt: number

  /** @param position where it begins. @param clock milliseconds since the epoch. */
  constructor(position: number, clock: () => number, { onRoom, onGone }: Events) {
    this.#clock = clock
    this.#onGone = onGone
    this.#saidAt = clock()
    // Each event counts as what its share of the buffer is at least: so it is full of bytes, or of events.
    const size = (chunk: Uint8Array) => Math.max(chunk.byteLength, BUFFER.bytes / BUFFER.events)
    this.stream = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller
          controller.enqueue(openingBytes(position))
        },
        // What sends it takes all that waits at once, and comes here when that has left.
        pull: () => {
          if (this.#isEnding && this.#amountWaiting === 0) this.#close()
          if (!this.#hasRefused) return
          this.#hasRefused = false
          onRoom()
        },
        cancel: () => {
          this.#controller = undefined
          onGone()
        },
      },
      { highWaterMark: MARK, size },
    )
  }

  hasRoom(): boolean {
    const waiting = this.#amountWaiting
    if (this.#isFull) {
      if (waiting < this.#waiting) this.#movedAt = this.#clock()
      this.#waiting = waiting
      this.#isFull = waiting >= this.#most / 2
    } else if (waiting >= this.#most) {
      this.#isFull = true
      this.#waiting = waiting
      this.#movedAt = this.#clock()
    }
    this.#hasRefused ||= this.#isFull
    return !this.#isFull
  }

  waiting(): number {
    return this.#controller ? this.#amountWaiting : 0
  }

  narrow(bytes: number): void {
    this.#most = Math.min(bytes, BUFFER.bytes)
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
    return !this.hasRoom() && now - this.#movedAt >= STALLED_MS
  }

  end(ending: Ending, position: number): void {
    this.#write(endingBytes(ending, position))
    // Closed it could not be given up any more, in workerd: so that comes when all was taken.
    this.#isEnding = true
  }

  abandon(): void {
    this.#attempt((controller) => controller.error(new Error('nothing was taken of it')))
  }

  #close(): void {
    this.#attempt((controller) => controller.close())
    this.#controller = undefined
    this.#onGone()
  }

  get #amountWaiting(): number {
    // One that its client has left is as good as full.
    return MARK - (this.#controller?.desiredSize ?? MARK - BUFFER.bytes)
  }

  #write(bytes: Uint8Array): void {
    this.#saidAt = this.#clock()
    this.#attempt((controller) => controller.enqueue(bytes))
  }

  /** One that is closed takes nothing, and says so by an exception. */
  #attempt(work: (controller: ReadableStreamDefaultController<Uint8Array>) => void): void {
    try {
      if (this.#controller) work(this.#controller)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
}
