/** @module Deliveries: seen as they happen, why one failed, sending it again, finding one among many. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Stage, startStage } from './support/stage.ts'
import type { Visit } from './support/visit.ts'

/** What people call videos who want to see a page fall apart. */
const HOSTILE = `<img src=x onerror="alert(1)"> \u202e\u0645\u0631\u062d\u0628\u0627 ${'long'.repeat(2_500)}`
const ANSWER = `{"error": "<script>alert(1)</script>",\n${'the disk is full\n'.repeat(20)}}`

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
  // Given an instance that has been read: what it publishes from now on is an event.
  await stage.api.addInstance(stage.instance.origin, 2)
  await vi.waitFor(
    async () => {
      const { data } = (await stage.ask('GET', '/api/v1/events')) as { data: unknown[] }
      expect(data).toHaveLength(2)
    },
    { timeout: 30_000, interval: 250 },
  )
})
afterAll(() => stage.close())

type Made = { id: string }
const makeEndpoint = async (path: string, more: object = {}) =>
  (await stage.ask('POST', '/api/v1/endpoints', {
    url: new URL(path, stage.receiver.url).href,
    filter: { types: ['video.*'] },
    verified: true,
    ...more,
  })) as Made

const removeEndpoint = ({ id }: Made) => stage.ask('DELETE', `/api/v1/endpoints/${id}`)

const line = (page: Page, words: string) => page.getByRole('listitem').filter({ hasText: words }).first()

async function expectSound(visit: Visit, name: string) {
  expect(await visit.axe(), name).toEqual([])
  await visit.shot(name)
}

describe('Deliveries', () => {
  it('show themselves as they happen, say why one failed, and are sent again', async () => {
    const visit = await stage.signedIn({ path: '#/deliveries' })
    const { page } = visit

    // Given nobody to send to, the next step is said.
    await page.getByText('There is no endpoint yet').waitFor()
    expect(await page.getByRole('link', { name: 'Make an endpoint' }).getAttribute('href')).toBe(
      '#/endpoints/new',
    )
    await expectSound(visit, 'deliveries-none')

    // When there is one endpoint, its deliveries are shown without a question.
    const { id } = await makeEndpoint('/hook', { description: 'The team’s chat' })
    await visit.go('#/events')
    await visit.go('#/deliveries')
    await page.getByText('Nothing was to be delivered here yet.').waitFor()
    expect(page.url()).toContain(`#/deliveries/${id}`)

    // And what happens is there without anything being done.
    stage.instance.publish({ name: 'One' })
    stage.instance.publish({ name: 'Another' })
    await page.getByText('delivered', { exact: true }).nth(1).waitFor()
    await line(page, 'answered 200').waitFor()

    // When the receiver fails, the new one says so, and its page says why.
    stage.receiver.answer({ status: 500, body: ANSWER })
    stage.instance.publish({ name: HOSTILE })
    await line(page, 'failing, tried again').getByRole('link').click()
    await page.getByRole('heading', { name: 'Why it did not arrive' }).waitFor()
    await page.getByText('The receiver itself failed (5xx).').waitFor()
    const attempts = page.getByRole('listitem').filter({ hasText: /^Attempt \d/ })
    await attempts.first().waitFor()
    expect(await attempts.first().textContent()).toMatch(/answered 500[\s\S]*took/)

    // What it answered is text, of which there is more for whoever wants it.
    const answer = attempts.first().locator('pre')
    expect(await answer.textContent()).toContain('<script>alert(1)</script>')
    const short = (await answer.boundingBox())?.height ?? 0
    await page.getByRole('button', { name: 'All of the answer: Attempt 1' }).click()
    expect((await answer.boundingBox())?.height ?? 0).toBeGreaterThan(short)

    // The second attempt is seen without a reload: it comes five seconds after the first.
    await attempts.nth(1).waitFor()
    await page.getByText(/^Attempt 3 comes/).waitFor()
    await expectSound(visit, 'delivery-light')

    // When it is well again and somebody can't wait, he sees it arrive.
    stage.receiver.answer()
    await page.getByRole('button', { name: 'Send now' }).click()
    await page.getByRole('status').filter({ hasText: 'It arrived: answered 200.' }).waitFor()
    expect(await attempts.last().textContent()).toContain('answered 200')
    expect(await page.getByRole('heading', { name: 'Why it did not arrive' }).count()).toBe(0)
    // Once more, from the beginning: it is asked for after its first attempts.
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByText('Asked for again').waitFor()
    await attempts.nth(3).waitFor()

    expect(visit.faults()).toEqual([])
    await removeEndpoint({ id })
  })

  it('are found by what became of them, and the address keeps what was asked for', async () => {
    // Given one that is answered 404, and others that arrived.
    const { id } = await makeEndpoint('/found')
    stage.instance.publish({ name: 'Taken' })
    const visit = await stage.signedIn({ path: `#/deliveries/${id}` })
    const { page } = visit
    await line(page, 'answered 200').waitFor()
    stage.receiver.answer({ status: 404 })
    stage.instance.publish({ name: 'Refused' })
    await line(page, 'answered 404').waitFor()
    await expectSound(visit, 'deliveries-light')

    // When only refused ones are wanted, the others are gone; and they come back with "back".
    const lines = page.getByRole('list', { name: 'Deliveries, the newest first' }).getByRole('listitem')
    expect(await lines.count()).toBe(2)
    await page.getByLabel('Last answer').selectOption({ label: 'Refused (4xx)' })
    await line(page, 'answered 200').waitFor({ state: 'detached' })
    expect(page.url()).toContain('status=4xx')
    await page.goBack()
    await line(page, 'answered 200').waitFor()

    // An address with filters is a view that can be sent.
    await visit.go(`#/deliveries/${id}?state=delivered&type=video.published`)
    await line(page, 'answered 404').waitFor({ state: 'detached' })
    expect(await page.getByLabel('State').inputValue()).toBe('delivered')
    expect(await page.getByLabel('Type').inputValue()).toBe('video.published')
    await visit.go(`#/deliveries/${id}?minDuration=86000000`)
    await page.getByText('No delivery fits.').waitFor()
    await page.getByRole('link', { name: 'Show all' }).click()
    await line(page, 'answered 404').waitFor()

    // What was opened by the address stays open. Times are typed in one's own, and asked for in the world's.
    await page.getByLabel('Asked for before').fill('2020-01-01T00:00')
    await page.getByText('No delivery fits.').waitFor()
    expect(decodeURIComponent(page.url())).toMatch(/until=20(19|20)-\d\d-\d\dT\d\d:00:00\.000Z/)

    // Or by the keyboard, a figure after the other; emptied, what is folded away stays open.
    const until = page.getByLabel('Asked for before')
    await until.focus()
    await page.keyboard.type('010120210101')
    expect(await until.inputValue()).toBe('2021-01-01T01:01')
    await page.keyboard.press('Enter')
    await page.waitForURL(/until=202[01]/)
    await until.fill('')
    await page.waitForURL((url) => !url.href.includes('until='))
    expect(await until.isVisible()).toBe(true)
    expect(visit.faults()).toEqual([])
    stage.receiver.answer()
    await removeEndpoint({ id })
  })

  it('say in plain words what is wrong, and what a delivery waits for', async () => {
    const slow = await makeEndpoint('/slow', { timeoutSeconds: 1 })
    const visit = await stage.signedIn({ theme: 'dark' })
    const { page } = visit
    const openNewest = async (id: string, words: string) => {
      await visit.go(`#/deliveries/${id}`)
      await line(page, words).getByRole('link').click()
    }

    // A receiver that says nothing.
    stage.receiver.answer({ kind: 'hang' })
    stage.instance.publish({ name: 'Unanswered' })
    await openNewest(slow.id, 'no answer')
    await page.getByText('The receiver did not answer in time.').waitFor()
    await page.getByText('no answer within 1 s').first().waitFor()
    await expectSound(visit, 'delivery-dark')
    stage.receiver.release()
    await removeEndpoint(slow)

    // One that hangs up.
    const closing = await makeEndpoint('/closing')
    stage.receiver.answer({ kind: 'close' })
    stage.instance.publish({ name: 'Hung up' })
    await openNewest(closing.id, 'no answer')
    await page.getByText('Nobody took the connection').waitFor()
    await removeEndpoint(closing)

    // One that is gone: its endpoint is disabled, and what is owed waits.
    const gone = await makeEndpoint('/gone')
    stage.receiver.answer({ status: 410 })
    stage.instance.publish({ name: 'Gone' })
    await openNewest(gone.id, 'answered 410')
    await page.getByText('It waits: the endpoint is disabled').waitFor()
    await page.getByText('The receiver said that it is gone for good (410).').waitFor()
    await removeEndpoint(gone)

    // One that is paused: sending again is remembered, and not done.
    stage.receiver.answer()
    const paused = await makeEndpoint('/paused')
    await stage.ask('PATCH', `/api/v1/endpoints/${paused.id}`, { paused: true })
    stage.instance.publish({ name: 'Waiting' })
    await openNewest(paused.id, 'waits for its endpoint')
    await page.getByText('It waits: the endpoint is paused.').waitFor()
    await page.getByRole('button', { name: 'Send now' }).click()
    await page.getByRole('status').filter({ hasText: 'as soon as its endpoint is sent to again' }).waitFor()
    expect(await visit.axe()).toEqual([])
    expect(visit.faults()).toEqual([])

    // To a moderator it is somebody else's: he sees it, and sends nothing.
    const { username, password } = await stage.addUser('mia', 1)
    const moderator = await stage.visit({ path: page.url().slice(stage.origin.length + 1) })
    await moderator.page.getByLabel('User name or mail address').fill(username)
    await moderator.page.getByLabel('Password').fill(password)
    await moderator.page.getByRole('button', { name: 'Sign in' }).click()
    await moderator.page.getByText('It waits: the endpoint is paused.').waitFor()
    expect(await moderator.page.getByRole('button', { name: /^Send/ }).count()).toBe(0)
    expect(moderator.faults()).toEqual([])
    await removeEndpoint(paused)
  })

  it('are reached by the keyboard, and on a small screen', async () => {
    // Given two endpoints, one is chosen.
    const first = await makeEndpoint('/first', { description: HOSTILE.slice(0, 480) })
    const second = await makeEndpoint(`/second-${'long'.repeat(200)}`)
    stage.receiver.answer({ status: 503, body: ANSWER })
    stage.instance.publish({ name: HOSTILE })
    const visit = await stage.signedIn({ path: '#/deliveries', width: 360, height: 740 })
    const { page } = visit
    const tabTo = async (words: string | RegExp) => {
      const wanted = page.locator('a:focus, button:focus', { hasText: words })
      for (let presses = 0; presses < 60 && (await wanted.count()) === 0; presses += 1)
        await page.keyboard.press('Tab')
      expect(await wanted.count(), String(words)).toBe(1)
    }
    const width = () => page.evaluate('document.documentElement.scrollWidth')

    await page.getByText('Whose deliveries do you want to see?').waitFor()
    expect(await width()).toBeLessThanOrEqual(360)
    await expectSound(visit, 'deliveries-choice-360')
    await tabTo(/second-long/)
    await page.keyboard.press('Enter')
    await line(page, 'answered 503').waitFor()
    expect(page.url()).toContain(second.id)
    expect(await width()).toBeLessThanOrEqual(360)
    await expectSound(visit, 'deliveries-360')

    // When he goes on by the keyboard, he opens it and sends it again.
    await tabTo(/Video published #/)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'What happened' }).waitFor()
    expect(await width()).toBeLessThanOrEqual(360)
    await expectSound(visit, 'delivery-360')
    stage.receiver.answer()
    await tabTo(/Send now/)
    await page.keyboard.press('Enter')
    await page.getByRole('status').filter({ hasText: 'It arrived: answered 200.' }).waitFor()
    expect(visit.faults()).toEqual([])
    await removeEndpoint(first)
    await removeEndpoint(second)
  })

  it('speak French', async () => {
    const { id } = await makeEndpoint('/fr')
    stage.receiver.answer({ status: 429 })
    stage.instance.publish({ name: 'Trop' })
    const visit = await stage.signedIn({ path: `#/deliveries/${id}`, language: 'fr-FR', theme: 'dark' })
    await line(visit.page, 'réponse 429').waitFor()
    await expectSound(visit, 'deliveries-dark-fr')
    await line(visit.page, 'réponse 429').getByRole('link').click()
    await visit.page.getByText('Le récepteur a été sollicité trop souvent (429).').waitFor()
    expect(visit.faults()).toEqual([])
    stage.receiver.answer()
  })
})
