/** @module The fields that say where an endpoint leads, and how it is sent to. */
import { CheckField, SelectField, TextArea, TextField } from '../../parts/form.tsx'
import { RareDetails } from '../../parts/rare-details.tsx'
import { t } from '../../texts/index.ts'
import { guessFormat } from './format-advice.ts'
import { formatOf, NEW_SETTINGS, type SettingsDraft } from './settings-draft.ts'

type Props = { draft: SettingsDraft; onChange: (part: Partial<SettingsDraft>) => void }

/** What everybody is asked. */
export function MainFields({ draft, onChange }: Props) {
  const words = t.endpoints.fields
  const format = formatOf(draft)
  const isGuessed = draft.format === '' && guessFormat(draft.url) !== null
  return (
    <>
      <TextField
        label={words.url}
        name="url"
        hint={words.urlHint}
        inputMode="url"
        autocomplete="off"
        placeholder="https://"
        value={draft.url}
        onChange={(url) => onChange({ url })}
      />
      <TextField
        label={words.description}
        name="description"
        hint={words.descriptionHint}
        isOptional
        maxLength={500}
        value={draft.description}
        onChange={(description) => onChange({ description })}
      />
      <SelectField
        label={words.format}
        name="format"
        hint={`${isGuessed ? `${words.formatGuessed} ` : ''}${t.endpoints.formatHints[format]}`}
        value={format}
        // One of the options.
        onChange={(chosen) => onChange({ format: chosen as SettingsDraft['format'] })}
        options={t.endpoints.formats}
      />
    </>
  )
}

/** What only some want, folded away unless something of it is set, or needed. */
export function RareFields({
  draft,
  onChange,
  headers,
  onHeaders,
  hasHeaders = false,
}: Props & {
  /** Never kept: they may be secrets. */
  headers: string
  onHeaders: (headers: string) => void
  /** Whether it has some already. */
  hasHeaders?: boolean
}) {
  const words = t.endpoints.fields
  // Mastodon takes nothing without a header.
  const isSet = isRare(draft) || headers !== '' || hasHeaders || formatOf(draft) === 'mastodon'
  const line = (
    name: 'rateLimit' | 'concurrency' | 'timeoutSeconds' | 'batchEvents' | 'batchSeconds',
    min: number,
    max: number,
  ) => (
    <TextField
      label={words[name]}
      // The API knows both parts of a batch by its name.
      name={name.startsWith('batch') ? 'batch' : name}
      hint={words[`${name}Hint`]}
      isOptional
      inputMode="numeric"
      min={min}
      max={max}
      value={draft[name]}
      onChange={(value) => onChange({ [name]: value })}
    />
  )
  return (
    <RareDetails class="rare" summary={words.more} isSet={isSet}>
      <TextArea
        label={words.headers}
        name="headers"
        hint={hasHeaders ? words.headersSetHint : words.headersHint}
        isOptional
        rows={2}
        value={headers}
        onChange={onHeaders}
      />
      <div class="columns">
        <SelectField
          label={words.payload}
          name="payload"
          hint={words.payloadHint}
          value={draft.payload}
          onChange={(payload) => onChange({ payload: payload as SettingsDraft['payload'] })}
          options={words.payloads}
        />
        <SelectField
          label={words.ordering}
          name="ordering"
          hint={words.orderingHint}
          value={draft.ordering}
          onChange={(ordering) => onChange({ ordering: ordering as SettingsDraft['ordering'] })}
          options={words.orderings}
        />
        {line('rateLimit', 0.01, 1_000)}
        {line('concurrency', 1, 50)}
        {line('timeoutSeconds', 1, 30)}
        {line('batchEvents', 2, 100)}
        {line('batchSeconds', 0, 60)}
      </div>
      <CheckField
        label={words.asymmetric}
        name="signatures"
        hint={words.asymmetricHint}
        value={draft.isAsymmetric}
        onChange={(isAsymmetric) => onChange({ isAsymmetric })}
      />
      <TextArea
        label={words.metadata}
        name="metadata"
        hint={words.metadataHint}
        isOptional
        rows={2}
        value={draft.metadata}
        onChange={(metadata) => onChange({ metadata })}
      />
    </RareDetails>
  )
}

/** Whether anything is set that is folded away. */
function isRare({ url, description, format, ...rest }: SettingsDraft): boolean {
  // The names are those of a draft.
  return Object.entries(rest).some(([name, value]) => value !== NEW_SETTINGS[name as keyof typeof rest])
}
