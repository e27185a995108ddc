/** @module A filter in the query of a request: the same as in a body (filter-fields.ts), under shorter names. */
import * as v from 'valibot'
import type { Filter } from '../events/filter.ts'
import { text, wholeNumber } from './fields.ts'
import { completed, FILTER_PARTS, LONGEST_VIDEO, listOf, type PlaceOfPart } from './filter-fields.ts'

/** What a part of a filter is called in a query. */
const NAMES = {
  types: 'type',
  instances: 'instance',
  channels: 'channel',
  accounts: 'account',
  videos: 'video',
  languages: 'language',
  categories: 'category',
  tags: 'tag',
  nsfw: 'nsfw',
  localOnly: 'localOnly',
  minDuration: 'minDuration',
  maxDuration: 'maxDuration',
  text: 'q',
  notificationKinds: 'notificationKind',
} as const satisfies Record<keyof Filter, string>

/** One value or several: a name may come again, and commas stand between values too. */
const OneOrMore = v.union([v.string(), v.array(v.string())])

/** The items of a list, without what is empty between two commas. */
function itemsOf(sent: string | string[]): string[] {
  return [sent]
    .flat()
    .flatMap((text) => text.split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** @param list of a filter in a body, with its description. */
const several = <TList extends v.GenericSchema<string[], string[]>>(list: TList, description: string) =>
  v.optional(
    v.pipe(
      OneOrMore,
      v.transform(itemsOf),
      list,
      v.description(`${description} Several with commas between them, or the name again.`),
    ),
  )

const flag = (description: string) =>
  v.optional(
    v.pipe(
      v.picklist(['true', 'false'], 'must be true or false'),
      v.transform((value) => value === 'true'),
      v.description(description),
    ),
  )

const seconds = (description: string) =>
  v.optional(v.pipe(wholeNumber(0, LONGEST_VIDEO), v.description(description)))

/** The parameters of a query that say which events. Events fit all of them. */
export const FILTER_QUERY = {
  type: several(FILTER_PARTS.types, 'Types, such as `video.published`, or all of a kind: `video.*`.'),
  instance: several(FILTER_PARTS.instances, 'Hosts, or URLs, of instances.'),
  channel: several(
    FILTER_PARTS.channels,
    'Channels: `name@host`, or the URL of one; a name alone with `instance`.',
  ),
  account: several(FILTER_PARTS.accounts, 'Accounts, written as channels are.'),
  video: several(FILTER_PARTS.videos, 'Videos: a UUID, a short one, or the URL.'),
  language: several(FILTER_PARTS.languages, 'Languages, by their codes: `en`.'),
  category: v.optional(
    v.pipe(
      OneOrMore,
      v.transform((sent) =>
        itemsOf(sent).map((item) => (/^\d{1,7}$/.test(item) ? Number(item) : Number.NaN)),
      ),
      FILTER_PARTS.categories,
      v.description(
        'Categories, by PeerTube’s numbers. Several with commas between them, or the name again.',
      ),
    ),
  ),
  tag: several(FILTER_PARTS.tags, 'Tags, whatever their case.'),
  nsfw: flag('True: only what is marked as sensitive; false: only what is not.'),
  localOnly: flag('Only videos of the instance itself.'),
  minDuration: seconds('Of videos, in seconds.'),
  maxDuration: seconds('Of videos, in seconds.'),
  q: v.optional(FILTER_PARTS.text),
  notificationKind: several(FILTER_PARTS.notificationKinds, 'Kinds of notifications, by our names.'),
}

/** The same of the log, which may have types that this version does not know. */
export const LOG_QUERY = {
  ...FILTER_QUERY,
  type: several(
    v.pipe(
      listOf(text(60), 'Types, such as `video.published`, or all of a kind: `video.*`.'),
      v.check(
        (types) => types.every((type) => /^([a-z]+\.([a-z]+|\*)|\*)$/.test(type)),
        'must be a type, or video.* for all of its kind',
      ),
    ),
    'Types, such as `video.published`, or all of a kind: `video.*`.',
  ),
}

export type FilterQuery = { [Name in keyof typeof FILTER_QUERY]?: v.InferOutput<(typeof FILTER_QUERY)[Name]> }

const inQuery: PlaceOfPart = (part) => ({ location: 'query', name: part === null ? 'query' : NAMES[part] })

/**
 * The filter that a query asks for.
 * @throws Problem 400 when its parts do not go together.
 */
export function filterOfQuery(query: FilterQuery): Filter {
  const parts = Object.entries(NAMES).flatMap(([part, name]) =>
    query[name] === undefined ? [] : [[part, query[name]]],
  )
  // Each part is what the schema of the same part in a body puts out.
  return completed(Object.fromEntries(parts) as Filter, inQuery)
}

/** The parameters of a query that asks for this filter. */
export function queryOfFilter(filter: Filter): [name: string, value: string][] {
  return Object.entries(NAMES).flatMap(([part, name]): [string, string][] => {
    // The names are those of the parts of a filter.
    const value = filter[part as keyof Filter]
    return value === undefined ? [] : [[name, String([value].flat())]]
  })
}

/** What a filter asks for, in a few words. */
export function titleOfFilter(filter: Filter): string {
  const parts = queryOfFilter(filter).map(([name, value]) => `${name} ${value.replaceAll(',', ', ')}`)
  return parts.length === 0 ? 'All public events' : `Events: ${parts.join('; ')}`
}
