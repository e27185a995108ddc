/** @module `npm start` as a process: what it prints, how it ends, and what it leaves behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const PATIENCE_MS = 40_000

export type Cli = {
  process: ChildProcess
  output: () => string
  /** Settles at the first line that matches, also one printed already. @throws when the process ends first. */
  line: (pattern: RegExp) => Promise<RegExpExecArray>
  /** Settles when the process has ended, with its exit code or signal. */
  ended: Promise<number | NodeJS.Signals | null>
}

/**
 * Starts a program of `src/local` with these options.
 * @param options `preload`: JavaScript that runs in its process first; `env`: variables over those of this process, none where
 * it says undefined.
 */
export function startCli(
  args: readonly string[],
  {
    program = 'start.ts',
    preload = '',
    env = {},
  }: { program?: string; preload?: string; env?: Record<string, string | undefined> } = {},
): Cli {
  const first = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`]
  const command = [...first, join(ROOT, 'src', 'local', program), ...args]
  const child = spawn(process.execPath, command, { cwd: ROOT, env: { ...process.env, ...env } })
  let output = ''
  const listeners = new Set<() => void>()
  const take = (chunk: Buffer) => {
    output += chunk
    for (const listener of listeners) listener()
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal))
  })
  return {
    process: child,
    output: () => output,
    ended,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(output)
          if (!match) return
          listeners.delete(look)
          clearTimeout(timer)
          resolve(match)
        }
        const timer = setTimeout(() => reject(new Error(`no line ${pattern} in:\n${output}`)), PATIENCE_MS)
        listeners.add(look)
        ended.then(() => {
          clearTimeout(timer)
          reject(new Error(`it ended before a line ${pattern}:\n${output}`))
        })
        look()
      }),
  }
}

/**
 * A port that was free a moment ago, and is no system's to give: of those it gives to whoever listens on port 0, such as the
 * servers of other tests, one may be gone before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** The processes below one, itself not counted. Linux only, as are these tests' machines. */
export async function descendants(root: number): Promise<number[]> {
  const entries = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const parents = new Map<number, number>()
  for (const name of entries) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] !== 'Z') parents.set(Number(name), Number(fields[1]))
  }
  const found = [root]
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child)
  return found.slice(1)
}

/** Whether a process runs. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return stat !== null && stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z'
}

/** Settles when none of the processes runs any more. @throws when one still does after `timeoutMs`. */
export async function allGone(pids: readonly number[], timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while ((await Promise.all(pids.map(isRunning))).some(Boolean)) {
    if (Date.now() > deadline) throw new Error(`of ${pids} some still run`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
