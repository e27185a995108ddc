/** @module What comes while the log is read: on top at once for who is there, announced to who has scrolled down. */
import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Result } from '../../api.ts'
import { type LiveEvent, useReloadOnEvents } from '../../live.ts'
import type { Page, Pages } from '../../use-pages.ts'

/** Not a request for each of many events: all windows of a reader share 50 in ten seconds. */
const EVERY_MS = 1_500
/** Pixels: so far from the top one is still there. */
const TOP = 40

/**
 * Asks for what is newer than the list when something has happened: only the API knows what fits the filter.
 * @param key of the list. @param read gives what fits and comes after a sequence, the newest first.
 * @returns how many wait to be shown, and what shows them.
 */
export function useNewEvents(
  key: string,
  pages: Pages<LiveEvent>,
  scroller: RefObject<HTMLElement | null>,
  read: (after: string) => Promise<Result<Page<LiveEvent>>>,
): { waiting: number; show: () => void } {
  const [waiting, setWaiting] = useState<readonly LiveEvent[]>([])
  /** Whether there may be more between those that wait and the list. */
  const hasGap = useRef(false)
  const current = useRef({ key, pages, waiting })
  current.current = { key, pages, waiting }
  /** From when it asks until it may ask again. */
  const isBusy = useRef(false)
  const isAgain = useRef(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const isGone = useRef(false)
  const forget = () => {
    hasGap.current = false
    setWaiting([])
  }
  useEffect(forget, [key])

  const look = async () => {
    if (isBusy.current) {
      isAgain.current = true
      return
    }
    const { rows, isLoading, reload } = current.current.pages
    const newest = current.current.waiting[0] ?? rows[0]
    // An empty list begins anew; one that is being read has it.
    if (newest === undefined) return isLoading ? undefined : reload()
    isBusy.current = true
    const result = await read(String(newest.sequence))
    if (isGone.current) return
    // What fails is asked again with the next event.
    if (result.ok && current.current.key === key) take(result.data)
    timer.current = setTimeout(() => {
      isBusy.current = false
      if (!isAgain.current) return
      isAgain.current = false
      // As it is now: the filter may be another.
      latestLook.current()
    }, EVERY_MS)
  }
  const latestLook = useRef(look)
  latestLook.current = look
  useEffect(
    () => () => {
      isGone.current = true
      clearTimeout(timer.current)
    },
    [],
  )
  const take = ({ data, next }: Page<LiveEvent>) => {
    const shown = current.current
    const newest = (shown.waiting[0] ?? shown.pages.rows[0])?.sequence ?? 0
    const found = data.filter(({ sequence }) => sequence > newest)
    if (found.length === 0) return
    if (next !== undefined) hasGap.current = true
    if ((scroller.current?.scrollTop ?? 0) > TOP) return setWaiting([...found, ...shown.waiting])
    put([...found, ...shown.waiting])
  }
  const put = (events: readonly LiveEvent[]) => {
    if (hasGap.current) current.current.pages.reload()
    else current.current.pages.change((before) => [...events, ...before])
    forget()
  }
  useReloadOnEvents(look, () => true, EVERY_MS)
  // Of a list that was left and come back to.
  useEffect(() => {
    if (pages.rows.length > 0) look()
  }, [])

  const show = () => {
    scroller.current?.scrollTo({ top: 0 })
    // The button goes away: who used it is at the list then.
    scroller.current?.focus({ preventScroll: true })
    put(waiting)
  }
  return { waiting: waiting.length, show }
}
