/** @module The accounts, found by name, address and state. */
import { useRef, useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Result } from '../../api.ts'
import { Empty } from '../../parts/empty.tsx'
import { EndlessList } from '../../parts/list.tsx'
import { Page } from '../../parts/page.tsx'
import { type Choice, SearchBar } from '../../parts/search-bar.tsx'
import { Moment } from '../../parts/time.tsx'
import { useCan } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { type Page as PageOf, usePages } from '../../use-pages.ts'
import { AcceptButton } from './accept.tsx'
import { type Account, StateBadge } from './state.tsx'

const STATES = ['active', 'waiting-for-approval', 'waiting-for-email'] as const
/** The API's list is not by who is blocked: that is picked out here, of so many pages at a time. */
const PAGES_AT_ONCE = 5
const PAGE = 100

/** @param query `search` and `state`. */
export function UserList({ query }: { query: URLSearchParams }) {
  const can = useCan()
  const search = query.get('search') ?? ''
  const state = query.get('state') ?? ''
  const isPicked = state === 'blocked'
  const key = `users ${state} ${search}`
  const latestKey = useRef(key)
  latestKey.current = key
  const [looked, setLooked] = useState({ key, through: 0 })
  const read = (after: string | undefined) => {
    const known = STATES.find((one) => one === state)
    return call(
      api.GET('/api/v1/users', {
        params: {
          query: {
            count: PAGE,
            sort: '-createdAt',
            ...(search ? { search } : {}),
            ...(known ? { state: known } : {}),
            ...(after ? { after } : {}),
          },
        },
      }),
    )
  }
  const pick = async (after: string | undefined): Promise<Result<PageOf<Account>>> => {
    const found = await pickBlocked(read, after)
    if (found.ok)
      setLooked((before) => {
        // What comes too late for its list is not shown, and not counted.
        if (latestKey.current !== key) return before
        return { key, through: (after === undefined ? 0 : before.through) + found.data.of }
      })
    return found
  }
  const pages = usePages<Account>(key, isPicked ? pick : read, {
    passesEmpty: !isPicked,
  })
  const isFiltered = search !== '' || state !== ''
  return (
    <Page
      title={t.users.title}
      actions={
        can('addUsers') && (
          <a class="button primary" href={linkTo(['users', 'new'])}>
            {t.users.make}
          </a>
        )
      }
    >
      <SearchBar
        path={['users']}
        label={t.common.search}
        placeholder={t.users.searchHint}
        search={search}
        choices={choicesOf(state)}
        total={pages.total}
      />
      <EndlessList
        label={t.users.title}
        // Not further by itself: who is blocked may be rare.
        pages={isPicked ? { ...pages, hasMore: false } : pages}
        keyOf={({ id }) => id}
        rowHeight={56}
        row={(account) => <Row account={account} onAccepted={pages.reload} />}
        empty={
          <Empty title={isFiltered ? t.common.noneFound : t.users.none}>
            {isFiltered && <a href={linkTo(['users'])}>{t.users.showAll}</a>}
          </Empty>
        }
      />
      {isPicked && pages.hasMore && (
        <p class="actions">
          <span role="status">{t.users.ofTheFirst(looked.key === key ? looked.through : 0)}</span>
          <button type="button" disabled={pages.isLoading} onClick={pages.more}>
            {t.users.lookFurther}
          </button>
        </p>
      )}
    </Page>
  )
}

/** Who is blocked among some pages of accounts, and how many were looked through. */
async function pickBlocked(
  read: (after: string | undefined) => Promise<Result<PageOf<Account>>>,
  after: string | undefined,
): Promise<Result<{ data: Account[]; next?: string; of: number }>> {
  const data: Account[] = []
  let next = after
  let of = 0
  for (let count = 0; count < PAGES_AT_ONCE && (count === 0 || next !== undefined); count += 1) {
    const page = await read(next)
    if (!page.ok) return page
    data.push(...page.data.data.filter(({ blocked }) => blocked))
    of += page.data.data.length
    next = page.data.next
  }
  return { ok: true, data: { data, of, ...(next === undefined ? {} : { next }) } }
}

function choicesOf(state: string): Choice[] {
  const { 'waiting-for-approval': approval, 'waiting-for-email': mail, active, blocked } = t.users.states
  const options = {
    '': t.common.all,
    active,
    'waiting-for-approval': approval,
    'waiting-for-email': mail,
    blocked,
  }
  return [{ name: 'state', label: t.common.state, value: state, options, usual: '' }]
}

function Row({ account, onAccepted }: { account: Account; onAccepted: () => void }) {
  const { id, username, email, pendingEmail, role, state, blocked, lastLoginDate } = account
  const address = email ?? pendingEmail
  return (
    <div class="user-row">
      <div class="who-is">
        <a class="clip" dir="auto" href={linkTo(['users', id])}>
          <strong>{username}</strong>
        </a>
        <span class="quiet clip" dir="auto">
          {address ?? t.users.noAddress}
        </span>
      </div>
      <span>{t.shell.roles[role.label]}</span>
      <span>
        <StateBadge of={account} />
      </span>
      <span class="quiet">
        {t.users.lastLogin} <Moment at={lastLoginDate} />
      </span>
      <span>
        {state === 'waiting-for-approval' && !blocked && (
          <AcceptButton account={account} onDone={onAccepted} isSmall />
        )}
      </span>
    </div>
  )
}
