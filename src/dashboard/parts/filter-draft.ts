/** @module A filter as it is typed: read from the API or an address, and written as a body or a query. */
import type { components } from '../../../clients/typescript/tubewire.d.ts'
import type { Query } from '../address.ts'
import { numberOf } from '../number-of.ts'

type Filter = components['schemas']['Filter']

/** A filter as it is typed. */
export type FilterDraft = {
  types: string[]
  instances: string
  channels: string
  accounts: string
  videos: string
  tags: string
  languages: string
  categories: string
  notificationKinds: string
  text: string
  nsfw: string
  localOnly: boolean
  minDuration: string
  maxDuration: string
}

export const NO_FILTER: FilterDraft = {
  types: [],
  instances: '',
  channels: '',
  accounts: '',
  videos: '',
  tags: '',
  languages: '',
  categories: '',
  notificationKinds: '',
  text: '',
  nsfw: '',
  localOnly: false,
  minDuration: '',
  maxDuration: '',
}

/** What a part is called in a query: see `FILTER_QUERY` in the API. */
const QUERY_NAMES = {
  types: 'type',
  instances: 'instance',
  channels: 'channel',
  accounts: 'account',
  videos: 'video',
  tags: 'tag',
  languages: 'language',
  categories: 'category',
  notificationKinds: 'notificationKind',
  text: 'q',
  nsfw: 'nsfw',
  localOnly: 'localOnly',
  minDuration: 'minDuration',
  maxDuration: 'maxDuration',
} as const satisfies Record<keyof FilterDraft, string>

const LISTS = [
  'instances',
  'channels',
  'accounts',
  'videos',
  'tags',
  'languages',
  'notificationKinds',
] as const

const itemsOf = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

/** As a body has it. What is no number is sent as it is, so that the API says so. */
export function filterOf(draft: FilterDraft): Filter {
  const lists = LISTS.map((name) => [name, itemsOf(draft[name])] as const).filter(
    ([, items]) => items.length > 0,
  )
  return {
    ...Object.fromEntries(lists),
    ...(draft.types.length > 0 ? { types: draft.types } : {}),
    ...(draft.categories.trim() ? { categories: itemsOf(draft.categories).map(numberOf) } : {}),
    ...(draft.text.trim() ? { text: draft.text.trim() } : {}),
    ...(draft.nsfw ? { nsfw: draft.nsfw === 'true' } : {}),
    ...(draft.localOnly ? { localOnly: true } : {}),
    ...(draft.minDuration.trim() ? { minDuration: numberOf(draft.minDuration) } : {}),
    ...(draft.maxDuration.trim() ? { maxDuration: numberOf(draft.maxDuration) } : {}),
  }
}

/** A filter of the API as it is typed. */
export function draftOf(filter: Filter): FilterDraft {
  const joined = LISTS.map((name) => [name, (filter[name] ?? []).join(', ')] as const)
  return {
    ...NO_FILTER,
    ...Object.fromEntries(joined),
    types: filter.types ?? [],
    categories: (filter.categories ?? []).join(', '),
    text: filter.text ?? '',
    nsfw: filter.nsfw === undefined ? '' : String(filter.nsfw),
    localOnly: filter.localOnly ?? false,
    minDuration: filter.minDuration?.toString() ?? '',
    maxDuration: filter.maxDuration?.toString() ?? '',
  }
}

/** As the query of a request, or of an address here, has it. */
export function queryOf(draft: FilterDraft): Query {
  // The names are those of the table.
  const names = Object.keys(QUERY_NAMES) as (keyof FilterDraft)[]
  return Object.fromEntries(names.map((name) => [QUERY_NAMES[name], askedOf(draft[name])]))
}

function askedOf(value: string | boolean | string[]): string | true | string[] | undefined {
  if (typeof value === 'string') return value.trim() || undefined
  if (Array.isArray(value)) return value.length > 0 ? value : undefined
  return value || undefined
}

/** Reads the query of an address. */
export function draftOfQuery(query: URLSearchParams): FilterDraft {
  const text = (name: keyof FilterDraft) => query.getAll(QUERY_NAMES[name]).join(', ')
  return {
    ...NO_FILTER,
    ...Object.fromEntries(LISTS.map((name) => [name, text(name)])),
    types: query.getAll(QUERY_NAMES.types).flatMap(itemsOf),
    categories: text('categories'),
    text: query.get(QUERY_NAMES.text) ?? '',
    nsfw: query.get(QUERY_NAMES.nsfw) ?? '',
    localOnly: query.get(QUERY_NAMES.localOnly) === 'true',
    minDuration: query.get(QUERY_NAMES.minDuration) ?? '',
    maxDuration: query.get(QUERY_NAMES.maxDuration) ?? '',
  }
}

/** Whether anything is asked for that is asked for seldom. */
export function isRarelyFiltered(draft: FilterDraft): boolean {
  const { accounts, videos, languages, categories, notificationKinds, minDuration, maxDuration } = draft
  const texts = [accounts, videos, languages, categories, notificationKinds, minDuration, maxDuration]
  return draft.localOnly || texts.some((text) => text !== '')
}
