/** @module The overview: the first steps, what happens, what needs attention. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addExamples } from './support/log.ts'
import { expectSound } from './support/sound.ts'
import { type Stage, startStage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage.close())

const MARKUP = '<img src=x onerror="document.title=1">'
const HOSTILE = [MARKUP, '\u202egnp.exe \u0645\u0631\u062d\u0628\u0627', 'x'.repeat(10_000)]

describe('The overview', () => {
  it('leads a newcomer to the first event, shows what comes as it comes, and what is broken', async () => {
    const visit = await stage.signedIn()
    const { page } = visit
    await page.getByRole('heading', { name: 'First steps' }).waitFor()
    expect(await page.getByRole('link', { name: 'Add an instance' }).getAttribute('href')).toBe(
      '#/instances/new',
    )
    await expectSound(visit, 'overview-new')

    // When there is an instance, and something happens: the step ticks itself.
    await stage.api.addInstance(stage.instance.origin, 2)
    await page.getByRole('listitem').filter({ hasText: 'Watch an instance (done)' }).waitFor()
    expect(await page.getByRole('link', { name: 'Add an instance' }).count()).toBe(0)
    await page.getByText('All is well').waitFor()
    const live = page.getByRole('list', { name: 'Live' })
    for (const name of HOSTILE) stage.instance.publish({ name })
    await live.getByRole('listitem').filter({ hasText: MARKUP }).getByText('new', { exact: true }).waitFor()
    await live.getByRole('link', { name: 'xxxxxxxxxx' }).waitFor()
    // Who can't see is told of the first, and not of each.
    await page
      .getByRole('status')
      .filter({ hasText: /^New event: / })
      .waitFor({ state: 'attached' })
    await expectSound(visit, 'overview-live')

    // When there is an endpoint, and what it is sent is refused.
    stage.receiver.answer({ status: 500 })
    const endpoint = await stage.api.addEndpoint(new URL(stage.receiver.url), 'The receiver of the team')
    stage.instance.publish({ name: 'A video for nobody' })
    await live.getByRole('link', { name: 'A video for nobody' }).waitFor()
    await page.getByText('The last attempts to reach it failed').waitFor()
    await page.getByText(/Done\. What happens from now on/).waitFor()
    expect(await page.getByRole('link', { name: /^See why, and mend it/ }).getAttribute('href')).toBe(
      `#/endpoints/${endpoint.id}`,
    )
    await page.getByText('1 attempt failed').waitFor()
    await expectSound(visit, 'overview-broken')
  })

  it('says the same in tables, of as many hours as its address says', async () => {
    await addExamples(stage.db, stage.instance.origin)
    const visit = await stage.signedIn()
    const { page } = visit
    await page.getByRole('link', { name: '7 days' }).press('Enter')
    await page.getByRole('link', { name: '7 days' }).and(page.locator('[aria-current]')).waitFor()
    expect(page.url()).toBe(`${stage.origin}/#/?hours=168`)
    await page.getByText('in the last 168 hours').first().waitFor()
    const chart = page.getByRole('figure').filter({ hasText: 'Events by the hour' })
    await chart.getByText('As a table').press('Enter')
    await chart.getByRole('columnheader', { name: 'Hour' }).waitFor()
    expect(await chart.getByRole('rowheader').count()).toBe(168)
    // Of so many hours the day is said, too.
    expect(await chart.getByRole('rowheader').first().textContent()).toMatch(/^\w{3} \d{1,2}, \d\d:00$/)
    await expectSound(visit, 'overview-week')

    // The pointer over a column tells its hour.
    await chart.getByText('As a table').click()
    const plot = await chart.locator('.u-over').boundingBox()
    if (!plot) throw new Error('the chart is not drawn')
    await page.mouse.move(plot.x + plot.width - 2, plot.y + 20)
    await chart
      .getByText(/^\w{3} \d{1,2}, \d\d:00$/)
      .first()
      .waitFor()
    await page.goBack()
    await page.getByText('in the last 24 hours').first().waitFor()
    expect(visit.faults()).toEqual([])
  })

  it('is usable on a small screen, in French, and by somebody who may add nothing', async () => {
    const { username, password } = await stage.addUser('ursula', 2)
    const visit = await stage.visit({ width: 360, height: 700, language: 'fr-FR' })
    const { page } = visit
    await page.getByLabel('Nom d’utilisateur ou adresse électronique').fill(username)
    await page.getByLabel('Mot de passe').fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Premiers pas' }).waitFor()
    await page.getByRole('list', { name: 'En direct' }).getByRole('link', { name: MARKUP }).waitFor()
    // Others’ endpoints are none of hers.
    await page.getByText('Tout va bien').waitFor()
    await expectSound(visit, 'overview-360')
    await page.getByRole('button', { name: 'Ne plus afficher' }).press('Enter')
    await page.getByRole('heading', { name: 'Premiers pas' }).waitFor({ state: 'detached' })
    await page.reload()
    await page.getByText('Tout va bien').waitFor()
    expect(await page.getByRole('heading', { name: 'Premiers pas' }).count()).toBe(0)
    expect(visit.faults()).toEqual([])
  })
})
