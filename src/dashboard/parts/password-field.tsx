/** @module A field for a password, which can be looked at while it is typed: most mistakes are seen then (WCAG 2.2, 3.3.8). */
import { useState } from 'preact/hooks'
import { t } from '../texts/index.ts'
import { type FieldProps, Frame, useField } from './form.tsx'

/** @param isNew one that is chosen now, not one that is known already: password managers offer another then. */
export function PasswordField({
  label,
  name,
  hint,
  isOptional,
  isNew = false,
  value,
  onChange,
}: FieldProps & { isNew?: boolean; value: string; onChange: (value: string) => void }) {
  const { id, error, attributes } = useField(name, hint)
  const [isShown, setShown] = useState(false)
  // Preact's type wants to know which of the two it is.
  const type = (isShown ? 'text' : 'password') as 'password'
  return (
    <Frame id={id} label={label} hint={hint} error={error} isOptional={isOptional ?? false}>
      <span class="password">
        <input
          type={type}
          autocomplete={isNew ? 'new-password' : 'current-password'}
          autocapitalize="none"
          spellcheck={false}
          required={!isOptional}
          {...(isNew ? { minLength: 8, maxLength: 255 } : {})}
          {...attributes}
          value={value}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
        <button type="button" class="small" onClick={() => setShown(!isShown)}>
          {isShown ? t.common.hide : t.common.show}
          <span class="hidden">{label}</span>
        </button>
      </span>
    </Frame>
  )
}
