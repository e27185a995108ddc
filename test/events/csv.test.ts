import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import { CSV_HEADER, csvLine } from '../../src/events/csv.ts'
import { type Comment, EVENT_TYPES, type Video } from '../../src/events/types.ts'
import { parseCsv } from '../support/csv.ts'
import { video } from '../support/video.ts'

const row = (data: unknown) => ({
  sequence: 7,
  id: 'evt_7',
  type: 'video.published',
  instance: 'peertube.example:9000',
  seenAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  data: JSON.stringify(data),
})

/** A line as a spreadsheet has it: the cells by the names of their columns. */
function cells(data: unknown): Record<string, string> {
  const [names = [], values = []] = parseCsv(CSV_HEADER + csvLine(row(data)))
  expect(values).toHaveLength(names.length)
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
}

const called = (name: string) => ({ video: { ...video('uuid', Date.UTC(2026, 0, 1)), name } })

describe('An event as a line of CSV', () => {
  it('has a column for what people sort and filter by, and one for all of it', () => {
    const data = called('A film')
    expect(cells(data)).toEqual({
      sequence: '7',
      id: 'evt_7',
      type: 'video.published',
      timestamp: '2026-01-02T03:04:05.006Z',
      instance: 'peertube.example:9000',
      video_uuid: 'uuid',
      video_url: 'https://peertube.example/w/uuid',
      video_name: 'A film',
      channel_handle: 'a@peertube.example',
      account_handle: 'a@peertube.example',
      duration: '1',
      published_at: '2026-01-01T00:00:00.000Z',
      comment_url: '',
      commenter_handle: '',
      data: JSON.stringify(data),
    })
  })

  it.each(EVENT_TYPES)('has of %s what there is, and leaves the rest empty', (type) => {
    const { data } = exampleOf(type)
    // Of any type: the cells are of what some have.
    const { video, comment } = data as { video?: Partial<Video>; comment?: Comment }
    expect(cells(data)).toMatchObject({
      video_uuid: video?.uuid ?? '',
      video_url: video?.url ?? '',
      video_name: video?.name ?? '',
      channel_handle: video?.channel?.handle ?? '',
      account_handle: video?.account?.handle ?? '',
      duration: String(video?.duration ?? ''),
      published_at: video?.publishedAt ?? '',
      comment_url: comment?.url ?? '',
      commenter_handle: comment?.account?.handle ?? '',
      data: JSON.stringify(data),
    })
  })

  it('tells who wrote a comment from who made its video', () => {
    const { data } = exampleOf('comment.updated')
    expect(cells(data)).toMatchObject({
      account_handle: 'alice@peertube.example',
      commenter_handle: 'bob@peertube.example',
    })
    const { comment } = data
    expect(cells({ comment, video: { ...data.video, channel: null, account: null } })).toMatchObject({
      video_name: 'Alice video 1',
      channel_handle: '',
      account_handle: '',
    })
  })

  it.each([
    'a, b',
    'say "hello"',
    '"',
    'two\r\nlines',
    'one\nand\rtwo',
    ' space at both ends ',
    '🐙 naïve 日本',
    'semi;colon',
    'trailing,',
    '',
  ])('keeps %j as it is', (name) => {
    expect(cells(called(name))['video_name']).toBe(name)
  })

  it.each([
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    ' =1',
    '＝1',
    '="a, b"',
    '=HYPERLINK("https://x")',
  ])('has no formula, though a video is called %j', (name) => {
    expect(cells(called(name))['video_name']).toBe(`'${name}`)
  })

  it.each(['1-1', 'a=b', "'quoted'", '{}', '#+'])('takes %j for no formula', (name) => {
    expect(cells(called(name))['video_name']).toBe(name)
  })

  it('can be read back, whatever people call things, and never begins a cell as a formula does', () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom(...'",\r\n\t =+-@;\''), fc.string({ maxLength: 1, unit: 'binary' })),
    })
    fc.assert(
      fc.property(text, text, (name, handle) => {
        const data = { video: { ...called(name).video, channel: { handle } } }
        const read = cells(data)
        expect(JSON.parse(read['data'] ?? '')).toEqual(JSON.parse(JSON.stringify(data)))
        for (const [column, original] of [
          ['video_name', name],
          ['channel_handle', handle],
        ] as const) {
          expect([original, `'${original}`]).toContain(read[column])
          expect(read[column]).not.toMatch(/^[=+\-@\t\r\n]/)
        }
      }),
    )
  })
})
