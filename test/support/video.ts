/** @module Videos for the tests of what is pure. */
import type { KnownVideo, Scene, SeenVideo } from '../../src/events/detect-videos.ts'
import type { Video } from '../../src/events/types.ts'

export const HOST = 'peertube.example'
export const NOW = Date.UTC(2026, 0, 1)
export const scene: Scene = { instance: HOST, ownerId: null, now: NOW }

/** A video with this UUID, published then. */
export function video(uuid: string, publishedAt: number): Video {
  const actor = {
    name: 'a',
    displayName: 'A',
    host: HOST,
    handle: `a@${HOST}`,
    url: `https://${HOST}/a`,
    avatarUrl: null,
  }
  const time = new Date(publishedAt).toISOString()
  return {
    uuid,
    shortUUID: uuid,
    url: `https://${HOST}/w/${uuid}`,
    name: uuid,
    description: null,
    duration: 1,
    isLive: false,
    isLocal: true,
    nsfw: false,
    category: null,
    licence: null,
    language: null,
    tags: null,
    thumbnailUrl: null,
    embedUrl: null,
    publishedAt: time,
    createdAt: time,
    originallyPublishedAt: null,
    channel: actor,
    account: actor,
  }
}

/** A video as a list shows it. @param updatedAt by default it was touched when it was published. */
export function seen(video: Video, updatedAt = video.publishedAt, comments: number | null = null): SeenVideo {
  return { video, updatedAt, comments }
}

/** What is kept of a video that was seen like this. */
export function known(video: Video, change: Partial<KnownVideo> = {}): KnownVideo {
  return {
    uuid: video.uuid,
    publishedAt: Date.parse(video.publishedAt),
    state: 'listed',
    data: JSON.stringify(video),
    tags: null,
    comments: null,
    commentsRead: null,
    returns: 0,
    ...change,
  }
}
