/**
 * @module What the dashboard costs and how fast it is, in a real Chromium before a real service: the first view beside an empty page of the
 * same Worker, an event from its commit until it is seen, and a filter over a long log.
 */
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { type Stage, startStage } from '../test/browser/support/stage.ts'
import { atMost, type Figure, median } from './figures.ts'

const VIEWS = 9
const LIVE_EVENTS = 11
const FILTERS = 9
const LOG = 100_000
/** One in so many has the word that is looked for. */
const ONE_IN = 1_000

/** The figures of the dashboard. */
export async function dashboardFigures(): Promise<Figure[]> {
  // The limit of the API is not what is measured.
  const stage = await startStage({ vars: { RATE_LIMIT_API: '100000/10' } })
  try {
    const { id } = await stage.api.addInstance(stage.instance.origin, 0)
    await firstRead(stage, id)
    const visit = await stage.signedIn()
    const kilobytes = await firstViewKilobytes(visit.page, stage.origin)
    const first = await firstViews(visit.page, stage.origin)
    const live = await liveMilliseconds(stage, visit.page)
    await fillLog(stage)
    const list = await listMilliseconds(visit.page)
    return [
      atMost('dashboard.js_kb', kilobytes, 100, 'KB gzipped, scripts and styles of the first view'),
      {
        name: 'dashboard.first_view_ms',
        value: first.overview,
        unit: 'ms until the overview has its data',
        target: null,
        pass: true,
        baseline: first.empty,
        ratio: first.overview / first.empty,
      },
      atMost('dashboard.live_ms', live, 1_000, 'ms from the commit until it is seen, in the median'),
      atMost('dashboard.list_ms', list, 300, 'ms from the last letter of a filter until its rows are seen'),
    ]
  } finally {
    await stage.close()
  }
}

async function firstRead(stage: Stage, id: string): Promise<void> {
  for (;;) {
    const { sources = [] } = await stage.api.instance(id)
    if (sources.find(({ kind }) => kind === 'videos')?.lastSuccessAt) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** What is transferred of scripts and styles, from nothing, until the overview is there. */
async function firstViewKilobytes(page: Page, origin: string): Promise<number> {
  const bodies: Promise<Buffer>[] = []
  const take = (response: Awaited<ReturnType<Page['waitForResponse']>>) => {
    if (['script', 'stylesheet'].includes(response.request().resourceType())) bodies.push(response.body())
  }
  await page.goto('about:blank')
  page.on('response', take)
  await page.goto(`${origin}/`)
  await isShown(page)
  page.off('response', take)
  const sizes = (await Promise.all(bodies)).map((body) => gzipSync(body).byteLength)
  return sizes.reduce((sum, size) => sum + size, 0) / 1024
}

const isShown = (page: Page) => page.locator('main .plot canvas').first().waitFor()

/** Each view is new, with what a browser keeps of files: a reader who comes back. One beside the other, in turns. */
async function firstViews(page: Page, origin: string): Promise<{ overview: number; empty: number }> {
  const overview: number[] = []
  const empty: number[] = []
  for (let turn = 0; turn < VIEWS; turn += 1) {
    await page.goto('about:blank')
    let from = performance.now()
    await page.goto(`${origin}/verify-email`)
    empty.push(performance.now() - from)
    await page.goto('about:blank')
    from = performance.now()
    await page.goto(`${origin}/`)
    await isShown(page)
    overview.push(performance.now() - from)
  }
  return { overview: median(overview), empty: median(empty) }
}

/** An event says when it was seen, which is before its commit: what is measured is a little more than what is asked for. */
async function liveMilliseconds(stage: Stage, page: Page): Promise<number> {
  const taken: number[] = []
  for (let index = 0; index < LIVE_EVENTS; index += 1) {
    const name = `Live ${index} of the bench`
    const shown = page.evaluate<number>(`(${whenShown})(${JSON.stringify(name)})`)
    stage.instance.publish({ name })
    const shownAt = await shown
    const row = await stage.db
      .prepare('SELECT seen_at AS at FROM events ORDER BY sequence DESC LIMIT 1')
      .first<{ at: number }>()
    taken.push(shownAt - (row?.at ?? Number.NaN))
  }
  return median(taken)
}

/**
 * In the page, for who looks from without looks too seldom: when a text has come and was drawn, milliseconds since the epoch.
 * @param act what is done first.
 */
const whenShown = `(text, act) => new Promise((resolve) => {
  const look = () => {
    if (!document.querySelector('main').textContent.includes(text)) return
    changes.disconnect()
    requestAnimationFrame(() => setTimeout(() => resolve(Date.now())))
  }
  const changes = new MutationObserver(look)
  changes.observe(document.body, { childList: true, characterData: true, subtree: true })
  act?.()
  look()
})`

/** A log of so many videos, made of the newest event. */
async function fillLog(stage: Stage): Promise<void> {
  await stage.db
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${LOG}),
            one AS (SELECT * FROM events ORDER BY sequence DESC LIMIT 1)
       INSERT INTO events (id, type, instance, subject, owner_id, seen_at, poll_id, data)
       SELECT 'evt_' || printf('%032x', i), type, instance, 'bench' || i, NULL, seen_at + i, 'bench',
         json_set(data, '$.video.name', iif(i % ${ONE_IN} = 0, 'A needle ', 'A straw ') || i)
       FROM n, one`,
    )
    .run()
}

/** With all that a person waits for: the pause after the last letter, the request, the rows. */
async function listMilliseconds(page: Page): Promise<number> {
  const taken: number[] = []
  await page.evaluate("location.hash = '#/events'")
  const search = page.getByRole('searchbox').first()
  await page.getByText(`A needle ${LOG}`).first().waitFor()
  for (let turn = 0; turn < FILTERS; turn += 1) {
    await search.fill('')
    await page
      .getByText(`A straw ${LOG - 1}`)
      .first()
      .waitFor()
    taken.push(
      await page.evaluate<number>(`(async () => {
        const field = document.querySelector('main input[type=search]')
        let from
        // A row that only the filter brings so far up.
        const shownAt = await (${whenShown})('A needle ${LOG - ONE_IN}', () => {
          Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, 'needle')
          from = Date.now()
          field.dispatchEvent(new Event('input', { bubbles: true }))
        })
        return shownAt - from
      })()`),
    )
  }
  return median(taken)
}
