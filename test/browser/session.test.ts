/** @module A session that ends, a service that is started anew, and what each role is shown. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { comeIn, otherFaults } from './support/people.ts'
import { type Stage, startStage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage.close())

describe('Who signs in elsewhere', () => {
  it('is told so here within five seconds, and is back where he was with what he typed', async () => {
    const judy = await stage.addUser('judy', 2)
    const here = await stage.visit({ path: '#/api-keys/new' })
    const { page } = here
    await comeIn(here, judy)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByLabel('Name').fill('A key that was half done')
    await page.getByLabel('See connections').check()

    await comeIn(await stage.visit(), judy)
    // Five seconds, and what a busy machine takes besides.
    await page.getByText('You signed in elsewhere').waitFor({ timeout: 8_000 })
    expect(await here.axe()).toEqual([])
    await here.shot('session-superseded')

    await comeIn(here, judy)
    await page.getByRole('heading', { name: 'Make a key' }).waitFor()
    expect(page.url()).toBe(`${stage.origin}/#/api-keys/new`)
    expect(await page.getByLabel('Name').inputValue()).toBe('A key that was half done')
    expect(await page.getByLabel('See connections').isChecked()).toBe(true)
    // The stream and a read were refused: that is how the page learns of it.
    expect(otherFaults(here, 401)).toEqual([])
  })

  it('is told so at the next thing that he does', async () => {
    const kim = await stage.addUser('kim', 2)
    const here = await stage.visit()
    const { page } = here
    // Without a stream, as where a proxy lets none through.
    await page.route('**/api/v1/stream', (route) => route.abort())
    await comeIn(here, kim)
    await comeIn(await stage.visit(), kim)
    await here.go('#/settings')
    await page.getByText('You signed in elsewhere').waitFor()
    await comeIn(here, kim)
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
  })

  it('leaves nothing of what he typed to somebody else who signs in then', async () => {
    const leo = await stage.addUser('leo', 2)
    const mia = await stage.addUser('mia', 2)
    const here = await stage.visit({ path: '#/api-keys/new' })
    const { page } = here
    await comeIn(here, leo)
    await page.getByLabel('Name').fill('Leo’s own words')
    await comeIn(await stage.visit(), leo)
    await page.getByText('You signed in elsewhere').waitFor()
    await comeIn(here, mia)
    await page.getByRole('heading', { name: 'Make a key' }).waitFor()
    expect(await page.getByLabel('Name').inputValue()).toBe('')
    expect(otherFaults(here, 401)).toEqual([])
  })

  it('after signing out leaves nothing to be kept', async () => {
    const visit = await stage.signedIn({ path: '#/api-keys/new' })
    const { page } = visit
    await page.getByLabel('Name').fill('Not to be kept')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(
      await page.evaluate('Object.keys(sessionStorage).filter((key) => key.includes("draft."))'),
    ).toEqual([])
    await page.reload()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(visit.faults()).toEqual([])
  })
})

describe('Two tabs of one browser', () => {
  it('show the one who is signed in: nothing stays of the other, and who signs out does so in both', async () => {
    const nina = await stage.addUser('nina', 2)
    const otto = await stage.addUser('otto', 1)
    const here = await stage.visit({ path: '#/api-keys/new' })
    const { page } = here
    await comeIn(here, nina)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByLabel('Name').fill('Nina’s own words')

    // Somebody else comes by a link, in the other tab.
    const tab = await here.context.newPage()
    await tab.goto(stage.origin)
    await tab.getByText('Signed in as nina').waitFor()
    await tab.evaluate(`(async () => {
      await fetch('/api/v1/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: ${JSON.stringify(JSON.stringify(otto))},
      })
      new BroadcastChannel('tubewire.session').postMessage('changed')
    })()`)
    for (const one of [page, tab]) await one.getByText('Signed in as otto').waitFor()
    expect(await page.getByLabel('Name').inputValue()).toBe('')

    await tab.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('Your session is over').waitFor()
    await here.context.close()
  })

  it('find it out by themselves when nobody tells: at a look at them, or when the stream is refused', async () => {
    const paul = await stage.addUser('paul', 2)
    const rosa = await stage.addUser('rosa', 2)
    const here = await stage.visit({ path: '#/api-keys' })
    const { page } = here
    await comeIn(here, paul)
    await page.getByText('Live', { exact: true }).waitFor()
    const cookieOf = (one: typeof rosa) =>
      page.request.post(`${stage.origin}/api/v1/session`, { data: one, headers: { origin: stage.origin } })
    expect((await cookieOf(rosa)).ok()).toBe(true)
    await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`)
    await page.getByText('Signed in as rosa').waitFor()

    // The session is ended with its stream, and is another one of the same user by the time that it is asked for.
    await page.getByText('Live', { exact: true }).waitFor()
    let refusals = 0
    await page.route('**/api/v1/stream', (route) => {
      refusals += 1
      return refusals === 1
        ? route.fulfill({ status: 401, contentType: 'application/problem+json', body: '{}' })
        : route.continue()
    })
    expect((await cookieOf(rosa)).ok()).toBe(true)
    await expect.poll(() => refusals).toBe(2)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByText('Signed in as rosa').waitFor()
    expect(otherFaults(here, 401)).toEqual([])
  })
})

describe('Signing out', () => {
  it('that fails is told, and done when it is tried again', async () => {
    const visit = await stage.signedIn()
    const { page } = visit
    let isRefused = true
    await page.route('**/api/v1/session', (route) =>
      isRefused && route.request().method() === 'DELETE' ? route.abort() : route.continue(),
    )
    await page.getByRole('button', { name: 'Sign out' }).click()
    const dialog = page.getByRole('dialog', { name: 'You are still signed in' })
    await dialog.waitFor()
    expect(await visit.axe()).toEqual([])
    isRefused = false
    await dialog.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  })
})

describe('What is read again', () => {
  let instance: Awaited<ReturnType<Stage['api']['addInstance']>>
  beforeAll(async () => {
    instance = await stage.api.addInstance(stage.instance.origin, 2)
  })
  afterAll(() => stage.api.removeInstance(instance.id))

  it('is shown however long its answer takes, and is asked for once at a time', async () => {
    const { id, host } = instance
    const visit = await stage.signedIn()
    const { page } = visit
    await page.clock.install()
    const waiting: (() => void)[] = []
    await page.route(`**/api/v1/instances/${id}`, async (route) => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      await route.continue()
    })
    await visit.go(`#/instances/${id}`)
    await expect.poll(() => waiting.length).toBe(1)
    // Long enough for a page that reads again by itself every few seconds.
    await page.clock.runFor(30_000)
    expect(waiting).toHaveLength(1)
    waiting[0]?.()
    await page.getByRole('heading', { level: 1, name: host }).waitFor()
    await expect.poll(() => waiting.length).toBe(2)
    expect(visit.faults()).toEqual([])
  })

  it('because something happened is read when somebody looks', async () => {
    const visit = await stage.signedIn()
    const { page } = visit
    await page.locator('.live-sign.open').waitFor()
    await page.clock.install()
    const setHidden = (isHidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))`)
    await setHidden(true)
    // What was to be read before: it waits now.
    await page.clock.runFor(10_000)
    let reads = 0
    await page.route('**/api/v1/overview?*', (route) => {
      reads += 1
      return route.continue()
    })
    stage.instance.publish({ name: 'Published while nobody looked' })
    await page.getByRole('list', { name: 'Live' }).getByText('Published while nobody looked').waitFor()
    await page.clock.runFor(10_000)
    expect(reads).toBe(0)
    await setHidden(false)
    await expect.poll(() => reads).toBe(1)
    expect(visit.faults()).toEqual([])
  })
})

describe('A service that is started anew while the page is open', () => {
  it('is missed with a banner, comes back by itself, and the stream goes on where it broke off', async () => {
    await stage.ask('POST', '/api/v1/instances', { url: stage.instance.origin })
    const visit = await stage.signedIn({ path: '#/settings' })
    const { page } = visit
    await page.getByText('Live', { exact: true }).waitFor()
    await visit.go('#/api-keys')
    await page.getByText('No keys yet').waitFor()
    await page.goBack()
    await page.getByText('RATE_LIMIT_API').waitFor()
    const before = await lastSequence()
    await stage.restart(async () => {
      await page.getByText('The connection is lost').waitFor()
      expect(await visit.axe()).toEqual([])
      await visit.shot('connection-lost')
      // What is asked for meanwhile says so, and can be asked for again.
      await visit.go('#/api-keys')
      await page.getByText('There was no answer').waitFor()
      // A page whose code is not there yet says so, too.
      await visit.go('#/audit-log')
      await page.getByText('This page could not be loaded').waitFor()
      await page.goBack()
      await page.route('**/api/v1/stream', (route) => route.abort())
    })
    // Something happens before the page is connected again: it is not told of it, and asks for it then.
    stage.instance.publish({ name: 'Published while nobody was connected' })
    await expect.poll(lastSequence).toBeGreaterThan(before)
    const asking = page.waitForRequest('**/api/v1/stream')
    await page.unroute('**/api/v1/stream')
    await page.getByRole('button', { name: 'Try now' }).click()
    await page.getByText('Connected again; nothing was missed.').waitFor()
    expect(Number((await asking).headers()['last-event-id'])).toBeLessThanOrEqual(before)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('No keys yet').waitFor()
  })
})

/** Of the newest event that there is; 0: there is none. */
async function lastSequence(): Promise<number> {
  const { data } = (await stage.ask('GET', '/api/v1/events?limit=1&order=newest')) as {
    data: { sequence: number }[]
  }
  return data[0]?.sequence ?? 0
}

describe('What a role may not do', () => {
  it.each([
    { role: 'user', id: 2 as const, hidden: ['Users', 'Audit log'], shown: ['API keys', 'Settings'] },
    { role: 'moderator', id: 1 as const, hidden: ['Audit log'], shown: ['Users', 'API keys', 'Settings'] },
  ])('is not shown to a $role, whose pages can not be reached by their address either', async (one) => {
    const visit = await stage.visit({ path: '#/audit-log' })
    const { page } = visit
    await comeIn(visit, await stage.addUser(`only-${one.role}`, one.id))
    await page.getByRole('heading', { name: 'There is no such page.' }).waitFor()
    const names = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allTextContents()
    expect(names).toEqual(expect.arrayContaining(one.shown))
    expect(names.filter((name) => one.hidden.includes(name))).toEqual([])
    await page.getByText(`Signed in as only-${one.role}, ${one.role}`).waitFor()
    expect(await visit.axe()).toEqual([])
    expect(visit.faults()).toEqual([])
  })
})
