/** @module Whatever an instance sends, in every format: no limit of a target is exceeded, and nothing means anything there. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import type { PublicEvent } from '../../src/events/envelope.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'
import { canBatch, FORMATS, type RenderOptions, render, renderBatch } from '../../src/webhooks/formats.ts'
import { spoiled } from '../support/hostile.ts'
import { expectTaken } from '../support/targets.ts'

const options: RenderOptions = {
  payload: 'full',
  url: 'https://ntfy.example/my-topic',
  eventUrl: (id) => `https://tubewire.example/api/v1/events/${id}`,
}
const batch = { id: 'bat_1', now: 0 }

const OURS: PublicEvent = { ...exampleOf('video.published'), instance: 'tubewire' }
const ENDPOINT = { id: 'ep_1', url: 'https://receiver.example', description: 'the chat' }
const EVENTS: PublicEvent[] = [
  ...EVENT_TYPES.map((type) => exampleOf(type)),
  {
    ...OURS,
    type: 'endpoint.disabled',
    data: { endpoint: ENDPOINT, reason: 'gone', detail: 'answered 410', since: OURS.timestamp },
  },
  { ...OURS, type: 'endpoint.recovered', data: { endpoint: ENDPOINT, since: OURS.timestamp } },
  {
    ...OURS,
    type: 'delivery.failed',
    data: {
      endpoint: ENDPOINT,
      event: { id: 'evt_1', type: 'video.deleted', sequence: 1 },
      attempts: 10,
      detail: 'answered 500',
    },
  },
  { ...exampleOf('video.published'), type: 'planet.discovered', data: { planet: { name: 'X' } } },
]

const NASTY = [
  '@everyone @here <@1> <@&2> <#3> <!channel> <!here|x> @room @ROOM @bob@mastodon.example ＠bob #tag ＃tag',
  '<script>alert(1)</script><img src=x onerror=alert(1)> &lt; &amp; &#60;',
  '**b** *i* __u__ ~~s~~ ||x|| `c` ```\nx\n``` > q\n# h\n- a\n+ b\n1. c [t](https://evil.example) <https://evil.example|t>',
  '_i_ *b* ~s~ `c` &gt; q • * x',
  '\u202egnp.exe\u2066\u2069\u202a\u202b\u202c\u202d\u2067\u2068',
  'a\u0000b\u0007c\u001b[31md\u0085e\r\nf\u2028g\u2029h\ti',
  `${'x'.repeat(249)}👩‍👩‍👧‍👦${'🐙'.repeat(3_000)}`,
  'x'.repeat(10_000),
  '"\\'.repeat(5_000),
  '&<>"\''.repeat(2_000),
  '*_`~|[]()'.repeat(1_200),
  '日本語'.repeat(3_000),
  '\ud800 lone \udc00',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'https://user:password@evil.example/',
  'https://evil.example/(@bob@mastodon.example)?a=[b]|c*d_e`f\'g"h<i>#tag',
  'https://evil.example/,@bob@mastodon.example;#tag',
  'http://[2606:4700::1111]/[x]',
  `https://evil.example/${'a'.repeat(5_000)}`,
  'http://a.b '.repeat(300),
  'e\u0301'.repeat(4_000),
  ' '.repeat(9_999),
  '\n'.repeat(9_999),
  '',
]

/** The event with every text of its data, at any depth, put for another. */
function withTexts(event: PublicEvent, text: string): PublicEvent {
  const put = (value: unknown): unknown => {
    if (typeof value === 'string') return text
    if (Array.isArray(value)) return value.map(put)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, put(inner)]))
  }
  return { ...event, data: put(event.data) }
}

function tagsOf({ data }: PublicEvent): string[] {
  const { video } = Object(data)
  return Array.isArray(Object(video).tags) ? Object(video).tags : []
}

describe.each(FORMATS)('The format %s', (format) => {
  it.each(EVENTS)('takes whatever is written in $type', (event) => {
    for (const text of NASTY) {
      const hostile = withTexts(event, text)
      for (const payload of ['full', 'thin'] as const) {
        expectTaken(format, render(format, hostile, { ...options, payload }), 1, tagsOf(hostile))
      }
    }
  })

  it('takes whatever instances send', () => {
    const any = fc.constantFrom(...EVENTS).chain((event) =>
      // As the log has it: as JSON.
      spoiled(event.data).map(
        (data): PublicEvent => ({ ...event, data: JSON.parse(JSON.stringify(data) ?? 'null') }),
      ),
    )
    fc.assert(
      fc.property(any, (event) => expectTaken(format, render(format, event, options), 1, tagsOf(event))),
      { numRuns: 300 },
    )
  })

  const counts = canBatch(format) ? [1, 2, 10, 11, 50, 51, 100] : []
  it.each(counts)('takes %i events in a body', (count) => {
    for (const shift of NASTY.keys()) {
      const events = Array.from({ length: count }, (_, index) =>
        withTexts(EVENTS[index % EVENTS.length] ?? OURS, NASTY[(index + shift) % NASTY.length] ?? ''),
      )
      expectTaken(format, renderBatch(format, events, batch, options), count)
      // Of many events a few runs are enough: each has most of the texts.
      if (count > 2 && shift === 1) break
    }
  })

  it.each(counts)('takes %i long events in a body', (count) => {
    const { video, comment } = exampleOf('comment.created').data
    // As long as a URL may be, and longer when it is escaped.
    const url = `https://peertube.example/?${'&'.repeat(65)}${'a'.repeat(900)}`
    const long = {
      ...exampleOf('comment.created'),
      data: {
        comment: { ...comment, url, html: '', text: 'text '.repeat(2_000) },
        video: { ...video, name: 'name '.repeat(2_000) },
      },
    }
    const events = Array.from({ length: count }, () => long)
    expectTaken(format, renderBatch(format, events, batch, options), count)
  })

  it('never shows a text that goes the wrong way, or that nobody sees', () => {
    if (format === 'standard' || format.startsWith('cloudevents')) return
    const { body } = render(format, withTexts(exampleOf('comment.created'), 'a\u202e\u0000b'), options)
    expect(body).toContain('ab')
  })
})
