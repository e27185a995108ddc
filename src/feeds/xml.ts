/** @module What of a text can stand in a feed; and XML by feedsmith that says the same when it is read as what it was made of. */

/** Of which kind of category the type of an event is: no tag of anybody's. */
export const EVENT_TYPE_SCHEME = 'tag:tubewire.org,2026:event-type'

/** All but what XML 1.0 calls a character (2.2): most controls, half surrogate pairs, U+FFFE and U+FFFF. */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

/** A copy of a value of JSON in whose texts nothing is that XML forbids. The other formats have the same texts, so it is for all. */
export function printable(value: unknown): unknown {
  return withTexts(value, (text) => text.replace(FORBIDDEN, ''))
}

/** What marks something in XML, a stand-in for it that XML forbids and so no text has, and what it is written as. */
const MARKS = [
  { mark: '&', standIn: '\u0001', reference: '&amp;' },
  { mark: '<', standIn: '\u0002', reference: '&lt;' },
  { mark: '>', standIn: '\u0003', reference: '&gt;' },
] as const
/** Most texts have none of it. */
const MARK = /[&<>]/

/**
 * A document of feedsmith's.
 *
 * Texts with `<`, `>` or `&` become CDATA there, on a line of its own: with spaces around it, which an IRI of Atom must not have
 * (RFC 4287, 3.2.2), and in which every `&apos;` is turned into `'`, also where somebody wrote just that. So it sees stand-ins
 * for these three, and writes the text as it is.
 */
export function xmlOf<TFeed extends object>(feed: TFeed, generate: (feed: TFeed) => string): string {
  const standing = withTexts(feed, (text) => {
    const possible = text.replace(FORBIDDEN, '')
    if (!MARK.test(possible)) return possible
    return MARKS.reduce((changed, { mark, standIn }) => changed.replaceAll(mark, standIn), possible)
  })
  // Of the same shape: texts are put for texts.
  const xml = generate(standing as TFeed)
  return MARKS.reduce((changed, { standIn, reference }) => changed.replaceAll(standIn, reference), xml)
}

/** A copy with every text in it, at any depth, put for another. */
function withTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => withTexts(item, change))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  const copy: Record<string, unknown> = {}
  for (const [key, inner] of Object.entries(value)) {
    // It would be the copy's prototype, and nothing is read under that name.
    if (key !== '__proto__') copy[key] = withTexts(inner, change)
  }
  return copy
}
