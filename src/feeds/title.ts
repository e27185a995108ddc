/** @module Titles of a sane length. */
import { cut } from '../events/text.ts'

const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' })
const ELLIPSIS = '…'

/**
 * The beginning of a text, of no more than `limit` UTF-16 units, cut between what people take for characters, a flag or a family
 * of emoji among them. One that is longer than the limit is cut between code points.
 */
export function cutBetweenCharacters(text: string, limit: number): string {
  if (text.length <= limit) return text
  // Where the last one begins: it may go on behind the limit, and the ellipsis takes its place.
  let end = 0
  for (const { index } of SEGMENTER.segment(text.slice(0, limit))) end = index
  return end === 0 ? cut(text, limit) : `${text.slice(0, end).trimEnd()}${ELLIPSIS}`
}
