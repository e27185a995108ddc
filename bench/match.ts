/** @module How long it takes to find who wants an event, of 100,000 subscriptions: of all kinds, and of the dearest. */
import { exampleOf } from '../src/events/catalogue.ts'
import type { NewEvent } from '../src/events/types.ts'
import { atMost, type Figure, median } from './figures.ts'
import { type Measured, numbers, startMeasured } from './harness.ts'
import type { MatchTimes, MatchWork } from './match-worker.ts'

const SUBSCRIPTIONS = 100_000
const ENDPOINTS = 20_000
const OWNERS = 1_000
const RUNS = 51
/** Of what takes longer, and is only to be known. */
const WORST_RUNS = 5
const TARGET_MS = 100

/** Subscriptions alike: `i` counts them. `value` and columns are SQL; lists are put between separators. */
type Group = {
  share: number
  type: string
  kind: string
  value: string
  columns: Readonly<Record<string, string>>
}

const list = (...values: string[]) =>
  ['char(31)', ...values.flatMap((value) => [value, 'char(31)'])].join(' || ')
const HOST = "'peertube.example'"

/** What people ask for, as far as one can guess: most name something, and one in twenty nothing that is rare. */
const MIXED: Group[] = [
  {
    share: 0.4,
    type: '*',
    kind: 'channel',
    value: "'channel' || (i % 20000) || '@peertube.example'",
    columns: { nsfw: '0' },
  },
  {
    share: 0.1,
    type: 'video.*',
    kind: 'account',
    value: "'account' || (i % 5000) || '@peertube.example'",
    columns: { min_duration: '60' },
  },
  { share: 0.05, type: 'comment.*', kind: 'video', value: "'video' || i", columns: {} },
  {
    share: 0.15,
    type: 'video.*',
    kind: 'tag',
    value: "iif(i % 300, 'tag' || (i % 5000), 'alpha')",
    columns: { nsfw: '0' },
  },
  {
    share: 0.15,
    type: 'video.published',
    kind: 'instance',
    value: `iif(i % 300, 'host' || (i % 500), ${HOST})`,
    columns: { languages: list("'en'", "'fr'") },
  },
  {
    share: 0.1,
    type: 'notification.*',
    kind: 'notification',
    value: "'newcommentonmyvideo'",
    columns: { nsfw: 'NULL' },
  },
  {
    share: 0.05,
    type: 'video.*',
    kind: '',
    value: "''",
    columns: {
      text: "iif(i % 3, 'word' || i, NULL)",
      categories: list("iif(i % 100, 'x' || (i % 15), '15')"),
      local_only: '1',
    },
  },
]

/** Of each the event must be looked at: none has a rare thing, or all name the same. */
const WORST: Record<string, Group> = {
  text: { share: 1, type: '*', kind: '', value: "''", columns: { text: "'word ' || i" } },
  tags: {
    share: 1,
    type: 'video.*',
    kind: 'channel',
    value: "'alice_channel@peertube.example'",
    columns: {
      channels: list("'alice_channel@peertube.example'"),
      tags: list("'tag' || i", "'another' || i", "'third' || i"),
    },
  },
  rest: {
    share: 1,
    type: 'video.*',
    kind: '',
    value: "''",
    columns: {
      nsfw: '0',
      local_only: '1',
      min_duration: '1',
      languages: list("'en'"),
      categories: list("'x' || i"),
      text: "'word ' || i",
    },
  },
}

async function seed(db: D1Database, groups: readonly Group[]): Promise<void> {
  await db.batch([
    db.prepare('DELETE FROM deliveries'),
    db.prepare('DELETE FROM subscriptions'),
    db.prepare('DELETE FROM events'),
  ])
  let from = 0
  for (const { share, type, kind, value, columns } of groups) {
    const count = SUBSCRIPTIONS * share
    const rows = `${numbers(count)}, c (i) AS (SELECT CAST(?1 AS INTEGER) + i FROM n)`
    const names = Object.keys(columns)
    await db
      .prepare(
        `${rows} INSERT INTO subscriptions (id, owner_id, endpoint_id, created_at${names.map((name) => `, ${name}`).join('')})
         SELECT 'sub_' || i, 'usr_' || (i % ${OWNERS}), 'ep_' || (i % ${ENDPOINTS}), 0${names.map((name) => `, ${columns[name]}`).join('')} FROM c`,
      )
      .bind(from)
      .run()
    await db
      .prepare(
        `${rows} INSERT INTO subscription_keys SELECT '${type}', '${kind}', ${value}, 'sub_' || i FROM c`,
      )
      .bind(from)
      .run()
    from += count
  }
}

/** A video with a description as long as PeerTube takes. */
function eventNamed(id: string): NewEvent {
  const { type, instance, data } = exampleOf('video.published')
  const description = 'A sentence of some thirty letters. '.repeat(285)
  const video = { ...data.video, description, duration: 300 }
  return { id, type, instance, subject: video.uuid, ownerId: null, seenAt: 0, data: { video } }
}

/** The figures of matching. */
export async function matchFigures(): Promise<Figure[]> {
  const measured = await startMeasured()
  try {
    const { db } = measured
    // The triggers count one by one.
    for (const table of ['subscriptions', 'endpoints'])
      await db.prepare(`DROP TRIGGER ${table}_counted`).run()
    await db.prepare('DROP TRIGGER subscriptions_uncounted').run()
    await db.batch([
      db.prepare(
        `${numbers(OWNERS)} INSERT INTO users (id, username, role, created_at) SELECT 'usr_' || i, 'user' || i, 2, 0 FROM n`,
      ),
      db.prepare(`${numbers(ENDPOINTS)} INSERT INTO endpoints (id, owner_id, url, description, secret, created_at)
        SELECT 'ep_' || i, 'usr_' || (i % ${OWNERS}), 'https://r', '', 's', 0 FROM n`),
    ])
    await seed(db, MIXED)
    const mixed = await times(measured, 'mixed', RUNS)
    const figures: Figure[] = [
      {
        ...atMost('match.ms', median(mixed.matchMs), TARGET_MS, 'ms'),
        baseline: median(mixed.bareMs),
        ratio: median(mixed.matchMs) / median(mixed.bareMs),
      },
      toBeKnown('match.deliveries', mixed.deliveries, ''),
      toBeKnown('match.rows_read', mixed.rowsRead, 'rows'),
    ]
    for (const [name, group] of Object.entries(WORST)) {
      await seed(db, [group])
      const { matchMs, bareMs } = await times(measured, name, WORST_RUNS)
      figures.push({
        ...toBeKnown(`match.worst_ms.${name}`, median(matchMs), 'ms'),
        baseline: median(bareMs),
      })
    }
    return figures
  } finally {
    await measured.stop()
  }
}

function toBeKnown(name: string, value: number, unit: string): Figure {
  return { name, value, unit, target: null, pass: true }
}

async function times({ call }: Measured, name: string, runs: number): Promise<MatchTimes> {
  const work: MatchWork = { event: eventNamed(`evt_${name}`), runs }
  // bench/worker.ts answers so.
  return JSON.parse(await call('/match', work)) as MatchTimes
}
