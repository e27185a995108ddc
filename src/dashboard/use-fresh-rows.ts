/** @module Rows of a list that grow old where they are: of what changes in them nothing tells. */
import type { Result } from './api.ts'
import { useEvery } from './use-every.ts'
import type { Page, Pages } from './use-pages.ts'

const EVERY_MS = 15_000

/**
 * Reads the first page of a list again every fifteen seconds, and puts what it says in the place of what is shown. New rows come
 * when the list is read anew, so that nothing moves under a reader.
 */
export function useFreshRows<TRow extends { id: string }>(
  { rows, change }: Pages<TRow>,
  readFirst: () => Promise<Result<Page<TRow>>>,
): void {
  useEvery(EVERY_MS, async () => {
    if (rows.length === 0) return
    const result = await readFirst()
    // What went wrong, the next time may mend; that the connection is lost is said elsewhere.
    if (!result.ok) return
    const fresh = new Map(result.data.data.map((row) => [row.id, row]))
    change((before) => before.map((row) => fresh.get(row.id) ?? row))
  })
}
