/** @module Endpoints from day to day: what is wrong with one, and what is done about it. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startReceiver } from '../simulator/receiver.ts'
import { expectSound, faultsOf } from './support/sound.ts'
import { type Stage, startStage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
  instanceId = (await stage.api.addInstance(stage.instance.origin, 2)).id
  // What an endpoint is sent is what comes after these.
  await isInLog(2)
})
afterAll(() => stage.close())

let instanceId: string
let inLog = 2

/** Publishes videos, and waits until they are read. */
async function publish(count: number): Promise<void> {
  stage.instance.publishMany(count)
  inLog += count
  await stage.api.pollNow(instanceId)
  await isInLog(inLog)
}

async function isInLog(count: number): Promise<void> {
  await vi.waitFor(
    async () => {
      // Not by the API, which counts what is asked of it.
      const row = await stage.db.prepare('SELECT count(*) AS events FROM events').first()
      expect(row).toEqual({ events: count })
    },
    { timeout: 60_000, interval: 200 },
  )
}

/** As the operator, whose word is enough. */
const addEndpoint = async (url: string, description: string) =>
  (await stage.ask('POST', '/api/v1/endpoints', { url, description, verified: true })) as {
    id: string
    secret: string
  }

describe('An endpoint', () => {
  it('whose receiver fails says why; once it is mended, what was given up is recovered', async () => {
    const { receiver } = stage
    receiver.answer({ status: 500, body: 'the disk is full' })
    const { id } = await addEndpoint(receiver.url, 'The team’s robot')
    const visit = await stage.signedIn({ path: `#/endpoints/${id}` })
    const { page } = visit
    await page.getByText('All is well').waitFor()
    await page.getByText('Nothing was sent yet').waitFor()
    await expectSound(visit, 'endpoint-new')

    // When it fails five times in a row.
    await publish(6)
    await page.getByText('The target fails.').waitFor()
    await page.getByText(/The last \d attempts in a row failed/).waitFor()
    await page.getByText('The receiver itself failed (5xx).').waitFor()
    await page.getByText(/The next probe is|A probe is due/).waitFor()
    await page.getByRole('link', { name: /answered 500/ }).waitFor()
    await expectSound(visit, 'endpoint-failing')
    await visit.go('#/endpoints')
    await page.getByRole('row').filter({ hasText: 'The team’s robot' }).getByText('failing').waitFor()
    await page.getByText('0%').waitFor()
    await expectSound(visit, 'endpoints-list')

    // When all attempts were in vain: three days that nobody waits for here.
    await stage.db
      .prepare(
        "UPDATE deliveries SET state = 'failed', due_at = NULL, finished_at = created_at WHERE endpoint_id = ?",
      )
      .bind(id)
      .run()
    await page.getByRole('link', { name: 'The team’s robot' }).click()
    await page.getByText('6 webhooks were given up').waitFor()

    // Then what failed can be recovered, and waits for the receiver, too.
    await page.getByRole('link', { name: 'Recover what failed' }).click()
    await page.getByRole('button', { name: 'Recover what failed' }).click()
    await page.getByText('What failed is being sent again').waitFor()
    await page.getByRole('progressbar', { name: 'Progress' }).waitFor()
    await expectSound(visit, 'endpoint-recovering')

    // When the receiver is mended, and Tubewire is told so.
    receiver.answer()
    await page.getByRole('link', { name: 'The team’s robot' }).click()
    await page.getByRole('button', { name: 'It is mended: send now' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
    await page.getByText('All is well').waitFor()
    await page.getByRole('link', { name: 'Send again' }).click()
    await page.getByRole('link', { name: 'what failed' }).click()
    await page.getByText('All of it was sent again').waitFor()
    await page.getByText('arrived 6').waitFor()
    await expectSound(visit, 'endpoint-recovered')

    // And a part of the log is sent again, by its numbers.
    await page.getByLabel('What', { exact: true }).selectOption('sequences')
    expect(page.url()).toContain('kind=sequences')
    await page.getByLabel('First').fill('5')
    await page.getByLabel('Last').fill('3')
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByText('must not be less than from').waitFor()
    await page.getByLabel('Last').fill('6')
    const before = receiver.count()
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByText('2 webhooks asked for').waitFor()
    await page.getByText('arrived 2').waitFor()
    expect(receiver.count()).toBe(before + 2)
    await visit.go(`#/endpoints/${id}`)
    await page.getByText('Half answered in').waitFor()
    await expectSound(visit, 'endpoint-well')
  })

  it('is paused and resumed, changed, given another secret and other subscriptions, and removed', async () => {
    const receiver = await startReceiver()
    try {
      const { id, secret } = await addEndpoint(receiver.url, 'Paused now and then')
      receiver.setSecret(secret)
      const visit = await stage.signedIn({ path: `#/endpoints/${id}` })
      const { page } = visit

      // When it is paused, what happens waits; when it is resumed without, that is skipped.
      await page.getByRole('button', { name: 'Pause', exact: true }).click()
      await page.getByText('Paused by its owner.').waitFor()
      await expectSound(visit, 'endpoint-paused')
      await publish(1)
      await page.getByRole('row').filter({ hasText: 'waiting' }).waitFor()
      await page.getByRole('button', { name: 'Resume' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('What waited meanwhile').selectOption('none')
      await expectSound(visit, 'endpoint-resume')
      await dialog.getByRole('button', { name: 'Resume' }).click()
      await page.getByText('All is well').waitFor()
      await page.getByRole('row').filter({ hasText: 'not wanted' }).waitFor()
      expect(receiver.count()).toBe(0)

      // When it has another secret, the one before goes on for a day.
      await page.getByRole('link', { name: 'Make a new secret' }).click()
      await page.getByRole('button', { name: 'Make a new secret' }).click()
      await dialog.getByRole('button', { name: 'Make a new secret' }).click()
      const rotated = (await page.getByText(/^whsec_/).textContent()) ?? ''
      expect(rotated).not.toBe(secret)
      await page.getByText('The secret before this one holds until').waitFor()
      await expectSound(visit, 'endpoint-secret')
      await visit.go(`#/endpoints/${id}`)
      await page.getByRole('button', { name: 'Send a test event' }).click()
      await page.getByText('It arrived.').waitFor()
      expect(receiver.requests().at(-1)?.verified).toBe(true)
      receiver.setSecret(rotated)
      await page.getByRole('button', { name: 'Send a test event' }).click()
      await expect.poll(() => receiver.requests().at(-1)?.verified).toBe(true)

      // When somebody else changes it meanwhile, that is said, and what was typed stays.
      await page.getByRole('link', { name: 'Change the settings' }).click()
      await page.getByLabel('Description').fill('Called otherwise')
      await stage.ask('PATCH', `/api/v1/endpoints/${id}`, { timeoutSeconds: 7 })
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('Somebody changed this meanwhile').waitFor()
      await expectSound(visit, 'endpoint-edit')
      await page.getByRole('button', { name: 'Load again' }).click()
      // What is set there opens it by itself.
      await expect.poll(() => page.getByLabel('Time to answer').inputValue()).toBe('7')
      expect(await page.getByLabel('Description').inputValue()).toBe('Called otherwise')
      await page.getByLabel('Requests a second').fill('12')
      await page.getByLabel('Notes of yours').fill('team: red\nroom: 4')
      await page.getByLabel('Headers of yours').fill('X-Team: red')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByRole('heading', { name: 'Called otherwise' }).waitFor()
      expect(await stage.ask('GET', `/api/v1/endpoints/${id}`)).toMatchObject({
        description: 'Called otherwise',
        timeoutSeconds: 7,
        rateLimit: 12,
        metadata: { team: 'red', room: '4' },
        headers: 'set',
      })

      // What is taken away is taken away.
      await page.getByRole('link', { name: 'Change the settings' }).click()
      await page.getByLabel('Notes of yours').fill('room: 4')
      await page.getByLabel('Requests a second').fill('')
      await page.getByLabel('Take all headers away').check()
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByRole('heading', { name: 'Called otherwise' }).waitFor()
      const after = (await stage.ask('GET', `/api/v1/endpoints/${id}`)) as Record<string, unknown>
      expect(after).toMatchObject({ rateLimit: null, headers: null })
      expect(after['metadata']).toEqual({ room: '4' })

      // When its subscriptions are changed.
      await page.getByText('All events that you may see').waitFor()
      await page.getByRole('link', { name: 'Edit', exact: true }).last().click()
      await page.getByRole('checkbox', { name: 'Lives', exact: true }).check()
      await page.getByLabel('Tags').fill('music, jazz')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('music, jazz').waitFor()
      await page.getByRole('link', { name: 'Add a subscription' }).click()
      await page.getByRole('checkbox', { name: 'Comment written' }).check()
      await page.getByRole('button', { name: 'Save' }).click()
      const subscriptions = page.getByRole('region', { name: 'What it is sent' })
      await subscriptions.getByText('Comment written').waitFor()
      expect(await subscriptions.getByRole('listitem').count()).toBe(2)
      await expectSound(visit, 'endpoint-subscriptions')
      for (const left of [1, 0]) {
        await subscriptions.getByRole('button', { name: 'Remove' }).first().click()
        await dialog.getByText('no longer sent these events').waitFor()
        await dialog.getByRole('button', { name: 'Remove' }).click()
        await expect.poll(() => subscriptions.getByRole('listitem').count()).toBe(left)
      }
      await page.getByText('It is sent nothing: choose which events.').waitFor()

      // When it is removed, the question says what is gone with it.
      await page.getByRole('banner').first().waitFor()
      await page.getByRole('button', { name: 'Remove' }).first().click()
      await dialog.getByText('It is gone with its subscriptions').waitFor()
      await expectSound(visit, 'endpoint-remove')
      await dialog.getByRole('button', { name: 'Remove it' }).click()
      await page.getByRole('heading', { name: 'Endpoints', exact: true }).waitFor()
      expect(await page.getByText('Called otherwise').count()).toBe(0)
    } finally {
      await receiver.close()
    }
  })

  it('may be called anything, and fits a small window', async () => {
    const names = [
      '<img src=x onerror="document.title=1">',
      '\u202egnp.exe \u0645\u0631\u062d\u0628\u0627',
      'x'.repeat(500),
    ]
    const made = []
    for (const name of names) made.push(await addEndpoint(`${stage.receiver.url}?${'y'.repeat(900)}`, name))
    const visit = await stage.signedIn({ path: '#/endpoints', width: 360 })
    const { page } = visit
    await page.getByRole('link', { name: names[0] ?? '' }).waitFor()
    await expectSound(visit, 'endpoints-hostile-360')
    let asked = 0
    page.on('request', (request) => {
      if (request.url().includes('/api/v1/')) asked += 1
    })
    for (const [index, { id }] of made.entries()) {
      asked = 0
      await visit.go(`#/endpoints/${id}`)
      await page.getByRole('heading', { name: 'Settings' }).waitFor()
      await page.getByText('What it is sent').waitFor()
      await expectSound(visit, `endpoint-hostile-${index}-360`)
      // Five, and as many again when something happens meanwhile: somebody has fifty in ten seconds.
      expect(asked).toBeLessThanOrEqual(10)
    }
    await visit.go(`#/endpoints/${made[2]?.id}/edit`)
    await page.getByLabel('Description').waitFor()
    await expectSound(visit, 'endpoint-edit-360')

    // One that there isn't says so on a page of its own, with the way to those there are.
    for (const part of ['', '/edit', '/secret', '/send-again']) {
      await visit.go(`#/endpoints/ep_unknown${part}`)
      await page.getByRole('alert').waitFor()
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
      expect(await page.locator('.up a').getAttribute('href')).toContain('#/endpoints')
    }
    visit.faults()

    // The list is searched and sorted in the address, which can be sent.
    await visit.go('#/endpoints')
    await page.getByLabel('Search in URL').fill('gnp')
    // What is chosen before that is looked for is not undone by it.
    await page.getByLabel('Order').selectOption('createdAt')
    await page.waitForURL(/sort=createdAt/)
    const found = page.locator('.endpoint-cell')
    await expect.poll(() => found.count()).toBe(1)
    expect(page.url()).toContain('search=gnp')
    await page.reload()
    expect(await page.getByLabel('Search in URL').inputValue()).toBe('gnp')
    expect(await page.getByLabel('Order').inputValue()).toBe('createdAt')
    await page.goBack()
    await expect.poll(() => page.getByLabel('Search in URL').inputValue()).toBe('')
    await page.getByLabel('Search in URL').fill('nobody is called so')
    await page.getByText('Nothing fits.').waitFor()
    expect(faultsOf(visit)).toEqual([])
    for (const { id } of made) await stage.ask('DELETE', `/api/v1/endpoints/${id}`)
  })

  it('of somebody else is seen and paused by a moderator, whose word counts', async () => {
    const [moderator, user] = [await stage.addUser('mona', 1), await stage.addUser('uma', 2)]
    const umas = await signIn(user)
    await umas.page.getByRole('navigation').getByRole('link', { name: 'Endpoints' }).click()
    await umas.page.getByRole('link', { name: 'New endpoint' }).first().click()
    await umas.page.getByLabel('URL').fill(stage.receiver.url)
    await umas.page.getByLabel('Description').fill('Uma’s own')
    stage.receiver.answer({ status: 404 })
    await umas.page.getByRole('button', { name: 'Make the endpoint' }).click()
    await umas.page.getByRole('link', { name: 'Next' }).click()
    await umas.page.getByText('answered 404').waitFor()
    expect(await umas.page.getByRole('button', { name: 'Confirm by hand' }).count()).toBe(0)
    await umas.go('#/endpoints')
    await umas.page.getByRole('link', { name: 'Uma’s own' }).waitFor()
    expect(await umas.page.getByLabel('Those of others, too').count()).toBe(0)

    const monas = await signIn(moderator)
    const { page } = monas
    await page.getByRole('navigation').getByRole('link', { name: 'Endpoints' }).click()
    await page.getByText('There is no endpoint yet.').waitFor()
    await page.getByLabel('Those of others, too').check()
    await page
      .getByText(/^Owner: usr_/)
      .first()
      .waitFor()
    await expectSound(monas, 'endpoints-of-all')
    await page.getByRole('link', { name: 'Uma’s own' }).click()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('Paused by a moderator.').waitFor()
    for (const name of ['Remove', 'Send a test event'])
      expect(await page.getByRole('button', { name }).count()).toBe(0)
    expect(await page.getByRole('link', { name: 'Edit' }).count()).toBe(0)
    await expectSound(monas, 'endpoint-of-somebody-else')

    await umas.page.getByRole('link', { name: 'Uma’s own' }).click()
    await umas.page.getByText('Only a moderator or an administrator can resume it').waitFor()
    expect(await umas.page.getByRole('button', { name: 'Resume' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
    await page.getByText('not verified yet').waitFor()
    expect([...faultsOf(monas), ...faultsOf(umas)]).toEqual([])
  })
})

async function signIn({ username, password }: { username: string; password: string }) {
  const visit = await stage.visit()
  await visit.page.getByLabel('User name or mail address').fill(username)
  await visit.page.getByLabel('Password').fill(password)
  await visit.page.getByRole('button', { name: 'Sign in' }).click()
  await visit.page.getByRole('navigation', { name: 'Pages' }).waitFor()
  return visit
}
