/** @module Instances in the dashboard: watching one, how it is read, why it fails, and what a role may do with it. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SimulatedInstance, startInstance } from '../simulator/instance.ts'
import { signInAs } from './support/sign-in-as.ts'
import { type Stage, startStage } from './support/stage.ts'
import type { Visit } from './support/visit.ts'

/** An instance is called what its people like. */
const HOSTILE = `<img src=x onerror=alert(1)> \u202eمرحبا ${'Long'.repeat(2_500)}`

type Listed = { data: { id: string; host: string }[] }

let stage: Stage
let other: SimulatedInstance
beforeAll(async () => {
  ;[stage, other] = await Promise.all([
    startStage({ instance: { name: HOSTILE } }),
    startInstance({ videos: 3, name: 'The other one', limits: { api: 1_000 } }),
  ])
})
afterAll(async () => {
  await Promise.all([stage.close(), other.close()])
})

const fine = async (visit: Visit) => {
  expect(await visit.axe()).toEqual([])
  expect(visit.faults()).toEqual([])
}
/** Its id, watched if it is not yet. */
async function watched({ host, origin }: SimulatedInstance): Promise<string> {
  const { data } = (await stage.ask('GET', '/api/v1/instances?count=100')) as Listed
  const known = data.find((one) => one.host === host)
  return known
    ? known.id
    : ((await stage.ask('POST', '/api/v1/instances', { url: origin })) as { id: string }).id
}
/** What of the element that has the keyboard: it gets it a moment after it is shown. */
const focused = (page: Page, what: 'name' | 'tagName' | 'textContent') =>
  page.evaluate(`document.activeElement.${what}`)
const main = (page: Page) => page.getByRole('main')
const source = (page: Page, title: string) =>
  page.locator('section.source', { has: page.getByRole('heading', { name: title }) })

describe('Watching an instance', () => {
  it('takes what was pasted, says what it found, and shows its first read: by the keyboard alone', async () => {
    const visit = await stage.signedIn({ path: '#/instances' })
    const { page } = visit
    await page.getByText('No instance is watched yet').waitFor()
    await visit.shot('instances-empty')
    await fine(visit)

    await main(page).getByRole('link', { name: 'Watch an instance' }).first().press('Enter')
    await page.getByRole('heading', { name: 'Watch an instance', level: 1 }).waitFor()
    await expect.poll(() => focused(page, 'tagName')).toBe('H1')
    await page.keyboard.press('Tab')
    await page.keyboard.type(`${stage.instance.origin}/c/alice_channel/videos`)
    await page.keyboard.press('Enter')
    const found = page.getByRole('heading', { name: 'Found' })
    await found.waitFor()
    await main(page).getByText('PeerTube 6.3.0').waitFor()
    await page.getByText('the channel Main alice channel (alice_channel)').waitFor()
    await expect.poll(() => focused(page, 'textContent')).toBe('Found')
    await visit.shot('instances-found')
    await fine(visit)

    // The link to the instance, the count of videos, the button.
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.type('1')
    expect(await page.getByLabel('Tell the newest videos, too').inputValue()).toBe('1')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('From now on news arrives').waitFor()
    await page.getByText('all videos known; the newest was published').first().waitFor()
    await visit.shot('instances-added')
    await fine(visit)

    const { host } = stage.instance
    const events = page.getByRole('link', { name: 'See its events' })
    expect(await events.getAttribute('href')).toBe(`#/events?instance=${encodeURIComponent(host)}`)
    await page.goBack()
    await page.getByRole('heading', { name: 'Instances', level: 1 }).waitFor()
    // Its name is text, however it is written.
    await page.getByRole('link', { name: '<img src=x' }).waitFor()
    await visit.shot('instances-list')
    await fine(visit)
  })

  it('is of what was looked at: an answer about another address comes too late', async () => {
    const visit = await stage.signedIn({ path: '#/instances/new' })
    const { page } = visit
    const address = page.locator('input[name=url]')
    const look = page.locator('button[type=submit]').first()
    const found = page.getByRole('heading', { name: 'Found' })
    const held = Promise.withResolvers<void>()
    await page.route(
      '**/api/v1/instances',
      async (route) => {
        await held.promise
        await route.continue()
      },
      { times: 1 },
    )
    await address.fill(stage.instance.origin)
    await look.click()
    await page.locator('.asking').waitFor()
    await address.fill(other.origin)
    held.resolve()
    await page.locator('button[type=submit][aria-disabled=false]').waitFor()
    expect(await found.count()).toBe(0)

    await look.click()
    await found.waitFor()
    await page.getByText('The other one').first().waitFor()
    await address.fill('elsewhere.example')
    await found.waitFor({ state: 'detached' })
    expect(visit.faults()).toEqual([])
  })

  it('says why not, and what to try', async () => {
    await watched(stage.instance)
    const visit = await stage.signedIn({ path: '#/instances/new' })
    const { page } = visit
    const look = async (what: string) => {
      await page.getByLabel('Paste anything').fill(what)
      await page.getByRole('button', { name: 'Look' }).click()
    }
    await look('two words')
    await page.getByText('must be one address, without spaces').waitFor()
    await page.getByText('Paste what stands in the address bar').waitFor()

    await look('http://127.0.0.1:1')
    await page.getByText('Look at the spelling, and open it in your browser').waitFor()
    await visit.shot('instances-refused')

    other.fail({ kind: 'html-200' })
    await look(other.origin)
    await page.getByText('is not a PeerTube instance').waitFor()
    await page.getByText('it must show PeerTube itself').waitFor()
    other.heal()

    await look(`${stage.instance.origin}/c/alice_channel/videos`)
    await page.getByText('is watched already').waitFor()
    expect(await visit.axe()).toEqual([])
    // What was typed stays, for who comes back.
    await visit.go('#/instances')
    await page.getByRole('heading', { name: 'Instances', level: 1 }).waitFor()
    await page.goBack()
    expect(await page.getByLabel('Paste anything').inputValue()).toContain('/c/alice_channel/videos')
    await page.getByRole('button', { name: 'Look' }).click()
    await page.getByRole('link', { name: 'Go to it' }).click()
    await page.getByRole('heading', { name: stage.instance.host, level: 1 }).waitFor()
    // The browser says of each refusal that there was one.
    const others = visit.faults().filter((fault) => !/status of 4\d\d .*\/api\/v1\/instances$/.test(fault))
    expect(others).toEqual([])
  })
})

describe('The list', () => {
  it('is searched and sorted in the address, and changes as things happen', async () => {
    const [id] = await Promise.all([watched(other), watched(stage.instance)])
    const visit = await stage.signedIn({ path: '#/instances' })
    const { page } = visit
    await page.getByText('2 entries').waitFor()
    await page.getByLabel('Host or name').fill('other')
    await page.getByText('1 entry').waitFor()
    expect(page.url()).toContain('#/instances?search=other')
    await page.getByLabel('Order').selectOption('host')
    await page.waitForURL(/sort=host/)
    expect(page.url()).toContain('search=other')

    // By somebody else, meanwhile.
    await stage.ask('PATCH', `/api/v1/instances/${id}`, { paused: true })
    await page.getByText('paused', { exact: true }).waitFor()
    await stage.ask('PATCH', `/api/v1/instances/${id}`, { paused: false })

    await page.getByLabel('Host or name').fill('nobody')
    await page.getByText('No instance is called so').waitFor()
    await page.getByRole('link', { name: 'Show all' }).click()
    await page.getByText('2 entries').waitFor()
    expect(await page.getByLabel('Host or name').inputValue()).toBe('')
    await fine(visit)
  })
})

describe('One instance', () => {
  it('says how it is read and what is asked of it, and is read now, paused and resumed', async () => {
    const id = await watched(other)
    const visit = await stage.signedIn({ path: `#/instances/${id}` })
    const { page } = visit
    await page.getByRole('heading', { name: other.host, level: 1 }).waitFor()
    await page.getByText('429s: 0').first().waitFor()
    await page.getByRole('meter', { name: 'Used of API' }).waitFor()
    await source(page, 'Videos of the whole instance').getByText('all videos known').waitFor()
    await visit.shot('instances-one')
    await fine(visit)

    await page.getByRole('button', { name: 'Read now' }).click()
    await page.getByText(/^It was read/).waitFor()

    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('It is paused and not asked').waitFor()
    expect(await page.getByRole('button', { name: 'Read now' }).isDisabled()).toBe(true)
    await visit.shot('instances-paused')
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('It is paused and not asked').waitFor({ state: 'detached' })
    await page.getByText('It is read again.').waitFor()
    await fine(visit)
  })

  it('says in plain words what fails and what to do, and how often it was asked too much', async () => {
    const id = await watched(other)
    const visit = await stage.signedIn({ path: `#/instances/${id}`, theme: 'dark' })
    const { page } = visit
    const videos = source(page, 'Videos of the whole instance')
    await videos.getByText('healthy').waitFor()

    other.fail({ kind: 'html-200', path: '/api/v1/videos' })
    await page.getByText('It answered with a web page in place of data.').first().waitFor()
    await videos.getByText('Ask those who run it to let the API through').waitFor()
    await videos.getByText('it failed', { exact: false }).first().waitFor()
    await page.getByText('The last read failed').waitFor()
    await visit.shot('instances-failing-dark')
    await fine(visit)

    other.heal()
    await page.getByRole('button', { name: 'Read now' }).click()
    await videos.getByText('healthy').waitFor()

    other.fail({ kind: '429', times: 1, path: '/api/v1/videos', retryAfter: '2' })
    await page.getByText('429s: 1').waitFor()
    await page.getByText('A 429 means that the instance found it too much').waitFor()
    await visit.shot('instances-refusals-dark')
    await fine(visit)
    other.heal()
  })

  it('that can’t be reached says since when, and what that means', async () => {
    const gone = await startInstance({ videos: 1, name: 'Gone for now' })
    const id = await watched(gone)
    const visit = await stage.signedIn({ path: `#/instances/${id}` })
    const { page } = visit
    await source(page, 'Videos of the whole instance').getByText('all videos known').waitFor()
    await gone.close()
    const poll = page.getByRole('button', { name: 'Read now' })
    const failed = page.getByText(/^The last (read|\d+ reads) failed/)
    const failures = async () => {
      const [, more = '1'] = /(?:read|(\d+) reads) failed/.exec((await failed.textContent()) ?? '') ?? []
      return Number(more)
    }
    // It is read when its time has come, too: how many have failed is not how often somebody asked.
    for (let seen = 0; seen < 5; seen = await failures()) {
      await poll.click()
      await expect.poll(failures).toBeGreaterThan(seen)
    }
    await page.getByText('It is tried once an hour').waitFor()
    await page.getByText('Nobody listens at its address.').first().waitFor()
    await visit.shot('instances-unreachable')
    await fine(visit)
    await visit.go('#/instances')
    await page.getByText('unreachable', { exact: true }).waitFor()
    await stage.ask('DELETE', `/api/v1/instances/${id}`)
    expect(visit.faults()).toEqual([])
  })

  it('is read more of, later, and less of', async () => {
    const id = await watched(other)
    const visit = await stage.signedIn({ path: `#/instances/${id}` })
    const { page } = visit
    await page.getByRole('link', { name: 'Read more of it' }).click()
    await page.getByLabel('What').selectOption('videoComments')
    await page.getByLabel('The video').fill('nothing')
    await page.getByRole('button', { name: 'Read it' }).click()
    await page.getByText('must be a UUID, a short one, or the URL of a video').first().waitFor()
    await visit.shot('instances-more')
    expect(await visit.axe()).toEqual([])
    const uuid = other.list()[0] ?? ''
    await page.getByLabel('The video').fill(uuid)
    await page.getByRole('button', { name: 'Read it' }).click()
    await page.getByText('From now on news arrives').waitFor()

    const closely = source(page, `Comments on the video ${uuid}, closely`)
    await closely.getByText('2 min').waitFor()
    const look = closely.getByRole('link', { name: 'Look at it' })
    expect(await look.getAttribute('href')).toBe(`${other.origin}/w/${uuid}`)
    const change = closely.getByRole('button', { name: /^Change the accepted delay/ })
    await change.press('Enter')
    await page.keyboard.press('Control+A')
    await page.keyboard.type('100000')
    await page.keyboard.press('Enter')
    await closely.getByText('must be at most 86400').first().waitFor()
    const field = closely.getByLabel('Delay accepted, in seconds')
    await field.fill('3600')
    await field.press('Enter')
    await closely.getByText('1 hr').waitFor()
    await closely.getByText('Saved.').waitFor()
    // The keyboard goes on where it was.
    await expect.poll(() => focused(page, 'textContent')).toBe('Change')

    await closely.getByRole('button', { name: 'Remove' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Its events stay').waitFor()
    expect(await visit.axe()).toEqual([])
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await closely.waitFor({ state: 'detached' })
    await expect.poll(() => focused(page, 'textContent')).toBe('What is read')
    const others = visit.faults().filter((fault) => !/status of 400/.test(fault))
    expect(others).toEqual([])
  })

  it('is watched no longer once that was asked, and what goes was named', async () => {
    const gone = await startInstance({ videos: 1, name: 'Gone soon' })
    const id = await watched(gone)
    const visit = await stage.signedIn({ path: `#/instances/${id}` })
    const { page } = visit
    await page.locator('.instance-actions').getByRole('button', { name: 'Remove' }).click()
    const dialog = page.getByRole('dialog', { name: `Watch ${gone.host} no longer?` })
    await dialog.getByText('Connections to it go along').waitFor()
    await visit.shot('instances-remove')
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('heading', { name: 'Instances', level: 1 }).waitFor()
    await page.getByRole('link', { name: 'The other one' }).waitFor()
    expect(await page.getByRole('link', { name: 'Gone soon' }).count()).toBe(0)
    await fine(visit)
    await gone.close()
  })
})

describe('Roles', () => {
  it('are shown what they may do, and no more', async () => {
    const id = await watched(other)
    const moderator = await signInAs(stage, 1, { path: `#/instances/${id}` })
    await moderator.page.getByRole('button', { name: 'Pause' }).waitFor()
    await moderator.page.getByText('429s:').first().waitFor()
    expect(await moderator.page.getByRole('button', { name: 'Remove' }).count()).toBe(0)
    expect(await moderator.page.getByRole('link', { name: 'Read more of it' }).count()).toBe(0)
    await fine(moderator)

    const user = await signInAs(stage, 2, { path: `#/instances/${id}` })
    await user.page.getByText('How it is read is shown to moderators').waitFor()
    expect(await main(user.page).getByRole('button').count()).toBe(0)
    await user.shot('instances-one-user')
    await fine(user)
    await user.go('#/instances')
    await user.page.getByRole('link', { name: 'The other one' }).waitFor()
    expect(await user.page.getByRole('link', { name: 'Watch an instance' }).count()).toBe(0)
    await fine(user)
  })
})

describe('On a phone', () => {
  it('nothing is wider than it, in the dark and in French', async () => {
    const [id] = await Promise.all([watched(stage.instance), watched(other)])
    const visit = await stage.signedIn({
      path: '#/instances',
      width: 360,
      height: 740,
      theme: 'dark',
      language: 'fr-FR',
    })
    const { page } = visit
    const views = [
      ['', 'The other one', 'list'],
      [`/${id}`, '429 : 0', 'one'],
      [`/${id}/sources`, 'les vidéos d’une chaîne', 'more'],
      ['/new', 'Collez n’importe quoi', 'new'],
    ] as const
    for (const [path, shown, name] of views) {
      await visit.go(`#/instances${path}`)
      await page.getByText(shown).first().waitFor({ state: 'attached' })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
      await visit.shot(`instances-${name}-360`)
      await fine(visit)
    }
  })
})
