/**
 * @module Texts that the payload of an event must have, in ASCII and whatever their case, to fit a filter: so that SQLite can pass
 * over most of those that don't, which knows the case of ASCII only. It lets more through than fits. Pure.
 */
import { fold } from './facets.ts'
import { type Filter, isOperational } from './filter.ts'

/**
 * Characters that stand in JSON as they are, and that `fold` makes of nothing but themselves and their capitals. Not the space, what
 * JSON escapes, and what a letter of another alphabet may become: `i` (İ), `k` (the sign for Kelvin), `;` and the backquote.
 */
const PLAIN = /[!#-:<-@[\]^_a-hjl-z{|}~]+/g

/** The texts of a filter: all of them are in the payload of what fits, in lower case. None: nothing can be said. */
export function needlesOf(filter: Filter): string[] {
  // What is about no video is wanted whatever it has: see `matches`.
  if (filter.types?.some(isOperational)) return []
  const { text, videos, tags, channels, accounts } = filter
  const nameOf = (handle: string) => handle.split('@', 1)[0] ?? ''
  const values = [
    ...(text === undefined ? [] : [text]),
    ...only(videos),
    ...only(tags),
    ...[...only(channels), ...only(accounts)].map(nameOf),
  ]
  return values.flatMap((value) => longest(fold(value).match(PLAIN) ?? []))
}

/** The item of a list that has one: of several none has to be there. */
function only(values: readonly string[] | undefined): string[] {
  const [first, ...others] = values ?? []
  return first === undefined || others.length > 0 ? [] : [first]
}

function longest(texts: readonly string[]): string[] {
  return texts.toSorted((a, b) => b.length - a.length).slice(0, 1)
}
