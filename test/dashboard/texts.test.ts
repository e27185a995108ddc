/** @module What the dashboard says: the same in each language, nothing left out, and nothing that nobody says. */
import { describe, expect, it } from 'vitest'
import { en } from '../../src/dashboard/texts/en.ts'
import { fr } from '../../src/dashboard/texts/fr.ts'

type Leaf = { path: readonly string[]; value: unknown }

function leavesOf(value: unknown, path: readonly string[] = []): Leaf[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }]
  return Object.entries(value).flatMap(([key, part]) => leavesOf(part, [...path, key]))
}

const namesOf = (texts: unknown) => leavesOf(texts).map(({ path }) => path.join(' > '))

/** All code that could say something. */
const code = Object.values(
  import.meta.glob<string>(['../../src/dashboard/**/*.{ts,tsx}', '!../../src/dashboard/texts/*'], {
    query: '?raw',
    import: 'default',
    eager: true,
  }),
).join('\n')

/** Whether something is said by its name, or its table is asked by a code of the API, or handed on as a whole. */
function isSaid({ path }: Leaf): boolean {
  const tables = path.slice(0, -1).map((name, index) => (index === 0 ? `t.${name}` : `.${name}`))
  return (
    isNamed(`.${path.at(-1)}`) ||
    isNamed(`{ ${path.at(-1)} } = t.`) ||
    tables.some((table) => isNamed(table, String.raw`(?!\s*\??\.\w|\w|\s*:)`))
  )
}

function isNamed(text: string, after = String.raw`\b`): boolean {
  return new RegExp(`${text.replace(/[^\w ]/g, String.raw`\$&`)}${after}`).test(code)
}

describe('The texts', () => {
  it('are the same ones in French as in English', () => {
    expect(namesOf(fr).sort()).toEqual(namesOf(en).sort())
  })

  it.each([
    ['English', en],
    ['French', fr],
  ])('are all there in %s', (_, texts) => {
    const missing = leavesOf(texts).filter(({ value }) =>
      typeof value === 'string' ? value.trim() === '' : typeof value !== 'function',
    )
    expect(missing).toEqual([])
  })

  it('are all said somewhere', () => {
    const unsaid = leavesOf(en).filter((leaf) => !isSaid(leaf))
    expect(unsaid.map(({ path }) => path.join('.'))).toEqual([])
  })
})
