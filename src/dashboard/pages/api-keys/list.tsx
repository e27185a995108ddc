/** @module The keys of the reader, or of others for administrators. */

import { linkTo } from '../../address.ts'
import { api, call, type Schemas } from '../../api.ts'
import { focusTitle } from '../../focus-title.ts'
import { number } from '../../format.ts'
import { Badge } from '../../parts/badge.tsx'
import { ConfirmButton } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Page } from '../../parts/page.tsx'
import { PagesTable } from '../../parts/pages-table.tsx'
import type { Column } from '../../parts/table.tsx'
import { Moment, useNow } from '../../parts/time.tsx'
import { useCan, useSession } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { usePages } from '../../use-pages.ts'

type Key = Schemas['ApiKey']

/** @param owner whose, by id; `all`: everybody's; null: the reader's own. */
export function KeyList({ owner }: { owner: string | null }) {
  const { user } = useSession()
  const can = useCan()
  const others = can('seeOthersKeys') && owner !== user.id ? owner : null
  const pages = usePages<Key>(`keys ${others ?? ''}`, (after) =>
    call(
      api.GET('/api/v1/api-keys', {
        params: {
          query: {
            count: 50,
            sort: '-createdAt',
            ...(others ? { owner: others } : {}),
            ...(after ? { after } : {}),
          },
        },
      }),
    ),
  )
  const isMine = (key: Key) => key.owner === user.id
  const whose: Column<Key> = {
    title: t.apiKeys.owner,
    cell: (key) =>
      isMine(key) ? (
        t.apiKeys.mine
      ) : (
        <a href={linkTo(['users', key.owner])}>
          <code>{key.owner}</code>
        </a>
      ),
  }
  const columns: Column<Key>[] = [
    {
      title: t.common.name,
      cell: (key) => (
        <div class="key-name">
          <KeyName shown={key} isMine={isMine(key)} />
          <code class="quiet">{key.hint}…</code>
        </div>
      ),
    },
    ...(others ? [whose] : []),
    { title: t.apiKeys.scopesTitle, cell: (key) => <ScopeList scopes={key.scopes} /> },
    { title: t.apiKeys.lastUsed, cell: (key) => <Moment at={key.lastUsedAt} /> },
    { title: t.apiKeys.expires, cell: (key) => <Expiry at={key.expiresAt} /> },
    {
      title: t.apiKeys.limit,
      cell: ({ rateLimit }) =>
        rateLimit === null ? <span class="quiet">{t.apiKeys.asEverybody}</span> : number(rateLimit),
    },
    {
      title: t.common.actions,
      cell: (key) => (
        <ConfirmButton
          label={t.apiKeys.revoke}
          title={t.apiKeys.revokeTitle}
          question={
            <p dir="auto" class="wrap">
              {t.apiKeys.revokeQuestion(key.name)}
            </p>
          }
          act={() => call(api.DELETE('/api/v1/api-keys/{id}', { params: { path: { id: key.id } } }))}
          onDone={() => {
            pages.change((rows) => rows.filter(({ id }) => id !== key.id))
            focusTitle()
          }}
        />
      ),
    },
  ]
  return (
    <Page
      title={t.apiKeys.title}
      actions={
        <a class="button primary" href={linkTo(['api-keys', 'new'])}>
          {t.apiKeys.make}
        </a>
      }
    >
      <p>{t.apiKeys.intro}</p>
      {can('seeOthersKeys') && <Whose others={others} />}
      <div class="keys">
        <PagesTable
          caption={t.apiKeys.title}
          columns={columns}
          pages={pages}
          keyOf={({ id }) => id}
          empty={
            <Empty title={others ? t.apiKeys.noneOfOthers : t.apiKeys.none}>
              {!others && <a href={linkTo(['api-keys', 'new'])}>{t.apiKeys.makeFirst}</a>}
            </Empty>
          }
        />
      </div>
    </Page>
  )
}

/** Whose keys are shown: a choice for administrators. */
function Whose({ others }: { others: string | null }) {
  const choices = [
    { words: t.apiKeys.own, address: linkTo(['api-keys']), isChosen: others === null },
    {
      words: t.apiKeys.everybodys,
      address: linkTo(['api-keys'], { owner: 'all' }),
      isChosen: others === 'all',
    },
  ]
  return (
    <nav class="views" aria-label={t.apiKeys.whose}>
      {choices.map(({ words, address, isChosen }) => (
        <a key={address} href={address} {...(isChosen ? { 'aria-current': 'page' as const } : {})}>
          {words}
        </a>
      ))}
      {others !== null && others !== 'all' && (
        <a href={linkTo(['users', others])} aria-current="page">
          {t.apiKeys.ofUser} <code>{others}</code>
        </a>
      )}
    </nav>
  )
}

/** The key of another is changed by nobody else: its name leads nowhere. */
function KeyName({ shown, isMine }: { shown: Key; isMine: boolean }) {
  return isMine ? (
    <a class="clamp" dir="auto" href={linkTo(['api-keys', shown.id])}>
      {shown.name}
    </a>
  ) : (
    <span class="clamp" dir="auto">
      {shown.name}
    </span>
  )
}

function ScopeList({ scopes }: { scopes: readonly string[] }) {
  return (
    <span class="scopes">
      {scopes.map((scope) => (
        <code key={scope}>{scope}</code>
      ))}
    </span>
  )
}

function Expiry({ at }: { at: string | null }) {
  const now = useNow()
  if (at !== null && Date.parse(at) <= now) return <Badge tone="bad">{t.apiKeys.expired}</Badge>
  return <Moment at={at} />
}
