/** @module The format of Standard Webhooks: the event as the API shows it. https://www.standardwebhooks.com */
import type { PublicEvent } from '../../events/envelope.ts'
import { type FittedEvent, fitEvent, MAX_BYTES } from './fit.ts'
import { json, type RenderOptions, type Writer } from './format.ts'
import { thin } from './subject.ts'

/** A batch is an event itself, whose data are events: each of at most 20 KB. */
export const standard: Writer = {
  one: (event, options) => json(bodyOf(event, options)),
  several: (events, { id, now }, options) =>
    json({
      id,
      type: 'batch',
      timestamp: new Date(now).toISOString(),
      data: events.map((event) => bodyOf(event, options)),
    }),
}

function bodyOf(event: PublicEvent, { payload, eventUrl }: RenderOptions): FittedEvent {
  return payload === 'thin' ? thin(event, eventUrl) : fitEvent(event, MAX_BYTES, eventUrl)
}
