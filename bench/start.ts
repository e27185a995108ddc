/** @module How long `npm start` takes until it says that it is ready, beside `wrangler dev` of a Worker that does nothing. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../src/local/worker.ts'
import { freePort } from '../test/support/cli.ts'
import { type Figure, median } from './figures.ts'

const RUNS = 3
const TIMEOUT_MS = 60_000

async function end(child: ChildProcess): Promise<void> {
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGTERM')
  await closed
}

/** Seconds until a program prints a line; then it is ended, also when it never does. */
async function secondsUntil(child: ChildProcess, pattern: RegExp): Promise<number> {
  const startedAt = performance.now()
  let output = ''
  const line = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${pattern} within a minute:\n${output}`)), TIMEOUT_MS)
    const take = (chunk: Buffer) => {
      output += chunk
      if (!pattern.test(output)) return
      clearTimeout(timer)
      resolve((performance.now() - startedAt) / 1000)
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
  })
  return line.finally(() => end(child))
}

async function tubewire(folder: string): Promise<number> {
  const args = [
    join(ROOT, 'src', 'local', 'start.ts'),
    '--port',
    String(await freePort()),
    '--data',
    join(folder, 'data'),
    '--fresh',
  ]
  return secondsUntil(spawn(process.execPath, args), /Tubewire is ready/)
}

async function wranglerDev(folder: string): Promise<number> {
  const wrangler = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const child = spawn(
    process.execPath,
    [wrangler, 'dev', '--port', String(await freePort()), '--ip', '127.0.0.1'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
        WRANGLER_SEND_METRICS: 'false',
        // With the banner it asks the registry for a newer version: no part of a start.
        WRANGLER_HIDE_BANNER: 'true',
        CI: 'true',
      },
    },
  )
  return secondsUntil(child, /Ready on/)
}

/** The figure of the start. */
export async function startFigures(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tubewire-bench-'))
  await writeFile(join(folder, 'index.js'), 'export default { fetch: () => new Response() }')
  await writeFile(
    join(folder, 'wrangler.toml'),
    'name = "empty"\nmain = "index.js"\ncompatibility_date = "2026-10-23"\n',
  )
  const ours: number[] = []
  const theirs: number[] = []
  for (let run = 0; run < RUNS; run += 1) {
    theirs.push(await wranglerDev(folder))
    ours.push(await tubewire(folder))
  }
  await rm(folder, { recursive: true, force: true })
  const [value, baseline] = [median(ours), median(theirs)]
  return [
    { name: 'start.seconds', value, unit: 's', target: null, pass: true, baseline, ratio: value / baseline },
  ]
}
