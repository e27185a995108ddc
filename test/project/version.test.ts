import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { VERSION } from '../../src/version.ts'

it('Tubewire names itself by the version of its package', async () => {
  const text = await readFile(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')
  expect(JSON.parse(text).version).toBe(VERSION)
})
