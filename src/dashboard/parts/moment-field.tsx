/** @module A moment that is chosen: in the reader's own time, and as the API has it outside. */
import { TextField } from './form.tsx'

/** @param value ISO 8601 in UTC; empty: none. */
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
  return (
    <TextField
      label={label}
      name={name}
      type="datetime-local"
      isOptional={isOptional}
      value={localOf(value)}
      onChange={(local) => onChange(utcOf(local))}
    />
  )
}

/** `2026-11-25T11:00`, as the field has it. */
function localOf(value: string): string {
  const at = new Date(value)
  if (Number.isNaN(at.getTime())) return ''
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`
}

function utcOf(local: string): string {
  const at = new Date(local)
  return Number.isNaN(at.getTime()) ? '' : at.toISOString()
}
