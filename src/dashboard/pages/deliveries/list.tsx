/** @module The deliveries of an endpoint, the newest first. */
import { useEffect } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { endpointName } from '../../endpoint-name.ts'
import { useReloadOnEvents } from '../../live.ts'
import { Empty } from '../../parts/empty.tsx'
import { EndpointBadge } from '../../parts/endpoint-badge.tsx'
import { SelectField } from '../../parts/form.tsx'
import { EndlessList } from '../../parts/list.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { useNow } from '../../parts/time.tsx'
import { go, replace } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { useDebounced } from '../../use-debounced.ts'
import { useEvery } from '../../use-every.ts'
import { useLoaded } from '../../use-loaded.ts'
import { usePages } from '../../use-pages.ts'
import { askedOf, FilterBar, type Filters, filtersOf, isFiltered } from './filters.tsx'
import { DeliveryLine } from './line.tsx'
import { useOwnEndpoints } from './own-endpoints.ts'
import { useRefresh } from './refresh.ts'
import { isSoon } from './soon.ts'

const PAGE = 50
/** How often it looks again while something is about to be sent. */
const LOOK_MS = 4_000

export function DeliveryList({ endpointId, query }: { endpointId: string; query: URLSearchParams }) {
  const filters = filtersOf(query)
  const addressOf = (part: Partial<Filters>) => linkTo(['deliveries', endpointId], { ...filters, ...part })
  return (
    <Page
      title={t.deliveries.title}
      up={{ title: t.deliveries.allEndpoints, path: ['deliveries'] }}
      actions={
        <a class="button" href={linkTo(['endpoints', endpointId])}>
          {t.deliveries.toEndpoint}
        </a>
      }
    >
      <WhoseDeliveries endpointId={endpointId} filters={filters} />
      <FilterBar
        filters={filters}
        onChange={(part) => go(addressOf(part))}
        onType={(part) => replace(addressOf(part))}
      />
      <Deliveries endpointId={endpointId} filters={filters} />
    </Page>
  )
}

/** Which endpoint it is, and how it is; where there are several another one is chosen here. */
function WhoseDeliveries({ endpointId, filters }: { endpointId: string; filters: Filters }) {
  const own = useOwnEndpoints()
  const endpoint = useLoaded(`delivery-endpoint ${endpointId}`, () =>
    call(api.GET('/api/v1/endpoints/{id}', { params: { path: { id: endpointId } } })),
  )
  const others = own.data?.data ?? []
  const isChoice = others.length > 1 && others.some(({ id }) => id === endpointId)
  return (
    <LoadedPart of={endpoint}>
      {(shown) => {
        return (
          <div class="whose">
            {isChoice ? (
              <SelectField
                label={t.deliveries.endpoint}
                name="endpoint"
                value={endpointId}
                onChange={(id) => go(linkTo(['deliveries', id], filters))}
                options={Object.fromEntries(others.map((one) => [one.id, endpointName(one)]))}
              />
            ) : (
              <p class="clamp">
                <span class="quiet">{t.deliveries.endpoint} </span>
                <bdi>{endpointName(shown)}</bdi>
              </p>
            )}
            <EndpointBadge of={shown} />
          </div>
        )
      }}
    </LoadedPart>
  )
}

function Deliveries({ endpointId, filters }: { endpointId: string; filters: Filters }) {
  const settled = useDebounced(JSON.stringify(filters), 250)
  const key = `deliveries ${endpointId} ${settled}`
  const read = (before?: string) => {
    // Our own, from above.
    const asked = askedOf(JSON.parse(settled) as Filters)
    const paged = { endpoint: endpointId, limit: PAGE, ...(before === undefined ? {} : { before }) }
    return call(api.GET('/api/v1/deliveries', { params: { query: { ...asked, ...paged } } }))
  }
  const pages = usePages(key, read, { keptAs: 'deliveries' })
  const refresh = useRefresh(pages, key, read)
  const now = useNow()
  useReloadOnEvents(refresh)
  // Of a list that was left and come back to.
  useEffect(() => {
    if (pages.rows.length > 0) refresh()
  }, [])
  useEvery(pages.rows.slice(0, PAGE).some((delivery) => isSoon(delivery, now)) ? LOOK_MS : null, refresh)
  return (
    <>
      <h2 class="hidden">{t.deliveries.list}</h2>
      <EndlessList
        label={t.deliveries.list}
        pages={pages}
        keyOf={({ sequence }) => sequence}
        row={(delivery) => <DeliveryLine delivery={delivery} />}
        rowHeight={62}
        empty={
          isFiltered(filters) ? (
            <Empty title={t.deliveries.noneFit}>
              <a class="button" href={linkTo(['deliveries', endpointId])}>
                {t.deliveries.showAll}
              </a>
            </Empty>
          ) : (
            <Empty title={t.deliveries.none}>
              <p>{t.deliveries.noneHint}</p>
              <a class="button" href={linkTo(['endpoints', endpointId])}>
                {t.deliveries.toEndpoint}
              </a>
            </Empty>
          )
        }
      />
    </>
  )
}
