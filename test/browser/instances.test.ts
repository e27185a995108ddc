/** @module Instances and connections in the dashboard: watching one, why it fails, what is read of it, accounts on it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, startStage } from './support/stage.ts'

const HOSTILE = `<img src=x onerror=alert(1)> \u202eمرحبا ${'Long'.repeat(50)}`

let stage: Stage
beforeAll(async () => {
  stage = await startStage({ instance: { name: HOSTILE } })
})
afterAll(() => stage.close())

describe('try', () => {
  it('looks', async () => {
    const visit = await stage.signedIn({ path: '#/instances' })
    const { page } = visit
    await page.getByText('No instance is watched yet').waitFor()
    await visit.shot('instances-empty')
    await page.getByRole('main').getByRole('link', { name: 'Watch an instance' }).first().click()
    await page.getByLabel('Paste anything').fill(`${stage.instance.origin}/c/alice_channel/videos`)
    await page.getByRole('button', { name: 'Look' }).click()
    await page.getByRole('heading', { name: 'Found' }).waitFor()
    await visit.shot('instances-found')
    await page.getByRole('button', { name: 'Watch it' }).click()
    await page.getByText('From now on news arrives').waitFor()
    await visit.shot('instances-one')
    await visit.go('#/instances')
    await page.getByRole('link', { name: '<img' }).waitFor()
    await visit.shot('instances-list')
    expect(await visit.axe()).toEqual([])
    expect(visit.faults()).toEqual([])
  })
})
