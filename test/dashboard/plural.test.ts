/** @module Numbers in the sentences of the dashboard. */
import { afterEach, expect, it } from 'vitest'
import { number } from '../../src/dashboard/format.ts'
import { setLocale } from '../../src/dashboard/texts/locale.ts'
import { plural } from '../../src/dashboard/texts/plural.ts'

afterEach(() => setLocale('en'))

it('are written as those beside them: as the region of the reader writes them', () => {
  setLocale('en-IN')
  const sentence = plural('en')(1_234_567, { one: '# entry', other: '# entries' })
  expect(sentence).toBe(`${number(1_234_567)} entries`)
  expect(sentence).toBe('12,34,567 entries')
})
