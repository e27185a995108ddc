/** @module What a read of our own API costs beside a bare Worker that runs the same statement and answers its rows. */
import { exampleEvent } from '../src/api/event-view.ts'
import { digest, newApiKey } from '../src/tokens.ts'
import { type Figure, median } from './figures.ts'
import { type Measured, numbers, startMeasured } from './harness.ts'
import { startAsking } from './requests.ts'

const EVENTS = 10_000
const ROUNDS = 7
const TARGET = 0.5

/** The figures of reads. */
export async function apiFigures(): Promise<Figure[]> {
  const measured = await startMeasured()
  const { perSecond, close } = startAsking(measured.url)
  try {
    const key = await seed(measured)
    const ours = () => perSecond('/api/v1/events?limit=100', { authorization: `Bearer ${key}` })
    const bare = () => perSecond('/bare-events')
    // Both once before, uncounted: connections, compilation.
    await bare()
    await ours()
    const rounds: { ours: number; bare: number }[] = []
    for (let round = 0; round < ROUNDS; round += 1) rounds.push({ bare: await bare(), ours: await ours() })
    const ratio = median(rounds.map((round) => round.ours / round.bare))
    return [
      {
        name: 'api.read.ratio',
        value: ratio,
        unit: 'of the bare Worker',
        target: `>= ${TARGET}`,
        pass: ratio >= TARGET,
      },
      {
        name: 'api.read.per_s',
        value: Math.round(median(rounds.map((round) => round.ours))),
        unit: 'requests/s',
        target: null,
        pass: true,
        baseline: Math.round(median(rounds.map((round) => round.bare))),
        ratio,
      },
    ]
  } finally {
    close()
    await measured.stop()
  }
}

async function seed({ db }: Measured): Promise<string> {
  const key = newApiKey()
  await db.batch([
    db
      .prepare(
        `${numbers(EVENTS)} INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data)
         SELECT 'evt_' || i, 'video.published', 'bench', i, i, 'poll', ? FROM n`,
      )
      .bind(JSON.stringify(exampleEvent.data)),
    db
      .prepare(
        `INSERT INTO api_keys (id, owner_id, name, hash, hint, scopes, created_at, updated_at)
         VALUES ('key_bench', 'usr_administrator', '', ?, '', '["events:read"]', 0, 0)`,
      )
      .bind(await digest(key)),
  ])
  return key
}
