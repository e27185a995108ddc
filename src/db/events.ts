/** @module Reading the event log. A poll writes it: see polls.ts. */
import { and, asc, eq, gt, isNull, or } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { LoggedEvent } from '../events/envelope.ts'
import { events } from './schema.ts'

/** A page of the events that a user may see, in the order of their sequence. @param after the last sequence of the page before. */
export async function listEvents(
  db: D1Database,
  userId: string,
  after: number,
  limit: number,
): Promise<LoggedEvent[]> {
  return drizzle(db)
    .select({
      sequence: events.sequence,
      id: events.id,
      type: events.type,
      instance: events.instance,
      seenAt: events.seenAt,
      data: events.data,
    })
    .from(events)
    .where(and(gt(events.sequence, after), or(isNull(events.ownerId), eq(events.ownerId, userId))))
    .orderBy(asc(events.sequence))
    .limit(limit)
}
