/** @module Reading again and again, while somebody looks and while something is under way. */
import { useEffect, useRef, useState } from 'preact/hooks'

const EVERY_MS = 2_000
const PATIENCE_MS = 60_000

/**
 * Does something every so often, for as long as the page is seen.
 * @param milliseconds how long it waits before each time; null: it doesn't.
 */
export function useEvery(milliseconds: number | null, act: () => void): void {
  const latest = useRef(act)
  latest.current = act
  useEffect(() => {
    if (milliseconds === null) return
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') latest.current()
    }, milliseconds)
    return () => clearInterval(timer)
  }, [milliseconds])
}

/**
 * Reads again every two seconds while something is under way, for a minute at the most.
 * @param reload stays the same one, as that of `useLoaded` does.
 * @returns whether the minute was not enough.
 */
export function useUntil(isUnderWay: boolean, reload: () => void): boolean {
  const [isLate, setLate] = useState(false)
  useEffect(() => {
    setLate(false)
    if (!isUnderWay) return
    const end = Date.now() + PATIENCE_MS
    const timer = setInterval(() => {
      if (Date.now() < end) return reload()
      clearInterval(timer)
      setLate(true)
    }, EVERY_MS)
    return () => clearInterval(timer)
  }, [isUnderWay, reload])
  return isUnderWay && isLate
}
