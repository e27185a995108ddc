/** @module Imported by the configurations of vitest: where tests, and the programs that they start, put what they need for a moment. */
import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a run of all tests has at once there is far less. In a container it may be 64 MB. */
const ENOUGH_BYTES = 2 * 1024 ** 3
const IN_MEMORY = '/dev/shm'

function isRoomy(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize >= ENOUGH_BYTES
  } catch {
    return false
  }
}

/**
 * Has databases of tests in memory where there is room: each commit is written through to the disk, which is most of what tests would wait
 * for. And has each of the many starts of a program find what Node compiled at the first.
 */
export function useQuickFolders(): void {
  if (!process.env['TMPDIR'] && isRoomy(IN_MEMORY)) process.env['TMPDIR'] = IN_MEMORY
  process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache')
}
