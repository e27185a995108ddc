/** @module One's consumers: where each is, how far behind, who reads. */

import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { number } from '../../format.ts'
import { useReloadOnEvents } from '../../live.ts'
import { Empty } from '../../parts/empty.tsx'
import { FilterSummary } from '../../parts/filter-summary.tsx'
import { Page } from '../../parts/page.tsx'
import { PagesTable } from '../../parts/pages-table.tsx'
import type { Column } from '../../parts/table.tsx'
import { t } from '../../texts/index.ts'
import { usePages } from '../../use-pages.ts'
import { type Consumer, consumerPath } from './consumer.ts'
import { LagBadge, Lease } from './state.tsx'

const PAGE = 50

export function ConsumerList() {
  const pages = usePages<Consumer>('consumers', (after) =>
    call(
      api.GET('/api/v1/consumers', {
        params: { query: { count: PAGE, sort: '-createdAt', ...(after ? { after } : {}) } },
      }),
    ),
  )
  useReloadOnEvents(() => {
    // Who went further than the first page keeps what he went to.
    if (pages.rows.length <= PAGE) pages.reload()
  })
  const make = (
    <a class="button primary" href={linkTo(['consumers', 'new'])}>
      {t.consumers.make}
    </a>
  )
  return (
    <Page title={t.consumers.title} actions={make}>
      <p class="quiet">{t.consumers.about}</p>
      <PagesTable
        caption={t.consumers.title}
        columns={columnsOf()}
        pages={pages}
        keyOf={({ id }) => id}
        empty={
          <Empty title={t.consumers.none}>
            <p>{t.consumers.noneHint}</p>
            {make}
          </Empty>
        }
      />
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
