/** @module What became of a video that the list no longer shows: from each state that is known, for each answer. */
import { describe, expect, it } from 'vitest'
import { detectFate, type VideoFate } from '../../src/events/detect-fate.ts'
import { detectVideos, type KnownVideo } from '../../src/events/detect-videos.ts'
import { firstCheckpoint } from '../../src/events/video-walk.ts'
import { known, NOW, scene, video } from '../support/video.ts'

type There = Extract<VideoFate, { kind: 'there' }>
type State = KnownVideo['state']

const was = video('a', NOW)
const live = { ...was, isLive: true }
const gone: VideoFate = { kind: 'gone' }
const forbidden: VideoFate = { kind: 'forbidden' }
const later = new Date(NOW + 60_000).toISOString()

const there = (change: Partial<There> = {}): There => ({
  kind: 'there',
  isLive: false,
  privacy: 1,
  state: 1,
  publishedAt: was.publishedAt,
  updatedAt: later,
  ...change,
})

/** What is told and kept: null, when nothing is; `again`: it is to be looked at once more. */
function fateOf(row: KnownVideo, fate: VideoFate, isSecondLook = false) {
  const { events, row: kept, lookAgain } = detectFate(scene, row, fate, isSecondLook)
  return [events.map(({ type }) => type), lookAgain ? 'again' : (kept?.state ?? null)]
}

const STATES: State[] = ['listed', 'unlisted', 'unpublished', 'waiting', 'hidden']

describe('A 404', () => {
  it.each(STATES)('once is no event, whatever was known (%s)', (state) => {
    const row = known(was, { state })
    expect(detectFate(scene, row, gone, false)).toEqual({ events: [], row, lookAgain: true })
  })

  it.each(STATES)('twice is a deletion, which tells the video as it was (%s)', (state) => {
    const { events, row, lookAgain } = detectFate(scene, known(was, { state, tags: '["x"]' }), gone, true)
    expect(events).toMatchObject([
      { type: 'video.deleted', subject: 'a', data: { video: { ...was, tags: ['x'] } } },
    ])
    expect([row, lookAgain]).toEqual([null, false])
  })

  it.each(STATES)('twice of a live ends it first, when it was on (%s)', (state) => {
    const wasOn = state === 'listed' || state === 'unlisted'
    const ended = wasOn ? ['live.ended', 'video.deleted'] : ['video.deleted']
    expect(fateOf(known(live, { state }), gone, true)).toEqual([ended, null])
  })

  it('twice of what was never understood is forgotten in silence', () => {
    expect(fateOf(known(was, { data: '' }), gone, true)).toEqual([[], null])
  })
})

describe('A 401 or 403', () => {
  it.each<[State, string[]]>([
    ['listed', ['video.unpublished']],
    ['unlisted', ['video.unpublished']],
    ['hidden', ['video.unpublished']],
    ['waiting', ['video.unpublished']],
    ['unpublished', []],
  ])('of a video that was %s', (state, told) => {
    expect(fateOf(known(was, { state }), forbidden)).toEqual([told, 'unpublished'])
    // Also when it was gone before: it is there.
    expect(fateOf(known(was, { state }), forbidden, true)).toEqual([told, 'unpublished'])
  })

  it('of what was never understood is remembered in silence', () => {
    expect(fateOf(known(was, { data: '' }), forbidden)).toEqual([[], 'unpublished'])
  })
})

describe('A video that is unlisted now', () => {
  it.each<[State, string[], State]>([
    ['listed', ['video.updated'], 'unlisted'],
    ['hidden', ['video.updated'], 'unlisted'],
    ['waiting', ['video.updated'], 'unlisted'],
    ['unlisted', [], 'unlisted'],
    // It was told that it is no longer public: that it can be seen by who knows its address is no publication.
    ['unpublished', [], 'unpublished'],
  ])('and was %s', (state, told, next) => {
    expect(fateOf(known(was, { state }), there({ privacy: 2 }))).toEqual([told, next])
  })

  it('tells the change, and each time is another event', () => {
    const [event] = detectFate(scene, known(was), there({ privacy: 2 }), false).events
    expect(event?.data).toEqual({
      video: was,
      changes: { privacy: { from: 'public', to: 'unlisted' } },
    })
    const again = detectFate(scene, known(was), there({ privacy: 2, updatedAt: was.createdAt }), false)
    expect(again.events[0]?.id).not.toBe(event?.id)
  })

  it('and was never understood is remembered in silence', () => {
    expect(fateOf(known(was, { data: '' }), there({ privacy: 2 }))).toEqual([[], 'unlisted'])
  })
})

describe('A live that was on', () => {
  it.each<[string, VideoFate, unknown[]]>([
    ['and is private', forbidden, [['live.ended', false], 'video.unpublished']],
    ['and goes on unlisted', there({ isLive: true, privacy: 2 }), ['video.updated']],
    [
      'and waits unlisted',
      there({ isLive: true, state: 4, privacy: 2 }),
      [['live.ended', false], 'video.updated'],
    ],
    ['and whose replay is unlisted', there({ privacy: 2 }), [['live.ended', true], 'video.updated']],
  ])('%s', (_name, fate, told) => {
    const { events } = detectFate(scene, known(live), fate, false)
    expect(
      events.map((event) => (event.type === 'live.ended' ? [event.type, event.data.replay] : event.type)),
    ).toEqual(told)
  })
})

describe('A live that is not on', () => {
  const answers: [string, There][] = [
    ['it waits', there({ isLive: true, state: 4 })],
    ['it has ended', there({ isLive: true, state: 5 })],
    ['its replay is being made', there({ isLive: false, state: 2 })],
  ]
  const cases = answers.flatMap(([name, fate]) => STATES.map((state) => [name, state, fate] as const))

  it.each(cases)('%s: it ended when it was on (%s)', (_name, state, fate) => {
    const { events, row } = detectFate(scene, known(live, { state }), fate, false)
    const told: Partial<Record<State, object | object[]>> = {
      listed: { type: 'live.ended', data: { video: live, replay: false } },
      // No list will show that it is public again before it is on.
      unlisted: [
        { type: 'live.ended', data: { video: live, replay: false } },
        {
          type: 'video.updated',
          data: { video: live, changes: { privacy: { from: 'unlisted', to: 'public' } } },
        },
      ],
    }
    expect(events).toMatchObject([told[state] ?? []].flat())
    expect(row?.state).toBe(state === 'unpublished' ? 'unpublished' : 'waiting')
  })
})

describe('A live whose replay is there, farther down than the list was read', () => {
  it.each(['listed', 'unlisted'] as const)(
    'has ended with it, and the list adds no end to that (%s)',
    (state) => {
      const moved = there({ publishedAt: later })
      const { events, row } = detectFate(scene, known(live, { state }), moved, false)
      expect(events).toMatchObject([{ type: 'live.ended', data: { video: was, replay: true } }])
      expect(row).toMatchObject({ state, publishedAt: state === 'listed' ? Date.parse(later) : NOW })
      if (!row) return
      const shown = { ...was, publishedAt: later, name: 'Replay' }
      const found = detectVideos({
        scene,
        checkpoint: { ...firstCheckpoint(0), baseline: true },
        page: [{ video: shown, updatedAt: later, comments: null }],
        unreadable: [],
        known: new Map([[row.uuid, row]]),
      })
      const changes = state === 'unlisted' ? { privacy: { from: 'unlisted', to: 'public' } } : {}
      expect(found.events).toMatchObject([
        { type: 'video.updated', data: { changes: { ...changes, name: { from: was.name, to: 'Replay' } } } },
      ])
    },
  )
})

describe('A live that was unlisted while it was on', () => {
  const over = there({ isLive: false, privacy: 2 })

  it('is told to have ended once, when it has', () => {
    const { events, row } = detectFate(scene, known(live, { state: 'unlisted' }), over, false)
    expect(events).toMatchObject([{ type: 'live.ended', data: { replay: true } }])
    expect(row && detectFate(scene, row, over, false).events).toEqual([])
  })
})

describe('A video that is unpublished for the second time with the same date', () => {
  it('is told again', () => {
    const idOf = (returns: number) =>
      detectFate(scene, known(was, { returns }), forbidden, false).events.map(({ id }) => id)
    expect(idOf(0)).toHaveLength(1)
    expect(idOf(1)).not.toEqual(idOf(0))
  })
})

describe('A video that is there and public', () => {
  it.each<[State, State]>([
    ['listed', 'hidden'],
    ['hidden', 'hidden'],
    // The list will show it, and that is when it is told.
    ['unlisted', 'unlisted'],
    ['unpublished', 'unpublished'],
    ['waiting', 'waiting'],
  ])('and was %s is no event', (state, next) => {
    expect(fateOf(known(was, { state }), there())).toEqual([[], next])
    expect(fateOf(known(was, { state }), there(), true)).toEqual([[], next])
  })

  it('with another date has moved in the list: it is looked for there from now on', () => {
    const { events, row } = detectFate(scene, known(was), there({ publishedAt: later }), false)
    expect(events).toEqual([])
    expect(row).toEqual(known(was, { publishedAt: Date.parse(later) }))
  })

  it('as a live that is on is no event', () => {
    expect(fateOf(known(live, { state: 'waiting' }), there({ isLive: true }))).toEqual([[], 'waiting'])
  })
})
