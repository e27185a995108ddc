/** @module One's consumers: where each is, how far behind, who reads. */

import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { number } from '../../format.ts'
import { useReloadOnEvents } from '../../live.ts'
import { Empty } from '../../parts/empty.tsx'
import { FailureNote } from '../../parts/failure.tsx'
import { FilterSummary } from '../../parts/filter-summary.tsx'
import { Loading } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { t } from '../../texts/index.ts'
import { usePages } from '../../use-pages.ts'
import { type Consumer, consumerPath } from './consumer.ts'
import { LagBadge, Lease } from './state.tsx'

const PAGE = 50

export function ConsumerList() {
  const { rows, hasMore, isLoading, failure, more, reload } = usePages<Consumer>('consumers', (after) =>
    call(
      api.GET('/api/v1/consumers', {
        params: { query: { count: PAGE, sort: '-createdAt', ...(after ? { after } : {}) } },
      }),
    ),
  )
  useReloadOnEvents(reload)
  const make = (
    <a class="button primary" href={linkTo(['consumers', 'new'])}>
      {t.consumers.make}
    </a>
  )
  return (
    <Page title={t.consumers.title} actions={make}>
      <p class="quiet">{t.consumers.about}</p>
      {failure && <FailureNote failure={failure} retry={reload} />}
      {rows.length === 0 && isLoading && <Loading />}
      {rows.length === 0 && !isLoading && !failure && (
        <Empty title={t.consumers.none}>
          <p>{t.consumers.noneHint}</p>
          {make}
        </Empty>
      )}
      {rows.length > 0 && (
        <div class="card">
          <Table caption={t.consumers.title} columns={columnsOf()} rows={rows} keyOf={({ id }) => id} />
          {hasMore && (
            <button type="button" disabled={isLoading} onClick={more}>
              {t.common.loadMore}
            </button>
          )}
        </div>
      )}
    </Page>
  )
}

function columnsOf(): Column<Consumer>[] {
  return [
    {
      title: t.common.name,
      cell: ({ name }) => <a href={linkTo(consumerPath(name))}>{name}</a>,
    },
    { title: t.common.state, cell: ({ lag }) => <LagBadge lag={lag} /> },
    { title: t.consumers.position, cell: ({ position }) => number(position), isNumber: true },
    { title: t.consumers.reads, cell: ({ lease }) => <Lease lease={lease} /> },
    { title: t.consumers.filter, cell: ({ filter }) => <FilterSummary filter={filter} /> },
  ]
}
