/** @module Tubewire on this machine: the same bundle and wrangler.toml as deployed, in workerd, with local D1, queues and objects. */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { build } from 'esbuild'
import {
  convertV4MiniflareOptions,
  Log,
  LogLevel,
  Miniflare,
  MiniflareCoreError,
  type WorkerdStructuredLog,
} from 'miniflare'
import { buildDashboard } from './dashboard.ts'
import { migrate } from './migrate.ts'
import { takenPort } from './mistake.ts'
import { stateFolder } from './state.ts'

/** The folder of the project. */
export const ROOT = join(import.meta.dirname, '..', '..')

export type LocalWorker = {
  /** e.g. `http://127.0.0.1:8787`. */
  url: URL
  /** Runs the cron once. */
  tick: () => Promise<void>
  /** Starts it anew with other variables, on the same data. Bindings and queued messages of before are gone. */
  setVars: (vars: Readonly<Record<string, string>>) => Promise<void>
  /** Its bindings, as the Worker has them. */
  bindings: <TBindings>() => Promise<TBindings>
  stop: () => Promise<void>
}

/**
 * Starts the Worker and applies the migrations.
 *
 * @param options `port` 0: any free one; `data`: the folder where state lives; `vars`: variables and secrets, over those
 * of wrangler.toml; `onLog`: each line that the Worker or workerd prints; `entry`: another main module than
 * wrangler.toml names, for measurements.
 * @throws Mistake when the port is taken; Error when the database can't be migrated.
 */
export async function startWorker(options: {
  port: number
  data: string
  vars: Readonly<Record<string, string>>
  onLog: (line: WorkerdStructuredLog) => void
  entry?: string
}): Promise<LocalWorker> {
  const entry = options.entry ?? join(ROOT, 'src', 'workers', 'index.ts')
  const [script, workerOptions] = await Promise.all([bundle(entry), readWranglerConfig(), buildDashboard()])
  // Wrangler's type leaves open that this is an object of the variables.
  const bindings = workerOptions['bindings'] as Record<string, string>
  const optionsWith = (vars: Readonly<Record<string, string>>) =>
    convertV4MiniflareOptions({
      ...workerOptions,
      name: 'tubewire',
      rootPath: ROOT,
      modules: [{ type: 'ESModule', path: 'index.js', contents: script }],
      bindings: { ...bindings, ...vars },
      host: '127.0.0.1',
      port: options.port,
      resourcePersistencePath: stateFolder(options.data),
      handleStructuredLogs: options.onLog,
      log: new Log(LogLevel.NONE),
      // Otherwise it asks Cloudflare where on earth this machine is.
      cf: false,
      telemetry: { enabled: false },
    })
  const miniflare = new Miniflare(optionsWith(options.vars))
  try {
    const url = await miniflare.ready
    await migrate(await miniflare.getD1Database('DB'), join(ROOT, 'migrations'))
    return {
      url,
      async tick() {
        const worker = await miniflare.getWorker()
        await worker.scheduled({ cron: '* * * * *' })
      },
      setVars: (vars) => miniflare.setOptions(optionsWith(vars)),
      // The caller names the bindings of the wrangler.toml that this Worker was started with.
      bindings: async <TBindings>() => (await miniflare.getBindings()) as TBindings,
      stop: () => miniflare.dispose(),
    }
  } catch (error) {
    // What could not start says so here once more.
    await miniflare.dispose().catch(() => undefined)
    // Somebody else was faster, since it was found free.
    const isTaken = error instanceof MiniflareCoreError && error.code === 'ERR_ADDRESS_IN_USE'
    throw isTaken ? takenPort(options.port) : error
  }
}

/** The Worker as one script, bundled as wrangler does. */
async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
    legalComments: 'none',
  })
  return outputFiles[0]?.text ?? ''
}

/** wrangler.toml as wrangler understands it. */
async function readWranglerConfig() {
  const before = process.env['WRANGLER_LOG']
  // Otherwise it tells of each file that it reads.
  process.env['WRANGLER_LOG'] = 'error'
  try {
    // It is large: the next start takes a second less.
    enableCompileCache()
    const { unstable_getMiniflareWorkerOptions } = await import('wrangler')
    return unstable_getMiniflareWorkerOptions(join(ROOT, 'wrangler.toml')).workerOptions
  } finally {
    if (before === undefined) delete process.env['WRANGLER_LOG']
    else process.env['WRANGLER_LOG'] = before
  }
}
