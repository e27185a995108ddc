/** @module Feeds: made with a preview, read by a reader, given another address, taken away. */
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readWithFeedparser } from '../support/read-feeds.ts'
import { signInAs } from './support/sign-in-as.ts'
import { type Stage, startStage } from './support/stage.ts'
import type { Visit } from './support/visit.ts'

const HOSTILE = `<img src=x onerror="alert(1)"> \u202e\u0645\u0631\u062d\u0628\u0627 ${'long'.repeat(2_500)}`

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
  await stage.api.addInstance(stage.instance.origin, 2)
})
afterAll(() => stage.close())

async function expectSound(visit: Visit, name: string) {
  expect(await visit.axe(), name).toEqual([])
  await visit.shot(name)
}

/** The address of a format as its button copies it. */
async function copied(page: Page, format: string): Promise<string> {
  await page.getByRole('button', { name: `Copy: address as ${format}` }).click()
  await page.getByRole('button', { name: `Copied: address as ${format}` }).waitFor()
  return page.evaluate('navigator.clipboard.readText()')
}

/** Whoever makes a feed by the form. */
async function makeFeed(page: Page, title: string, visibility: 'public' | 'private') {
  await page.getByRole('link', { name: 'Make a feed' }).first().click()
  await page.getByLabel('Title', { exact: true }).fill(title)
  await page.getByLabel('Visibility').selectOption(visibility)
}

describe('Feeds', () => {
  it('are made with a preview, and read by a reader at the address that was copied', async () => {
    // Given nothing, the next step is said.
    const visit = await stage.signedIn({ path: '#/feeds' })
    const { page } = visit
    await page.getByText('There is no feed yet.').waitFor()
    await expectSound(visit, 'feeds-none')

    // When a filter is typed, what it would have let through is shown.
    await makeFeed(page, 'News of an instance', 'public')
    const preview = page.getByRole('region', { name: 'What this would have let through' })
    await preview.getByText(/^2 events fit/).waitFor()
    await page.getByRole('textbox', { name: /^Word in title/ }).fill('nothing has this')
    await preview.getByText(/^0 events fit/).waitFor()
    await page.getByRole('textbox', { name: /^Word in title/ }).fill('')
    await page.getByRole('checkbox', { name: 'Videos' }).check()
    await preview.getByText(/^2 events fit/).waitFor()
    await expectSound(visit, 'feed-new-light')

    // What was typed is not lost by looking elsewhere.
    await visit.go('#/consumers')
    await page.goBack()
    expect(await page.getByLabel('Title', { exact: true }).inputValue()).toBe('News of an instance')
    await page.getByRole('button', { name: 'Make a feed' }).click()

    // Then it is there, with its entries as a reader shows them.
    await page.getByRole('heading', { name: 'As a reader shows it' }).waitFor()
    await page.getByRole('heading', { level: 3 }).first().waitFor()
    expect(await page.getByRole('heading', { level: 3 }).count()).toBe(2)
    await expectSound(visit, 'feed-light')

    // And a reader that was given the address reads what happens next.
    const address = await copied(page, 'Atom')
    expect(address).toBe(`${stage.origin}/feeds/news-of-an-instance.atom`)
    stage.instance.publish({ name: HOSTILE, description: '<b>Bold</b> & <script>alert(1)</script>' })
    await page.getByRole('heading', { level: 3, name: '<img src=x onerror' }).waitFor()
    const { title, entries } = await readWithFeedparser('atom', await (await fetch(address)).text())
    expect(title).toBe('News of an instance')
    expect(entries).toHaveLength(3)
    expect(entries[0]?.title).toContain('<img src=x onerror')
    await expectSound(visit, 'feed-hostile')

    // The list has it, and a file of all of them for the reader.
    await page.getByRole('link', { name: 'Feeds', exact: true }).first().click()
    await page.getByRole('link', { name: 'News of an instance' }).waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'All feeds as OPML' }).click(),
    ])
    expect(await readFile(await download.path(), 'utf8')).toContain(`xmlUrl="${address}"`)
    expect(visit.faults()).toEqual([])
  })

  it('that are private hold a secret, which is hidden, renewed and taken away', async () => {
    const visit = await stage.signedIn({ path: '#/feeds', theme: 'dark' })
    const { page } = visit
    await makeFeed(page, 'For me alone', 'private')
    expect(await page.getByLabel('Name in the address').count()).toBe(0)
    await page.getByRole('button', { name: 'Make a feed' }).click()
    await page.getByText('They hold a secret').waitFor()
    expect(await page.getByText(/\/feeds\/fs_[A-Za-z0-9_-]{10}/).count()).toBe(0)
    await expectSound(visit, 'feed-private-dark')
    const first = await copied(page, 'Atom')
    expect(first).toMatch(/\/feeds\/fs_[A-Za-z0-9_-]{20,}\.atom$/)
    expect((await fetch(first)).status).toBe(200)
    await page.getByRole('button', { name: 'Show the addresses' }).click()
    await page.getByText(first).waitFor()

    // When it gets a new address, readers with the old one stop: that is said before.
    await page.getByRole('button', { name: 'New address' }).click()
    await page.getByText('readers that have one of them stop').waitFor()
    expect(await visit.axe()).toEqual([])
    await page.getByRole('dialog').getByRole('button', { name: 'New address' }).click()
    await page.getByText('It has a new address.').waitFor()
    expect((await fetch(first)).status).toBe(404)
    const second = await copied(page, 'Atom')
    expect((await fetch(second)).status).toBe(200)

    // When it is taken away, nobody reads it until it has another one.
    await page.getByRole('button', { name: 'Take the address away' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Take the address away' }).click()
    await page.getByText('Nobody can read it').waitFor()
    expect((await fetch(second)).status).toBe(404)
    await page.getByRole('button', { name: 'Give it an address' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Give it an address' }).click()
    await page.getByText('They hold a secret').waitFor()

    // When it is made public, that is said before, too; and then removed.
    await page.getByRole('link', { name: 'Edit' }).click()
    await page.getByLabel('Visibility').selectOption('public')
    await page.getByText('Everybody may read it then').waitFor()
    await expectSound(visit, 'feed-edit-dark')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('/feeds/for-me-alone.atom').waitFor()
    await page.getByRole('button', { name: 'Remove the feed' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the feed' }).click()
    await page.getByRole('heading', { name: 'Feeds', exact: true }).waitFor()
    await page.getByRole('link', { name: 'For me alone' }).waitFor({ state: 'detached' })
    expect((await fetch(`${stage.origin}/feeds/for-me-alone.atom`)).status).toBe(404)
    expect(visit.faults()).toEqual([])
  })

  it('are changed from what they are; a condition that is no number is refused, and not removed', async () => {
    const made = { name: 'Long ones', filter: { minDuration: 600 } }
    const { id } = (await stage.ask('POST', '/api/v1/feeds', made)) as { id: string }
    const visit = await stage.signedIn({ path: `#/feeds/${id}` })
    const { page } = visit
    await page.getByRole('heading', { name: 'Long ones' }).waitFor()
    await stage.ask('PATCH', `/api/v1/feeds/${id}`, { name: 'Longer ones' })
    await visit.go(`#/feeds/${id}/edit`)
    const title = page.getByLabel('Title', { exact: true })
    await title.waitFor()
    expect(await title.inputValue()).toBe('Longer ones')

    const duration = page.locator('input[name=minDuration]')
    await duration.fill('')
    // It stays open under who empties it.
    await duration.pressSequentially('10m')
    const save = page.getByRole('button', { name: 'Save' })
    await save.focus()
    await page.keyboard.press('Enter')
    await page.locator('input[name=minDuration][aria-invalid=true]:focus').waitFor()
    const kept = (await stage.ask('GET', `/api/v1/feeds/${id}`)) as { filter: unknown }
    expect(kept.filter).toEqual({ minDuration: 600 })
    expect(visit.faults().filter((fault) => !fault.includes('status of 400'))).toEqual([])
  })

  it('of others are not asked for by who may not see them', async () => {
    const visit = await signInAs(stage, 2, { path: '#/feeds?owner=all' })
    await visit.page.getByText('There is no feed yet.').waitFor()
    expect(visit.faults()).toEqual([])
  })

  it('say beside the field what the API refuses, and keep what was typed', async () => {
    const visit = await stage.signedIn({ path: '#/feeds/new' })
    const { page } = visit
    await page.getByLabel('Title', { exact: true }).fill('Mine')
    await page.getByRole('checkbox', { name: 'Notifications' }).check()
    await page.getByRole('button', { name: 'Make a feed' }).click()
    await page.getByText('must be private for notification.*').waitFor()
    expect(await page.getByLabel('Title', { exact: true }).inputValue()).toBe('Mine')
    expect(await page.locator(':focus').getAttribute('name')).toBe('visibility')
    // A refusal is an answer of the network that the browser notes, and no fault of the page.
    expect(visit.faults().filter((fault) => !fault.includes('status of 400'))).toEqual([])
    expect(await visit.axe()).toEqual([])
  })

  it('are made by the keyboard, on a small screen, in French', async () => {
    const made = { name: `Un très long titre ${'x'.repeat(80)}`, filter: { types: ['video.*'] } }
    const { id } = (await stage.ask('POST', '/api/v1/feeds', made)) as { id: string }
    const visit = await stage.signedIn({ path: '#/feeds', width: 360, height: 740, language: 'fr-FR' })
    const { page } = visit
    const width = () => page.evaluate('document.documentElement.scrollWidth')
    await page.getByRole('link', { name: 'Un très long titre' }).waitFor()
    expect(await width()).toBeLessThanOrEqual(360)
    await expectSound(visit, 'feeds-360-fr')
    const tabTo = async (words: RegExp) => {
      const wanted = page.locator('a:focus, button:focus', { hasText: words })
      for (let presses = 0; presses < 40 && (await wanted.count()) === 0; presses += 1)
        await page.keyboard.press('Tab')
      expect(await wanted.count(), String(words)).toBe(1)
    }
    await tabTo(/^Créer un flux$/)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Créer un flux' }).waitFor()
    await page.getByText(/événements correspondent/).waitFor()
    expect(await width()).toBeLessThanOrEqual(360)
    await expectSound(visit, 'feed-new-360-fr')
    await page.locator('input[name=name]').focus()
    await page.keyboard.type('Par le clavier')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Par le clavier' }).waitFor()
    await visit.go(`#/feeds/${id}`)
    await page.getByRole('heading', { name: 'Un très long titre' }).waitFor()
    await page.getByRole('heading', { level: 3 }).first().waitFor()
    expect(await width()).toBeLessThanOrEqual(360)
    await expectSound(visit, 'feed-360-fr')
    expect(visit.faults()).toEqual([])
  })

  it('of others are seen by a moderator, without their secrets, and removed', async () => {
    const made = { name: 'A secret one', visibility: 'private' }
    await stage.ask('POST', '/api/v1/feeds', made)
    const { username, password } = await stage.addUser('mo', 1)
    const visit = await stage.visit({ path: '#/feeds' })
    const { page } = visit
    await page.getByLabel('User name or mail address').fill(username)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('link', { name: 'Everybody’s feeds' }).click()
    await page.getByRole('link', { name: 'A secret one' }).click()
    await page.getByText('Nobody can read it').waitFor()
    expect(await page.getByRole('link', { name: 'Edit' }).count()).toBe(0)
    expect(await page.getByRole('button', { name: 'New address' }).count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Take the address away' }).count()).toBe(1)
    expect(await visit.axe()).toEqual([])
    expect(visit.faults()).toEqual([])
  })
})
