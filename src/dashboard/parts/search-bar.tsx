/** @module What narrows a list down: a text that is searched for, and choices. All of it is in the address. */
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { linkTo } from '../address.ts'
import { go, replace } from '../routes.ts'
import { t } from '../texts/index.ts'
import { CheckField, SelectField } from './form.tsx'

/** Who types is not done with each letter. */
const TYPING_MS = 300

export type Choice = {
  /** In the query of the address. */
  name: string
  label: string
  value: string
  /** What there is to choose from; none: it is ticked, or not. */
  options?: Readonly<Record<string, string>>
  /** What it is when it is ticked. */
  ticked?: string
  /** What is not said in the address. */
  usual: string
}

/**
 * @param path of the list. @param search what is searched for now, as the address has it under `search`.
 * @param total how many there are; null: not known yet.
 */
export function SearchBar({
  path,
  label,
  placeholder = '',
  search,
  choices,
  total,
}: {
  path: readonly string[]
  label: string
  placeholder?: string
  search: string
  choices: readonly Choice[]
  total: number | null
}) {
  const id = useId()
  const [typed, setTyped] = useState(search)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const sought = useRef(search)
  useEffect(() => {
    // By a link or by "back", and not by what was typed here.
    if (search !== sought.current) {
      clearTimeout(timer.current)
      setTyped(search)
    }
    sought.current = search
  }, [search])
  useEffect(() => () => clearTimeout(timer.current), [])
  // What is chosen makes an entry of the history, what is typed none.
  const seek = (changed: Readonly<Record<string, string>>, show: (address: string) => void) => {
    // What was typed a moment ago goes along with a choice, and is not to undo it later.
    clearTimeout(timer.current)
    const chosen = Object.fromEntries(choices.map(({ name, value }) => [name, value]))
    const wanted: Record<string, string> = { ...chosen, search: typed.trim(), ...changed }
    for (const { name, usual } of choices) if (wanted[name] === usual) wanted[name] = ''
    sought.current = wanted['search'] ?? ''
    show(linkTo(path, wanted))
  }
  return (
    <search class="search-bar">
      <div class="field">
        <label for={id}>{label}</label>
        <input
          id={id}
          type="search"
          dir="auto"
          spellcheck={false}
          autocomplete="off"
          maxLength={100}
          placeholder={placeholder}
          value={typed}
          onInput={({ currentTarget: { value } }) => {
            setTyped(value)
            clearTimeout(timer.current)
            timer.current = setTimeout(() => seek({ search: value.trim() }, replace), TYPING_MS)
          }}
        />
      </div>
      {choices.map(({ name, label: words, value, options, usual, ticked = '' }) =>
        options === undefined ? (
          <CheckField
            key={name}
            name={name}
            label={words}
            value={value !== usual}
            onChange={(isOn) => seek({ [name]: isOn ? ticked : usual }, go)}
          />
        ) : (
          <SelectField
            key={name}
            name={name}
            label={words}
            value={value}
            options={options}
            onChange={(chosen) => seek({ [name]: chosen }, go)}
          />
        ),
      )}
      <p class="quiet" role="status">
        {total !== null && t.common.total(total)}
      </p>
    </search>
  )
}
