/** @module Reading again at a time that is known before. */
import { useEffect, useRef } from 'preact/hooks'

const AFTER_MS = 2_000

/** Does something once, a little after a time. @param at ISO 8601; null: never. */
export function useReloadAfter(at: string | null, reload: () => void): void {
  const latest = useRef(reload)
  latest.current = reload
  useEffect(() => {
    if (at === null) return
    const waitMs = Math.max(0, Date.parse(at) - Date.now()) + AFTER_MS
    // Longer ones run at once in browsers (more than 2^31 ms); in a day somebody looks anew anyway.
    if (waitMs > 86_400_000) return
    const timer = setTimeout(() => latest.current(), waitMs)
    return () => clearTimeout(timer)
  }, [at])
}
