/** @module What is shown: who is signed in, and the page of the address. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { api, call, type Failure, onSessionEnd } from './api.ts'
import { Crash } from './crash.tsx'
import { onOtherTab, tellOtherTabs } from './other-tabs.ts'
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

  const latest = useRef(state)
  latest.current = state
  const check = useCallback(async () => {
    const asked = latest.current
    if (asked.kind !== 'in') return false
    const result = await call(api.GET('/api/v1/session'))
    // Somebody has signed in or out here meanwhile: this says nothing of it.
    if (latest.current !== asked) return false
    if (!result.ok) return true
    const { user, ended } = result.data
    if (user?.id === asked.user.id) return true
    forgetRead()
    if (user) keepDraftsOf(user.id)
    setState(user ? { kind: 'in', user } : { kind: 'out', ended: ended ?? 'over' })
    return false
  }, [])
  useEffect(() => {
    const seen = () => {
      if (!document.hidden) check()
    }
    document.addEventListener('visibilitychange', seen)
    const stopListening = onOtherTab(check)
    return () => {
      document.removeEventListener('visibilitychange', seen)
      stopListening()
    }
  }, [check])

  // What was shown to somebody leaves what it had read behind, for who comes back: nobody else does.
  const userId = state.kind === 'in' ? state.user.id : null
  useLayoutEffect(() => forgetRead, [userId])

  const leave = (ended: Ended) => {
    forgetRead()
    setState({ kind: 'out', ended })
    tellOtherTabs()
  }
  const signOut = async () => {
    const result = await call(api.DELETE('/api/v1/session'))
    // What doesn't hold any more can't be ended. Whatever else it was: the cookie is still there, and lets in who comes next.
    if (!result.ok && result.failure.status !== 401) return result.failure
    forgetDrafts()
    leave(null)
    return null
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
            tellOtherTabs()
          }}
        />
      </Crash>
    )
  return (
    <SessionContext.Provider value={{ user: state.user, signOut, check, leave }}>
      <Shell key={state.user.id} route={route} />
    </SessionContext.Provider>
  )
}

/** What was read as somebody who may be somebody else now. */
function forgetRead(): void {
  forgetLoaded()
  forgetPages()
}
