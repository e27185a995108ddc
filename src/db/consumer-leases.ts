/**
 * @module Reading with a consumer: what comes after its cursor is leased to who asks, and to nobody else until he has acknowledged it
 * or his time is over. So its workers take turns, and each event is done before those after it. See docs/decisions/019.
 */
import type { LoggedEvent } from '../events/envelope.ts'
import { type Consumer, consumerIn, consumerStatement } from './consumers.ts'
import { type MatchingPage, matchingEvents, SCAN } from './matching-events.ts'
import type { Terms } from './owners.ts'
import { isLetIn } from './user-row.ts'

/** How many pages of the log one read looks at: a filter that few events fit finds none in most of them. */
const MOST_PAGES = 10
/** How many events a batch has at most: as many are given again. */
const MOST_EVENTS = 100
/**
 * So far beyond the cursor a read must have looked in vain for the cursor to be moved: a write costs as much as a thousand rows
 * read. Until then they are looked at again.
 */
const MOVED_AFTER = 500

/** A lease that is asked for. */
export type NewLease = {
  id: string
  /** What its holder calls himself; null: he has no name, and is given nothing again. */
  worker: string | null
  /** Milliseconds since the epoch. */
  until: number
}

/** What a read came to. `more`: there may be more already.  */
export type Reading =
  | { kind: 'leased'; events: LoggedEvent[]; more: boolean }
  | { kind: 'nothing'; more: boolean }
  /** Somebody was quicker, or the consumer is no longer as it was read: look again. */
  | { kind: 'changed' }

/** Whether somebody has what comes after the cursor. */
export function isLeased({ leasedUntil }: Pick<Consumer, 'leasedUntil'>, now: number): boolean {
  return leasedUntil > now
}

/** Whether who calls himself so may read: nobody has what comes next, or he has. */
export function mayLease(consumer: Consumer, worker: string | null, now: number): boolean {
  return !isLeased(consumer, now) || (worker !== null && consumer.leaseWorker === worker)
}

/**
 * Leases the next batch. Who has the lease already, by his name, is given the rest of the same batch again, under a new lease.
 * Looking for it is a statement a page, and taking it another, of which of several at once one only finds what it asks for.
 * @param consumer as it was read; `mayLease` holds of it.
 * @param limit how many events at most; of a batch that is given again, as many as there are.
 */
export async function leaseNext(
  db: D1Database,
  consumer: Consumer,
  lease: NewLease,
  { limit, now, evenShutOut = false }: { limit: number; now: number } & Pick<Terms, 'evenShutOut'>,
): Promise<Reading> {
  if (consumer.newest <= consumer.position) return { kind: 'nothing', more: false }
  const isAgain = isLeased(consumer, now)
  const same = isAgain ? await lookAgain(db, consumer) : null
  // None of it fits where the filter was changed meanwhile.
  const found = same?.events.length ? same : await lookAfter(db, consumer, limit)
  const { events } = found
  const held = isAgain ? consumer.leaseId : null
  const last = events.at(-1)
  if (!last) {
    // What was stored before the row was read was looked at, whatever of it the index has passed over.
    const looked = found.isEnd ? Math.max(found.position, consumer.newest) : found.position
    if (looked - consumer.position >= MOVED_AFTER) await move(db, consumer, held, looked, now)
    return { kind: 'nothing', more: !found.isEnd }
  }
  const { meta } = await db
    .prepare(
      `UPDATE consumers SET lease_id = ?, lease_worker = ?, leased_until = ?, leased_sequence = ?
       WHERE ${IS_AS_READ} AND (? OR EXISTS (
         SELECT 1 FROM users u WHERE u.id = consumers.owner_id AND ${isLetIn('u')}))`,
    )
    .bind(
      lease.id,
      lease.worker,
      lease.until,
      last.sequence,
      ...asRead(consumer, held, now),
      Number(evenShutOut),
    )
    .run()
  if (!meta.changes) return { kind: 'changed' }
  return { kind: 'leased', events, more: !found.isEnd }
}

/**
 * Looks for the next events that fit, past those that don't: up to so many pages. The first is as long as a batch, for where most
 * events fit a longer one is read for little.
 */
async function lookAfter(db: D1Database, consumer: Consumer, limit: number): Promise<MatchingPage> {
  const { ownerId: viewerId, filter, position } = consumer
  const first = { ...SCAN, rows: limit }
  let page = await matchingEvents(db, { viewerId, filter, after: position }, limit, first)
  for (let pages = 1; page.events.length === 0 && !page.isEnd && pages < MOST_PAGES; pages += 1)
    page = await matchingEvents(db, { viewerId, filter, after: page.position }, limit)
  return page
}

/** Looks for what was leased, as far as it was not acknowledged. */
async function lookAgain(db: D1Database, consumer: Consumer): Promise<MatchingPage> {
  const { ownerId: viewerId, filter, position, leasedSequence } = consumer
  const events: LoggedEvent[] = []
  let after = position
  // The lease was found in so many pages, the first of them a short one.
  for (let pages = 0; pages <= MOST_PAGES; pages += 1) {
    const page = await matchingEvents(db, { viewerId, filter, after }, MOST_EVENTS - events.length)
    events.push(...page.events.filter(({ sequence }) => sequence <= leasedSequence))
    after = page.position
    if (page.isEnd && consumer.newest <= leasedSequence) return { events, position: after, isEnd: true }
    if (page.isEnd || after >= leasedSequence || events.length === MOST_EVENTS) break
  }
  return { events, position: after, isEnd: false }
}

/** That a consumer is where it was when it was read, wants what it wanted then, and nobody has taken the lease since. */
const IS_AS_READ = 'id = ? AND position = ? AND revision = ? AND (leased_until <= ? OR lease_id = ?)'

/** The values of `IS_AS_READ`. @param held the lease that is to be renewed; null: none. */
function asRead(
  { id, position, revision }: Consumer,
  held: string | null,
  now: number,
): [string, number, number, number, string | null] {
  return [id, position, revision, now, held]
}

/** Moves the cursor past what nobody wants, unless somebody else has moved it, or has leased what comes after it. */
async function move(
  db: D1Database,
  consumer: Consumer,
  held: string | null,
  to: number,
  now: number,
): Promise<void> {
  await db
    .prepare(`UPDATE consumers SET position = ? WHERE ${IS_AS_READ}`)
    .bind(to, ...asRead(consumer, held, now))
    .run()
}

/** What an acknowledgement came to. `lost`: the lease is somebody else's by now, or over; `never`: it was not handed out. */
export type Acknowledged =
  | { kind: 'done'; consumer: Consumer }
  | { kind: 'lost' | 'never'; consumer: Consumer }
  | { kind: 'missing' }

/**
 * Moves the cursor up to a sequence that was handed out; all of the lease acknowledged ends it. What is behind the cursor was
 * acknowledged before. A lease that is over counts until somebody takes the next one. One round trip.
 * @param leaseId whose word it is; null: whoever's.
 */
export async function acknowledge(
  db: D1Database,
  { ownerId, name }: Pick<Consumer, 'ownerId' | 'name'>,
  sequence: number,
  leaseId: string | null,
): Promise<Acknowledged> {
  const isLeft = 'leased_sequence > ?3'
  const [, found] = await db.batch([
    db
      .prepare(
        `UPDATE consumers SET position = ?3, lease_id = iif(${isLeft}, lease_id, NULL),
           lease_worker = iif(${isLeft}, lease_worker, NULL), leased_until = iif(${isLeft}, leased_until, 0),
           leased_sequence = iif(${isLeft}, leased_sequence, 0)
         WHERE owner_id = ?1 AND name = ?2 AND position < ?3 AND leased_sequence >= ?3
           AND lease_id = coalesce(?4, lease_id)`,
      )
      .bind(ownerId, name, sequence, leaseId),
    consumerStatement(db, ownerId, name),
  ])
  const consumer = consumerIn(found)
  if (!consumer) return { kind: 'missing' }
  if (consumer.position >= sequence) return { kind: 'done', consumer }
  return { kind: leaseId !== null && consumer.leaseId !== leaseId ? 'lost' : 'never', consumer }
}
