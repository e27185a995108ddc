/** @module What numbers and times are written in: the reader's own region, where it speaks the language of the texts. */

/** As BCP 47 has it, e.g. `fr-CA`. */
export let locale: string = 'en'

/** Before anything is shown. */
export function setLocale(chosen: string): void {
  locale = chosen
}
