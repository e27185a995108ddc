/** @module The list of endpoints: how each is, and how well it does. */
import { useEffect, useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { number } from '../../format.ts'
import { useReloadOnEvents } from '../../live.ts'
import { Empty } from '../../parts/empty.tsx'
import { CheckField, SelectField, TextField } from '../../parts/form.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { replace } from '../../routes.ts'
import { useCan } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useDebounced } from '../../use-debounced.ts'
import { useLoaded } from '../../use-loaded.ts'
import { EndpointRows } from './rows.tsx'

/** As many as are asked for their statistics at once. */
const PAGE = 15
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
  const show = (part: Partial<View>) => replace(linkToView({ ...view, page: 1, ...part }))
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
      <Search view={view} show={show} mayShowAll={can('seeEndpointsOfOthers')} />
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

function Search({
  view,
  show,
  mayShowAll,
}: {
  view: View
  show: (part: Partial<View>) => void
  mayShowAll: boolean
}) {
  const words = t.endpoints.list
  const [typed, setTyped] = useState(view.search)
  const settled = useDebounced(typed)
  useEffect(() => {
    if (settled !== view.search) show({ search: settled })
  }, [settled])
  // "Back" has changed it.
  useEffect(() => setTyped(view.search), [view.search])
  return (
    <search class="columns list-tools">
      <TextField
        label={words.search}
        name="search"
        type="search"
        maxLength={100}
        value={typed}
        onChange={setTyped}
      />
      <SelectField
        label={words.sort}
        name="sort"
        value={view.sort}
        // One of the options.
        onChange={(sort) => show({ sort: sort as View['sort'] })}
        options={words.sorts}
      />
      {mayShowAll && (
        <CheckField
          label={words.everybodys}
          name="owner"
          value={view.isOfAll}
          onChange={(isOfAll) => show({ isOfAll })}
        />
      )}
    </search>
  )
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
