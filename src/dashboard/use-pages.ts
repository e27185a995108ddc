/** @module A list that is read page by page, by cursor. */
import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Failure, Result } from './api.ts'
import { cameBack } from './routes.ts'

/** As the API answers lists: `next` when there is more; `total` of those that are counted. */
export type Page<TRow> = { data: readonly TRow[]; next?: string; total?: number }

export type Pages<TRow> = {
  rows: readonly TRow[]
  total: number | null
  hasMore: boolean
  isLoading: boolean
  failure: Failure | null
  /** Reads the next page; nothing while one is being read. */
  more: () => void
  /** Begins anew. What is shown stays until the first page is there. */
  reload: () => void
  /** Changes what is shown: what came live, what was removed. */
  change: (rows: (before: readonly TRow[]) => readonly TRow[]) => void
  /** Whether the rows are those of the list before: of another key, until the first page of this one is there. */
  isStale: boolean
  /** How far the list is scrolled, pixels: kept with its rows. */
  place: { top: number }
}

type Left<TRow> = { state: State<TRow>; place: { top: number } }

type State<TRow> = {
  /** Which list the rows are of. */
  key: string
  rows: readonly TRow[]
  total: number | null
  next: string | null
  failure: Failure | null
}

/** The lists that were left, by their keys, for who comes back: as far as they were read, and where he was. */
const left = new Map<string, { state: unknown; place: { top: number } }>()
const MOST_LEFT = 10

/** Forgets them: somebody else may be signed in now. */
export function forgetPages(): void {
  left.clear()
}

/** Pages that a filter has emptied are passed over by themselves, up to so many in a row. */
const MOST_EMPTY = 20

/**
 * Reads the first page, and others as they are asked for. What is new in a list that is come back to, the page
 * looks for.
 * @param key says what is listed: another key is another list.
 * @param read reads a page. @param read.cursor the `next` of the page before; undefined: the first.
 * @param keptAs what it is a list of, where who comes back finds what he left.
 * @param passesEmpty whether pages that have nothing are passed over by themselves.
 */
export function usePages<TRow>(
  key: string,
  read: (cursor: string | undefined) => Promise<Result<Page<TRow>>>,
  { keptAs = null, passesEmpty = true }: { keptAs?: string | null; passesEmpty?: boolean } = {},
): Pages<TRow> {
  const name = keptAs === null ? null : `${keptAs} ${key}`
  // Who keeps rows under a name is who reads them.
  const kept = useRef(name !== null && cameBack() ? (left.get(name) as Left<TRow> | undefined) : undefined)
  const [state, setState] = useState<State<TRow>>(
    kept.current?.state ?? { key, rows: [], total: null, next: null, failure: null },
  )
  const [isLoading, setLoading] = useState(kept.current === undefined)
  const place = useRef(kept.current?.place ?? { top: 0 })
  const [turn, setTurn] = useState(0)
  const latest = useRef(read)
  latest.current = read
  const latestKey = useRef(key)
  latestKey.current = key
  /** Of the list that is being read: answers for one before come too late. */
  const current = useRef(0)
  const isBusy = useRef(false)
  const rowsOf = useRef(state)
  rowsOf.current = state

  const readFrom = useCallback(async (cursor: string | undefined, isFirst: boolean) => {
    const mine = current.current
    isBusy.current = true
    setLoading(true)
    let from = cursor
    for (let empty = passesEmpty ? 0 : MOST_EMPTY; ; empty += 1) {
      const result = await latest.current(from)
      if (mine !== current.current) return
      if (!result.ok) {
        setState((before) => ({ ...before, failure: result.failure }))
        break
      }
      const { data, next, total } = result.data
      if (data.length === 0 && next !== undefined && empty < MOST_EMPTY) {
        from = next
        continue
      }
      setState((before) => ({
        key: latestKey.current,
        rows: isFirst ? data : [...before.rows, ...data],
        total: total ?? (isFirst ? null : before.total),
        next: next ?? null,
        failure: null,
      }))
      break
    }
    isBusy.current = false
    setLoading(false)
  }, [])

  // Before the next frame, for which nothing has to wait.
  useLayoutEffect(() => {
    current.current += 1
    if (kept.current === undefined) {
      setState((before) => ({ ...before, next: null, failure: null }))
      readFrom(undefined, true)
    }
    kept.current = undefined
    return () => {
      current.current += 1
      if (name !== null) leave(name, { state: rowsOf.current, place: place.current })
    }
  }, [key, turn])
  // Another list begins at its top; the same one read again stays where it is. After it was left, above.
  useLayoutEffect(
    () => () => {
      place.current = { top: 0 }
    },
    [key],
  )

  return {
    ...state,
    place: place.current,
    isStale: state.key !== key && state.rows.length > 0,
    hasMore: state.next !== null,
    isLoading,
    more: useCallback(() => {
      const { next } = rowsOf.current
      if (next !== null && !isBusy.current) readFrom(next, false)
    }, [readFrom]),
    reload: useCallback(() => setTurn((before) => before + 1), []),
    change: useCallback((changed) => setState((before) => ({ ...before, rows: changed(before.rows) })), []),
  }
}

function leave(name: string, one: { state: unknown; place: { top: number } }): void {
  left.delete(name)
  left.set(name, one)
  const [oldest] = left.keys()
  if (left.size > MOST_LEFT && oldest !== undefined) left.delete(oldest)
}
