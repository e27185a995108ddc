/** @module Whatever an instance sends, in every format: it is well-formed and valid, and leads nowhere but to the web. */
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import type { PublicEvent } from '../../src/events/envelope.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'
import { FEED_FORMATS, type FeedFormat, renderFeed } from '../../src/feeds/formats.ts'
import { feedOf, itemOf } from '../support/feeds.ts'
import { spoiled } from '../support/hostile.ts'
import { JsonFeed } from '../support/json-feed.ts'
import { readAtom, readXml } from '../support/read-xml.ts'

type Node = ReturnType<typeof readXml>

const EVENTS: PublicEvent[] = [
  ...EVENT_TYPES.map((type) => exampleOf(type)),
  { ...exampleOf('video.published'), type: 'planet.discovered', data: { planet: { name: 'X' } } },
  { ...exampleOf('video.published'), type: 'comment', data: null },
]
/** Attributes and elements that lead somewhere, in Atom and RSS. */
const URL_ATTRIBUTES = ['href', 'url', 'scheme', 'domain']
const URL_ELEMENTS = ['uri', 'link']
const LEADS_TO_THE_WEB = /^https?:\/\/\S+$|^tag:tubewire\.org,2026:event-type$|^urn:simple$/

function expectWeb({ name, attributes, text, children }: Node) {
  for (const attribute of URL_ATTRIBUTES) {
    if (attributes[attribute] !== undefined) expect(attributes[attribute]).toMatch(LEADS_TO_THE_WEB)
  }
  if (URL_ELEMENTS.includes(name) && text !== '') expect(text).toMatch(LEADS_TO_THE_WEB)
  for (const child of children) expectWeb(child)
}

/** Of HTML, where `<` is a tag's: only tags of ours, and of attributes only a link's. */
function expectHarmless(html: string) {
  for (const [tag] of html.matchAll(/<[^>]*>?/g)) {
    expect(tag).toMatch(
      /^<(\/?(p|strong|em|del|code|pre|blockquote|ul|ol|li|a)|br \/|a href="https?:\/\/[^"]*" rel="nofollow noopener noreferrer ugc")>$/,
    )
  }
}

function expectTaken(format: FeedFormat, text: string, count: number) {
  expect(text.isWellFormed()).toBe(true)
  switch (format) {
    case 'json': {
      const { items } = v.parse(JsonFeed, JSON.parse(text))
      expect(items).toHaveLength(count)
      for (const { title = '', content_html: html = '' } of items) {
        expect(title.length).toBeLessThanOrEqual(500)
        expectHarmless(html)
      }
      return
    }
    case 'atom':
      return expectWeb(readAtom(text))
    case 'rss':
      return expectWeb(readXml(text))
    case 'txt': {
      expect(text).not.toMatch(/(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u)
      // Title, address, a line between, two of each, and of the next page.
      expect(text.trimEnd().split('\n')).toHaveLength(3 + 2 * count + 2)
    }
  }
}

const NASTY = [
  '<script>alert(1)</script><img src=x onerror=alert(1)> &lt; &amp; &#60; &#0; &#1; &#xFFFE; &#xD800;',
  '[t](javascript:alert(1)) <a href="javascript:alert(1)">x</a> <a href="JaVa&#x0A;script:alert(1)">y</a>',
  ']]> <![CDATA[ ]]&gt; <!-- --> <?xml?> <!DOCTYPE a [<!ENTITY b "c">]> &b;',
  '</title></entry></feed></item></channel></rss>',
  '\u202egnp.exe\u2066\u2069\u202a\u202b\u202c\u202d\u2067\u2068',
  'a\u0000b\u0001\u0002\u0003c\u001b[31md\u0085e\r\nf\u2028g\u2029h\ti\ufffe\uffff',
  `${'x'.repeat(499)}👩‍👩‍👧‍👦${'🐙'.repeat(3_000)}`,
  '>'.repeat(10_000),
  '"\\\'&<>'.repeat(2_000),
  '\ud800 lone \udc00',
  'javascript:alert(1)',
  'https://user:password@evil.example/',
  'https://evil.example/ "onmouseover="x()" <b>',
  `https://evil.example/${'a'.repeat(5_000)}`,
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

describe.each(FEED_FORMATS)('The format %s', (format) => {
  it.each(EVENTS)('takes whatever is written in $type', (event) => {
    for (const text of NASTY) {
      for (const mode of ['events', 'subjects'] as const) {
        const feed = feedOf([itemOf(withTexts(event, text))], { mode })
        expectTaken(format, renderFeed(format, feed), 1)
      }
    }
  })

  it('takes whatever instances send, and whatever the log has of it', () => {
    const any = fc.constantFrom(...EVENTS).chain((event) =>
      spoiled(event.data).map(
        // As the log has it: as JSON.
        (data): PublicEvent => ({ ...event, data: JSON.parse(JSON.stringify(data) ?? 'null') }),
      ),
    )
    const mode = fc.constantFrom('events' as const, 'subjects' as const)
    fc.assert(
      fc.property(any, mode, (event, some) =>
        expectTaken(format, renderFeed(format, feedOf([itemOf(event)], { mode: some })), 1),
      ),
      { numRuns: 300 },
    )
  })

  it('takes any text at all, of a feed and of a video', () => {
    const { data, ...event } = exampleOf('video.published')
    const any = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string())
    fc.assert(
      fc.property(any, any, any, (title, name, description) => {
        const channel = { ...data.video.channel, displayName: name }
        const video = { ...data.video, name, description, channel, tags: [name, description] }
        const feed = feedOf([itemOf({ ...event, data: { video } })], { title, mode: 'subjects' })
        expectTaken(format, renderFeed(format, feed), 1)
      }),
      { numRuns: 300 },
    )
  })

  it('takes payloads of which everything is missing', () => {
    for (const { type } of EVENTS) {
      for (const data of [null, {}, [], 'x', 0, { video: null, comment: null }, { video: [], comment: {} }]) {
        const feed = feedOf([itemOf({ ...exampleOf('video.published'), type, data })], { mode: 'subjects' })
        expectTaken(format, renderFeed(format, feed), 1)
      }
    }
  })

  it('writes the same of the same feed', () => {
    const feed = feedOf(EVENTS.map((event) => itemOf(event)))
    expect(renderFeed(format, feed)).toBe(renderFeed(format, feed))
  })
})
