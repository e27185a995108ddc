/** @module Coming in: by a link, with a password, by registering; and what is said to who is not let in. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { comeIn, linkOfMailTo, otherFaults, signIn } from './support/people.ts'
import { type Stage, startStage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage({
    vars: { SIGNUP: 'open', RATE_LIMIT_REGISTER: '100/300', RATE_LIMIT_VERIFY_EMAIL: '100/300' },
  })
})
afterAll(() => stage.close())

describe('Signing in', () => {
  it('by a link leads to the overview, and leaves nothing of the link', async () => {
    const visit = await stage.signedIn()
    await visit.page.getByRole('heading', { name: 'Overview' }).waitFor()
    expect(visit.page.url()).toBe(`${stage.origin}/#/`)
    expect(visit.faults()).toEqual([])
  })

  it('by a link that was used says so, and offers the password', async () => {
    const { url } = (await stage.ask('POST', '/api/v1/session/links')) as { url: string }
    const path = new URL(url).hash
    await stage.visit({ path }).then(({ page }) => page.getByRole('navigation', { name: 'Pages' }).waitFor())
    const visit = await stage.visit({ path })
    await visit.page.getByText('was used before').waitFor()
    expect(await visit.axe()).toEqual([])
    await visit.page.getByRole('button', { name: 'Sign in with a password' }).click()
    await visit.page.getByLabel('User name or mail address').waitFor()
    expect(otherFaults(visit, 400)).toEqual([])
  })

  it('with a password that is wrong says what to look at, shows what was typed, and keeps the name', async () => {
    const alice = await stage.addUser('alice', 2)
    const visit = await stage.visit()
    const { page } = visit
    await signIn(visit, { username: 'alice', password: 'no password of hers' })
    await page.getByText('This name and this password do not go together').waitFor()
    expect(await visit.axe()).toEqual([])
    await visit.shot('sign-in-refused')

    const password = page.getByLabel('Password', { exact: true })
    await page.getByRole('button', { name: 'Show Password' }).click()
    expect(await password.getAttribute('type')).toBe('text')
    await password.fill(alice.password)
    await page.getByRole('button', { name: 'Hide Password' }).click()
    expect(await password.getAttribute('type')).toBe('password')
    await password.press('Enter')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    expect(otherFaults(visit, 400)).toEqual([])
  })

  it('leads to the page that was asked for', async () => {
    const bob = await stage.addUser('bob', 2)
    const visit = await stage.visit({ path: '#/settings' })
    await comeIn(visit, bob)
    await visit.page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
    expect(visit.page.url()).toBe(`${stage.origin}/#/settings`)
    expect(visit.faults()).toEqual([])
  })

  it('to an account that is blocked is refused kindly', async () => {
    const eve = await stage.addUser('eve', 2)
    const { data } = (await stage.ask('GET', '/api/v1/users?search=eve')) as { data: [{ id: string }] }
    await stage.ask('POST', `/api/v1/users/${data[0].id}/block`, { reason: 'spam' })
    const visit = await stage.visit()
    await signIn(visit, eve)
    await visit.page.getByText('This account is blocked').waitFor()
    await visit.page.getByText('can tell you why, and unblock it').waitFor()
    expect(otherFaults(visit, 403)).toEqual([])
  })

  it('in a browser that does not keep the cookie says exactly that', async () => {
    const visit = await stage.visit()
    const { page } = visit
    // As a browser that refuses a Secure cookie over plain http: the answer is 200, and nobody is signed in after it.
    await page.route('**/api/v1/session', (route) =>
      route.request().method() === 'POST'
        ? route.fulfill({
            json: {
              user: { id: 'usr_1', username: 'alice', role: 'User' },
              expiresAt: '2027-01-01T00:00:00.000Z',
            },
          })
        : route.continue(),
    )
    await signIn(visit, { username: 'alice', password: 'whatever it is' })
    await page.getByText('Your browser did not keep the session').waitFor()
    await page.getByText('over https or at localhost only').waitFor()
    const { port } = new URL(stage.origin)
    await page.getByRole('link', { name: `http://localhost:${port}/` }).waitFor()
    expect(await visit.axe()).toEqual([])
    await visit.shot('sign-in-cookie')
    expect(visit.faults()).toEqual([])
  })
})

describe('Who has no account', () => {
  it('registers, verifies the address by the mail, and signs in', async () => {
    const visit = await stage.visit()
    const { page } = visit
    const email = 'newcomer@example.com'
    await page.getByRole('link', { name: 'Register' }).click()
    await page.getByLabel('User name').fill('newcomer')
    await page.getByLabel('Mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill('a password of my own')
    expect(await visit.axe()).toEqual([])
    await visit.shot('register')
    await page.getByRole('button', { name: 'Register' }).click()
    await page.getByText('Look into your mail (newcomer@example.com)').waitFor()
    expect(await visit.axe()).toEqual([])
    await visit.shot('registered')

    // Too early, and the mail got lost.
    await page.getByRole('link', { name: 'Sign in' }).last().click()
    await signIn(visit, { username: 'newcomer', password: 'a password of my own' })
    await page.getByText('Your mail address is not verified yet').waitFor()
    await page.getByRole('link', { name: 'Send the mail again' }).click()
    await page.getByLabel('Mail address').fill(email)
    await page.getByRole('button', { name: 'Send the mail again' }).click()
    await page.getByText('If this address waits to be verified').waitFor()

    await page.goto(stage.origin + (await linkOfMailTo(stage, email, 2)))
    await page.getByRole('button', { name: 'Verify' }).waitFor()
    expect(await visit.axe()).toEqual([])
    await visit.shot('verify-email')
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByRole('link', { name: 'Sign in' }).click()
    await comeIn(visit, { username: 'newcomer', password: 'a password of my own' })
    await page.getByText('Signed in as newcomer, user').waitFor()
    expect(otherFaults(visit, 403)).toEqual([])
  })

  it('with a name that is taken is told so, and loses nothing of what was typed', async () => {
    await stage.addUser('taken', 2)
    const visit = await stage.visit({ path: '#/register' })
    const { page } = visit
    await page.getByLabel('User name').fill('taken')
    await page.getByLabel('Mail address').fill('another@example.com')
    await page.getByLabel('Password', { exact: true }).fill('a password of my own')
    await page.getByRole('button', { name: 'Register' }).click()
    await page.getByText('Somebody has this user name').waitFor()
    expect(await page.getByLabel('Mail address').inputValue()).toBe('another@example.com')
    expect(otherFaults(visit, 409)).toEqual([])
  })
})

describe('Who forgot the password', () => {
  it('chooses a new one by mail; an address that nobody has is answered the same', async () => {
    await stage.ask('POST', '/api/v1/users', {
      username: 'forgetful',
      password: 'long forgotten',
      email: 'forgetful@example.com',
    })
    const visit = await stage.visit()
    const { page } = visit
    for (const email of ['nobody@example.com', 'forgetful@example.com']) {
      await page.getByRole('link', { name: 'Forgotten your password?' }).click()
      await page.getByLabel('Mail address').fill(email)
      await page.getByRole('button', { name: 'Send the mail' }).click()
      await page.getByText('If an account has this address, a mail is on its way').waitFor()
      expect(await visit.axe()).toEqual([])
      await page.getByRole('link', { name: 'Sign in' }).last().click()
    }
    await page.goto(stage.origin + (await linkOfMailTo(stage, 'forgetful@example.com')))
    await page.getByLabel('New password').fill('remembered from now on')
    expect(await visit.axe()).toEqual([])
    await page.getByRole('button', { name: 'Change it' }).click()
    await page.getByRole('link', { name: 'Sign in' }).click()
    await comeIn(visit, { username: 'forgetful', password: 'remembered from now on' })
    expect(visit.faults()).toEqual([])
  })
})

describe('The sign-in page', () => {
  it('speaks French and turns dark where its reader wants it so, and keeps the name that was typed', async () => {
    const visit = await stage.visit()
    const { page } = visit
    await page.getByLabel('User name or mail address').fill('alice')
    await page.getByLabel('Language').selectOption('fr')
    await page.getByRole('heading', { name: 'Se connecter' }).waitFor()
    expect(await page.getByLabel('Nom d’utilisateur ou adresse électronique').inputValue()).toBe('alice')
    await page.getByLabel('Couleurs').selectOption('dark')
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark')
    expect(await visit.axe()).toEqual([])
    await visit.shot('sign-in-french-dark')
    expect(visit.faults()).toEqual([])
  })

  it.each(['light', 'dark'] as const)(
    'is whole at 360 px, %s, and can be used by keyboard',
    async (theme) => {
      const visit = await stage.visit({ theme, width: 360 })
      const { page } = visit
      await page.getByRole('link', { name: 'Register' }).waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
      expect(await visit.axe()).toEqual([])
      await visit.shot(`sign-in-360-${theme}`)
      await page.keyboard.press('Tab')
      await page.keyboard.type(`keyboard-${theme}`)
      await page.keyboard.press('Tab')
      const { password } = await stage.addUser(`keyboard-${theme}`, 2)
      await page.keyboard.type(password)
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Overview' }).waitFor()
      expect(visit.faults()).toEqual([])
    },
  )
})
