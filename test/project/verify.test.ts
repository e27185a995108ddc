/**
 * @module docs/verify: receivers to copy, in four languages, find of each vector what it says.
 *
 * Each needs its language. On a machine without it that one is skipped, and says so; where `CI` is set it fails.
 */
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import type { Vector } from '../vectors/make.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const VECTORS = await readFile(join(ROOT, 'test', 'vectors', 'signatures.json'), 'utf8')
const { vectors }: { vectors: Vector[] } = JSON.parse(VECTORS)

/** How each is run. `v1a`: whether it verifies that, too. */
const RECEIVERS = [
  { language: 'Node', command: process.execPath, args: ['docs/verify/run.mjs'], v1a: true },
  // It would leave compiled files.
  { language: 'Python', command: 'python3', args: ['-B', 'docs/verify/run.py'], v1a: false },
  { language: 'Go', command: 'go', args: ['run', 'docs/verify/run.go', 'docs/verify/verify.go'], v1a: false },
  { language: 'PHP', command: 'php', args: ['docs/verify/run.php'], v1a: false },
] as const

function isThere(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      // What is absolute stays as it is.
      accessSync(resolve(folder, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** What it prints for all vectors, line by line. */
async function run(command: string, args: readonly string[]): Promise<string[]> {
  const child = spawn(command, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  // One that ends before it has read all says why with its code.
  child.stdin.on('error', () => undefined)
  child.stdin.end(VECTORS)
  const [printed, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${errors}`)
  return printed.trimEnd().split('\n')
}

describe.each(RECEIVERS)('The receiver in $language', ({ language, command, args, v1a }) => {
  const isMissing = !isThere(command)
  const mayBeMissing = (process.env['CI'] ?? '') === ''
  const why = isMissing ? ` (not run: there is no ${command} on this machine)` : ''

  // Go compiles first.
  it.skipIf(isMissing && mayBeMissing)(
    `finds of each vector what it says${why}`,
    { timeout: 180_000 },
    async () => {
      if (isMissing) throw new Error(`there is no ${command} here: install ${language}, as .ci/run does`)
      const mine = vectors.filter(({ key }) => v1a || key.startsWith('whsec_'))
      const printed = await run(command, args)
      const found = mine.map(({ group, name }, index) => `${group}, ${name}: ${printed[index]}`)
      expect(found).toEqual(
        mine.map(
          ({ group, name, expected, reason }) =>
            `${group}, ${name}: ${expected}${reason === null ? '' : `: ${reason}`}`,
        ),
      )
      expect(printed).toHaveLength(mine.length)
    },
  )
})

describe('docs/webhooks.md', () => {
  it.each([
    ['js', 'verify.mjs'],
    ['js', 'verify-ed25519.mjs'],
    ['python', 'verify.py'],
    ['go', 'verify.go'],
    ['php', 'verify.php'],
  ])('shows as %s the %s that is run', async (language, file) => {
    const shown = await readFile(join(ROOT, 'docs', 'webhooks.md'), 'utf8')
    const code = await readFile(join(ROOT, 'docs', 'verify', file), 'utf8')
    expect(shown).toContain(`\`\`\`${language}\n${code}\`\`\`\n`)
  })
})
