/** @module Logging in again, where the instance has ended the session. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { replace } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { useFresh } from '../../use-fresh.ts'
import { type Connection, nameOf } from './connection-words.tsx'
import { type LogInDraft, LogInForm } from './log-in.tsx'
import { readConnection } from './one.tsx'

export function ConnectAgain({ id }: { id: string }) {
  const loaded = useFresh(`connection to renew ${id}`, () => readConnection(id))
  const up = loaded.data ? nameOf(loaded.data) : t.connections.title
  return (
    <Page title={t.connections.new.againTitle} up={{ title: up, path: ['connections', id] }}>
      <LoadedPart of={loaded}>
        {(connection) => <Again key={connection.id} connection={connection} />}
      </LoadedPart>
    </Page>
  )
}

function Again({ connection }: { connection: Connection }) {
  const { instance, username, sources } = connection
  const reads = (wanted: Connection['sources'][number]['kind']) => sources.some(({ kind }) => kind === wanted)
  const [draft, setDraft] = useState<LogInDraft>({
    instance: instance.host,
    username,
    notifications: reads('notifications'),
    comments: reads('comments'),
    subscriptions: reads('videos'),
  })
  const change = (part: Partial<LogInDraft>) => setDraft((before) => ({ ...before, ...part }))
  return (
    <LogInForm
      draft={draft}
      change={change}
      submit={t.connections.again}
      hint={t.connections.new.keeps}
      // The same account has the same connection; another one has its own.
      onDone={({ id }) => replace(linkTo(['connections', id], { added: 'yes' }))}
    >
      <dl class="facts">
        <dt>{t.connections.account}</dt>
        <dd class="wrap" dir="auto">
          {username}
        </dd>
        <dt>{t.connections.instance}</dt>
        <dd>{instance.host}</dd>
      </dl>
    </LogInForm>
  )
}
