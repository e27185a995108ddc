/** @module What an event is about, in so few words that anybody may carry them: the data of a thin event. */
import type { PublicEvent } from '../../events/envelope.ts'
import { at, textAt } from '../../events/read.ts'
import { cut, oneLine, webUrl } from '../../events/text.ts'

/** `id`: a video's UUID, an instance's host, or the id or number of another. */
export type Subject = { kind: string; id: string; url: string | null }

/** What data can be about. A comment's event has its video too, and a notification's its connection: the first one counts. */
const KINDS = ['comment', 'notification', 'video', 'endpoint', 'instance', 'connection'] as const
const IDS = ['uuid', 'id', 'host'] as const

/** Null when the data doesn't say, as of a type that is not known here. */
export function subjectOf({ data }: PublicEvent): Subject | null {
  for (const kind of KINDS) {
    const id = IDS.map((field) => oneLine(textAt(data, kind, field))).find((text) => text !== '')
    if (id !== undefined) return { kind, id: cut(id, 200), url: webUrl(at(data, kind, 'url')) }
  }
  return null
}

/** An event that only says what it is about, and where all of it is. */
export function thin(event: PublicEvent, eventUrl: (eventId: string) => string): PublicEvent {
  return { ...event, data: { url: eventUrl(event.id), subject: subjectOf(event) } }
}
