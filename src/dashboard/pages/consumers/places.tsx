/** @module A place in the log, as it is chosen: an end of it, after a sequence, or at a time. */
import { SelectField, TextField } from '../../parts/form.tsx'
import { MomentField } from '../../parts/moment-field.tsx'
import { t } from '../../texts/index.ts'

export type PlaceDraft = { place: string; sequence: string; since: string }

export const NOWHERE: PlaceDraft = { place: 'now', sequence: '', since: '' }

export function PlaceFields({
  label,
  draft,
  onChange,
  name,
}: {
  label: string
  draft: PlaceDraft
  onChange: (part: Partial<PlaceDraft>) => void
  /** What the API calls the place as a whole. */
  name: string
}) {
  const { place, sequence, since } = draft
  return (
    <div class="columns">
      <SelectField
        label={label}
        name={place === 'now' || place === 'beginning' ? name : 'place'}
        value={place}
        onChange={(chosen) => onChange({ place: chosen })}
        options={t.consumers.places}
      />
      {place === 'sequence' && (
        <TextField
          label={t.consumers.sequence}
          name="sequence"
          type="number"
          min={0}
          inputMode="numeric"
          hint={t.consumers.sequenceHint}
          value={sequence}
          onChange={(typed) => onChange({ sequence: typed })}
        />
      )}
      {place === 'time' && (
        <MomentField
          label={t.consumers.time}
          name="since"
          value={since}
          onChange={(typed) => onChange({ since: typed })}
        />
      )}
    </div>
  )
}
