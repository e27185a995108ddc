/** @module The reader's own choices, kept in his browser: the language, and light or dark. */
import { useState } from 'preact/hooks'
import { chooseLanguage, isLanguage, LANGUAGES, language, t } from '../texts/index.ts'
import { chooseTheme, chosenTheme, THEMES } from '../theme.ts'
import { SelectField } from './form.tsx'

export function Preferences() {
  const [theme, setTheme] = useState(chosenTheme)
  const changeTheme = (value: string) => {
    const chosen = THEMES.find((one) => one === value) ?? 'auto'
    chooseTheme(chosen)
    setTheme(chosen)
  }
  return (
    <div class="columns preferences">
      <SelectField
        label={t.settings.language}
        name="language"
        value={language}
        onChange={(value) => isLanguage(value) && chooseLanguage(value)}
        options={LANGUAGES}
      />
      <SelectField
        label={t.settings.theme}
        name="theme"
        value={theme}
        onChange={changeTheme}
        options={t.settings.themes}
      />
    </div>
  )
}
