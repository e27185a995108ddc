/** @module What a poll of 10,000 videos takes of memory when all of them were edited: all pages read, compared, and stored with their events. */
import { rememberVideos } from '../src/db/known-videos.ts'
import { detectVideos } from '../src/events/detect-videos.ts'
import { PAGE_SIZE } from '../src/events/video-walk.ts'
import { getJson } from '../src/peertube/client.ts'
import { userAgent } from '../src/peertube/user-agent.ts'
import { readVideosPage } from '../src/peertube/videos.ts'
import { type SimulatedInstance, startInstance } from '../test/simulator/instance.ts'
import { atMost, type Figure } from './figures.ts'
import type { Measured } from './harness.ts'
import { residentMb, startWithSmallHeaps } from './resident.ts'

const VIDEOS = 10_000
const BASELINE_EDITS = 500
const SAMPLE_MS = 50
const OWNER = 'usr_administrator'
const [INSTANCE, SOURCE] = ['ins_memory', 'src_memory']

/** The figures of memory. */
export async function memoryFigures(): Promise<Figure[]> {
  const measured = await startWithSmallHeaps()
  // The limits are not what is measured.
  const instance = await startInstance({ videos: VIDEOS, limits: { api: 100_000 } })
  try {
    await watchKnown(measured, instance)
    // Once idle, uncounted: compilation, connections.
    await poll(measured)
    const cold = await residentMb()
    // The baseline reads the same list: what workerd takes for that it keeps, however little of it was edited.
    const baseline = await peakOfEdits(measured, instance, BASELINE_EDITS)
    const before = await residentMb()
    const peak = await peakOfEdits(measured, instance, VIDEOS)
    return [
      atMost('poll.memory_mb', peak - before, 64, 'MB'),
      {
        name: 'poll.memory_cold_mb',
        value: Math.max(baseline, peak) - cold,
        unit: 'MB',
        target: null,
        pass: true,
        baseline: baseline - cold,
      },
    ]
  } finally {
    await instance.close()
    await measured.stop()
  }
}

/** Edits so many videos and reads the list to its end. @returns the most that was resident meanwhile, in megabytes. */
async function peakOfEdits(measured: Measured, instance: SimulatedInstance, edits: number): Promise<number> {
  const { db } = measured
  const count = () => db.prepare('SELECT count(*) AS count FROM events').first<number>('count')
  const before = Number(await count())
  const change = { name: `One of ${edits}`, description: `${edits} were edited` }
  for (const uuid of instance.list().slice(0, edits)) instance.edit(uuid, change)
  // A walk that knows of no time before which all is known reads the list to its end.
  await setCheckpoint(db, 0)
  const peak = await peakDuring(async () => {
    // Each poll ends after some seconds; what is left is gone on with at once.
    while (await isUnfinished(db)) await poll(measured)
  })
  const told = Number(await count()) - before
  if (told !== edits) throw new Error(`the poll told of ${told} changes, not ${edits}`)
  return peak
}

async function poll({ call }: Measured): Promise<void> {
  await call(`/poll?instance=${INSTANCE}`)
}

/** The most resident memory of our workerd while something is done, in megabytes. */
async function peakDuring(work: () => Promise<void>): Promise<number> {
  let peak = 0
  let isDone = false
  const sampling = (async () => {
    while (!isDone) {
      peak = Math.max(peak, await residentMb())
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS))
    }
  })()
  try {
    await work()
  } finally {
    isDone = true
    await sampling
  }
  return peak
}

/** Watches an instance all of whose videos are known as they are. */
async function watchKnown({ db }: Measured, instance: SimulatedInstance): Promise<void> {
  const { origin, host } = instance
  await db.batch([
    db
      .prepare(
        `INSERT INTO instances (id, owner_id, origin, host, name, version, created_at) VALUES (?, ?, ?, ?, 'Bench', '6.3.0', 0)`,
      )
      .bind(INSTANCE, OWNER, origin, host),
    db
      .prepare(
        `INSERT INTO sources (id, instance_id, kind, due_at, checkpoint, created_at) VALUES (?, ?, 'videos', 0, '', 0)`,
      )
      .bind(SOURCE, INSTANCE),
  ])
  await setCheckpoint(db, Date.now())
  const deps = { fetch, clock: Date.now, userAgent: userAgent({ url: null, publicUrl: null }) }
  const scene = { instance: host, ownerId: null, now: Date.now() }
  for (let start = 0; start < VIDEOS; start += PAGE_SIZE) {
    const page = await readVideosPage(
      async (url) => {
        const answer = await getJson(deps, url)
        if (answer.kind === 'rate-limited') throw new Error('the instance answered 429')
        return answer
      },
      origin,
      { kind: 'local' },
      start,
      null,
    )
    if (page.kind !== 'page') throw new Error(`a page could not be read: ${page.kind}`)
    const checkpoint = { baseline: false, newest: 0, walk: null }
    const { rows } = detectVideos({ scene, checkpoint, page: page.videos, unreadable: [], known: new Map() })
    await db.batch(rememberVideos(SOURCE, rows, scene.now)(db, { sql: '1', values: [] }))
  }
}

/** @param newest when the newest video that is known was published. */
async function setCheckpoint(db: D1Database, newest: number): Promise<void> {
  await db
    .prepare('UPDATE sources SET due_at = 0, digest = NULL, etag = NULL, checkpoint = ? WHERE id = ?')
    .bind(JSON.stringify({ baseline: true, newest, walk: null }), SOURCE)
    .run()
}

/** Whether there is more to be read now: the walk goes on, or has not begun. */
async function isUnfinished(db: D1Database): Promise<boolean> {
  const found = await db
    .prepare(
      `UPDATE sources SET due_at = 0 WHERE id = ? AND (json_extract(checkpoint, '$.walk') IS NOT NULL OR json_extract(checkpoint, '$.newest') = 0) RETURNING 1`,
    )
    .bind(SOURCE)
    .first()
  return found !== null
}
