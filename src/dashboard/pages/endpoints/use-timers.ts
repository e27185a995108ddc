/** @module Reading again by the clock: only while something is under way. */
import { useEffect, useRef } from 'preact/hooks'

const EVERY_MS = 2_000

/** Does something every two seconds, as long as the page is seen. */
export function usePolling(isOn: boolean, reload: () => void): void {
  const latest = useRef(reload)
  latest.current = reload
  useEffect(() => {
    if (!isOn) return
    const timer = setInterval(() => {
      if (!document.hidden) latest.current()
    }, EVERY_MS)
    return () => clearInterval(timer)
  }, [isOn])
}

/** Does something once, a little after a time. @param at ISO 8601; null: never. */
export function useReloadAfter(at: string | null, reload: () => void): void {
  const latest = useRef(reload)
  latest.current = reload
  useEffect(() => {
    if (at === null) return
    const waitMs = Math.max(0, Date.parse(at) - Date.now()) + EVERY_MS
    // Longer ones run at once in browsers (more than 2^31 ms); in a day somebody looks anew anyway.
    if (waitMs > 86_400_000) return
    const timer = setTimeout(() => latest.current(), waitMs)
    return () => clearTimeout(timer)
  }, [at])
}
