/** @module Connecting an account on an instance that is watched. */
import { useEffect, useId, useRef } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { useDraft } from '../../parts/draft.ts'
import { TextField } from '../../parts/form.tsx'
import { Page } from '../../parts/page.tsx'
import { replace } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { type LogInDraft, LogInForm } from './log-in.tsx'

const EMPTY: LogInDraft = {
  instance: '',
  username: '',
  notifications: true,
  comments: false,
  subscriptions: false,
}

/** @param host of an instance that was chosen already; may be empty. */
export function InstanceConnect({ host }: { host: string }) {
  const words = t.connections.new
  const listId = useId()
  const [draft, change, forget] = useDraft('connections.new', EMPTY)
  useEffect(() => {
    if (host) change({ instance: host })
  }, [host, change])
  // Where there are more than these, the host of another one is typed.
  const { data } = useLoaded('instances by host', () =>
    call(api.GET('/api/v1/instances', { params: { query: { count: 100, sort: 'host' } } })),
  )
  const only = data?.total === 1 ? data.data[0]?.host : undefined
  const typed = useRef(draft.instance)
  typed.current = draft.instance
  useEffect(() => {
    // There is nothing to choose.
    if (only !== undefined && typed.current === '') change({ instance: only })
  }, [only, change])
  return (
    <Page title={words.title} up={{ title: t.connections.title, path: ['connections'] }}>
      <LogInForm
        draft={draft}
        change={change}
        submit={words.submit}
        onDone={({ id }) => {
          forget()
          replace(linkTo(['connections', id], { added: 'yes' }))
        }}
      >
        <TextField
          label={words.instance}
          name="instance"
          autocomplete="off"
          inputMode="url"
          list={listId}
          hint={words.instanceHint}
          value={draft.instance}
          onChange={(instance) => change({ instance })}
        />
        <datalist id={listId}>
          {data?.data.map(({ id, host: one, name }) => (
            <option key={id} value={one}>
              {name.slice(0, 100)}
            </option>
          ))}
        </datalist>
        <TextField
          label={words.username}
          name="username"
          autocomplete="off"
          value={draft.username}
          onChange={(username) => change({ username })}
        />
      </LogInForm>
    </Page>
  )
}
