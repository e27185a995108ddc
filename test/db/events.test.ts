/** @module The event log as its readers ask for it: what a filter lets through, page by page. */
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type EventFilter, eventPages, listEvents } from '../../src/db/events.ts'
import { type LogRow, logRow, OTHER, setLog, VIEWER } from '../support/events.ts'

type Question = Omit<EventFilter, 'viewerId' | 'after'> & { after?: number }

const sequences = async (question: Question, limit = 100) =>
  (await listEvents(env.DB, { viewerId: VIEWER, after: 0, ...question }, limit)).map(
    ({ sequence }) => sequence,
  )

describe('A filter lets through', () => {
  beforeAll(() =>
    setLog([
      logRow({ sequence: 1, seenAt: 1_000_000 }),
      logRow({ sequence: 2, seenAt: 2_000_000, instance: 'b.example' }),
      logRow({ sequence: 3, seenAt: 3_000_000, ownerId: OTHER }),
      logRow({ sequence: 4, seenAt: 4_000_000, ownerId: VIEWER }),
      logRow({ sequence: 6, seenAt: 5_000_000, type: 'videogame.played' }),
      logRow({
        sequence: 7,
        seenAt: 6_000_000,
        type: 'comment.held',
        ownerId: VIEWER,
        instance: 'b.example',
      }),
      logRow({ sequence: 8, seenAt: 6_000_000, type: 'comment.held', ownerId: OTHER, instance: 'b.example' }),
      // Seen before the one above, stored after it.
      logRow({ sequence: 9, seenAt: 5_970_000 }),
    ]),
  )

  it.each<[string, Question, number[]]>([
    ['all that is public or the viewer’s own', {}, [1, 2, 4, 6, 7, 9]],
    ['what comes after a sequence', { after: 4 }, [6, 7, 9]],
    ['what comes after a sequence that is in nobody’s log', { after: 5 }, [6, 7, 9]],
    ['nothing after the last', { after: 9 }, []],
    ['what comes before a sequence', { before: 6 }, [1, 2, 4]],
    ['what is between two', { after: 1, before: 6 }, [2, 4]],
    ['one type', { type: 'video.published' }, [1, 2, 4, 9]],
    ['a type that the catalogue doesn’t know', { type: 'comment.held' }, [7]],
    ['types that begin so, and not those that only look so', { type: 'video.*' }, [1, 2, 4, 9]],
    ['every type', { type: '*' }, [1, 2, 4, 6, 7, 9]],
    ['no type', { type: 'nothing.*' }, []],
    ['one instance', { instance: 'b.example' }, [2, 7]],
    ['one type of one instance', { instance: 'b.example', type: 'video.published' }, [2]],
    ['types of one instance', { instance: 'a.example', type: 'video.*' }, [1, 4, 9]],
    ['what was seen since a time, that time included', { since: 5_000_000 }, [6, 7, 9]],
    ['what was seen until a time, that time not included', { until: 5_000_000 }, [1, 2, 4]],
    ['what was seen between, stored in whatever order', { since: 5_960_000, until: 5_980_000 }, [9]],
    ['what was seen, late on', { since: 5_990_000, after: 4 }, [7]],
    ['nothing in no time', { since: 5_000_000, until: 5_000_000 }, []],
    [
      'all at once',
      { instance: 'b.example', type: 'comment.held', since: 1, until: 7_000_000, before: 9 },
      [7],
    ],
    ['nothing of an instance that there isn’t', { instance: "x' OR '1'='1" }, []],
    ['nothing of what can’t be a host', { instance: 'a\0b', type: '\ud800' }, []],
  ])('%s', async (_, question, expected) => {
    expect(await sequences(question)).toEqual(expected)
  })

  it('to somebody else other private events, and the same public ones', async () => {
    const seen = await listEvents(env.DB, { viewerId: OTHER, after: 0 }, 100)
    expect(seen.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 6, 8, 9])
  })

  it('no private event to whoever is called as nobody is', async () => {
    for (const viewerId of ['', 'null', 'NULL', '%']) {
      const seen = await listEvents(env.DB, { viewerId, after: 0 }, 100)
      expect(seen.map(({ sequence }) => sequence)).toEqual([1, 2, 6, 9])
    }
  })

  it('the whole event', async () => {
    expect(await listEvents(env.DB, { viewerId: VIEWER, after: 6 }, 1)).toEqual([
      {
        sequence: 7,
        id: 'evt_7',
        type: 'comment.held',
        instance: 'b.example',
        seenAt: 6_000_000,
        data: '{}',
      },
    ])
  })
})

/** Two dozen, so that a prefix is merged of more runs than D1 takes in one UNION. */
const CATALOGUE = ['video', 'comment'].flatMap((kind) =>
  Array.from({ length: 12 }, (_, index) => `${kind}.${index}`),
)
const MINUTE_MS = 60_000

/** A log in the order in which it was stored, each event at most a minute after it was seen. */
const log = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 3 }),
      type: fc.constantFrom(...CATALOGUE),
      instance: fc.constantFrom('a.example', 'b.example'),
      ownerId: fc.constantFrom(null, null, VIEWER, OTHER),
      storedAfterMs: fc.integer({ min: 0, max: 4_000 }),
      delayMs: fc.constantFrom(0, 1_000, MINUTE_MS),
    }),
    { maxLength: 80 },
  )
  .map((events) => {
    let sequence = 0
    let storedAt = 10 * MINUTE_MS
    return events.map(({ gap, type, instance, ownerId, storedAfterMs, delayMs }): LogRow => {
      sequence += gap
      storedAt += storedAfterMs
      return { sequence, type, instance, ownerId, seenAt: storedAt - delayMs, data: '{}' }
    })
  })

const time = fc.option(fc.integer({ min: 9 * MINUTE_MS, max: 13 * MINUTE_MS }), { nil: undefined })
const place = fc.integer({ min: 0, max: 100 })
const question = fc.record({
  after: fc.option(place, { nil: 0 }),
  before: fc.option(place, { nil: undefined, freq: 1 }),
  type: fc.option(fc.oneof(fc.constantFrom('video.*', 'comment.1*', '*'), fc.constantFrom(...CATALOGUE)), {
    nil: undefined,
    freq: 2,
  }),
  instance: fc.option(fc.constantFrom('a.example', 'b.example'), { nil: undefined }),
  since: time,
  until: time,
})

function fits({ type, ...row }: LogRow, asked: Question): boolean {
  const isType =
    asked.type === undefined ||
    (asked.type.endsWith('*') ? type.startsWith(asked.type.slice(0, -1)) : type === asked.type)
  return (
    isType &&
    row.ownerId !== OTHER &&
    row.sequence > (asked.after ?? 0) &&
    row.sequence < (asked.before ?? Number.POSITIVE_INFINITY) &&
    (asked.instance === undefined || row.instance === asked.instance) &&
    row.seenAt >= (asked.since ?? 0) &&
    row.seenAt < (asked.until ?? Number.POSITIVE_INFINITY)
  )
}

describe('Pages', () => {
  it('put together are the whole, whatever is asked for and however long they are', async () => {
    const pageLength = fc.integer({ min: 1, max: 9 })
    await fc.assert(
      fc.asyncProperty(
        log,
        fc.array(fc.tuple(question, pageLength), { minLength: 8, maxLength: 8 }),
        async (rows, asked) => {
          await setLog(rows)
          for (const [filter, limit] of asked) {
            const got: number[] = []
            let { after } = filter
            for (;;) {
              const page = await listEvents(env.DB, { viewerId: VIEWER, ...filter, after }, limit, CATALOGUE)
              got.push(...page.map(({ sequence }) => sequence))
              after = page.at(-1)?.sequence ?? after
              if (page.length < limit) break
            }
            expect(got).toEqual(rows.filter((row) => fits(row, filter)).map(({ sequence }) => sequence))
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it('of an export hold no more bytes than they should, but for their last event', async () => {
    const sizes = [10, 10, 500, 10, 90, 10, 10, 10, 10, 10]
    await setLog(
      sizes.map((size, index) => logRow({ sequence: index + 1, data: JSON.stringify('ä'.repeat(size / 2)) })),
    )
    const pages: number[][] = []
    for await (const page of eventPages(env.DB, { viewerId: VIEWER, after: 0 }, { rows: 4, bytes: 60 })) {
      pages.push(page.map(({ sequence }) => sequence))
    }
    expect(pages).toEqual([
      [1, 2, 3],
      [4, 5],
      [6, 7, 8],
      [9, 10],
    ])
  })
})
