/** @module The words of an event: what happened on an instance. Imports nothing of ours, does no I/O. */

/**
 * The catalogue: every type of event that Tubewire knows. A new one is an entry here and one in a detector. One that is no
 * longer made stays, for the log still has it.
 */
export const EVENT_TYPES = ['video.published'] as const
export type EventType = (typeof EVENT_TYPES)[number]

/** The types that a pattern means: itself, or, when it ends with `*`, those that begin so. */
export function typesLike(pattern: string, catalogue: readonly string[] = EVENT_TYPES): string[] {
  if (!pattern.endsWith('*')) return [pattern]
  return catalogue.filter((type) => type.startsWith(pattern.slice(0, -1)))
}

/** Who made a video, or where it was put. `handle` is `name@host`, as people write it. */
export type Actor = {
  name: string
  displayName: string
  host: string
  handle: string
  url: string
  avatarUrl: string | null
}

/** A video as our events tell it: absolute URLs, times ISO 8601 UTC, `duration` in seconds. */
export type Video = {
  uuid: string
  shortUUID: string
  url: string
  name: string
  /** As the list of the instance gives it: the start of a long description. */
  description: string | null
  duration: number
  isLive: boolean
  nsfw: boolean
  category: { id: number; label: string } | null
  licence: { id: number; label: string } | null
  language: { id: string; label: string } | null
  thumbnailUrl: string | null
  embedUrl: string | null
  publishedAt: string
  createdAt: string
  originallyPublishedAt: string | null
  channel: Actor
  account: Actor
}

/** A fact that happened, before the database gives it its sequence. `id` is derived from the fact: see `eventId`. */
export type NewEvent = {
  id: string
  type: EventType
  /** Host (and port, unless it is the default one) of the instance. */
  instance: string
  /** What it happened to: here the video's UUID. */
  subject: string
  /** When Tubewire saw it, milliseconds since the epoch. */
  seenAt: number
  data: { video: Video }
}
