/** @module The body of a request: read once, within bounds, as JSON or as a form. */
import { parseJson } from '../../http/json.ts'
import { readBytes } from '../../http/read-bytes.ts'
import { type InvalidParam, Problem } from '../problem.ts'
import { fieldsOf } from './form.ts'
import { invalid } from './validate.ts'

const MAX_BODY_BYTES = 1024 * 1024

const TYPES = {
  json: ['application/json'],
  'merge-patch': ['application/merge-patch+json', 'application/json'],
  form: ['application/x-www-form-urlencoded'],
} as const

export type BodyType = keyof typeof TYPES

/** The media types that a kind of body may be called. */
export function contentTypes(type: BodyType): readonly string[] {
  return TYPES[type]
}

/** A body, or what is wrong with it as a whole. `text` is what was sent. */
export type Body = { text: string; value: unknown; wrong: Record<string, InvalidParam> | null }

/**
 * Reads the body of a request. Where it may be missing, none is an empty object. A body of no bytes is none: a POST without one
 * comes with `Content-Length: 0` (RFC 9110, 8.6), and of that workerd makes a body that is there and empty.
 * @throws Problem 415 when it isn't called what it must be, 413 over 1 MB.
 */
export async function readBody(
  request: Request,
  { bodyType: type = 'json', isBodyOptional = false }: { bodyType?: BodyType; isBodyOptional?: boolean },
): Promise<Body> {
  const bytes = await readBounded(request)
  if (bytes === null) return unreadable('broke off, or is not framed as HTTP')
  // Before its type is looked at: `curl -d ''` calls nothing at all a form.
  if (bytes.byteLength === 0)
    return isBodyOptional ? { text: '', value: {}, wrong: null } : unreadable('is missing')
  const [mediaType = '', ...parameters] = (request.headers.get('content-type') ?? '').split(';')
  const isKnown = contentTypes(type).some((known) => known === mediaType.trim().toLowerCase())
  if (!isKnown || !parameters.every(isUtf8)) {
    throw new Problem(415, `Send "Content-Type: ${contentTypes(type).join('" or "')}", in UTF-8`)
  }
  const text = decode(bytes)
  if (text === null) return unreadable('is not UTF-8')
  if (type === 'form') return { text, value: fieldsOf(new URLSearchParams(text), 'body'), wrong: null }
  const parsed = parseJson(text)
  if (!parsed.ok) return unreadable(parsed.problem)
  const { value } = parsed
  // A list is an object to JavaScript, and to its schemas.
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? { text, value, wrong: longList(value) } : unreadable('must be a JSON object')
}

function unreadable(msg: string): Body {
  return { text: '', value: undefined, wrong: invalid('body', 'body', msg) }
}

/** JSON is UTF-8 (RFC 8259, 8.1); so are forms here. */
function isUtf8(parameter: string): boolean {
  const [name = '', value = ''] = parameter.split('=')
  return name.trim().toLowerCase() !== 'charset' || /^\s*"?utf-?8"?\s*$/i.test(value)
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    return null
  }
}

/** Longer than any list that an operation takes. */
const MOST_ITEMS = 1_000

/** Judging each item of a list that is too long would cost more than the list. It may be in a part of the body: a filter. */
function longList(value: object): Record<string, InvalidParam> | null {
  const path = pathOfLong(value)
  return path === null ? null : invalid('body', path.slice(0, 100), `has more than ${MOST_ITEMS} items`)
}

/** Where there is a list that is too long: `filter.tags`. How deep a body may be its parser sees to. */
function pathOfLong(value: object, path = ''): string | null {
  const isList = Array.isArray(value)
  if (isList && value.length > MOST_ITEMS) return path
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner !== 'object' || inner === null) continue
    const found = pathOfLong(inner, isList ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`)
    if (found !== null) return found
  }
  return null
}

/** The body, or null when it did not arrive whole: nothing of ours fails in reading it. @throws Problem 413 over 1 MB. */
async function readBounded(request: Request): Promise<Uint8Array | null> {
  refuseLongBody(request)
  const read = await readBytes(request.body, MAX_BODY_BYTES).then(
    (bytes) => ({ bytes }),
    // An incomplete message, or chunks that are none (RFC 9112, 7.1 and 8).
    () => null,
  )
  if (read === null) return null
  if (read.bytes === null) throw tooLong()
  return read.bytes
}

/** Refuses a body by the length that it says it has. @throws Problem 413 over 1 MB. */
export function refuseLongBody(request: Request): void {
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES) throw tooLong()
}

function tooLong(): Problem {
  return new Problem(413, `The body is longer than ${MAX_BODY_BYTES} bytes`)
}
