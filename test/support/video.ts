/** @module Videos for the tests of what is pure. */
import type { Video } from '../../src/events/types.ts'

export const HOST = 'peertube.example'
export const NOW = Date.UTC(2026, 0, 1)

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
