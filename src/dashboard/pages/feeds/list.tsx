/** @module One's feeds; to those who see others', everybody's. */

import { linkTo } from '../../address.ts'
import { api, call, type Schemas } from '../../api.ts'
import { Badge } from '../../parts/badge.tsx'
import { Empty } from '../../parts/empty.tsx'
import { FilterSummary } from '../../parts/filter-summary.tsx'
import { Page } from '../../parts/page.tsx'
import { PagesTable } from '../../parts/pages-table.tsx'
import type { Column } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { useCan, useSession } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { usePages } from '../../use-pages.ts'
import { pathOf } from './addresses.tsx'

type Feed = Schemas['Feed']

const PAGE = 50

/** @param isAllWanted whether everybody's are asked for: who may not see them is shown his own. */
export function FeedList({ isAllWanted }: { isAllWanted: boolean }) {
  const can = useCan()
  const { user } = useSession()
  const isAll = isAllWanted && can('seeFeedsOfOthers')
  const feeds = usePages<Feed>(`feeds ${isAll}`, (after) =>
    call(
      api.GET('/api/v1/feeds', {
        params: {
          query: {
            count: PAGE,
            sort: '-createdAt',
            ...(after ? { after } : {}),
            ...(isAll ? { owner: 'all' } : {}),
          },
        },
      }),
    ),
  )
  return (
    <Page
      title={t.feeds.title}
      actions={
        <>
          {can('seeFeedsOfOthers') && (
            <a class="button" href={linkTo(['feeds'], isAll ? {} : { owner: 'all' })}>
              {isAll ? t.feeds.ownOnly : t.feeds.everybodys}
            </a>
          )}
          {/* By its own session, as all of the API. */}
          <a class="button" href="/feeds.opml" download="tubewire.opml">
            {t.feeds.opml}
          </a>
          <a class="button primary" href={linkTo(['feeds', 'new'])}>
            {t.feeds.make}
          </a>
        </>
      }
    >
      <p class="quiet">{t.feeds.about}</p>
      <PagesTable
        caption={t.feeds.title}
        columns={columnsFor(user.id)}
        pages={feeds}
        keyOf={({ id }) => id}
        empty={
          <Empty title={t.feeds.none}>
            <p>{t.feeds.noneHint}</p>
            <a class="button primary" href={linkTo(['feeds', 'new'])}>
              {t.feeds.make}
            </a>
          </Empty>
        }
      />
    </Page>
  )
}

/** @param reader his id: whose the others are is said. */
function columnsFor(reader: string): Column<Feed>[] {
  return [
    {
      title: t.feeds.name,
      cell: ({ id, name, owner }) => (
        <>
          <a href={linkTo(['feeds', id])} dir="auto" class="wrap">
            {name}
          </a>
          {owner !== reader && <div class="quiet wrap">{t.feeds.ofSomebody(owner)}</div>}
        </>
      ),
    },
    { title: t.feeds.visibility, cell: (feed) => <VisibilityBadge feed={feed} /> },
    { title: t.feeds.entries, cell: ({ mode }) => t.feeds.modes[mode] },
    { title: t.feeds.filter, cell: ({ filter }) => <FilterSummary filter={filter} /> },
    { title: t.feeds.address, cell: (feed) => <ShortAddress feed={feed} /> },
    { title: t.common.created, cell: ({ createdAt }) => <Moment at={createdAt} /> },
  ]
}

export function VisibilityBadge({ feed: { visibility } }: { feed: Feed }) {
  return <Badge tone={visibility === 'public' ? 'good' : 'plain'}>{t.feeds.visibilities[visibility]}</Badge>
}

/** A public feed's formats, each with its address; of a private one, that there is one. */
function ShortAddress({ feed: { slug, urls, visibility } }: { feed: Feed }) {
  if (visibility === 'private')
    return <span class="quiet">{urls ? t.feeds.isSecret : t.feeds.noAddress}</span>
  return (
    <>
      <code class="wrap">/feeds/{slug}</code>{' '}
      {urls &&
        Object.entries(urls).map(([format, url]) => (
          <a key={format} href={pathOf(url)} target="_blank" rel="noopener noreferrer" class="format">
            .{format}
          </a>
        ))}
    </>
  )
}
