/**
 * @module Whether everybody may see what a login shows. Our list of videos may be late: of a video that was turned private a
 * moment ago nothing is told to others. So before a comment of such a list is told to everybody, its video is asked for as
 * anybody would.
 */
import { knownComments, publicVideos, rememberComments } from '../db/known-comments.ts'
import { detectComments, knownComment } from '../events/detect-comments.ts'
import { PUBLIC } from '../events/detect-fate.ts'
import type { UnrenderedComment, VideoReference } from '../events/types.ts'
import { readVideo } from '../peertube/videos.ts'
import {
  LASTING,
  type Reading,
  referenceOf,
  sceneOf,
  type ThreadNews,
  unknownReference,
} from './comment-threads.ts'
import { Interruption, optionally } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'
import { failedStop } from './visit.ts'

/**
 * Whether everybody may see these videos at this moment.
 * @returns by UUID. Of one that is not in it it can't be said now: there was no leave to ask, or the answer made no sense.
 * @throws Interruption when the whole instance fails.
 */
export async function publicNow(run: PollRun, uuids: Iterable<string>): Promise<Map<string, boolean>> {
  const found = new Map<string, boolean>()
  for (const uuid of new Set(uuids)) {
    const read = await optionally(() => readVideo(run.visit.get, run.visit.origin, uuid))
    if (read === null) break
    const stop = read.kind === 'failed' ? failedStop(read) : null
    if (stop?.kind === 'failed' && stop.isInstanceWide) throw new Interruption(stop)
    if (stop?.kind === 'failed' && !LASTING.has(stop.reason)) continue
    found.set(uuid, read.kind === 'video' && read.fate.privacy === PUBLIC)
  }
  return found
}

/**
 * Comments whose videos could not be asked for when they came: those that everybody may see are told now.
 * @param untold their numbers.
 * @returns `untold`: those that could not be asked for again.
 */
export async function tellUntold(
  reading: Reading,
  untold: readonly number[],
  isNews: (comment: UnrenderedComment) => boolean,
): Promise<ThreadNews & { untold: number[] }> {
  const { run } = reading
  const known = await knownComments(run.deps.env.DB, run.source.id, untold)
  const waiting = [...known.values()].filter(({ isPublic, deletedAt }) => !isPublic && deletedAt === null)
  const shown = await publicNow(
    run,
    waiting.map(({ videoUuid }) => videoUuid),
  )
  const videos = await videosOf(
    run,
    waiting.map(({ videoUuid }) => ({ uuid: videoUuid, name: '' })),
  )
  const seen = waiting
    .filter(({ videoUuid }) => shown.get(videoUuid) === true)
    .map((was) => ({
      comment: knownComment(was),
      isDeleted: false,
      video: videos({ uuid: was.videoUuid, name: '' }).reference,
      isPublic: true,
    }))
  const { events, rows } = detectComments(sceneOf(reading), seen, known, isNews)
  return {
    events,
    writes: rows.length > 0 ? [rememberComments(run.source.id, rows)] : [],
    untold: waiting.flatMap(({ id, videoUuid }) => (shown.has(videoUuid) ? [] : [id])),
  }
}

/** How comments name their videos. Of one that not everybody may see the list tells little. */
export async function videosOf(run: PollRun, videos: readonly { uuid: string; name: string }[]) {
  const { deps, source, visit } = run
  const uuids = videos.map(({ uuid }) => uuid)
  const known = await publicVideos(deps.env.DB, source.instanceId, uuids)
  return ({
    uuid,
    name,
  }: {
    uuid: string
    name: string
  }): { reference: VideoReference; isPublic: boolean } => {
    const video = known.get(uuid)
    if (video) return { reference: referenceOf(video), isPublic: true }
    return { reference: unknownReference(visit.origin, uuid, name), isPublic: false }
  }
}
