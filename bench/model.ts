/**
 * @module What is missed and what is invented of random scripts of a thousand things that happen on an instance: the test of
 * test/model with more seeds, and longer. It runs as the tests do, on a Tubewire inside workerd, so it needs them.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { atMost, type Figure } from './figures.ts'

const ROOT = join(import.meta.dirname, '..')
const SEEDS = Array.from({ length: 20 }, (_, seed) => seed)
const ACTIONS = 1_000
const TEST = 'test/model/model.test.ts'

/** Of vitest's report in JSON: what each test has noted of itself. */
type Report = {
  testResults: { assertionResults: { status: string; meta: { missed?: number; invented?: number } }[] }[]
}

/** What was missed, and what invented, in all runs. */
export async function modelFigures(): Promise<Figure[]> {
  const lanes = Math.min(availableParallelism(), SEEDS.length)
  const shares = Array.from({ length: lanes }, (_, lane) => SEEDS.filter((seed) => seed % lanes === lane))
  // All of them end before one that failed is told: it would leave the others behind.
  const ended = await Promise.allSettled(shares.map(runsOf))
  const runs = ended.flatMap((share) => {
    if (share.status === 'rejected') throw share.reason
    return share.value
  })
  // One of each kind for a seed.
  const unfinished = runs.filter(({ meta }) => meta.missed === undefined).length
  if (runs.length !== 2 * SEEDS.length || unfinished > 0)
    throw new Error(`${unfinished} of ${runs.length} runs of the model came to no end`)
  const sum = (name: 'missed' | 'invented') => runs.reduce((total, { meta }) => total + (meta[name] ?? 0), 0)
  return [
    atMost('model.missed', sum('missed'), 0, `of ${runs.length} runs`),
    atMost('model.invented', sum('invented'), 0, `of ${runs.length} runs`),
  ]
}

/** Runs some seeds, one after another in a process of their own, for each takes a minute or more. */
async function runsOf(seeds: readonly number[]) {
  const folder = await mkdtemp(join(tmpdir(), 'tubewire-model-'))
  try {
    const file = join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const vitest = spawn(
      process.execPath,
      [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'workerd', ...reporters, TEST],
      {
        cwd: ROOT,
        // A seed that fails says what happened and what was told: for people, with the same seed again.
        stdio: 'inherit',
        env: { ...process.env, MODEL_SEEDS: seeds.join(), MODEL_ACTIONS: String(ACTIONS) },
      },
    )
    await once(vitest, 'exit')
    // What vitest writes.
    const report = JSON.parse(await readFile(file, 'utf8')) as Report
    return report.testResults.flatMap(({ assertionResults }) => assertionResults)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
