/** @module The newest events of the log, and those that come while one looks on. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { api, call } from '../../api.ts'
import { wordsOf } from '../../event-words.ts'
import { type LiveEvent, useLive } from '../../live.ts'
import { t } from '../../texts/index.ts'
import { type Loaded, useLoaded } from '../../use-loaded.ts'

const FIRST = 20
const MOST = 50

/** @returns the newest first, and when those came that came since; by their ids, milliseconds since the epoch. */
export function useNewestEvents(): {
  loaded: Loaded<readonly LiveEvent[]>
  cameAt: ReadonlyMap<string, number>
} {
  const read = useLoaded('events: the newest', () =>
    call(api.GET('/api/v1/events', { params: { query: { order: 'newest', limit: FIRST } } })),
  )
  const [came, setCame] = useState<readonly { event: LiveEvent; at: number }[]>([])
  useLive((event) => setCame((before) => [{ event, at: Date.now() }, ...before].slice(0, MOST)))
  const cameAt = new Map(came.map(({ event, at }) => [event.id, at]))
  const events = came.map(({ event }) => event)
  // What came while the first were being read is among them, too.
  const older = read.data?.data.filter(({ id }) => !cameAt.has(id)) ?? []
  const data = read.data === null ? null : [...events, ...older].sort(byNewest).slice(0, MOST)
  return { loaded: { ...read, data, set: () => undefined }, cameAt }
}

const byNewest = (one: LiveEvent, other: LiveEvent) => other.sequence - one.sequence

/** Who can't see is told of the first that comes, then of how many more there were, and not of each. */
const ANNOUNCE_EVERY_MS = 15_000

/** A sentence for screen readers about what came. */
export function useAnnouncement(): string {
  const [words, setWords] = useState('')
  const count = useRef(0)
  const latest = useRef<LiveEvent | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const announce = () => {
    if (latest.current === null || count.current === 0) return
    setWords(t.overview.came(count.current, wordsOf(latest.current).title))
    count.current = 0
    timer.current = setTimeout(() => {
      timer.current = null
      announce()
    }, ANNOUNCE_EVERY_MS)
  }
  useLive((event) => {
    count.current += 1
    latest.current = event
    if (timer.current === null) announce()
  })
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current)
    },
    [],
  )
  return words
}
