/**
 * @module Each example of the catalogue in each format, as files. `UPDATE_GOLDEN=1 npx vitest run --project pure
 * test/feeds/golden.test.ts` writes them again: look at the difference before you keep it.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { goldenFeeds } from '../support/feeds.ts'

const FOLDER = join(import.meta.dirname, 'golden')
const isUpdate = process.env['UPDATE_GOLDEN'] === '1'

const expected = goldenFeeds()

describe('A golden file', () => {
  if (isUpdate) {
    rmSync(FOLDER, { recursive: true, force: true })
    mkdirSync(FOLDER)
    for (const [name, text] of expected) writeFileSync(join(FOLDER, name), text)
  }

  it('is there for every format and type, and there is no other', () => {
    expect(readdirSync(FOLDER).sort()).toEqual([...expected.keys()].sort())
  })

  it.each([...expected])('%s says what is served', (name, text) => {
    expect(text).toBe(readFileSync(join(FOLDER, name), 'utf8'))
  })

  // So that nobody takes an update for a test that passes.
  afterAll(() => {
    if (isUpdate) console.warn(`wrote ${expected.size} golden files`)
  })
})
