/** @module Which events the log shows: in its address, so that it can be kept and sent. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { linkTo, type Query } from '../../address.ts'
import { draftOfQuery, type FilterDraft, NO_FILTER, queryOf } from '../../parts/filter-draft.ts'
import { go, replace } from '../../routes.ts'

/** The filter as it is typed, with a span of time in UTC, as ISO 8601 has it. */
export type LogDraft = FilterDraft & { since: string; until: string }

/** How long it is waited after a letter: a search is shown as it is typed, half a host is none. */
const SEARCH_AFTER_MS = 100
const TYPED_AFTER_MS = 500

/** What is chosen, and not typed. */
const CHOSEN: ReadonlySet<string> = new Set(['types', 'nsfw', 'localOnly'])

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
    const write = (show: (address: string) => void) => {
      const link = linkTo(['events'], logQueryOf(next))
      written.current = link.split('?')[1] ?? ''
      show(link)
    }
    if (part.text !== undefined && isEventId(part.text)) return go(linkTo(['events', part.text.trim()]))
    if (Object.keys(part).every((name) => CHOSEN.has(name))) return write(go)
    timer.current = setTimeout(() => write(replace), 'text' in part ? SEARCH_AFTER_MS : TYPED_AFTER_MS)
    return undefined
  }, [])
  // At once: nobody waits to see nothing any more.
  const clear = useCallback(() => {
    change(NOTHING)
    clearTimeout(timer.current)
    written.current = ''
    go(linkTo(['events']))
  }, [change])
  return { draft, change, clear }
}

const NOTHING: LogDraft = { ...NO_FILTER, since: '', until: '' }

const isEventId = (text: string) => /^evt_[A-Za-z0-9_-]{8,60}$/.test(text.trim())

/** Reads the query of an address. What is no time is left as it is, for the API to say so. */
export function logDraftOf(query: URLSearchParams): LogDraft {
  return { ...draftOfQuery(query), since: query.get('since') ?? '', until: query.get('until') ?? '' }
}

/** As an address, or a request, has it. */
export function logQueryOf({ since, until, ...filter }: LogDraft): Query {
  // An empty one would be asked for, too.
  return { ...queryOf(filter), since: since || undefined, until: until || undefined }
}
