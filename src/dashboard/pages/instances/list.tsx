/** @module The instances that are watched, and how they are: as it changes. */

import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { type LiveEvent, useLive } from '../../live.ts'
import { Empty } from '../../parts/empty.tsx'
import { EndlessList } from '../../parts/list.tsx'
import { Page } from '../../parts/page.tsx'
import { NextRead } from '../../parts/read-times.tsx'
import { SearchBar } from '../../parts/search-bar.tsx'
import { timesOf } from '../../parts/source-words.ts'
import { Moment } from '../../parts/time.tsx'
import { useCan } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useFreshRows } from '../../use-fresh-rows.ts'
import { usePages } from '../../use-pages.ts'
import { type Instance, InstanceBadge } from './instance-badge.tsx'

const SORTS = ['-createdAt', 'createdAt', 'host', '-host'] as const
const COUNT = 50

export function InstanceList({ query }: { query: URLSearchParams }) {
  const can = useCan()
  const search = query.get('search') ?? ''
  const sort = SORTS.find((one) => one === query.get('sort')) ?? SORTS[0]
  const read = (after?: string) =>
    call(
      api.GET('/api/v1/instances', {
        params: {
          query: {
            count: COUNT,
            sort,
            ...(search ? { search } : {}),
            ...(after === undefined ? {} : { after }),
          },
        },
      }),
    )
  const pages = usePages<Instance>(`instances ${sort} ${search}`, read)
  useFreshRows(pages, () => read())
  useLive((event) => pages.change((before) => before.map((one) => afterEvent(one, event))))

  return (
    <Page
      title={t.instances.title}
      actions={
        can('addInstance') && (
          <a class="button primary" href={linkTo(['instances', 'new'])}>
            {t.instances.add}
          </a>
        )
      }
    >
      {(search || pages.total !== 0) && (
        <SearchBar
          path={['instances']}
          label={t.instances.searchLabel}
          search={search}
          choices={[
            {
              name: 'sort',
              label: t.instances.order,
              value: sort,
              options: t.instances.orders,
              usual: SORTS[0],
            },
          ]}
          total={pages.total}
        />
      )}
      <EndlessList
        label={t.instances.title}
        pages={pages}
        keyOf={({ id }) => id}
        row={(instance) => <Row instance={instance} />}
        rowHeight={64}
        empty={
          search ? (
            <Empty title={t.instances.noneFound}>
              <p>
                <a href={linkTo(['instances'])}>{t.instances.showAll}</a>
              </p>
            </Empty>
          ) : (
            <Empty title={t.instances.none}>
              {can('addInstance') ? (
                <>
                  <p>{t.instances.noneStaff}</p>
                  <p>
                    <a class="button primary" href={linkTo(['instances', 'new'])}>
                      {t.instances.add}
                    </a>
                  </p>
                </>
              ) : (
                <p>{t.instances.noneUser}</p>
              )}
            </Empty>
          )
        }
      />
    </Page>
  )
}

function Row({ instance }: { instance: Instance }) {
  const { id, name, host, version, state, sources, createdAt } = instance
  const { next, lastReadAt } = timesOf(sources ?? [])
  return (
    <div class="watched-row">
      <div class="what">
        <a class="clip" dir="auto" href={linkTo(['instances', id])}>
          {name || host}
        </a>
        <span class="quiet clip">
          {host} · {t.instances.version(version)}
        </span>
      </div>
      <div>
        <InstanceBadge state={state} />
      </div>
      {sources ? (
        <>
          <div>
            <span class="quiet">{t.instances.read}</span>{' '}
            <Moment at={lastReadAt} none={t.instances.neverRead} />
          </div>
          <div>
            <span class="quiet">{t.instances.next}</span> <NextRead source={next} />
          </div>
        </>
      ) : (
        <div>
          <span class="quiet">{t.instances.one.added}</span> <Moment at={createdAt} />
        </div>
      )}
    </div>
  )
}

/** An instance as it is after something happened. */
function afterEvent(instance: Instance, event: LiveEvent): Instance {
  if (event.instance !== instance.host) return instance
  if (event.type === 'instance.unreachable') return { ...instance, state: 'unreachable' }
  if (event.type === 'instance.recovered') return { ...instance, state: 'ok' }
  if (event.type === 'instance.upgraded') return { ...instance, version: event.data.to }
  return instance
}
