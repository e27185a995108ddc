/** @module One feed: where it is read, how it looks in a reader, and what its owner can do with it. */

import { linkTo } from '../../address.ts'
import { api, call, type Result, type Schemas } from '../../api.ts'
import { FilterSummary } from '../../parts/filter-summary.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { Moment } from '../../parts/time.tsx'
import { useSession } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { FeedActions } from './actions.tsx'
import { Addresses } from './addresses.tsx'
import { VisibilityBadge } from './list.tsx'
import { ReaderPreview } from './reader-preview.tsx'

type Feed = Schemas['Feed']

/** The feed of an id. */
export function readFeed(id: string): Promise<Result<Feed>> {
  return call(api.GET('/api/v1/feeds/{id}', { params: { path: { id } } }))
}

export function OneFeed({ id }: { id: string }) {
  const { user } = useSession()
  const feed = useLoaded(`feed ${id}`, () => readFeed(id))
  const { data } = feed
  return (
    <Page
      title={data?.name ?? t.feeds.one}
      up={{ title: t.feeds.title, path: ['feeds'] }}
      actions={
        data?.owner === user.id && (
          <a class="button" href={linkTo(['feeds', id, 'edit'])}>
            {t.common.edit}
          </a>
        )
      }
    >
      <LoadedPart of={feed}>
        {(shown) => (
          <>
            <Facts feed={shown} />
            <section class="card">
              <h2>{t.feeds.addresses}</h2>
              <Addresses feed={shown} />
              <FeedActions loaded={feed} feed={shown} />
            </section>
            <ReaderPreview feed={shown} />
          </>
        )}
      </LoadedPart>
    </Page>
  )
}

function Facts({ feed }: { feed: Feed }) {
  const { mode, filter, createdAt, updatedAt } = feed
  return (
    <dl class="facts card">
      <dt>{t.feeds.visibility}</dt>
      <dd>
        <VisibilityBadge feed={feed} /> {t.feeds.visibilityHints[feed.visibility]}
      </dd>
      <dt>{t.feeds.entries}</dt>
      <dd>
        {t.feeds.modes[mode]}. <span class="quiet">{t.feeds.modeHints[mode]}</span>
      </dd>
      <dt>{t.feeds.filter}</dt>
      <dd>
        <FilterSummary filter={filter} />
      </dd>
      <dt>{t.common.created}</dt>
      <dd>
        <Moment at={createdAt} />
      </dd>
      {updatedAt !== createdAt && (
        <>
          <dt>{t.feeds.changed}</dt>
          <dd>
            <Moment at={updatedAt} />
          </dd>
        </>
      )}
    </dl>
  )
}
