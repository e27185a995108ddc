/** @module Numbers in the sentences of the dashboard. */
import { afterEach, expect, it } from 'vitest'
import { number } from '../../src/dashboard/format.ts'
import { en } from '../../src/dashboard/texts/en.ts'
import { fr } from '../../src/dashboard/texts/fr.ts'
import { setLocale } from '../../src/dashboard/texts/locale.ts'

afterEach(() => setLocale('en'))

it('are written as those beside them: as the region of the reader writes them', () => {
  setLocale('en-IN')
  expect(en.common.total(1_234_567)).toBe(`${number(1_234_567)} entries`)
  expect(en.common.total(1_234_567)).toBe('12,34,567 entries')
})

it('say in each language that nothing was looked at yet', () => {
  for (const { filterPreview } of [en, fr]) {
    expect(filterPreview.matched(0, 0)).not.toContain('0')
    expect(filterPreview.matched(0, 2)).toContain('0')
  }
})
