/** @module What holds of every view, whatever it shows. */
import { expect } from 'vitest'
import type { Visit } from './visit.ts'

/** Looks at a view in both themes, and keeps pictures: no fault, no violation, and no wider than the window. */
export async function expectSound(visit: Visit, name: string): Promise<void> {
  for (const theme of ['dark', 'light'] as const) {
    await visit.page.emulateMedia({ colorScheme: theme })
    await visit.shot(`${name}-${theme}`)
    expect(await visit.axe(), `${name}, ${theme}`).toEqual([])
  }
  expect(await isWithinWindow(visit), `${name} is no wider than the window`).toBe(true)
  expect(faultsOf(visit), name).toEqual([])
}

/** Whether the page needs no scrolling sideways. */
export function isWithinWindow(visit: Visit): Promise<boolean> {
  return visit.page.evaluate('document.documentElement.scrollWidth <= innerWidth')
}

/** Answers that a test has asked for, which the browser itself notes in its console. */
const REFUSED = /the server responded with a status of (400|409|412) /

/** What went wrong since the last look, but for what the API has refused: that is shown, and looked at. */
export function faultsOf(visit: Visit): string[] {
  return visit.faults().filter((fault) => !REFUSED.test(fault))
}
