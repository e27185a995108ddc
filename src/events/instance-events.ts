/** @module What happens to the watching of an instance itself. Pure. */
import { eventId } from './event-id.ts'
import type { InstanceReference, NewEvent } from './types.ts'

const iso = (time: number) => new Date(time).toISOString()

/** @param since when the first of the failures was; like `now`, milliseconds since the epoch. */
export function instanceUnreachable(
  instance: InstanceReference,
  failure: { reason: string; detail: string; since: number },
  now: number,
): NewEvent {
  const { reason, detail, since } = failure
  return {
    ...head('instance.unreachable', instance, iso(since), now),
    data: { instance, reason, detail, since: iso(since) },
  }
}

/** @param since when it began to fail. */
export function instanceRecovered(instance: InstanceReference, since: number, now: number): NewEvent {
  return { ...head('instance.recovered', instance, iso(since), now), data: { instance, since: iso(since) } }
}

/** @param instance as it is now. @param from the version before. */
export function instanceUpgraded(instance: InstanceReference, from: string, now: number): NewEvent {
  const { version: to } = instance
  return { ...head('instance.upgraded', instance, `${from}>${to}@${now}`, now), data: { instance, from, to } }
}

function head<TType extends NewEvent['type']>(
  type: TType,
  { host }: InstanceReference,
  revision: string,
  now: number,
) {
  const id = eventId({ instance: host, type, subject: host, revision })
  return { id, type, instance: host, subject: host, ownerId: null, seenAt: now }
}
