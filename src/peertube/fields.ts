/**
 * @module Fields that several of an instance's answers have. Bounds keep a hostile instance from filling the database, and
 * what could not be shown or stored safely is dropped here, once.
 */
import * as v from 'valibot'

/** Control characters but tab and line ends: NUL ends a string in SQLite, none of them means anything in a title. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g

/** A text that can be stored: no control characters, no half characters, and never longer than that. */
export function clean(value: string, maxLength: number): string {
  return value.replace(CONTROL, '').slice(0, maxLength).toWellFormed()
}

/** A text of which what is longer is cut. */
export const text = (maxLength: number) =>
  v.pipe(
    v.string(),
    v.transform((value) => clean(value, maxLength)),
  )

/** A time as the instance wrote it; `isoTimestamp` would accept 31 February, so it is parsed. */
const timeSince = (earliest: number) =>
  v.pipe(
    v.string(),
    v.maxLength(40),
    v.check((value) => {
      const milliseconds = Date.parse(value)
      return milliseconds >= earliest && milliseconds < Date.UTC(9999, 0)
    }, 'Expected a date and time'),
  )
export const time = timeSince(0)
/** A film may be older than the epoch, and than every camera. */
export const anyTime = timeSince(Date.parse('0001-01-01T00:00:00Z'))

/** The same in ISO 8601 UTC. */
export const isoTime = v.pipe(
  time,
  v.transform((value) => new Date(value).toISOString()),
)

export const webUrl = v.pipe(
  v.string(),
  v.maxLength(1_000),
  v.url(),
  v.check((value) => /^https?:\/\//i.test(value), 'Expected an http or https URL'),
)

/** A number by which an instance knows something. */
export const id = v.pipe(v.number(), v.safeInteger(), v.minValue(1))

/** How many there are, or null: one that makes no sense is none. */
export const countOrNull = v.fallback(
  v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), null),
  null,
)

/** A flag that only some versions have. */
export const flag = v.nullish(v.boolean(), false)

export const uuid = v.pipe(v.string(), v.uuid(), v.toLowerCase())

/** A picture in one of its sizes; `fileUrl` is of 7.x and newer. */
export const picture = v.object({
  path: v.nullish(text(1_000), null),
  fileUrl: v.nullish(text(1_000), null),
  width: v.nullish(v.pipe(v.number(), v.finite()), 0),
})

/** An account or channel. */
export const actor = v.object({
  name: text(200),
  displayName: text(200),
  host: text(300),
  url: webUrl,
  // One that is broken costs the avatar, and not what the actor made.
  avatars: v.fallback(v.nullish(v.pipe(v.array(picture), v.maxLength(20)), []), []),
})
