/** @module What became of videos that a list no longer shows, and of lives below its newest page: each is asked for by itself. */
import { forgetVideos, knownVideos, rememberVideos } from '../db/known-videos.ts'
import { detectFate, PUBLIC } from '../events/detect-fate.ts'
import type { KnownVideo } from '../events/detect-videos.ts'
import type { NewEvent } from '../events/types.ts'
import { readVideo } from '../peertube/videos.ts'
import { optionally } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'
import type { Checkpoint } from './videos-checkpoint.ts'

/** So many requests for single videos in one poll, of each kind: others go on at the next. */
const MAX_LOOKS = 10
/** A video that is gone is looked at again so much later, or at the next poll when that comes later. */
const CONFIRM_MS = 60_000

/** Looks at the videos that are missing. One that is gone twice, so far apart, is deleted. */
export async function lookAfterMissing(run: PollRun, checkpoint: Checkpoint): Promise<void> {
  const now = run.deps.clock()
  const apartMs = Math.min(CONFIRM_MS, run.maxDelayMs)
  const due = checkpoint.missing
    .filter(({ goneAt }) => goneAt === null || now - goneAt >= apartMs)
    .slice(0, MAX_LOOKS)
  if (due.length === 0) return
  const goneAt = new Map(due.map((one) => [one.uuid, one.goneAt]))
  const looked = await look(
    run,
    due.map(({ uuid }) => uuid),
    (uuid) => goneAt.get(uuid) != null,
  )
  // At the end: those that can't be asked for must not keep others from their turn.
  const left = due.flatMap(({ uuid, goneAt }) => {
    const result = looked.results.get(uuid)
    if (!result) return [{ uuid, goneAt }]
    return result === 'look-again' ? [{ uuid, goneAt: goneAt ?? now }] : []
  })
  const missing = [...checkpoint.missing.filter(({ uuid }) => !goneAt.has(uuid)), ...left]
  const running = checkpoint.running.filter(({ uuid }) => !looked.ended.has(uuid))
  await commitLooks(run, { ...checkpoint, missing, running }, looked)
}

/** Looks at the lives that are below the newest page: their end would not be seen there. */
export async function lookAfterRunning(run: PollRun, checkpoint: Checkpoint): Promise<void> {
  const below = checkpoint.running.filter(({ isOnTop }) => !isOnTop).slice(0, MAX_LOOKS)
  if (below.length === 0) return
  const looked = await look(
    run,
    below.map(({ uuid }) => uuid),
    () => false,
  )
  const gone = [...looked.results].flatMap(([uuid, result]) => (result === 'look-again' ? [uuid] : []))
  const known = new Set(checkpoint.missing.map(({ uuid }) => uuid))
  const missing = [
    ...checkpoint.missing,
    ...gone.filter((uuid) => !known.has(uuid)).map((uuid) => ({ uuid, goneAt: run.deps.clock() })),
  ]
  const looks = new Set(below.map(({ uuid }) => uuid))
  const running = [
    ...checkpoint.running.filter(({ uuid }) => !looks.has(uuid)),
    // At the end: of many, others come first the next time.
    ...below.filter(({ uuid }) => !looked.ended.has(uuid) && !gone.includes(uuid)),
  ]
  if (looked.events.length === 0 && looked.rows.length === 0 && gone.length === 0) return
  await commitLooks(run, { ...checkpoint, missing, running }, looked)
}

type Looked = {
  events: NewEvent[]
  rows: KnownVideo[]
  forgotten: string[]
  /** By UUID: what is not in it could not be found out now. */
  results: Map<string, 'settled' | 'look-again'>
  /** Those that can't be asked for: it may be for ever. */
  failed: Set<string>
  /** Lives that are no longer on. */
  ended: Set<string>
}

async function look(
  run: PollRun,
  uuids: readonly string[],
  isSecondLook: (uuid: string) => boolean,
): Promise<Looked> {
  const looked: Looked = {
    events: [],
    rows: [],
    forgotten: [],
    results: new Map(),
    failed: new Set(),
    ended: new Set(),
  }
  const known = await knownVideos(run.deps.env.DB, run.source.id, uuids)
  for (const uuid of uuids) {
    const was = known.get(uuid)
    if (!was) {
      looked.results.set(uuid, 'settled')
      looked.ended.add(uuid)
      continue
    }
    const read = await optionally(() => readVideo(run.visit.get, run.visit.origin, uuid))
    if (read === null) break
    // One that can't be asked for now is asked for at a later poll: this is nobody's failure yet.
    if (read.kind === 'failed') {
      looked.failed.add(uuid)
      continue
    }
    const isRunning = read.kind === 'video' && read.fate.isLive && read.fate.state === 1
    if (isRunning && was.state === 'listed' && read.fate.privacy === PUBLIC) {
      looked.results.set(uuid, 'settled')
      continue
    }
    const fate = read.kind === 'video' ? read.fate : read
    const { events, row, lookAgain } = detectFate(run.scene, was, fate, isSecondLook(uuid))
    looked.events.push(...events)
    if (row === null) looked.forgotten.push(uuid)
    else if (!lookAgain) looked.rows.push(row)
    looked.results.set(uuid, lookAgain ? 'look-again' : 'settled')
    if (!lookAgain) looked.ended.add(uuid)
  }
  return looked
}

async function commitLooks(run: PollRun, checkpoint: Checkpoint, looked: Looked): Promise<void> {
  const { source, deps } = run
  const isWaiting = checkpoint.missing.some(({ uuid }) => !looked.failed.has(uuid))
  await run.commit({
    next: 'paced',
    ...(isWaiting ? { atMostMs: CONFIRM_MS, atMostReason: 'confirming' as const } : {}),
    checkpoint: JSON.stringify(checkpoint),
    events: looked.events,
    writes: [
      ...(looked.rows.length > 0 ? [rememberVideos(source.id, looked.rows, deps.clock())] : []),
      ...(looked.forgotten.length > 0 ? [forgetVideos(source.id, looked.forgotten)] : []),
    ],
  })
}
