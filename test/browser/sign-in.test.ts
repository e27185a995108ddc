/** @module Coming in, going out, and what is said when a session is over. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, startStage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage.close())

describe('Signing in', () => {
  it('by a link leads to the overview, and leaves nothing of the link', async () => {
    const visit = await stage.signedIn()
    await visit.page.getByRole('heading', { name: 'Overview' }).waitFor()
    await visit.shot('try')
    expect(visit.page.url()).toBe(`${stage.origin}/#/`)
    expect(visit.faults()).toEqual([])
  })
})
