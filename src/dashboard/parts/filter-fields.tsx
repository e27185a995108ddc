/** @module The fields that say which events somebody wants: in the log, of an endpoint, a feed or a consumer. */
import { eventTypes, kindOf, typeName } from '../event-types.ts'
import { t } from '../texts/index.ts'
import { type FilterDraft, isRarelyFiltered } from './filter-draft.ts'
import { CheckField, SelectField, TextField } from './form.tsx'
import { RareDetails } from './rare-details.tsx'

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
      <RareDetails summary={t.filter.more} isSet={isRarelyFiltered(draft)}>
        <div class="columns">
          <RareFields draft={draft} onChange={onChange} />
        </div>
      </RareDetails>
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
