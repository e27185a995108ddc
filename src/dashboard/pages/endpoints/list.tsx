/** @module The list of endpoints: how each is, and how well it does. */
import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { number } from '../../format.ts'
import { useReloadOnEvents } from '../../live.ts'
import { Empty } from '../../parts/empty.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { type Choice, SearchBar } from '../../parts/search-bar.tsx'
import { useCan } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { EndpointRows } from './rows.tsx'

/** As many as are asked for their statistics at once. */
const PAGE = 10
const SORTS = ['-createdAt', 'createdAt'] as const

type View = { search: string; sort: (typeof SORTS)[number]; page: number; isOfAll: boolean }

function viewOf(query: URLSearchParams, maySeeAll: boolean): View {
  const page = Number(query.get('page') ?? 1)
  return {
    search: query.get('search') ?? '',
    sort: query.get('sort') === 'createdAt' ? 'createdAt' : '-createdAt',
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
    isOfAll: maySeeAll && query.get('owner') === 'all',
  }
}

const linkToView = ({ search, sort, page, isOfAll }: View) =>
  linkTo(['endpoints'], {
    search,
    sort: sort === '-createdAt' ? undefined : sort,
    page: page === 1 ? undefined : page,
    owner: isOfAll ? 'all' : undefined,
  })

export function EndpointList({ query }: { query: URLSearchParams }) {
  const can = useCan()
  const view = viewOf(query, can('seeEndpointsOfOthers'))
  const { search, sort, page, isOfAll } = view
  const list = useLoaded(`endpoints ${JSON.stringify(view)}`, () =>
    call(
      api.GET('/api/v1/endpoints', {
        params: {
          query: {
            sort,
            start: (page - 1) * PAGE,
            count: PAGE,
            ...(search ? { search } : {}),
            ...(isOfAll ? { owner: 'all' } : {}),
          },
        },
      }),
    ),
  )
  useReloadOnEvents(list.reload, ({ type }) => type.startsWith('endpoint.'))
  return (
    <Page
      title={t.endpoints.title}
      actions={
        <a class="button primary" href={linkTo(['endpoints', 'new'])}>
          {t.endpoints.make}
        </a>
      }
    >
      <p>{t.endpoints.what}</p>
      <SearchBar
        path={['endpoints']}
        label={t.endpoints.list.search}
        search={search}
        choices={choicesOf(view, can('seeEndpointsOfOthers'))}
        total={null}
      />
      <LoadedPart of={list}>
        {({ data, total }) =>
          total === 0 ? (
            <Nothing isSearched={search !== ''} />
          ) : (
            <>
              <EndpointRows endpoints={data} />
              <Pager view={view} total={total} />
            </>
          )
        }
      </LoadedPart>
    </Page>
  )
}

/** What is chosen besides the search: the order, and whose they are. */
function choicesOf({ sort, isOfAll }: View, mayShowAll: boolean): Choice[] {
  const words = t.endpoints.list
  const order = { name: 'sort', label: words.sort, value: sort, options: words.sorts, usual: SORTS[0] }
  const whose = {
    name: 'owner',
    label: words.everybodys,
    value: isOfAll ? 'all' : '',
    ticked: 'all',
    usual: '',
  }
  return mayShowAll ? [order, whose] : [order]
}

function Nothing({ isSearched }: { isSearched: boolean }) {
  if (isSearched) return <Empty title={t.common.noneFound} />
  return (
    <Empty title={t.endpoints.list.empty}>
      <p>{t.endpoints.list.emptyHint}</p>
      <p>
        <a class="button primary" href={linkTo(['endpoints', 'new'])}>
          {t.endpoints.make}
        </a>
      </p>
    </Empty>
  )
}

/** The pages before and after. */
function Pager({ view, total }: { view: View; total: number }) {
  const words = t.endpoints.list
  const { page } = view
  const last = Math.max(1, Math.ceil(total / PAGE))
  return (
    <nav class="pager" aria-label={words.pages}>
      {page > 1 && <a href={linkToView({ ...view, page: page - 1 })}>{words.before}</a>}
      <span class="quiet">
        {words.total(total)}
        {last > 1 && ` · ${words.page(number(page), number(last))}`}
      </span>
      {page < last && <a href={linkToView({ ...view, page: page + 1 })}>{words.after}</a>}
    </nav>
  )
}
