/** @module The examples of the catalogue are what our readers and detectors make of what was recorded. */
import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import {
  detectFate,
  detectVideos,
  type KnownVideo,
  type SeenVideo,
  type VideoFate,
} from '../../src/events/detect-videos.ts'
import { live, replay } from '../../src/events/example-world.ts'
import { instanceRecovered, instanceUnreachable, instanceUpgraded } from '../../src/events/instance-events.ts'
import type { EventType, NewEvent, Video } from '../../src/events/types.ts'
import { readVideo, readVideosPage } from '../../src/peertube/videos.ts'
import config from '../fixtures/recordings/get_config.json'
import one from '../fixtures/recordings/get_video.json'
import gone from '../fixtures/recordings/get_video_deleted_404.json'
import forbidden from '../fixtures/recordings/get_video_private_401.json'
import all from '../fixtures/recordings/get_videos_include_admin.json'
import newest from '../fixtures/recordings/get_videos_local_newest_skipcount.json'
import { ORIGIN, type Recorded, recorded } from '../support/recorded.ts'

const CHECKPOINT = { baseline: true, newest: 0, walk: null }

/** A video as a recorded list shows it. */
async function listed(list: Recorded, name: string): Promise<SeenVideo> {
  const page = await readVideosPage(recorded(list), ORIGIN, { kind: 'local' }, 0, null)
  if (page.kind !== 'page') throw new Error(page.kind)
  const found = page.videos.find(({ video }) => video.name === name)
  if (!found) throw new Error(`no video ${name}`)
  return found
}

/** What is kept of a video. */
const known = (video: Video): KnownVideo => ({
  uuid: video.uuid,
  publishedAt: Date.parse(video.publishedAt),
  state: 'listed',
  data: JSON.stringify(video),
  tags: null,
  comments: null,
  commentsRead: null,
  returns: 0,
})

const sceneOf = (type: EventType) => ({
  instance: 'peertube.example',
  ownerId: null,
  now: Date.parse(exampleOf(type).timestamp),
})

/** What a list with this video on it makes of what was known. */
const look = (type: EventType, seen: SeenVideo, was: KnownVideo[]) =>
  detectVideos({
    scene: sceneOf(type),
    checkpoint: CHECKPOINT,
    page: [seen],
    unreadable: [],
    known: new Map(was.map((video) => [video.uuid, video])),
  }).events

const fateOf = async (answer: Recorded): Promise<VideoFate> => {
  const read = await readVideo(recorded(answer), ORIGIN, 'id')
  if (read.kind === 'failed') throw new Error(read.detail)
  return read.kind === 'video' ? read.fate : read
}

const instance = {
  host: 'peertube.example',
  url: ORIGIN,
  name: config.response.body.instance.name,
  version: config.response.body.serverVersion,
}
const failingSince = Date.parse(exampleOf('instance.recovered').data.since)

const MAKERS: { [TType in EventType]?: () => Promise<NewEvent[]> } = {
  'video.published': async () => {
    const seen = await listed(newest, 'Alice video 1')
    const read = await readVideo(recorded(one), ORIGIN, seen.video.uuid)
    if (read.kind !== 'video') throw new Error(read.kind)
    return look('video.published', { ...seen, video: { ...seen.video, ...read.detail } }, [])
  },
  'video.updated': async () => {
    const seen = await listed(newest, 'Alice video 2 (renamed)')
    return look('video.updated', seen, [known({ ...seen.video, name: 'Alice video 2' })])
  },
  'video.unpublished': async () => {
    const { video } = await listed(all, 'Alice private')
    return detectFate(sceneOf('video.unpublished'), known(video), await fateOf(forbidden), false).events
  },
  'video.deleted': async () => {
    const { video } = await listed(newest, 'Bob video')
    return detectFate(sceneOf('video.deleted'), known(video), await fateOf(gone), true).events
  },
  // No live was recorded: these two are made by hand, in the same world.
  'live.started': async () => {
    const seen = { video: live, comments: null, updatedAt: live.publishedAt }
    return look('live.started', seen, []).filter(({ type }) => type === 'live.started')
  },
  'live.ended': async () => {
    const seen = { video: replay, comments: null, updatedAt: replay.publishedAt }
    return look('live.ended', seen, [known(live)]).filter(({ type }) => type === 'live.ended')
  },
  'instance.unreachable': async () => {
    const { reason, detail } = exampleOf('instance.unreachable').data
    const { now } = sceneOf('instance.unreachable')
    return [instanceUnreachable(instance, { reason, detail, since: failingSince }, now)]
  },
  'instance.recovered': async () => [
    instanceRecovered(instance, failingSince, sceneOf('instance.recovered').now),
  ],
  'instance.upgraded': async () => [instanceUpgraded(instance, '6.2.1', sceneOf('instance.upgraded').now)],
}

describe('The example of', () => {
  it.each(Object.entries(MAKERS))('%s is what is made of what was recorded', async (type, make) => {
    const made = await make()
    expect(made.map((event) => event.type)).toEqual([type])
    const { id, timestamp, data } = exampleOf(made[0]?.type ?? 'video.published')
    expect(new Date(made[0]?.seenAt ?? 0).toISOString()).toBe(timestamp)
    expect({ id: made[0]?.id, data: made[0]?.data }).toEqual({ id, data })
  })
})
