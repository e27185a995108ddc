/**
 * @module The way of a newcomer, who has read nothing: the first `npm start`, its link, an instance, an endpoint, an event that arrives; the
 * receiver breaks, he finds out why, mends it and recovers what was lost; and reads a feed.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import FeedParser from 'feedparser'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SimulatedInstance, startInstance } from '../simulator/instance.ts'
import { startReceiver } from '../simulator/receiver.ts'
import { type Cli, freePort, startCli } from '../support/cli.ts'
import { startChromium } from './support/chromium.ts'
import { expectSound } from './support/sound.ts'
import { openVisit, type Visit } from './support/visit.ts'

let data: string
let cli: Cli
let browser: Browser
let instance: SimulatedInstance
let receiver: Awaited<ReturnType<typeof startReceiver>>

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tubewire-newcomer-'))
  ;[instance, receiver, browser] = await Promise.all([
    startInstance({ videos: 3, name: 'The instance of a friend' }),
    startReceiver(),
    startChromium(),
  ])
})
afterAll(async () => {
  await browser.close()
  cli.process.kill('SIGTERM')
  await cli.ended
  await Promise.all([instance.close(), receiver.close()])
  await rm(data, { recursive: true, force: true })
})

/** Opens what `npm start` has printed. */
async function openPrinted(link: string): Promise<Visit> {
  const { origin, hash } = new URL(link)
  return openVisit(browser, origin, { path: hash })
}

describe('A newcomer', () => {
  it('sees events flow, sends them somewhere, finds out why they do not arrive, and reads a feed', async () => {
    // The first start, and the link that it prints.
    cli = startCli(['--port', String(await freePort()), '--data', join(data, 'state')])
    const [, link = ''] = await cli.line(/Dashboard {2}(\S+)/)
    await cli.line(/Tubewire is ready/)
    const visit = await openPrinted(link)
    const { page } = visit
    await page.getByRole('heading', { name: 'Overview' }).waitFor()

    // Within a minute, without a click: the demo publishes, and it is seen here and at the demo's receiver.
    await page.getByRole('link', { name: 'Demo video 1' }).waitFor({ timeout: 60_000 })
    await expectSound(visit, 'newcomer-overview')

    // An instance, as its address was pasted.
    await page.getByRole('link', { name: 'Instances' }).first().click()
    await page.getByRole('link', { name: 'Watch an instance' }).first().click()
    await page.getByLabel('Paste anything').fill(`${instance.origin}/videos/local`)
    await page.getByRole('button', { name: 'Look' }).click()
    await page.getByText('The instance of a friend').first().waitFor()
    await page.getByRole('button', { name: 'Watch it' }).click()
    await page.getByText('From now on news arrives').waitFor()

    // An endpoint, step by step: nothing but a URL is needed.
    await page.getByRole('link', { name: 'Endpoints' }).first().click()
    await page.getByRole('link', { name: 'New endpoint' }).first().click()
    await page.getByLabel('URL').fill(receiver.url)
    await page.getByLabel('Description').fill('My first one')
    await page.getByRole('button', { name: 'Make the endpoint' }).click()
    receiver.setSecret((await page.getByText(/^whsec_/).textContent()) ?? '')
    await page.getByRole('link', { name: 'Next' }).click()
    await page.getByText('Verified: the target wants this.').waitFor()
    await page.getByRole('link', { name: 'Next' }).click()
    await page.getByRole('textbox', { name: 'Instances' }).fill(instance.host)
    await page.getByRole('button', { name: 'Send these events' }).click()
    await page.getByRole('button', { name: 'Send a test event' }).click()
    await page.getByText('It arrived.').waitFor()
    await page.getByRole('link', { name: 'Done' }).click()
    await page.getByRole('heading', { name: 'My first one' }).waitFor()

    // Something happens, and arrives.
    instance.publish({ name: 'News of a friend' })
    await page.getByRole('link', { name: 'Video published' }).first().waitFor({ timeout: 30_000 })
    await expect.poll(() => receiver.requests().at(-1)?.body).toContain('News of a friend')
    expect(receiver.requests().at(-1)).toMatchObject({ verified: true })

    // The receiver breaks: the overview says so, and leads to why.
    receiver.answer({ status: 500, body: 'the disk is full' })
    instance.publishMany(6)
    await page.getByRole('link', { name: 'Overview' }).click()
    const attention = page
      .locator('section, div')
      .filter({ has: page.getByRole('heading', { name: 'Needs attention' }) })
      .last()
    await attention
      .getByRole('link', { name: 'My first one' })
      .or(attention.getByRole('link', { name: /127\.0\.0\.1/ }))
      .first()
      .click({ timeout: 60_000 })
    await page.getByText('The target fails.').waitFor()
    await page
      .getByRole('link', { name: /answered 500/ })
      .first()
      .click()
    await page.getByText('the disk is full').first().waitFor()
    await expectSound(visit, 'newcomer-delivery')

    // It is mended, and what waited goes out.
    receiver.answer()
    await page.goBack()
    await page.getByRole('button', { name: 'It is mended: send now' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
    await page.getByText('All is well').waitFor()
    await expect
      .poll(
        () =>
          receiver.requests().filter(({ verified, body }) => verified && body.includes(instance.host)).length,
        {
          timeout: 30_000,
        },
      )
      .toBeGreaterThanOrEqual(7)

    // And a feed, in a reader.
    await page.getByRole('link', { name: 'Feeds' }).click()
    await page.getByRole('link', { name: 'Make a feed' }).first().click()
    await page.getByLabel('Title', { exact: true }).fill('News of friends')
    await page.getByRole('button', { name: 'Make a feed' }).click()
    await page.getByRole('heading', { name: 'News of friends' }).waitFor()
    await page.getByRole('button', { name: 'Copy: address as Atom' }).click()
    const address = await page.evaluate<string>('navigator.clipboard.readText()')
    expect(await titlesIn(address)).toContain('News of a friend')
    expect(visit.faults()).toEqual([])
  }, 240_000)
})

/** What a reader that is not ours finds at an address. */
async function titlesIn(address: string): Promise<string[]> {
  const response = await fetch(address)
  expect(response.status).toBe(200)
  const parser = new FeedParser({})
  const titles: string[] = []
  parser.on('readable', () => {
    for (let item = parser.read(); item; item = parser.read()) titles.push(String(item.title))
  })
  const ended = new Promise((resolve, reject) => parser.on('end', resolve).on('error', reject))
  parser.end(await response.text())
  await ended
  return titles
}
