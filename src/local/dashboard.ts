/** @module The dashboard, built of its sources: `npm run dashboard`, and before each start when something has changed. */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(import.meta.dirname, '..', '..')
const SOURCES = join(ROOT, 'src', 'dashboard')
const DIST = join(ROOT, 'dist')
/** As wrangler.toml names it. */
const BUILT = join(DIST, 'dashboard')
const DIGEST = join(DIST, 'dashboard.digest')

/**
 * Builds the dashboard, unless what is there was built of the same sources.
 * @returns whether it was built.
 * @throws Error in Vite's words when the sources can't be built.
 */
export async function buildDashboard(): Promise<boolean> {
  const digest = await digestOfSources()
  const before = await readFile(DIGEST, 'utf8').catch(() => null)
  if (before === digest && (await isThere(join(BUILT, 'index.html')))) return false
  // Only now: it takes longer to load than the dashboard takes to build.
  const { build } = await import('vite')
  await mkdir(DIST, { recursive: true })
  // Aside first, so that who serves the old one never meets half of the new one.
  const aside = await mkdtemp(join(DIST, '.dashboard-'))
  await build({
    configFile: join(SOURCES, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: aside },
  })
  await rm(BUILT, { recursive: true, force: true })
  await rename(aside, BUILT)
  await writeFile(DIGEST, digest)
  return true
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
