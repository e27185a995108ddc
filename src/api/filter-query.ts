/** @module A filter in the query of a URL: the same as in bodies, in words that fit there; of several values one is enough. */
import * as v from 'valibot'
import type { Filter } from '../events/filter.ts'
import { completed, filterFields } from './filter-fields.ts'
import { invalid } from './request/validate.ts'

/** Several, with commas in between. */
const several = <TList extends v.GenericSchema<string[], unknown>>(list: TList, description: string) =>
  v.optional(
    v.pipe(
      v.string('must be a text'),
      v.transform((sent) => sent.split(',').map((part) => part.trim())),
      list,
      v.description(description),
    ),
  )

/** Parameters of a query. `filterOfQuery` makes a filter of them. */
export const filterQuery = {
  type: several(filterFields.types, 'Types, such as `video.published`, or all of a kind: `video.*`.'),
  instance: several(filterFields.instances, 'Hosts of instances.'),
  channel: several(filterFields.channels, 'Channels, as `name@host`; a name alone with `instance`.'),
  account: several(filterFields.accounts, 'Accounts, as `name@host`.'),
  video: several(filterFields.videos, 'Videos: UUIDs or URLs.'),
  language: several(filterFields.languages, 'Languages, by their codes.'),
  tag: several(filterFields.tags, 'Tags, whatever their case.'),
  nsfw: v.optional(
    v.pipe(
      v.picklist(['true', 'false'], 'must be true or false'),
      v.description('Only what is marked as sensitive, or only what is not.'),
    ),
  ),
  q: v.optional(
    v.pipe(
      filterFields.text,
      v.description('A part of the title or the description, or of what a comment says.'),
    ),
  ),
}

/** What the parameters put out. */
export type FilterQuery = {
  type?: string[] | undefined
  instance?: string[] | undefined
  channel?: string[] | undefined
  account?: string[] | undefined
  video?: string[] | undefined
  language?: string[] | undefined
  tag?: string[] | undefined
  nsfw?: 'true' | 'false' | undefined
  q?: string | undefined
}

const NAMES = {
  types: 'type',
  instances: 'instance',
  channels: 'channel',
  accounts: 'account',
  videos: 'video',
  languages: 'language',
  tags: 'tag',
  text: 'q',
} as const satisfies { [TField in keyof Filter]: keyof FilterQuery }

/**
 * The filter of a query, as it is compared.
 * @throws Problem 400 when its parts do not go together.
 */
export function filterOfQuery(query: FilterQuery): Filter {
  const { type, instance, channel, account, video, language, tag, nsfw, q } = query
  const filter: Filter = {
    types: type,
    instances: instance,
    channels: channel,
    accounts: account,
    videos: video,
    languages: language,
    tags: tag,
    nsfw: nsfw === undefined ? undefined : nsfw === 'true',
    text: q,
  }
  return completed(filter, (field, msg, value) => {
    const name = field !== null && field in NAMES ? NAMES[field as keyof typeof NAMES] : 'type'
    return invalid('query', name, msg, value)
  })
}

/** The parameters of a query that asks for this filter, which has no other parts than a query has. */
export function queryOfFilter(filter: Filter): [string, string][] {
  const lists = Object.entries(NAMES).flatMap(([field, name]): [string, string][] => {
    const value = filter[field as keyof typeof NAMES]
    return value === undefined ? [] : [[name, [value].flat().join()]]
  })
  return [...lists, ...(filter.nsfw === undefined ? [] : [['nsfw', String(filter.nsfw)] as [string, string]])]
}

/** What a filter asks for, in a few words. */
export function titleOfFilter(filter: Filter): string {
  const parts = queryOfFilter(filter).map(([name, value]) => `${name} ${value.replaceAll(',', ', ')}`)
  return parts.length === 0 ? 'All public events' : `Events: ${parts.join('; ')}`
}
