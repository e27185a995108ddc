/** @module What a payload format is: how one event, or several, are written for a target. */
import type { PublicEvent } from '../../events/envelope.ts'

/** What is posted. `headers` lower case, with content-type; `url` only where it is another one than the endpoint's (ntfy). */
export type Message = { headers: Record<string, string>; body: string; url?: string }

export type RenderOptions = {
  /** `thin`: only what happened, and where to ask for more. */
  payload: 'full' | 'thin'
  /** The endpoint's URL. */
  url: string
  /** Where the whole event is: absolute when this Tubewire knows its own address, else a path. */
  eventUrl: (eventId: string) => string
}

/** `id` is the batch's own; `now` is milliseconds since the epoch. */
export type Batch = { id: string; now: number }

/** A format. */
export type Writer = {
  one: (event: PublicEvent, options: RenderOptions) => Message
  /** Several events (1 to 100) as one body. Left out: the target takes one at a time. */
  several?: (events: readonly PublicEvent[], batch: Batch, options: RenderOptions) => Message
  /** A sentence of our own, for people. Left out: no people read it. */
  greet?: (text: string, options: RenderOptions) => Message
  /** Why an endpoint's URL can't be used, or null. Left out: any can. */
  problem?: (url: string) => string | null
}

/** A message of JSON. */
export function json(value: unknown, contentType = 'application/json'): Message {
  return { headers: { 'content-type': contentType }, body: JSON.stringify(value) }
}
