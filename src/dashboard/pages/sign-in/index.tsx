/** @module Signing in: with name and password, or by a link that holds once; and what leads there: registering, a forgotten password. */
import { useEffect, useState } from 'preact/hooks'
import { api, call, type Failure } from '../../api.ts'
import { FailureNote } from '../../parts/failure.tsx'
import { Form, TextField } from '../../parts/form.tsx'
import { Loading } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { linkTo, type Route, replace } from '../../routes.ts'
import type { User } from '../../session.ts'
import { t } from '../../texts/index.ts'

/** Why a session is over that there was; null: there was none, or its user ended it. */
export type Ended = 'superseded' | 'over' | null

type Props = { route: Route; ended: Ended; onSignedIn: (user: User) => void }

/** @param route where the reader wants to be: he is there once he has signed in. */
export function SignIn({ route, ended, onSignedIn }: Props) {
  const [view, code] = route.path
  return (
    <main class="alone">
      {view === 'link' ? (
        <ByLink code={code ?? ''} onSignedIn={onSignedIn} />
      ) : (
        <ByPassword ended={ended} onSignedIn={onSignedIn} />
      )}
    </main>
  )
}

/** Uses the link up at once: that is what it was opened for. */
function ByLink({ code, onSignedIn }: { code: string; onSignedIn: (user: User) => void }) {
  const [failure, setFailure] = useState<Failure | null>(null)
  useEffect(() => {
    let isOver = false
    // Out of the address, and of the history with it: it is of no more use to anybody.
    history.replaceState(null, '', linkTo([]))
    call(api.POST('/api/v1/session', { body: { code } })).then((result) => {
      if (isOver) return
      if (!result.ok) return setFailure(result.failure)
      replace(linkTo([]))
      onSignedIn(result.data.user)
    })
    return () => {
      isOver = true
    }
  }, [code, onSignedIn])
  return (
    <Page title={t.signIn.title}>
      {failure ? (
        <>
          <FailureNote failure={failure} />
          <p>
            <button type="button" onClick={() => replace(linkTo([]))}>
              {t.signIn.withPassword}
            </button>
          </p>
        </>
      ) : (
        <Loading />
      )}
    </Page>
  )
}

function ByPassword({ ended, onSignedIn }: Omit<Props, 'route'>) {
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  return (
    <Page title={t.signIn.title}>
      {ended && (
        <p class="note warn" role="status">
          {ended === 'superseded' ? t.signIn.superseded : t.signIn.over}
        </p>
      )}
      <div class="card">
        <Form
          submit={t.signIn.submit}
          send={() => call(api.POST('/api/v1/session', { body: { username, password } }))}
          onDone={({ user }) => onSignedIn(user)}
        >
          <TextField
            label={t.signIn.username}
            name="username"
            autocomplete="username"
            value={username}
            onChange={setUsername}
          />
          <TextField
            label={t.signIn.password}
            name="password"
            type="password"
            autocomplete="current-password"
            value={password}
            onChange={setPassword}
          />
        </Form>
      </div>
    </Page>
  )
}
