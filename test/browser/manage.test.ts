/** @module API keys, users, the audit log and the settings: as an administrator, a moderator and a user work with them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { comeIn, linkOfMailTo, otherFaults } from './support/people.ts'
import { type Stage, startStage } from './support/stage.ts'
import type { Visit } from './support/visit.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage({
    vars: { SIGNUP: 'approval', RATE_LIMIT_REGISTER: '100/300', RATE_LIMIT_VERIFY_EMAIL: '100/300' },
  })
})
afterAll(() => stage.close())

const register = (username: string) =>
  stage.ask('POST', '/api/v1/users/register', {
    username,
    password: `the password of ${username}`,
    email: `${username}@example.com`,
  })

async function idOf(username: string): Promise<string> {
  const { data } = (await stage.ask('GET', `/api/v1/users?search=${username}`)) as { data: [{ id: string }] }
  return data[0].id
}

/** As wide as the window, and not wider. */
const widthOf = ({ page }: Visit) => page.evaluate('document.documentElement.scrollWidth')

const HOSTILE = '<img src=x onerror="document.title=1">'

describe('API keys', () => {
  it('are made, shown once, work as their example says, are changed, and are revoked after a question', async () => {
    const carol = await stage.addUser('carol', 2)
    const visit = await stage.visit({ path: '#/api-keys' })
    const { page } = visit
    await comeIn(visit, carol)
    await page.getByText('No keys yet').waitFor()
    expect(await visit.axe()).toEqual([])
    await page.getByRole('link', { name: 'Make the first one' }).click()

    await page.getByLabel('Name').fill(`Reader of ${HOSTILE}`)
    await page.getByRole('button', { name: 'Make a key' }).click()
    await page.getByText('must name at least one scope').waitFor()
    await page.getByLabel('Read the event log').check()
    await page.getByLabel('Ends', { exact: true }).selectOption('at a time of your choice')
    await page.getByLabel('Ends at').fill('2099-12-31T12:00')
    await page.getByLabel('Requests').fill('20')
    expect(await visit.axe()).toEqual([])
    await visit.shot('api-key-new')
    await page.getByRole('button', { name: 'Make a key' }).click()

    await page.getByRole('heading', { name: 'The key is made' }).waitFor()
    const key = (await page.getByText(/^tw_[\w-]{20,}$/).textContent()) ?? ''
    await page.getByRole('button', { name: 'Copy: Key' }).click()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(key)
    const example = (await page.getByRole('region', { name: 'A first request with it' }).textContent()) ?? ''
    const [, authorization = '', url = ''] = /-H "Authorization: (.*?)".*"(http.*?)"/s.exec(example) ?? []
    expect((await fetch(url, { headers: { authorization } })).status).toBe(200)
    expect(await visit.axe()).toEqual([])
    await visit.shot('api-key-made')

    await page.getByRole('link', { name: 'To all keys' }).click()
    await page.getByRole('link', { name: `Reader of ${HOSTILE}` }).click()
    await page.getByLabel('Name').fill('Reader')
    await page.getByLabel('See which instances are watched').check()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('instances:read').waitFor()
    await page.getByRole('link', { name: 'Reader', exact: true }).waitFor()
    expect(await visit.axe()).toEqual([])
    await visit.shot('api-keys')
    expect(await page.title()).toBe('API keys – Tubewire')

    await page.getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('The programs that use “Reader” are refused').waitFor()
    expect(await visit.axe()).toEqual([])
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('No keys yet').waitFor()
    expect((await fetch(url, { headers: { authorization } })).status).toBe(401)
    expect(otherFaults(visit, 400)).toEqual([])
  })

  it('are changed from what they are, and not from what was read before; the focus is not lost with what is revoked', async () => {
    const { id } = (await stage.ask('POST', '/api/v1/api-keys', {
      name: 'As it was',
      scopes: ['events:read'],
    })) as { id: string }
    const visit = await stage.signedIn({ path: `#/api-keys/${id}` })
    const { page } = visit
    const name = page.getByLabel('Name')
    await name.waitFor()
    await visit.go('#/api-keys')
    await page.getByRole('link', { name: 'As it was' }).waitFor()

    // When somebody else has changed it meanwhile.
    await stage.ask('PATCH', `/api/v1/api-keys/${id}`, { name: 'As it is' })
    await visit.go(`#/api-keys/${id}`)
    await name.waitFor()
    expect(await name.inputValue()).toBe('As it is')

    await visit.go('#/api-keys')
    const row = page.getByRole('row', { name: 'As it is' })
    await row.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await row.waitFor({ state: 'detached' })
    await page.locator('h1:focus').waitFor()
    expect(visit.faults()).toEqual([])
  })

  it('of others are seen and revoked by administrators', async () => {
    const dave = await stage.addUser('dave', 2)
    const owner = await stage.visit({ path: '#/api-keys/new' })
    await comeIn(owner, dave)
    await owner.page.getByLabel('Name').fill('A key of Dave')
    await owner.page.getByLabel('See connections').check()
    await owner.page.getByRole('button', { name: 'Make a key' }).click()
    await owner.page.getByRole('heading', { name: 'The key is made' }).waitFor()
    // To whom it is not given is not offered what is others'.
    await owner.page.getByRole('link', { name: 'To all keys' }).click()
    await owner.page.getByText('A key of Dave').waitFor()
    expect(await owner.page.getByRole('link', { name: 'Everybody’s' }).count()).toBe(0)
    expect(owner.faults()).toEqual([])

    const visit = await stage.signedIn({ path: `#/users/${await idOf('dave')}`, theme: 'dark' })
    const { page } = visit
    await page.getByRole('link', { name: 'API keys of this user' }).click()
    await page.getByText('A key of Dave').waitFor()
    expect(await visit.axe()).toEqual([])
    await visit.shot('api-keys-others-dark')
    await page.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('There are no keys here').waitFor()
    await page.getByRole('link', { name: 'Everybody’s' }).click()
    await page.waitForURL('**/#/api-keys?owner=all')
    expect(visit.faults()).toEqual([])
  })
})

describe('Users', () => {
  it('are accepted, blocked with a reason and unblocked by a moderator, who is offered nothing else', async () => {
    const moderator = await stage.addUser('moderator', 1)
    await register('applicant')
    await stage.addUser('another-admin', 0)
    const visit = await stage.visit({ path: '#/users?state=waiting-for-approval' })
    const { page } = visit
    await comeIn(visit, moderator)
    await page.getByText('applicant@example.com').waitFor()
    expect(await page.getByRole('link', { name: 'Audit log' }).count()).toBe(0)
    expect(await page.getByRole('link', { name: 'Make an account' }).count()).toBe(0)
    expect(await visit.axe()).toEqual([])
    await page.getByRole('button', { name: 'Accept applicant' }).click()
    await page.getByText('Nothing fits.').waitFor()

    await page.getByLabel('State').selectOption('waits for its mail')
    await page.waitForURL('**/#/users?state=waiting-for-email')
    await page.getByRole('link', { name: 'applicant' }).click()
    await page.getByRole('button', { name: 'Block' }).click()
    await page.getByLabel('Reason').fill(HOSTILE)
    expect(await visit.axe()).toEqual([])
    await page.getByRole('dialog').getByRole('button', { name: 'Block' }).click()
    await page.getByText('Blocked: the session is over').waitFor()
    await page.getByText(HOSTILE).waitFor()
    expect(await page.getByRole('heading', { name: 'Change the account' }).count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Delete the account' }).count()).toBe(0)
    expect(await visit.axe()).toEqual([])
    await visit.shot('user-moderator')

    await page.getByRole('link', { name: 'Users' }).first().click()
    await page.getByLabel('State').selectOption('blocked')
    await page.getByRole('link', { name: 'applicant' }).click()
    await page.getByRole('button', { name: 'Unblock' }).click()
    await page.getByText('Unblocked: what was paused goes on.').waitFor()

    // Whom a moderator may not judge.
    await visit.go(`#/users/${await idOf('another-admin')}`)
    await page.getByRole('heading', { name: 'another-admin' }).waitFor()
    expect(await page.getByRole('button', { name: 'Block' }).count()).toBe(0)
    expect(visit.faults()).toEqual([])
  })

  it('are made, found, changed and deleted by an administrator', async () => {
    const visit = await stage.signedIn({ path: '#/users' })
    const { page } = visit
    await page.getByRole('link', { name: 'Make an account' }).click()
    await page.getByLabel('User name').fill('frank')
    await page.getByLabel('Mail address').fill('frank@example.com')
    await page.getByLabel('Role').selectOption('moderator')
    await page.getByText('Sees what everybody has').waitFor()
    await page.getByLabel('Password', { exact: true }).fill('a first password')
    expect(await visit.axe()).toEqual([])
    await page.getByRole('button', { name: 'Make an account' }).click()

    await page.getByRole('heading', { name: 'frank' }).waitFor()
    expect(await visit.axe()).toEqual([])
    await visit.shot('user')
    await page.getByLabel('Role').selectOption('user')
    await page.getByLabel('The mail address is verified').check()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    await page.getByText('(verified)').waitFor()

    await page.getByRole('link', { name: 'Users' }).first().click()
    await page.getByLabel('Search').fill('frank@')
    await page.waitForURL('**/#/users?search=frank*')
    await page.getByText('1 entry').waitFor()
    expect(await visit.axe()).toEqual([])
    await visit.shot('users')
    await page.getByRole('link', { name: 'frank' }).click()
    await page.getByRole('heading', { level: 1, name: 'frank' }).waitFor()
    await page.goBack()
    expect(await page.getByLabel('Search').inputValue()).toBe('frank@')
    await page.getByRole('link', { name: 'frank' }).click()

    await page.getByRole('button', { name: 'Delete the account' }).click()
    await page.getByText('Gone with the account: its endpoints').waitFor()
    expect(await visit.axe()).toEqual([])
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the account' }).click()
    await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor()
    await page.getByText('moderator', { exact: true }).first().waitFor()
    expect(await page.getByText('frank@example.com').count()).toBe(0)
    expect(visit.faults()).toEqual([])
  })

  it('who are blocked are looked for among so many at a time, and further when that is asked for', async () => {
    let asked = 0
    const visit = await stage.signedIn()
    const { page } = visit
    // Given more accounts than anybody would wait for, of whom none is blocked.
    await page.route('**/api/v1/users?*', (route) => {
      asked += 1
      const data = Array.from({ length: 100 }, (_, index) => ({
        id: `usr_${asked}_${index}`,
        blocked: false,
      }))
      return route.fulfill({ json: { data, total: 100_000, next: `usr_${asked}` } })
    })
    await visit.go('#/users?state=blocked')
    await page.getByText('Of the first 500 accounts.').waitFor()
    expect(asked).toBe(5)
    await page.getByRole('button', { name: 'Look further' }).click()
    await page.getByText('Of the first 1,000 accounts.').waitFor()
    expect(asked).toBe(10)
    expect(await visit.axe()).toEqual([])
    expect(visit.faults()).toEqual([])
  })

  it('who are the last administrator keep their role, in the API’s words', async () => {
    await stage.ask('DELETE', `/api/v1/users/${await idOf('another-admin')}`)
    const visit = await stage.signedIn({ path: '#/users/usr_administrator' })
    const { page } = visit
    await page.getByLabel('Role').selectOption('user')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('This is the last administrator: make another one first').waitFor()
    expect(await page.getByRole('button', { name: 'Delete the account' }).count()).toBe(0)
    expect(otherFaults(visit, 409)).toEqual([])
  })
})

describe('The audit log', () => {
  it('says who did what on what, and is searched by user and action in its address', async () => {
    const visit = await stage.signedIn({ path: '#/audit-log' })
    const { page } = visit
    await page.getByRole('link', { name: 'accepted a registration' }).first().waitFor()
    expect(await visit.axe()).toEqual([])
    await visit.shot('audit-log')
    await page.getByLabel('What', { exact: true }).selectOption('blocked an account')
    await page.waitForURL('**/#/audit-log?action=blockUser')
    const list = page.getByRole('list', { name: 'Audit log' })
    await expect.poll(() => list.getByRole('listitem').allTextContents()).toHaveLength(1)
    await page.getByLabel('Who (user name)').fill('nobody-of-this-name')
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.getByText('There is no user of this name').waitFor()
    await page.getByLabel('Who (user name)').fill('moderator')
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.waitForURL(`**/#/audit-log?user=${await idOf('moderator')}&action=blockUser`)
    await list.getByText('moderator').waitFor()
    const applicant = await idOf('applicant')
    await list.getByRole('link', { name: applicant }).click()
    await page.getByRole('heading', { name: 'applicant' }).waitFor()
    await page.goBack()
    await page.goBack()
    await page.waitForURL('**/#/audit-log?action=blockUser')
    expect(visit.faults()).toEqual([])
  })

  it('has the mails that are kept, and the way to their links', async () => {
    await register('by-mail')
    const link = await linkOfMailTo(stage, 'by-mail@example.com')
    const visit = await stage.signedIn({ path: '#/audit-log', theme: 'dark' })
    const { page } = visit
    await page.getByRole('link', { name: 'Mails' }).click()
    const mail = page
      .getByRole('article')
      .filter({ hasText: 'by-mail@example.com' })
      .filter({ hasText: link })
    await mail.getByText('kept here').waitFor()
    await mail.getByText('Text', { exact: true }).click()
    expect(await visit.axe()).toEqual([])
    await visit.shot('mails-dark')
    await mail.getByRole('link', { name: 'Open the link of the mail' }).click()
    await page.getByRole('heading', { name: 'Verify your address' }).waitFor()
    expect(visit.faults()).toEqual([])
  })
})

describe('Settings', () => {
  it('change the password by keyboard alone, and say so where one signs in with it', async () => {
    const grace = await stage.addUser('grace', 2)
    const visit = await stage.visit({ path: '#/settings' })
    const { page } = visit
    await comeIn(visit, grace)
    await page.getByLabel('Current password').focus()
    await page.keyboard.type('not this one')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.type('a better password')
    await page.keyboard.press('Enter')
    await page.getByText('The current password is not right. Nothing was changed.').waitFor()
    await page.getByLabel('Current password').fill(grace.password)
    await page.getByLabel('Current password').press('Enter')
    await page.getByText('Your password is changed').waitFor()
    expect(await visit.axe()).toEqual([])
    await comeIn(visit, { username: 'grace', password: 'a better password' })
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
    // A user sees what is his, and nothing of the configuration.
    expect(await page.getByText('RATE_LIMIT_API').count()).toBe(0)
    // 401: of the password that was not right.
    expect(otherFaults(visit, 401)).toEqual([])
  })

  it('take a new mail address, once it is verified', async () => {
    const heidi = await stage.addUser('heidi', 2)
    const visit = await stage.visit({ path: '#/settings' })
    const { page } = visit
    await comeIn(visit, heidi)
    await page.getByLabel('New mail address').fill('heidi@example.com')
    await page.getByLabel('Your password').fill(heidi.password)
    await page.getByRole('button', { name: 'Change the address' }).click()
    await page.getByText('heidi@example.com waits to be verified').waitFor()
    expect(await visit.axe()).toEqual([])
    await page.goto(stage.origin + (await linkOfMailTo(stage, 'heidi@example.com')))
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByRole('link', { name: 'Sign in' }).click()
    // Who is signed in already is so still.
    await visit.go('#/settings')
    await page.getByText('(verified)').waitFor()
    expect(visit.faults()).toEqual([])
  })

  it('delete the account, when its name was typed', async () => {
    const ivan = await stage.addUser('ivan', 2)
    const visit = await stage.visit({ path: '#/settings' })
    const { page } = visit
    await comeIn(visit, ivan)
    await page.getByRole('button', { name: 'Delete my account …' }).click()
    const confirm = page.getByRole('button', { name: 'Delete for good' })
    await page.getByLabel('To go on, type your user name: ivan').fill('iva')
    expect(await confirm.isDisabled()).toBe(true)
    await page.getByLabel('To go on, type your user name: ivan').fill('ivan')
    expect(await visit.axe()).toEqual([])
    await confirm.click()
    await page.getByText('Your account is deleted').waitFor()
    expect((await stage.ask('GET', '/api/v1/users?search=ivan')) as unknown).toMatchObject({ data: [] })
    expect(visit.faults()).toEqual([])
  })

  it('show an administrator what is configured, and where', async () => {
    const visit = await stage.signedIn({ path: '#/settings' })
    const { page } = visit
    await page.getByText('RATE_LIMIT_API').waitFor()
    const row = page.getByRole('row').filter({ hasText: 'SIGNUP' })
    expect(await row.textContent()).toContain('a moderator accepts each')
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Description in OpenAPI 3.1 (JSON)' }).click()
    expect((await download).suggestedFilename()).toBe('tubewire-openapi-3.1.json')
    expect(await visit.axe()).toEqual([])
    await visit.shot('settings')
    expect(visit.faults()).toEqual([])
  })
})

describe('The pages of managing', () => {
  it.each(['light', 'dark'] as const)('are whole at 360 px, %s', async (theme) => {
    await stage.ask('POST', '/api/v1/api-keys', {
      name: `${HOSTILE}${'x'.repeat(60)}`,
      scopes: ['events:read'],
    })
    const visit = await stage.signedIn({ theme, width: 360 })
    const { page } = visit
    for (const [path, shown] of [
      ['api-keys', 'events:read'],
      ['api-keys/new', 'Read the event log, follow it and download it'],
      ['users', 'moderator'],
      ['users/new', 'Hand it over'],
      [`users/${await idOf('moderator')}`, 'Change the account'],
      ['audit-log', 'signed in with a browser'],
      ['audit-log/mails', 'Open the link of the mail'],
      ['settings', 'RATE_LIMIT_API'],
    ] as const) {
      await visit.go(`#/${path}`)
      await page.getByText(shown).locator('visible=true').first().waitFor()
      expect(await widthOf(visit), path).toBeLessThanOrEqual(360)
      expect(await visit.axe(), path).toEqual([])
      await visit.shot(`manage-360-${path.replace(/\/usr_.*/, '-one').replace('/', '-')}-${theme}`)
    }
    expect(visit.faults()).toEqual([])
  })

  it.each([
    ['fr-FR', 'light'],
    ['en-GB', 'dark'],
  ] as const)('have no fault in %s, %s', async (language, theme) => {
    const visit = await stage.signedIn({ theme, language })
    for (const path of [
      'api-keys',
      'api-keys/new',
      'users',
      'users/usr_administrator',
      'audit-log',
      'settings',
    ]) {
      await visit.go(`#/${path}`)
      await visit.page.locator('main h1').waitFor()
      await expect.poll(() => visit.page.locator('.loading').count()).toBe(0)
      expect(await visit.axe(), path).toEqual([])
      await visit.shot(`manage-${path.replace('/', '-')}-${language.slice(0, 2)}-${theme}`)
    }
    expect(visit.faults()).toEqual([])
  })
})
