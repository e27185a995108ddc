/** @module Who did what, on what, from where, when. */

import { linkTo } from '../../address.ts'
import { api, call, type Schemas } from '../../api.ts'
import { Badge } from '../../parts/badge.tsx'
import { Empty } from '../../parts/empty.tsx'
import { EndlessList } from '../../parts/list.tsx'
import { Page } from '../../parts/page.tsx'
import { Moment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import { usePages } from '../../use-pages.ts'
import { actionName } from './action-name.ts'
import { Filters } from './filters.tsx'
import { Target } from './target.tsx'
import { Views } from './views.tsx'

type Entry = Schemas['AuditEntry']

/** @param query `user`, by id, and `action`. */
export function AuditList({ query }: { query: URLSearchParams }) {
  const user = query.get('user') ?? ''
  const action = query.get('action') ?? ''
  const pages = usePages<Entry>(`audit ${user} ${action}`, (before) =>
    call(
      api.GET('/api/v1/audit-log', {
        params: {
          query: {
            limit: 100,
            ...(user ? { user } : {}),
            ...(action ? { action } : {}),
            ...(before ? { before } : {}),
          },
        },
      }),
    ),
  )
  const isFiltered = user !== '' || action !== ''
  return (
    <Page
      title={t.auditLog.title}
      actions={
        <button type="button" disabled={pages.isLoading} onClick={pages.reload}>
          {t.auditLog.readAgain}
        </button>
      }
    >
      <Views current="actions" />
      <Filters user={user} action={action} names={pages.rows} />
      <EndlessList
        label={t.auditLog.title}
        pages={pages}
        keyOf={({ sequence }) => sequence}
        rowHeight={64}
        row={(entry) => <Row entry={entry} />}
        empty={
          <Empty title={isFiltered ? t.common.noneFound : t.auditLog.none}>
            {isFiltered && <a href={linkTo(['audit-log'])}>{t.auditLog.showAll}</a>}
          </Empty>
        }
      />
    </Page>
  )
}

function Row({ entry }: { entry: Entry }) {
  const { at, userId, username, via, address, action, target, success } = entry
  return (
    <div class="audit-row">
      <span class="quiet">
        <Moment at={at} />
      </span>
      <span class="deed">
        <strong class="wrap" dir="auto">
          {userId === null ? (
            t.auditLog.nobody
          ) : (
            <a href={linkTo(['audit-log'], { user: userId })}>{username ?? userId}</a>
          )}
        </strong>{' '}
        <a class="quiet" href={linkTo(['audit-log'], { action })}>
          {actionName(action)}
        </a>{' '}
        {!success && <Badge tone="bad">{t.auditLog.failed}</Badge>}
      </span>
      <span class="wrap">{target !== null && <Target id={target} />}</span>
      <span class="quiet wrap">
        {viaName(via)}, <span dir="ltr">{address}</span>
      </span>
    </div>
  )
}

function viaName(via: string): string {
  const words: Readonly<Record<string, string>> = t.auditLog.vias
  return words[via] ?? t.auditLog.byKey(via)
}
