/** @module Files that are made of the code and kept in git: written, or with `--check` only compared. */
import { spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const FORMATTER = join(ROOT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')

/**
 * Writes the files that differ. With `--check` on the command line it writes nothing, names those that are out of date and sets
 * the exit code to 1.
 * @param files contents by path from the root of the project.
 * @param command what makes them anew.
 */
export async function keepGenerated(files: Readonly<Record<string, string>>, command: string): Promise<void> {
  const isCheck = process.argv.includes('--check')
  for (const [name, made] of Object.entries(files)) {
    const path = join(ROOT, name)
    const content = /\.(json|md|ts)$/.test(name) ? await format(name, made) : made
    const before = await readFile(path, 'utf8').catch(() => null)
    if (before === content) continue
    if (isCheck) {
      process.stderr.write(`${name} is out of date: run "${command}"\n`)
      process.exitCode = 1
    } else {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, content)
      process.stdout.write(`wrote ${name}\n`)
    }
  }
}

/** As the linter wants every file, generated ones too. */
async function format(name: string, content: string): Promise<string> {
  const child = spawn(process.execPath, [FORMATTER, 'format', `--stdin-file-path=${name}`], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(content)
  let formatted = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) formatted += chunk
  if (formatted === '') throw new Error(`${name} could not be formatted`)
  return formatted
}
