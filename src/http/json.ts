/**
 * @module JSON that means one thing: what `JSON.parse` takes, but for what two readers may read differently (a key that is
 * there twice: RFC 8259, 4) and for what is written to do harm.
 */

export type ParsedJson = { ok: true; value: unknown } | { ok: false; problem: string }

/** Deeper than anything that somebody means: code that walks a value may recurse. */
const MAX_DEPTH = 100
/** Names of every object's ancestry: set by a careless copy, they change what all objects are. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])
const MAX_SHOWN = 200

/**
 * Parses a text of JSON.
 * @returns the value; or what is wrong, by the path of the field, and never by its value, which may be a secret.
 * @example parseJson('{"filters": {"tags": [], "tags": []}}') // {ok: false, problem: 'filters.tags is there twice'}
 */
export function parseJson(text: string): ParsedJson {
  // First, since `JSON.parse` takes long to make a million arrays, and to find out that nothing closes them.
  if (isTooDeep(text)) return { ok: false, problem: `it is nested deeper than ${MAX_DEPTH} levels` }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { ok: false, problem: describeSyntaxError(error) }
  }
  const problem = findBadName(text)
  return problem === null ? { ok: true, value } : { ok: false, problem }
}

/** Where a scan is: in an object at a key, or in an array at an index. */
type Level = { kind: 'object'; keys: Set<string> | null; key: string } | { kind: 'array'; index: number }

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Of any text: whether it is JSON is not known yet. */
function isTooDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at)
        break
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1
        if (depth > MAX_DEPTH) return true
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth -= 1
        break
    }
  }
  return false
}

/** What is wrong with the names in a text that is known to be JSON. Each sign is looked at once. */
function findBadName(text: string): string | null {
  const levels: Level[] = []
  let isKeyNext = false
  for (let at = 0; at < text.length; at += 1) {
    const level = levels.at(-1)
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at)
        if (isKeyNext && level?.kind === 'object') {
          const key = readKey(text, at, end)
          level.key = key
          // There are bodies of nothing but empty objects.
          level.keys ??= new Set()
          const isTwice = level.keys.has(key)
          level.keys.add(key)
          if (isTwice) return `${path(levels)} is there twice`
          if (FORBIDDEN_KEYS.has(key)) return `${path(levels)} is a name that is not allowed`
          if (!key.isWellFormed()) return `${path(levels)} is a name with half a character`
          isKeyNext = false
        }
        at = end
        break
      }
      case OPEN_BRACE:
      case OPEN_BRACKET:
        isKeyNext = text.charCodeAt(at) === OPEN_BRACE
        levels.push(isKeyNext ? { kind: 'object', keys: null, key: '' } : { kind: 'array', index: 0 })
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        levels.pop()
        isKeyNext = false
        break
      case COMMA:
        if (level?.kind === 'array') level.index += 1
        isKeyNext = level?.kind === 'object'
        break
    }
  }
  return null
}

/** Where the string ends that begins at this quote, or the text does. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}

/** A key as it is compared: "\\u0061" is "a". */
function readKey(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end)
  return raw.includes('\\') ? JSON.parse(`"${raw}"`) : raw
}

/** Where the scan is, in the words of the API: `filters.tags[2]`. A name that is no plain word is quoted. */
function path(levels: readonly Level[]): string {
  const whole = levels
    .map((level) => {
      if (level.kind === 'array') return `[${level.index}]`
      return /^\w+$/.test(level.key) ? `.${level.key}` : `[${JSON.stringify(level.key)}]`
    })
    .join('')
    .replace(/^\./, '')
  return whole.length > MAX_SHOWN ? `${whole.slice(0, MAX_SHOWN).toWellFormed()}…` : whole
}

/** Nothing of the engine's message but the position: it quotes the text, which may hold a secret. */
function describeSyntaxError(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  if (/end of JSON input/.test(message)) return 'is not JSON: it ends too early'
  const position = /at position (\d+)/.exec(message)?.[1]
  return position === undefined ? 'is not JSON' : `is not JSON: there is a mistake at position ${position}`
}
