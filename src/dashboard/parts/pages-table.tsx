/** @module A table that is read page by page, at a button: for lists that are seldom longer than one. */
import type { ComponentChildren } from 'preact'
import { number } from '../format.ts'
import { t } from '../texts/index.ts'
import type { Pages } from '../use-pages.ts'
import { FailureNote } from './failure.tsx'
import { Loading } from './loaded.tsx'
import { staleClass } from './stale.ts'
import { type Column, Table } from './table.tsx'

/** @param caption what the table is of. @param empty what is said when there is nothing. */
export function PagesTable<TRow>({
  caption,
  columns,
  pages,
  keyOf,
  empty,
}: {
  caption: string
  columns: readonly Column<TRow>[]
  pages: Pages<TRow>
  keyOf: (row: TRow) => string | number
  empty: ComponentChildren
}) {
  const { rows, total, isStale, hasMore, isLoading, failure, more, reload } = pages
  const isEmpty = rows.length === 0
  return (
    <>
      {failure && <FailureNote failure={failure} retry={hasMore ? more : reload} />}
      {isEmpty && !failure && (isLoading ? <Loading /> : empty)}
      {!isEmpty && (
        <div class={`card ${staleClass(pages)}`} aria-busy={isStale && isLoading}>
          <Table caption={caption} columns={columns} rows={rows} keyOf={keyOf} />
        </div>
      )}
      {hasMore && (
        <p class="actions">
          <button type="button" disabled={isLoading} onClick={more}>
            {t.common.loadMore}
          </button>
          {total !== null && (
            <span class="quiet">{t.common.ofTotal(number(rows.length), number(total))}</span>
          )}
        </p>
      )}
    </>
  )
}
