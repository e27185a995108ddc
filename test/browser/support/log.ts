/** @module Events put straight into the log: those that a simulated instance doesn't make at once, and more than it would. */
import { CATALOGUE, exampleOf } from '../../../src/events/catalogue.ts'
import { EVENT_TYPES } from '../../../src/events/types.ts'

const INSERT = 'INSERT INTO events (id, type, instance, subject, owner_id, seen_at, poll_id, data)'

/** The first administrator, as migrations name him. */
const ADMINISTRATOR = 'usr_administrator'

/**
 * An event of every type: the examples of the catalogue, with their ids. Private ones are the administrator's.
 * @param origin of an instance that has their pictures.
 */
export async function addExamples(db: D1Database, origin: string): Promise<void> {
  const rows = EVENT_TYPES.map((type) => {
    const { id, instance, timestamp, data } = exampleOf(type)
    const ownerId = CATALOGUE[type].from === 'public' ? null : ADMINISTRATOR
    return { id, type, instance, ownerId, seenAt: Date.parse(timestamp), data: fromHere(data, origin) }
  })
  await db
    .prepare(
      `${INSERT} SELECT value ->> 'id', value ->> 'type', value ->> 'instance', value ->> 'id', value ->> 'ownerId',
         value ->> 'seenAt', 'poll', value ->> 'data' FROM json_each(?)`,
    )
    .bind(JSON.stringify(rows))
    .run()
}

const fromHere = (data: unknown, origin: string) =>
  JSON.stringify(data).replaceAll('https://peertube.example/lazy-static/', `${origin}/lazy-static/`)

/**
 * So many videos, of twenty instances, called `NAME 1` and so on; the last is the newest.
 * @param origin of an instance that has their pictures.
 */
export async function addVideos(db: D1Database, origin: string, name: string, count: number): Promise<void> {
  const { data } = exampleOf('video.published')
  await db
    .prepare(
      `${INSERT} WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
       SELECT 'evt_' || lower(hex(?2)) || '_' || n, 'video.published', 'instance-' || (n % 20) || '.example', ?2 || n, NULL, ?3 + n,
         'poll', json_set(?4, '$.video.name', ?2 || ' ' || n) FROM number`,
    )
    .bind(count, name, Date.now() - count, fromHere(data, origin))
    .run()
}
