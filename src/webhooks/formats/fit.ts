/** @module An event in no more bytes than a webhook should have: Standard Webhooks advises 20 KB ("Payload size"). */
import type { PublicEvent } from '../../events/envelope.ts'
import { cutHtml } from '../../events/html.ts'
import { bytes, cut, largest } from '../../events/text.ts'
import { thin } from './subject.ts'

/** Of JSON in UTF-8. */
export const MAX_BYTES = 20_000

/** When texts of this length are still too many, there is nothing left worth telling. UTF-16 units. */
const SHORTEST = 100
const MAX_URL_LENGTH = 2_000

/** `truncated`: something is left out of `data`; all of it is at `url`. */
export type FittedEvent = PublicEvent & { truncated?: true; url?: string }

/**
 * The event whose JSON has at most `maxBytes`. One that fits is left as it is. Otherwise the longest texts are cut, all to the
 * same length; when that doesn't do, its data is what a thin event has. URLs are never cut: half of one leads astray.
 * @param maxBytes enough for the event without data and for two URLs: a few KB.
 */
export function fitEvent(
  event: PublicEvent,
  maxBytes: number,
  eventUrl: (eventId: string) => string,
): FittedEvent {
  const fits = (some: PublicEvent) => bytes(JSON.stringify(some)) <= maxBytes
  if (fits(event)) return event
  const { data, ...head } = event
  const marked = (less: unknown): FittedEvent => ({
    ...head,
    truncated: true,
    url: eventUrl(event.id),
    data: less,
  })
  const cutTo = (length: number) => marked(shortened(data, length, ''))
  const length = largest(SHORTEST, maxBytes, (some) => fits(cutTo(some)))
  return length === null ? marked(thin(event, eventUrl).data) : cutTo(length)
}

/** A copy in which no text is longer. @param key what the value is called. */
function shortened(value: unknown, length: number, key: string): unknown {
  if (typeof value === 'string') {
    if (value.length <= length || isUrl(value)) return value
    return key === 'html' ? cutHtml(value, length) : cut(value, length)
  }
  if (Array.isArray(value)) return value.map((item) => shortened(item, length, key))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, inner]) => [name, shortened(inner, length, name)])
  return Object.fromEntries(entries)
}

function isUrl(text: string): boolean {
  return text.length <= MAX_URL_LENGTH && /^https?:\/\/\S+$/i.test(text)
}
