/** @module How fast deliveries go out, beside a loop that does nothing but POST. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { encryptSecret } from '../src/secrets.ts'
import { newSecret } from '../src/webhooks/signature.ts'
import { type Figure, median } from './figures.ts'
import { type Measured, startMeasured } from './harness.ts'

const ENDPOINTS = 10
const EVENTS = 500
const DELIVERIES = ENDPOINTS * EVENTS
const ROUNDS = 5
const TARGET = 0.4
const OWNER = 'usr_administrator'
/** About as long as a real event. */
const DATA = JSON.stringify({
  video: { name: 'x'.repeat(60), description: 'y'.repeat(250), url: 'z'.repeat(700) },
})

async function seed({ db, encryptionKeys }: Measured, url: string): Promise<string[]> {
  const endpoints = await Promise.all(
    Array.from({ length: ENDPOINTS }, async (_, index) => {
      const id = `ep_${index}`
      return { id, secret: await encryptSecret(encryptionKeys, newSecret(), id) }
    }),
  )
  await db.batch([
    db
      .prepare(
        `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at) SELECT value ->> 'id', '${OWNER}', ?, '', value ->> 'secret', 0 FROM json_each(?)`,
      )
      .bind(url, JSON.stringify(endpoints)),
    db
      .prepare(
        `INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data)
         SELECT 'evt_' || key, 'video.published', 'bench', key, 0, 'poll', ? FROM json_each(?)`,
      )
      .bind(DATA, JSON.stringify(Array.from({ length: EVENTS }, () => 0))),
  ])
  return endpoints.map(({ id }) => id)
}

/** Seconds from the wake-up until every delivery is stored as delivered. */
async function deliverAll({ db, call }: Measured, endpoints: readonly string[]): Promise<number> {
  await db.batch([
    db.prepare('DELETE FROM attempts'),
    db.prepare('DELETE FROM deliveries'),
    db.prepare(
      `INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
       SELECT p.id, e.sequence, '${OWNER}', 'pending', 0, 0 FROM events e CROSS JOIN endpoints p`,
    ),
  ])
  const startedAt = performance.now()
  await call('/wake', endpoints)
  for (;;) {
    const left = await db.prepare('SELECT 1 FROM deliveries WHERE due_at IS NOT NULL LIMIT 1').first()
    if (left === null) break
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const seconds = (performance.now() - startedAt) / 1000
  const stored = await db
    .prepare(
      `SELECT count(*) AS count FROM deliveries d JOIN attempts a USING (endpoint_id, event_sequence) WHERE d.state = 'delivered' AND a.status = 200`,
    )
    .first<number>('count')
  if (stored !== DELIVERIES)
    throw new Error(`only ${stored} of ${DELIVERIES} deliveries are stored as delivered`)
  return seconds
}

/** All figures of deliveries: as on this machine, and with the concurrency of a deployment. */
export async function deliverFigures(): Promise<Figure[]> {
  return [...(await compare('deliver', 50, TARGET)), ...(await compare('deliver.five', 5, null))]
}

async function compare(name: string, concurrency: number, target: number | null): Promise<Figure[]> {
  const measured = await startMeasured({ DELIVERY_CONCURRENCY: String(concurrency) })
  const receiver = fork(join(import.meta.dirname, 'receiver.ts'))
  try {
    // What bench/receiver.ts sends first.
    const [{ url }] = (await once(receiver, 'message')) as [{ url: string }]
    const endpoints = await seed(measured, url)
    const body = JSON.stringify({ id: 'evt', type: 'video.published', data: JSON.parse(DATA) })
    const bare = async () =>
      Number(await measured.call('/bare', { url, count: DELIVERIES, lanes: concurrency, body })) / 1000
    // Both once before, uncounted: connections, compilation.
    await bare()
    await deliverAll(measured, endpoints)
    const ours: number[] = []
    const theirs: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      theirs.push(DELIVERIES / (await bare()))
      ours.push(DELIVERIES / (await deliverAll(measured, endpoints)))
    }
    const ratios = ours.map((value, index) => value / (theirs[index] ?? Number.NaN))
    const ratio = median(ratios)
    return [
      {
        name: `${name}.ratio`,
        value: ratio,
        unit: 'of the bare loop',
        target: target === null ? null : `>= ${target}`,
        pass: target === null || ratio >= target,
      },
      {
        name: `${name}.per_s`,
        value: Math.round(median(ours)),
        unit: 'deliveries/s',
        target: null,
        pass: true,
        baseline: Math.round(median(theirs)),
        ratio,
      },
    ]
  } finally {
    receiver.kill()
    await measured.stop()
  }
}
