/** @module What is shown: who is signed in, and the page of the address. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { api, call, type Failure, onSessionEnd } from './api.ts'
import { Crash } from './crash.tsx'
import { SignIn } from './pages/sign-in/index.tsx'
import { forgetDrafts, keepDraftsOf } from './parts/draft.ts'
import { FailureNote } from './parts/failure.tsx'
import { Loading } from './parts/loaded.tsx'
import { useRoute } from './routes.ts'
import { type Ended, SessionContext, type User } from './session.ts'
import { Shell } from './shell.tsx'
import { forgetLoaded } from './use-loaded.ts'
import { forgetPages } from './use-pages.ts'

type State =
  | { kind: 'asking' }
  | { kind: 'unknown'; failure: Failure }
  | { kind: 'out'; ended: Ended }
  | { kind: 'in'; user: User }

export function App() {
  const [state, setState] = useState<State>({ kind: 'asking' })
  const route = useRoute()

  const ask = useCallback(async () => {
    const result = await call(api.GET('/api/v1/session'))
    if (!result.ok) return setState({ kind: 'unknown', failure: result.failure })
    const { user, ended } = result.data
    if (user) keepDraftsOf(user.id)
    setState(user ? { kind: 'in', user } : { kind: 'out', ended })
  }, [])

  useEffect(() => {
    ask()
  }, [ask])

  // Whatever it was that found the session over. What was typed stays for who signs in again.
  useEffect(
    () =>
      onSessionEnd((failure) => {
        forgetRead()
        setState((before) =>
          before.kind === 'in'
            ? { kind: 'out', ended: failure.code === 'session_superseded' ? 'superseded' : 'over' }
            : before,
        )
      }),
    [],
  )

  const leave = (ended: Ended) => {
    forgetRead()
    setState({ kind: 'out', ended })
  }
  const signOut = async () => {
    // Over it is in any case: what doesn't hold any more can't be ended.
    await call(api.DELETE('/api/v1/session'))
    forgetDrafts()
    leave(null)
  }

  // A link that signs in takes the place of whoever is signed in.
  const isLink = route.path[0] === 'link'
  if (state.kind === 'asking') return <Loading />
  if (state.kind === 'unknown')
    return (
      <main class="alone">
        <FailureNote failure={state.failure} retry={ask} />
      </main>
    )
  if (state.kind === 'out' || isLink)
    return (
      <Crash>
        <SignIn
          route={route}
          ended={state.kind === 'out' ? state.ended : null}
          onSignedIn={(user) => {
            forgetRead()
            keepDraftsOf(user.id)
            setState({ kind: 'in', user })
          }}
        />
      </Crash>
    )
  return (
    <SessionContext.Provider value={{ user: state.user, signOut, leave }}>
      <Shell route={route} />
    </SessionContext.Provider>
  )
}

/** What was read as somebody who may be somebody else now. */
function forgetRead(): void {
  forgetLoaded()
  forgetPages()
}
