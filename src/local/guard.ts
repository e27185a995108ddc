/**
 * @module Nothing is left behind: one Tubewire a data folder, and no workerd that outlives us.
 *
 * A killed parent (kill -9) leaves its workerd running, on the port and on the database. So a small process waits at the
 * end of a pipe from us: when the pipe breaks it ends the workerd that we started.
 */
import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Mistake } from './mistake.ts'

const LOCK = 'tubewire.pid'

/**
 * Takes a data folder for this process.
 * @returns how to let go of it. A lock whose process is gone is no lock.
 * @throws Mistake naming the process that has it, or why the folder can't be used.
 */
export async function lockData(data: string): Promise<() => Promise<void>> {
  await mkdir(data, { recursive: true }).catch(refuseFolder(data))
  const path = join(data, LOCK)
  // `wx` makes the file or fails: of two that start at once one gets it.
  const take = () => writeFile(path, String(process.pid), { flag: 'wx' })
  try {
    await take()
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') return refuseFolder(data)(error)
    const found = await readFile(path, 'utf8').catch(() => '')
    const holder = Number(found)
    // In a container each start may get the same number.
    if (holder > 0 && holder !== process.pid && (await isTubewire(holder))) {
      throw new Mistake(
        `another Tubewire (process ${holder}) uses ${data}: stop it, or choose another folder with --data`,
      )
    }
    await removeStale(path, found)
    await take().catch(() => {
      throw new Mistake(`another Tubewire is starting with ${data}: choose another folder with --data`)
    })
  }
  return () => rm(path, { force: true })
}

/** Removes the lock of a process that is gone, and no other: of two that find it, the slower must not remove the quicker's. */
async function removeStale(path: string, found: string): Promise<void> {
  const mine = `${path}.${process.pid}`
  try {
    await rename(path, mine)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  if ((await readFile(mine, 'utf8')) !== found) await rename(mine, path)
  else await rm(mine, { force: true })
}

const REASONS: Record<string, string> = {
  EEXIST: 'it is a file, not a folder',
  ENOTDIR: 'there is a file where a folder should be',
  EACCES: 'it may not be written',
  EPERM: 'it may not be written',
  EROFS: 'it may not be written',
  ENOSPC: 'the disk is full',
}

function refuseFolder(data: string): (error: unknown) => never {
  return (error) => {
    const reason = REASONS[codeOf(error)]
    if (!reason) throw error
    throw new Mistake(`--data ${data} can't be used: ${reason}`)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Whether a process runs and is one of ours: its number may have gone to another since. */
async function isTubewire(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null)
  // Without /proc it can't be told: better to refuse a start than to let two write.
  return commandLine === null || commandLine.includes('src/local/')
}

/** Starts the process that ends our children if we are killed. @returns how to dismiss it, when we end them ourselves. */
export async function guardChildren(): Promise<() => Promise<void>> {
  const children = await childProcesses(process.pid)
  if (children.length === 0) return async () => undefined
  const script = `
    let dismissed = false
    process.stdin.on('data', () => { dismissed = true })
    process.stdin.on('close', () => {
      if (!dismissed) for (const pid of ${JSON.stringify(children)}) try { process.kill(pid, 'SIGKILL') } catch {}
    })`
  // Detached: what ends our process group must not end the guard first.
  const guard = spawn(process.execPath, ['-e', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.unref()
  const ended = new Promise<void>((resolve) => guard.once('exit', () => resolve()))
  return () => {
    // Now we wait for it: otherwise Node would find nothing left to do, and end us before what comes after.
    guard.ref()
    guard.stdin.end('dismissed')
    return ended
  }
}

/** The processes that a process started, found in /proc: elsewhere than on Linux there is no guard. */
async function childProcesses(parent: number): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => [])
  const children = await Promise.all(
    entries
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        // It may have ended since it was listed.
        const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
        // "pid (command) state parent …", where the command may hold spaces and parentheses.
        const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
        return ppid === parent ? [Number(name)] : []
      }),
  )
  return children.flat()
}
