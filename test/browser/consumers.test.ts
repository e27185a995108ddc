/** @module Consumers: made, read with by a script, seen to go on, and moved. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Stage, startStage } from './support/stage.ts'
import type { Visit } from './support/visit.ts'

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

type Batch = { data: { sequence: number }[]; sequence: number; lease: string }

describe('Consumers', () => {
  it('are made where one wants to begin, and followed as a script reads', async () => {
    // Given nothing, the next step is said.
    const visit = await stage.signedIn({ path: '#/consumers' })
    const { page } = visit
    await page.getByText('There is no consumer yet.').waitFor()
    await expectSound(visit, 'consumers-none')

    // When one is made from the beginning, it has all before it.
    await page.getByRole('link', { name: 'Make a consumer' }).first().click()
    await page.getByLabel('Name').fill('search-index')
    await page.getByLabel('Where it begins').selectOption({ label: 'At the beginning of the log' })
    await page.getByRole('checkbox', { name: 'Videos' }).check()
    await page.getByText(/^2 events fit/).waitFor()
    await expectSound(visit, 'consumer-new-light')
    await page.getByRole('button', { name: 'Make a consumer' }).click()
    await page.getByRole('heading', { name: 'search-index' }).waitFor()
    await page.getByText(/^\d+ events behind$/).waitFor()
    const next = page.locator('section', { hasText: 'What it is given next' }).getByRole('listitem')
    await expect.poll(() => next.count()).toBe(2)
    await expectSound(visit, 'consumer-light')

    // Somebody who reads is seen to have the lease; and what he has done is behind.
    const read = (await stage.ask('GET', '/api/v1/consumers/search-index/events?worker=w1&limit=1')) as Batch
    expect(read.data).toHaveLength(1)
    await page.reload()
    await page.getByText('w1').waitFor()
    const { sequence, lease } = read
    await stage.ask('POST', '/api/v1/consumers/search-index/ack', { sequence, lease })
    // It looks by itself while somebody reads.
    await page.getByText('nobody right now').waitFor()
    await expect.poll(() => next.count()).toBe(1)

    // The script that the page shows does what it says.
    const line = await firstLineOf((await page.locator('pre', { hasText: 'read.mjs' }).textContent()) ?? '')
    expect(line).toMatch(/^\d+ video\.published$/)
    await page.reload()
    await page.getByText('up to date').waitFor()
    await page.getByText('Nothing that it asks for is left.').waitFor()
    expect(visit.faults()).toEqual([])
  })

  it('are moved, after a word on what is repeated or left out', async () => {
    await stage.ask('POST', '/api/v1/consumers', { name: 'moved', from: 'beginning' })
    const visit = await stage.signedIn({ path: '#/consumers/moved', theme: 'dark' })
    const { page } = visit
    const cursor = page.locator('dd', { hasText: 'All up to this sequence is done' })
    const dialog = page.getByRole('dialog')
    const move = async (label: string) => {
      await page.getByLabel('To where').selectOption({ label })
      await page.getByRole('button', { name: 'Move it …' }).click()
    }
    await cursor.waitFor()
    expect(await cursor.textContent()).toMatch(/^0 /)

    // On to the end: what was not read is left out.
    await move('Now: with the next event')
    await dialog.getByText(/^What it has not read yet, from #1 to #\d+, it is never given\.$/).waitFor()
    await expectSound(visit, 'consumer-seek-dark')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(await cursor.textContent()).toMatch(/^0 /)
    await move('Now: with the next event')
    await dialog.getByRole('button', { name: 'Move the cursor' }).click()
    await page.getByText('up to date').waitFor()
    await page.getByText(/^The cursor is at \d+ now\.$/).waitFor()

    // Back after a sequence, and to the beginning: what was done is given again.
    await move('After a sequence')
    await page.getByLabel('Sequence').fill('1')
    await page.getByRole('button', { name: 'Move it …' }).click()
    await dialog.getByText(/^What it has done already, from #2 to #\d+, is given to it again\.$/).waitFor()
    await dialog.getByRole('button', { name: 'Move the cursor' }).click()
    await page.getByText('The cursor is at 1 now.').waitFor()

    // A time leads to the first event that was seen then.
    await move('At a time')
    await page.getByLabel('Time').fill('2020-01-01T00:00')
    await page.getByRole('button', { name: 'Move it …' }).click()
    await dialog.getByText('What it has done already, from #1 to #1, is given to it again.').waitFor()
    await dialog.getByRole('button', { name: 'Move the cursor' }).click()
    await page.getByText('The cursor is at 0 now.').waitFor()

    // Its filter is changed, and its cursor stays.
    await page.getByRole('link', { name: 'Change the filter' }).click()
    await page.getByRole('checkbox', { name: 'Video published' }).check()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator('dd', { hasText: /^Video published$/ }).waitFor()
    await page.getByRole('link', { name: 'Change the filter' }).click()
    await page.getByRole('checkbox', { name: 'Video published' }).uncheck()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator('dd', { hasText: 'All events that you may see' }).waitFor({ timeout: 10_000 })
    expect(await cursor.textContent()).toMatch(/^0 /)

    // And it is removed, with a question.
    await page.getByRole('button', { name: 'Remove' }).click()
    await dialog.getByText('Its cursor is lost').waitFor()
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('heading', { name: 'Consumers' }).waitFor()
    expect(visit.faults()).toEqual([])
  })

  it('are there on a small screen, in French, by the keyboard', async () => {
    const name = 'x'.repeat(64)
    await stage.ask('POST', '/api/v1/consumers', { name, from: 'beginning' })
    stage.instance.publish({ name: `<img src=x onerror="alert(1)"> ${'long'.repeat(2_500)}` })
    const visit = await stage.signedIn({ path: '#/consumers', width: 360, height: 740, language: 'fr-FR' })
    const { page } = visit
    const width = () => page.evaluate('document.documentElement.scrollWidth')
    await page.getByRole('link', { name }).waitFor()
    expect(await width()).toBeLessThanOrEqual(360)
    await expectSound(visit, 'consumers-360-fr')
    const wanted = page.locator(':focus', { hasText: name })
    for (let presses = 0; presses < 40 && (await wanted.count()) === 0; presses += 1)
      await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('<img src=x onerror').waitFor()
    expect(await width()).toBeLessThanOrEqual(360)
    await expectSound(visit, 'consumer-360-fr')
    expect(visit.faults()).toEqual([])
  })
})

/** Runs a program of Node that reads for ever, until it has said something. */
async function firstLineOf(program: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tubewire-reader-'))
  const file = join(directory, 'read.mjs')
  await writeFile(file, program)
  const reader = spawn(process.execPath, [file], { env: { ...process.env, TUBEWIRE_KEY: stage.adminKey } })
  const ended = once(reader, 'exit')
  try {
    let told = ''
    reader.stderr.on('data', (data) => {
      told += data
    })
    const line = await Promise.race([
      once(createInterface(reader.stdout), 'line').then(([first]) => String(first)),
      ended.then(() => `it ended: ${told}`),
    ])
    // Once it has acknowledged, it does nothing but wait.
    await vi.waitFor(
      async () => {
        const { lag } = (await stage.ask('GET', '/api/v1/consumers/search-index')) as { lag: number }
        expect(lag).toBe(0)
      },
      { timeout: 10_000, interval: 100 },
    )
    return line
  } finally {
    reader.kill()
    await ended
    await rm(directory, { recursive: true, force: true })
  }
}
