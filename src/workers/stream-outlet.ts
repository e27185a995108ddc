/** @module Where a stream comes out: Server-Sent Events, a WebSocket, or somebody who waits for one event. */
import type { Ending, Frame } from './stream-frames.ts'

/** What may stand in front of a client who does not take it: 1 MB, or a thousand events. */
export const BUFFER = { bytes: 1_000_000, events: 1_000 }

/** What may stand in front of all clients of an object, bytes. All that it has is 128 MB. */
export const BUDGET = 32_000_000

/** Who takes nothing for so long while his buffer is full is dropped. */
export const STALLED_MS = 10_000

export interface Outlet {
  /** Whether more may be given. Once it is full it has room again when half of it was taken. */
  hasRoom: () => boolean
  /** Bytes that wait in front of the client, as far as that can be told. */
  waiting: () => number
  /** From now on so many bytes are a full buffer, where that is less than it is anyway. */
  narrow: (bytes: number) => void
  /** Gives an event. */
  send: (frame: Frame) => void
  /** Tells that all up to this sequence was looked at, whether or not there was something to send. */
  moveOn: (position: number) => void
  /** Called every few seconds: says something where nothing was said for long. @param now milliseconds since the epoch. */
  keepAlive: (now: number) => void
  /** Whether it is full, and nothing was taken for too long. @param now milliseconds since the epoch. */
  isStalled: (now: number) => boolean
  /** Says that this is the end, and ends. @param position where to resume. */
  end: (ending: Ending, position: number) => void
  /** Gives up what was not taken since the end. */
  abandon: () => void
}
