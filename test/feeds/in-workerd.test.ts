/** @module What is served is the same in the runtime that serves it: the golden files, made inside workerd. */
import { describe, expect, it } from 'vitest'
import { goldenFeeds } from '../support/feeds.ts'

declare global {
  interface ImportMeta {
    /** Of vite, as it is called here: the texts of files, by their paths. */
    glob(pattern: string, options: { query: '?raw'; import: 'default'; eager: true }): Record<string, string>
  }
}

// Inside workerd there are no files: the bundler brings them.
const golden = import.meta.glob('./golden/*', {
  query: '?raw',
  import: 'default',
  eager: true,
})

describe('Inside workerd', () => {
  it('every format says of every type what the golden file says', () => {
    const made = [...goldenFeeds()].map(([name, text]) => [`./golden/${name}`, text])
    expect(Object.fromEntries(made)).toEqual(golden)
    expect(made.length).toBeGreaterThan(70)
  })
})
