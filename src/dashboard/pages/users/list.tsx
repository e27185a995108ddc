/** @module The accounts, found by name, address and state. */
import { useEffect, useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { Empty } from '../../parts/empty.tsx'
import { SelectField, TextField } from '../../parts/form.tsx'
import { EndlessList } from '../../parts/list.tsx'
import { Page } from '../../parts/page.tsx'
import { Moment } from '../../parts/time.tsx'
import { replace } from '../../routes.ts'
import { useCan } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { usePages } from '../../use-pages.ts'
import { AcceptButton } from './accept.tsx'
import { type Account, StateBadge } from './state.tsx'

const STATES = ['active', 'waiting-for-approval', 'waiting-for-email'] as const
/** While somebody types. */
const PAUSE_MS = 300

/** @param query `search` and `state`. */
export function UserList({ query }: { query: URLSearchParams }) {
  const can = useCan()
  const search = query.get('search') ?? ''
  const state = query.get('state') ?? ''
  const pages = usePages<Account>(`users ${state} ${search}`, async (after) => {
    const known = STATES.find((one) => one === state)
    const result = await call(
      api.GET('/api/v1/users', {
        params: {
          query: {
            count: 100,
            sort: '-createdAt',
            ...(search ? { search } : {}),
            ...(known ? { state: known } : {}),
            ...(after ? { after } : {}),
          },
        },
      }),
    )
    if (!result.ok || state !== 'blocked') return result
    // The API's list is not by this: who is blocked is picked out here, and of how many is not known.
    const { data, next } = result.data
    return {
      ok: true,
      data: { data: data.filter(({ blocked }) => blocked), ...(next === undefined ? {} : { next }) },
    }
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
      <Filters search={search} state={state} />
      {pages.total !== null && pages.rows.length > 0 && (
        <p class="quiet" role="status">
          {t.common.total(pages.total)}
        </p>
      )}
      <EndlessList
        label={t.users.title}
        pages={pages}
        keyOf={({ id }) => id}
        rowHeight={56}
        row={(account) => <Row account={account} onAccepted={pages.reload} />}
        empty={
          <Empty title={isFiltered ? t.common.noneFound : t.users.none}>
            {isFiltered && <a href={linkTo(['users'])}>{t.users.showAll}</a>}
          </Empty>
        }
      />
    </Page>
  )
}

function Filters({ search, state }: { search: string; state: string }) {
  const [typed, setTyped] = useState(search)
  // What "back" or a link has changed.
  useEffect(() => setTyped(search), [search])
  useEffect(() => {
    if (typed === search) return
    const timer = setTimeout(() => replace(linkTo(['users'], { search: typed, state })), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [typed])
  const { 'waiting-for-approval': approval, 'waiting-for-email': mail, active, blocked } = t.users.states
  return (
    <search class="columns">
      <TextField
        label={t.common.search}
        name="search"
        type="search"
        placeholder={t.users.searchHint}
        value={typed}
        onChange={setTyped}
      />
      <SelectField
        label={t.common.state}
        name="state"
        value={state}
        onChange={(value) => replace(linkTo(['users'], { search: typed, state: value }))}
        options={{
          '': t.common.all,
          active,
          'waiting-for-approval': approval,
          'waiting-for-email': mail,
          blocked,
        }}
      />
    </search>
  )
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
