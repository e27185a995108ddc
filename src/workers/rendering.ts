/** @module What is posted of events, to whoever it is owed: an event that is owed to a hundred endpoints is rendered once. */
import { createHash } from 'node:crypto'
import type { Endpoint } from '../db/endpoints.ts'
import { type LoggedEvent, type PublicEvent, publicEvent } from '../events/envelope.ts'
import { type Format, type Message, render, renderBatch } from '../webhooks/formats.ts'
import type { Deps } from './deps.ts'
import type { HubContent } from './hub-contents.ts'
import type { Posting } from './post.ts'

/** A body, with the `webhook-id` that it has in every attempt. */
export type Rendered = { message: Posting; id: string }

/** Renders the events of one round. */
export class Rendering {
  readonly #events: ReadonlyMap<number, LoggedEvent>
  readonly #publicUrl: string
  readonly #clock: () => number
  readonly #parsed = new Map<number, PublicEvent>()
  readonly #rendered = new Map<string, Message>()
  readonly #contents: ReadonlyMap<string, HubContent>

  /**
   * @param events by their sequences.
   * @param contents what subscribers of the hub are sent, by the ids of their endpoints.
   */
  constructor(
    { config, clock }: Pick<Deps, 'config' | 'clock'>,
    events: ReadonlyMap<number, LoggedEvent>,
    contents: ReadonlyMap<string, HubContent> = new Map(),
  ) {
    this.#events = events
    this.#contents = contents
    this.#publicUrl = config.publicUrl ?? ''
    this.#clock = clock
  }

  event(sequence: number): LoggedEvent | undefined {
    return this.#events.get(sequence)
  }

  /** The sequence up to which a subscriber of the hub has all, once what is his was sent; null: he is none. */
  headOf(endpointId: string): number | null {
    return this.#contents.get(endpointId)?.head ?? null
  }

  /**
   * The body for these events; null when none of them is in the log any more.
   * @throws when an event can't be rendered for this endpoint.
   */
  of(endpoint: Endpoint, sequences: readonly number[]): Rendered | null {
    if (endpoint.kind === 'websub') {
      const content = this.#contents.get(endpoint.id)
      return content ? { message: content.message, id: '' } : null
    }
    const found = sequences.flatMap((sequence) => this.#parse(sequence) ?? [])
    const [first] = found
    if (!first) return null
    if (endpoint.batchSize === null) return { message: this.#one(endpoint, first), id: first.id }
    const id = batchId(found)
    const batch = { id, now: this.#clock() }
    return { message: renderBatch(formatOf(endpoint), found, batch, this.#options(endpoint)), id }
  }

  #one(endpoint: Endpoint, event: PublicEvent): Message {
    const format = formatOf(endpoint)
    // Of ntfy the URL is in the body.
    const name = [event.sequence, format, endpoint.payload, format === 'ntfy' ? endpoint.url : ''].join(' ')
    let message = this.#rendered.get(name)
    if (!message) {
      message = render(format, event, this.#options(endpoint))
      this.#rendered.set(name, message)
    }
    return message
  }

  #options({ payload, url }: Endpoint) {
    return { payload, url, eventUrl: (id: string) => `${this.#publicUrl}/api/v1/events/${id}` }
  }

  #parse(sequence: number): PublicEvent | undefined {
    let event = this.#parsed.get(sequence)
    const logged = this.#events.get(sequence)
    if (!event && logged) {
      event = publicEvent(logged)
      this.#parsed.set(sequence, event)
    }
    return event
  }
}

/** The format of an endpoint. The API lets no other in, so the column has no other. */
function formatOf({ format }: Pick<Endpoint, 'format'>): Format {
  return format as Format
}

/** The same events together have the same id, so that a receiver knows the body of a retry. */
function batchId(events: readonly PublicEvent[]): string {
  const ids = events.map(({ id }) => id).join()
  return `batch_${createHash('sha256').update(ids).digest('hex').slice(0, 32)}`
}
