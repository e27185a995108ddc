/** @module What a page of the event log reads, at a million events: the dearest of those that can be asked for. */
import type { EventFilter } from '../src/db/events.ts'
import { atMost, type Figure } from './figures.ts'
import { type Measured, numbers, startMeasured } from './harness.ts'

const EVENTS = 1_000_000
const STEP = 100_000
const VIEWER = 'usr_administrator'
const OTHERS = 6
/** One event in so many milliseconds: a million in four months. */
const EVERY_MS = 10_000
/** Among these sequences all events are private ones of others. */
const [WALL_FROM, WALL_TO] = [400_000, 600_000]
/** As the API asks: a hundred, and one to know whether there are more. */
const LIMIT = 101

/** A log of public events, the viewer's, and those of others, of four types and fifty instances. */
async function seed(db: D1Database): Promise<void> {
  await db
    .prepare(
      `${numbers(OTHERS)} INSERT INTO users (id, username, role, created_at) SELECT 'usr_' || i, 'user' || i, 2, 0 FROM n`,
    )
    .run()
  for (let from = 1; from <= EVENTS; from += STEP) {
    await db
      .prepare(
        `${numbers(STEP)}, e (s) AS (SELECT CAST(?1 AS INTEGER) + i FROM n)
         INSERT INTO events (sequence, id, type, instance, subject, owner_id, seen_at, poll_id, data)
         SELECT s, 'evt_' || s, CASE s % 4 WHEN 0 THEN 'comment.created' WHEN 1 THEN 'notification.created'
             WHEN 2 THEN 'video.published' ELSE 'video.updated' END,
           'host' || (s / 4 % 50), s,
           CASE WHEN s BETWEEN ${WALL_FROM} AND ${WALL_TO} THEN 'usr_' || (s % ${OTHERS})
             WHEN s % 4 = 1 THEN iif(s / 4 % 3 = 0, '${VIEWER}', 'usr_' || (s / 4 % ${OTHERS})) END,
           s * ${EVERY_MS}, 'poll', '{}' FROM e`,
      )
      .bind(from)
      .run()
  }
}

const FILTERS: Omit<EventFilter, 'viewerId' | 'after'>[] = [
  {},
  { type: 'video.published' },
  { type: 'video.*' },
  { type: 'notification.created' },
  { instance: 'host7' },
  { instance: 'host7', type: 'video.*' },
  { instance: 'host7', type: 'notification.created' },
  { before: EVENTS },
  { since: 300_000 * EVERY_MS },
  { since: 650_000 * EVERY_MS, until: 990_000 * EVERY_MS },
  { instance: 'host7', type: 'video.published', since: 250_000 * EVERY_MS, until: 999_000 * EVERY_MS },
]
const AFTER = [0, 250_000, WALL_FROM, 850_000]

/** Rows read for each event of a page. */
async function ratio({ call }: Measured, filter: EventFilter): Promise<number> {
  const { events, rowsRead } = JSON.parse(await call('/list', { filter, limit: LIMIT }))
  if (events !== LIMIT) throw new Error(`${JSON.stringify(filter)} gave ${events} events, not ${LIMIT}`)
  return rowsRead / events
}

/** The figure of the list of events. */
export async function rowsFigures(): Promise<Figure[]> {
  const measured = await startMeasured()
  try {
    await seed(measured.db)
    let worst = 0
    for (const filter of FILTERS) {
      for (const after of AFTER)
        worst = Math.max(worst, await ratio(measured, { ...filter, viewerId: VIEWER, after }))
    }
    return [atMost('api.page.rows_read', worst, 3, 'rows a row')]
  } finally {
    await measured.stop()
  }
}
