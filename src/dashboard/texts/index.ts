/**
 * @module All that the dashboard says, in the language of its reader. Each language is one file with the same entries; English is
 * the one that says which there are. To add a language: a file beside en.ts, and a line in `LANGUAGES`.
 */
import { browserStorage } from '../storage.ts'
import { en } from './en.ts'
import { setLocale } from './locale.ts'

export type Texts = typeof en

/** By their codes (BCP 47), each by its own name. The others than English are loaded when somebody reads them. */
export const LANGUAGES = { en: 'English', fr: 'Français' } as const
export type Language = keyof typeof LANGUAGES

const LOADERS: Readonly<Record<Language, () => Promise<Texts>>> = {
  en: async () => en,
  fr: async () => (await import('./fr.ts')).fr,
}

/** The texts of now: loaded before anything is shown. */
export let t: Texts = en
export let language: Language = 'en'

/** Where what the reader chose is kept: nothing that a script must not read. */
const CHOSEN = 'tubewire.language'

/**
 * Loads the texts: those that the reader chose, or else the first of the browser's languages that there is. English, where they can't
 * be had.
 */
export async function loadTexts(): Promise<void> {
  const wanted = [browserStorage.get(CHOSEN), ...navigator.languages].filter((tag) => tag !== null)
  let found = wanted.map((tag) => tag.slice(0, 2)).find(isLanguage) ?? 'en'
  try {
    t = await LOADERS[found]()
  } catch (error) {
    // For who looks into it: English is part of what is loaded already.
    console.error(error)
    found = 'en'
  }
  language = found
  setLocale(navigator.languages.find((tag) => tag.startsWith(found)) ?? found)
  document.documentElement.lang = found
}

/** Keeps the choice, and shows everything anew. */
export function chooseLanguage(chosen: Language): void {
  browserStorage.set(CHOSEN, chosen)
  location.reload()
}

export function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(LANGUAGES, tag)
}
