/** @module The event log: the newest first, as far back as one scrolls, and what comes meanwhile. */
import { useRef } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Result } from '../../api.ts'
import type { LiveEvent } from '../../live.ts'
import { Empty } from '../../parts/empty.tsx'
import { EventLine } from '../../parts/event-line.tsx'
import { EndlessList } from '../../parts/list.tsx'
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'
import { usePages } from '../../use-pages.ts'
import { ActiveConditions } from './active-conditions.tsx'
import { FilterBar } from './filter-bar.tsx'
import { logDraftOf, logQueryOf, useLogFilter } from './log-filter.ts'
import { useNewEvents } from './new-events.ts'
import './style.css'

const PAGE_LENGTH = 50

export function EventLog({ query }: { query: URLSearchParams }) {
  const filter = useLogFilter(query)
  const key = query.toString()
  const scroller = useRef<HTMLElement>(null)
  const search = useRef<HTMLInputElement>(null)
  const read = (span: { before?: string; after?: string }) => readEvents(key, span)
  const pages = usePages(key, (before) => read(before === undefined ? {} : { before }), { keptAs: 'events' })
  const { waiting, show } = useNewEvents(key, pages, scroller, (after) => read({ after }))
  return (
    <Page title={t.events.title} actions={<Downloads query={key} />}>
      <FilterBar filter={filter} search={search} />
      <ActiveConditions filter={filter} onRemoved={() => search.current?.focus()} />
      <div class="new-events" role="status">
        {waiting > 0 && (
          <button type="button" class="primary" onClick={show}>
            {t.events.newEvents(waiting)}
          </button>
        )}
      </div>
      {pages.isStale && pages.isLoading && (
        <p class="searching" role="status">
          {t.events.searching}
        </p>
      )}
      <EndlessList
        label={t.events.log}
        pages={pages}
        keyOf={({ sequence }) => sequence}
        row={(event) => <EventLine event={event} hasPictures />}
        rowHeight={72}
        scroller={scroller}
        empty={<NothingHere isFiltered={key !== ''} clear={filter.clear} />}
      />
    </Page>
  )
}

/** A page of what fits the filter of an address: the newest first. */
function readEvents(
  address: string,
  span: { before?: string; after?: string },
): Promise<Result<{ data: LiveEvent[]; next?: string }>> {
  // The names are those of the API; what is wrong with their values it says itself.
  const query = logQueryOf(logDraftOf(new URLSearchParams(address))) as Readonly<Record<string, never>>
  return call(
    api.GET('/api/v1/events', {
      params: { query: { ...query, ...span, order: 'newest', limit: PAGE_LENGTH, pictures: 'true' } },
    }),
  )
}

function NothingHere({ isFiltered, clear }: { isFiltered: boolean; clear: () => void }) {
  if (!isFiltered)
    return (
      <Empty title={t.events.nothingYet}>
        <p>{t.events.nothingYetMore}</p>
        <a class="button" href={linkTo(['instances'])}>
          {t.events.toInstances}
        </a>
      </Empty>
    )
  return (
    <Empty title={t.common.noneFound}>
      <p>{t.events.noneFoundMore}</p>
      <button type="button" onClick={clear}>
        {t.events.clear}
      </button>
    </Empty>
  )
}

/** The same events as files: all of them, not only those that were read. */
function Downloads({ query }: { query: string }) {
  const search = query === '' ? '' : `?${query}`
  return (
    <>
      {(['ndjson', 'csv'] as const).map((format) => (
        <a
          key={format}
          class="button"
          href={`/download/events.${format}${search}`}
          download
          aria-label={t.events.download(format.toUpperCase())}
        >
          <span aria-hidden="true">↓</span> {format.toUpperCase()}
        </a>
      ))}
    </>
  )
}
