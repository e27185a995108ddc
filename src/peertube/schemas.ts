/**
 * @module What we read of a PeerTube instance's answers, and nothing more: an unknown or broken field that we don't use
 * costs nothing. Bounds keep a hostile instance from filling the database. Recorded answers: test/fixtures/recordings.
 */
import * as v from 'valibot'
import { PAGE_SIZE } from '../events/video-walk.ts'

/** Control characters but tab and line ends: NUL ends a string in SQLite, none of them means anything in a title. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g

const text = (maxLength: number) =>
  v.pipe(
    v.string(),
    v.transform((value) => value.replace(CONTROL, '').slice(0, maxLength).toWellFormed()),
  )

/** An ISO time as the instance wrote it; `isoTimestamp` would accept 31 February, so it is parsed. */
const timeSince = (earliest: number) =>
  v.pipe(
    v.string(),
    v.maxLength(40),
    v.check((value) => {
      const milliseconds = Date.parse(value)
      return milliseconds >= earliest && milliseconds < Date.UTC(9999, 0)
    }, 'Expected a date and time'),
  )
const time = timeSince(0)
/** A film may be older than the epoch, and than every camera. */
const anyTime = timeSince(Date.parse('0001-01-01T00:00:00Z'))

const webUrl = v.pipe(
  v.string(),
  v.maxLength(1_000),
  v.url(),
  v.check((value) => /^https?:\/\//i.test(value), 'Expected an http or https URL'),
)

const label = <TId extends v.GenericSchema>(id: TId) =>
  v.optional(v.nullable(v.object({ id: v.nullable(id), label: text(200) })), null)

/** A picture of an account or channel in one of its sizes; `fileUrl` is of 7.x and newer. */
const avatar = v.object({
  path: v.nullish(text(1_000), null),
  fileUrl: v.nullish(text(1_000), null),
  width: v.nullish(v.pipe(v.number(), v.finite()), 0),
})

const actor = v.object({
  name: text(200),
  displayName: text(200),
  host: text(300),
  url: webUrl,
  // One that is broken costs the avatar, and not the video.
  avatars: v.fallback(v.nullish(v.pipe(v.array(avatar), v.maxLength(20)), []), []),
})

/** One video of `GET /api/v1/videos`. */
export const ListedVideo = v.object({
  uuid: v.pipe(v.string(), v.uuid()),
  shortUUID: v.pipe(v.string(), v.maxLength(40)),
  url: v.optional(webUrl),
  name: text(500),
  truncatedDescription: v.optional(v.nullable(text(2_000)), null),
  description: v.optional(v.nullable(text(2_000)), null),
  duration: v.pipe(v.number(), v.finite(), v.minValue(0)),
  isLive: v.optional(v.boolean(), false),
  nsfw: v.optional(v.boolean(), false),
  category: label(v.pipe(v.number(), v.finite())),
  licence: label(v.pipe(v.number(), v.finite())),
  language: label(text(50)),
  thumbnailPath: v.optional(v.nullable(text(1_000)), null),
  embedPath: v.optional(v.nullable(text(1_000)), null),
  publishedAt: time,
  createdAt: time,
  originallyPublishedAt: v.optional(v.nullable(anyTime), null),
  channel: actor,
  account: actor,
})
export type ListedVideo = v.InferOutput<typeof ListedVideo>

/** What of a video is left when the rest of it can't be understood. */
export const ListedUuid = v.object({ uuid: v.pipe(v.string(), v.uuid()) })

/**
 * A list answer; its items are parsed one by one, so that one bad item doesn't cost the page.
 * Never more of them than were asked for: a million empty ones would take a minute to parse.
 */
export const VideoList = v.object({ data: v.pipe(v.array(v.unknown()), v.maxLength(PAGE_SIZE)) })

/** `GET /nodeinfo/2.0.json`. */
export const NodeInfo = v.object({
  software: v.object({ name: v.string(), version: v.pipe(v.string(), v.maxLength(100)) }),
})

/** `GET /api/v1/config`. */
export const ServerConfig = v.object({
  serverVersion: v.pipe(v.string(), v.maxLength(100)),
  instance: v.optional(v.object({ name: v.optional(text(200), '') }), { name: '' }),
})

/** An error (RFC 9457) as PeerTube words it: the code is in `code`, which is deprecated, and at the end of `type`. */
export const Problem = v.object({
  type: v.optional(v.pipe(v.string(), v.maxLength(1_000)), 'about:blank'),
  code: v.optional(v.pipe(v.string(), v.maxLength(100))),
  detail: v.optional(text(1_000), ''),
})

/** What an instance gives to be sent back, in a header too: so it can't have spaces or line ends. */
export const Token = v.pipe(v.string(), v.regex(/^[!-~]{1,1000}$/))
/** A duration of PeerTube's: ten years at most, which is for ever. */
const seconds = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(315_360_000))

/** `GET /api/v1/oauth-clients/local`. */
export const OAuthClient = v.object({ client_id: Token, client_secret: Token })

/** `POST /api/v1/users/token`. */
export const OAuthTokens = v.object({
  token_type: v.pipe(v.string(), v.regex(/^bearer$/i)),
  access_token: Token,
  refresh_token: Token,
  expires_in: seconds,
  refresh_token_expires_in: seconds,
})

/** `GET /api/v1/users/me`. */
export const Account = v.object({
  username: v.pipe(text(200), v.minLength(1)),
  // A role that is none of these may nothing that the least of them may not.
  role: v.object({ id: v.fallback(v.picklist([0, 1, 2]), 2) }),
})

/** `POST /api/v1/users/revoke-token`: `success` is false when there was nothing to revoke. */
export const Revocation = v.object({ success: v.boolean() })
