/**
 * @module An event as everybody outside sees it: the body of a webhook and the row of the API. It is Standard Webhooks'
 * `{type, timestamp, data}`, and what lets a receiver recognise an event and put several in order.
 */

/** An event as the log holds it. `data` is JSON text; `seenAt` is milliseconds since the epoch. */
export type LoggedEvent = {
  sequence: number
  id: string
  type: string
  instance: string
  seenAt: number
  data: string
}

export type PublicEvent = {
  id: string
  type: string
  /** When Tubewire saw it, ISO 8601 UTC. */
  timestamp: string
  /** Grows with every event of this Tubewire; never used twice. */
  sequence: number
  instance: string
  data: unknown
}

/** The event as it is shown. @throws SyntaxError when `data` is not JSON: only our own code writes it. */
export function publicEvent(event: LoggedEvent): PublicEvent {
  return {
    id: event.id,
    type: event.type,
    timestamp: new Date(event.seenAt).toISOString(),
    sequence: event.sequence,
    instance: event.instance,
    data: JSON.parse(event.data),
  }
}

/**
 * `JSON.stringify(publicEvent(event))`, without reading `data`: what makes a long list of events cheap.
 * `data` is taken as it is, which is as `JSON.stringify` made it: only our own code writes it.
 */
export function eventJson(event: LoggedEvent): string {
  const head = JSON.stringify({
    id: event.id,
    type: event.type,
    timestamp: new Date(event.seenAt).toISOString(),
    sequence: event.sequence,
    instance: event.instance,
  })
  return `${head.slice(0, -1)},"data":${event.data}}`
}
