/** @module What the fields of requests and answers are made of. */
import * as v from 'valibot'

/** Control characters mean nothing in any text of ours; NUL ends a string in SQLite. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const NO_CONTROLS = /^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]*$/

/** A text field of a request. @param maxLength in UTF-16 units. */
export const text = (maxLength: number) =>
  v.pipe(
    v.string('must be a text'),
    v.maxLength(maxLength, `must have at most ${maxLength} characters`),
    v.check((value) => NO_CONTROLS.test(value), 'must not have control characters'),
    v.check((value) => value.isWellFormed(), 'must be well-formed Unicode'),
  )

/** An id of ours: a prefix that says what it is of. */
export const id = (prefix: string, what: string) =>
  v.pipe(
    v.string('must be an id'),
    v.regex(new RegExp(`^${prefix}_[A-Za-z0-9_-]{1,60}$`), `must be the id of ${what}: ${prefix}_…`),
    v.description(`The id of ${what}.`),
  )

/** Parameters of a path that names one thing. */
export const idParams = (prefix: string, what: string) => v.strictObject({ id: id(prefix, what) })

/** A time in an answer. */
export const Time = v.pipe(v.string(), v.isoTimestamp(), v.description('ISO 8601 in UTC, with milliseconds.'))

/** A time in a request, as milliseconds. `isoTimestamp` would take 31 February, so it is parsed and written again. */
export const TimeInput = v.pipe(
  v.string('must be a time'),
  v.regex(
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/,
    'must be ISO 8601 in UTC, such as 2026-11-25T10:00:00Z',
  ),
  v.check((value) => isRealTime(value), 'must be a time that there is'),
  v.transform(Date.parse),
)

function isRealTime(value: string): boolean {
  const milliseconds = Date.parse(value)
  return (
    !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().slice(0, 19) === value.slice(0, 19)
  )
}

/** A whole number in a query. */
export const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.string('must be a whole number'),
    v.regex(/^\d{1,16}$/, 'must be a whole number'),
    v.transform(Number),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
    v.metadata({ range: { minimum: min, maximum: max } }),
  )

/** A sequence as a cursor. */
export const Sequence = v.pipe(
  v.string('must be a sequence'),
  v.regex(/^\d{1,15}$/, 'must be a sequence: a whole number'),
  v.transform(Number),
)

/** A type of events in a query, or all of a kind. */
export const TypePattern = v.pipe(
  text(60),
  v.regex(/^[a-z]+(\.[a-z]+|\.\*)$/, 'must be a type, or video.* for all of its kind'),
  v.description('A type, such as `video.published`, or `video.*`.'),
)

/** How many items an answer has at most. */
export const Limit = v.optional(v.pipe(wholeNumber(1, 100), v.description('How many, 1 to 100.')), '100')

/** How far a list may be skipped into: what is skipped is read. Deeper pages are reached with `after`. */
const MAX_START = 10_000

/** The query of a list, as PeerTube's. @param sorts what it can be sorted by. */
export const listQuery = <const TSorts extends readonly [string, ...string[]]>(sorts: TSorts) => ({
  start: v.optional(
    v.pipe(
      wholeNumber(0, MAX_START),
      v.description(`How many to skip, 0 to ${MAX_START}; further on with \`after\`.`),
    ),
    '0',
  ),
  count: v.optional(v.pipe(wholeNumber(0, 100), v.description('How many, 0 to 100.')), '15'),
  sort: v.optional(
    v.pipe(
      v.picklist(sorts, `must be one of ${sorts.join(', ')}`),
      v.description('The order; with a minus the last comes first.'),
    ),
    sorts[0],
  ),
  search: v.optional(
    v.pipe(
      text(100),
      v.description('A part of the name. Reads all that it searches through. Empty: no search.'),
    ),
  ),
  after: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[\w-]{1,400}$/, 'must be the `next` of an answer'),
      v.description('The `next` of the answer before, with the same `sort`: pages as deep as you like.'),
    ),
  ),
})

/** The answer of a list. */
export const list = <TItem extends v.GenericSchema>(item: TItem) =>
  v.strictObject({
    total: v.pipe(v.number(), v.integer(), v.minValue(0), v.description('How many there are in all.')),
    data: v.array(item),
    next: v.optional(
      v.pipe(v.string(), v.description('Pass it on as `after`; there is none on the last page.')),
    ),
  })

/** The answer of a list that is read by cursor. */
export const cursorList = <TItem extends v.GenericSchema>(item: TItem) =>
  v.strictObject({
    data: v.array(item),
    next: v.optional(
      v.pipe(v.string(), v.description('Pass it on as cursor; there is none on the last page.')),
    ),
  })

/** A page of a cursor list. @param found one row more than the limit, when there is a next page. */
export function cursorPage<TRow, TShown>(
  found: readonly TRow[],
  limit: number,
  show: (row: TRow) => TShown,
  cursorOf: (row: TRow) => string,
): { data: TShown[]; next?: string } {
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  return { data: rows.map(show), ...(found.length > limit && last ? { next: cursorOf(last) } : {}) }
}

/** Who something belongs to, in a query of those who may see everybody's. */
export const Owner = v.optional(
  v.pipe(
    v.string(),
    v.regex(/^(all|usr_[A-Za-z0-9_-]{1,60})$/, 'must be "all" or the id of a user'),
    v.description('Whose: a user’s id, or `all`. One’s own without it. For moderators and administrators.'),
  ),
)
