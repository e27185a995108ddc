/** @module What the log is asked for: a word, kinds of events, an instance; all else is folded away. */
import type { RefObject } from 'preact'
import { useId, useState } from 'preact/hooks'
import { api, call } from '../../api.ts'
import { CommonFields, RareFields, TypeChoice } from '../../parts/filter-fields.tsx'
import { TextField } from '../../parts/form.tsx'
import { MomentField } from '../../parts/moment-field.tsx'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import type { LogFilter } from './log-filter.ts'

export function FilterBar({
  filter,
  search,
}: {
  filter: LogFilter
  search: RefObject<HTMLInputElement | null>
}) {
  const { draft, change } = filter
  const id = useId()
  return (
    <search class="card log-filter" aria-label={t.common.filter}>
      <div class="first-line">
        <div class="field">
          <label for={id}>{t.common.search}</label>
          <input
            ref={search}
            id={id}
            type="search"
            dir="auto"
            maxLength={200}
            spellcheck={false}
            placeholder={t.events.searchHint}
            value={draft.text}
            onInput={(event) => change({ text: event.currentTarget.value })}
          />
        </div>
        <InstanceField filter={filter} />
      </div>
      <Kinds filter={filter} />
      <details>
        <summary>{t.filter.more}</summary>
        <TypeChoice draft={draft} onChange={change} />
        <div class="columns">
          <MomentField
            label={t.events.since}
            name="since"
            isOptional
            value={draft.since}
            onChange={(since) => change({ since })}
          />
          <MomentField
            label={t.events.until}
            name="until"
            isOptional
            value={draft.until}
            onChange={(until) => change({ until })}
          />
          <CommonFields draft={draft} onChange={change} />
          <RareFields draft={draft} onChange={change} />
        </div>
      </details>
    </search>
  )
}

/** Which kinds: none chosen means all. */
function Kinds({ filter: { draft, change } }: { filter: LogFilter }) {
  return (
    <fieldset class="kinds">
      <legend class="hidden">{t.events.kinds}</legend>
      {Object.entries(t.eventKinds).map(([kind, name]) => {
        const type = `${kind}.*`
        const isOn = draft.types.includes(type)
        const others = draft.types.filter((one) => one !== type)
        return (
          <button
            key={kind}
            type="button"
            class="small chip"
            aria-pressed={isOn}
            onClick={() => change({ types: isOn ? others : [...others, type] })}
          >
            {name}
          </button>
        )
      })}
    </fieldset>
  )
}

/** An instance, by its host: the first hundred are proposed once somebody comes here. */
function InstanceField({ filter: { draft, change } }: { filter: LogFilter }) {
  const id = useId()
  const [isWanted, setWanted] = useState(false)
  const instances = useLoaded(isWanted ? 'instances: hosts' : null, () =>
    call(api.GET('/api/v1/instances', { params: { query: { sort: 'host', count: 100 } } })),
  )
  return (
    <div onFocusCapture={() => setWanted(true)}>
      <TextField
        label={t.events.instance}
        name="instances"
        isOptional
        list={id}
        placeholder={t.events.allInstances}
        value={draft.instances}
        onChange={(value) => change({ instances: value })}
      />
      <datalist id={id}>
        {instances.data?.data.map(({ host }) => (
          <option key={host} value={host} />
        ))}
      </datalist>
    </div>
  )
}
