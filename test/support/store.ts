/** @module Events as a poll stores them, with all that they cause. */
import { env } from 'cloudflare:workers'
import { eventStatements, type StoredEvent } from '../../src/db/fan-out.ts'
import { newId } from '../../src/db/id.ts'
import type { NewEvent } from '../../src/events/types.ts'

/** What a test tells of an event; `data` as JSON text, or as it is. */
type Told = Pick<NewEvent, 'id' | 'instance' | 'subject' | 'ownerId' | 'seenAt'> & {
  type: string
  data: unknown
}

/** Stores events in one commit. @returns them, and the endpoints that are owed something. */
export async function store(
  events: readonly (Omit<Told, 'subject'> & { subject?: string | undefined })[],
  db: D1Database = env.DB,
): Promise<{ events: StoredEvent[]; endpoints: string[] }> {
  const whole = events.map(({ id, type, instance, subject = 's', ownerId, seenAt, data }) => ({
    id,
    type,
    instance,
    subject,
    ownerId,
    seenAt,
    data: typeof data === 'string' ? (JSON.parse(data) as unknown) : data,
  }))
  const { statements, outcomeOf } = eventStatements(db, {
    pollId: newId('poll'),
    // As the log has them: of any type, with any payload.
    events: whole as unknown as NewEvent[],
    now: 5,
    guard: { sql: '1', values: [] },
  })
  return outcomeOf(await db.batch(statements))
}
