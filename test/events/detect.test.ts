import { describe, expect, it } from 'vitest'
import { detectVideos } from '../../src/events/detect.ts'
import { firstCheckpoint, type VideosCheckpoint } from '../../src/events/video-walk.ts'
import { HOST, NOW, video } from '../support/video.ts'

const watching: VideosCheckpoint = { baseline: true, newest: 1_000, walk: null }

describe('detectVideos', () => {
  it('emits unknown videos whatever their date, oldest first, each once', () => {
    const page = [video('new', 2_000), video('known', 1_500), video('late', 10), video('new', 2_000)]
    const found = detectVideos({
      instance: HOST,
      checkpoint: watching,
      page,
      unreadable: ['unreadable'],
      known: new Set(['known']),
      now: 3_000,
    })
    expect(found.events.map(({ subject }) => subject)).toEqual(['late', 'new'])
    expect(found.remember.map(({ uuid }) => uuid)).toEqual(['new', 'late'])
    expect(found.events[0]?.seenAt).toBe(3_000)
  })

  it('gives the same event the same id, and another one another', () => {
    const id = (instance: string, uuid: string) =>
      detectVideos({
        instance,
        checkpoint: watching,
        page: [video(uuid, 1)],
        unreadable: [],
        known: new Set(),
        now: Math.random(),
      }).events[0]?.id
    expect(id(HOST, 'a')).toBe(id(HOST, 'a'))
    expect(id(HOST, 'a')).toMatch(/^evt_[0-9a-f]{32}$/)
    expect(new Set([id(HOST, 'a'), id(HOST, 'b'), id('other.example', 'a')]).size).toBe(3)
  })
})

describe('A video that cannot be understood', () => {
  const page = { instance: HOST, page: [], unreadable: ['u'], known: new Set<string>(), now: NOW }

  it('was there before us when the first walk meets it: it is no news when it can be', () => {
    expect(detectVideos({ ...page, checkpoint: firstCheckpoint(0) }).remember).toEqual([
      { uuid: 'u', publishedAt: 0 },
    ])
  })

  it('is news later, as soon as it can be', () => {
    expect(detectVideos({ ...page, checkpoint: watching }).remember).toEqual([])
  })
})
