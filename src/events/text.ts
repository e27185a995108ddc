/** @module Texts of instances, made fit to be shown elsewhere: cleaned, and cut to what a target takes. Pure. */
import { Buffer } from 'node:buffer'

const MAX_URL_LENGTH = 1_000

/** Control characters, and what turns the direction of the text that follows (U+202A to U+202E, U+2066 to U+2069). */
const UNWANTED = /(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069\ufeff]/gu

/** A text of well-formed Unicode without control characters but `\n`, and with no more than one empty line at a place. */
export function clean(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(/\t/g, ' ')
    .replace(UNWANTED, '')
    .replace(/\n\s*\n/g, '\n\n')
    .trim()
}

/** The same in one line: titles and names. */
export function oneLine(text: string): string {
  return clean(text).replace(/\s+/g, ' ')
}

/**
 * The beginning of a text, of no more than `limit` UTF-16 units, which are never fewer than characters. It is cut between code
 * points, with `…` at its end when it was cut.
 */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  if (limit < 1) return ''
  const half = /[\ud800-\udbff]/.test(text.charAt(limit - 2)) ? 1 : 0
  return ended(text.slice(0, limit - 1 - half))
}

/** The same by another measure, which must not shrink when a text grows. */
export function cutBy(measure: (text: string) => number, text: string, limit: number): string {
  if (measure(text) <= limit) return text
  const length = largest(1, text.length, (some) => measure(cut(text, some)) <= limit)
  return length === null ? '' : cut(text, length)
}

/** A text escaped for its target, of which no more is taken than measures `limit` when it is escaped. */
export function cutEscaped(text: string, limit: number, escaped: (text: string) => string): string {
  return escaped(cutBy((some) => escaped(some).length, text, limit))
}

/** The largest whole number from `low` to `high` that fits, or null. What is below a number that fits must fit, too. */
export function largest(low: number, high: number, fits: (number: number) => boolean): number | null {
  if (!fits(low)) return null
  let [known, unknown] = [low, high]
  while (known < unknown) {
    const middle = Math.ceil((known + unknown) / 2)
    if (fits(middle)) known = middle
    else unknown = middle - 1
  }
  return known
}

/** With `…`, without spaces before it, and without a joiner of emoji that joins nothing any more. */
function ended(text: string): string {
  let left = text.trimEnd()
  while (left.endsWith('\u200d')) left = left.slice(0, -1).trimEnd()
  return `${left.toWellFormed()}…`
}

/** Bytes of UTF-8. */
export function bytes(text: string): number {
  return Buffer.byteLength(text)
}

/** Bytes of a text as JSON has it, quotes included. */
export function jsonBytes(text: string): number {
  return bytes(JSON.stringify(text))
}

/**
 * A URL of the web that can stand in the markup of any target, or null: of another scheme, with a user in it, or too long.
 * Brackets and such are percent-encoded, for in Markdown they end a link.
 */
export function webUrl(text: unknown): string | null {
  const url = typeof text === 'string' ? URL.parse(text) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return null
  const { href } = url
  const encoded = href.replace(/[()[\]{}<>|\\^`'"*~]/g, percent)
  // An IPv6 address has its brackets.
  const safe = url.hostname.startsWith('[') ? encoded.replace(/%5B(.*?)%5D/, '[$1]') : encoded
  return safe.length <= MAX_URL_LENGTH ? safe : null
}

/** What is HTML, for HTML: in texts and in attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/** An ASCII character as RFC 3986 (2.1) has it. */
function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
