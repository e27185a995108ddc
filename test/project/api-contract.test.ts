/** @module docs/api-contract.md: each clause of PeerTube's contract has a test, and each test that is named is there. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { invalidParams, Problem } from '../../src/api/problem.ts'
import { PROBLEM_CODES } from '../../src/api/problem-codes.ts'
import { parseParts } from '../../src/api/request/validate.ts'
import { Email, Password, Username } from '../../src/api/user-view.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (name: string) => readFile(join(ROOT, name), 'utf8')

/** How many clauses each section of the contract has, by the letter that they are called by. */
const CLAUSES = { I: 5, A: 4, R: 3, E: 12, V: 8, D: 3, L: 12, C: 6 }

type Row = { clause: string; tests: { file: string; names: string[] }[] }

/** The rows of clauses: the last cell is files in backticks, each followed by names in quotes. */
async function rows(): Promise<Row[]> {
  const text = await read('docs/api-contract.md')
  return [...text.matchAll(/^\| ([A-Z]\d+) .*\| ([^|]*) \|$/gm)].map(([, clause = '', cell = '']) => ({
    clause,
    tests: [...cell.matchAll(/`(test\/[^`]+)`([^`]*)/g)].map(([, file = '', rest = '']) => ({
      file,
      names: [...rest.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name),
    })),
  }))
}

describe('docs/api-contract.md', () => {
  it('has a row for each clause', async () => {
    const wanted = Object.entries(CLAUSES).flatMap(([letter, count]) =>
      Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
    )
    expect((await rows()).map(({ clause }) => clause)).toEqual(wanted)
  })

  it('names a test for each, and none that is not there', async () => {
    const missing: string[] = []
    for (const { clause, tests } of await rows()) {
      if (tests.length === 0) missing.push(`${clause} has no test`)
      for (const { file, names } of tests) {
        const code = await read(file).catch(() => '')
        if (names.length === 0) missing.push(`${clause}: ${file} without a name`)
        // As a whole text of the code: half a name would be found in others.
        const isThere = (name: string) => ["'", '"', '`'].some((quote) => code.includes(quote + name + quote))
        for (const name of names) if (!isThere(name)) missing.push(`${clause}: ${file} "${name}"`)
      }
    }
    expect(missing).toEqual([])
  })
})

describe('docs/api.md', () => {
  it('has a row for every code of an error', async () => {
    const text = await read('docs/api.md')
    for (const [code, { status }] of Object.entries(PROBLEM_CODES))
      expect(text).toMatch(new RegExp(`^\\| ${status} +\\| \`${code}\` `, 'm'))
  })

  it('shows an error as the API makes it', async () => {
    const text = await read('docs/api.md')
    const [, shown = ''] = /```json\n(\{[^`]*"invalid-params"[^`]*)```/.exec(text) ?? []
    const body = v.strictObject({ username: Username, password: Password, email: Email })
    const input = { username: 'alice smith', password: '1234567', colour: 'red' }
    let problem = invalidParams({})
    try {
      parseParts([{ location: 'body', schema: body, input }])
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem = error
    }
    const place = {
      instance: '/api/v1/users/register',
      origin: 'https://tubewire.example',
      operation: 'registerUser',
    }
    expect(JSON.parse(shown)).toEqual(await problem.toResponse(place).json())
  })
})
