/** @module The schemas of what events are about: videos, comments, notifications. Their descriptions are the documentation. */
import * as v from 'valibot'
import type { ConnectionReference, EndpointReference, InstanceReference } from './types.ts'

const described = <TSchema extends v.GenericSchema>(schema: TSchema, text: string) =>
  v.pipe(schema, v.description(text))

const url = described(v.string(), 'Absolute.')
/** ISO 8601 in UTC. */
const time = v.pipe(v.string(), v.isoTimestamp(), v.description('ISO 8601 in UTC.'))
const number = v.pipe(v.number(), v.integer())
const label = <TId extends v.GenericSchema>(id: TId, text: string) =>
  described(v.nullable(v.strictObject({ id, label: v.string() })), text)

export const Actor = described(
  v.strictObject({
    name: v.string(),
    displayName: v.string(),
    host: v.string(),
    handle: described(v.string(), '`name@host`, as people write it.'),
    url,
    avatarUrl: v.nullable(url),
  }),
  'An account or channel: who made or wrote something, or where it was put.',
)

const category = label(number, 'Null: none was given.')
const licence = label(number, 'Null: none was given.')
const language = label(v.string(), 'By its code. Null: none was given.')
const nsfw = described(v.boolean(), 'Whether it is marked as sensitive.')
const description = described(
  v.nullable(v.string()),
  'The whole one of a video that was published now; otherwise its beginning, as the list of the instance gives it.',
)
const tags = described(v.nullable(v.array(v.string())), 'Null: not known, for lists don’t tell them.')
const originallyPublishedAt = described(v.nullable(time), 'When it was first published elsewhere.')
const thumbnailUrl = v.nullable(url)

export const Video = described(
  v.strictObject({
    uuid: described(v.string(), 'The same everywhere.'),
    shortUUID: described(v.string(), 'The same, as short addresses have it.'),
    url,
    name: v.string(),
    description,
    duration: described(v.number(), 'Seconds.'),
    isLive: v.boolean(),
    isLocal: described(v.boolean(), 'Whether it belongs to the instance that was read.'),
    nsfw,
    category,
    licence,
    language,
    tags,
    thumbnailUrl,
    embedUrl: v.nullable(url),
    publishedAt: time,
    createdAt: time,
    originallyPublishedAt,
    channel: Actor,
    account: Actor,
  }),
  'A video.',
)

export const VideoReference = described(
  v.strictObject({
    uuid: Video.entries.uuid,
    url,
    name: v.string(),
    shortUUID: v.nullable(Video.entries.shortUUID),
    nsfw: v.nullable(nsfw),
    category,
    language,
    tags,
    channel: v.nullable(Actor),
    account: described(v.nullable(Actor), 'Who made the video.'),
  }),
  'The video that a comment is on. What is not known of it is null.',
)

const change = <TSchema extends v.GenericSchema>(schema: TSchema) =>
  v.exactOptional(v.strictObject({ from: schema, to: schema }))

export const VideoChanges = described(
  v.strictObject({
    name: change(v.string()),
    description: change(v.nullable(v.string())),
    category: change(category),
    licence: change(licence),
    language: change(language),
    nsfw: change(nsfw),
    originallyPublishedAt: change(originallyPublishedAt),
    thumbnailUrl: change(thumbnailUrl),
    channel: change(described(v.string(), 'Its handle.')),
    privacy: change(v.picklist(['public', 'unlisted'])),
  }),
  'What people edited, each field as it was and as it is. Fields that stayed are left out.',
)

/** Of the text of a comment. */
export const TextChange = v.strictObject({ from: v.string(), to: v.string() })

export const Comment = described(
  v.strictObject({
    id: described(number, 'The instance’s number.'),
    threadId: described(number, 'The number of the comment that began the thread.'),
    inReplyToCommentId: described(v.nullable(number), 'Null: it began the thread.'),
    url,
    text: described(
      v.string(),
      'As it was given: Markdown, of other servers HTML. Not to be trusted. Empty when it was deleted.',
    ),
    html: described(v.string(), 'The same, rendered and sanitised.'),
    createdAt: time,
    updatedAt: time,
    heldForReview: described(v.boolean(), 'Only the video’s owner and moderators see it yet.'),
    account: described(v.nullable(Actor), 'Who wrote it. Null when the instance no longer says.'),
  }),
  'A comment or a reply.',
)

export const Notification = described(
  v.objectWithRest(
    {
      id: described(number, 'The instance’s number.'),
      type: described(number, 'PeerTube’s number of its kind.'),
      kind: described(v.string(), 'What we call that kind.'),
      read: v.boolean(),
      createdAt: time,
      updatedAt: time,
    },
    v.unknown(),
  ),
  'A notification of an account, and what it is about, by PeerTube’s name of that field. When that is gone there is no such field.',
)

export const Instance = described(
  v.strictObject({
    host: described(v.string(), 'With the port, unless it is the default one.'),
    url,
    name: v.string(),
    version: described(v.string(), 'Of PeerTube.'),
  }),
  'A watched instance, and what it is called.',
) satisfies v.GenericSchema<InstanceReference>

export const Connection = described(
  v.strictObject({
    id: v.string(),
    username: described(v.string(), 'Of the account on the instance.'),
  }),
  'Of which watched account it is told.',
) satisfies v.GenericSchema<ConnectionReference>

export const Endpoint = described(
  v.strictObject({
    id: v.string(),
    url: described(v.string(), 'Its origin: the path may hold a secret.'),
    description: v.string(),
  }),
  'Of which endpoint of this Tubewire it is told.',
) satisfies v.GenericSchema<EndpointReference>

export const reason = described(v.string(), 'In a word, for programs.')
export const detail = described(v.string(), 'In a sentence, for people.')
