/**
 * @module Whether everybody may see what a login shows. Our list of videos may be late: of a video that was turned private a
 * moment ago nothing is told to others. So before a comment of such a list is told to everybody, its video is asked for as
 * anybody would.
 */
import * as v from 'valibot'
import { knownComments, publicVideos, rememberComments } from '../db/known-comments.ts'
import { detectComments, knownComment } from '../events/detect-comments.ts'
import { PUBLIC } from '../events/detect-fate.ts'
import type { UnrenderedComment, VideoReference } from '../events/types.ts'
import { readVideo } from '../peertube/videos.ts'
import {
  type News,
  passing,
  type Reading,
  referenceOf,
  sceneOf,
  unknownReference,
} from './comment-threads.ts'
import { isDue, PENDING, pendingSince, putOffBecause } from './pending.ts'
import { optionally } from './poll-outcome.ts'
import type { PollRun } from './poll-run.ts'

/** Videos of which it could not be found out. */
export const Unclear = v.optional(v.array(v.object({ video: v.string(), ...PENDING })), [])
export type Unclear = v.InferOutput<typeof Unclear>
/** So many are kept in mind. */
const MAX_UNCLEAR = 100

/** `shown`: by UUID. Of one that is not in it it can't be said now. `isCut`: there was no leave to ask for some. */
export type Publicity = { shown: Map<string, boolean>; unclear: Unclear; isCut: boolean }

/**
 * Whether everybody may see these videos at this moment. Nothing that goes wrong is the poll's failure: what the video says may
 * be all that can't be read.
 */
export async function publicNow(run: PollRun, uuids: Iterable<string>, before: Unclear): Promise<Publicity> {
  const shown = new Map<string, boolean>()
  const unclear = new Map(before.map((one) => [one.video, one]))
  const end = (isCut: boolean): Publicity => ({
    shown,
    unclear: [...unclear.values()].slice(-MAX_UNCLEAR),
    isCut,
  })
  for (const video of new Set(uuids)) {
    const now = run.deps.clock()
    const pending = unclear.get(video) ?? { video, ...pendingSince(now) }
    if (!isDue(pending, now)) continue
    const read = await optionally(() => readVideo(run.visit.get, run.visit.origin, video))
    if (read === null) return end(true)
    const later = read.kind === 'failed' ? passing(read) : null
    const next = later && putOffBecause(run, pending, `video ${video}`, later)
    unclear.delete(video)
    if (next) {
      unclear.set(video, next)
      if (later.isInstanceWide) return end(true)
    } else shown.set(video, read.kind === 'video' && read.fate.privacy === PUBLIC)
  }
  return end(false)
}

/**
 * Comments whose videos could not be asked for when they came: those that everybody may see are told now.
 * @param untold their numbers. @param isGone whether the list shows one no longer: it may be deleted, and is not told before that is
 * found out.
 * @returns `untold`: those that can't be told yet either.
 */
export async function tellUntold(
  reading: Reading,
  { untold, unclear }: { untold: readonly number[]; unclear: Unclear },
  { isNews, isGone }: { isNews: (comment: UnrenderedComment) => boolean; isGone: (id: number) => boolean },
): Promise<News & { untold: number[]; unclear: Unclear; isCut: boolean }> {
  const { run } = reading
  const known = await knownComments(run.deps.env.DB, run.source.id, untold)
  const waiting = [...known.values()].filter(({ isPublic, deletedAt }) => !isPublic && deletedAt === null)
  const asked = waiting.filter(({ id }) => !isGone(id))
  const uuids = asked.map(({ videoUuid }) => videoUuid)
  const { shown, ...publicity } = await publicNow(run, uuids, unclear)
  const videos = await videosOf(
    run,
    uuids.map((uuid) => ({ uuid, name: '' })),
  )
  const seen = asked
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
    ...publicity,
    untold: waiting.flatMap(({ id, videoUuid }) => (!isGone(id) && shown.has(videoUuid) ? [] : [id])),
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
