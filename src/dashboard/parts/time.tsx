/** @module A moment: how long ago, and exactly when under the pointer and for screen readers. */
import { useEffect, useState } from 'preact/hooks'
import { exactTime, relativeTime } from '../format.ts'
import { t } from '../texts/index.ts'

const EVERY_MS = 5_000
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

/** The time of now, as it goes on: one timer for all that is shown. */
export function useNow(): number {
  const [, setNow] = useState(0)
  useEffect(() => {
    const tick = () => setNow(Date.now())
    listeners.add(tick)
    timer ??= setInterval(() => {
      for (const listener of listeners) listener()
    }, EVERY_MS)
    return () => {
      listeners.delete(tick)
      if (listeners.size > 0) return
      clearInterval(timer)
      timer = undefined
    }
  }, [])
  // What was read since the last tick is not in the future.
  return Date.now()
}

/** @param at ISO 8601; null: what `none` says, or "never". */
export function Moment({ at, none = t.common.never }: { at: string | null; none?: string }) {
  const now = useNow()
  if (at === null) return <span class="quiet">{none}</span>
  return (
    <time dateTime={at} title={exactTime(at)}>
      {relativeTime(at, now)}
    </time>
  )
}

/** The same with the exact time beside it, for who has no pointer: where one thing is shown, and not a list. */
export function ExactMoment({ at }: { at: string }) {
  return (
    <>
      <Moment at={at} /> <span class="quiet">({exactTime(at)})</span>
    </>
  )
}
