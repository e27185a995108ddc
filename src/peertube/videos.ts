/** @module The public videos of an instance: one page of `GET /api/v1/videos`, newest first. */
import * as v from 'valibot'
import type { Video } from '../events/types.ts'
import { type Listed, PAGE_SIZE } from '../events/video-walk.ts'
import { absoluteUrl, toActor } from './actor.ts'
import { type ClientDeps, type Failure, failed, getJson, type Observation } from './client.ts'
import { describeIssue } from './items.ts'
import { ListedUuid, ListedVideo, VideoList } from './schemas.ts'

export type VideosPage =
  | {
      kind: 'page'
      videos: Video[]
      /** All items as the instance sent them, those that could not be understood included. */
      listed: Listed[]
      /** One message for each item left out, naming the field. */
      skipped: string[]
      etag: string | null
      observation: Observation
    }
  | { kind: 'not-modified'; observation: Observation }
  | { kind: 'rate-limited'; retryAt: number; observation: Observation }
  | Failure

/**
 * Reads one page of the videos that belong to the instance itself, NSFW ones included, newest first.
 * @param origin e.g. `https://peertube.example`.
 * @param start how many videos to pass over.
 * @param etag of the same page when it was last read, for a 304.
 */
export async function readVideosPage(
  deps: ClientDeps,
  origin: string,
  start: number,
  etag: string | null,
): Promise<VideosPage> {
  const query = new URLSearchParams({
    isLocal: 'true',
    nsfw: 'both',
    sort: '-publishedAt',
    count: String(PAGE_SIZE),
    start: String(start),
    // Spares the instance a count over all its videos at every poll.
    skipCount: 'true',
  })
  const answer = await getJson(deps, `${origin}/api/v1/videos?${query}`, { etag })
  if (answer.kind !== 'ok') return answer

  const list = v.safeParse(VideoList, answer.body)
  if (!list.success) {
    const problem = describeIssue(list.issues[0])
    return failed('schema', `the list of videos is not one: ${problem}`, answer.observation)
  }
  const videos: Video[] = []
  const listed: Listed[] = []
  const skipped: string[] = []
  for (const [index, item] of list.output.data.entries()) {
    const parsed = v.safeParse(ListedVideo, item, { abortEarly: true })
    if (parsed.success) {
      const video = toVideo(parsed.output, origin)
      videos.push(video)
      listed.push({ uuid: video.uuid, publishedAt: Date.parse(video.publishedAt) })
    } else {
      skipped.push(`video ${start + index}: ${describeIssue(parsed.issues[0])}`)
      const rest = v.safeParse(ListedUuid, item)
      listed.push({ uuid: rest.success ? rest.output.uuid.toLowerCase() : null, publishedAt: null })
    }
  }
  return {
    kind: 'page',
    videos,
    listed,
    skipped,
    etag: answer.etag,
    observation: answer.observation,
  }
}

function toVideo(listed: ListedVideo, origin: string): Video {
  const time = (value: string) => new Date(value).toISOString()
  const absolute = (path: string | null) => (path === null ? null : absoluteUrl(path, origin))
  return {
    uuid: listed.uuid.toLowerCase(),
    shortUUID: listed.shortUUID,
    url: listed.url ?? `${origin}/videos/watch/${listed.uuid}`,
    name: listed.name,
    // `description` is null in the lists of recent versions, which cut it into `truncatedDescription`.
    description: listed.description ?? listed.truncatedDescription,
    duration: listed.duration,
    isLive: listed.isLive,
    nsfw: listed.nsfw,
    category: withId(listed.category),
    licence: withId(listed.licence),
    language: withId(listed.language),
    thumbnailUrl: absolute(listed.thumbnailPath),
    embedUrl: absolute(listed.embedPath),
    publishedAt: time(listed.publishedAt),
    createdAt: time(listed.createdAt),
    originallyPublishedAt: listed.originallyPublishedAt && time(listed.originallyPublishedAt),
    channel: toActor(listed.channel, origin),
    account: toActor(listed.account, origin),
  }
}

/** PeerTube says `{id: null, label: "Unknown"}` for what was not given; we say null. */
function withId<TId extends string | number>(
  value: { id: TId | null; label: string } | null,
): { id: TId; label: string } | null {
  return value === null || value.id === null ? null : { id: value.id, label: value.label }
}
