/** @module `--fresh`, and what of it a crash may leave. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockData } from '../../src/local/guard.ts'
import { forgetAside, restoreState, setStateAside, stateFolder } from '../../src/local/state.ts'

let data: string
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'tubewire-test-'))
})
afterEach(() => rm(data, { recursive: true }))

async function fill(name: string): Promise<void> {
  await mkdir(stateFolder(data), { recursive: true })
  await writeFile(join(stateFolder(data), name), '')
}

describe('--fresh', () => {
  it('forgets the old state when the start has succeeded', async () => {
    await fill('old')
    await setStateAside(data)
    await fill('new')
    await forgetAside(data)
    await restoreState(data)
    expect(await readdir(stateFolder(data))).toEqual(['new'])
    expect(await readdir(join(data, 'state'))).toEqual(['v3'])
  })

  it('forgets nothing when it has not', async () => {
    await fill('old')
    await setStateAside(data)
    await fill('new')
    await restoreState(data)
    expect(await readdir(stateFolder(data))).toEqual(['old'])
  })

  it('keeps the new state when it was killed while it removed the old one', async () => {
    await fill('new')
    await mkdir(join(data, 'state', 'forgotten'))
    await restoreState(data)
    expect(await readdir(join(data, 'state'))).toEqual(['v3'])
    expect(await readdir(stateFolder(data))).toEqual(['new'])
  })

  it('has nothing to do in an empty folder', async () => {
    await restoreState(data)
    await setStateAside(data)
    await forgetAside(data)
    expect(await readdir(data)).toEqual([])
  })
})

describe('The lock of a data folder', () => {
  it('is taken, and given back', async () => {
    const unlock = await lockData(data)
    expect(await readFile(join(data, 'tubewire.pid'), 'utf8')).toBe(String(process.pid))
    await unlock()
    expect(await readdir(data)).toEqual([])
  })

  it('of a process that is gone, or of nonsense, is none', async () => {
    for (const stale of ['4194304', 'nonsense', '']) {
      await writeFile(join(data, 'tubewire.pid'), stale)
      const unlock = await lockData(data)
      await unlock()
    }
    expect(await readdir(data)).toEqual([])
  })
})
