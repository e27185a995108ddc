/** @module One connection: whose account it is, how it is, and what is read as it. */

import { linkTo } from '../../address.ts'
import { api, call, type Result } from '../../api.ts'
import { useReloadOnEvents } from '../../live.ts'
import { ConfirmButton } from '../../parts/dialog.tsx'
import { FirstRead } from '../../parts/first-read.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { OutsideLink } from '../../parts/outside-link.tsx'
import { Page } from '../../parts/page.tsx'
import { SourceCard } from '../../parts/source-card.tsx'
import { Moment } from '../../parts/time.tsx'
import { go } from '../../routes.ts'
import { useSession } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useEvery } from '../../use-every.ts'
import { useLoaded } from '../../use-loaded.ts'
import { type Connection, ConnectionBadge, nameOf } from './connection-words.tsx'
import { useOwnerNames } from './owners.ts'

/** Nothing tells of each read. */
const REFRESH_MS = 10_000

/** A connection, by its id. */
export function readConnection(id: string): Promise<Result<Connection>> {
  return call(api.GET('/api/v1/connections/{id}', { params: { path: { id } } }))
}

/** @param isAdded whether it was connected just now: then it is said how its first read goes. */
export function OneConnection({ id, isAdded }: { id: string; isAdded: boolean }) {
  const loaded = useLoaded(`connection ${id}`, () => readConnection(id))
  const connection = loaded.data
  useEvery(REFRESH_MS, loaded.reload)
  useReloadOnEvents(loaded.reload, (event) => event.instance === connection?.instance.host)
  const { user } = useSession()
  return (
    <Page
      title={connection ? nameOf(connection) : t.connections.title}
      up={{ title: t.connections.title, path: ['connections'] }}
      actions={
        connection && (
          <>
            {connection.owner === user.id && (
              <a class="button" href={linkTo(['events'], { instance: connection.instance.host })}>
                {t.connections.events}
              </a>
            )}
            <ConfirmButton
              label={t.connections.disconnect}
              title={t.connections.disconnectTitle(nameOf(connection))}
              question={<p>{t.connections.disconnectQuestion(connection.instance.host)}</p>}
              act={() => call(api.DELETE('/api/v1/connections/{id}', { params: { path: { id } } }))}
              onDone={() => go(linkTo(['connections']))}
            />
          </>
        )
      }
    >
      <LoadedPart of={loaded}>
        {(shown) => <Parts connection={shown} reload={loaded.reload} isAdded={isAdded} />}
      </LoadedPart>
    </Page>
  )
}

function Parts({
  connection,
  reload,
  isAdded,
}: {
  connection: Connection
  reload: () => void
  isAdded: boolean
}) {
  const { id, instance, sources, state, lastError, createdAt, owner, role, username } = connection
  const { user } = useSession()
  const isMine = owner === user.id
  const ownerName = useOwnerNames(!isMine)
  return (
    <>
      {isAdded && state === 'active' && sources.length > 0 && (
        <FirstRead sources={sources} reload={reload}>
          <a class="button primary" href={linkTo(['events'], { instance: instance.host })}>
            {t.instances.first.seeEvents}
          </a>
          <a class="button" href={linkTo(['endpoints', 'new'])}>
            {t.instances.first.makeEndpoint}
          </a>
        </FirstRead>
      )}
      {state === 'expired' && <Expired connection={connection} isMine={isMine} />}
      <div class="card">
        <dl class="facts">
          <dt>{t.common.state}</dt>
          <dd>
            <ConnectionBadge state={state} />
          </dd>
          <dt>{t.connections.account}</dt>
          <dd class="wrap" dir="auto">
            {username} <span class="quiet">({t.connections.roles[role] ?? role})</span>
          </dd>
          <dt>{t.connections.instance}</dt>
          <dd>
            <a href={linkTo(['instances', instance.id])}>{instance.host}</a> ·{' '}
            <OutsideLink href={instance.url}>{instance.url}</OutsideLink>
          </dd>
          {!isMine && (
            <>
              <dt>{t.connections.owner}</dt>
              <dd>
                <a href={linkTo(['users', owner])}>{ownerName(owner)}</a>
              </dd>
            </>
          )}
          <dt>{t.connections.since}</dt>
          <dd>
            <Moment at={createdAt} />
          </dd>
          {lastError !== null && state !== 'expired' && (
            <>
              <dt>{t.connections.lastError}</dt>
              <dd class="clamp" lang="en" dir="auto">
                {lastError}
              </dd>
            </>
          )}
        </dl>
      </div>
      <h2>{t.connections.sources}</h2>
      {sources.length === 0 && <p>{t.connections.noSources}</p>}
      <div class="grid sources">
        {sources.map((source) => (
          <SourceCard
            key={source.id}
            source={source}
            origin={instance.url}
            save={({ id: sourceId }, maxDelaySeconds) =>
              call(
                api.PATCH('/api/v1/connections/{id}/sources/{sourceId}', {
                  params: { path: { id, sourceId } },
                  body: { maxDelaySeconds },
                }),
              )
            }
            onSaved={reload}
          />
        ))}
      </div>
    </>
  )
}

function Expired({ connection: { id, lastError }, isMine }: { connection: Connection; isMine: boolean }) {
  return (
    <div class="note bad">
      <p>
        <strong>{t.connections.expired}</strong>{' '}
        {isMine ? t.connections.expiredHint : t.connections.othersExpired}
      </p>
      {lastError !== null && (
        <p class="quiet clamp" lang="en" dir="auto">
          {lastError}
        </p>
      )}
      {isMine && (
        <p>
          <a class="button primary" href={linkTo(['connections', id, 'login'])}>
            {t.connections.again}
          </a>
        </p>
      )}
    </div>
  )
}
