/** @module Which part of a list was asked for, and in what order: the same three parameters everywhere. */
import { type Answer, refuseParameter } from './recorded-answers.ts'

export type Page = { start: number; count: number; sort: string }

/** @param sorts by what the list can be sorted. @returns the page, or the refusal. */
export function pageOf(url: URL, sorts: readonly string[], sortByDefault: string): Page | Answer {
  const query = url.searchParams
  const count = query.get('count') ?? '15'
  if (!/^\d+$/.test(count) || Number(count) > 100)
    return refuseParameter('get_videos_count_101', 'count', url)
  const start = query.get('start') ?? '0'
  if (!/^\d+$/.test(start)) return refuseParameter('get_videos_bad_start', 'start', url)
  const sort = query.get('sort') ?? sortByDefault
  if (!sorts.includes(sort.replace(/^-/, ''))) return refuseParameter('get_videos_bad_sort', 'sort', url)
  return { start: Number(start), count: Number(count), sort }
}

/** The items of a page. */
export function cut<TItem>(items: readonly TItem[], { start, count }: Page): TItem[] {
  return items.slice(start, start + count)
}
