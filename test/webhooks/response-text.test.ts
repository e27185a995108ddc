/** @module What is kept of a stranger's answer is text, short, and does nothing to whoever looks at it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keptResponse, responseText } from '../../src/webhooks/response-text.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
const typed = (type: string, encoding?: string) =>
  new Headers({ 'content-type': type, ...(encoding === undefined ? {} : { 'content-encoding': encoding }) })
const PLAIN = typed('text/plain')
const length = (text: string | null) => bytesOf(text ?? '').length

describe('What is kept of an answer', () => {
  it.each([
    ['nothing', '', null],
    ['a text', 'Thank you, come again', 'Thank you, come again'],
    ['other letters', 'Grüße, 世界 🎬', 'Grüße, 世界 🎬'],
    ['lines and tabs', 'a\r\n\tb\rc\n', 'a\n\tbc\n'],
    ['markup, which is for whoever shows it', '<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['NUL', 'a\0b', 'ab'],
    ['what a terminal obeys', '\u001b[2J\u009b31mred\u0007\u007f', '[2J31mred'],
    ['what turns the direction', 'a\u202Eb\u2066c\u2069d\u200Ee\u200Ff\u061Cg', 'abcdefg'],
    ['only what is taken away', '\0\0\0', ''],
    ['a byte order mark', '\uFEFFa', 'a'],
    ['what joins emoji', '👩\u200D🚀', '👩\u200D🚀'],
  ])('%s', (_, text, kept) => {
    expect(keptResponse(bytesOf(text), PLAIN)).toBe(kept)
  })

  it.each([
    ['1,024 bytes are whole', 'x'.repeat(1_024), 1_024],
    ['one more is cut', 'x'.repeat(1_025), 1_024],
    ['of two bytes', `x${'ü'.repeat(600)}`, 1_023],
    ['of three bytes', '世'.repeat(400), 1_023],
    ['of four bytes', `xx${'🎬'.repeat(300)}`, 1_022],
    ['64 KB', 'x'.repeat(65_536), 1_024],
  ])('is cut between two characters: %s', (_, text, size) => {
    const kept = keptResponse(bytesOf(text), PLAIN)
    expect(text.startsWith(kept ?? '?')).toBe(true)
    expect(length(kept)).toBe(size)
  })

  it('is cut where what is no UTF-8 has made it longer', () => {
    expect(keptResponse(new Uint8Array(1_024).fill(0xff), PLAIN)).toBe('\uFFFD'.repeat(341))
  })

  it.each([
    ['\xff', '\uFFFD'],
    ['a\xed\xa0\x80b', 'a\uFFFD\uFFFD\uFFFDb'],
    ['overlong \xc0\xaf', 'overlong \uFFFD\uFFFD'],
    ['half \xf0\x9f', 'half \uFFFD'],
  ])('replaces what is no UTF-8: %j', (bytes, kept) => {
    expect(keptResponse(latin1(bytes), PLAIN)).toBe(kept)
  })

  it.each([
    ['text/plain; charset=ISO-8859-1', 'fün'],
    ['text/plain; charset="latin1"', 'fün'],
    ['text/html;Charset = Windows-1252', 'fün'],
    ['text/plain; charset=utf-8', 'f\uFFFDn'],
    ['text/plain; charset=utf-7', 'f\uFFFDn'],
    ['text/plain', 'f\uFFFDn'],
  ])('%s: is read as it says, where that is simple', (type, kept) => {
    expect(keptResponse(latin1('f\xfcn'), typed(type))).toBe(kept)
  })

  it.each([
    'image/png',
    'image/svg+xml',
    'IMAGE/PNG',
    'audio/mpeg',
    'video/mp4',
    'font/woff2',
    'application/octet-stream',
    'application/pdf; version=1',
    'application/zip',
    'application/gzip',
    'application/wasm',
  ])('%s: is not text, whatever its bytes are', (type) => {
    expect(keptResponse(bytesOf('text'), typed(type))).toBe('binary, 4 bytes read')
  })

  it.each([
    'text/html',
    'application/json',
    'application/problem+json; charset=utf-8',
    'application/vnd.example.v1+json',
    'application/xml',
    'application/x-www-form-urlencoded',
  ])('%s: is text, whatever its bytes are', (type) => {
    expect(keptResponse(latin1('a\0\xff'), typed(type))).toBe('a\uFFFD')
  })

  it.each(['application/whatever', 'nonsense', ''])('%j: is text when its bytes are', (type) => {
    expect(keptResponse(bytesOf('tëxt'), typed(type))).toBe('tëxt')
    expect(keptResponse(bytesOf('a\0'), typed(type))).toBe('binary, 2 bytes read')
    expect(keptResponse(latin1('a\xff'), typed(type))).toBe('binary, 2 bytes read')
  })

  it.each([
    ['gzip', 'text'],
    ['br', 'text'],
    ['identity', 'text'],
    ['', 'text'],
    ['deflate', 'binary, 4 bytes read'],
    ['zstd', 'binary, 4 bytes read'],
    ['gzip, gzip', 'binary, 4 bytes read'],
  ])('packed with %j: is text where it was unpacked', (encoding, kept) => {
    expect(keptResponse(bytesOf('text'), typed('text/plain', encoding))).toBe(kept)
  })

  const types = fc.constantFrom(
    'text/plain',
    'text/plain; charset=latin1',
    'application/json',
    'image/png',
    '',
    'x/y',
  )
  const pieces = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 300 }).map(bytesOf),
    fc.constantFrom('\u202E', '\0', '\u001b[31m', '\u2066', '🎬', '\u0085', '\r\n').map(bytesOf),
  )
  const bodies = fc
    .array(pieces, { maxLength: 20 })
    .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])))

  it('of anything is short, whole characters, and without any that do something', () => {
    fc.assert(
      fc.property(bodies, types, (bytes, type) => {
        const kept = keptResponse(bytes, typed(type))
        expect(kept === null).toBe(bytes.length === 0)
        expect(length(kept)).toBeLessThanOrEqual(1_024)
        expect(kept?.isWellFormed() ?? true).toBe(true)
        for (const character of kept ?? '') {
          const code = character.codePointAt(0) ?? 0
          const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0)
          expect(isControl && character !== '\n' && character !== '\t').toBe(false)
          const turns = [0x061c, 0x200e, 0x200f].includes(code) || (code >= 0x202a && code <= 0x202e)
          expect(turns || (code >= 0x2066 && code <= 0x2069)).toBe(false)
        }
      }),
    )
  })

  it('is the same when it is kept again', () => {
    fc.assert(
      fc.property(bodies, (bytes) => {
        const kept = keptResponse(bytes, PLAIN)
        if (kept) expect(keptResponse(bytesOf(kept), PLAIN)).toBe(kept)
      }),
    )
  })

  it('depends on no more than the first KB', () => {
    fc.assert(
      fc.property(bodies, bodies, (start, end) => {
        const first = Uint8Array.from([...new Uint8Array(1_025).fill(0x61), ...start])
        const second = Uint8Array.from([...new Uint8Array(1_025).fill(0x61), ...end])
        expect(keptResponse(first, PLAIN)).toBe(keptResponse(second, PLAIN))
      }),
    )
  })
})

describe('The text of an answer', () => {
  it('is as it is', () => {
    const text = '{"challenge": "\\u202e\u202E\0"}\r\n'
    expect(responseText(bytesOf(text), PLAIN)).toBe(text)
  })
})
