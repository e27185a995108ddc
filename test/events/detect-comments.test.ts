/** @module What comments say that was not known: every trap of the lists and threads in which they stand. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CommentScene,
  type CommentsBaseline,
  detectComments,
  detectGone,
  isNewsIn,
  type KnownComment,
  type KnownThread,
  LOOKBACK_MS,
  type SeenComment,
} from '../../src/events/detect-comments.ts'
import type { NewEvent } from '../../src/events/types.ts'
import { comment, seen } from '../support/comment.ts'
import { HOST, NOW } from '../support/video.ts'

const HOUR = 3_600_000
const ANYBODY: CommentScene = { instance: HOST, viewerId: null, now: NOW, toHtml: (text) => `<p>${text}</p>` }
const OWNER: CommentScene = { ...ANYBODY, viewerId: 'usr_owner' }

type Known = Map<number, KnownComment>

/** What is known after a look, and what it told. */
function look(known: Known, shown: readonly SeenComment[], scene = ANYBODY, isNews = () => true) {
  const { events, rows } = detectComments(scene, shown, known, isNews)
  return { events, known: new Map([...known, ...rows.map((row) => [row.id, row] as const)]) }
}

const NOTHING: Known = new Map()
/** What is known after this was seen, as of old. */
const having = (...shown: SeenComment[]): Known => look(NOTHING, shown, OWNER, () => false).known
const told = (events: readonly NewEvent[]) =>
  events.map(({ type, subject, ownerId }) => `${type} ${subject}${ownerId ? ` to ${ownerId}` : ''}`)

describe('Of comments', () => {
  const cases: [name: string, known: Known, shown: SeenComment[], scene: CommentScene, events: string[]][] = [
    ['an unknown one is created', NOTHING, [seen(2)], ANYBODY, ['comment.created 2']],
    [
      'several are told in the order of their numbers',
      NOTHING,
      [seen(9), seen(3), seen(5)],
      ANYBODY,
      ['comment.created 3', 'comment.created 5', 'comment.created 9'],
    ],
    ['a known one is no news', having(seen(2)), [seen(2)], ANYBODY, []],
    [
      'one that stands twice in a page is told once',
      NOTHING,
      [seen(2), seen(2)],
      ANYBODY,
      ['comment.created 2'],
    ],
    [
      'a known one that stands twice, once with another text, has not changed',
      having(seen(2)),
      [seen(2), seen(2, { text: 'other' })],
      ANYBODY,
      [],
    ],
    [
      'a tombstone that was never seen alive is nothing',
      NOTHING,
      [seen(2, { isDeleted: true, text: '' })],
      ANYBODY,
      [],
    ],
    [
      'a tombstone that stands before the same number alive is nothing',
      NOTHING,
      [seen(2, { isDeleted: true, text: '' }), seen(2)],
      ANYBODY,
      [],
    ],
    [
      'a tombstone of a known one says that it was deleted, with replies below it',
      having(seen(2), seen(3)),
      [seen(2, { isDeleted: true, text: '' }), seen(3, { inReplyToCommentId: 2 })],
      ANYBODY,
      ['comment.deleted 2'],
    ],
    [
      'a tombstone says so once',
      look(having(seen(2)), [seen(2, { isDeleted: true })]).known,
      [seen(2, { isDeleted: true })],
      ANYBODY,
      [],
    ],
    [
      'another text is an update',
      having(seen(2)),
      [seen(2, { text: 'other' })],
      ANYBODY,
      ['comment.updated 2'],
    ],
    [
      'another date is none',
      having(seen(2)),
      [seen(2, { updatedAt: new Date(NOW + HOUR).toISOString() })],
      ANYBODY,
      [],
    ],
    [
      'one held for review is told to nobody by those who read as anybody',
      NOTHING,
      [seen(2, { heldForReview: true, isPublic: false })],
      ANYBODY,
      [],
    ],
    [
      'one held for review is its reader’s alone',
      NOTHING,
      [seen(2, { heldForReview: true, isPublic: false })],
      OWNER,
      ['comment.created 2 to usr_owner'],
    ],
    [
      'one that was held is told to all when it is approved',
      having(seen(2, { isPublic: false })),
      [seen(2)],
      OWNER,
      ['comment.created 2'],
    ],
    [
      'one that was approved and edited at once is created, with its last text',
      having(seen(2, { isPublic: false })),
      [seen(2, { text: 'other' })],
      OWNER,
      ['comment.created 2'],
    ],
    [
      'an edit of a held one is its reader’s alone',
      having(seen(2, { isPublic: false })),
      [seen(2, { isPublic: false, text: 'other' })],
      OWNER,
      ['comment.updated 2 to usr_owner'],
    ],
    [
      'a held one that is refused is deleted to its reader alone',
      having(seen(2, { isPublic: false })),
      [seen(2, { isPublic: false, isDeleted: true })],
      OWNER,
      ['comment.deleted 2 to usr_owner'],
    ],
    [
      'one that comes back after it was gone is not created again',
      look(having(seen(2)), [seen(2, { isDeleted: true })]).known,
      [seen(2)],
      ANYBODY,
      [],
    ],
  ]
  it.each(cases)('%s', (_, known, shown, scene, events) => {
    expect(told(look(known, shown, scene).events)).toEqual(events)
  })

  it('those that were there before us are remembered in silence, and their changes are told', () => {
    const first = look(NOTHING, [seen(1), seen(2)], ANYBODY, () => false)
    expect(first.events).toEqual([])
    expect(told(look(first.known, [seen(1), seen(2, { text: 'other' })]).events)).toEqual([
      'comment.updated 2',
    ])
  })

  it('only what is told is rendered: a thread of thousands is read again for one reply', () => {
    const rendered: string[] = []
    const toHtml = (text: string) => {
      rendered.push(text)
      return `<b>${text}</b>`
    }
    const shown = [seen(1), seen(2, { text: 'other' }), seen(3)]
    const { events } = look(having(seen(1), seen(2)), shown, { ...ANYBODY, toHtml })
    expect(events.map(({ data }) => data)).toMatchObject([
      { comment: { id: 2, html: '<b>other</b>' } },
      { comment: { id: 3, html: '<b>text of 3</b>' } },
    ])
    expect(rendered).toEqual(['other', 'text of 3'])
  })

  it('a deleted one is told without what it said', () => {
    const [event] = look(having(seen(2)), [seen(2, { isDeleted: true, text: '' })]).events
    expect(event?.data).toMatchObject({ comment: { id: 2, text: '', html: '' } })
  })

  it('the same edit has one id, whatever text each reader knew before', () => {
    const edited = seen(2, { text: 'third', updatedAt: new Date(NOW + HOUR).toISOString() })
    const [one] = look(having(seen(2, { text: 'first' })), [edited]).events
    const [other] = look(having(seen(2, { text: 'second' })), [edited]).events
    expect(one?.id).toBe(other?.id)
    const [back] = look(having(edited), [
      seen(2, { text: 'first', updatedAt: new Date(NOW + 2 * HOUR).toISOString() }),
    ]).events
    expect(back?.id).not.toBe(one?.id)
  })

  it('what is private has another id for each owner, and another than what is public', () => {
    const held = [seen(2, { isPublic: false })]
    const ids = [
      look(NOTHING, held, OWNER),
      look(NOTHING, held, { ...OWNER, viewerId: 'usr_other' }),
      look(NOTHING, [seen(2)], OWNER),
    ].map(({ events }) => events[0]?.id)
    expect(new Set(ids).size).toBe(3)
    expect(look(NOTHING, [seen(2)]).events[0]?.id).toBe(ids[2])
  })
})

describe('Of a thread that was read whole', () => {
  it('what is no longer in it was deleted, and once', () => {
    const known = having(seen(1), seen(2), seen(3))
    const gone = detectGone(ANYBODY, known.values(), new Set([1, 3]), seen(1).video)
    expect(told(gone.events)).toEqual(['comment.deleted 2'])
    const after = gone.rows.map((row) => ({ ...row }))
    expect(detectGone(ANYBODY, after, new Set([1, 3]), seen(1).video)).toEqual({ events: [], rows: [] })
  })

  it('what nobody but its reader saw is deleted to nobody else', () => {
    const known = having(seen(2, { isPublic: false }))
    expect(detectGone(ANYBODY, known.values(), new Set(), seen(1).video).events).toEqual([])
    expect(told(detectGone(OWNER, known.values(), new Set(), seen(1).video).events)).toEqual([
      'comment.deleted 2 to usr_owner',
    ])
  })
})

describe('A comment that everybody was told of, on a video that is private now', () => {
  it('is deleted for all', () => {
    const { events, known } = look(having(seen(2)), [seen(2, { isPublic: false })], OWNER)
    expect(events).toEqual([])
    expect(told(detectGone(OWNER, known.values(), new Set(), seen(2).video).events)).toEqual([
      'comment.deleted 2',
    ])
  })

  it('is edited for its reader alone, deleted for all, and what it said then is told to nobody else', () => {
    const before = having(seen(2, { text: 'open' }))
    const hidden = look(before, [seen(2, { isPublic: false, text: 'secret' })], OWNER)
    expect(told(hidden.events)).toEqual(['comment.updated 2 to usr_owner'])
    const still = look(hidden.known, [seen(2, { isPublic: false, text: 'secret, too' })], OWNER)
    expect(told(still.events)).toEqual(['comment.updated 2 to usr_owner'])
    expect(told(detectGone(OWNER, still.known.values(), new Set(), seen(2).video).events)).toEqual([
      'comment.deleted 2',
    ])
    const shown = look(still.known, [seen(2, { text: 'open again' })], OWNER)
    expect(shown.events).toMatchObject([
      {
        type: 'comment.updated',
        ownerId: null,
        data: { changes: { text: { from: 'open', to: 'open again' } } },
      },
    ])
    expect(look(shown.known, [seen(2, { text: 'open again' })], OWNER).events).toEqual([])
  })

  it('is edited for all when that is public again, and for nobody when it says what it said', () => {
    const hidden = look(having(seen(2)), [seen(2, { isPublic: false, text: 'other' })], OWNER)
    expect(told(look(hidden.known, [seen(2, { text: 'other' })], OWNER).events)).toEqual([
      'comment.updated 2',
    ])
    expect(look(hidden.known, [seen(2)], OWNER).events).toEqual([])
  })
})

describe('An unknown comment', () => {
  const baseline: CommentsBaseline = { newestId: 100, since: NOW, staleMs: 900_000 }
  const noId: CommentsBaseline = { newestId: 0, since: NOW, staleMs: 0 }
  const thread: KnownThread = {
    id: 1,
    videoUuid: 'v',
    readAt: NOW + HOUR,
    activeAt: NOW,
    newestId: 200,
    replies: 1,
  }
  const listed = { ...thread, readAt: 0, newestId: 0 }
  const cases: [
    name: string,
    thread: KnownThread | undefined,
    baseline: CommentsBaseline,
    id: number,
    at: number,
    isNews: boolean,
  ][] = [
    ['of a thread read for the first time, from before us', undefined, baseline, 90, NOW - HOUR, false],
    ['of such a thread, written since', undefined, baseline, 101, NOW + 1, true],
    [
      'of such a thread, written while the answer was stale by which we began',
      undefined,
      baseline,
      101,
      NOW - 60_000,
      false,
    ],
    ['of another server: days old, with a high number', undefined, baseline, 101, NOW - 48 * HOUR, true],
    ['of another server: days old, with a low number', undefined, baseline, 99, NOW - 48 * HOUR, false],
    ['with a low number and a date from the future', undefined, baseline, 99, NOW + HOUR, false],
    ['where no number was known, from before us', undefined, noId, 500, NOW - 1, false],
    ['where no number was known, written since', undefined, noId, 500, NOW + 1, true],
    ['of a thread that was only listed, from before us', listed, baseline, 90, NOW - HOUR, false],
    ['of a thread that was only listed, written since', listed, baseline, 201, NOW + HOUR, true],
    ['of a known thread', thread, baseline, 201, NOW + 2 * HOUR, true],
    ['of a known thread and another server: days old', thread, baseline, 201, NOW - 48 * HOUR, true],
    ['of a known thread with a low number, of late: it was held', thread, baseline, 150, NOW + 60_000, true],
    [
      'of a known thread with a low number, older than what is remembered',
      thread,
      { ...baseline, since: 0 },
      150,
      NOW + HOUR - LOOKBACK_MS,
      false,
    ],
    ['of a known thread with a low number, from before us', thread, baseline, 150, NOW - 60_000, false],
  ]
  it.each(cases)('%s', (_, known, begun, id, at, isNews) => {
    const one = comment(id, { createdAt: new Date(at).toISOString() })
    expect(isNewsIn(known, begun)(one)).toBe(isNews)
  })
})

describe('Whatever an instance shows', () => {
  const one = fc.record({
    id: fc.integer({ min: 1, max: 6 }),
    text: fc.constantFrom('a', 'b', 'c'),
    isDeleted: fc.boolean(),
    isPublic: fc.boolean(),
    at: fc.integer({ min: 0, max: 3 }),
  })
  const looks = fc.array(fc.array(one, { maxLength: 10 }), { maxLength: 10 })
  const shownAs = ({
    id,
    at,
    ...like
  }: {
    id: number
    at: number
    text: string
    isDeleted: boolean
    isPublic: boolean
  }) => seen(id, { ...like, updatedAt: new Date(NOW + at).toISOString() })

  it('no comment is created twice to the same people, and nothing is told in private to nobody', () => {
    fc.assert(
      fc.property(looks, fc.constantFrom(ANYBODY, OWNER), (pages, scene) => {
        let known = NOTHING
        const created = new Map<string, string>()
        for (const page of pages) {
          const next = look(known, page.map(shownAs), scene)
          known = next.known
          const ids = next.events.map(({ id }) => id)
          expect(new Set(ids).size).toBe(ids.length)
          for (const event of next.events) {
            if (scene === ANYBODY) expect(event.ownerId).toBeNull()
            if (event.type !== 'comment.created') continue
            // What is approved twice has the same id: the log keeps one.
            const key = `${event.subject} ${event.ownerId}`
            expect(created.get(key) ?? event.id).toBe(event.id)
            created.set(key, event.id)
          }
        }
      }),
    )
  })

  it('what the events say comes to what was seen last', () => {
    const open = fc.array(
      fc.array(
        one.map((made) => ({ ...made, isPublic: true })),
        { maxLength: 10 },
      ),
      { maxLength: 10 },
    )
    fc.assert(
      fc.property(open, (pages) => {
        let known = NOTHING
        const folded = new Map<string, string | null>()
        const gone = new Set<number>()
        for (const page of pages) {
          // A number that was deleted is never used again.
          const first = new Map(page.filter(({ id }) => !gone.has(id)).map((made) => [made.id, made]))
          const shown = [...first.values()].map(shownAs)
          for (const { id, isDeleted } of first.values()) if (isDeleted) gone.add(id)
          const next = look(known, shown)
          known = next.known
          for (const { type, subject, data } of next.events)
            if (type.startsWith('comment.') && 'comment' in data)
              folded.set(subject, type === 'comment.deleted' ? null : data.comment.text)
        }
        const last = [...known.values()].map(
          ({ id, data, deletedAt }) =>
            [String(id), deletedAt === null ? JSON.parse(data).text : null] as const,
        )
        expect(folded).toEqual(new Map(last))
      }),
    )
  })

  it('looking again at the same says nothing', () => {
    fc.assert(
      fc.property(looks, (pages) => {
        let known = NOTHING
        for (const page of pages) {
          known = look(known, page.map(shownAs), OWNER).known
          expect(look(known, page.map(shownAs), OWNER).events).toEqual([])
        }
      }),
    )
  })
})
