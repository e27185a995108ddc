/** @module What an event has of all that a filter can ask for. Pure. */

/** Of which an event has any number, and a filter names some: one in common is enough. */
export const NAMED = [
  'videos',
  'channels',
  'accounts',
  'tags',
  'notificationKinds',
  'instances',
  'languages',
  'categories',
] as const
export type Named = (typeof NAMED)[number]

/** Values are as `fold` leaves them. Null, or a list of nothing: the event has no such thing, or does not tell. */
export type Facets = { type: string } & Readonly<Record<Named, readonly string[]>> & {
    nsfw: boolean | null
    isLocal: boolean | null
    /** Seconds. A live has none. */
    duration: number | null
    /** Of the video title and description, of a comment what it says; `SEPARATOR` in between. */
    text: string
  }

/** An event, as far as it is looked at here. `data`: as in `EventData`, or of a type that is not known. */
export type FacetedEvent = { type: string; instance: string; data: unknown }

/** Between values in one text; no folded value has it. */
export const SEPARATOR = '\u001F'

/**
 * A text as it is compared: without case, and control characters, line ends and rows of spaces are one space. Both sides are
 * folded here, for SQLite knows the case of ASCII only.
 */
export function fold(text: string): string {
  return (
    text
      .toWellFormed()
      .normalize('NFC')
      .toLowerCase()
      // Of one letter two forms: which one lower case gives depends on what follows.
      .replaceAll('ς', 'σ')
      .replace(/[\s\p{Cc}]+/gu, ' ')
      .trim()
  )
}

type Json = Readonly<Record<string, unknown>>

/** What there is of an event to be asked for. What is not of the shape that it should have is as if it were not there. */
export function facetsOf({ type, instance, data }: FacetedEvent): Facets {
  const { video, comment, notification } = objectOf(data)
  const parties = partiesIn({ video, comment, notification })
  const [about = {}] = parties.videos
  const { duration, isLive, nsfw, tags } = about
  return {
    type,
    videos: unique(parties.videos.map(({ uuid }) => uuid)),
    channels: unique(parties.channels.map(handleOf)),
    accounts: unique(parties.accounts.map(handleOf)),
    tags: unique(Array.isArray(tags) ? tags : []),
    notificationKinds: unique([objectOf(notification)['kind']]),
    instances: unique([instance]),
    languages: unique([objectOf(about['language'])['id']]),
    categories: unique([objectOf(about['category'])['id']]),
    nsfw: typeof nsfw === 'boolean' ? nsfw : null,
    isLocal: isLocal(about, instance),
    duration: typeof duration === 'number' && isLive !== true ? duration : null,
    text: unique([about['name'], about['description'], objectOf(comment)['text']]).join(SEPARATOR),
  }
}

/** What an endpoint that wants events in order per subject wants one after the other: of a video, a thread, or what it is about. */
export function orderKeyOf({ type, instance, subject, data }: FacetedEvent & { subject: string }): string {
  const [kind = ''] = type.split('.')
  const { video, comment } = objectOf(data)
  const { threadId } = objectOf(comment)
  const { uuid } = objectOf(video)
  if (kind === 'comment' && typeof threadId === 'number') return `thread:${instance}:${threadId}`
  if (kind === 'video' || kind === 'live') return `video:${typeof uuid === 'string' ? uuid : subject}`
  // Numbers of notifications are an instance's own.
  return `subject:${kind}:${instance}:${subject}`
}

type Parties = { videos: Json[]; channels: Json[]; accounts: Json[] }

/**
 * What several events are about that are one entry where each video, comment and notification is one: null of what is neither. A
 * live is a video.
 */
export function subjectKeyOf({
  type,
  instance,
  subject,
}: Omit<FacetedEvent, 'data'> & { subject: string }): string | null {
  const [kind = ''] = type.split('.')
  if (kind === 'video' || kind === 'live') return `video:${instance}:${subject}`
  return kind === 'comment' || kind === 'notification' ? `${kind}:${instance}:${subject}` : null
}

/** Whether after an event of this type its subject is not to be seen any more. */
export function isFarewell(type: string): boolean {
  return type === 'video.deleted' || type === 'video.unpublished' || type === 'comment.deleted'
}

/** The videos, channels and accounts that are in a payload, at any depth, by the names that PeerTube and we give them. */
function partiesIn(payload: Json, parties: Parties = { videos: [], channels: [], accounts: [] }): Parties {
  for (const [name, value] of Object.entries(payload)) {
    if (!isObject(value)) continue
    if (name === 'video') parties.videos.push(value)
    const actor = name === 'following' ? value['type'] : name
    if (actor === 'channel' || actor === 'videoChannel') parties.channels.push(value)
    // Of a report `flaggedAccount`, of an offer `initiatorAccount`.
    if (actor === 'follower' || (typeof actor === 'string' && /account$/i.test(actor)))
      parties.accounts.push(value)
    partiesIn(value, parties)
  }
  return parties
}

function handleOf({ name, host }: Json): string | null {
  return typeof name === 'string' && typeof host === 'string' ? `${name}@${host}` : null
}

/** The video that a comment is on does not say whether it belongs to the instance; its channel does. */
function isLocal(video: Json, instance: string): boolean | null {
  if (typeof video['isLocal'] === 'boolean') return video['isLocal']
  const { host = objectOf(video['account'])['host'] } = objectOf(video['channel'])
  return typeof host === 'string' ? fold(host) === fold(instance) : null
}

/** Texts and numbers, folded, each once. */
function unique(values: readonly unknown[]): string[] {
  const texts = values.filter((value) => typeof value === 'string' || typeof value === 'number')
  return [...new Set(texts.map((value) => fold(String(value))))].filter((value) => value !== '')
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {}
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
