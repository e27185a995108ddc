/** @module The Chromium that is installed: none is downloaded. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** The shell first: the same engine without what is around its window, for a seventh of the work. */
const PLACES = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/**
 * Where Chromium is: where `CHROMIUM` says, or at one of its usual places.
 * @throws Error that says in one line how to get one.
 */
export function findChromium(): string {
  const named = process.env['CHROMIUM']
  if (named) {
    if (existsSync(named)) return named
    throw new Error(`There is no Chromium at ${named}, where CHROMIUM says that it is.`)
  }
  const found = PLACES.find((place) => existsSync(place))
  if (found) return found
  throw new Error(
    'These tests need Chromium: "apt-get install chromium" on Debian, or set CHROMIUM to the path of a Chrome or Chromium.',
  )
}

/** Starts it, without a window, and with nothing that looks for servers elsewhere. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
