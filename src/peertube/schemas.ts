/**
 * @module What we read of a PeerTube instance's answers, and nothing more: an unknown or broken field that we don't use
 * costs nothing. Bounds keep a hostile instance from filling the database. Recorded answers: test/fixtures/recordings.
 */
import * as v from 'valibot'
import { PAGE_SIZE } from '../events/video-walk.ts'
import { actor, anyTime, picture, text, time, webUrl } from './fields.ts'

const label = <TId extends v.GenericSchema>(id: TId) =>
  v.optional(v.nullable(v.object({ id: v.nullable(id), label: text(200) })), null)

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
  isLocal: v.optional(v.boolean(), true),
  nsfw: v.optional(v.boolean(), false),
  category: label(v.pipe(v.number(), v.finite())),
  licence: label(v.pipe(v.number(), v.finite())),
  language: label(text(50)),
  thumbnailPath: v.optional(v.nullable(text(1_000)), null),
  // From 8.1 on, in several sizes. One that is broken costs the picture, and not the video.
  thumbnails: v.fallback(v.nullish(v.pipe(v.array(picture), v.maxLength(20)), []), []),
  embedPath: v.optional(v.nullable(text(1_000)), null),
  publishedAt: time,
  createdAt: time,
  updatedAt: v.fallback(v.nullish(time, null), null),
  /** How many: from 7.x on. */
  comments: v.fallback(v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0)), null), null),
  originallyPublishedAt: v.optional(v.nullable(anyTime), null),
  channel: actor,
  account: actor,
})
export type ListedVideo = v.InferOutput<typeof ListedVideo>

/** One video of `GET /api/v1/videos/{id}`: what lists don't tell, and what became of it. */
export const VideoDetail = v.object({
  description: v.fallback(v.nullish(text(2_000), null), null),
  tags: v.fallback(v.pipe(v.array(text(100)), v.maxLength(50)), []),
  isLive: v.optional(v.boolean(), false),
  privacy: v.object({ id: v.pipe(v.number(), v.integer()) }),
  state: v.optional(v.nullable(v.object({ id: v.pipe(v.number(), v.integer()) })), null),
  publishedAt: time,
  updatedAt: time,
})

/** What of a video is left when the rest of it can't be understood. */
export const ListedUuid = v.object({ uuid: v.pipe(v.string(), v.uuid()) })

/**
 * A list answer; its items are parsed one by one, so that one bad item doesn't cost the page.
 * Never more of them than were asked for: a million empty ones would take a minute to parse.
 */
export const VideoList = v.object({ data: v.pipe(v.array(v.unknown()), v.maxLength(PAGE_SIZE)) })

/** Where a server of the fediverse says what software it runs. */
export const NODE_INFO = '/nodeinfo/2.0.json'

/** The answer to `GET /nodeinfo/2.0.json`. */
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
