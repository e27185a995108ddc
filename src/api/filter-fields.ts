/** @module A filter in requests: what is wrong with it is said, and what people paste is put as events have it. */
import * as v from 'valibot'
import { fold } from '../events/facets.ts'
import { type Filter, keysOf, TYPE_PATTERNS } from '../events/filter.ts'
import { NOTIFICATION_KINDS, UNKNOWN_KIND } from '../events/notification-kinds.ts'
import { parsePasted } from '../peertube/paste.ts'
import { uuidOfId } from '../peertube/short-uuid.ts'
import { text } from './fields.ts'
import { invalidParams, type Location } from './problem.ts'
import { invalid } from './request/validate.ts'
import { instanceHost } from './urls.ts'

/** Items of a list. */
const MOST_ITEMS = 100
/** Rows by which events find a subscription: for each type one for each item of the list that it is found by. */
const MOST_KEYS = 1_000
/** Of a filter as JSON, in UTF-16 units: there may be a hundred thousand. */
const LONGEST_FILTER = 16_000
/** A week, in seconds: no video of PeerTube is longer. */
export const LONGEST_VIDEO = 604_800

/** As PeerTube has them: ISO 639 with a script or a region (RFC 5646): `zh-Hans`. */
const LANGUAGE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/

/** A list of at least one. */
export const listOf = <TItem extends v.GenericSchema>(item: TItem, description: string) =>
  v.pipe(
    v.array(item, 'must be a list'),
    v.minLength(1, 'must not be empty: leave it out to have all'),
    v.maxLength(MOST_ITEMS, `must have at most ${MOST_ITEMS} items`),
    v.description(description),
  )

/** A text with something in it that is compared. */
const word = (maxLength: number) =>
  v.pipe(
    text(maxLength),
    v.check((value) => fold(value) !== '', 'must not be empty'),
  )

/** A text by what it means; where it means nothing, with the message that says what it must be. */
const read = (maxLength: number, meaning: (sent: string) => string | null, problem: string) =>
  v.pipe(
    text(maxLength),
    v.rawTransform<string, string>(({ dataset, addIssue, NEVER }) => {
      const meant = meaning(dataset.value)
      if (meant !== null) return meant
      addIssue({ message: problem })
      return NEVER
    }),
  )

const KINDS = [...NOTIFICATION_KINDS.map(({ kind }) => kind), UNKNOWN_KIND]
const oneOf = (names: readonly string[], what: string) =>
  v.pipe(
    text(100),
    v.check((value) => names.includes(value), `must be ${what}: one of ${names.join(', ')}`),
  )
const seconds = (description: string) =>
  v.pipe(
    v.number('must be a number of seconds'),
    v.integer('must be a whole number of seconds'),
    v.minValue(0, 'must be at least 0'),
    v.maxValue(LONGEST_VIDEO, `must be at most ${LONGEST_VIDEO}`),
    v.description(description),
  )
const flag = (description: string) => v.pipe(v.boolean('must be true or false'), v.description(description))

/** The parts of a filter, as JSON has them. */
export const FILTER_PARTS = {
  types: listOf(
    oneOf(TYPE_PATTERNS, 'a type, or all of a kind'),
    'Types of events, such as `video.published`, or all of a kind: `video.*`.',
  ),
  instances: listOf(instanceHost, 'Where it was read: hosts, or URLs, of instances.'),
  channels: listOf(
    handle('channel'),
    'Channels: `name@host`, or the URL of one; a name alone with `instances`, where it then is at home.',
  ),
  accounts: listOf(
    handle('account'),
    'Accounts, written as channels are: who made the video or wrote the comment, or whom a notification is about.',
  ),
  videos: listOf(
    read(2_000, videoId, 'must be the UUID, the short UUID or the URL of a video'),
    'Videos: a UUID, a short one, or the URL.',
  ),
  languages: listOf(
    v.pipe(word(20), v.regex(LANGUAGE, 'must be the code of a language, such as en')),
    'Languages, by their codes: `en`.',
  ),
  categories: listOf(
    v.pipe(
      v.number('must be a number'),
      v.integer('must be a whole number'),
      v.minValue(1, 'must be at least 1'),
      v.maxValue(1_000_000, 'must be at most 1000000'),
    ),
    'Categories, by PeerTube’s numbers.',
  ),
  tags: listOf(word(100), 'Tags, whatever their case.'),
  nsfw: flag('True: only what is marked as sensitive; false: only what is not.'),
  localOnly: flag('Only videos of the instance itself.'),
  minDuration: seconds('Seconds.'),
  maxDuration: seconds('Seconds.'),
  text: v.pipe(
    word(200),
    v.description('A part of the title or the description, or of what a comment says, whatever its case.'),
  ),
  notificationKinds: listOf(
    oneOf(KINDS, 'a kind of notification'),
    'Kinds of notifications, by our names: `newCommentOnMyVideo`.',
  ),
}

/** What people put beside the filter, for `withHints`. */
export const IN_FILTER = Object.fromEntries(
  Object.keys(FILTER_PARTS).map((name) => [name, 'it is a part of `filter`']),
)

/** An object: valibot takes a list for one without fields. */
function noList<TSchema extends v.GenericSchema>(schema: TSchema): TSchema {
  return {
    ...schema,
    '~run': (dataset, config) =>
      schema['~run'](Array.isArray(dataset.value) ? { ...dataset, value: null } : dataset, config),
  }
}

/** A filter as it is asked for. `completed` has the rest to say of it. */
export const FilterInput = v.pipe(
  noList(v.partial(v.strictObject(FILTER_PARTS))),
  v.description(
    'Events that fit all of it; of a list one item is enough. What an event lacks it does not fit. Empty: all events.',
  ),
)

/** Changes of a filter, as a merge patch has them: null takes a part away (RFC 7396, 2). */
export const FilterChanges = v.pipe(
  noList(
    v.partial(
      v.strictObject({
        types: v.nullable(FILTER_PARTS.types),
        instances: v.nullable(FILTER_PARTS.instances),
        channels: v.nullable(FILTER_PARTS.channels),
        accounts: v.nullable(FILTER_PARTS.accounts),
        videos: v.nullable(FILTER_PARTS.videos),
        languages: v.nullable(FILTER_PARTS.languages),
        categories: v.nullable(FILTER_PARTS.categories),
        tags: v.nullable(FILTER_PARTS.tags),
        nsfw: v.nullable(FILTER_PARTS.nsfw),
        localOnly: v.nullable(FILTER_PARTS.localOnly),
        minDuration: v.nullable(FILTER_PARTS.minDuration),
        maxDuration: v.nullable(FILTER_PARTS.maxDuration),
        text: v.nullable(FILTER_PARTS.text),
        notificationKinds: v.nullable(FILTER_PARTS.notificationKinds),
      }),
    ),
  ),
  v.description('What is left out stays; null takes it away.'),
)

const texts = v.optional(v.array(v.string()))
const whole = v.optional(v.pipe(v.number(), v.integer()))

/** A filter in answers: as it is compared, with handles and hosts as events have them. */
export const ShownFilter = v.pipe(
  v.strictObject({
    types: texts,
    instances: texts,
    channels: texts,
    accounts: texts,
    videos: texts,
    languages: texts,
    categories: v.optional(v.array(v.pipe(v.number(), v.integer()))),
    tags: texts,
    nsfw: v.optional(v.boolean()),
    localOnly: v.optional(v.boolean()),
    minDuration: whole,
    maxDuration: whole,
    text: v.optional(v.string()),
    notificationKinds: texts,
  }),
  v.description('Which events: see `addSubscription`. Empty: all.'),
)

/** The filter that a merge patch leaves, before it is completed. */
export function mergedFilter(filter: Filter, changes: v.InferOutput<typeof FilterChanges>): Filter {
  const merged = Object.entries({ ...filter, ...changes }).filter(([, value]) => value !== null)
  // Each of the fields is as the one schema or the other has it, and none is null.
  return Object.fromEntries(merged) as Filter
}

/** Where a part of a filter, or (null) all of it, is in a request. */
export type PlaceOfPart = (part: keyof Filter | null) => { location: Location; name: string }

const nameInBody = (part: keyof Filter | null) => (part === null ? 'filter' : `filter.${part}`)
const inBody: PlaceOfPart = (part) => ({ location: 'body', name: nameInBody(part) })

/**
 * A filter as it is stored: each item once, names of channels and accounts with their hosts.
 * @param placeOf where its parts are, for what is said of them.
 * @throws Problem 400 when its parts do not go together.
 */
export function completed(filter: Filter, placeOf: PlaceOfPart = inBody): Filter {
  const { minDuration, maxDuration, instances } = filter
  const refuse = (part: keyof Filter | null, msg: string, value?: unknown): never => {
    const { location, name } = placeOf(part)
    throw invalidParams(invalid(location, name, msg, value))
  }
  if (minDuration !== undefined && maxDuration !== undefined && minDuration > maxDuration)
    refuse('maxDuration', 'must not be less than minDuration', maxDuration)
  const atHome = (field: 'channels' | 'accounts') =>
    filter[field]?.flatMap((name): string[] => {
      if (name.includes('@')) return [name]
      if (instances) return instances.map((host) => `${name}@${host}`)
      return refuse(field, `must have the host of ${name}, as in ${name}@peertube.example`, name)
    })
  const whole = { ...filter, channels: atHome('channels'), accounts: atHome('accounts') }
  const entries = Object.entries(whole).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? [...new Set(value)] : value]],
  )
  const complete: Filter = Object.fromEntries(entries)
  const keys = keysOf(complete).length
  if (keys > MOST_KEYS)
    refuse(
      'types',
      `must be fewer, or name less of each: these are ${keys} combinations, of at most ${MOST_KEYS}`,
    )
  if (JSON.stringify(complete).length > LONGEST_FILTER)
    refuse(null, `must have at most ${LONGEST_FILTER} characters as JSON`)
  return complete
}

/** A channel or an account: its handle; of a name without a host itself. */
function handle(kind: 'channel' | 'account') {
  const meaning = (sent: string) => {
    if (/^[A-Za-z0-9_.-]{1,120}$/.test(sent)) return sent.toLowerCase()
    const pasted = parsePasted(sent)
    if (pasted.kind === 'wrong') return null
    const { named, url } = pasted
    return named.kind === kind || named.kind === 'actor' ? `${named.name.toLowerCase()}@${url.host}` : null
  }
  const article = kind === 'account' ? 'an' : 'a'
  return read(2_000, meaning, `must name ${article} ${kind}, such as name@peertube.example`)
}

function videoId(sent: string): string | null {
  const uuid = uuidOfId(sent.trim())
  if (uuid !== null) return uuid
  const pasted = parsePasted(sent)
  return pasted.kind === 'pasted' && pasted.named.kind === 'video' ? uuidOfId(pasted.named.id) : null
}
