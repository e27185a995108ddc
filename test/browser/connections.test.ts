/** @module Accounts on instances in the dashboard: connecting one, what is read as it, a login that ended, whose it is. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SimulatedInstance, startInstance } from '../simulator/instance.ts'
import { signInAs } from './support/sign-in-as.ts'
import { type Stage, startStage } from './support/stage.ts'
import type { Visit } from './support/visit.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
  await stage.ask('POST', '/api/v1/instances', { url: stage.instance.origin })
})
const others: SimulatedInstance[] = []
afterAll(async () => {
  await Promise.all([stage.close(), ...others.map((one) => one.close())])
})

/** Another one that is watched: an instance is asked to log in a few times at once, and no more. */
async function anotherInstance(): Promise<SimulatedInstance> {
  const instance = await startInstance({ videos: 1 })
  others.push(instance)
  await stage.ask('POST', '/api/v1/instances', { url: instance.origin })
  return instance
}

/** A browser writes each answer that refuses something into its console. */
const faultsBut = (visit: Visit, status: number) =>
  visit.faults().filter((fault) => !fault.includes(`a status of ${status} `))
const fine = async (visit: Visit) => {
  expect(await visit.axe()).toEqual([])
  expect(visit.faults()).toEqual([])
}
/** What of the element that has the keyboard: it gets it a moment after it is shown. */
const focused = (page: Page, what: 'name' | 'tagName' | 'textContent') =>
  page.evaluate(`document.activeElement.${what}`)
const nameOf = (user: string, { host }: SimulatedInstance = stage.instance) => `${user}@${host}`

/** Connects an account, as whoever visits. @returns the address of its page. */
async function connect(visit: Visit, user: string, instance: SimulatedInstance): Promise<string> {
  const { page } = visit
  await visit.go('#/connections/new')
  await page.getByLabel('Instance').fill(instance.host)
  await page.getByLabel('User name or mail address there').fill(user)
  await page.getByLabel('Password there').fill(`${user}pass`)
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByRole('heading', { name: nameOf(user, instance), level: 1 }).waitFor()
  return page.url().replace(/^[^#]*|\?.*$/g, '')
}

describe('Connecting an account', () => {
  it('asks for what the instance asks for, keeps no password, and shows the first read: by the keyboard', async () => {
    stage.instance.setAccount('alice', { otp: '123456' })
    const visit = await signInAs(stage, 2, { path: '#/connections' })
    const { page } = visit
    await page.getByText('No account is connected yet').waitFor()
    await visit.shot('connections-empty')
    await fine(visit)

    await page.getByRole('main').getByRole('link', { name: 'Connect an account' }).first().press('Enter')
    // The only instance that there is.
    const instance = page.getByLabel('Instance')
    await expect.poll(() => instance.inputValue()).toBe(stage.instance.host)
    await instance.focus()
    await page.keyboard.press('Tab')
    await page.keyboard.type('alice')
    await page.keyboard.press('Tab')
    await page.keyboard.type('wrong')
    await page.keyboard.press('Enter')
    await page.getByText('Try the same name and password on the instance itself').waitFor()
    await visit.shot('connections-refused')

    await page.getByLabel('Password there').fill('alicepass')
    await page.getByLabel('The videos of its subscriptions').check()
    await page.getByRole('button', { name: 'Connect', exact: true }).press('Enter')
    const otp = page.getByLabel('One-time password')
    await otp.waitFor()
    await expect.poll(() => focused(page, 'name')).toBe('otp')
    await visit.shot('connections-otp')
    expect(await visit.axe()).toEqual([])
    expect(await page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }])')).not.toContain(
      'alicepass',
    )

    await page.keyboard.type('123456')
    await page.keyboard.press('Enter')
    await page.getByText('From now on news arrives').waitFor()
    await page.getByRole('heading', { name: 'Notifications of the account' }).waitFor()
    await page.getByRole('heading', { name: 'Videos of its subscriptions' }).waitFor()
    await visit.shot('connections-one')
    expect(faultsBut(visit, 422)).toEqual([])
    expect(await visit.axe()).toEqual([])

    // "Back" doesn't lead to the form again.
    await page.goBack()
    await page.getByRole('link', { name: nameOf('alice') }).waitFor()
    await page.getByText('subscriptions, notifications').waitFor()
    await visit.shot('connections-list')
    await fine(visit)
    stage.instance.setAccount('alice', { otp: null })
  })

  it('on an instance that is not watched says so, and who may watch it is led there', async () => {
    const visit = await stage.signedIn({ path: '#/connections/new?instance=unknown.example' })
    const { page } = visit
    await page.getByLabel('User name or mail address there').fill('alice')
    await page.getByLabel('Password there').fill('alicepass')
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await page.getByText('unknown.example is not watched here').waitFor()
    await page.getByRole('link', { name: 'Watch that instance first' }).click()
    await page.getByRole('heading', { name: 'Watch an instance', level: 1 }).waitFor()
    await expect.poll(() => page.getByLabel('Paste anything').inputValue()).toBe('unknown.example')
    expect(faultsBut(visit, 422)).toEqual([])
  })
})

describe('A connection', () => {
  it('whose login has ended is logged in again, and disconnected once that was asked', async () => {
    const instance = await anotherInstance()
    const visit = await signInAs(stage, 2, { theme: 'dark' })
    const { page } = visit
    const path = await connect(visit, 'bob', instance)
    await page.getByText('From now on news arrives').waitFor()
    await visit.go(path)

    instance.setAccount('bob', { state: 'blocked' })
    await page.getByText('The instance has ended the session').waitFor()
    await visit.shot('connections-expired-dark')
    await fine(visit)
    await visit.go('#/connections')
    await page.getByText('login ended').waitFor()
    await page.getByRole('link', { name: 'Log in again' }).click()

    await page.getByRole('heading', { name: 'Log in again', level: 1 }).waitFor()
    await page.getByLabel('Password there').fill('bobpass')
    await page.getByRole('button', { name: 'Log in again' }).click()
    await page.getByText('Ask those who run the instance.').waitFor()
    instance.setAccount('bob', { state: 'ok' })
    await page.getByRole('button', { name: 'Log in again' }).click()
    await page.getByText('From now on news arrives').waitFor()
    await page.getByText('active', { exact: true }).waitFor()

    await page
      .getByRole('button', { name: 'Change the accepted delay: Notifications of the account' })
      .click()
    await page.getByLabel('Delay accepted, in seconds').fill('120')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('2 min').waitFor()

    await page.getByRole('button', { name: 'Disconnect' }).click()
    const dialog = page.getByRole('dialog', { name: `Disconnect ${nameOf('bob', instance)}?` })
    await dialog.getByText('Its events stay').waitFor()
    expect(await visit.axe()).toEqual([])
    await dialog.getByRole('button', { name: 'Disconnect' }).click()
    await page.getByText('No account is connected yet').waitFor()
    expect(faultsBut(visit, 422)).toEqual([])
  })

  it('of somebody else is seen by administrators, who can disconnect it and not log it in', async () => {
    const instance = await anotherInstance()
    const owner = await signInAs(stage, 2)
    const path = await connect(owner, 'carol', instance)
    const visit = await stage.signedIn({ path: '#/connections' })
    const { page } = visit
    await page.getByLabel('Whose').selectOption('all')
    await page.waitForURL(/owner=all/)
    await page.getByText(`Owner: ${owner.username}`).waitFor()
    await visit.shot('connections-everybodys')
    await fine(visit)

    instance.setAccount('carol', { state: 'blocked' })
    await page.getByRole('link', { name: nameOf('carol', instance) }).click()
    await page.getByText('Its owner can log in again').waitFor()
    expect(await page.getByRole('link', { name: 'Log in again' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Disconnect' }).waitFor()
    await page.getByRole('link', { name: owner.username }).waitFor()
    await fine(visit)

    const moderator = await signInAs(stage, 1, { path })
    await moderator.page.getByRole('alert').getByText('con_').waitFor()
    await moderator.go('#/connections')
    await moderator.page.getByText('No account is connected yet').waitFor()
    expect(await moderator.page.getByLabel('Whose').count()).toBe(0)
    expect(faultsBut(moderator, 404)).toEqual([])
  })
})

describe('On a phone', () => {
  it('nothing is wider than it, in French', async () => {
    const instance = await anotherInstance()
    const visit = await signInAs(stage, 2, { width: 360, height: 740, language: 'fr-FR' })
    const { page } = visit
    const views = [
      ['', 'Aucun compte n’est encore connecté', 'empty'],
      ['/new', 'Mot de passe là-bas', 'new'],
    ] as const
    for (const [path, shown, name] of views) {
      await visit.go(`#/connections${path}`)
      await page.getByText(shown).first().waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
      await visit.shot(`connections-${name}-360`)
      await fine(visit)
    }
    await page.getByLabel('Instance').fill(instance.host)
    await page.getByLabel('Nom d’utilisateur ou adresse électronique là-bas').fill('root')
    await page.getByLabel('Mot de passe là-bas').fill('rootpass')
    await page.getByRole('button', { name: 'Connecter', exact: true }).click()
    await page.getByText('les nouvelles arrivent').waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
    await visit.shot('connections-one-360')
    await visit.go('#/connections')
    await page.getByText(nameOf('root', instance)).waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
    await visit.shot('connections-list-360')
    await fine(visit)
  })
})
