/** @module How fast videos are detected, in the runtime that does it, beside `JSON.parse` of the pages that they stand on. */
import { detectVideos, type KnownVideo, type SeenVideo } from '../src/events/detect-videos.ts'
import type { Scene } from '../src/events/video-events.ts'
import type { Get } from '../src/peertube/client.ts'
import { readVideosPage } from '../src/peertube/videos.ts'

/** Pages as an instance sent them, when they became known and now; and how often all of them are gone through. */
export type DetectWork = { before: string[]; after: string[]; rounds: number }
/** `events`: of all pages, gone through once. Times in milliseconds, of all rounds. */
export type DetectTimes = { detectMs: number; parseMs: number; videos: number; events: number }

const SCENE: Scene = { instance: 'peertube.example', ownerId: null, now: Date.UTC(2026, 0, 1) }
const CHECKPOINT = { baseline: true, newest: 0, walk: null }

/** Measures both. */
export async function timeDetection({ before, after, rounds }: DetectWork): Promise<DetectTimes> {
  const known = new Map<string, KnownVideo>()
  for (const page of await Promise.all(before.map(readPage))) {
    const { rows } = detect(page, new Map(), false)
    for (const row of rows) known.set(row.uuid, row)
  }
  const pages = await Promise.all(after.map(readPage))
  // A poll asks D1 for the videos of its page.
  const inputs = pages.map((page) => ({
    page,
    known: new Map(
      page.flatMap(({ video }) => {
        const row = known.get(video.uuid)
        return row ? [[video.uuid, row] as const] : []
      }),
    ),
  }))
  let events = 0
  const detectAll = () => {
    events = 0
    for (const { page, known: rows } of inputs) events += detect(page, rows, true).events.length
  }
  const parseAll = () => {
    for (const text of after) JSON.parse(text)
  }
  // Once before, uncounted: compilation.
  await time(detectAll, 5)
  await time(parseAll, 5)
  const detectMs = await time(detectAll, rounds)
  const parseMs = await time(parseAll, rounds)
  return { detectMs, parseMs, videos: pages.reduce((sum, { length }) => sum + length, 0), events }
}

function detect(page: readonly SeenVideo[], known: ReadonlyMap<string, KnownVideo>, baseline: boolean) {
  return detectVideos({ scene: SCENE, checkpoint: { ...CHECKPOINT, baseline }, page, unreadable: [], known })
}

/** The clock of a Worker moves when it waits for something. */
async function time(work: () => void, rounds: number): Promise<number> {
  await scheduler.wait(1)
  const startedAt = Date.now()
  for (let round = 0; round < rounds; round += 1) work()
  await scheduler.wait(1)
  return Date.now() - startedAt
}

async function readPage(text: string): Promise<SeenVideo[]> {
  const observation = { status: 200, limit: null, remaining: null, resetAt: null, retryAt: null }
  const get: Get = async () => ({
    kind: 'ok',
    body: JSON.parse(text),
    etag: null,
    maxAgeSeconds: null,
    observation,
  })
  const page = await readVideosPage(get, 'https://peertube.example', { kind: 'local' }, 0, null)
  if (page.kind !== 'page' || page.skipped.length > 0) throw new Error(JSON.stringify(page).slice(0, 500))
  return page.videos
}
