/** @module Light or dark: as the system says, unless the reader chose. */
import { browserStorage } from './storage.ts'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const CHOSEN = 'tubewire.theme'

export function chosenTheme(): Theme {
  const chosen = browserStorage.get(CHOSEN)
  return THEMES.find((theme) => theme === chosen) ?? 'auto'
}

export function chooseTheme(theme: Theme): void {
  browserStorage.set(CHOSEN, theme)
  applyTheme()
}

/** The style sheet looks for it at the root. */
export function applyTheme(): void {
  document.documentElement.dataset['theme'] = chosenTheme()
}
