/** @module Making an endpoint, step by step, against a receiver that is really asked. */
import { readFile } from 'node:fs/promises'
import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startReceiver } from '../simulator/receiver.ts'
import { expectSound, faultsOf, isWithinWindow } from './support/sound.ts'
import { type Stage, startStage } from './support/stage.ts'
import type { Visit } from './support/visit.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
  await stage.api.addInstance(stage.instance.origin, 2)
})
afterAll(() => stage.close())

const endpoints = async () =>
  (await stage.ask('GET', '/api/v1/endpoints')) as {
    data: { id: string; url: string; headers: string | null }[]
  }

describe('The steps that make an endpoint', () => {
  it('lead from the URL over the secret, the verification and the filter to an event that arrives', async () => {
    const { receiver } = stage
    receiver.answer({ status: 200, body: 'what is this?' })
    const visit = await stage.signedIn({ path: '#/endpoints' })
    const { page } = visit
    await page.getByText('There is no endpoint yet.').waitFor()
    await expectSound(visit, 'endpoints-empty')
    await page.getByRole('link', { name: 'New endpoint' }).first().click()

    // When something is wrong, that is said at the field, and what was typed stays.
    await page.getByLabel('URL').fill('https://')
    await page.getByLabel('Description').fill('The team’s robot')
    await page.getByRole('button', { name: 'Make the endpoint' }).click()
    await page.locator('.error').first().waitFor()
    expect(await page.getByLabel('URL').getAttribute('aria-invalid')).toBe('true')
    await page.reload()
    expect(await page.getByLabel('Description').inputValue()).toBe('The team’s robot')
    // But for the URL, by which others could post: it is kept nowhere.
    expect(await page.getByLabel('URL').inputValue()).toBe('')
    await page.getByLabel('URL').fill(receiver.url)
    await page.getByText('Headers, rate, batches').click()
    await page.getByLabel('Headers of yours').fill('Authorization: Bearer of-the-receiver')
    await expectSound(visit, 'endpoints-url')
    await page.getByRole('button', { name: 'Make the endpoint' }).click()

    // Then the secret is shown, with code that is that of the manual.
    const secret = (await page.getByText(/^whsec_/).textContent()) ?? ''
    receiver.setSecret(secret)
    for (const [language, file] of [
      ['Node', 'verify.mjs'],
      ['Python', 'verify.py'],
      ['Go', 'verify.go'],
      ['PHP', 'verify.php'],
    ] as const) {
      await page.getByRole('tab', { name: language }).click()
      const code = page.getByRole('region', { name: `Verify a webhook in ${language}` })
      expect(await code.textContent()).toBe(await readFile(`docs/verify/${file}`, 'utf8'))
    }
    expect(page.url()).toContain('code=php')
    await expectSound(visit, 'endpoints-secret')
    // And it is sent nothing until it was said what.
    expect(await stage.ask('GET', '/api/v1/subscriptions')).toMatchObject({ total: 0 })
    await page.getByRole('link', { name: 'Next' }).click()

    // Then it is said why the target has not agreed, and it is asked again once it is mended.
    await page.getByText('did not give the challenge back').waitFor()
    await expectSound(visit, 'endpoints-verify')
    receiver.answer()
    await page.getByRole('button', { name: 'Ask now' }).click()
    await page.getByText('Verified: the target wants this.').waitFor()
    expect(receiver.requests().at(-1)).toMatchObject({
      verified: true,
      headers: { authorization: 'Bearer of-the-receiver' },
    })
    await page.getByRole('link', { name: 'Next' }).click()

    // Then a filter shows at once what it would have let through, and what is wrong with it.
    await page.getByText('2 events fit').waitFor()
    await page.getByLabel('Word in title, description or comment').fill('nothing has this name')
    await page.getByText('0 events fit').waitFor()
    await page.getByLabel('Word in title, description or comment').fill('')
    await page.getByLabel('Channels').fill('no host')
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Channels').fill('')
    await page.getByRole('checkbox', { name: 'Videos', exact: true }).check()
    await page.getByText('2 events fit').waitFor()
    await expectSound(visit, 'endpoints-filter')
    const before = receiver.count()
    await page.getByRole('button', { name: 'Send these events' }).click()

    // Then a test is seen to fail, and why; and to arrive.
    receiver.answer({ status: 503, times: 1 }, {})
    await page.getByRole('button', { name: 'Send a test event' }).click()
    await page.getByText('It did not arrive.').waitFor()
    await page.getByText('or it is overloaded').waitFor()
    await expectSound(visit, 'endpoints-test-failed')
    await page.getByLabel('Which event').selectOption('comment.created')
    await page.getByRole('button', { name: 'Send a test event' }).click()
    await page.getByText('It arrived.').waitFor()
    await page.getByText(/Answered 200 in/).waitFor()
    expect(receiver.requests().at(-1)).toMatchObject({
      verified: true,
      body: expect.stringContaining('comment.created'),
    })
    expect(receiver.count()).toBe(before + 2)
    await expectSound(visit, 'endpoints-test')
    await page.getByRole('link', { name: 'Done' }).click()
    await page.getByRole('heading', { name: 'The team’s robot' }).waitFor()
    expect(
      receiver.requests().filter(({ body }) => body.includes('"sequence"') && !body.includes('evt_test_')),
    ).toEqual([])

    // And "back" goes back through the steps, and makes nothing twice.
    for (const heading of [
      'See one arrive',
      'Which events',
      'Does the target',
      'The secret',
      'Where events',
    ]) {
      await page.goBack()
      await page.getByRole('heading', { name: heading }).waitFor()
    }
    await page.getByText('The endpoint is made.').waitFor()
    expect((await endpoints()).data).toHaveLength(1)
    expect(faultsOf(visit)).toEqual([])
  })

  it('can be taken by the keyboard alone, left half-way, and gone on with from the list', async () => {
    const receiver = await startReceiver()
    try {
      const visit = await stage.signedIn({ path: '#/endpoints' })
      const { page } = visit
      await page.getByRole('heading', { name: 'Endpoints', exact: true }).waitFor()
      await press(visit, page.getByRole('link', { name: 'New endpoint' }).first())
      await page.getByRole('heading', { name: 'Where events are posted' }).waitFor()
      await reach(visit, page.getByLabel('URL'))
      await page.keyboard.type(receiver.url)
      await press(visit, page.getByRole('button', { name: 'Make the endpoint' }))
      await page.getByText(/^whsec_/).waitFor()
      await reach(visit, page.getByRole('tab', { name: 'Node' }))
      await page.keyboard.press('ArrowRight')
      await page.getByRole('region', { name: 'Verify a webhook in Python' }).waitFor()
      await page.keyboard.press('End')
      await page.getByRole('region', { name: 'Verify a webhook in PHP' }).waitFor()

      // When he leaves, the secret is not shown again, and another one is made.
      await visit.go('#/endpoints')
      const goOn = page
        .getByRole('row')
        .filter({ hasText: new URL(receiver.url).host })
        .getByRole('link', { name: 'Continue the set-up' })
      await goOn.waitFor()
      await page.goBack()
      await page.getByText('The secret was shown once').waitFor()
      await press(visit, page.getByRole('button', { name: 'Make a new secret' }))
      await press(visit, page.getByRole('dialog').getByRole('button', { name: 'Make a new secret' }))
      await page.getByText(/^whsec_/).waitFor()
      await visit.go('#/endpoints')
      await press(visit, goOn)

      // Then it goes on with what is missing.
      await page.getByRole('heading', { name: 'Which events it is sent' }).waitFor()
      await reach(visit, page.getByRole('checkbox', { name: 'Comments', exact: true }))
      await page.keyboard.press('Space')
      await press(visit, page.getByRole('button', { name: 'Send these events' }))
      await press(visit, page.getByRole('button', { name: 'Send a test event' }))
      await page.getByText('It arrived.').waitFor()
      await press(visit, page.getByRole('link', { name: 'Done' }))
      await page.getByRole('heading', { name: 'What it is sent' }).waitFor()
      expect(faultsOf(visit)).toEqual([])
    } finally {
      await receiver.close()
    }
  })

  it('are fewer for a chat: it is greeted, and needs no secret', async () => {
    stage.receiver.answer()
    const visit = await stage.signedIn({ path: '#/endpoints/new' })
    const { page } = visit
    await page.getByLabel('URL').fill(`${stage.receiver.url}/news`)
    await page.getByLabel('What is posted').selectOption('ntfy')
    await page.getByRole('button', { name: 'Make the endpoint' }).click()
    await page.getByText('Verified: the target wants this.').waitFor()
    expect(
      await page.getByRole('navigation', { name: 'Steps' }).getByRole('listitem').allTextContents(),
    ).toEqual(['URL', 'Verification', 'Events', 'Test'])
    expect(faultsOf(visit)).toEqual([])
  })

  it('fit a small window, and French', async () => {
    const visit = await stage.signedIn({ path: '#/endpoints/new', width: 360, language: 'fr-FR' })
    const { page } = visit
    await page.getByLabel('URL').fill('https://discord.com/api/webhooks/1/x')
    await page.getByText('Choisi d’après l’URL').waitFor()
    expect(await page.getByLabel('Ce qui est envoyé').inputValue()).toBe('discord')
    await page.getByText('En-têtes, débit').click()
    await expectSound(visit, 'endpoints-url-360-fr')
    const [made] = (await endpoints()).data
    for (const step of ['secret', 'verify', 'filter', 'test']) {
      await visit.go(`#/endpoints/new?step=${step}&endpoint=${made?.id}`)
      await page.locator('.steps [aria-current=step]').waitFor()
      await page.locator('.step .actions').first().waitFor()
      await visit.shot(`endpoints-${step}-360-fr`)
      expect(await visit.axe(), step).toEqual([])
      expect(await isWithinWindow(visit), step).toBe(true)
    }
    expect(faultsOf(visit)).toEqual([])
  })
})

/** More than any page has. */
const MOST_TABS = 120

/** Goes to something by the tabulator alone. @throws when it can't be reached so. */
async function reach({ page }: Visit, target: Locator): Promise<void> {
  await target.waitFor()
  for (let pressed = 0; pressed < MOST_TABS; pressed += 1) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`the keyboard does not reach ${target}`)
}

async function press(visit: Visit, target: Locator): Promise<void> {
  await reach(visit, target)
  await visit.page.keyboard.press('Enter')
}
