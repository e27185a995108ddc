/** @module A moment that is chosen: in the reader's own time, and as the API has it outside. */
import { useRef, useState } from 'preact/hooks'
import { Frame, useField } from './form.tsx'

/**
 * What is picked is told at once; what is typed when it is whole, for each key makes another moment: at leaving the field, or Enter.
 * @param value ISO 8601 in UTC; empty: none.
 */
export function MomentField({
  label,
  name,
  value,
  onChange,
  isOptional = false,
}: {
  label: string
  name: string
  value: string
  onChange: (value: string) => void
  isOptional?: boolean
}) {
  const { id, error, attributes } = useField(name, null)
  /** As it is in the field until it is told. */
  const [typed, setTyped] = useState<string | null>(null)
  const isByKeys = useRef(false)
  const tell = (local: string) => {
    setTyped(null)
    if (local !== localOf(value)) onChange(utcOf(local))
  }
  return (
    <Frame id={id} label={label} error={error} isOptional={isOptional}>
      <input
        type="datetime-local"
        // A year has four figures, and after them comes the hour.
        max="9999-12-31T23:59"
        required={!isOptional}
        {...attributes}
        value={typed ?? localOf(value)}
        onKeyDown={(event) => {
          isByKeys.current = event.key !== 'Enter'
          if (!isByKeys.current) tell(event.currentTarget.value)
        }}
        onPointerDown={() => {
          isByKeys.current = false
        }}
        onInput={(event) =>
          isByKeys.current ? setTyped(event.currentTarget.value) : tell(event.currentTarget.value)
        }
        onBlur={(event) => {
          isByKeys.current = false
          tell(event.currentTarget.value)
        }}
      />
    </Frame>
  )
}

/** `2026-11-25T11:00`, as the field has it. */
function localOf(value: string): string {
  const at = new Date(value)
  if (Number.isNaN(at.getTime())) return ''
  const two = (part: number) => String(part).padStart(2, '0')
  const year = String(at.getFullYear()).padStart(4, '0')
  return `${year}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`
}

function utcOf(local: string): string {
  const at = new Date(local)
  return Number.isNaN(at.getTime()) ? '' : at.toISOString()
}
