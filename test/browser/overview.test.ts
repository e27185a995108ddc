/** @module The overview: the first steps, what happens, what needs attention. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, startStage } from './support/stage.ts'
import type { Visit } from './support/visit.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage.close())

const HOSTILE = [
  '<img src=x onerror="document.title=1">',
  '\u202egnp.exe \u0645\u0631\u062d\u0628\u0627',
  'x'.repeat(10_000),
]

/** No fault, no violation, in either theme; and no wider than the window. */
async function isSound(visit: Visit, name: string): Promise<void> {
  for (const theme of ['dark', 'light'] as const) {
    await visit.page.emulateMedia({ colorScheme: theme })
    await visit.shot(`${name}-${theme}`)
    expect(await visit.axe()).toEqual([])
  }
  expect(await visit.page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  expect(visit.faults()).toEqual([])
}

describe('The overview', () => {
  it('leads a newcomer to the first event, shows what comes as it comes, and what is broken', async () => {
    const visit = await stage.signedIn()
    const { page } = visit
    const steps = page.getByRole('region', { name: 'First steps' })
    await page.getByRole('heading', { name: 'First steps' }).waitFor()
    await page.getByRole('link', { name: 'Add an instance' }).waitFor()
    await isSound(visit, 'overview-new')

    // When there is an instance, and something happens.
    await stage.api.addInstance(stage.instance.origin, 2)
    await page.getByRole('listitem').filter({ hasText: 'Watch an instance (done)' }).waitFor()
    expect(await page.getByRole('link', { name: 'Add an instance' }).count()).toBe(0)
    for (const name of HOSTILE) stage.instance.publish({ name })
    await page.getByRole('link', { name: HOSTILE[0] ?? '' }).waitFor()
    await page.getByText('xxxxxxxxxx').first().waitFor()
    await isSound(visit, 'overview-live')

    // When there is an endpoint, and it is broken.
    stage.receiver.answer({ status: 500 })
    await stage.api.addEndpoint(new URL(stage.receiver.url), 'The receiver of the team')
    stage.instance.publish({ name: 'A video for nobody' })
    await page.getByRole('link', { name: 'A video for nobody' }).waitFor()
    await page.getByText('The last attempts to reach it failed').waitFor()
    await isSound(visit, 'overview-broken')
    void steps
  })
})
