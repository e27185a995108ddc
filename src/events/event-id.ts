/** @module An event's id says what happened, so that seeing it again cannot make a second event. */
import { createHash } from 'node:crypto'
import type { EventType } from './types.ts'

/**
 * The id of an event: `evt_` and 32 hexadecimal digits, the start of SHA-256 over what happened.
 * It is also the `webhook-id` of every attempt to deliver it.
 *
 * @param fact `revision` tells the second time of the same thing from the first (a video published again).
 * @example eventId({instance: 'peertube.example', type: 'video.published', subject: uuid, revision: 1})
 */
export function eventId(fact: {
  instance: string
  type: EventType
  subject: string
  revision: number
}): string {
  // JSON separates the parts beyond doubt: no part can spill into the next.
  const text = JSON.stringify([fact.instance, fact.type, fact.subject, fact.revision])
  return `evt_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
}
