/** @module How rows look that were asked for with another filter. */
import type { Pages } from '../use-pages.ts'

/** The class of what shows them: pale until the others are there, and gone when these can't be read. */
export function staleClass({ isStale, failure }: Pick<Pages<unknown>, 'isStale' | 'failure'>): string {
  if (!isStale) return ''
  return failure ? 'stale wrong' : 'stale'
}
