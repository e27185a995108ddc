/** @module One reader with a browser of his own, who notes all that a page must not do. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'

const SHOTS = join(import.meta.dirname, '..', '..', '..', 'dist', 'screenshots')

export type VisitOptions = {
  /** Where he begins: the part of the address from `#` on. */
  path?: string
  theme?: 'light' | 'dark'
  width?: number
  height?: number
  /** As his browser says it, e.g. `fr-FR`. */
  language?: string
  reducedMotion?: boolean
}

export type Visit = {
  page: Page
  context: BrowserContext
  /** Goes to an address of the dashboard, such as `#/events`. */
  go: (path: string) => Promise<void>
  /** What went wrong since the last look: errors of scripts and of the console, violations of the policy, requests to others. */
  faults: () => string[]
  /** What axe finds on the page as it is now, one line each. */
  axe: () => Promise<string[]>
  /** Keeps a picture of the page, the whole of it unless it says otherwise: `dist/screenshots/NAME.png`. */
  shot: (name: string, options?: { isWhole: boolean }) => Promise<void>
}

/** Those who have not left. A page that nobody looks at any more goes on reading, and takes the time of those that come after. */
const open = new Set<BrowserContext>()

/** Has everybody leave. */
export async function closeVisits(): Promise<void> {
  await Promise.all(Array.from(open, (context) => context.close()))
}

/** Opens the dashboard. */
export async function openVisit(
  browser: Browser,
  origin: string,
  {
    path = '',
    theme = 'light',
    width = 1280,
    height = 900,
    language = 'en-GB',
    reducedMotion = true,
  }: VisitOptions,
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale: language,
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  open.add(context)
  context.on('close', () => open.delete(context))
  const page = await context.newPage()
  let faults: string[] = []
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      faults.push(`console: ${message.text()} ${message.location().url}`)
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.origin !== origin && url.protocol !== 'blob:') faults.push(`request to another host: ${url.href}`)
  })
  await page.goto(`${origin}/${path}`)

  return {
    page,
    context,
    async go(to) {
      // As a text: what runs in the page is of another world than this file.
      await page.evaluate(`location.hash = ${JSON.stringify(to)}`)
    },
    faults() {
      const found = faults
      faults = []
      return found
    },
    axe: () => runAxe(page),
    async shot(name, { isWhole } = { isWhole: true }) {
      await mkdir(SHOTS, { recursive: true })
      await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: isWhole })
    },
  }
}

/** AA of WCAG 2.2, and what axe thinks best. */
const AXE_RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

const axeSource = readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

async function runAxe(page: Page): Promise<string[]> {
  // Evaluated, not added to the page: its policy lets in no script but its own. It stays until the page is loaded anew.
  if (await page.evaluate('!window.axe')) await page.evaluate(await axeSource)
  const options = { runOnly: AXE_RULES, resultTypes: ['violations'] }
  return page.evaluate(`(async () => {
    const { violations } = await axe.run(document, ${JSON.stringify(options)})
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => id + ': ' + help + ': ' + node.html.slice(0, 200) + ' ' + (node.failureSummary ?? '')),
    )
  })()`)
}
