/** @module What a notification is about: as PeerTube sent it, with what is needed to act on it without a request. */
import * as v from 'valibot'
import { absoluteUrl } from './actor.ts'
import { threadUrl } from './comment.ts'
import { id, uuid } from './fields.ts'
import { safeCopy } from './safe-copy.ts'
import { uuidOf } from './short-uuid.ts'

/** PeerTube's names of what a notification can be about. */
const FIELDS = [
  'video',
  'videoImport',
  'comment',
  'abuse',
  'videoBlacklist',
  'account',
  'actorFollow',
  'plugin',
  'peertube',
  'registration',
  'videoCaption',
  'videoChannelCollaborator',
  'changeOwnership',
  'data',
] as const

type Json = Record<string, unknown>

/**
 * The payload of a notification under PeerTube's names, a bounded copy. Accounts and channels have a `handle` besides, videos
 * and comments a `url`, and pictures too; what PeerTube calls a URL is absolute, or null when it is none of the web.
 * @returns no field at all when what it was about is gone.
 */
export function payloadOf(item: object, origin: string): Json {
  const given = new Map(Object.entries(item))
  const copied = safeCopy(Object.fromEntries(FIELDS.map((field) => [field, given.get(field)])))
  const payload: Json = {}
  for (const [field, value] of isObject(copied) ? Object.entries(copied) : []) {
    if (!isObject(value)) continue
    complete(field, value, origin)
    payload[field] = value
  }
  return payload
}

/** Adds to an object, and to all in it, what its name and its fields tell. It is our copy, and no deeper than copies are. */
function complete(name: string, object: Json, origin: string): void {
  for (const [key, value] of Object.entries(object)) {
    if (isObject(value)) complete(key, value, origin)
    else if (Array.isArray(value)) for (const item of value) if (isObject(item)) complete(key, item, origin)
    if (/url$/i.test(key)) object[key] = typeof value === 'string' ? absoluteUrl(value, origin) : null
  }
  const { name: user, host } = object
  if (typeof user === 'string' && typeof host === 'string') object['handle'] = `${user}@${host}`
  const url = urlOf(name, object, origin)
  if (url !== undefined) object['url'] = url
}

/** Where what has that name is found, or undefined when it has no place of its own or doesn't tell. */
function urlOf(name: string, object: Json, origin: string): string | null | undefined {
  switch (name) {
    case 'video':
      return videoUrl(object, origin)
    case 'comment': {
      const video = isObject(object['video']) ? identify(object['video']) : undefined
      const { threadId } = object
      return video !== undefined && v.is(id, threadId) ? threadUrl(origin, video.uuid, threadId) : undefined
    }
    case 'avatar':
    case 'avatars': {
      const path = object['fileUrl'] ?? object['path']
      return typeof path === 'string' ? absoluteUrl(path, origin) : undefined
    }
    default:
      return undefined
  }
}

function videoUrl(video: Json, origin: string): string | undefined {
  const known = identify(video)
  if (known === undefined) return undefined
  return known.isShort ? `${origin}/w/${known.uuid}` : `${origin}/videos/watch/${known.uuid}`
}

/** A video's UUID, in the short form when it has one. */
function identify({ uuid: long, shortUUID }: Json): { uuid: string; isShort: boolean } | undefined {
  if (typeof shortUUID === 'string' && uuidOf(shortUUID) !== null) return { uuid: shortUUID, isShort: true }
  const parsed = v.safeParse(uuid, long)
  return parsed.success ? { uuid: parsed.output, isShort: false } : undefined
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
