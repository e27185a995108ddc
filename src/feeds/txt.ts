/** @module A feed as plain text: for terminals, and for whoever is told by the hub and reads it as it comes. */
import type { Page } from './page.ts'

/** Two lines of an entry: when and what, and where. No text of others has a line end, or means anything to a terminal. */
export function txtFeed({ title, entries, urls }: Page): string {
  const heads = [title, urls.self]
  const lines = entries.flatMap(({ updatedAt, line, url }) => [`${updatedAt}  ${line}`, `    ${url}`])
  const next = urls.next === null ? [] : ['', `older: ${urls.next}`]
  return [...heads, ...(lines.length === 0 ? [] : ['', ...lines]), ...next, ''].join('\n')
}
