import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import type { PublicEvent } from '../../src/events/envelope.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'
import { fitEvent, MAX_BYTES } from '../../src/webhooks/formats/fit.ts'

const eventUrl = (id: string) => `https://tubewire.example/api/v1/events/${id}`
const size = (event: PublicEvent) => new TextEncoder().encode(JSON.stringify(event)).length
const event = (data: unknown): PublicEvent => ({ ...exampleOf('video.published'), data })

const comment = (text: string, html = text) => {
  const example = exampleOf('comment.created')
  return { ...example, data: { ...example.data, comment: { ...example.data.comment, text, html } } }
}

describe('An event that fits', () => {
  it.each(EVENT_TYPES)('is left as it is: %s', (type) => {
    const example = exampleOf(type)
    expect(fitEvent(example, MAX_BYTES, eventUrl)).toBe(example)
  })

  it('may have exactly as many bytes as there may be', () => {
    const one = event({ text: 'é'.repeat(9_000) })
    expect(fitEvent(one, size(one), eventUrl)).toBe(one)
    expect(fitEvent(one, size(one) - 1, eventUrl)).toMatchObject({ truncated: true })
  })
})

describe('An event that is too large', () => {
  it('has its longest text cut, is marked, and says where all of it is', () => {
    const whole = comment('long '.repeat(5_000), '<p>short</p>')
    const cut = fitEvent(whole, MAX_BYTES, eventUrl)
    expect(size(cut)).toBeLessThanOrEqual(MAX_BYTES)
    // Not more than was needed.
    expect(size(cut)).toBeGreaterThan(MAX_BYTES - 100)
    expect(cut).toMatchObject({ id: whole.id, truncated: true, url: eventUrl(whole.id) })
    const { data } = cut as typeof whole
    expect(data.comment.text).toMatch(/^(?:long )+\S*…$/)
    expect(data.video).toEqual(whole.data.video)
    expect(data.comment.html).toBe('<p>short</p>')
  })

  it('has all long texts cut to the same length', () => {
    const { data } = fitEvent(
      event({ a: 'a'.repeat(20_000), b: 'b'.repeat(15_000), c: 'c'.repeat(500) }),
      10_000,
      eventUrl,
    )
    const { a, b, c } = data as Record<'a' | 'b' | 'c', string>
    expect(a.length).toBe(b.length)
    expect(c).toBe('c'.repeat(500))
  })

  it('has HTML that closes what it opens, and no half a tag', () => {
    const link = '<a href="https://peertube.example/" rel="nofollow noopener noreferrer ugc">a &amp; b</a>'
    const whole = comment('x', `<blockquote><p>${link.repeat(1_000)}</p></blockquote>`)
    const { data } = fitEvent(whole, MAX_BYTES, eventUrl) as typeof whole
    expect(data.comment.html).toMatch(
      /^<blockquote><p>(?:<a href="https:\/\/peertube\.example\/" rel="[a-z ]+">[^<>]*<\/a>)+…?<\/p><\/blockquote>$/,
    )
    expect(data.comment.html).not.toMatch(/&(?!amp;)/)
  })

  it('keeps its URLs whole', () => {
    const url = `https://peertube.example/${'a'.repeat(1_500)}`
    const { data } = fitEvent(event({ url, text: 'b'.repeat(30_000) }), 5_000, eventUrl)
    expect(data).toMatchObject({ url })
  })

  it('says only what it is about when there is no text to cut', () => {
    const raw = Array.from({ length: 5_000 }, (_, index) => index)
    const whole = { ...exampleOf('notification.unknown') }
    const cut = fitEvent({ ...whole, data: { ...whole.data, raw } }, MAX_BYTES, eventUrl)
    expect(cut).toEqual({
      ...whole,
      truncated: true,
      url: eventUrl(whole.id),
      data: { url: eventUrl(whole.id), subject: { kind: 'notification', id: '22', url: null } },
    })
  })
})

describe('Any event', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3_000 }),
    fc.constantFrom(
      '🐙'.repeat(2_000),
      '"\\\u0000'.repeat(2_000),
      '\ud800'.repeat(3_000),
      '<p>👩‍👩‍👧‍👦</p>'.repeat(500),
      '&amp;<b'.repeat(900),
    ),
  )
  const data = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, text, fc.double(), fc.constant(null), tie('object'), tie('list')),
    list: fc.array(tie('value'), { maxLength: 8 }),
    object: fc.dictionary(
      fc.constantFrom('text', 'html', 'url', 'video', 'comment', 'uuid', 'id', '__proto__'),
      tie('value'),
    ),
  })).object

  it('is JSON of no more than the limit, of well-formed Unicode, and untouched when it fits', () => {
    fc.assert(
      fc.property(data, fc.integer({ min: 4_000, max: 30_000 }), (some, limit) => {
        const whole = event(JSON.parse(JSON.stringify(some)))
        const before = JSON.stringify(whole)
        const fitted = fitEvent(whole, limit, eventUrl)
        const body = JSON.stringify(fitted)
        expect(size(fitted)).toBeLessThanOrEqual(limit)
        expect(body.isWellFormed()).toBe(true)
        expect(JSON.parse(body)).toEqual(JSON.parse(JSON.stringify(fitted)))
        expect(JSON.stringify(whole)).toBe(before)
        if (size(whole) <= limit) expect(fitted).toBe(whole)
        else expect(fitted).toMatchObject({ truncated: true, url: eventUrl(whole.id) })
      }),
      { numRuns: 200 },
    )
  })
})
