/** @module What a page reads of the API: kept while it is read again, so that "back" shows at once what was there. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Failure, Result } from './api.ts'

export type Loaded<TData> = {
  data: TData | null
  failure: Failure | null
  isLoading: boolean
  reload: () => void
  /** In place of what was read: what a change has answered. */
  set: (data: TData) => void
}

/** What was read last, by its key, and when. */
const kept = new Map<string, { data: unknown; at: number }>()
const MOST_KEPT = 200

/** Forgets everything: somebody else may be signed in now. */
export function forgetLoaded(): void {
  kept.clear()
}

/**
 * Reads, and reads again when the key changes.
 * @param key says what is read: the same key, the same data. Null: nothing is read yet.
 */
export function useLoaded<TData>(key: string | null, load: () => Promise<Result<TData>>): Loaded<TData> {
  const initial = key === null ? null : recall<TData>(key)
  const [state, setState] = useState<{ key: string | null; data: TData | null; failure: Failure | null }>({
    key,
    data: initial,
    failure: null,
  })
  const [isLoading, setLoading] = useState(key !== null)
  const reader = useRef<() => void>(() => undefined)
  const latest = useRef(load)
  latest.current = load

  useEffect(() => {
    if (key === null) return
    let isOver = false
    let isBusy = false
    let isWantedAgain = false
    // One at a time: an answer that takes longer than it is asked for is shown all the same, and the next comes after it.
    const read = async () => {
      isWantedAgain = true
      if (isBusy) return
      isBusy = true
      setLoading(true)
      while (isWantedAgain) {
        isWantedAgain = false
        const result = await latest.current()
        if (isOver) return
        if (result.ok) keep(key, result.data)
        setState((before) => ({
          key,
          data: result.ok ? result.data : before.key === key ? before.data : null,
          failure: result.ok ? null : result.failure,
        }))
      }
      isBusy = false
      setLoading(false)
    }
    reader.current = read
    read()
    return () => {
      isOver = true
      reader.current = () => undefined
    }
  }, [key])

  const reload = useCallback(() => reader.current(), [])
  const set = useCallback(
    (data: TData) => {
      if (key !== null) keep(key, data)
      setState({ key, data, failure: null })
    },
    [key],
  )
  // Between a new key and its effect: what is kept of it, and nothing of the key before.
  const shown = state.key === key ? state : { data: initial, failure: null }
  return { data: shown.data, failure: shown.failure, isLoading, reload, set }
}

/** Keeps what was answered elsewhere under the key of who reads it: a page that shows it begins with that. */
export function keep(key: string, data: unknown): void {
  kept.delete(key)
  kept.set(key, { data, at: Date.now() })
  const [oldest] = kept.keys()
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest)
}

/**
 * What is kept under a key; null: nothing, or it is older.
 * @param withinMs how old it may be.
 */
export function recall<TData>(key: string, withinMs = Number.POSITIVE_INFINITY): TData | null {
  const found = kept.get(key)
  // Who keeps data under a key is who reads it: the key begins with the name of what is read.
  return found && Date.now() - found.at < withinMs ? (found.data as TData) : null
}
