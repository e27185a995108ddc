/** @module Which events the log shows: in its address, so that it can be kept and sent. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { draftOfQuery, type FilterDraft, NO_FILTER, queryOf } from '../../parts/filter-fields.tsx'
import { go, linkTo, type Query, replace } from '../../routes.ts'

/** The filter as it is typed, with a span of time as `datetime-local` has it. */
export type LogDraft = FilterDraft & { since: string; until: string }

/** How long it is waited after a letter: a search is shown as it is typed, half a host is none. */
const SEARCH_AFTER_MS = 150
const TYPED_AFTER_MS = 500

/** What is chosen, and not typed. */
const CHOSEN: ReadonlySet<string> = new Set(['types', 'nsfw', 'localOnly', 'since', 'until'])

export type LogFilter = {
  draft: LogDraft
  change: (part: Partial<LogDraft>) => void
  clear: () => void
}

/** The filter of an address, and what changes it: what was typed after a moment, what was chosen at once. */
export function useLogFilter(query: URLSearchParams): LogFilter {
  const address = query.toString()
  const [draft, setDraft] = useState(() => logDraftOf(query))
  const latest = useRef(draft)
  latest.current = draft
  const written = useRef(address)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)

  useEffect(() => {
    // Somebody else changed it: "back", or a link. What is typed here comes back as it was written.
    if (address === written.current) return
    written.current = address
    clearTimeout(timer.current)
    setDraft(logDraftOf(new URLSearchParams(address)))
  }, [address])
  useEffect(() => () => clearTimeout(timer.current), [])

  const change = useCallback((part: Partial<LogDraft>) => {
    const next = { ...latest.current, ...part }
    latest.current = next
    setDraft(next)
    clearTimeout(timer.current)
    const write = () => {
      const link = linkTo(['events'], logQueryOf(next))
      written.current = link.split('?')[1] ?? ''
      replace(link)
    }
    if (part.text !== undefined && isEventId(part.text)) return go(linkTo(['events', part.text.trim()]))
    if (Object.keys(part).every((name) => CHOSEN.has(name))) return write()
    timer.current = setTimeout(write, 'text' in part ? SEARCH_AFTER_MS : TYPED_AFTER_MS)
    return undefined
  }, [])
  // At once: nobody waits to see nothing any more.
  const clear = useCallback(() => {
    change(NOTHING)
    clearTimeout(timer.current)
    written.current = ''
    replace(linkTo(['events']))
  }, [change])
  return { draft, change, clear }
}

const NOTHING: LogDraft = { ...NO_FILTER, since: '', until: '' }

const isEventId = (text: string) => /^evt_[A-Za-z0-9_-]{8,60}$/.test(text.trim())

/** Reads the query of an address. */
function logDraftOf(query: URLSearchParams): LogDraft {
  return {
    ...draftOfQuery(query),
    since: localTime(query.get('since')),
    until: localTime(query.get('until')),
  }
}

/** As an address has it: times in UTC. */
function logQueryOf({ since, until, ...filter }: LogDraft): Query {
  return { ...queryOf(filter), since: universalTime(since), until: universalTime(until) }
}

/** What a request asks for: all that the address says, as it says it. */
export function askedBy(query: URLSearchParams): Query {
  return {
    ...queryOf(draftOfQuery(query)),
    since: query.get('since') ?? undefined,
    until: query.get('until') ?? undefined,
  }
}

/** `2026-11-27T18:40`, where the reader is. What is no time is left as it is, for the API to say so. */
function localTime(time: string | null): string {
  if (time === null) return ''
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return time
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 19).replace(/:00$/, '')
}

function universalTime(time: string): string | undefined {
  if (time === '') return undefined
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? time : date.toISOString()
}
