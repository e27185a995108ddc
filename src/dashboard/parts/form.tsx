/** @module Forms: what was typed stays when it was refused, and each field says what the API found wrong with it. */
import type { ComponentChildren, InputHTMLAttributes } from 'preact'
import { createContext } from 'preact'
import { useContext, useEffect, useId, useRef, useState } from 'preact/hooks'
import type { Failure, Result } from '../api.ts'
import { t } from '../texts/index.ts'
import { FailureNote } from './failure.tsx'

const ParamsContext = createContext<Readonly<Record<string, string>>>({})

/**
 * A form.
 * @param send sends it. @param onDone told what came back when it went well.
 * @param submit the words of its button; `more` stands beside it.
 * @param isDangerous what it does can't be undone. @param disabled it can't be sent yet.
 * @param explain says what went wrong better than the API's words do; null: they are shown.
 */
export function Form<TData>({
  send,
  onDone,
  submit,
  more,
  explain,
  isDangerous = false,
  disabled = false,
  children,
}: {
  send: () => Promise<Result<TData>>
  onDone: (data: TData) => void
  submit: string
  more?: ComponentChildren
  explain?: (failure: Failure) => ComponentChildren
  isDangerous?: boolean
  disabled?: boolean
  children: ComponentChildren
}) {
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (!failure) return
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid=true]')
    // To the first field that is wrong, or to what went wrong; unless a field that was asked for has taken the focus by itself.
    const isAtField = document.activeElement?.matches('input, select, textarea') === true
    if (wrong) wrong.focus()
    else if (!isAtField) form.current?.querySelector<HTMLElement>('.note')?.focus()
  }, [failure])
  const go = async (event: Event) => {
    event.preventDefault()
    if (isBusy || disabled) return
    setBusy(true)
    const result = await send()
    setBusy(false)
    setFailure(result.ok ? null : result.failure)
    if (result.ok) onDone(result.data)
  }
  return (
    <form ref={form} onSubmit={go}>
      <ParamsContext.Provider value={failure?.params ?? {}}>{children}</ParamsContext.Provider>
      {failure && (explain?.(failure) ?? <FailureNote failure={failure} />)}
      <div class="actions">
        <button
          type="submit"
          class={isDangerous ? 'danger' : 'primary'}
          aria-disabled={isBusy}
          disabled={disabled}
        >
          {isBusy && <span class="spinner" aria-hidden="true" />}
          {submit}
        </button>
        {more}
      </div>
    </form>
  )
}

export type FieldProps = {
  label: string
  /** What the API calls it: under this name it says what is wrong. */
  name: string
  hint?: ComponentChildren
  /** Whether it may be left empty: said, for the others are all needed. */
  isOptional?: boolean
}

/** What a field and its label, hint and error share. */
export function useField(name: string, hint: ComponentChildren) {
  const id = useId()
  const params = useContext(ParamsContext)
  // Of a list the API names the item, and of a filter the body's part that it is: `filter.types[0]`.
  const error = Object.entries(params).find(
    ([param]) => param.replace(/^filter\./, '').split(/[.[]/, 1)[0] === name,
  )?.[1]
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ')
  return {
    id,
    error,
    attributes: {
      id,
      name,
      ...(described ? { 'aria-describedby': described } : {}),
      ...(error ? { 'aria-invalid': true as const } : {}),
    },
  }
}

/** A field with its label, its hint and what is wrong with it. */
export function Frame({
  id,
  label,
  hint,
  error,
  isOptional,
  children,
}: Omit<FieldProps, 'name'> & { id: string; error: string | undefined; children: ComponentChildren }) {
  return (
    <div class="field">
      <label for={id}>
        {label} {isOptional && <span class="quiet">{t.common.optional}</span>}
      </label>
      {children}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="error" id={`${id}-error`} lang="en">
          {error}
        </p>
      )}
    </div>
  )
}

type Typed = FieldProps & { value: string; onChange: (value: string) => void }
type InputAttributes = {
  type?: 'text' | 'password' | 'email' | 'url' | 'number' | 'search' | 'datetime-local'
  autocomplete?: string
  placeholder?: string
  minLength?: number
  maxLength?: number
  min?: number
  max?: number
  inputMode?: 'numeric' | 'email' | 'url' | 'search'
  /** The id of a `datalist` that proposes values. */
  list?: string
}

/** A line of text. */
export function TextField({
  label,
  name,
  hint,
  isOptional,
  value,
  onChange,
  ...rest
}: Typed & InputAttributes) {
  const { id, error, attributes } = useField(name, hint)
  // Preact's type wants the attributes of one type of input; which, the caller says.
  const typed = rest as InputHTMLAttributes<HTMLInputElement>
  return (
    <Frame id={id} label={label} hint={hint} error={error} isOptional={isOptional ?? false}>
      <input
        dir="auto"
        spellcheck={false}
        // A search is none of what is needed, and is called optional nowhere.
        required={!isOptional && rest.type !== 'search'}
        {...typed}
        {...attributes}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </Frame>
  )
}

/** Some lines of text. */
export function TextArea({
  label,
  name,
  hint,
  isOptional,
  value,
  onChange,
  rows = 3,
}: Typed & { rows?: number }) {
  const { id, error, attributes } = useField(name, hint)
  return (
    <Frame id={id} label={label} hint={hint} error={error} isOptional={isOptional ?? false}>
      <textarea
        dir="auto"
        rows={rows}
        required={!isOptional}
        {...attributes}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </Frame>
  )
}

/** One of a few. @param options their words, by their values. */
export function SelectField({
  label,
  name,
  hint,
  value,
  onChange,
  options,
}: Typed & { options: Readonly<Record<string, string>> }) {
  const { id, error, attributes } = useField(name, hint)
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <select {...attributes} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {Object.entries(options).map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
    </Frame>
  )
}

/** Yes or no. */
export function CheckField({
  label,
  name,
  hint,
  value,
  onChange,
}: FieldProps & { value: boolean; onChange: (value: boolean) => void }) {
  const { id, error, attributes } = useField(name, hint)
  return (
    <div class="field check">
      <input
        type="checkbox"
        {...attributes}
        checked={value}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="error" id={`${id}-error`} lang="en">
          {error}
        </p>
      )}
    </div>
  )
}
