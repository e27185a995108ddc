/** @module What happens to endpoints and their deliveries: told to their owner alone, at his other endpoints. Pure. */
import { eventId } from './event-id.ts'
import type { EndpointReference, EventType, NewEvent } from './types.ts'

/** The `instance` of what happened here, and on none. */
export const TUBEWIRE = 'tubewire'

/** An endpoint, and whose it is. */
export type Owned = EndpointReference & { ownerId: string }

const iso = (time: number) => new Date(time).toISOString()

/** @param since when it began to fail; like `now`, milliseconds since the epoch. */
export function endpointDisabled(
  endpoint: Owned,
  why: { reason: string; detail: string; since: number },
  now: number,
): NewEvent {
  const { reason, detail, since } = why
  return {
    ...head('endpoint.disabled', endpoint, iso(since), now),
    data: { endpoint: shown(endpoint), reason, detail, since: iso(since) },
  }
}

/** @param since when it began to fail. */
export function endpointRecovered(endpoint: Owned, since: number, now: number): NewEvent {
  return {
    ...head('endpoint.recovered', endpoint, iso(since), now),
    data: { endpoint: shown(endpoint), since: iso(since) },
  }
}

/** @param failed the event that was not delivered. @param attempts how many were made in all. */
export function deliveryFailed(
  endpoint: Owned,
  failed: { event: { id: string; type: string; sequence: number }; attempts: number; detail: string },
  now: number,
): NewEvent {
  const { event, attempts, detail } = failed
  return {
    ...head('delivery.failed', endpoint, `${event.id} ${attempts}`, now),
    data: { endpoint: shown(endpoint), event, attempts, detail },
  }
}

function shown({ id, url, description }: Owned): EndpointReference {
  return { id, url: new URL(url).origin, description }
}

function head<TType extends EventType>(
  type: TType,
  { id: subject, ownerId }: Owned,
  revision: string,
  now: number,
) {
  const id = eventId({ instance: TUBEWIRE, type, subject, revision, ownerId })
  return { id, type, instance: TUBEWIRE, subject, ownerId, seenAt: now }
}
