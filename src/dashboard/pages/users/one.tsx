/** @module One account: who it is, and what those who look after accounts do with it. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { ConfirmButton } from '../../parts/dialog.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { Moment } from '../../parts/time.tsx'
import { go } from '../../routes.ts'
import { FIRST_ADMINISTRATOR, useCan, useSession } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { AcceptButton } from './accept.tsx'
import { BlockButton, UnblockButton } from './block.tsx'
import { ChangeUser } from './change.tsx'
import { type Account, mayJudge, StateBadge } from './state.tsx'

export function OneUser({ id }: { id: string }) {
  const account = useLoaded(`user ${id}`, () =>
    call(api.GET('/api/v1/users/{id}', { params: { path: { id } } })),
  )
  const [done, setDone] = useState<string | null>(null)
  const can = useCan()
  const { user } = useSession()
  const changed = (words: string) => {
    setDone(words)
    account.reload()
  }
  return (
    <Page title={account.data?.username ?? t.users.one} up={{ title: t.users.title, path: ['users'] }}>
      <p role="status" class={done ? 'note good' : 'hidden'}>
        {done}
      </p>
      <LoadedPart of={account}>
        {(data) => (
          <>
            <section class="card">
              <Facts account={data} />
              <Judgement account={data} onDone={changed} />
            </section>
            {can('changeUsers') && <ChangeUser key={data.updatedAt} account={data} onDone={changed} />}
            {can('deleteUsers') && data.id !== user.id && data.id !== FIRST_ADMINISTRATOR && (
              <DeleteUser account={data} />
            )}
          </>
        )}
      </LoadedPart>
    </Page>
  )
}

function Facts({ account }: { account: Account }) {
  const can = useCan()
  const { id, email, emailVerified, pendingEmail, role, blockedReason, createdAt, lastLoginDate } = account
  const links = [
    can('seeOthersKeys') && { address: linkTo(['api-keys'], { owner: id }), words: t.users.keys },
    can('seeAuditLog') && { address: linkTo(['audit-log'], { user: id }), words: t.users.deeds },
  ].filter((link) => link !== false)
  return (
    <>
      <dl class="facts">
        <Fact name={t.common.state}>
          <StateBadge of={account} />
        </Fact>
        {blockedReason !== null && (
          <Fact name={t.users.reason}>
            <span dir="auto">{blockedReason}</span>
          </Fact>
        )}
        <Fact name={t.users.role}>{t.shell.roles[role.label]}</Fact>
        <Fact name={t.users.address}>
          {email === null ? (
            <span class="quiet">{t.users.noAddress}</span>
          ) : (
            <>
              <span dir="auto">{email}</span>{' '}
              <span class="quiet">{emailVerified ? t.users.verified : t.users.notVerified}</span>
            </>
          )}
        </Fact>
        {pendingEmail !== null && (
          <Fact name={t.users.pending}>
            <span dir="auto">{pendingEmail}</span> <span class="quiet">{t.users.notVerified}</span>
          </Fact>
        )}
        <Fact name={t.users.lastLogin}>
          <Moment at={lastLoginDate} />
        </Fact>
        <Fact name={t.common.created}>
          <Moment at={createdAt} />
        </Fact>
        <Fact name={t.users.id}>
          <code>{id}</code>
        </Fact>
      </dl>
      {links.length > 0 && (
        <p class="actions">
          {links.map(({ address, words }) => (
            <a key={address} href={address}>
              {words}
            </a>
          ))}
        </p>
      )}
    </>
  )
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

/** Let in, or shut out. */
function Judgement({ account, onDone }: { account: Account; onDone: (words: string) => void }) {
  const { user } = useSession()
  const can = useCan()
  const isJudge = can('blockUsers') && mayJudge(user, account)
  const isWaiting = account.state === 'waiting-for-approval' && !account.blocked
  if (!isJudge) return null
  return (
    <>
      {isWaiting && <p>{can('deleteUsers') ? t.users.acceptHint : t.users.acceptHintModerator}</p>}
      <div class="actions">
        {isWaiting && can('acceptUsers') && (
          <AcceptButton account={account} onDone={() => onDone(t.users.accepted)} />
        )}
        {account.blocked ? (
          <UnblockButton account={account} onDone={() => onDone(t.users.unblocked)} />
        ) : (
          <BlockButton account={account} onDone={() => onDone(t.users.blocked)} />
        )}
      </div>
    </>
  )
}

function DeleteUser({ account: { id, username } }: { account: Account }) {
  return (
    <section class="card">
      <h2>{t.users.deleteTitle}</h2>
      <p>{t.users.deleteIntro}</p>
      <ConfirmButton
        label={t.users.delete}
        title={t.users.deleteQuestionTitle(username)}
        question={<p>{t.users.deleteQuestion}</p>}
        act={() => call(api.DELETE('/api/v1/users/{id}', { params: { path: { id } } }))}
        onDone={() => go(linkTo(['users']))}
      />
    </section>
  )
}
