/** @module What the log is asked for at the moment: each condition can be taken away. */
import { typeName } from '../../event-types.ts'
import { kindName } from '../../event-words.ts'
import { exactTime } from '../../format.ts'
import { t } from '../../texts/index.ts'
import type { LogDraft, LogFilter } from './log-filter.ts'

type Condition = {
  /** What it is of, and what it says: of a text of somebody's making. */
  name: string
  value: string
  /** What is left without it. */
  without: Partial<LogDraft>
}

/** @param onRemoved told when one was taken away, and with it the button that the keyboard was at. */
export function ActiveConditions({ filter, onRemoved }: { filter: LogFilter; onRemoved: () => void }) {
  const conditions = conditionsOf(filter.draft)
  if (conditions.length === 0) return null
  return (
    <div class="conditions">
      <ul aria-label={t.events.conditions}>
        {conditions.map(({ name, value, without }) => (
          <li key={`${name} ${value}`}>
            <button
              type="button"
              class="small chip on"
              onClick={() => {
                filter.change(without)
                onRemoved()
              }}
            >
              <span class="hidden">{t.events.condition(t.common.remove)} </span>
              <span class="clip">
                {t.events.condition(name)} <bdi>{value}</bdi>
              </span>
              <span aria-hidden="true">×</span>
            </button>
          </li>
        ))}
      </ul>
      <button
        type="button"
        class="link"
        onClick={() => {
          filter.clear()
          onRemoved()
        }}
      >
        {t.events.clear}
      </button>
    </div>
  )
}

const LISTS = ['instances', 'channels', 'accounts', 'videos', 'tags', 'languages', 'categories'] as const

function conditionsOf(draft: LogDraft): Condition[] {
  const types = draft.types.map((type) => ({
    name: t.common.type,
    value: nameOfTypes(type),
    without: { types: draft.types.filter((one) => one !== type) },
  }))
  const lists = LISTS.flatMap((name) => itemsOf(draft, name, t.filter[name], (item) => item))
  const kinds = itemsOf(draft, 'notificationKinds', t.filter.notificationKinds, kindName)
  const words = (['text', 'minDuration', 'maxDuration'] as const).map((name) => ({
    name: name === 'text' ? t.common.search : t.filter[name],
    value: draft[name].trim(),
    without: { [name]: '' },
  }))
  const times = (['since', 'until'] as const).map((name) => ({
    name: t.events[name],
    value: timeOf(draft[name]),
    without: { [name]: '' },
  }))
  const flags = [
    {
      name: t.filter.nsfw,
      value: draft.nsfw === '' ? '' : draft.nsfw === 'true' ? t.filter.nsfwOnly : t.filter.nsfwNone,
      without: { nsfw: '' },
    },
    {
      name: t.filter.localOnly,
      value: draft.localOnly ? t.common.yes : '',
      without: { localOnly: false },
    },
  ]
  return [...types, ...lists, ...kinds, ...words, ...times, ...flags].filter(({ value }) => value !== '')
}

function itemsOf(
  draft: LogDraft,
  name: (typeof LISTS)[number] | 'notificationKinds',
  title: string,
  say: (item: string) => string,
): Condition[] {
  const items = draft[name].split(',').map((item) => item.trim())
  return items.map((item, index) => ({
    name: title,
    value: say(item),
    without: { [name]: items.filter((_, at) => at !== index).join(', ') },
  }))
}

/** `video.*` is all of a kind. */
function nameOfTypes(type: string): string {
  const kinds: Readonly<Record<string, string>> = t.eventKinds
  return type.endsWith('.*') ? (kinds[type.slice(0, -2)] ?? type) : typeName(type)
}

function timeOf(time: string): string {
  return time === '' || Number.isNaN(Date.parse(time)) ? time : exactTime(time)
}
