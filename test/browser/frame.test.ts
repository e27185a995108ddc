/** @module What is around each page: where one is, how one gets elsewhere, in which language and colours, and what a page must not do. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { comeIn, otherFaults } from './support/people.ts'
import { type Stage, startStage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage.close())

/** What has the keyboard: its tag and its words. */
const FOCUSED = `document.activeElement.tagName + ' ' + document.activeElement.textContent.trim()`

describe('The address', () => {
  it('of no page says so, and leads to the overview', async () => {
    const visit = await stage.signedIn({ path: '#/no-such-page' })
    const { page } = visit
    await page.getByRole('heading', { name: 'There is no such page.' }).waitFor()
    expect(await visit.axe()).toEqual([])
    await page.getByRole('link', { name: 'To the overview' }).click()
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    // The names of what every object has are no pages.
    await visit.go('#/constructor')
    await page.getByRole('heading', { name: 'There is no such page.' }).waitFor()
    expect(visit.faults()).toEqual([])
  })

  it('of a view is kept while somebody signs in, with its filters', async () => {
    await stage.addUser('deep', 1)
    const visit = await stage.visit({ path: '#/users?search=deep' })
    await comeIn(visit, { username: 'deep', password: 'the password of deep' })
    await visit.page.getByText('1 entry').waitFor()
    expect(visit.page.url()).toBe(`${stage.origin}/#/users?search=deep`)
    expect(visit.faults()).toEqual([])
  })

  it('goes along with the way that was walked, back and forth, and the title with it', async () => {
    const visit = await stage.signedIn()
    const { page } = visit
    const navigation = page.getByRole('navigation', { name: 'Pages' })
    for (const name of ['API keys', 'Users', 'Settings']) {
      await navigation.getByRole('link', { name }).click()
      await page.getByRole('heading', { level: 1, name }).waitFor()
      // To the title, so that who hears the page hears where he is; and the navigation shows it.
      await expect.poll(() => page.evaluate(FOCUSED)).toBe(`H1 ${name}`)
      expect(await navigation.locator('[aria-current=page]').textContent()).toBe(name)
      expect(await page.title()).toBe(`${name} – Tubewire`)
    }
    await page.goBack()
    await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { level: 1, name: 'API keys' }).waitFor()
    await page.goForward()
    await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor()
    expect(visit.faults()).toEqual([])
  })

  it('of another page begins at its top', async () => {
    const visit = await stage.signedIn({ path: '#/settings', height: 400 })
    const { page } = visit
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
    await expect.poll(() => page.evaluate('scrollTo(0, 5000), scrollY')).toBeGreaterThan(200)
    await visit.go('#/users/new')
    await expect.poll(() => page.evaluate(FOCUSED)).toBe('H1 Make an account')
    expect(await page.evaluate('scrollY')).toBe(0)
    expect(visit.faults()).toEqual([])
  })
})

describe('The keyboard', () => {
  it('comes to the content past the navigation', async () => {
    const visit = await stage.signedIn({ path: '#/settings' })
    const { page } = visit
    await page.getByText('RATE_LIMIT_API').waitFor()
    await page.reload()
    await page.getByText('RATE_LIMIT_API').waitFor()
    await page.keyboard.press('Tab')
    expect(await page.evaluate(FOCUSED)).toBe('BUTTON Skip to the content')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.closest("main") !== null')).toBe(true)
    expect(visit.faults()).toEqual([])
  })

  it.each(['light', 'dark'] as const)(
    'opens the menu of a narrow window, %s, and goes somewhere with it',
    async (theme) => {
      const visit = await stage.signedIn({ width: 360, theme })
      const { page } = visit
      const menu = page.getByRole('button', { name: 'Menu' })
      // The page that is loaded takes the focus.
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
      expect(await page.getByRole('link', { name: 'Settings' }).isVisible()).toBe(false)
      await menu.focus()
      await page.keyboard.press('Enter')
      expect(await menu.getAttribute('aria-expanded')).toBe('true')
      expect(await visit.axe()).toEqual([])
      await visit.shot(`menu-360-${theme}`)
      // Through all the pages that there are, in their order.
      const reached: unknown[] = []
      while (reached.at(-1) !== 'A Settings' && reached.length < 20) {
        await page.keyboard.press('Tab')
        reached.push(await page.evaluate(FOCUSED))
      }
      expect(reached.slice(-2)).toEqual(['A Audit log', 'A Settings'])
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
      expect(await menu.getAttribute('aria-expanded')).toBe('false')
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
      expect(visit.faults()).toEqual([])
    },
  )
})

describe('The language', () => {
  it('is the browser’s, for texts, numbers and screen readers; what is chosen stays chosen', async () => {
    const visit = await stage.signedIn({ language: 'fr-FR', path: '#/settings' })
    const { page } = visit
    await page.getByRole('heading', { level: 1, name: 'Paramètres' }).waitFor()
    expect(await page.evaluate('document.documentElement.lang')).toBe('fr')
    // The stage lets 1,000 logins through: a French thousand has a narrow space.
    await page.getByText('1\u202f000 connexions d’une adresse').waitFor()
    expect(await visit.axe()).toEqual([])
    await page.getByLabel('Langue').selectOption('English')
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
    await page.getByText('1,000 logins from an address').waitFor()
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
    expect(await page.evaluate('document.documentElement.lang')).toBe('en')
    expect(visit.faults()).toEqual([])
  })
})

describe('What a browser refuses', () => {
  it('by blocking what is kept is done without: one signs in, types and chooses all the same', async () => {
    const visit = await stage.visit({ path: '#/api-keys/new' })
    const { page } = visit
    await page.addInitScript(`for (const name of ['localStorage', 'sessionStorage'])
      Object.defineProperty(window, name, { get() { throw new DOMException('Access is denied', 'SecurityError') } })`)
    await page.reload()
    await page.getByLabel('Colours').selectOption('Dark')
    await comeIn(visit, await stage.addUser('blocked-storage', 2))
    await page.getByLabel('Name').fill('A key')
    expect(await page.getByLabel('Name').inputValue()).toBe('A key')
    await visit.go('#/')
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    expect(visit.faults()).toEqual([])
  })

  it('or by not getting the texts of its language, leaves English', async () => {
    const visit = await stage.visit()
    const { page } = visit
    await page.route('**/assets/fr-*.js', (route) => route.abort())
    await page.addInitScript(`Object.defineProperty(navigator, 'languages', { get: () => ['fr-FR'] })`)
    await page.reload()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await page.evaluate('document.documentElement.lang')).toBe('en')
  })

  it('or by failing before anything is shown, is told in a sentence', async () => {
    const visit = await stage.visit()
    const { page } = visit
    await page.addInitScript(
      `Object.defineProperty(history, 'state', { get() { throw new Error('not here') } })`,
    )
    await page.reload()
    await page.getByText('The dashboard could not be shown').waitFor()
  })
})

describe('The colours', () => {
  it('are the system’s until others are chosen, which stay', async () => {
    const visit = await stage.signedIn({ theme: 'light', path: '#/settings' })
    const { page } = visit
    const back = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    await page.getByLabel('Colours').waitFor()
    const light = await back()
    await page.emulateMedia({ colorScheme: 'dark' })
    const dark = await back()
    expect(dark).not.toBe(light)
    await page.getByLabel('Colours').selectOption('Light')
    expect(await back()).toBe(light)
    await page.emulateMedia({ colorScheme: 'light' })
    await page.getByLabel('Colours').selectOption('Dark')
    await page.reload()
    await page.getByLabel('Colours').waitFor()
    expect(await back()).toBe(dark)
    expect(visit.faults()).toEqual([])
  })

  it.each([
    [true, 0],
    [false, 1],
  ])('and nothing moves for who wants it so (reduced motion: %s)', async (reducedMotion, moving) => {
    const visit = await stage.visit({ reducedMotion, path: '#/settings' })
    const { page } = visit
    await page.getByLabel('Language').waitFor()
    // What the page shows while it waits for an answer: one that never comes.
    await page.route('**/api/v1/session', () => undefined)
    await page.getByLabel('User name or mail address').fill('somebody')
    await page.getByLabel('Password', { exact: true }).fill('some password')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.locator('.spinner').waitFor()
    expect(await page.evaluate('document.getAnimations().length')).toBe(moving)
    expect(visit.faults()).toEqual([])
  })
})

describe('The policy of the page', () => {
  it('comes with it, and its code is asked for once', async () => {
    const { headers, body } = await stage.visit().then(async ({ page }) => {
      const response = await page.request.get(`${stage.origin}/`)
      return { headers: response.headers(), body: await response.text() }
    })
    const policy = headers['content-security-policy']?.split(/; */)
    expect(policy).toEqual(
      expect.arrayContaining([
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ]),
    )
    expect(headers['x-content-type-options']).toBe('nosniff')
    const [asset] = /\/assets\/[^"]+\.js/.exec(body) ?? []
    const code = await fetch(`${stage.origin}${asset}`)
    expect(code.status).toBe(200)
    expect(code.headers.get('cache-control')).toContain('immutable')
    expect(code.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it.each([
    [
      'require-trusted-types-for',
      `try { const s = document.createElement('script'); s.text = 'window.ran = true'; document.body.append(s) } catch {}`,
    ],
    [
      'require-trusted-types-for',
      `try { document.body.setAttribute('onclick', 'window.ran = true'); document.body.click() } catch {}`,
    ],
    ['require-trusted-types-for', `try { document.body.innerHTML = '<b>markup</b>' } catch {}`],
    [
      'style-src-elem',
      `const s = document.createElement('style'); s.append('body { display: none }'); document.body.append(s)`,
    ],
    ['style-src-attr', `document.body.setAttribute('style', 'display: none')`],
    ['img-src', `new Image().src = 'https://elsewhere.example/pixel'`],
    ['connect-src', `fetch('https://elsewhere.example/').catch(() => undefined)`],
  ])('refuses by %s: %s', async (directive, attempt) => {
    const visit = await stage.visit()
    const { page } = visit
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    const refused = await page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective))
      ${attempt}
    })`)
    expect(refused).toBe(directive)
    expect(await page.evaluate('[window.ran, getComputedStyle(document.body).display]')).toEqual([
      undefined,
      'block',
    ])
  })

  it('runs no script and obeys no style that somebody has put into the page itself', async () => {
    const visit = await stage.visit()
    const { page } = visit
    await page.route(`${stage.origin}/`, async (route) => {
      const response = await route.fetch()
      const smuggled = `<script>window.ran = true</script><p id="smuggled" style="display: none" onclick="window.ran = true">Here</p>`
      const body = (await response.text()).replace('<div id="app">', `${smuggled}<div id="app">`)
      await route.fulfill({ response, body })
    })
    await page.goto(`${stage.origin}/`)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.getByText('Here', { exact: true }).click()
    expect(await page.evaluate('window.ran')).toBeUndefined()
    const refusals = visit.faults()
    expect(refusals.length).toBeGreaterThanOrEqual(3)
    expect(refusals.filter((fault) => !fault.includes('Content Security Policy'))).toEqual([])
  })
})

describe('The connection', () => {
  it.each([
    [429, 'too_many_streams', 'The account has as many streams open as it may'],
    [503, 'streams_full', 'As many streams are open here as there can be'],
  ])(
    'that is refused with %s is said in the words of the refusal, and tried again',
    async (status, code, detail) => {
      const visit = await stage.visit()
      const { page } = visit
      let isRefused = true
      await page.route('**/api/v1/stream', (route) =>
        isRefused
          ? route.fulfill({
              status,
              contentType: 'application/problem+json',
              // So that it comes again when it is told to, and not by itself.
              headers: { 'retry-after': '120' },
              body: JSON.stringify({ type: `https://tubewire.example/problems#${code}`, status, detail }),
            })
          : route.continue(),
      )
      await comeIn(visit, await stage.addUser(`refused-${status}`, 2))
      await page.getByText('The connection is lost').waitFor()
      await page.getByText(detail).waitFor()
      expect(await visit.axe()).toEqual([])
      await visit.shot(`stream-${status}`)
      isRefused = false
      await page.getByRole('button', { name: 'Try now' }).click()
      await page.getByText('Connected again; nothing was missed.').waitFor()
      await page.getByText('Connected again; nothing was missed.').waitFor({ state: 'detached' })
      expect(otherFaults(visit, status)).toEqual([])
    },
  )
})
