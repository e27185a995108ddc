/** @module All that a test of the dashboard needs: a service, an instance, a receiver, and a browser in front of it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { type ApiClient, apiClient } from '../../../src/local/api-client.ts'
import { newSecrets } from '../../../src/local/dev-vars.ts'
import { type LocalWorker, startWorker } from '../../../src/local/worker.ts'
import { type InstanceOptions, type SimulatedInstance, startInstance } from '../../simulator/instance.ts'
import { startReceiver } from '../../simulator/receiver.ts'
import { startChromium } from './chromium.ts'
import { openVisit, type Visit, type VisitOptions } from './visit.ts'

/** How often the cron ticks: an hour of a laptop in a minute. */
const TICK_MS = 500

export type Stage = {
  worker: LocalWorker
  /** e.g. `http://127.0.0.1:8787`. */
  origin: string
  adminKey: string
  /** As the operator. */
  api: ApiClient
  db: D1Database
  instance: SimulatedInstance
  receiver: Awaited<ReturnType<typeof startReceiver>>
  browser: Browser
  /** Any request of the API, as the operator. @throws Error when it is refused. */
  ask: (method: string, path: string, body?: unknown) => Promise<unknown>
  /** Makes an account, and its password. */
  addUser: (username: string, role: 0 | 1 | 2) => Promise<{ username: string; password: string }>
  /** Somebody with a browser of his own, not signed in. */
  visit: (options?: VisitOptions) => Promise<Visit>
  /** Somebody who came by a link, as the first administrator. */
  signedIn: (options?: VisitOptions) => Promise<Visit>
  /** Stops and starts the service on the same data, at the same address. @param downMs how long nobody answers. */
  restart: (whileDown?: () => Promise<void>) => Promise<void>
  close: () => Promise<void>
}

/** @param vars variables over those of wrangler.toml. @param instance how the simulated instance is. */
export async function startStage({
  vars = {},
  instance: instanceOptions = {},
}: {
  vars?: Readonly<Record<string, string>>
  instance?: InstanceOptions
} = {}): Promise<Stage> {
  const data = await mkdtemp(join(tmpdir(), 'tubewire-browser-'))
  const secrets = newSecrets()
  const [instance, receiver, browser] = await Promise.all([
    startInstance({ videos: 2, limits: { api: 1_000 }, name: 'An instance', ...instanceOptions }),
    startReceiver(),
    startChromium(),
  ])
  const start = (port: number) =>
    startWorker({
      port,
      data,
      vars: {
        ...secrets,
        ALLOW_LOCAL_TARGETS: 'true',
        CALLER_ADDRESS_HEADER: 'none',
        MAX_DELAY_SECONDS: '1',
        MAX_DELAY_COMMENTS_SECONDS: '1',
        CRON_PERIOD_SECONDS: '1',
        DELIVERY_CONCURRENCY: '50',
        // A test asks quicker than people do, and beside them as the operator. That what everybody has is enough is tested in
        // every-page.test.ts, by count, and in newcomer.test.ts.
        RATE_LIMIT_API: '1000/10',
        RATE_LIMIT_TOKEN: '1000/300',
        ...vars,
      },
      onLog: () => undefined,
    })
  let worker = await start(0)
  const { origin } = worker.url
  let timer = tickOn(worker)
  const api = apiClient(worker.url, secrets.ADMIN_KEY)

  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(path, origin), {
      method,
      headers: {
        authorization: `Bearer ${secrets.ADMIN_KEY}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? null : JSON.parse(text)
  }
  const visit = (options: VisitOptions = {}) => openVisit(browser, origin, options)

  const stage: Stage = {
    get worker() {
      return worker
    },
    origin,
    adminKey: secrets.ADMIN_KEY,
    api,
    // The binding, as the Worker has it.
    db: (await worker.bindings<Env>()).DB,
    instance,
    receiver,
    browser,
    ask,
    async addUser(username, role) {
      const password = `the password of ${username}`
      await ask('POST', '/api/v1/users', { username, password, role })
      return { username, password }
    },
    visit,
    async signedIn(options = {}) {
      const { url } = (await ask('POST', '/api/v1/session/links')) as { url: string }
      const opened = await visit({ ...options, path: new URL(url).hash })
      // Where there is little room it is folded away.
      await opened.page
        .getByRole('navigation', { includeHidden: true })
        .first()
        .waitFor({ state: 'attached' })
      if (options.path) await opened.go(options.path)
      return opened
    },
    async restart(whileDown) {
      clearInterval(timer)
      await worker.stop()
      await whileDown?.()
      worker = await start(Number(new URL(origin).port))
      timer = tickOn(worker)
      stage.db = (await worker.bindings<Env>()).DB
    },
    async close() {
      clearInterval(timer)
      await browser.close()
      await Promise.all([worker.stop(), instance.close(), receiver.close()])
      await rm(data, { recursive: true, force: true })
    },
  }
  return stage
}

function tickOn(worker: LocalWorker) {
  return setInterval(() => {
    // The one under way when it stops finds nobody.
    worker.tick().catch(() => undefined)
  }, TICK_MS)
}
