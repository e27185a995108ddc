/**
 * @module CloudEvents 1.0.2 in the structured mode of HTTP, and in batches.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md (3.2, 3.3)
 */
import type { PublicEvent } from '../../events/envelope.ts'
import { fitEvent, MAX_BYTES } from './fit.ts'
import { json, type RenderOptions, type Writer } from './format.ts'
import { subjectOf, thin } from './subject.ts'

/** "SHOULD be prefixed with a reverse-DNS name": whoever defines what the types mean. */
const TYPE_PREFIX = 'org.tubewire.'
/** Where the sender does not know its own address: a source may be relative. */
const UNKNOWN_SOURCE = '/tubewire'
/** The `instance` of what happened to Tubewire itself, such as a webhook that was disabled. */
const OURSELVES = 'tubewire'
/** As many as the largest whole number of JavaScript has: "a lexicographically-orderable string". */
const SEQUENCE_DIGITS = 16
/** What the attributes take in JSON beyond what the event itself has: the host is in them three times. */
const ATTRIBUTES_BYTES = 1_200

/** The attributes of the context, those that an event lacks left out, and the data. */
export type CloudEvent = { attributes: Record<string, string | boolean>; data: unknown }

/** The event in the terms of CloudEvents; as JSON of at most 20 KB. */
export function cloudEvent(event: PublicEvent, { payload, eventUrl }: RenderOptions): CloudEvent {
  const { data, truncated, url } =
    payload === 'thin'
      ? { ...thin(event, eventUrl), truncated: undefined, url: undefined }
      : { truncated: undefined, url: undefined, ...fitEvent(event, MAX_BYTES - ATTRIBUTES_BYTES, eventUrl) }
  const subject = subjectOf(event)
  return {
    attributes: {
      specversion: '1.0',
      id: event.id,
      source: sourceOf(event, eventUrl),
      type: `${TYPE_PREFIX}${event.type}`,
      ...(subject === null ? {} : { subject: subject.id }),
      time: event.timestamp,
      datacontenttype: 'application/json',
      // The Sequence extension.
      sequence: String(event.sequence).padStart(SEQUENCE_DIGITS, '0'),
      tubewireinstance: event.instance,
      // Not `dataref`: that is where the data alone is.
      ...(truncated && url ? { tubewiretruncated: true, tubewireurl: url } : {}),
    },
    data,
  }
}

export const cloudevents: Writer = {
  one: (event, options) => json(flat(event, options), 'application/cloudevents+json; charset=utf-8'),
  several: (events, _batch, options) =>
    json(
      events.map((event) => flat(event, options)),
      'application/cloudevents-batch+json; charset=utf-8',
    ),
}

function flat(event: PublicEvent, options: RenderOptions) {
  const { attributes, data } = cloudEvent(event, options)
  return { ...attributes, data }
}

/** `source` and `id` together are one event's alone: the instance, or this Tubewire for what happened here. */
function sourceOf({ id, instance }: PublicEvent, eventUrl: (eventId: string) => string): string {
  const url = URL.parse(instance === OURSELVES ? eventUrl(id) : `https://${instance}`)
  return url?.origin ?? UNKNOWN_SOURCE
}
