/** @module Imported by the configurations of vitest: where tests, and the programs that they start, put what they need for a moment. */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A run of all tests has far less there at once. In a container there may be 64 MB. */
const ENOUGH_BYTES = 2 * 1024 ** 3
const IN_MEMORY = '/dev/shm'

function isRoomy(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize >= ENOUGH_BYTES
  } catch {
    // There is none, as elsewhere than on Linux.
    return false
  }
}

/**
 * Has databases of tests in memory where there is room, in a folder that is gone when the run ends: each commit is written through to
 * the disk, which tests would wait for. And has each of the many starts of a program find what Node compiled at the first.
 */
export function useQuickFolders(): void {
  process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache')
  if (process.env['TMPDIR'] || !isRoomy(IN_MEMORY)) return
  const folder = mkdtempSync(join(IN_MEMORY, 'tubewire-tests-'))
  process.env['TMPDIR'] = folder
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
}
