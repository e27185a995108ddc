/** @module A list that is read page by page, by cursor. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Failure, Result } from './api.ts'

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
}

type State<TRow> = {
  rows: readonly TRow[]
  total: number | null
  next: string | null
  failure: Failure | null
}

/** Pages that a filter has emptied are passed over by themselves, up to so many in a row. */
const MOST_EMPTY = 20

/**
 * Reads the first page, and others as they are asked for.
 * @param key says what is listed: another key is another list.
 * @param read reads a page. @param read.cursor the `next` of the page before; undefined: the first.
 */
export function usePages<TRow>(
  key: string,
  read: (cursor: string | undefined) => Promise<Result<Page<TRow>>>,
): Pages<TRow> {
  const [state, setState] = useState<State<TRow>>({ rows: [], total: null, next: null, failure: null })
  const [isLoading, setLoading] = useState(true)
  const [turn, setTurn] = useState(0)
  const latest = useRef(read)
  latest.current = read
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
    for (let empty = 0; ; empty += 1) {
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

  useEffect(() => {
    current.current += 1
    setState((before) => ({ ...before, next: null, failure: null }))
    readFrom(undefined, true)
    return () => {
      current.current += 1
    }
  }, [key, turn])

  return {
    ...state,
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
