/** @module An event's id says what happened, so that seeing it again cannot make a second event. */
import { createHash } from 'node:crypto'
import type { EventType } from './types.ts'

/**
 * The id of an event: `evt_` and 32 hexadecimal digits, the start of SHA-256 over what happened.
 * It is also the `webhook-id` of every attempt to deliver it.
 *
 * @param fact `revision` tells the second time of the same thing from the first: of a video that was published again, when.
 * `ownerId`: whose a private event is; two users may be told of the same thing.
 * @example eventId({instance: 'peertube.example', type: 'video.published', subject: uuid, revision: publishedAt})
 */
export function eventId(fact: {
  instance: string
  type: EventType
  subject: string
  revision: string | number
  ownerId?: string | null
}): string {
  // JSON separates the parts beyond doubt: no part can spill into the next.
  const parts = [
    fact.instance,
    fact.type,
    fact.subject,
    fact.revision,
    ...(fact.ownerId ? [fact.ownerId] : []),
  ]
  return `evt_${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}`
}
