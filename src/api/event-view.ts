/** @module How an event looks: in the API, in downloads, and as the body of a webhook. */
import * as v from 'valibot'
import { Time } from './fields.ts'

const url = v.pipe(v.string(), v.description('Absolute.'))
const label = <TId extends v.GenericSchema>(id: TId) =>
  v.nullable(v.strictObject({ id: v.nullable(id), label: v.string() }))

const Actor = v.strictObject({
  name: v.string(),
  displayName: v.string(),
  host: v.string(),
  url,
  handle: v.pipe(v.string(), v.description('`name@host`, as people write it.')),
  avatarUrl: v.nullable(url),
})

export const Video = v.strictObject({
  uuid: v.string(),
  shortUUID: v.string(),
  url,
  name: v.string(),
  description: v.nullable(
    v.pipe(v.string(), v.description('Its beginning, as the list of the instance gives it.')),
  ),
  duration: v.pipe(v.number(), v.description('Seconds.')),
  isLive: v.boolean(),
  nsfw: v.boolean(),
  category: label(v.number()),
  licence: label(v.number()),
  language: label(v.string()),
  thumbnailUrl: v.nullable(url),
  embedUrl: v.nullable(url),
  publishedAt: v.pipe(v.string(), v.description('As the instance gives it.')),
  createdAt: v.pipe(v.string(), v.description('As the instance gives it.')),
  originallyPublishedAt: v.nullable(v.string()),
  channel: Actor,
  account: Actor,
})

const PicturePath = v.nullable(v.pipe(v.string(), v.description('A path of this service: `/lazy-static/…`.')))

/** An event, as every reader gets it. */
export const Event = v.strictObject({
  id: v.pipe(v.string(), v.description('Made of what happened: the same event never has another one.')),
  type: v.picklist(['video.published']),
  timestamp: v.pipe(Time, v.description('When Tubewire saw it.')),
  sequence: v.pipe(v.number(), v.integer(), v.description('Grows with each event, and is never used twice.')),
  instance: v.pipe(
    v.string(),
    v.description('The host of the instance, with the port unless it is the default one.'),
  ),
  data: v.strictObject({ video: Video }),
  pictures: v.optional(
    v.pipe(
      v.strictObject({ thumbnail: PicturePath, channelAvatar: PicturePath, accountAvatar: PicturePath }),
      v.description(
        'With `pictures=true` only: its pictures from here, so that nobody who looks meets the instance.',
      ),
    ),
  ),
})

const channel = {
  name: 'alice_channel',
  displayName: 'Main alice channel',
  host: 'peertube.example',
  url: 'https://peertube.example/video-channels/alice_channel',
  handle: 'alice_channel@peertube.example',
  avatarUrl: null,
}

export const exampleEvent = {
  id: 'evt_2733d8ac0f772d8f3b279e774e62b648',
  type: 'video.published',
  timestamp: '2026-11-23T21:19:37.421Z',
  sequence: 42,
  instance: 'peertube.example',
  data: {
    video: {
      uuid: '43493d1c-8fbe-411e-9932-9ee0e7172022',
      shortUUID: '9iUHktDza4U9nkpgptkJ5b',
      url: 'https://peertube.example/videos/watch/43493d1c-8fbe-411e-9932-9ee0e7172022',
      name: 'Alice video 1',
      description: 'Description of video 1',
      duration: 2,
      isLive: false,
      nsfw: false,
      category: { id: 15, label: 'Science & Technology' },
      licence: null,
      language: { id: 'en', label: 'English' },
      thumbnailUrl:
        'https://peertube.example/lazy-static/thumbnails/f393736e-e4cb-489c-be34-719ddba2f4fd.jpg',
      embedUrl: 'https://peertube.example/videos/embed/43493d1c-8fbe-411e-9932-9ee0e7172022',
      publishedAt: '2026-11-23T21:19:05.009Z',
      createdAt: '2026-11-23T21:19:06.360Z',
      originallyPublishedAt: null,
      channel,
      account: { ...channel, name: 'alice', handle: 'alice@peertube.example' },
    },
  },
}
