/** @module Looking again while something is under way. */
import { useEffect, useRef } from 'preact/hooks'

/**
 * Calls again and again. Not while the page is hidden: nobody sees it.
 * @param everyMs how long it waits before each call; null: it doesn't.
 */
export function useRepeated(everyMs: number | null, act: () => void): void {
  const latest = useRef(act)
  latest.current = act
  useEffect(() => {
    if (everyMs === null) return
    const timer = setInterval(() => {
      if (!document.hidden) latest.current()
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
}
