/** @module Numbers in sentences. */
import { locale } from './locale.ts'

type Forms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>

/**
 * What says how many there are: `#` is the number.
 * @param language whose rules of plurals hold (CLDR).
 */
export const plural =
  (language: string) =>
  (count: number, forms: Forms): string => {
    const form = forms[new Intl.PluralRules(language).select(count)] ?? forms.other
    // As all other numbers are written.
    return form.replace(
      '#',
      new Intl.NumberFormat(locale.startsWith(language) ? locale : language).format(count),
    )
  }
