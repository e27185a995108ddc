/** @module What holds of every page, whatever it shows. */
import { expect } from 'vitest'
import type { Visit } from './visit.ts'

/**
 * Looks at the page as it is now in both themes: no violation of axe's rules, no fault, no wider than the window.
 * @param name of its pictures: `dist/screenshots/NAME-light.png`, `…-dark.png`.
 */
export async function expectSound(visit: Visit, name: string): Promise<void> {
  const found: string[] = []
  for (const theme of ['dark', 'light'] as const) {
    await visit.page.emulateMedia({ colorScheme: theme })
    await visit.shot(`${name}-${theme}`)
    found.push(...(await visit.axe()).map((violation) => `${name}, ${theme}: ${violation}`))
  }
  expect(found).toEqual([])
  expect(await visit.page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(
    0,
  )
  expect(visit.faults()).toEqual([])
}
