/** @module Every trap of a list of videos, as a table: what we knew, what the list shows, what happened. */
import { describe, expect, it } from 'vitest'
import { detectVideos, type KnownVideo, type SeenVideo } from '../../src/events/detect-videos.ts'
import type { Video } from '../../src/events/types.ts'
import { firstCheckpoint, type VideosCheckpoint } from '../../src/events/video-walk.ts'
import { HOST, known, NOW, scene, seen, video } from '../support/video.ts'

const watching: VideosCheckpoint = { baseline: true, newest: 1_000, walk: null }

/** What a page says to who knew these rows. */
function look(
  page: SeenVideo[],
  rows: KnownVideo[] = [],
  change: Partial<Parameters<typeof detectVideos>[0]> = {},
) {
  return detectVideos({
    scene,
    checkpoint: watching,
    page,
    unreadable: [],
    known: new Map(rows.map((row) => [row.uuid, row])),
    ...change,
  })
}

const told = ({ events }: ReturnType<typeof look>) => events.map(({ type, subject }) => `${type} ${subject}`)

describe('A list', () => {
  it('tells unknown videos whatever their date, oldest first, each once', () => {
    const [latest, old, late] = [video('new', 2_000), video('known', 1_500), video('late', 10)]
    const found = look([seen(latest), seen(old), seen(late), seen(latest)], [known(old)], {
      unreadable: ['unreadable'],
      scene: { ...scene, now: 3_000 },
    })
    expect(told(found)).toEqual(['video.published late', 'video.published new'])
    expect(found.rows).toEqual([known(latest), known(late)])
    expect(found.events[0]).toEqual({
      id: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
      type: 'video.published',
      instance: HOST,
      subject: 'late',
      ownerId: null,
      seenAt: 3_000,
      data: { video: late },
    })
  })

  it('gives the same event the same id whenever it is seen, and another one another', () => {
    const id = (uuid: string, change: Partial<typeof scene>) =>
      look([seen(video(uuid, 1))], [], { scene: { ...scene, ...change } }).events[0]?.id
    expect(id('a', { now: 1 })).toBe(id('a', { now: 2 }))
    const ids = [
      id('a', {}),
      id('b', {}),
      id('a', { instance: 'other.example' }),
      id('a', { ownerId: 'usr_1' }),
      id('a', { ownerId: 'usr_2' }),
    ]
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('tells whose a private event is', () => {
    const found = look([seen(video('a', 1))], [], { scene: { ...scene, ownerId: 'usr_1' } })
    expect(found.events[0]?.ownerId).toBe('usr_1')
  })

  it('that shows a known video twice, differently, tells the first of them once', () => {
    const [was, one, other] = [
      video('a', 1),
      { ...video('a', 1), name: 'one' },
      { ...video('a', 1), name: 'two' },
    ]
    const found = look([seen(one), seen(other)], [known(was)])
    expect(found.events).toMatchObject([
      { type: 'video.updated', data: { changes: { name: { to: 'one' } } } },
    ])
    expect(found.rows).toEqual([known(one)])
  })

  it('names the lives that are on, each once', () => {
    const live = { ...video('a', 1), isLive: true }
    const page = [seen(live), seen(video('b', 1)), seen(live)]
    expect(look(page).running).toEqual(['a'])
    expect(look(page, [known(live)]).running).toEqual(['a'])
  })

  it('of ties tells each', () => {
    const page = ['a', 'b', 'c'].map((uuid) => seen(video(uuid, 1_000)))
    expect(told(look(page))).toEqual(['video.published c', 'video.published b', 'video.published a'])
    expect(told(look(page, [known(video('b', 1_000))]))).toEqual(['video.published c', 'video.published a'])
  })
})

describe('The first walk', () => {
  const page = [3_000, 2_000, 1_000].map((at) => seen(video(`v${at}`, at)))

  it('remembers all in silence', () => {
    const found = look(page, [], { checkpoint: firstCheckpoint(0) })
    expect(told(found)).toEqual([])
    expect(found.rows.map(({ uuid }) => uuid)).toEqual(['v3000', 'v2000', 'v1000'])
  })

  it('tells the newest that a backfill asks for, over several pages', () => {
    const first = look(page.slice(0, 1), [], { checkpoint: firstCheckpoint(2) })
    expect(told(first)).toEqual(['video.published v3000'])
    expect(first.backfillLeft).toBe(1)
    const walk = { ...firstCheckpoint(first.backfillLeft).walk, newest: 3_000 }
    const rest = look(page.slice(1), [], {
      checkpoint: { baseline: false, newest: 0, walk: walk as VideosCheckpoint['walk'] },
    })
    expect(told(rest)).toEqual(['video.published v2000'])
    expect(rest.backfillLeft).toBe(0)
  })

  it('tells what was published since it began, and that costs no backfill', () => {
    const walk = { ...firstCheckpoint(1).walk, newest: 2_000 }
    const found = look(page, [], {
      checkpoint: { baseline: false, newest: 0, walk: walk as VideosCheckpoint['walk'] },
    })
    expect(told(found)).toEqual(['video.published v2000', 'video.published v3000'])
    expect(found.backfillLeft).toBe(0)
  })

  it('tells an edit of what it has met already', () => {
    const edited = { ...video('v1000', 1_000), name: 'edited' }
    const found = look([seen(edited)], [known(video('v1000', 1_000))], { checkpoint: firstCheckpoint(0) })
    expect(told(found)).toEqual(['video.updated v1000'])
  })
})

describe('A video that cannot be understood', () => {
  it('was there before us when the first walk meets it: it is no news when it can be', () => {
    const { rows } = look([], [], { unreadable: ['u'], checkpoint: firstCheckpoint(0) })
    expect(rows).toMatchObject([{ uuid: 'u', publishedAt: 0, state: 'listed', data: '' }])
    const understood = look([seen(video('u', 5))], rows)
    expect(told(understood)).toEqual([])
    expect(understood.rows).toEqual([known(video('u', 5))])
  })

  it('keeps what is known of it when it could be before', () => {
    const rows = [known(video('u', 5))]
    expect(look([], rows, { unreadable: ['u'], checkpoint: firstCheckpoint(0) }).rows).toEqual([])
  })

  it('is news later, as soon as it can be', () => {
    expect(look([], [], { unreadable: ['u'] }).rows).toEqual([])
    expect(told(look([seen(video('u', 5))]))).toEqual(['video.published u'])
  })
})

const was = video('a', NOW)
const later = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString()

describe('A known video', () => {
  const other = { ...was.channel, name: 'b', handle: `b@${HOST}` }
  it.each<[string, Partial<Video>, object]>([
    ['name', { name: 'x' }, { name: { from: 'a', to: 'x' } }],
    ['description', { description: 'x' }, { description: { from: null, to: 'x' } }],
    [
      'category',
      { category: { id: 1, label: 'x' } },
      { category: { from: null, to: { id: 1, label: 'x' } } },
    ],
    ['licence', { licence: { id: 1, label: 'x' } }, { licence: { from: null, to: { id: 1, label: 'x' } } }],
    [
      'language',
      { language: { id: 'x', label: 'x' } },
      { language: { from: null, to: { id: 'x', label: 'x' } } },
    ],
    ['nsfw', { nsfw: true }, { nsfw: { from: false, to: true } }],
    [
      'originallyPublishedAt',
      { originallyPublishedAt: later(1) },
      { originallyPublishedAt: { from: null, to: later(1) } },
    ],
    ['channel', { channel: other }, { channel: { from: `a@${HOST}`, to: `b@${HOST}` } }],
    [
      'several fields at once',
      { name: 'x', nsfw: true, channel: other },
      {
        name: { from: 'a', to: 'x' },
        nsfw: { from: false, to: true },
        channel: { from: `a@${HOST}`, to: `b@${HOST}` },
      },
    ],
  ])('whose %s was edited is updated once, and tells what it was and is', (_name, change, changes) => {
    const now = { ...was, ...change }
    const found = look([seen(now, later(5))], [known(was)])
    expect(found.events).toMatchObject([{ type: 'video.updated', subject: 'a' }])
    expect(found.events[0]?.data).toEqual({ video: now, changes })
    expect(found.rows).toEqual([known(now)])
    expect(look([seen(now, later(5))], found.rows).events).toEqual([])
    // Of two sources that see the same it is one event.
    const elsewhere = look([seen(now, later(5))], [known(was)], { scene: { ...scene, now: NOW + 9 } })
    expect(elsewhere.events[0]?.id).toBe(found.events[0]?.id)
  })

  it.each<[string, Partial<Video>]>([
    ['nothing', {}],
    ['its duration alone', { duration: 7 }],
    ['the name of its channel alone', { channel: { ...was.channel, displayName: 'B' } }],
    ['the picture of its channel alone', { channel: { ...was.channel, avatarUrl: 'https://x/y' } }],
  ])('of which %s has changed is not updated, though it was touched: a like does that', (_name, change) => {
    const now = { ...was, ...change }
    const found = look([seen(now, later(5))], [known(was)])
    expect(found.events).toEqual([])
    // What is told of it later is as it was seen last.
    expect(found.rows).toEqual(Object.keys(change).length > 0 ? [known(now)] : [])
  })

  it('that was edited and edited back is updated twice, and again', () => {
    const edited = { ...was, name: 'x' }
    const ids = [
      look([seen(edited, later(1))], [known(was)]),
      look([seen(was, later(2))], [known(edited)]),
      look([seen(edited, later(3))], [known(was)]),
    ].map(({ events }) => events[0]?.id)
    expect(new Set(ids).size).toBe(3)
  })

  it('keeps its tags, which lists do not show, and tells them', () => {
    const row = known(was, { tags: '["x"]' })
    const found = look([seen({ ...was, name: 'x' })], [row])
    expect(found.events[0]?.data).toMatchObject({ video: { tags: ['x'] }, changes: { name: { to: 'x' } } })
    expect(found.rows).toEqual([known({ ...was, name: 'x' }, { tags: '["x"]' })])
  })

  it('that was unlisted is updated when it is public, with its old date', () => {
    const found = look([seen(was, later(5))], [known(was, { state: 'unlisted' })])
    expect(found.events.map(({ type, data }) => [type, data])).toEqual([
      ['video.updated', { video: was, changes: { privacy: { from: 'unlisted', to: 'public' } } }],
    ])
    expect(found.rows).toEqual([known(was, { returns: 1 })])
  })

  it('that was unlisted and edited meanwhile tells both in one event', () => {
    const found = look([seen({ ...was, name: 'x' })], [known(was, { state: 'unlisted' })])
    expect(found.events).toMatchObject([
      { type: 'video.updated', data: { changes: { name: { to: 'x' }, privacy: { to: 'public' } } } },
    ])
  })

  it('that was unpublished is published again, with its new date, and its tags', () => {
    const now = { ...was, publishedAt: later(9), name: 'x' }
    const found = look([seen(now)], [known(was, { state: 'unpublished', tags: '["x"]' })])
    expect(told(found)).toEqual(['video.published a'])
    expect(found.events[0]?.data).toEqual({ video: { ...now, tags: ['x'] } })
    expect(found.events[0]?.id).not.toBe(look([seen(was)]).events[0]?.id)
    expect(found.rows[0]?.state).toBe('listed')
  })

  it('that was unpublished is published again although it keeps its date: a block was lifted', () => {
    const [first] = look([seen(was)]).events
    const again = look([seen(was)], [known(was, { state: 'unpublished' })], {
      scene: { ...scene, now: NOW + 60_000 },
    }).events
    expect(again).toMatchObject([{ type: 'video.published' }])
    expect(again[0]?.id).not.toBe(first?.id)
  })

  it('that only was not shown for a while is nothing', () => {
    const found = look([seen(was)], [known(was, { state: 'hidden' })])
    expect(found.events).toEqual([])
    expect(found.rows).toEqual([known(was)])
  })

  it('with another date moved in the list, and nothing more', () => {
    const moved = { ...was, publishedAt: later(1) }
    const found = look([seen(moved)], [known(was)])
    expect(found.events).toEqual([])
    expect(found.rows).toEqual([known(moved)])
  })

  it('kept before anything but its date was is nothing, and kept whole', () => {
    const found = look([seen(was)], [known(was, { data: '' })])
    expect(found.events).toEqual([])
    expect(found.rows).toEqual([known(was)])
  })
})

describe('Comments of a video', () => {
  it.each<[string, KnownVideo[], VideosCheckpoint, number | null, (number | null)[]]>([
    ['that is new are all unread', [], watching, 3, [3, 0]],
    ['that was there before us are all read', [], firstCheckpoint(0), 3, [3, 3]],
    ['that a backfill tells are all unread', [], firstCheckpoint(1), 3, [3, 0]],
    [
      'that became more are unread as far as they were not read',
      [known(was, { comments: 3, commentsRead: 2 })],
      watching,
      5,
      [5, 2],
    ],
    ['of an instance that did not count them before are all unread', [known(was)], watching, 5, [5, 0]],
    ['that could not be read before are all read', [known(was, { data: '' })], watching, 5, [5, 5]],
    ['of an instance that does not count them are not known', [], watching, null, [null, null]],
  ])('%s', (_name, rows, checkpoint, comments, expected) => {
    const found = look([seen(was, was.publishedAt, comments)], rows, { checkpoint })
    expect(found.rows.map((row) => [row.comments, row.commentsRead])).toEqual([expected])
  })
})

describe('A live', () => {
  const live = { ...was, isLive: true }
  const restarted = { ...live, publishedAt: later(30) }
  const replay = { ...was, duration: 60 }

  it.each<[string, KnownVideo['state'] | null, Video, Video, unknown[]]>([
    ['that is new is published, and on', null, live, live, ['video.published', 'live.started']],
    ['that goes on is nothing', 'listed', live, live, []],
    ['that became a video has ended, with a replay', 'listed', live, replay, [['live.ended', true]]],
    [
      'that runs with another date ended in between',
      'listed',
      live,
      restarted,
      [['live.ended', false], 'live.started'],
    ],
    ['that waited is on', 'waiting', live, restarted, ['live.started']],
    ['that waited, of a version that keeps its date, is on', 'waiting', live, live, ['live.started']],
    [
      'whose replay comes later, after its end was told, is published',
      'waiting',
      live,
      replay,
      ['video.published'],
    ],
    [
      'that was private is published again, and on',
      'unpublished',
      live,
      restarted,
      ['video.published', 'live.started'],
    ],
    ['whose replay was private is published', 'unpublished', live, replay, ['video.published']],
    ['that was unlisted is public', 'unlisted', live, live, ['video.updated']],
  ])('%s', (_name, state, before, now, expected) => {
    const { events, rows } = look([seen(now)], state === null ? [] : [known(before, { state })])
    expect(
      events.map((event) => (event.type === 'live.ended' ? [event.type, event.data.replay] : event.type)),
    ).toEqual(expected)
    for (const event of events) expect(event.data).toMatchObject({ video: now })
    const isBack = state === 'unlisted' || state === 'unpublished'
    // Of another date it is no return.
    const returns = isBack && now.publishedAt === before.publishedAt ? 1 : 0
    expect(rows).toEqual(state === 'listed' && now === before ? [] : [known(now, { returns })])
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  })

  it('that ended and was edited tells its end first', () => {
    const found = look([seen({ ...replay, name: 'x' })], [known(live)])
    expect(told(found)).toEqual(['live.ended a', 'video.updated a'])
  })

  it('each time that it starts and ends is another event, and the same end is the same one however it was learned', () => {
    const [, first] = look([seen(live)]).events
    const [ended, second] = look([seen(restarted)], [known(live)]).events
    const [replayed] = look([seen(replay)], [known(live)]).events
    const [endedAgain] = look([seen({ ...restarted, isLive: false })], [known(restarted)]).events
    expect(ended?.id).toBe(replayed?.id)
    expect(new Set([first?.id, ended?.id, second?.id, endedAgain?.id]).size).toBe(4)
  })
})
