/** @module How much memory the Worker that is measured takes. */
import { readFile } from 'node:fs/promises'
import { descendants } from '../test/support/cli.ts'
import { type Measured, startMeasured } from './harness.ts'

/** The resident memory of our workerd, in megabytes. Linux only. */
export async function residentMb(): Promise<number> {
  let kilobytes = 0
  for (const pid of await descendants(process.pid)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    if (/^Name:\s+workerd$/m.test(status)) kilobytes += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1])
  }
  return kilobytes / 1024
}

/**
 * The workerd that is measured has small heaps: with the gigabytes that V8 finds here it would leave its garbage where it is,
 * and that is what would be measured. Nothing could grow with the number of events in them.
 */
export async function startWithSmallHeaps(): Promise<Measured> {
  process.env['MINIFLARE_WORKERD_V8_FLAGS'] = '--max-old-space-size=16 --max-semi-space-size=1'
  try {
    return await startMeasured()
  } finally {
    delete process.env['MINIFLARE_WORKERD_V8_FLAGS']
  }
}
