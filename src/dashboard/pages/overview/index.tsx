/** @module Overview: what happened of late, what needs attention, what happens now. */
import { useRef } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { useReloadOnEvents } from '../../live.ts'
import type { PageProps } from '../../pages.ts'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'
import { type Loaded, useLoaded } from '../../use-loaded.ts'
import { AttentionList } from './attention.tsx'
import { Charts } from './charts.tsx'
import { Figures } from './figures.tsx'
import { FirstSteps } from './first-steps.tsx'
import { LiveList } from './live-list.tsx'
import './style.css'

const RANGES = [6, 24, 72, 168] as const
const DEFAULT_RANGE = 24
/** Softly: what is shown are sums of hours. */
const RELOAD_AFTER_MS = 4_000

const readOverview = (hours: number) => call(api.GET('/api/v1/overview', { params: { query: { hours } } }))

/** As the API answers it. */
export type Overview = Extract<Awaited<ReturnType<typeof readOverview>>, { ok: true }>['data']

export default function OverviewPage({ query }: PageProps) {
  const asked = Number(query.get('hours'))
  const hours = RANGES.find((one) => one === asked) ?? DEFAULT_RANGE
  const overview = useKept(useLoaded(`overview ${hours}`, () => readOverview(hours)))
  useReloadOnEvents(overview.reload, () => true, RELOAD_AFTER_MS)
  return (
    <Page title={t.overview.title} actions={<RangeChoice hours={hours} />}>
      <LoadedPart of={overview}>
        {(data) => (
          <>
            <FirstSteps instances={data.instances.total} endpoints={data.endpoints.total} />
            <Figures overview={data} />
            {data.instances.total + data.endpoints.total > 0 && (
              <>
                <AttentionList attention={data.attention} />
                <Charts hours={data.hours} />
              </>
            )}
          </>
        )}
      </LoadedPart>
      <LiveList />
    </Page>
  )
}

/** What was shown stays until what is asked for instead is there. */
function useKept<TData>(loaded: Loaded<TData>): Loaded<TData> {
  const last = useRef<TData | null>(null)
  last.current = loaded.data ?? last.current
  return { ...loaded, data: last.current }
}

function RangeChoice({ hours }: { hours: number }) {
  return (
    <nav aria-label={t.overview.range} class="ranges">
      {RANGES.map((range) => (
        <a
          key={range}
          href={linkTo([], range === DEFAULT_RANGE ? {} : { hours: range })}
          {...(range === hours ? { 'aria-current': true as const } : {})}
        >
          {t.overview.lastHours(range)}
        </a>
      ))}
    </nav>
  )
}
