/** @module Whatever happens to a video, and whenever it is looked at: its events tell its last state, and nothing that did not happen. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detectFate, type VideoFate } from '../../src/events/detect-fate.ts'
import { detectVideos, type KnownVideo } from '../../src/events/detect-videos.ts'
import type { NewEvent, Video, VideoChanges } from '../../src/events/types.ts'
import { HOST, known, NOW, scene, seen, video } from '../support/video.ts'

const CHANNELS = ['a', 'b'].map((name) => ({ ...video('x', NOW).channel, name, handle: `${name}@${HOST}` }))
const edit = fc.oneof(
  fc.record({ name: fc.constantFrom('x', 'y') }),
  fc.record({ description: fc.constantFrom(null, 'x', 'y') }),
  fc.record({ nsfw: fc.boolean() }),
  fc.record({ category: fc.constantFrom(null, { id: 1, label: 'Music' }, { id: 2, label: 'Films' }) }),
  fc.record({ channel: fc.constantFrom(...CHANNELS) }),
  fc.record({ thumbnailUrl: fc.constantFrom('https://x/t/1.jpg', 'https://x/t/2.jpg') }),
)
const act = fc.oneof(
  { weight: 3, arbitrary: fc.record({ act: fc.constant('edit' as const), edit }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constantFrom('like' as const, 'public' as const, 'unlisted' as const, 'private' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constantFrom('start' as const, 'end' as const, 'replay' as const) }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('look' as const) }) },
)
type Act = typeof act extends fc.Arbitrary<infer TAct> ? TAct : never

/** A video on its instance. */
class Truth {
  video: Video
  privacy: 'public' | 'unlisted' | 'private' = 'public'
  isOn: boolean
  updatedAt: string
  #now = NOW

  constructor(isLive: boolean) {
    this.video = { ...video('v', NOW), isLive, thumbnailUrl: 'https://x/t/1.jpg' }
    this.updatedAt = this.video.publishedAt
    this.isOn = isLive
  }

  get isListed(): boolean {
    return this.privacy === 'public' && (!this.video.isLive || this.isOn)
  }

  do(one: Act): void {
    this.#now += 1_000
    const now = new Date(this.#now).toISOString()
    // A live that goes on where nobody sees it is told by nothing.
    const canStream = this.video.isLive && this.privacy === 'public'
    switch (one.act) {
      case 'edit':
        this.video = { ...this.video, ...one.edit }
        break
      case 'public':
      case 'unlisted':
      case 'private':
        if (this.isOn) return
        if (this.privacy === 'private' && one.act !== 'private')
          this.video = { ...this.video, publishedAt: now }
        this.privacy = one.act
        break
      case 'start':
        if (!canStream || this.isOn) return
        this.isOn = true
        this.video = { ...this.video, publishedAt: now }
        break
      case 'end':
      case 'replay':
        if (!canStream) return
        this.isOn = false
        if (one.act === 'replay') this.video = { ...this.video, isLive: false }
        break
    }
    this.updatedAt = now
  }

  get fate(): VideoFate {
    if (this.privacy === 'private') return { kind: 'forbidden' }
    const { isLive, publishedAt } = this.video
    return {
      kind: 'there',
      isLive,
      privacy: this.privacy === 'public' ? 1 : 2,
      state: isLive && !this.isOn ? 4 : 1,
      publishedAt,
      updatedAt: this.updatedAt,
    }
  }
}

/** What a reader of the events believes. */
class Belief {
  video: Video | null = null
  isPublic = false
  isOn = false

  /** @param before the video as it was believed to be before this look: all events of a look show the video as it is. */
  fold(event: NewEvent, before: Video | null): void {
    if (!('video' in event.data) || 'comment' in event.data) throw new Error(event.type)
    // None of comments is made here: the video is whole.
    const shown = event.data.video as Video
    switch (event.type) {
      case 'video.published':
        expect(this.isPublic && !before?.isLive, 'published twice').toBe(false)
        this.isPublic = true
        break
      case 'video.updated': {
        const { privacy, ...edits } = event.data.changes
        follows(edits, before, shown)
        if (privacy) {
          expect(privacy).toEqual(
            this.isPublic ? { from: 'public', to: 'unlisted' } : { from: 'unlisted', to: 'public' },
          )
          this.isPublic = !this.isPublic
        }
        break
      }
      case 'video.unpublished':
        this.isPublic = false
        break
      case 'live.started':
        expect(this.isOn, 'started while it was on').toBe(false)
        this.isOn = true
        break
      case 'live.ended':
        expect(this.isOn, 'ended while it was off').toBe(true)
        this.isOn = false
        break
    }
    this.video = shown
  }
}

/** Changes go from what was believed to what is told. */
function follows(changes: VideoChanges, before: Video | null, shown: Video): void {
  for (const [field, { from, to }] of Object.entries(changes)) {
    const read = (of: Video | null) =>
      field === 'channel' ? of?.channel.handle : of?.[field as keyof Omit<Video, 'channel'>]
    expect(from).toEqual(read(before))
    expect(to).toEqual(read(shown))
    expect(from).not.toEqual(to)
  }
}

/** Looks at the video as a poll does: in the list, or by itself when it is not there. */
function look(
  truth: Truth,
  row: KnownVideo | null,
  now: number,
): { events: NewEvent[]; row: KnownVideo | null } {
  const at = { ...scene, now }
  if (!truth.isListed) {
    if (row === null) return { events: [], row }
    return detectFate(at, row, truth.fate, false)
  }
  const { events, rows } = detectVideos({
    scene: at,
    checkpoint: { baseline: true, newest: NOW, walk: null },
    page: [seen(truth.video, truth.updatedAt)],
    unreadable: [],
    known: new Map(row ? [[row.uuid, row]] : []),
  })
  return { events, row: rows[0] ?? row }
}

describe('The events of a video', () => {
  it('tell its last state, each once, and nothing that did not happen', () => {
    const script = fc.array(act, { maxLength: 60 })
    fc.assert(
      fc.property(fc.boolean(), script, (isLive, acts) => {
        const truth = new Truth(isLive)
        const belief = new Belief()
        const ids: string[] = []
        let row: KnownVideo | null = null
        let now = NOW
        const lookNow = () => {
          now += 60_000
          const found = look(truth, row, now)
          row = found.row
          const before = belief.video
          for (const event of found.events) {
            ids.push(event.id)
            belief.fold(event, before)
          }
        }
        lookNow()
        for (const one of acts) {
          if (one.act === 'look') lookNow()
          else truth.do(one)
        }
        lookNow()
        expect(new Set(ids).size).toBe(ids.length)
        // A live that is not on is on no list: that it may be seen again is told when it is.
        if (truth.privacy !== 'public' || truth.isListed)
          expect(belief.isPublic).toBe(truth.privacy === 'public')
        if (truth.privacy === 'public') expect(belief.isOn).toBe(truth.isOn)
        // That it was private between two looks nobody could see, but for its date.
        const { publishedAt } = truth.video
        if (truth.isListed) expect({ ...belief.video, publishedAt }).toEqual(truth.video)
        // At rest there is nothing more to tell.
        const before = ids.length
        lookNow()
        lookNow()
        expect(ids.length).toBe(before)
      }),
      { numRuns: 2_000 },
    )
  })

  it('are none while nothing that people edit changes, however often it is liked, viewed and looked at', () => {
    const counts = fc.record({ duration: fc.nat(9), comments: fc.nat(9), updatedAt: fc.nat(9) })
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 20 }), (looks) => {
        let row = known(video('v', NOW), { comments: 0, commentsRead: 0 })
        for (const { duration, comments, updatedAt } of looks) {
          const found = detectVideos({
            scene,
            checkpoint: { baseline: true, newest: NOW, walk: null },
            page: [seen({ ...video('v', NOW), duration }, new Date(NOW + updatedAt).toISOString(), comments)],
            unreadable: [],
            known: new Map([['v', row]]),
          })
          expect(found.events).toEqual([])
          row = found.rows[0] ?? row
        }
      }),
    )
  })
})
