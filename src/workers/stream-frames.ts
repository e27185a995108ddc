/**
 * @module What goes over a stream, as bytes of Server-Sent Events (HTML standard, 9.2) and as messages of a WebSocket. An event is
 * written once, however many listen.
 */
import { Buffer } from 'node:buffer'
import { eventJson, type LoggedEvent } from '../events/envelope.ts'

const encoder = new TextEncoder()

/** How a stream comes to its end from our side. */
export type Ending = {
  /** `closed`: who listens may not any more. `dropped`: he took nothing for too long. */
  kind: 'closed' | 'dropped'
  reason: string
}

/** An event on its way to many. */
export class Frame {
  readonly event: LoggedEvent
  #bytes: Uint8Array | undefined
  #message: string | undefined
  #messageBytes: number | undefined

  constructor(event: LoggedEvent) {
    this.event = event
  }

  /** As Server-Sent Events have it. The JSON is one line: `JSON.stringify` made it. */
  get bytes(): Uint8Array {
    const { sequence, type } = this.event
    this.#bytes ??= encoder.encode(`id: ${sequence}\nevent: ${type}\ndata: ${eventJson(this.event)}\n\n`)
    return this.#bytes
  }

  /** As a WebSocket has it. */
  get message(): string {
    const { sequence, type } = this.event
    this.#message ??= `{"id":"${sequence}","type":${JSON.stringify(type)},"data":${eventJson(this.event)}}`
    return this.#message
  }

  get messageBytes(): number {
    const bytes = this.#messageBytes ?? Buffer.byteLength(this.message)
    this.#messageBytes = bytes
    return bytes
  }
}

/** How long a browser waits before it comes again, milliseconds. */
const RETRY_MS = 2_000

/**
 * The beginning of a stream of events. The id without data is kept by whoever listens (9.2.6), so that one who lost the connection
 * before anything happened goes on from here, too.
 */
export const openingBytes = (position: number): Uint8Array =>
  encoder.encode(`retry: ${RETRY_MS}\nid: ${position}\n\n`)

/** A comment: keeps what is between us from taking the silence for the end. */
export const SILENCE: Uint8Array = encoder.encode(':\n\n')

export const endingBytes = (ending: Ending, position: number): Uint8Array =>
  encoder.encode(
    `id: ${position}\nevent: ${ending.kind}\ndata: ${JSON.stringify({ reason: ending.reason })}\n\n`,
  )

/** A message of a WebSocket that is no event. @param position as the id: where to resume. */
export const noteMessage = (
  type: 'ready' | 'check' | Ending['kind'],
  position: number,
  data: unknown,
): string => JSON.stringify({ id: String(position), type, data })
