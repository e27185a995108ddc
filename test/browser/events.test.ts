/** @module The event log, and one event: found, followed, explained. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CATALOGUE } from '../../src/events/catalogue.ts'
import { addExamples, addVideos } from './support/log.ts'
import { expectSound } from './support/sound.ts'
import { type Stage, startStage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage({ instance: { videos: 3 } })
})
afterAll(() => stage.close())

const MARKUP = '<img src=x onerror="document.title=1">'
const HOSTILE = [MARKUP, '\u202egnp.exe \u0645\u0631\u062d\u0628\u0627', 'x'.repeat(10_000)]

/** Of those that look alike, one: who looked at all of them as fast as this would be asked to wait. */
const ONE_OF_EACH = [
  'video.published',
  'live.ended',
  'comment.created',
  'comment.updated',
  'comment.deleted',
  'notification.created',
  'notification.unknown',
  'instance.unreachable',
  'instance.upgraded',
  'connection.expired',
  'endpoint.disabled',
  'delivery.failed',
] as const

describe('The event log', () => {
  it('is empty at first, then shows what comes as it comes, whatever it is called', async () => {
    const visit = await stage.signedIn({ path: '#/events' })
    const { page } = visit
    await page.getByText('Nothing has happened yet').waitFor()
    await expectSound(visit, 'events-empty')

    await stage.api.addInstance(stage.instance.origin, 3)
    await page.getByRole('link', { name: 'Video 3' }).waitFor()
    for (const name of HOSTILE) stage.instance.publish({ name })
    await page.getByRole('link', { name: MARKUP }).waitFor()
    await page.getByRole('link', { name: 'xxxxxxxxxx' }).waitFor()
    await expectSound(visit, 'events-hostile')

    await page.getByRole('link', { name: 'xxxxxxxxxx' }).click()
    await page.getByRole('heading', { name: 'Video published' }).waitFor()
    await page.getByText('It went to none of your endpoints').waitFor()
    await page.getByRole('link', { name: 'Make an endpoint' }).waitFor()
    await expectSound(visit, 'event-hostile')
  })

  it('shows one of every type, in the list and on a page of its own', async () => {
    await addExamples(stage.db, stage.instance.origin)
    const visit = await stage.signedIn({ path: '#/events' })
    const { page } = visit
    await page.getByRole('listitem').filter({ hasText: 'Delivery given up' }).waitFor()
    await expectSound(visit, 'events-types')
    for (const type of ONE_OF_EACH) {
      await visit.go(`#/events/${CATALOGUE[type].example.id}`)
      await page.getByRole('heading', { name: 'Where it came from' }).waitFor()
      await page.getByText(type, { exact: true }).waitFor()
      await page.getByText('It went to none of your endpoints').waitFor()
      await expectSound(visit, `event-${type}`)
    }
    await visit.go(`#/events/${CATALOGUE['video.updated'].example.id}`)
    await page.getByRole('row', { name: /^Title Alice video 2 Alice video 2 \(renamed\)/ }).waitFor()
    await expectSound(visit, 'event-updated')
  }, 240_000)

  it('is filtered by what is in its address', async () => {
    const visit = await stage.signedIn({ path: '#/events' })
    const { page } = visit
    const list = page.getByRole('region', { name: 'Event log' })

    // By a word, as it is typed.
    await page.getByLabel('Search').fill('renamed')
    await list.getByRole('link', { name: 'Alice video 2 (renamed)' }).waitFor()
    await list.getByRole('link', { name: 'Video 3' }).waitFor({ state: 'detached' })
    expect(page.url()).toContain('#/events?q=renamed')

    // By a kind, too: nothing is left, and it is said how to go on.
    await page.getByRole('button', { name: 'Comments', exact: true }).click()
    await page.getByText('Nothing fits').waitFor()
    expect(page.url()).toContain('#/events?type=comment.*&q=renamed')
    await expectSound(visit, 'events-nothing-fits')

    // A condition is taken away.
    await page.getByRole('button', { name: 'Remove: Search: renamed' }).click()
    await list.getByText('Comment written').waitFor()
    expect(await page.getByLabel('Search').inputValue()).toBe('')
    expect(await page.getByRole('link', { name: 'Download CSV' }).getAttribute('href')).toBe(
      '/download/events.csv?type=comment.*',
    )

    // All of it, by a link that somebody sent; and back.
    await visit.go('#/events?type=video.updated&instance=peertube.example&since=2026-11-01T00:00:00.000Z')
    await list.getByRole('link', { name: 'Alice video 2 (renamed)' }).waitFor()
    await page.getByText('More conditions').click()
    expect(await page.getByRole('combobox', { name: 'Instance', exact: true }).inputValue()).toBe(
      'peertube.example',
    )
    await expectSound(visit, 'events-filtered')
    await page.goBack()
    await list.getByText('Comment written').waitFor()
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await list.getByText('Delivery given up').waitFor()
    expect(page.url()).toBe(`${stage.origin}/#/events`)

    // What is no filter is said by the API; an id of an event leads to it.
    await visit.go('#/events?since=yesterday')
    await page.getByRole('alert').getByText('since').waitFor()
    expect(visit.faults()).toEqual([expect.stringContaining('status of 400')])
    await page.getByRole('button', { name: 'Remove: Since: yesterday' }).click()
    await page.getByRole('alert').waitFor({ state: 'detached' })
    await page.getByLabel('Search').fill(CATALOGUE['live.started'].example.id)
    await page.getByRole('heading', { name: 'Live started' }).waitFor()
    expect(visit.faults()).toEqual([])
  })

  it('holds back what comes while somebody reads further down', async () => {
    await addVideos(stage.db, stage.instance.origin, 'Older', 200)
    const visit = await stage.signedIn({ path: '#/events?q=e' })
    const { page } = visit
    const list = page.getByRole('region', { name: 'Event log' })
    await list.getByRole('link', { name: 'Older 200' }).waitFor()
    await list.focus()
    for (let screens = 0; screens < 3; screens += 1) await page.keyboard.press('PageDown')
    await list.getByRole('link', { name: 'Older 200' }).waitFor({ state: 'detached' })

    // When two come that fit, and one that doesn't.
    stage.instance.publish({ name: 'Newer one' })
    stage.instance.publish({ name: 'UNFIT', description: 'UNFIT' })
    stage.instance.publish({ name: 'Newer two' })
    const show = page.getByRole('button', { name: '2 new events: show' })
    await show.waitFor()
    expect(await list.getByRole('link', { name: 'Newer' }).count()).toBe(0)
    await expectSound(visit, 'events-waiting')

    // Then they are shown when they are asked for.
    await show.press('Enter')
    await list.getByRole('link', { name: 'Newer two' }).waitFor()
    await list.getByRole('link', { name: 'Newer one' }).waitFor()
    expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Event log')
    expect(await list.getByRole('link', { name: 'UNFIT' }).count()).toBe(0)
    expect(visit.faults()).toEqual([])
  })

  it('begins at its top with another filter, which is tried again when it could not be read', async () => {
    const visit = await stage.signedIn({ path: '#/events?q=e' })
    const { page } = visit
    const list = page.getByRole('region', { name: 'Event log' })
    const place = () => list.evaluate((element) => element.scrollTop)
    await list.getByRole('link').first().waitFor()
    await list.focus()
    for (let screens = 0; screens < 3; screens += 1) await page.keyboard.press('PageDown')
    await expect.poll(place).toBeGreaterThan(500)

    // When the first page of another filter is not to be had.
    await page.route('**/api/v1/events?*', (route) => route.abort())
    await page.getByLabel('Search').fill('older')
    const again = page.getByRole('button', { name: 'Try again' })
    await again.waitFor()
    await list.waitFor({ state: 'hidden' })
    await page.unroute('**/api/v1/events?*')

    // Then it is there when it is tried again, from its top.
    await again.click()
    await list.getByRole('link', { name: 'Older 200' }).waitFor()
    expect(await place()).toBe(0)
  })

  it('asks for what is new with the filter of now, though the one before was changed while it was asked', async () => {
    const visit = await stage.signedIn({ path: '#/events?q=e' })
    const { page } = visit
    const list = page.getByRole('region', { name: 'Event log' })
    await list.getByRole('link').first().waitFor()
    const filters: (string | null)[] = []
    const held = Promise.withResolvers<void>()
    await page.route('**/api/v1/events?*', async (route) => {
      const { searchParams } = new URL(route.request().url())
      if (searchParams.has('after') && filters.push(searchParams.get('q')) === 1) await held.promise
      await route.continue()
    })
    stage.instance.publish({ name: 'Later' })
    await expect.poll(() => filters).toEqual(['e'])
    // While it asks, others come, one after another.
    for (const name of ['Later two', 'Later three', 'Later four', 'Later five']) {
      stage.instance.publish({ name })
      const log = async () => JSON.stringify(await stage.ask('GET', '/api/v1/events?order=newest'))
      await expect.poll(log).toContain(name)
    }
    await page.getByLabel('Search').fill('older')
    await list.getByRole('link', { name: 'Older 200' }).waitFor()
    held.resolve()
    stage.instance.publish({ name: 'Older than all' })
    await list.getByRole('link', { name: 'Older than all' }).waitFor()
    expect(new Set(filters.slice(1))).toEqual(new Set(['older']))
  })

  it('is usable on a small screen, by the keyboard, in French', async () => {
    const visit = await stage.signedIn({ path: '#/events', width: 360, height: 700, language: 'fr-FR' })
    const { page } = visit
    await page.getByRole('region', { name: 'Journal des événements' }).waitFor()
    await page.getByLabel('Rechercher').press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: 'Vidéos', pressed: true }).waitFor()
    await expectSound(visit, 'events-360')

    // To the list, to its first event, and into it.
    const first = page.getByRole('listitem').getByRole('link').first()
    await page.getByText('Autres conditions').press('Tab')
    for (
      let presses = 0;
      presses < 5 && (await page.evaluate('document.activeElement.hash || ""')) === '';
      presses += 1
    )
      await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.hash')).toBe(await first.getAttribute('href'))
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'D’où il vient' }).waitFor()
    await page.getByText('Il n’est allé à aucun de vos points de livraison').waitFor()
    await expectSound(visit, 'event-360')
  })
})

describe('Where an event went', () => {
  it('is said with what became of it, and it can be sent again', async () => {
    stage.receiver.answer({ status: 500, body: 'the disk is full' })
    const endpoint = await stage.api.addEndpoint(new URL(stage.receiver.url), 'The receiver of the team')
    stage.instance.publish({ name: 'A video for the team' })
    const visit = await stage.signedIn({ path: '#/events' })
    const { page } = visit
    await page.getByRole('link', { name: 'A video for the team' }).click()
    const row = page.getByRole('row').filter({ hasText: 'The receiver of the team' })
    await row.getByText('HTTP 500').waitFor()
    await row.getByText('failing, tried again').waitFor()
    const { sequence } = (await stage.ask('GET', `/api/v1/events/${page.url().split('/').at(-1)}`)) as {
      sequence: number
    }
    expect(await row.getByRole('link', { name: /^Details/ }).getAttribute('href')).toBe(
      `#/deliveries/${endpoint.id}/${sequence}`,
    )
    await expectSound(visit, 'event-failing')

    // When it is mended, and sent again.
    stage.receiver.answer({ status: 204 })
    await row.getByRole('button', { name: /^Send again/ }).click()
    await page.getByText('It is the next in line for The receiver of the team.').waitFor()
    await row.getByText('delivered').waitFor()
    await row.getByText('HTTP 204').waitFor()
    await expectSound(visit, 'event-delivered')

    // Of one that is older than the endpoint it is not known why.
    await visit.go(`#/events/${CATALOGUE['live.ended'].example.id}`)
    await page.getByText('Why is not kept').waitFor()
    await page.getByRole('link', { name: 'The receiver of the team' }).waitFor()
    await expectSound(visit, 'event-nowhere')
  })
})
