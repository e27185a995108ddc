/** @module A filter in words. */
import './filter-preview.css'
import type { Schemas } from '../api.ts'
import { kindOf, typeName } from '../event-types.ts'
import { t } from '../texts/index.ts'

const LISTS = [
  'instances',
  'channels',
  'accounts',
  'videos',
  'tags',
  'languages',
  'categories',
  'notificationKinds',
] as const

/** What it asks for, a condition after another; or that it lets everything through. */
export function FilterSummary({ filter }: { filter: Schemas['Filter'] }) {
  const conditions = conditionsOf(filter)
  if (conditions.length === 0) return <span>{t.filter.all}</span>
  return (
    <span class="filter-summary">
      {conditions.map(([label, value]) => (
        <span key={label} class="wrap">
          {label && <span class="quiet">{label} </span>}
          <bdi>{value}</bdi>
        </span>
      ))}
    </span>
  )
}

function conditionsOf(filter: Schemas['Filter']): [label: string, value: string][] {
  const { types, nsfw, localOnly, minDuration, maxDuration, text } = filter
  const lists = LISTS.flatMap((name): [string, string][] => {
    const items = filter[name] ?? []
    return items.length > 0 ? [[t.filter[name], items.join(', ')]] : []
  })
  const said = (condition: boolean | undefined, label: string, value: string): [string, string][] =>
    condition ? [[label, value]] : []
  return [
    ...said(types !== undefined, '', (types ?? []).map(patternName).join(', ')),
    ...lists,
    ...said(text !== undefined, t.filter.text, text ?? ''),
    ...said(nsfw !== undefined, t.filter.nsfw, nsfw ? t.filter.nsfwOnly : t.filter.nsfwNone),
    ...said(localOnly, '', t.filter.localOnly),
    ...said(minDuration !== undefined, t.filter.minDuration, String(minDuration)),
    ...said(maxDuration !== undefined, t.filter.maxDuration, String(maxDuration)),
  ]
}

/** `video.*` is called as its kind is. */
function patternName(pattern: string): string {
  if (!pattern.endsWith('.*')) return typeName(pattern)
  const kind = kindOf(pattern)
  return (t.eventKinds as Readonly<Record<string, string>>)[kind] ?? pattern
}
