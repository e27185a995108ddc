/** @module A list that is looked at again from its beginning, without losing what was read beyond it. */
import { useRef } from 'preact/hooks'
import type { Result, Schemas } from '../../api.ts'
import type { Page, Pages } from '../../use-pages.ts'

type Delivery = Schemas['Delivery']

/**
 * What reads the first page again and puts it in the place of what it was.
 * @param key of the list: an answer for another one comes too late. @param read reads the first page.
 */
export function useRefresh(
  pages: Pages<Delivery>,
  key: string,
  read: () => Promise<Result<Page<Delivery>>>,
): () => void {
  const current = useRef(key)
  current.current = key
  return async () => {
    if (pages.rows.length === 0) return pages.reload()
    const result = await read()
    // What went wrong, the next look may mend; that the connection is lost is said elsewhere.
    if (result.ok && current.current === key) pages.change((before) => refreshed(before, result.data))
  }
}

/** What is older than the page stays as it was; all that is not has its place in it. */
function refreshed(before: readonly Delivery[], { data, next }: Page<Delivery>): readonly Delivery[] {
  if (next === undefined) return data
  const last = data.at(-1)
  return last ? [...data, ...before.filter(({ sequence }) => sequence < last.sequence)] : before
}
