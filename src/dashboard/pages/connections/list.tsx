/** @module Accounts that are connected, and how they are. */

import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { useLive } from '../../live.ts'
import { Empty } from '../../parts/empty.tsx'
import { EndlessList } from '../../parts/list.tsx'
import { Page } from '../../parts/page.tsx'
import { type Choice, SearchBar } from '../../parts/search-bar.tsx'
import { timesOf } from '../../parts/source-words.ts'
import { Moment } from '../../parts/time.tsx'
import { useCan, useSession } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useFreshRows } from '../../use-fresh-rows.ts'
import { usePages } from '../../use-pages.ts'
import { type Connection, ConnectionBadge, nameOf, readsWords } from './connection-words.tsx'
import { useOwnerNames } from './owners.ts'

const COUNT = 50

export function ConnectionList({ query }: { query: URLSearchParams }) {
  const can = useCan()
  const search = query.get('search') ?? ''
  const isAll = query.get('owner') === 'all' && can('seeConnectionsOfOthers')
  const ownerName = useOwnerNames(isAll)
  const read = (after?: string) =>
    call(
      api.GET('/api/v1/connections', {
        params: {
          query: {
            count: COUNT,
            sort: '-createdAt',
            ...(isAll ? { owner: 'all' } : {}),
            ...(search ? { search } : {}),
            ...(after === undefined ? {} : { after }),
          },
        },
      }),
    )
  const pages = usePages<Connection>(`connections ${isAll} ${search}`, read)
  useFreshRows(pages, () => read())
  useLive((event) => {
    if (event.type !== 'connection.expired') return
    const { id } = event.data.connection
    pages.change((before) => before.map((one) => (one.id === id ? { ...one, state: 'expired' } : one)))
  })
  const whose: Choice = {
    name: 'owner',
    label: t.connections.whose,
    value: isAll ? 'all' : 'mine',
    options: { mine: t.connections.mine, all: t.connections.everybodys },
    usual: 'mine',
  }
  const add = (
    <a class="button primary" href={linkTo(['connections', 'new'])}>
      {t.connections.add}
    </a>
  )
  return (
    <Page title={t.connections.title} actions={add}>
      {(search || pages.total !== 0 || can('seeConnectionsOfOthers')) && (
        <SearchBar
          path={['connections']}
          label={t.connections.searchLabel}
          search={search}
          choices={can('seeConnectionsOfOthers') ? [whose] : []}
          total={pages.total}
        />
      )}
      <EndlessList
        label={t.connections.title}
        pages={pages}
        keyOf={({ id }) => id}
        row={(connection) => (
          <Row connection={connection} owner={isAll ? ownerName(connection.owner) : null} />
        )}
        rowHeight={64}
        empty={
          search ? (
            <Empty title={t.connections.noneFound} />
          ) : (
            <Empty title={t.connections.none}>
              <p>{t.connections.noneHint}</p>
              <p>{add}</p>
            </Empty>
          )
        }
      />
    </Page>
  )
}

/** @param owner whose it is; null: one's own. */
function Row({ connection, owner }: { connection: Connection; owner: string | null }) {
  const { id, state, sources, instance } = connection
  const { user } = useSession()
  const isMine = connection.owner === user.id
  return (
    <div class="watched-row">
      <div class="what">
        <a class="clip" dir="auto" href={linkTo(['connections', id])}>
          {nameOf(connection)}
        </a>
        <span class="quiet clip" dir="auto">
          {owner === null ? instance.url : `${t.connections.owner}: ${owner}`}
        </span>
      </div>
      <div>
        <ConnectionBadge state={state} />
      </div>
      <div>
        <span class="quiet">{t.connections.reads}</span> {readsWords(connection)}
      </div>
      <div>
        {state === 'expired' && isMine ? (
          <a href={linkTo(['connections', id, 'login'])}>{t.connections.again}</a>
        ) : (
          <>
            <span class="quiet">{t.connections.lastRead}</span>{' '}
            <Moment at={timesOf(sources).lastReadAt} none={t.instances.neverRead} />
          </>
        )}
      </div>
    </div>
  )
}
