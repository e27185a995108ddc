/** @module How an event looks: in the API, in downloads, and as the body of a webhook. */
import * as v from 'valibot'
import { CATALOGUE, exampleOf } from '../events/catalogue.ts'
import * as payloads from '../events/payloads.ts'
import { EVENT_TYPES, type EventType } from '../events/types.ts'
import { Time } from './fields.ts'

const head = {
  id: v.pipe(v.string(), v.description('Made of what happened: the same event never has another one.')),
  timestamp: v.pipe(Time, v.description('When Tubewire saw it.')),
  sequence: v.pipe(v.number(), v.integer(), v.description('Grows with each event, and is never used twice.')),
  instance: v.pipe(
    v.string(),
    v.description(
      'The host of the instance, with the port unless it is the default one; `tubewire` for what happened to your endpoints.',
    ),
  ),
}

const PicturePath = v.nullable(v.pipe(v.string(), v.description('A path of this service: `/lazy-static/…`.')))

/** What an event has besides: its pictures, when it is about a video. */
function picturesOf(data: v.ObjectEntries): v.ObjectEntries {
  if (!('video' in data)) return {}
  const paths: v.ObjectEntries = {
    thumbnail: PicturePath,
    channelAvatar: PicturePath,
    accountAvatar: PicturePath,
    ...('comment' in data ? { commenterAvatar: PicturePath } : {}),
  }
  return {
    pictures: v.optional(
      v.pipe(
        v.strictObject(paths),
        v.description(
          'With `pictures=true` only: its pictures from here, so that nobody who looks meets the instance.',
        ),
      ),
    ),
  }
}

/** An event of a type. */
function eventOf(type: EventType) {
  const { when } = CATALOGUE[type]
  // Of any type: what it says exactly is the catalogue's business.
  const data: v.GenericSchema & { entries: v.ObjectEntries } = CATALOGUE[type].data
  const { id, ...rest } = head
  return v.pipe(
    v.strictObject({ id, type: v.literal(type), ...rest, data, ...picturesOf(data.entries) }),
    v.description(when),
  )
}

/** By type, what an event of it looks like. */
export const EVENT_SCHEMAS = new Map(EVENT_TYPES.map((type) => [type, eventOf(type)]))

/** What events are made of, by its name in generated code. */
export const EVENT_PARTS = {
  Video: payloads.Video,
  VideoChanges: payloads.VideoChanges,
  Comment: payloads.Comment,
  VideoReference: payloads.VideoReference,
  Notification: payloads.Notification,
  ConnectionReference: payloads.Connection,
  InstanceReference: payloads.Instance,
  EndpointReference: payloads.Endpoint,
  Actor: payloads.Actor,
}

/** An event, as every reader gets it. */
export const Event = v.variant('type', [...EVENT_SCHEMAS.values()])

export const exampleEvent = exampleOf('video.published')
