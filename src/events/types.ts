/** @module The words of an event: what happened on an instance. Imports nothing of ours, does no I/O. */

/**
 * The catalogue: every type of event that Tubewire knows. A new one is an entry here and one in a detector. One that is no
 * longer made stays, for the log still has it.
 */
export const EVENT_TYPES = [
  'video.published',
  'video.updated',
  'video.unpublished',
  'video.deleted',
  'live.started',
  'live.ended',
  'comment.created',
  'comment.updated',
  'comment.deleted',
  'notification.created',
  'notification.unknown',
  'notification.read',
  'instance.unreachable',
  'instance.recovered',
  'instance.upgraded',
  'connection.expired',
  'endpoint.disabled',
  'endpoint.recovered',
  'delivery.failed',
] as const
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
  /** Whether it belongs to the instance that was read: a list of subscriptions has others too. */
  isLocal: boolean
  nsfw: boolean
  category: { id: number; label: string } | null
  licence: { id: number; label: string } | null
  language: { id: string; label: string } | null
  /** Null: not known, for lists don't tell them. */
  tags: string[] | null
  thumbnailUrl: string | null
  embedUrl: string | null
  publishedAt: string
  createdAt: string
  originallyPublishedAt: string | null
  channel: Actor
  account: Actor
}

/** What a comment is on. What is not known of the video is null. */
export type VideoReference = Pick<Video, 'uuid' | 'url' | 'name'> & {
  [TField in 'shortUUID' | 'nsfw' | 'category' | 'language' | 'tags' | 'channel' | 'account']:
    | Video[TField]
    | null
}

/** What was, and what is now. */
export type Change<TValue = unknown> = { from: TValue; to: TValue }

/** The fields of a video that people edit, as far as lists show them. */
export type VideoChanges = {
  [TField in
    | 'name'
    | 'description'
    | 'category'
    | 'licence'
    | 'language'
    | 'nsfw'
    | 'originallyPublishedAt'
    | 'thumbnailUrl']?: Change<Video[TField]>
} & {
  /** Handles: it was moved. */
  channel?: Change<string>
  privacy?: Change<'public' | 'unlisted'>
}

/** A comment or reply. `id`, `threadId` and `inReplyToCommentId` are the instance's own numbers. */
export type Comment = {
  id: number
  threadId: number
  /** Null: it began the thread. */
  inReplyToCommentId: number | null
  url: string
  /** As it was given: Markdown, of remote servers HTML. Not to be trusted. Empty when it was deleted. */
  text: string
  /** The same, rendered and sanitised. */
  html: string
  createdAt: string
  updatedAt: string
  /** Only its video's owner and moderators see it yet. */
  heldForReview: boolean
  /** Null when the instance no longer says who wrote it. */
  account: Actor | null
}

/** A comment as it is read: its HTML is made when it is told. */
export type UnrenderedComment = Omit<Comment, 'html'>

/** A notification of an account. `kind`: see notifications.ts. What it is about, by PeerTube's name of that field. */
export type Notification = {
  id: number
  /** PeerTube's number. */
  type: number
  kind: string
  read: boolean
  createdAt: string
  updatedAt: string
  [payload: string]: unknown
}

/** Of which watched account something private is told. */
export type ConnectionReference = { id: string; username: string }

/** What a watched instance is called. */
export type InstanceReference = { host: string; url: string; name: string; version: string }

/** Which endpoint of ours something is told of. `url` is its origin only: the path may hold a secret. */
export type EndpointReference = { id: string; url: string; description: string }

/** What an event of each type says. */
export type EventData = {
  'video.published': { video: Video }
  'video.updated': { video: Video; changes: VideoChanges }
  'video.unpublished': { video: Video }
  'video.deleted': { video: Video }
  'live.started': { video: Video }
  /** `replay`: whether what was streamed is there to be watched, as an ordinary video. */
  'live.ended': { video: Video; replay: boolean }
  'comment.created': { comment: Comment; video: VideoReference }
  'comment.updated': { comment: Comment; video: VideoReference; changes: { text: Change<string> } }
  'comment.deleted': { comment: Comment; video: VideoReference }
  'notification.created': { notification: Notification; connection: ConnectionReference }
  /** Of a type that is not known here: `raw` is what the instance sent, cut when it is large. */
  'notification.unknown': { notification: Notification; raw: unknown; connection: ConnectionReference }
  'notification.read': { notification: Notification; connection: ConnectionReference }
  'instance.unreachable': { instance: InstanceReference; reason: string; detail: string; since: string }
  'instance.recovered': { instance: InstanceReference; since: string }
  'instance.upgraded': { instance: InstanceReference; from: string; to: string }
  'connection.expired': { connection: ConnectionReference; reason: string; detail: string }
  'endpoint.disabled': { endpoint: EndpointReference; reason: string; detail: string; since: string }
  'endpoint.recovered': { endpoint: EndpointReference; since: string }
  'delivery.failed': {
    endpoint: EndpointReference
    event: { id: string; type: string; sequence: number }
    attempts: number
    detail: string
  }
}

/** A fact that happened, before the database gives it its sequence. `id` is derived from the fact: see `eventId`. */
export type NewEvent = {
  [TType in EventType]: {
    id: string
    type: TType
    /** Host (and port, unless it is the default one) of the instance; `tubewire` of what happened here. */
    instance: string
    /** What it happened to: a video's UUID, a comment's or notification's number, an instance's host, a connection's or endpoint's id. */
    subject: string
    /** Null: public. Otherwise the user who alone may see it. */
    ownerId: string | null
    /** When Tubewire saw it, milliseconds since the epoch. */
    seenAt: number
    data: EventData[TType]
  }
}[EventType]
