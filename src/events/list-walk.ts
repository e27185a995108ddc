/** @module A walk down a list of what grows by numbers, from its top to what was known. It may be broken off between any two pages. Pure. */
import { PAGE_SIZE } from './video-walk.ts'

/** `start`: of the next page. `highest`: the highest number on the pages before. */
export type ListWalk = { start: number; highest: number }

/** Each page begins with the last few of the page before: so many may be deleted between the two, and none is passed over. */
const OVERLAP = 10
/** Beyond, the oldest of what came at once is left out. */
const MAX_PAGES = 100

/** The walk from the top. @param newestId the highest number so far; null: never looked. */
export function walkFrom(newestId: number | null): ListWalk {
  return { start: 0, highest: newestId ?? 0 }
}

/**
 * Where a walk stands after a page.
 * @param ids of the page, as far as they could be understood. @param listed how many items it had.
 * @param newestId the highest number before the walk; null: never looked, then the first page is enough.
 */
export function walkOn(
  { start, highest }: ListWalk,
  { ids, listed }: { ids: readonly number[]; listed: number },
  newestId: number | null,
): ListWalk & { isDone: boolean } {
  const step = PAGE_SIZE - OVERLAP
  const isDone =
    newestId === null ||
    listed < PAGE_SIZE ||
    start >= (MAX_PAGES - 1) * step ||
    // Whatever is new came after all that was known: a page of nothing else is followed by more.
    ids.some((id) => id <= newestId)
  return { start: start + step, highest: Math.max(highest, ...ids), isDone }
}
