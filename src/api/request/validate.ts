/**
 * @module What comes in, parsed with valibot. Each parameter is judged alone, all that is wrong is said at once; only when
 * nothing is wrong alone are combinations looked at (the contract's "Validation errors").
 */
import * as v from 'valibot'
import { nearestName } from '../../nearest.ts'
import { type InvalidParam, invalidParams, type Location } from '../problem.ts'

/** What a caller named is repeated to him, but not at any length. */
const MAX_NAME = 100
const MAX_UNKNOWN = 20
const MAX_VALUE = 200
/** Enough for whoever wants to mend a request. */
const MOST_FOUND = 50

/** One part of a request, with what it must be. `isFields`: made of a query or form, where a name may come twice. */
export type Part = { location: Location; schema: v.GenericSchema; input: unknown; isFields?: boolean }

/**
 * Parses the parts of a request.
 * @param known what was found wrong before: a body that is no JSON, a header.
 * @returns what each part's schema puts out, in their order.
 * @throws Problem 400 naming every parameter that is wrong. Values are shown, but not those of secrets.
 */
export function parseParts(
  parts: readonly Part[],
  known: Readonly<Record<string, InvalidParam>> = {},
): unknown[] {
  const found: Record<string, InvalidParam> = Object.assign(Object.create(null), known)
  const outputs = parts.map(({ location, schema, input, isFields = false }) => {
    const parsed = v.safeParse(schema, input)
    if (parsed.success) return parsed.output
    for (const issue of parsed.issues) {
      const name = nameOf(issue) ?? location
      // The same name in two places: the first keeps it.
      const key = found[name] && found[name].location !== location ? `${location}.${name}` : name
      found[key] ??= describeIssue(issue, schema, name, location, valueAt(input, issue), isFields)
      if (Object.keys(found).length >= MOST_FOUND) break
    }
    // valibot names the first of them only.
    for (const name of unknownFields(schema, input))
      found[name] ??= { location, msg: unknownMessage(schema, name), param: name, path: name }
    return undefined
  })
  if (Object.keys(found).length > 0) throw invalidParams(found)
  return outputs
}

function unknownFields(schema: v.GenericSchema, input: unknown): string[] {
  if (schema.type !== 'strict_object' || typeof input !== 'object' || input === null) return []
  const known = Object.keys(entriesOf(schema))
  return Object.keys(input)
    .filter((name) => !known.includes(name))
    .slice(0, MAX_UNKNOWN)
    .map((name) => name.slice(0, MAX_NAME))
}

/** The fields of an object, by their names; none of what is no object. */
function entriesOf(schema: v.GenericSchema): Readonly<Record<string, v.GenericSchema>> {
  // valibot keeps them so.
  return 'entries' in schema ? (schema.entries as Record<string, v.GenericSchema>) : {}
}

/** A schema without its "or null" and "or nothing". */
function unwrapped(schema: v.GenericSchema): v.GenericSchema {
  return 'wrapped' in schema ? unwrapped(schema.wrapped as v.GenericSchema) : schema
}

/** Beside the schemas: what is in them is in the API's description, too. */
const HINTS = new WeakMap<v.GenericSchema, Readonly<Record<string, string>>>()

/** An object, with where what callers look for in it is said instead: by its name, in words that go on from "is unknown: ". */
export function withHints<TSchema extends v.GenericSchema>(
  schema: TSchema,
  hints: Readonly<Record<string, string>>,
): TSchema {
  HINTS.set(schema, hints)
  return schema
}

/** What is said of a field that an object does not have: where it is said instead, or which one may be meant. */
function unknownMessage(schema: v.GenericSchema, name: string): string {
  const hints = HINTS.get(schema) ?? {}
  if (Object.hasOwn(hints, name)) return `is unknown: ${hints[name]}`
  const plain = (text: string) => text.replace(/[^a-z0-9]/gi, '').toLowerCase()
  const sent = plain(name)
  const names = Object.keys(entriesOf(schema))
  const begun = names.find((known) => {
    const own = plain(known)
    return own === sent || (sent.length >= 4 && (own.startsWith(sent) || sent.startsWith(own)))
  })
  const meant = begun ?? nearestName(name, names)
  return meant === null ? 'is unknown' : `is unknown: do you mean ${meant}?`
}

/** The object that an issue is about a field of. */
function parentOf(schema: v.GenericSchema, issue: v.BaseIssue<unknown>): v.GenericSchema {
  const path = (issue.path ?? []).slice(0, -1)
  return path.reduce((outer, { key }) => unwrapped(entriesOf(outer)[String(key)] ?? v.unknown()), schema)
}

/** A parameter that is wrong, for rules that valibot doesn't hold. @param value what was sent, where that may be shown. */
export function invalid(
  location: Location,
  name: string,
  msg: string,
  value?: unknown,
): Record<string, InvalidParam> {
  return { [name]: withValue({ location, msg, param: name, path: name }, value) }
}

/** What was sent there: an issue has what transforms have made of it by then. */
function valueAt(input: unknown, issue: v.BaseIssue<unknown>): unknown {
  return (issue.path ?? []).reduce<unknown>(
    (value, { key }) =>
      typeof value === 'object' && value !== null ? Reflect.get(value, String(key)) : undefined,
    input,
  )
}

function describeIssue(
  issue: v.BaseIssue<unknown>,
  schema: v.GenericSchema,
  name: string,
  location: Location,
  value: unknown,
  isFields: boolean,
): InvalidParam {
  // A name that came twice has a list. In JSON a list is what somebody wrote: there the parser refuses what comes twice.
  const isTwice = isFields && Array.isArray(value) && /^Expected|^must be/.test(issue.message)
  const msg = isTwice ? 'must be given once' : messageOf(issue, schema)
  const param = { location, msg, param: name, path: name }
  // Of a missing or unknown field valibot gives its name as the input: that is no value. What is unknown may be a secret
  // whose name was mistyped.
  return isAboutPresence(issue) || !issue.path ? param : withValue(param, value)
}

/** `filters.tags[2]`, as PeerTube writes nested fields; null of the whole part. */
function nameOf(issue: v.BaseIssue<unknown>): string | null {
  if (!issue.path) return null
  return issue.path.reduce((name, { type, key }) => {
    const text = String(key).slice(0, MAX_NAME)
    if (type === 'array') return `${name}[${text}]`
    return name === '' ? text : `${name}.${text}`
  }, '')
}

function isAboutPresence(issue: v.BaseIssue<unknown>): boolean {
  const isObject = issue.type === 'strict_object' || issue.type === 'object'
  // What is there and no object has this as what was expected; what is missing, its name.
  return isObject && issue.path !== undefined && issue.expected !== 'Object'
}

/** valibot's words for a missing and for an unknown field are its own; ours are everybody's. */
function messageOf(issue: v.BaseIssue<unknown>, schema: v.GenericSchema): string {
  if (isAboutPresence(issue)) {
    if (issue.expected !== 'never') return 'is missing'
    return unknownMessage(parentOf(schema, issue), String(issue.path?.at(-1)?.key ?? ''))
  }
  return issue.type === 'strict_object' ? 'must be an object' : issue.message
}

/** Passwords, tokens and their like; URLs too, which may carry one. */
const SECRET = /password|secret|token|ticket|verification|authorization|key|otp|url|headers|metadata|^code$/i

/** Adds what was sent, unless it is long or may be a secret. */
function withValue(param: InvalidParam, value: unknown): InvalidParam {
  let isSecret = SECRET.test(param.path)
  const text = JSON.stringify(value, (name: string, inner: unknown) => {
    isSecret ||= SECRET.test(name)
    return inner
  })
  return value === undefined || isSecret || text.length > MAX_VALUE ? param : { ...param, value }
}
