/** @module The dashboard is built before each start that needs it, and starts come side by side. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { buildDashboard } from '../../src/local/dashboard.ts'

it('is built by several starts at once: each goes on, and nothing is left aside', async () => {
  const dist = await mkdtemp(join(tmpdir(), 'tubewire-dist-'))
  try {
    const built = await Promise.all([1, 2].map(() => buildDashboard(dist)))
    expect(built).toContain(true)
    expect((await readdir(dist)).sort()).toEqual(['dashboard', 'dashboard.digest'])
    expect(await readdir(join(dist, 'dashboard'))).toContain('index.html')
    expect(await buildDashboard(dist)).toBe(false)
  } finally {
    await rm(dist, { recursive: true, force: true })
  }
})
