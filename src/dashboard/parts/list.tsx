/** @module A list that may be endless: read page by page, and of what was read only what is seen is there. */
import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from '@tanstack/virtual-core'
import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useLayoutEffect, useReducer, useRef } from 'preact/hooks'
import { t } from '../texts/index.ts'
import type { Pages } from '../use-pages.ts'
import { FailureNote } from './failure.tsx'
import { Loading } from './loaded.tsx'
import { staleClass } from './stale.ts'

/** So many rows before the end the next page is read. */
const AHEAD = 20

/**
 * The rows of `pages`.
 * @param label what the list is of. @param rowHeight what a row is guessed to be, pixels, until it was seen.
 * @param empty what is said when there is nothing. @param scroller given what scrolls, for who wants to know or set how far.
 */
export function EndlessList<TRow>({
  label,
  pages,
  keyOf,
  row,
  rowHeight = 60,
  empty,
  scroller: given,
}: {
  label: string
  pages: Pages<TRow>
  keyOf: (row: TRow) => string | number
  row: (row: TRow) => ComponentChildren
  rowHeight?: number
  empty: ComponentChildren
  scroller?: RefObject<HTMLElement | null>
}) {
  const { rows, hasMore, isLoading, isStale, failure, more, reload, place } = pages
  const own = useRef<HTMLElement>(null)
  const scroller = given ?? own
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    // The key of a row stays its own when others come before it.
    getItemKey: (index: number) => (rows[index] === undefined ? index : keyOf(rows[index])),
    overscan: 8,
    initialOffset: place.top,
  })
  const items = virtualizer.getVirtualItems()
  const last = items.at(-1)?.index ?? -1
  // Where the reader was, before he sees it from the top; of another list its top.
  useLayoutEffect(() => {
    scroller.current?.scrollTo({ top: place.top })
  }, [place])
  useEffect(() => {
    if (hasMore && !isLoading && !failure && last >= rows.length - AHEAD) more()
  }, [hasMore, isLoading, failure, last, rows.length, more])

  return (
    <>
      {failure && <FailureNote failure={failure} retry={hasMore ? more : reload} />}
      {rows.length === 0 && !failure && (isLoading ? <Loading /> : empty)}
      <section
        ref={scroller}
        class={`endless ${staleClass(pages)}`}
        aria-busy={isStale && isLoading}
        tabIndex={0}
        onScroll={(event) => {
          place.top = event.currentTarget.scrollTop
        }}
        aria-label={label}
        hidden={rows.length === 0}
        // No higher than its rows, as far as they are known; two pixels are its border.
        style={{ height: `min(70vh, ${virtualizer.getTotalSize() + 2}px)` }}
      >
        <ul style={{ height: `${virtualizer.getTotalSize()}px` }} aria-label={label}>
          {items.map(({ index, key, start }) => {
            const shown = rows[index]
            return (
              shown !== undefined && (
                <li
                  key={key}
                  data-index={index}
                  aria-setsize={hasMore ? -1 : rows.length}
                  aria-posinset={index + 1}
                  ref={(element) => virtualizer.measureElement(element)}
                  style={{ transform: `translateY(${start}px)` }}
                >
                  {row(shown)}
                </li>
              )
            )
          })}
        </ul>
      </section>
      {rows.length > 0 && isLoading && <Loading />}
      {rows.length > 0 && hasMore && !isLoading && (
        <p>
          <button type="button" onClick={more}>
            {t.common.loadMore}
          </button>
        </p>
      )}
    </>
  )
}

type Options = Pick<
  VirtualizerOptions<HTMLElement, HTMLLIElement>,
  'count' | 'getScrollElement' | 'estimateSize' | 'getItemKey' | 'overscan' | 'initialOffset'
>

/** The virtualizer as a hook: the library knows no Preact. */
function useVirtualizer(options: Options): Virtualizer<HTMLElement, HTMLLIElement> {
  const [, changed] = useReducer((count: number) => count + 1, 0)
  const whole: VirtualizerOptions<HTMLElement, HTMLLIElement> = {
    ...options,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => changed(0),
  }
  const kept = useRef<Virtualizer<HTMLElement, HTMLLIElement> | null>(null)
  kept.current ??= new Virtualizer(whole)
  const virtualizer = kept.current
  virtualizer.setOptions(whole)
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer])
  useLayoutEffect(() => virtualizer._willUpdate())
  return virtualizer
}
