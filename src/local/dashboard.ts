/** @module The dashboard, built of its sources: `npm run dashboard`, and before each start when something has changed. */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const ROOT = join(import.meta.dirname, '..', '..')
const SOURCES = join(ROOT, 'src', 'dashboard')
const DIST = join(ROOT, 'dist')
/** Another start may have come between, which says what it built a moment after: it is waited for so often, for so long. */
const MOST_LOOKS = 20
const LOOK_AFTER_MS = 100
const BETWEEN: ReadonlySet<string> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT'])

/**
 * Builds the dashboard, unless what is there was built of the same sources.
 * @param dist the folder that it is put into, as `dashboard`, which is how wrangler.toml names it.
 * @returns whether it was built.
 * @throws Error in Vite's words when the sources can't be built.
 */
export async function buildDashboard(dist = DIST): Promise<boolean> {
  const digest = await digestOfSources()
  if (await isBuiltOf(digest, dist)) return false
  // Only now: it takes longer to load than the dashboard takes to build.
  const { build } = await import('vite')
  await mkdir(dist, { recursive: true })
  // Aside first, so that who serves the old one never meets half of the new one.
  const aside = await mkdtemp(join(dist, '.dashboard-'))
  try {
    await build({
      configFile: join(SOURCES, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: aside },
    })
    await takePlace(aside, digest, dist)
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
  return true
}

/**
 * Puts what was built where it is served.
 * @throws Error of the file system, unless another start has put there what is built of the same sources.
 */
async function takePlace(aside: string, digest: string, dist: string): Promise<void> {
  const built = join(dist, 'dashboard')
  try {
    await rm(built, { recursive: true, force: true })
    await rename(aside, built)
  } catch (error) {
    // What another start does between the two; anything else is said at once.
    if (!(error instanceof Error && 'code' in error && BETWEEN.has(String(error.code)))) throw error
    for (let looks = 1; !(await isBuiltOf(digest, dist)); looks += 1) {
      if (looks >= MOST_LOOKS) throw error
      await setTimeout(LOOK_AFTER_MS)
    }
    return
  }
  await writeFile(join(dist, 'dashboard.digest'), digest)
}

async function isBuiltOf(digest: string, dist: string): Promise<boolean> {
  const before = await readFile(join(dist, 'dashboard.digest'), 'utf8').catch(() => null)
  return before === digest && (await isThere(join(dist, 'dashboard', 'index.html')))
}

/** Of every source, and of the packages in their versions. */
async function digestOfSources(): Promise<string> {
  const entries = await readdir(SOURCES, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const hash = createHash('sha256')
  for (const file of [...files.sort(), join(ROOT, 'package-lock.json')])
    hash.update(`${file.slice(ROOT.length)}\n`).update(await readFile(file))
  return hash.digest('hex')
}

async function isThere(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isBuilt = await buildDashboard()
  process.stdout.write(isBuilt ? 'The dashboard is in dist/dashboard.\n' : 'The dashboard was up to date.\n')
}
