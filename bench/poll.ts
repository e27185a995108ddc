/** @module What a poll costs: requests to the instance, round trips to D1, rows read and written. */
import { setTimeout } from 'node:timers/promises'
import { startInstance } from '../test/simulator/instance.ts'
import type { Cost } from '../test/support/count-costs.ts'
import { atMost, type Figure } from './figures.ts'
import { type Measured, numbers, startMeasured } from './harness.ts'

const OWNER = 'usr_administrator'

/** Watches an instance all of whose videos are known. @returns its id. */
async function watchKnown(
  db: D1Database,
  origin: string,
  uuids: readonly string[],
  name: string,
): Promise<string> {
  const checkpoint = JSON.stringify({ baseline: true, newest: Date.now(), walk: null })
  await db.batch([
    db
      .prepare(
        `INSERT INTO instances (id, owner_id, origin, host, name, version, created_at) VALUES (?, '${OWNER}', ?, ?, 'Bench', '6.3.0', 0)`,
      )
      .bind(name, origin, new URL(origin).host),
    db
      .prepare(
        `INSERT INTO sources (id, instance_id, kind, due_at, checkpoint, created_at) VALUES (?, ?, 'videos', 0, ?, 0)`,
      )
      .bind(`src_${name}`, name, checkpoint),
  ])
  for (let start = 0; start < uuids.length; start += 10_000) {
    await db
      .prepare(
        'INSERT INTO videos (source_id, uuid, published_at, seen_at) SELECT ?, value, 0, 0 FROM json_each(?)',
      )
      .bind(`src_${name}`, JSON.stringify(uuids.slice(start, start + 10_000)))
      .run()
  }
  return name
}

async function poll({ db, call }: Measured, id: string): Promise<Cost> {
  await db.prepare('UPDATE sources SET due_at = 0 WHERE instance_id = ?').bind(id).run()
  return JSON.parse(await call(`/poll?instance=${id}`))
}

/** The dearer of two idle polls: one that the instance answers 304, and one where only views have changed. */
async function idle(measured: Measured, videos: number, suffix: string): Promise<Figure[]> {
  const instance = await startInstance({ videos })
  const uuids = instance.list()
  const id = await watchKnown(measured.db, instance.origin, uuids, `ins_${videos}`)
  await poll(measured, id)
  const before = instance.requests().length
  const notModified = await poll(measured, id)
  const middle = instance.requests().length
  instance.view(uuids[0] ?? '')
  const viewed = await poll(measured, id)
  const after = instance.requests().length
  const statuses = instance
    .requests()
    .slice(before)
    .map(({ status }) => status)
  if (statuses.join() !== '304,200')
    throw new Error(`the idle polls were answered ${statuses}, not 304 and 200`)
  await instance.close()
  const dearer = (key: keyof Cost) => Math.max(notModified[key], viewed[key])
  return [
    atMost(`poll.idle.requests${suffix}`, Math.max(middle - before, after - middle), 1, 'requests'),
    atMost(`poll.idle.rows_read${suffix}`, dearer('rowsRead'), 250, 'rows'),
    atMost(`poll.idle.rows_written${suffix}`, dearer('rowsWritten'), 2, 'rows'),
    atMost(`poll.idle.round_trips${suffix}`, dearer('roundTrips'), 2, 'round trips'),
  ]
}

const REFILL_MS = 2_000

async function page(measured: Measured): Promise<Figure[]> {
  const { db } = measured
  const instance = await startInstance({ videos: 100 })
  const id = await watchKnown(db, instance.origin, instance.list(), 'ins_page')
  await db.batch([
    db.prepare(
      `${numbers(10)} INSERT INTO endpoints (id, owner_id, url, description, secret, created_at) SELECT 'ep_' || i, '${OWNER}', 'http://127.0.0.1:1', '', 's', 0 FROM n`,
    ),
    db.prepare(
      `INSERT INTO subscriptions (id, owner_id, endpoint_id, created_at) SELECT 'sub_' || id, owner_id, id, 0 FROM endpoints`,
    ),
    db.prepare(`INSERT INTO subscription_keys SELECT '*', '', '', id FROM subscriptions`),
  ])
  await poll(measured, id)
  // What that took of our share comes back: the next poll takes nearly all of it.
  await setTimeout(REFILL_MS)
  instance.publishMany(100)
  const first = instance.requests().length
  const cost = await poll(measured, id)
  const requests = instance.requests().length - first
  await instance.close()
  const stored = await db
    .prepare(
      'SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM deliveries) AS deliveries',
    )
    .first()
  if (JSON.stringify(stored) !== '{"events":100,"deliveries":1000}')
    throw new Error(`stored ${JSON.stringify(stored)}`)
  // The page of unknown videos, of which ten are asked for by themselves, is followed by one that shows that there is no
  // further one: it costs a look-up and a commit.
  if (requests !== 12) throw new Error(`the poll made ${requests} requests, not 12`)
  return [
    atMost('poll.page.round_trips', cost.roundTrips - 2, 3, 'round trips'),
    { name: 'poll.page.rows_written', value: cost.rowsWritten, unit: 'rows', target: null, pass: true },
  ]
}

/** All figures of polls. */
export async function pollFigures(): Promise<Figure[]> {
  const measured = await startMeasured()
  try {
    return [
      ...(await idle(measured, 10_000, '')),
      ...(await idle(measured, 100_000, '.100k')),
      ...(await page(measured)),
    ]
  } finally {
    await measured.stop()
  }
}
