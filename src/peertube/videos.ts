/** @module The videos of an instance: one page of a list of them, newest first; and one by itself. */
import * as v from 'valibot'
import type { VideoFate } from '../events/detect-fate.ts'
import type { SeenVideo } from '../events/detect-videos.ts'
import type { VideosTarget } from '../events/source-target.ts'
import type { Video } from '../events/types.ts'
import { type Listed, PAGE_SIZE } from '../events/video-walk.ts'
import { absoluteUrl, largest, toActor } from './actor.ts'
import { type Failure, failed, type Get, type Observation, type Read } from './client.ts'
import { describeIssue, getFresh } from './items.ts'
import { ListedUuid, ListedVideo, VideoDetail, VideoList } from './schemas.ts'

export type VideosPage =
  | {
      kind: 'page'
      videos: SeenVideo[]
      /** All items as the instance sent them, those that could not be understood included. */
      listed: Listed[]
      /** One message for each item left out, naming the field. */
      skipped: string[]
      etag: string | null
    }
  | { kind: 'not-modified'; observation: Observation }
  | Failure

/**
 * Reads one page of a list of videos, NSFW ones included, newest first.
 * @param origin e.g. `https://peertube.example`.
 * @param start how many videos to pass over.
 * @param etag of the same page when it was last read, for a 304.
 */
export async function readVideosPage(
  get: Get,
  origin: string,
  target: VideosTarget,
  start: number,
  etag: string | null,
): Promise<VideosPage> {
  const answer = await get(origin + listPath(target, start), { etag })
  if (answer.kind !== 'ok') return answer
  return readPage(answer, origin, start)
}

/** The path of a list of videos, with its query. */
function listPath(target: VideosTarget, start: number): string {
  const query = new URLSearchParams({
    // Subscriptions are of channels everywhere; all other lists are of the instance's own.
    ...(target.kind === 'subscriptions' ? {} : { isLocal: 'true' }),
    nsfw: 'both',
    sort: '-publishedAt',
    count: String(PAGE_SIZE),
    start: String(start),
    // Spares the instance a count over all its videos at every poll.
    skipCount: 'true',
  })
  switch (target.kind) {
    case 'local':
      return `/api/v1/videos?${query}`
    case 'channel':
      return `/api/v1/video-channels/${encodeURIComponent(target.name)}/videos?${query}`
    case 'account':
      return `/api/v1/accounts/${encodeURIComponent(target.name)}/videos?${query}`
    case 'subscriptions':
      return `/api/v1/users/me/subscriptions/videos?${query}`
    case 'search': {
      query.set('searchTarget', 'local')
      for (const [name, value] of Object.entries(target.query)) {
        for (const one of [value].flat()) if (one !== undefined) query.append(name, String(one))
      }
      return `/api/v1/search/videos?${query}`
    }
  }
}

export type VideoRead =
  | {
      kind: 'video'
      fate: Extract<VideoFate, { kind: 'there' }>
      detail: { tags: string[]; description: string | null }
    }
  /** 404. */
  | { kind: 'gone' }
  /** 401 or 403: private, internal, or behind a password. */
  | { kind: 'forbidden' }
  | Failure

/** Reads one video by itself. @param id UUID, short UUID or number. */
export async function readVideo(get: Get, origin: string, id: string): Promise<VideoRead> {
  const answer = await getFresh(get, `${origin}/api/v1/videos/${encodeURIComponent(id)}`)
  if (answer.kind === 'failed') {
    const status = answer.observation?.status
    if (status === 404) return { kind: 'gone' }
    return status === 401 || status === 403 ? { kind: 'forbidden' } : answer
  }
  const parsed = v.safeParse(VideoDetail, answer.body)
  if (!parsed.success)
    return failed(
      'schema',
      `the video ${id} is not one: ${describeIssue(parsed.issues[0])}`,
      answer.observation,
    )
  const { tags, description, isLive, privacy, state, publishedAt, updatedAt } = parsed.output
  const fate = {
    kind: 'there' as const,
    isLive,
    privacy: privacy.id,
    state: state?.id ?? PUBLISHED,
    publishedAt,
    updatedAt,
  }
  return { kind: 'video', fate, detail: { tags, description } }
}

const PUBLISHED = 1

function readPage(answer: Extract<Read, { kind: 'ok' }>, origin: string, start: number): VideosPage {
  const list = v.safeParse(VideoList, answer.body)
  if (!list.success) {
    const problem = describeIssue(list.issues[0])
    return failed('schema', `the list of videos is not one: ${problem}`, answer.observation)
  }
  const videos: SeenVideo[] = []
  const listed: Listed[] = []
  const skipped: string[] = []
  for (const [index, item] of list.output.data.entries()) {
    const parsed = v.safeParse(ListedVideo, item, { abortEarly: true })
    if (parsed.success) {
      const video = toVideo(parsed.output, origin)
      const { comments, updatedAt } = parsed.output
      videos.push({ video, comments: comments ?? null, updatedAt: updatedAt ?? video.publishedAt })
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
    isLocal: listed.isLocal,
    nsfw: listed.nsfw,
    category: withId(listed.category),
    licence: withId(listed.licence),
    language: withId(listed.language),
    tags: null,
    thumbnailUrl: absolute(listed.thumbnailPath ?? largest(listed.thumbnails)),
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
