/** @module The fields that say which events somebody wants: in the log, of an endpoint, a feed or a consumer. */

import type { Query } from '../address.ts'
import type { Schemas } from '../api.ts'
import { eventTypes, kindOf, typeName } from '../event-types.ts'
import { t } from '../texts/index.ts'
import { CheckField, SelectField, TextField } from './form.tsx'

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
export function filterOf(draft: FilterDraft): Schemas['Filter'] {
  const lists = LISTS.map((name) => [name, itemsOf(draft[name])] as const).filter(
    ([, items]) => items.length > 0,
  )
  const whole = (text: string) => Number(text)
  return {
    ...Object.fromEntries(lists),
    ...(draft.types.length > 0 ? { types: draft.types } : {}),
    ...(draft.categories.trim() ? { categories: itemsOf(draft.categories).map(whole) } : {}),
    ...(draft.text.trim() ? { text: draft.text.trim() } : {}),
    ...(draft.nsfw ? { nsfw: draft.nsfw === 'true' } : {}),
    ...(draft.localOnly ? { localOnly: true } : {}),
    ...(draft.minDuration ? { minDuration: whole(draft.minDuration) } : {}),
    ...(draft.maxDuration ? { maxDuration: whole(draft.maxDuration) } : {}),
  }
}

/** A filter of the API as it is typed. */
export function draftOf(filter: Schemas['Filter']): FilterDraft {
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

type Props = { draft: FilterDraft; onChange: (part: Partial<FilterDraft>) => void }

/** All of it: what is asked for seldom is folded away, unless something is asked for there. */
export function FilterFields({ draft, onChange }: Props) {
  return (
    <fieldset class="filter">
      <legend>{t.filter.legend}</legend>
      <TypeChoice draft={draft} onChange={onChange} />
      <div class="columns">
        <FilterLine name="instances" hint={t.filter.hosts} draft={draft} onChange={onChange} />
        <CommonFields draft={draft} onChange={onChange} />
        <FilterLine name="text" draft={draft} onChange={onChange} />
      </div>
      <details open={isRarelyFiltered(draft)}>
        <summary>{t.filter.more}</summary>
        <div class="columns">
          <RareFields draft={draft} onChange={onChange} />
        </div>
      </details>
    </fieldset>
  )
}

/** One condition that is typed. */
function FilterLine({
  name,
  hint,
  draft,
  onChange,
}: Props & { name: keyof FilterDraft & keyof typeof t.filter; hint?: string }) {
  return (
    <TextField
      label={t.filter[name] as string}
      name={name}
      isOptional
      value={String(draft[name])}
      onChange={(value) => onChange({ [name]: value })}
      {...(hint ? { hint } : {})}
    />
  )
}

/** What is asked for often, besides types, instances and a word. */
export function CommonFields(props: Props) {
  return (
    <>
      <FilterLine name="channels" hint={t.filter.handles} {...props} />
      <FilterLine name="tags" hint={t.filter.several} {...props} />
      <SelectField
        label={t.filter.nsfw}
        name="nsfw"
        value={props.draft.nsfw}
        onChange={(nsfw) => props.onChange({ nsfw })}
        options={{ '': t.filter.nsfwAny, true: t.filter.nsfwOnly, false: t.filter.nsfwNone }}
      />
    </>
  )
}

/** What is asked for seldom. */
export function RareFields(props: Props) {
  return (
    <>
      <FilterLine name="accounts" hint={t.filter.handles} {...props} />
      <FilterLine name="videos" {...props} />
      <FilterLine name="languages" hint={t.filter.several} {...props} />
      <FilterLine name="categories" hint={t.filter.several} {...props} />
      <FilterLine name="notificationKinds" hint={t.filter.several} {...props} />
      <FilterLine name="minDuration" {...props} />
      <FilterLine name="maxDuration" {...props} />
      <CheckField
        label={t.filter.localOnly}
        name="localOnly"
        value={props.draft.localOnly}
        onChange={(localOnly) => props.onChange({ localOnly })}
      />
    </>
  )
}

function isRarelyFiltered(draft: FilterDraft): boolean {
  const { accounts, videos, languages, categories, notificationKinds, minDuration, maxDuration } = draft
  const texts = [accounts, videos, languages, categories, notificationKinds, minDuration, maxDuration]
  return draft.localOnly || texts.some((text) => text !== '')
}

/** Which types: none chosen means all. */
export function TypeChoice({ draft, onChange }: Props) {
  const kinds = Object.entries(Object.groupBy(eventTypes(), kindOf))
  const toggle = (type: string, isOn: boolean) =>
    onChange({ types: isOn ? [...draft.types, type] : draft.types.filter((one) => one !== type) })
  return (
    <fieldset class="types">
      <legend>
        {t.filter.types} <span class="quiet">{draft.types.length === 0 ? t.filter.all : ''}</span>
      </legend>
      {kinds.map(([kind, types = []]) => (
        <div key={kind} class="kind">
          <Choice
            label={t.eventKinds[kind as keyof typeof t.eventKinds] ?? kind}
            isOn={draft.types.includes(`${kind}.*`)}
            onChange={(isOn) => toggle(`${kind}.*`, isOn)}
            isStrong
          />
          {types.map((type) => (
            <Choice
              key={type}
              label={typeName(type)}
              isOn={draft.types.includes(type) || draft.types.includes(`${kind}.*`)}
              isFixed={draft.types.includes(`${kind}.*`)}
              onChange={(isOn) => toggle(type, isOn)}
            />
          ))}
        </div>
      ))}
    </fieldset>
  )
}

function Choice({
  label,
  isOn,
  isFixed = false,
  isStrong = false,
  onChange,
}: {
  label: string
  isOn: boolean
  isFixed?: boolean
  isStrong?: boolean
  onChange: (isOn: boolean) => void
}) {
  return (
    <label class={isStrong ? 'strong' : ''}>
      <input
        type="checkbox"
        checked={isOn}
        disabled={isFixed}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {label}
    </label>
  )
}
